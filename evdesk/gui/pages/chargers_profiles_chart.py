"""The chart of the Profiles tab: every profile as a step band over the next hours, the charger's own schedule on top."""

from dataclasses import dataclass, field

from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from evdesk.gui import text
from evdesk.gui.text import tr
from evdesk.gui.theme import current
from evdesk.gui.widgets import Painted, draw
from evdesk.model import ProfileSeen
from evdesk.ocpp.profile_stack import Stretch, who_limits

LEFT, RIGHT, TOP, BOTTOM, LANE = 34, 10, 20, 20, 22
_HOURS = (0.25, 0.5, 1, 2, 3, 6, 12, 24)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is drawn: profiles of one connector from `begin` to `end`, who decides when, and the charger's schedule as
    (moment, A or None)."""

    begin: float = 0.0
    end: float = 1.0
    profiles: tuple[ProfileSeen, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    composite: tuple[tuple[float, float | None], ...] = ()
    tx_started_at: float | None = None
    colours: dict[int, str] = field(default_factory=dict)

    def top_a(self) -> float:
        """The end of the axis: a little above everything that is not "no limit"."""
        limits = [limit for p in self.profiles for _, limit in p.periods if limit is not None and limit < 1000]
        limits += [limit for _, limit in self.composite if limit is not None and limit < 1000]
        highest = max(limits, default=16.0)
        return next((top for top in (8.0, 16.0, 20.0, 32.0, 40.0, 63.0, 80.0, 125.0) if top >= highest * 1.05), highest)


def role_of(profile: ProfileSeen) -> str:
    """The role of the theme: by purpose for evdesk's own, a warning for what is not."""
    if not profile.ours:
        return "warn"
    return {"TxProfile": "accent", "TxDefaultProfile": "info"}.get(profile.purpose, "muted")


def short_name(profile: ProfileSeen) -> str:
    """What it is, in a word or two."""
    words = {
        "ChargePointMaxProfile": tr("maximum"),
        "TxDefaultProfile": tr("safe default") if profile.stack_level == 0 and profile.ours else tr("default"),
        "TxProfile": tr("live limit") if profile.ours else tr("for this charge"),
        "ChargingStationExternalConstraints": tr("outside limit"),
    }
    if profile.ours and profile.purpose == "TxDefaultProfile" and profile.stack_level > 0:
        return tr("live limit")
    return words.get(profile.purpose, profile.purpose)


