"""The engine's state in the words of the rail's card."""

import time
from urllib.parse import urlsplit

from evdesk.gui import launch
from evdesk.gui.client import Client, LinkState
from evdesk.gui.jobs import open_jobs
from evdesk.gui.mirror import Mirror
from evdesk.gui.text import age, tr
from evdesk.model import ChargerState


def engine_words(mirror: Mirror, client: Client, engine: launch.Engine) -> tuple[str, str, str, str]:
    """Icon, role, word and second line."""
    info, state = mirror.info, client.state
    if state is LinkState.RUNNING and info is not None:
        up = age(max(0.0, mirror.now() - info.started_at))
        return "check-circle", "ok", tr("Engine running"), f"{_where(engine)}, {up}"
    if state is LinkState.STARTING:
        return "clock", "info", tr("Engine starting"), _where(engine)
    if state is LinkState.HUNG:
        since = tr("no answer for {age}").format(age=age(time.time() - mirror.lost_at)) if mirror.lost_at else ""
        return "octagon", "danger", tr("Engine hangs"), since or _where(engine)
    if state is LinkState.LOST and mirror.lost_at is not None:
        return "octagon", "danger", tr("Engine lost"), tr("for {age}").format(age=age(time.time() - mirror.lost_at))
    words = {LinkState.NOT_ALLOWED: tr("No access"), LinkState.OTHER_VERSION: tr("Other version")}
    return "question", "warn", tr("Engine unknown"), words.get(state, client.sentence)


def is_active(mirror: Mirror) -> bool:
    """Whether somebody depends on the engine: cars charge, a job goes on, or it balances
    chargers that are there."""
    if not mirror.connected or mirror.load is None or mirror.info is None:
        return False
    if mirror.info.simulated:
        return False  # nobody waits for simulated cars, and the demo ends with its desk
    online = any(c.state is ChargerState.ONLINE for c in mirror.accepted())
    return mirror.load.charging > 0 or (mirror.info.balancing and online) or bool(open_jobs(mirror))


def _where(engine: launch.Engine) -> str:
    if isinstance(engine, launch.RemoteEngine):
        return urlsplit(engine.endpoint.url).hostname or ""
    return tr("This computer")
