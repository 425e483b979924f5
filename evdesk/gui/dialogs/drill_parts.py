"""The drill drawn: its phases as a strip, expected against measured in one plot."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import icons, text, theme, tokens
from evdesk.gui.text import tr
from evdesk.gui.widgets import Painted, draw
from evdesk.model.drills import Drill, DrillKind, DrillPhase, DrillVerdict

DONE, RUNS, WAITS, BAD, LEFT = "done", "runs", "waits", "bad", "left"
_LOOKS = {
    DONE: ("check-circle", "ok"),
    RUNS: ("play", "accent"),
    WAITS: ("clock", "muted"),
    BAD: ("octagon", "danger"),
    LEFT: ("minus", "muted"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One segment of the strip."""

    state: str
    title: str
    detail: str = ""


_ORDER = (
    DrillPhase.WAITING, DrillPhase.PREFLIGHT, DrillPhase.ROOM, DrillPhase.BASELINE, DrillPhase.SILENT,
    DrillPhase.RESTORING, DrillPhase.DONE,
)  # fmt: skip


def steps(drill: Drill | None, now: float) -> tuple[Step, ...]:
    """The five steps of a drill; all wait before it has begun."""
    place = _ORDER.index(drill.phase) if drill is not None else -1
    safe = text.limit(drill.safe_a) if drill is not None else "6 A"
    base = drill.baseline_a if drill is not None else None
    charge = tr("Charge") if base is None else tr("Charge at {amps}").format(amps=text.limit(base))
    since = drill.since_at if drill is not None else None
    reached = since is not None
    fell = drill is not None and drill.fell_after_s is not None
    rows = (
        (tr("Make room"), tr("others are lowered first"), 0, 2),
        (charge, tr("above its safe share"), 3, 3),
        (tr("Stop talking"), text.clock_s(since) if since is not None else "", 4, 4),
        (tr("Fall to {amps}").format(amps=safe), _fall(drill, now), 4, 4),
        (tr("Talk again"), tr("the limit holds again") if drill is not None and drill.restored else "", 5, 5),
    )
    if drill is not None and drill.over and not reached:
        return tuple(Step(state, row[0]) for state, row in zip(_never_silent(drill), rows, strict=True))
    found = []
    for number, (title, detail, first, last) in enumerate(rows):
        state = DONE if place > last else RUNS if first <= place <= last else WAITS
        if number == 2 and reached:
            state = DONE
        if number == 3:
            state = DONE if fell else RUNS if state == RUNS and reached else WAITS if place <= 4 else BAD
        found.append(Step(state, title, detail))
    return tuple(found)


def _never_silent(drill: Drill) -> tuple[str, ...]:
    """One that ended before evdesk fell silent: where it ended, and what was left out."""
    ended = LEFT if drill.verdict in (DrillVerdict.CANCELLED, DrillVerdict.VERIFIED) else BAD
    if drill.baseline_a is None:
        return ended, LEFT, LEFT, LEFT, LEFT
    return DONE, ended, LEFT, LEFT, DONE if drill.restored else LEFT


def _fall(drill: Drill | None, now: float) -> str:
    if drill is None or drill.since_at is None:
        return ""
    allowed = (drill.latest_allowed_at or drill.since_at) - drill.since_at
    if drill.fell_after_s is not None:
        return tr("{s} s, {allowed} s allowed").format(
            s=text.number(drill.fell_after_s), allowed=text.number(allowed, 0)
        )
    return tr("by {at}, {allowed} s").format(at=text.clock_s(drill.latest_allowed_at), allowed=text.number(allowed, 0))


LAG_S = 15.0
"""A charger looks at its schedule each 10 s, a car has 5 s to follow."""


def preview(charger_id: str, safe_a: float | None, max_a: float | None, valid_s: int) -> Drill | None:
    """What will happen: a limit above the safe share, silence, the fall by the latest allowed moment."""
    if safe_a is None or max_a is None or max_a <= safe_a:
        return None
    half = float(round((safe_a + max_a) / 2))
    allowed = 60.0 + valid_s + LAG_S
    return Drill(
        0, charger_id, 1, DrillKind.SILENCE, 0.0, max_a=max_a, safe_a=safe_a, baseline_a=half, since_at=60.0,
        latest_allowed_at=allowed, ended_at=allowed + 30.0,
    )  # fmt: skip


