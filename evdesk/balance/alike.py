"""Connectors that load the same lines in the same way share alike: a linear program is content with any split of theirs."""

import math
from collections.abc import Hashable, Sequence

import numpy as np

from evdesk.balance.fit import Fit, Reals
from evdesk.balance.repair import EXACT, Bid


def alike(fit: Fit, bids: Sequence[Bid], wish: Reals, sorts: Sequence[Hashable]) -> Reals:
    """Those on the same lines in the same way, and of the same sort, share what they were given (ampere, per bid)
    equally, up to what each may have; where any current is allowed in parts that add up without rounding."""
    groups: dict[Hashable, list[int]] = {}
    for k, bid in enumerate(bids):
        column = np.round(np.concatenate([fit.matrix[:, bid.index], fit.loose[:, bid.index]]), 9)
        groups.setdefault((column.tobytes(), sorts[k]), []).append(k)
    level = wish.copy()
    for members in groups.values():
        left, open_ = float(wish[members].sum()), sorted(members, key=lambda k: (bids[k].top_a, k))
        floor = [k for k in open_ if bids[k].min_a * len(open_) > left]
        if floor:  # different minimums and little room: as the program said
            continue
        for n, k in enumerate(open_):
            part = left / (len(open_) - n)
            level[k] = min(bids[k].top_a, part if bids[k].steps is not None else math.floor(part * EXACT) / EXACT)
            left -= level[k]
    return level
