"""The forms of the editor: one for a circuit, one for a bay, one for the site as a whole."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from evdesk.gui.pages import balancing_edits as edits
from evdesk.gui.pages.balancing_draft import Draft
from evdesk.gui.pages.balancing_fields import CheckField, ChoiceField, Field, NumberField, PhaseField, TextField
from evdesk.gui.pages.balancing_inspect_words import grid_words, mode_words
from evdesk.gui.pages.balancing_outlets import circuit_key
from evdesk.gui.text import tr
from evdesk.gui.widgets import DANGER, Button
from evdesk.model import Bay, Breaker, ChargeMode, GridType, MeterSource, Site, Transformer

PROFILES = ("eastron-sdm630", "carlo-gavazzi-em24-tcp", "janitza-umg", "kostal-ksem")
"""Meters there is a profile for; any other name can be in a file."""
THREE = ("RST", "STR", "TRS", "RTS", "SRT", "TSR")


class Form(QWidget):
    """Fields by name; `chosen(key)`: something else should be selected now (a renamed circuit, a new one)."""

    chosen = Signal(str)

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draft = draft
        self.fields: dict[str, Field] = {}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(9)

    def add(self, key: str, field: Field, put: Callable[[], None]) -> Field:
        self.fields[key] = field
        self.column.addWidget(field)
        field.edited.connect(partial(self._if_active, put))
        return field

    def _if_active(self, put: Callable[[], None]) -> None:
        """A field that loses the focus because editing ended has nothing to say any more."""
        if self.draft.active:
            put()

    def side_by_side(self, *keys: str) -> None:
        """Put fields into one row."""
        row = QHBoxLayout()
        row.setSpacing(8)
        for key in keys:
            self.column.removeWidget(self.fields[key])
            row.addWidget(self.fields[key], 1)
        self.column.addLayout(row)

    def deeds(self, *buttons: Button) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        for button in buttons:
            row.addWidget(button)
        row.addStretch(1)
        self.column.addLayout(row)

    def say(self, problems: list[str]) -> list[str]:
        """Put each sentence under the field it is about; those that name none are given back."""
        rest: list[str] = []
        found: dict[str, list[str]] = {}
        for problem in problems:
            key = edits.field_of(problem)
            if key in self.fields:
                found.setdefault(key, []).append(problem)
            else:
                rest.append(problem)
        for key, field in self.fields.items():
            field.say("\n".join(found.get(key, [])))
        return rest


class CircuitForm(Form):
    """A circuit: its breaker, what feeds it, its meter, what else it bounds."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self.circuit = ""
        self.add("name", TextField(tr("Name")), self._rename)
        self.add("parent", ChoiceField(tr("Fed from")), partial(self._put, "parent"))
        self.add("rating_a", PhaseField(tr("Rating")), partial(self._put, "rating_a"))
        self.add("breaker", ChoiceField(tr("Breaker"), (
            (Breaker.UNKNOWN, tr("not known")), (Breaker.B, tr("B curve")), (Breaker.C, tr("C curve")),
            (Breaker.D, tr("D curve")), (Breaker.GG, tr("gG fuse")),
        )), partial(self._put, "breaker"))  # fmt: skip
        self.add("continuous", NumberField(tr("Long loads"), 50, 100, " %"), self._continuous)
        self.side_by_side("breaker", "continuous")
        self.add("other_max_a", PhaseField(tr("Other loads, at most"), tr("Counted whenever no meter tells better.")),
                 partial(self._put, "other_max_a"))  # fmt: skip
        self.add(
            "grid", ChoiceField(tr("Grid"), [(None, tr("as the site")), *grid_choices()]), partial(self._put, "grid")
        )
        self.add("unbalance_a", NumberField(tr("Unbalance, at most"), 1, 500, " A", empty=tr("no limit")),
                 partial(self._put, "unbalance_a"))  # fmt: skip
        self.side_by_side("grid", "unbalance_a")
        self.add("transformer", ChoiceField(tr("Transformer"), (
            (Transformer.NONE, tr("none")), (Transformer.YY, "Yy"), (Transformer.DYN1, "Dyn1"),
            (Transformer.DYN11, "Dyn11"),
        )), partial(self._put, "transformer"))  # fmt: skip
        self.add("ratio", NumberField(tr("Ratio"), 0.01, 100, " : 1", digits=3, step=0.01), partial(self._put, "ratio"))
        self.side_by_side("transformer", "ratio")
        self.add("meter", CheckField(tr("A meter measures this circuit")), self._meter)
        self.add("profile", ChoiceField(tr("Meter"), [(p, p) for p in PROFILES]), self._meter)
        self.add("host", TextField(tr("Address")), self._meter)
        self.add("port", NumberField(tr("Port"), 1, 65535, ""), self._meter)
        self.add("unit", NumberField(tr("Unit"), 0, 255, ""), self._meter)
        self.side_by_side("port", "unit")
        self.more = Button(tr("Add a circuit here"), "plus", parent=self, dense=True)
        self.remove = Button(tr("Remove"), "trash", DANGER, self, dense=True)
        self.deeds(self.more, self.remove)
        self.more.clicked.connect(self._add)
        self.remove.clicked.connect(self._remove)

    def show_part(self, site: Site, name: str) -> bool:
        """Fill in what the draft says; False where there is no such circuit."""
        one = site.circuit(name)
        if one is None:
            return False
        fresh, self.circuit = name != self.circuit, name
        grid = one.grid or site.grid
        parent = self.fields["parent"]
        assert isinstance(parent, ChoiceField)
        parent.offer([(p, p or tr("the supply")) for p in edits.parents_for(site, name)])
        for key in ("rating_a", "other_max_a"):
            field = self.fields[key]
            assert isinstance(field, PhaseField)
            field.use(grid.phases, fresh)
        for key in (
            "name",
            "parent",
            "rating_a",
            "breaker",
            "other_max_a",
            "grid",
            "unbalance_a",
            "transformer",
            "ratio",
        ):
            self.fields[key].set(getattr(one, key))
        self.fields["continuous"].set(one.continuous * 100)
        self.fields["ratio"].setVisible(one.transformer is not Transformer.NONE)
        meter = one.meter or MeterSource()
        self.fields["meter"].set(one.meter is not None)
        for key in ("profile", "host", "port", "unit"):
            self.fields[key].set(getattr(meter, key))
            self.fields[key].setVisible(one.meter is not None)
        why = tr("The supply stays; rename it or change its rating.") if edits.why_keep(site, name) else ""
        self.remove.why_off(why)
        return True

    def _site(self) -> Site:
        assert self.draft.site is not None
        return self.draft.site

    def _put(self, key: str) -> None:
        value = self.fields[key].get()
        words = tr("{field} of {name}").format(field=self.fields[key].name.text(), name=self.circuit)
        self._change(words, f"{self.circuit}/{key}", **{key: value})

    def _change(self, words: str, field: str, **values: Any) -> None:
        self.draft.put(edits.change_circuit(self._site(), self.circuit, **values), words, field)

    def _continuous(self) -> None:
        share = float(self.fields["continuous"].get()) / 100
        words = tr("Long loads of {name}").format(name=self.circuit)
        self._change(words, f"{self.circuit}/continuous", continuous=share)

    def _meter(self) -> None:
        one = self._site().circuit(self.circuit)
        meter: MeterSource | None = None
        if one is not None and self.fields["meter"].get():
            values = {key: self.fields[key].get() for key in ("profile", "host", "port", "unit")}
            values |= {"port": int(values["port"]), "unit": int(values["unit"])}
            meter = replace(one.meter or MeterSource(), **values)
        self._change(tr("Meter of {name}").format(name=self.circuit), f"{self.circuit}/meter", meter=meter)

    def _rename(self) -> None:
        name, field = self.fields["name"].get(), self.fields["name"]
        site = self._site()
        if name == self.circuit:
            field.say("")
        elif not name:
            field.say(tr("A circuit needs a name."))
        elif site.circuit(name) is not None:
            field.say(tr("There is a circuit of this name already."))
        else:
            old = self.circuit
            self.circuit = name
            words = tr("{old} is now {new}").format(old=old, new=name)
            self.chosen.emit(circuit_key(name))
            self.draft.put(edits.rename_circuit(site, old, name), words)

    def _add(self) -> None:
        site, name = edits.add_circuit(self._site(), self.circuit, tr("Circuit"))
        self.draft.put(site, tr("{name} added").format(name=name))
        self.chosen.emit(circuit_key(name))

    def _remove(self) -> None:
        name, site = self.circuit, self._site()
        one = site.circuit(name)
        if one is not None:
            self.draft.put(edits.remove_circuit(site, name), tr("{name} removed").format(name=name))
            self.chosen.emit(circuit_key(one.parent))