class ProfilesChart(Painted):
    """Time to the right, ampere up, the lane of who decides below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plan = Plan()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(140)
        self.setMaximumHeight(300)

    def sizeHint(self) -> QSize:
        return QSize(400, 218)

    def set_plan(self, plan: Plan) -> None:
        self._plan = plan
        self.setAccessibleName(sentence(plan))
        self.update()

    def _x(self, at: float) -> float:
        plan = self._plan
        wide = self.width() - LEFT - RIGHT
        return LEFT + (min(max(at, plan.begin), plan.end) - plan.begin) / (plan.end - plan.begin) * wide

    def _y(self, amps: float) -> float:
        top, bottom = TOP, self.height() - BOTTOM - LANE
        return bottom - min(amps / self._plan.top_a(), 1.0) * (bottom - top)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for profile in sorted(self._plan.profiles, key=lambda p: (not p.ours, p.stack_level)):
            self._band(painter, profile)
        self._schedule(painter)
        self._lane(painter)

    def _axes(self, painter: QPainter) -> None:
        plan, look = self._plan, current()
        cap = draw.metrics("chart").capHeight() / 2
        top = plan.top_a()
        for part in range(5):
            amps = top * part / 4
            y = round(self._y(amps))
            painter.setPen(QPen(look.color("grid"), 1))
            painter.drawLine(QLineF(LEFT, y, self.width() - RIGHT, y))
            draw.text_right(painter, LEFT - 6, y + cap, text.number(amps, 0), "chart", "axis")
        draw.text_right(painter, LEFT - 6, 10, "A", "chart", "axis")
        hours = (plan.end - plan.begin) / 3600
        step = next((h for h in _HOURS if hours / h <= 6), 24) * 3600
        at = (plan.begin // step + 1) * step
        base = self.height() - 4
        while at < plan.end:
            words = text.clock(at)
            x = self._x(at) - draw.width(words, "chart") / 2
            if LEFT + 30 < x < self.width() - RIGHT - 34:
                draw.text(painter, x, base, words, "chart", "axis")
            at += step
        draw.text(painter, LEFT, base, tr("now"), "chart", "axis")

    def _steps(self, profile: ProfileSeen) -> list[list[QPointF]]:
        """The corners of each time the profile is in force, as if it were alone."""
        plan = self._plan
        alone = who_limits([profile], profile.connector_id or 1, plan.begin, plan.end, plan.tx_started_at)
        runs: list[list[QPointF]] = []
        last_end = -1.0
        for stretch in alone:
            if stretch.profile is None or stretch.limit_a is None:
                continue
            if stretch.start != last_end:
                runs.append([])
            y = self._y(stretch.limit_a)
            runs[-1] += [QPointF(self._x(stretch.start), y), QPointF(self._x(stretch.end), y)]
            last_end = stretch.end
        return runs

    def _band(self, painter: QPainter, profile: ProfileSeen) -> None:
        look = current()
        role = role_of(profile)
        bottom = self.height() - BOTTOM - LANE
        for corners in self._steps(profile):
            area = [QPointF(corners[0].x(), bottom), *corners, QPointF(corners[-1].x(), bottom)]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.color(role, 0.10))
            painter.drawPolygon(QPolygonF(area))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.color(role), 1.5, Qt.PenStyle.DashLine))
            painter.drawPolyline(QPolygonF(corners))

    def _schedule(self, painter: QPainter) -> None:
        """The charger's own word, or what the known profiles add up to."""
        plan, look = self._plan, current()
        points: list[QPointF] = []
        told = plan.composite or tuple((s.start, s.limit_a) for s in plan.stretches)
        painter.setPen(QPen(look.color("text"), 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (at, limit), after in zip(told, [*(t for t, _ in told[1:]), plan.end], strict=True):
            if limit is None or limit >= 1000:
                painter.drawPolyline(QPolygonF(points))
                points = []
                continue
            points += [QPointF(self._x(at), self._y(limit)), QPointF(self._x(after), self._y(limit))]
        painter.drawPolyline(QPolygonF(points))

    def _lane(self, painter: QPainter) -> None:
        """Who decides when, as bars with the limit in them."""
        look = current()
        top = self.height() - BOTTOM - LANE + 5
        for stretch in self._plan.stretches:
            left, right = self._x(stretch.start), self._x(stretch.end)
            role = "muted" if stretch.profile is None else role_of(stretch.profile)
            bar = QRectF(left + 0.5, top, max(2.0, right - left - 1), 15)
            draw.box(painter, bar, look.soft(role), look.color(role), 3)
            if stretch.profile is None:
                words = tr("no limit known")
            else:
                words = f"{text.limit(stretch.limit_a)} {short_name(stretch.profile)}"
            if right - left > 34:
                cut = draw.elided(words, "chart", right - left - 10)
                draw.text(painter, left + 6, top + 11.5, cut, "chart", "text")


def sentence(plan: Plan) -> str:
    """The chart in words: what decides now, and what comes after it."""
    parts = []
    for stretch in plan.stretches[:3]:
        when = tr("now") if stretch.start == plan.begin else tr("from {time}").format(time=text.clock(stretch.start))
        if stretch.profile is None:
            parts.append(tr("{when} no profile limits").format(when=when))
        else:
            told = tr("{when} {limit} by the {name}")
            limit, name = text.limit(stretch.limit_a), short_name(stretch.profile)
            parts.append(told.format(when=when, limit=limit, name=name))
    return ", ".join(parts)
