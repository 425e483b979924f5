"""The sharing layer of the balancer: which way of sharing answers, and what stands in when it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from evdesk.balance.exact import improve
from evdesk.balance.fit import Fit
from evdesk.balance.foresight import Foresight
from evdesk.balance.lines import Net, Wire
from evdesk.balance.policy import Seat
from evdesk.balance.sharing import Bidder, Shares, share


@dataclass(slots=True)
class Layer:
    """Keeps what the ways of sharing remember."""

    foresight: Foresight = field(default_factory=Foresight)
    _improved: bool = False
    _fits: tuple[tuple[Wire, ...], Fit] | None = None

    def shares(
        self,
        net: Net,
        hold: Sequence[float],
        tight: Sequence[float],
        fixed: Sequence[float],
        seats: Sequence[Seat],
        ranked: Sequence[Bidder],
        now: float,
        leaving: bool,
    ) -> Shares:
        """`hold`: ampere per line for the minimum of those already on; `tight`: for all else; `leaving`: look ahead, who
        leaves soon and lacks most comes first. Equal shares always answer."""

        def fit() -> Fit:
            """Of the net as it is: its wires are new objects when what the cars use of it has changed."""
            if self._fits is None or self._fits[0] is not net.wires:
                self._fits = (net.wires, Fit(net))
            return self._fits[1]

        if leaving:
            ahead = self.foresight.share(net, fit(), hold, tight, fixed, seats, ranked, now)
            if ahead is not None:
                return ahead
        shares = share(net, hold, tight, fixed, ranked)
        better = improve(net, fit, tight, fixed, shares, ranked, self._improved)
        self._improved = better is not None
        return better or shares
