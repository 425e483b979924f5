"""Openings by the address they come from, so that one that floods is contained and hurts nobody else."""

from collections import OrderedDict, deque

from evdesk.drivers.opening import Opening
from evdesk.drivers.ws import WsPeer

_ABSOLUTE = 32
_KEPT_ADDRESSES = 5000
OFTEN, OFTEN_S = 20, 10.0
"""So many connections of one id within so many seconds are a storm. A charger that tries versions or profiles one after the
other makes half a dozen; each one that is replaced lingers for three seconds until its socket is closed."""


class Neighbours:
    """`most`: how many connections of one address may be half open for longer than `grace_s`. Many chargers behind one
    router come back together, so the young do not count, nor does who waits for us; `most` x 32 there may be at all."""

    def __init__(self, most: int, grace_s: float) -> None:
        self._most = most
        self._grace_s = grace_s
        self._by_host: dict[str, dict[WsPeer, Opening]] = {}
        self._hosts: dict[WsPeer, str] = {}
        self._came: OrderedDict[str, str] = OrderedDict()
        self._lately: OrderedDict[str, deque[float]] = OrderedDict()

    def __getitem__(self, peer: WsPeer) -> Opening:
        return self._by_host[self._hosts[peer]][peer]

    def __len__(self) -> int:
        return len(self._hosts)

    def peers(self) -> list[WsPeer]:
        return list(self._hosts)

    def crowd(self, newcomer: Opening) -> int:
        """How many half-open connections of this address there are, where they are too many; else 0."""
        there = self._by_host.get(host_of(newcomer.address), {})
        if len(there) >= self._most * _ABSOLUTE:
            return len(there)
        if len(there) < self._most:
            return 0
        old = newcomer.opened_at - self._grace_s
        waiting = sum(1 for peer, opening in there.items() if not peer.waits_for_us and opening.opened_at <= old)
        return waiting if waiting >= self._most else 0

    def add(self, peer: WsPeer, opening: Opening) -> None:
        host = self._hosts[peer] = host_of(opening.address)
        self._by_host.setdefault(host, {})[peer] = opening

    def pop(self, peer: WsPeer) -> Opening | None:
        host = self._hosts.pop(peer, None)
        if host is None:
            return None
        there = self._by_host[host]
        opening = there.pop(peer)
        if not there:
            del self._by_host[host]
        return opening

    # -- who has come from where ----------------------------------------------------------------------------------

    def came_from(self, address: str, charger_id: str) -> None:
        host = host_of(address)
        before = self._came.pop(host, charger_id)
        self._came[host] = charger_id if before == charger_id else ""  # several behind one address: none is meant
        if len(self._came) > _KEPT_ADDRESSES:
            self._came.popitem(last=False)

    def known_at(self, address: str) -> str:
        """The one charger that has come from this address, "" for none or several."""
        return self._came.get(host_of(address), "")

    def too_often(self, charger_id: str, now: float) -> int:
        """Counts a connection of this id; how many it was lately, where they are too many."""
        times = self._lately.pop(charger_id, None) or deque()
        self._lately[charger_id] = times
        if len(self._lately) > _KEPT_ADDRESSES:
            self._lately.popitem(last=False)
        while times and now - times[0] > OFTEN_S:
            times.popleft()
        if len(times) >= OFTEN:
            return len(times)
        times.append(now)
        return 0


def host_of(address: str) -> str:
    return address.rpartition(":")[0]
