"""The house rules that a reader relies on: imports go down only, no cycles, nothing grows too big, errors stay narrow.

Everything is read from the syntax trees, so imports under `if TYPE_CHECKING` and inside functions count like any other.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "evdesk"

FLOORS = (
    {"model"},
    {"ocpp", "balance", "firmware", "commission", "wire"},
    {"drivers", "simulator"},
    {"engine", "gui"},
    {"commands", "demo", "past", "cli", "__main__"},
)
SAME_FLOOR_ALLOWED = {("__main__", "cli"), ("demo", "past")}
MODULE_LINES, FUNCTION_LINES, CLASS_METHODS = 450, 60, 20
QT = ("PySide6", "pyqtgraph", "qasync")
RIMS = {
    "evdesk.engine.server": 1,  # the RPC answer
    "evdesk.engine.fleet": 1,  # the driver supervisor
    "evdesk.engine.meters": 1,  # the same, for meters
    "evdesk.engine.engine": 1,  # the beat: a bug in one cycle must not end the next (docs/decisions)
}
"""Modules that may catch everything, and how often."""

LOADED_LATE = {  # heavy, and few ever need it
    ("evdesk.engine.api_drill", "evdesk.engine.drill.page_pdf"),
    ("evdesk.engine.files.doors", "evdesk.engine.files.http"),
    ("evdesk.engine.files.doors", "evdesk.engine.files.ftp"),
    ("evdesk.engine.api_jobs", "evdesk.engine.jobs.report_pdf"),
    ("evdesk.engine.jobs.proof", "evdesk.engine.jobs.report_pdf"),
    ("evdesk.commands.audit", "evdesk.engine.jobs.proof"),
}
"""(module, what it imports inside a function): the reason stands there. Cycles are looked for through these too."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def module_name(path: Path, root: Path = PACKAGE) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, ast.Module]:
    return {module_name(path): ast.parse(path.read_text(), str(path)) for path in sorted(PACKAGE.rglob("*.py"))}


def is_package(name: str) -> bool:
    return (ROOT / name.replace(".", "/") / "__init__.py").exists()


def imports(name: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Everything `name` imports, as (absolute name, line); `from x import y` gives x.y, be y a module or not."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = name.split(".") if is_package(name) else name.split(".")[:-1]
                parts = parts[: len(parts) - (node.level - 1)]
                base = ".".join([*parts, base] if base else parts)
            yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)


def part_of(module: str) -> str | None:
    """The folder or top module under evdesk; None for evdesk itself (its version, free for all) and for others."""
    parts = module.split(".")
    return parts[1] if parts[0] == "evdesk" and len(parts) > 1 else None


def floor_of(part: str) -> int | None:
    return next((number for number, parts in enumerate(FLOORS) if part in parts), None)


def test_every_part_has_a_floor():
    parts = {part for name in modules() if (part := part_of(name)) is not None}
    assert {part for part in parts if floor_of(part) is None} == set()


def test_imports_go_down_only():
    wrong = []
    for name, tree in modules().items():
        here = part_of(name)
        for target, line in imports(name, tree):
            there = part_of(target)
            if here is None or there is None or there == here or floor_of(there) is None:
                continue
            if floor_of(there) >= floor_of(here) and (here, there) not in SAME_FLOOR_ALLOWED:
                wrong.append(f"{name}:{line} imports {target}")
    assert wrong == []


def test_only_the_gui_knows_qt():
    wrong = [
        f"{name}:{line} imports {target}"
        for name, tree in modules().items()
        for target, line in imports(name, tree)
        if target.split(".")[0] in QT and part_of(name) != "gui"
    ]
    assert wrong == []


def test_the_protocol_floor_has_no_input_output():
    wrong = [
        f"{name}:{line} imports {target}"
        for name, tree in modules().items()
        if part_of(name) in ("model", "ocpp", "balance", "firmware", "commission", "wire")
        for target, line in imports(name, tree)
        if target.split(".")[0] in ("asyncio", "socket", "websockets", "threading", "sqlite3", "subprocess")
    ]
    assert wrong == []


def import_graph() -> dict[str, set[str]]:
    return {
        name: {found for target, _ in imports(name, tree) if (found := module_of(target)) not in (None, name)}
        for name, tree in modules().items()
    }


