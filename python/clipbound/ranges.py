"""Ranges of outputs, refined by branch-and-bound to a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional

import numpy as np

from . import _native
from .points import Points

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Range"]


class Range:
    """The least and the largest values of C Y(x) over a box, each between what is proved and what
    is attained: lower <= least <= lower_attained and upper_attained <= largest <= upper, in real
    arithmetic. ``lower, upper = range`` takes it apart.
    """

    __slots__ = ("lower", "upper", "lower_attained", "upper_attained", "lower_points",
                 "upper_points", "done", "reason", "queries")

    lower: np.ndarray  #: [R] no point of the box has less; -inf where nothing is known
    upper: np.ndarray  #: [R] no point of the box has more
    lower_attained: np.ndarray  #: [R] a point has no more than that; +inf where none is known
    upper_attained: np.ndarray  #: [R] a point has no less than that
    lower_points: np.ndarray  #: [R, N] that point, flat; NaN where none is known
    upper_points: np.ndarray  #: [R, N]
    done: np.ndarray  #: [R] whether both ends are known to the gap
    reason: str  #: why it ended
    queries: int  #: thresholds that were asked

    def __init__(self, found: Dict[str, Any]):
        self.lower, self.upper = found["lower"], found["upper"]
        self.lower_attained, self.upper_attained = found["lower_attained"], found["upper_attained"]
        self.lower_points, self.upper_points = found["lower_points"], found["upper_points"]
        self.done = np.array(found["lower_done"], bool) & np.array(found["upper_done"], bool)
        self.reason, self.queries = found["reason"], found["queries"]

    def __iter__(self):
        return iter((self.lower, self.upper))

    def __repr__(self) -> str:
        ends = ", ".join(f"[{low:.6g}, {high:.6g}]" for low, high in
                         zip(self.lower[:8], self.upper[:8]))
        return f"<clipbound.Range {ends}{', ...' if len(self.lower) > 8 else ''}: {self.reason}>"


def range_of(net: "Network", lower: Any, upper: Any, C: Any, gap: float, gap_absolute: float,
             timeout: Optional[float], **settings: Any) -> Range:
    """Network.range."""
    low, high = Points.of(net, lower, "lower"), Points.of(net, upper, "upper")
    if len(low.rows) != 1 or len(high.rows) != 1:
        raise _native.InputError("a range is over one box, not a batch")
    rows = None
    if C is not None:
        rows = np.atleast_2d(np.asarray(C, np.float64))
        if rows.ndim != 2 or rows.shape[1] != net.output_size or not len(rows):
            raise _native.InputError(f"C has the shape {list(rows.shape)} instead of "
                                     f"[R, {net.output_size}]")
    found, interrupt = _native.range_of(net._native, low.rows, high.rows, rows, float(gap),
                                        float(gap_absolute),
                                        1e30 if timeout is None else float(timeout), settings)
    if interrupt is not None:
        raise interrupt
    return Range(found)
