"""Bounds of outputs and of rows C y + d."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, Optional

import numpy as np

from . import _native
from .points import Points

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Bounds"]


class Bounds:
    """lower <= C Y(x) + d <= upper for every real x of the box, rigorous in real arithmetic.

    ``lower, upper = bounds`` takes it apart. With ``linear``, lower_A x + lower_b <= C Y(x) + d <=
    upper_A x + upper_b as well, x flat [N].
    """

    __slots__ = ("lower", "upper", "lower_A", "lower_b", "upper_A", "upper_b", "method")

    lower: np.ndarray  #: [R], for a batch [B, R]; -inf where nothing is known
    upper: np.ndarray  #: the same, +inf
    lower_A: Optional[np.ndarray]  #: [R, N], for a batch [B, R, N]; None unless asked for
    lower_b: Optional[np.ndarray]  #: [R], for a batch [B, R]
    upper_A: Optional[np.ndarray]
    upper_b: Optional[np.ndarray]
    method: str  #: by which they were computed

    def __init__(self, arrays: Dict[str, np.ndarray], method: str, is_batch: bool):
        for name in ("lower", "upper", "lower_A", "lower_b", "upper_A", "upper_b"):
            array = arrays.get(name)
            setattr(self, name, array if array is None or is_batch else array[0])
        self.method = method

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.lower, self.upper))

    def __repr__(self) -> str:
        if self.lower.size > 8:
            return f"<clipbound.Bounds {list(self.lower.shape)} by {self.method}>"
        return f"<clipbound.Bounds {self.lower.tolist()} .. {self.upper.tolist()} by {self.method}>"


def bounds_of(net: "Network", lower: Any, upper: Any, C: Any, d: Any, *, method: str, linear: bool,
              timeout: Optional[float], threads: int, iterations: int) -> Bounds:
    """Network.bounds."""
    low, high = Points.of(net, lower, "lower"), Points.of(net, upper, "upper")
    if low.shape != high.shape:
        raise _native.InputError(f"lower has the shape {list(low.shape)}, upper {list(high.shape)}")
    rows = offsets = None
    if C is not None:
        rows = np.atleast_2d(np.asarray(C, np.float64))
        if rows.ndim != 2 or rows.shape[1] != net.output_size:
            raise _native.InputError(f"C has the shape {list(rows.shape)} instead of "
                                     f"[R, {net.output_size}]")
        if d is not None:
            offsets = np.atleast_1d(np.asarray(d, np.float64))
            if offsets.shape != rows.shape[:1]:
                raise _native.InputError(f"d has the shape {list(offsets.shape)} for "
                                         f"{rows.shape[0]} rows of C")
    elif d is not None:
        raise _native.InputError("d without C")
    arrays, interrupt = _native.bounds(net._native, low.rows, high.rows, rows, offsets, method,
                                       linear, 1e30 if timeout is None else float(timeout),
                                       int(iterations), int(threads))
    if interrupt is not None:
        raise interrupt
    return Bounds(arrays, method, low.is_batch)