def module_of(target: str) -> str | None:
    """The module of ours that an imported name belongs to: `from package import part` needs the part."""
    while target and target not in modules():
        target = target.rpartition(".")[0]
    return target or None


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one module (Tarjan), each sorted."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for after in graph.get(node, ()):
            if after not in index:
                visit(after)
                low[node] = min(low[node], low[after])
            elif after in stack:
                low[node] = min(low[node], index[after])
        if low[node] == index[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in index:
            visit(node)
    return found


def test_no_import_cycles():
    assert cycles(import_graph()) == []


def test_no_imports_inside_functions():
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in modules().items()
        for function in ast.walk(tree)
        if isinstance(function, Function)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom) and (name, getattr(node, "module", "")) not in LOADED_LATE
    ]
    assert wrong == []


def test_modules_stay_small():
    long = {name: len(Path(ROOT / f"{name.replace('.', '/')}.py").read_text().splitlines()) for name in plain_modules()}
    assert {name: lines for name, lines in long.items() if lines > MODULE_LINES} == {}


def plain_modules() -> list[str]:
    return [name for name in modules() if not is_package(name)]


def test_functions_stay_small():
    long = [
        f"{name}.{node.name}: {size}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, Function) and (size := node.end_lineno - node.lineno + 1) > FUNCTION_LINES
    ]
    assert long == []


def test_classes_stay_small():
    """Counted: methods somebody calls; `__init__` and other double-underscore methods are the language's."""
    big = [
        f"{name}.{node.name}: {methods}"
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and (methods := count_methods(node)) > CLASS_METHODS
    ]
    assert big == []


def count_methods(node: ast.ClassDef) -> int:
    return sum(isinstance(child, Function) and not child.name.startswith("__") for child in node.body)


def broad_handlers(tree: ast.Module) -> Iterator[int]:
    """Handlers that swallow everything. One that ends with a bare `raise` only tidies up."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            last = node.body[-1]
            passes_on = isinstance(last, ast.Raise) and last.exc is None
            broad = any(kind is None or getattr(kind, "id", "") in ("Exception", "BaseException") for kind in caught)
            if broad and not passes_on:
                yield node.lineno


def test_everything_is_caught_only_at_the_rims():
    found = {name: list(broad_handlers(tree)) for name, tree in modules().items()}
    wrong = {name: lines for name, lines in found.items() if len(lines) > RIMS.get(name, 0)}
    assert wrong == {}


# The checks themselves, on made-up modules: a rule that finds nothing proves nothing.


@pytest.mark.parametrize(
    ("code", "module", "expected"),
    [
        ("import evdesk.gui.app", "evdesk.engine.x", "evdesk.gui.app"),
        ("from evdesk import gui", "evdesk.engine.x", "evdesk.gui"),
        ("from ..gui import app", "evdesk.engine.x", "evdesk.gui.app"),
        ("from . import app", "evdesk.engine.x", "evdesk.engine.app"),
        ("from .store import keys", "evdesk.engine", "evdesk.engine.store.keys"),
        ("if TYPE_CHECKING:\n    from evdesk.gui import app", "evdesk.engine.x", "evdesk.gui.app"),
        ("def f():\n    from evdesk.gui import app", "evdesk.engine.x", "evdesk.gui.app"),
    ],
)
def test_all_ways_to_import_are_seen(code, module, expected):
    assert expected in [target for target, _ in imports(module, ast.parse(code))]


def test_cycles_are_seen():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set(), "e": {"a"}}
    assert cycles(graph) == [["a", "b", "c"]]
    assert cycles({"a": {"b"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("caught", ["", " Exception", " BaseException", " (OSError, Exception)", " Exception as e"])
def test_broad_handlers_are_seen(caught):
    assert list(broad_handlers(ast.parse(f"try:\n    pass\nexcept{caught}:\n    pass"))) == [3]
    assert list(broad_handlers(ast.parse("try:\n    pass\nexcept (OSError, ValueError):\n    pass"))) == []
    assert list(broad_handlers(ast.parse(f"try:\n    pass\nexcept{caught}:\n    tidy()\n    raise"))) == []
