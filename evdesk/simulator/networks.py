"""Where a station dials in and how, and how it falls back to what worked when the new address does not."""

from collections.abc import Iterable
from dataclasses import dataclass

from evdesk.simulator.link import Link


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the CSMS. `url` without the identity; `slot` of 2.x network profiles, 0 what it was delivered with."""

    slot: int
    url: str
    identity: str
    profile: int = 0
    password: str = ""
    form: str = "text"


class Networks:
    """Tries the ways in order, each `attempts` times, and comes back to the first after the last."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._ways = [self.current(0)]
        self.known = {0: self._ways[0]}
        self._at = 0
        self._failures = 0
        self.attempts = 3

    @property
    def active(self) -> int:
        """The slot in use."""
        return self._ways[self._at].slot

    def current(self, slot: int) -> Way:
        """What the link uses now."""
        access = self.link.access
        return Way(slot, self.link.url, self.link.identity, access.profile, access.password, access.form)

    def go(self, ways: Iterable[Way]) -> None:
        """Use these from the next connection on, the first first."""
        self._ways, self._at, self._failures = list(ways), 0, 0
        self.known |= {way.slot: way for way in self._ways}
        self._use()

    def opened(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        """A connection did not come about."""
        self._failures += 1
        if self._failures >= self.attempts and len(self._ways) > 1:
            self._failures, self._at = 0, (self._at + 1) % len(self._ways)
            self._use()

    def _use(self) -> None:
        way, link = self._ways[self._at], self.link
        link.url, link.identity = way.url, way.identity
        link.access.profile, link.access.password, link.access.form = way.profile, way.password, way.form


def with_scheme(url: str, profile: int) -> str:
    """The same address with ws or wss, as the security profile needs."""
    return f"{'wss' if profile >= 2 else 'ws'}://{url.partition('://')[2]}"