def grid_choices() -> list[tuple[GridType, str]]:
    return [(grid, grid_words(grid)) for grid in GridType]


def rotation_choices(grid: GridType) -> list[tuple[str, str]]:
    """How a charger's terminals can be wired, as words."""
    found = [("", tr("not known: the worst is assumed"))]
    names = {"R": "L1", "S": "L2", "T": "L3"}
    if grid is not GridType.DELTA:
        found += [(r, " ".join(names[letter] for letter in r) + f"  ({r})") for r in THREE]
    pairs = {"RS": "L1", "ST": "L2", "TR": "L3"}
    for pair in pairs if grid in (GridType.DELTA, GridType.SPLIT) else ():
        if grid is GridType.SPLIT and pair != "RS":
            continue
        words = tr("between {a} and {b}").format(a=names[pair[0]], b=names[pair[1]])
        found.append((pair, f"{words}  ({pair})"))
    if grid is GridType.DELTA:
        found += [(r, " ".join(names[letter] for letter in r) + f"  ({r})") for r in THREE]
    return found


class BayForm(Form):
    """A bay: where it hangs, how it is wired, what it may take."""

    def __init__(self, draft: Draft, parent: QWidget | None = None) -> None:
        super().__init__(draft, parent)
        self.bay = ("", 0)
        self.add("label", TextField(tr("Name")), partial(self._put, "label"))
        self.add("circuit", ChoiceField(tr("Circuit")), partial(self._put, "circuit"))
        self.add("phases", ChoiceField(tr("Outlet"), ((3, tr("three phases")), (2, tr("two phases")),
                 (1, tr("one phase")))), partial(self._put, "phases"))  # fmt: skip
        hint = tr("Site phases at its terminals L1 L2 L3.")
        self.add(
            "rotation", ChoiceField(tr("Wiring"), rotation_choices(GridType.WYE), hint), partial(self._put, "rotation")
        )
        self.add("max_a", NumberField(tr("At most"), 6, 500, " A"), partial(self._put, "max_a"))
        self.add("min_a", NumberField(tr("Never below"), 6, 500, " A"), partial(self._put, "min_a"))
        self.side_by_side("max_a", "min_a")
        self.add("priority", NumberField(tr("Priority"), -100, 100, "", tr("0 is usual, more comes first.")),
                 partial(self._put, "priority"))  # fmt: skip
        modes: list[tuple[ChargeMode | None, str]] = [(None, tr("as the site"))]
        modes += [(mode, mode_words(mode)) for mode in ChargeMode]
        self.add("mode", ChoiceField(tr("Charging"), modes), partial(self._put, "mode"))
        self.earlier = Button(tr("Earlier"), "arrow-left", parent=self, dense=True, label=tr("One place earlier"))
        self.later = Button(tr("Later"), "arrow-right", parent=self, dense=True, label=tr("One place later"))
        self.remove = Button(tr("Remove"), "trash", DANGER, self, dense=True)
        self.deeds(self.earlier, self.later, self.remove)
        self.earlier.clicked.connect(partial(self._move, -1))
        self.later.clicked.connect(partial(self._move, 1))
        self.remove.clicked.connect(self._remove)

    def show_part(self, site: Site, charger_id: str, connector_id: int, joined: bool) -> bool:
        """Fill in what the draft says; False where there is no such bay. `joined`: the charger is accepted."""
        one = site.bay(charger_id, connector_id)
        if one is None:
            return False
        self.bay = (charger_id, connector_id)
        circuit, rotation = self.fields["circuit"], self.fields["rotation"]
        assert isinstance(circuit, ChoiceField)
        assert isinstance(rotation, ChoiceField)
        circuit.offer([(c.name, c.name) for c in site.circuits])
        above = site.circuit(one.circuit)
        rotation.offer(rotation_choices((above.grid if above is not None else None) or site.grid))
        for key, field in self.fields.items():
            field.set(getattr(one, key))
        self.remove.why_off(tr("Its charger has joined the site. Forget the charger first.") if joined else "")
        return True

    def _put(self, key: str) -> None:
        site = self.draft.site
        assert site is not None
        value = self.fields[key].get()
        if key == "priority":
            value = int(value)
        values: dict[str, Any] = {key: value}
        if key == "rotation" and len(value) == 2:
            values["phases"] = 1
        before = site.bay(*self.bay)
        label = before.label if isinstance(before, Bay) else ""
        words = tr("{field} of {name}").format(field=self.fields[key].name.text(), name=label)
        self.draft.put(edits.change_bay(site, *self.bay, **values), words, f"{self.bay}/{key}")

    def _move(self, way: int) -> None:
        if self.draft.site is not None:
            self.draft.put(edits.move_bay(self.draft.site, *self.bay, way), tr("Bay moved"))

    def _remove(self) -> None:
        site = self.draft.site
        if site is not None:
            bay = site.bay(*self.bay)
            self.draft.put(edits.remove_bay(site, *self.bay), tr("Bay removed"))
            self.chosen.emit(circuit_key(bay.circuit if bay is not None else ""))
