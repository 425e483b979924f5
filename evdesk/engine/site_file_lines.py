"""Where in a TOML text each value stands, for tomllib tells no lines of what it has read."""

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}' + r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'"
    r"|\#[^\n]*|\n|[\[\]{},=]"
    r"""|[^\s\[\]{},=\#"']+|["']""",
    re.DOTALL,
)
_PART = re.compile(r'"((?:\\.|[^"\\])*)"|\'([^\']*)\'|([^.\s"\']+)')
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|(\[)")


class Places:
    """`lines`: path -> line, counted from 1. `twice`: (path, first line, second line) of what stands there once more
    than it may. A text that is no TOML is read as far as it can be."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self.twice: list[tuple[Path, int, int]] = []
        self._tables: set[Path] = set()
        self._newest: dict[Path, int] = {}  # of arrays of tables
        self._tokens = _tokens(text)
        self._token, self._line = "\n", 1
        self._document()

    def line(self, path: Path) -> int | None:
        """Of the value, or of the nearest it is a part of."""
        found = (self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines)
        return next(found, None)

    def _next(self) -> None:
        self._token, self._line = next(self._tokens, ("", self._line))

    def _document(self) -> None:
        table: Path = ()
        while self._token:
            if self._token == "\n":
                self._next()
            elif self._token == "[":
                table = self._header()
            else:
                self._pair(table)

    def _header(self) -> Path:
        line, opened = self._line, 0
        while self._token == "[":
            opened += 1
            self._next()
        *above, last = self._key("]\n") or ("",)
        path = (*self._within(above), last)
        if opened > 1:
            if path in self.lines and path not in self._newest:
                self.twice.append((path, self.lines[path], line))
            self._newest[path] = self._newest.get(path, -1) + 1
            self.lines.setdefault(path, line)
            path = (*path, self._newest[path])
        elif path in self._tables or path in self.lines:
            self.twice.append((path, self.lines[path], line))
        self._tables.add(path)
        self.lines.setdefault(path, line)
        while self._token not in ("", "\n"):
            self._next()
        return path

    def _within(self, parts: list[str]) -> Path:
        """Names above a header mean the newest table of an array."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self._newest:
                path = (*path, self._newest[path])
        return path

    def _key(self, ends: str) -> list[str]:
        text = ""
        while self._token and self._token not in ends:
            text += self._token
            self._next()
        return [next((p for p in found.groups() if p is not None), "") for found in _PART.finditer(text)]

    def _pair(self, table: Path) -> None:
        line = self._line
        path = (*table, *self._key("=\n,}"))
        if self._token != "=":
            self._next()
            return
        if path in self.lines:
            self.twice.append((path, self.lines[path], line))
        self.lines.setdefault(path, line)
        self._next()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._token == "[":
            self._array(path)
        elif self._token == "{":
            self._next()
            while self._token not in ("", "}"):
                self._next() if self._token in ",\n" else self._pair(path)
            self._next()
        else:
            while self._token and self._token not in "\n,]}":
                self._next()

    def _array(self, path: Path) -> None:
        count = 0
        self._next()
        while self._token not in ("", "]"):
            if self._token in ",\n}":
                count += self._token == ","
                self._next()
                continue
            self.lines[(*path, count)] = self._line
            self._value((*path, count))
        self._next()


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line = 1
    for found in _TOKEN.finditer(text):
        token = found[0]
        if not token.startswith("#"):
            yield token, line
        line += token.count("\n")


def path_of(words: str) -> Path:
    """ "$.circuits[0].name" as msgspec writes it; what it leaves open ("[...]") ends the path."""
    path: Path = ()
    for name, index, opened in _STEP.findall(words):
        if opened:
            break
        path = (*path, name or int(index))
    return path


def words_of(path: Path) -> str:
    """circuits[0].name."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