class StepStrip(Painted):
    """The steps side by side; the one that runs lies on a band."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Step, ...] = ()
        self.setFixedHeight(56)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set(self, some: tuple[Step, ...]) -> None:
        if some != self._steps:
            self._steps = some
            said = {
                DONE: tr("done"),
                RUNS: tr("runs"),
                WAITS: tr("waits"),
                BAD: tr("did not happen"),
                LEFT: tr("left out"),
            }
            self.setAccessibleName(", ".join(f"{s.title}: {said[s.state]} {s.detail}".strip() for s in some))
            self.update()

    def steps(self) -> tuple[Step, ...]:
        return self._steps

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        look = theme.current()
        rect = QRectF(self.rect())
        draw.box(painter, rect, look.color("surface"), look.color("border"), tokens.RADIUS_CARD, float(look.edge))
        wide = rect.width() / max(1, len(self._steps))
        for place, step in enumerate(self._steps):
            x = rect.left() + place * wide
            if step.state == RUNS:
                painter.fillRect(QRectF(x + 1, 2, wide - 1, rect.height() - 4), look.color("accentSoft"))
            if place:
                painter.fillRect(QRectF(x, 1, 1, rect.height() - 2), look.color("border"))
            icon, role = _LOOKS[step.state]
            icons.paint(painter, icon, role, QRectF(x + 10, 12, 14, 14))
            draw.text(painter, x + 29, 24, draw.elided(step.title, "chip", wide - 36), "chip", role)
            draw.text(painter, x + 10, 44, draw.elided(step.detail, "small", wide - 18), "small", "muted")


class DrillPlot(Painted):
    """Current and what is expected of it over time; the latest allowed moment is drawn before it comes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._drill: Drill | None = None
        self._preview: Drill | None = None
        self._now = 0.0
        self.setMinimumHeight(210)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(620, 230)

    def expect(self, preview: Drill | None) -> None:
        """What a drill will look like, drawn until one runs; None: that is not known."""
        if preview != self._preview:
            self._preview = preview
            self.update()

    def set(self, drill: Drill | None, now: float) -> None:
        self._drill, self._now = drill, now
        if drill is not None:
            last = drill.samples[-1][1] if drill.samples else None
            self.setAccessibleName(
                tr("Current {amps}, must fall to {safe}").format(amps=text.amps(last), safe=text.limit(drill.safe_a))
            )
        self.update()

    def _range(self, drill: Drill) -> tuple[float, float]:
        start = min([drill.started_at, *(s[0] for s in drill.samples[:1])])
        if drill.since_at is not None:
            start = max(start, drill.since_at - 90)
        end = drill.ended_at if drill.ended_at is not None else self._now
        allowed = drill.latest_allowed_at
        return start, max(end, start + 60, allowed + 0.15 * (allowed - start) if allowed is not None else 0.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        drill = self._drill or self._preview
        if drill is None:
            words = tr("The curve comes here when the drill runs.")
            draw.text(
                painter, (self.width() - draw.width(words, "small")) / 2, self.height() / 2, words, "small", "muted"
            )
            return
        room = QRectF(36, 12, self.width() - 50, self.height() - 38)
        now = self._now if self._drill is not None else drill.started_at
        _Curve(painter, drill, now, self._range(drill), room).paint()


class _Curve:
    """One painting of the plot."""

    def __init__(self, painter: QPainter, drill: Drill, now: float, span: tuple[float, float], room: QRectF) -> None:
        self.painter, self.drill, self.now, self.room = painter, drill, now, room
        self.start, self.end = span
        highest = max([drill.max_a, drill.baseline_a or 0.0, *(s[1] or 0.0 for s in drill.samples)])
        self.top = max(10.0, -(-(highest * 1.1) // 5) * 5)

    def x(self, at: float) -> float:
        share = (at - self.start) / max(1.0, self.end - self.start)
        return self.room.left() + max(0.0, min(1.0, share)) * self.room.width()

    def y(self, amps: float) -> float:
        return self.room.bottom() - amps / self.top * self.room.height()

    def paint(self) -> None:
        self._grid()
        self._silence()
        self._expected()
        self._measured()
        self._verdict()

    def _grid(self) -> None:
        look, room = theme.current(), self.room
        step = 5 if self.top <= 25 else 10 if self.top <= 60 else 20
        for amps in range(0, int(self.top) + 1, step):
            y = self.y(amps)
            self.painter.setPen(look.pen("grid", 1))
            self.painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            words = f"{amps} A" if amps and amps + step > self.top else str(amps)
            draw.text_right(self.painter, room.left() - 6, y + 4, words, "chart", "axis")
        each = next(s for s in (30, 60, 120, 300, 600, 3600) if (self.end - self.start) / s <= 9 or s == 3600)
        at = 0.0
        while self.start + at <= self.end:
            x = self.x(self.start + at)
            words = f"{int(at) // 60}:{int(at) % 60:02d}"
            draw.text(self.painter, x - draw.width(words, "chart") / 2, room.bottom() + 18, words, "chart", "axis")
            at += each

    def _silence(self) -> None:
        drill, look, room = self.drill, theme.current(), self.room
        if drill.since_at is None:
            return
        begin = self.x(drill.since_at)
        if drill.phase is DrillPhase.WAITING:  # a preview
            draw.text(self.painter, begin + 6, room.top() + 13, tr("evdesk stops talking"), "chartBold", "muted")
        over = drill.phase in (DrillPhase.RESTORING, DrillPhase.DONE)
        last = drill.samples[-1][0] if drill.samples else self.now
        end = self.x(last if over else self.now)
        self.painter.fillRect(QRectF(begin, room.top(), max(0.0, end - begin), room.height()), look.soft("warn"))
        self.painter.setPen(look.pen("warn", 1.5))
        self.painter.drawLine(QPointF(begin, room.top()), QPointF(begin, room.bottom()))
        if drill.phase is not DrillPhase.WAITING:
            draw.text(self.painter, begin + 6, room.top() + 13, tr("We stopped talking"), "chartBold", "warn")
        if drill.latest_allowed_at is not None:
            x = self.x(drill.latest_allowed_at)
            self.painter.setPen(QPen(look.color("muted"), 1.4, Qt.PenStyle.DotLine))
            self.painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
            seconds = text.number(drill.latest_allowed_at - drill.since_at, 0)
            words = tr("Latest allowed, {s} s").format(s=seconds)
            draw.text_right(self.painter, x - 6, room.bottom() - 8, words, "chart", "muted")

    def _expected(self) -> None:
        drill, look = self.drill, theme.current()
        self.painter.setPen(QPen(look.color("text"), 1.4, Qt.PenStyle.DashLine))
        limit = drill.baseline_a
        turn = drill.latest_allowed_at
        if limit is not None:
            end = self.x(turn if turn is not None else self.end)
            self.painter.drawLine(QPointF(self.room.left(), self.y(limit)), QPointF(end, self.y(limit)))
            words = tr("{amps} limit we refresh").format(amps=text.limit(limit))
            since = self.drill.since_at
            if since is not None and draw.width(words, "chart") > self.x(since) - self.room.left() - 10:
                words = text.limit(limit)
            draw.text(self.painter, self.room.left() + 4, self.y(limit) - 5, words, "chart", "muted")
        if turn is not None and limit is not None:
            self.painter.setPen(QPen(look.color("text"), 1.4, Qt.PenStyle.DashLine))
            self.painter.drawLine(QPointF(self.x(turn), self.y(limit)), QPointF(self.x(turn), self.y(drill.safe_a)))
            self.painter.drawLine(
                QPointF(self.x(turn), self.y(drill.safe_a)), QPointF(self.room.right(), self.y(drill.safe_a))
            )
        if turn is None:
            self.painter.drawLine(
                QPointF(self.room.left(), self.y(drill.safe_a)), QPointF(self.room.right(), self.y(drill.safe_a))
            )
        words = tr("Safe share {amps}").format(amps=text.limit(drill.safe_a))
        draw.text_right(self.painter, self.room.right() - 2, self.y(drill.safe_a) + 14, words, "chart", "muted")

    def _measured(self) -> None:
        look = theme.current()
        self.painter.setBrush(Qt.BrushStyle.NoBrush)
        line = QPolygonF()
        for at, amps, _ in self.drill.samples:
            if at < self.start:
                continue
            if amps is None:
                self._stroke(line)
                line = QPolygonF()
            else:
                line.append(QPointF(self.x(at), self.y(amps)))
        self._stroke(line)
        if not self.drill.over and self.drill.phase is not DrillPhase.WAITING:
            x = self.x(self.now)
            self.painter.setPen(look.pen("text", 1.2))
            self.painter.drawLine(QPointF(x, self.room.top()), QPointF(x, self.room.bottom()))

    def _stroke(self, line: QPolygonF) -> None:
        if line.count() > 1:
            self.painter.setPen(QPen(theme.current().color("accent"), 2))
            self.painter.drawPolyline(line)

    def _verdict(self) -> None:
        drill, look = self.drill, theme.current()
        if drill.fell_after_s is None or drill.since_at is None:
            return
        good = drill.verdict in (DrillVerdict.PROVEN, DrillVerdict.NONE)
        role = "ok" if good else "danger"
        x, y = self.x(drill.since_at + drill.fell_after_s), self.y(drill.fell_to_a or 0.0)
        self.painter.setPen(look.pen(role, 2))
        self.painter.setBrush(look.color("surface"))
        self.painter.drawEllipse(QPointF(x, y), 4.5, 4.5)
        first = tr("Fell to {amps}").format(amps=text.amps(drill.fell_to_a))
        second = tr("{s} s after silence").format(s=text.number(drill.fell_after_s))
        wide = max(draw.width(first, "chartBold"), draw.width(second, "chart")) + 16
        left = min(x + 12, self.room.right() - wide)
        if left < x + 12:
            left = x - 14 - wide
        box = QRectF(left, max(self.room.top() + 20, y - 52), wide, 36)
        draw.box(self.painter, box, look.soft(role), look.color(role), 5, float(look.edge))
        draw.text(self.painter, box.left() + 8, box.top() + 15, first, "chartBold", role)
        draw.text(self.painter, box.left() + 8, box.top() + 29, second, "chart", "text")
