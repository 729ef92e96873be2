"""Robustness as people ask for it: images, labels, epsilon."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from . import _native
from .points import Points
from .query import Property
from .result import Result

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Certified", "Radius", "Robust"]


class Robust(NamedTuple):
    """Whether every input within epsilon keeps its label."""

    robust: Optional[bool]  #: True: proved. False: there is a counterexample. None: not decided
    result: Result  #: of the search
    counterexample: Optional[np.ndarray]  #: in the units and the shape of x
    label: Optional[int]  #: the largest output of the counterexample

    def __bool__(self) -> bool:
        return self.robust is True


class Radius(NamedTuple):
    """How far an input may be changed before its label may change."""

    radius: float  #: proved: no input within it has another label; negative: x itself has one
    counterexample_radius: Optional[float]  #: at which one is known
    counterexample: Optional[np.ndarray]  #: in the units and the shape of x
    label: Optional[int]  #: of the counterexample
    reason: str  #: why the search ended
    queries: int  #: radii that were tried


class Units:
    """The network's inputs are (x - mean) / std of what users call x.

    Ends of boxes are rounded outward in every operation, so that a box encloses the real one.
    """

    def __init__(self, net: "Network", mean: Any, std: Any, clip: Any):
        self.net = net
        self.mean, self.std = self._spread(mean, 0.0, "mean"), self._spread(std, 1.0, "std")
        if not (np.all(self.std > 0) and np.all(np.isfinite(self.std))):
            raise _native.InputError("std has to be positive")
        self.clip = (-np.inf, np.inf) if clip is None else (float(clip[0]), float(clip[1]))
        if not self.clip[0] < self.clip[1]:
            raise _native.InputError("clip is (lowest, highest)")
        self.is_plain = mean is None and std is None

    def _spread(self, value: Any, default: float, what: str) -> np.ndarray:
        """[N]: a number, one for each channel (axis 1 of the input tensor), or of its shape."""
        array = np.asarray(default if value is None else value, np.float64)
        shape = tuple(self.net.inputs[0].shape)
        n = self.net.input_size
        if not np.all(np.isfinite(array)):
            raise _native.InputError(f"{what} has a number that is not finite")
        if array.size == n and array.ndim > 0:
            return array.reshape(n)
        if array.ndim == 1 and len(self.net.inputs) == 1 and shape[1:2] == array.shape:
            array = array.reshape((-1,) + (1,) * (len(shape) - 2))
        try:
            if array.ndim == 0:
                return np.full(n, float(array))
            return np.broadcast_to(array, shape).reshape(n).copy()
        except ValueError:
            raise _native.InputError(f"{what} has the shape {list(np.shape(value))}; it is a number, "
                                     f"one for each channel or of the shape {list(shape)}") from None

    def inside(self, x: np.ndarray) -> np.ndarray:
        """As the network sees it, about."""
        return x if self.is_plain else (x - self.mean) / self.std

    def outside(self, inputs: np.ndarray) -> np.ndarray:
        return inputs if self.is_plain else inputs * self.std + self.mean

    def box(self, x: np.ndarray, eps: float) -> Tuple[np.ndarray, np.ndarray]:
        """All inputs of the network of points within eps of x [.., N] that lie within the clip."""
        ends = []
        for sign, limit in ((-1.0, self.clip[0]), (1.0, self.clip[1])):
            towards = sign * np.inf
            end = np.nextafter(x + sign * eps, towards) if eps > 0 else x.copy()
            # A point outside the limits is its own box there.
            if sign > 0:
                end = np.maximum(np.minimum(end, limit), x)
            else:
                end = np.minimum(np.maximum(end, limit), x)
            if not self.is_plain:
                end = np.nextafter(np.nextafter(end - self.mean, towards) / self.std, towards)
            ends.append(end)
        return ends[0], ends[1]


def _point(net: "Network", x: Any, label: Any) -> Tuple[Points, int]:
    points = Points.of(net, x, "x")
    if len(points.rows) != 1:
        raise _native.InputError("x is one point; net.certify takes a batch")
    if not np.all(np.isfinite(points.rows)):
        raise _native.InputError("x has a number that is not finite")
    return points, _label(net, label)


def _check_classifier(net: "Network") -> None:
    if net.output_size < 2:
        raise _native.InputError("robustness is of a classifier: it needs two outputs or more")


def _label(net: "Network", label: Any) -> int:
    if int(label) != label or not 0 <= label < net.output_size:
        raise _native.InputError(f"there is no label {label}: the network has {net.output_size} outputs")
    return int(label)


def _epsilon(eps: Any) -> float:
    try:
        value = float(eps)
    except (TypeError, ValueError):
        value = np.nan
    if not 0 <= value < np.inf:
        raise _native.InputError("eps is a number that is not negative")
    return value


def _differences(net: "Network", label: int) -> np.ndarray:
    """C [M - 1, M] of y_label - y_j for all other j."""
    C = -np.eye(net.output_size)
    C[:, label] = 1.0
    return np.delete(C, label, axis=0)


def _search(net: "Network", low: np.ndarray, high: np.ndarray, label: int,
            settings: Dict[str, Any]) -> Result:
    """Is another output as large as the label's somewhere?"""
    clauses = [(low, high, row, 0.0) for row in _differences(net, label)]
    return net.verify(Property.from_arrays(net, *clauses), **settings)


def robust(net: "Network", x: Any, label: int, eps: float, mean: Any = None, std: Any = None,
           clip: Any = None, **settings: Any) -> Robust:
    """Network.robust."""
    _check_classifier(net)
    points, label = _point(net, x, label)
    units, eps = Units(net, mean, std, clip), _epsilon(eps)
    low, high = units.box(points.rows[0], eps)
    result = _search(net, low, high, label, settings)
    if result.input is None or result.output is None:
        return Robust(True if result.verdict == "unsat" else None, result, None, None)
    return Robust(False, result, units.outside(result.input).reshape(points.shape),
                  int(np.argmax(_without(result.output, label))))


def _without(y: np.ndarray, label: int) -> np.ndarray:
    others = np.array(y, float)
    others[label] = -np.inf
    return others


def radius(net: "Network", x: Any, label: int, clip: Any = None, radius_max: float = 1.0,
           tolerance: float = 1e-3, timeout: Optional[float] = None,
           step_timeout: Optional[float] = None, **settings: Any) -> Radius:
    """Network.radius."""
    _check_classifier(net)
    points, label = _point(net, x, label)
    lowest, highest = (None, None) if clip is None else (float(clip[0]), float(clip[1]))
    found, interrupt = _native.robustness(
        net._native, points.rows[0], label,
        dict(radius_max=float(radius_max), tolerance=float(tolerance),
             time_limit_s=None if timeout is None else float(timeout),
             step_limit_s=None if step_timeout is None else float(step_timeout), lowest=lowest,
             highest=highest), settings)
    if interrupt is not None:
        raise interrupt
    has_one = found["counterexample"].size > 0
    return Radius(found["radius"], found["counterexample_radius"],
                  found["counterexample"].reshape(points.shape) if has_one else None,
                  int(found["counterexample_label"]) if has_one else None, found["reason"],
                  found["queries"])


class Certified(Dict[str, np.ndarray]):
    """One row for each image, as a dictionary of arrays [B]:

    "label"; "predicted" (the largest output, the first of equal ones); "status": "certified"
    (every input within epsilon has the label), "refuted" (there is a counterexample),
    "misclassified" (the image itself), "unknown"; "margin": a proved lower bound of the label's
    output minus the largest other one, from bounds alone (NaN: none); "seconds" of the search.
    """

    counterexamples: List[Optional[np.ndarray]]  #: [B], in the units and the shape of an image
    eps: float

    def count(self, status: str) -> int:
        """Images of this status."""
        return int(np.sum(self["status"] == status))

    @property
    def accuracy(self) -> float:
        """Certified accuracy: the share of all images that are certified."""
        return self.count("certified") / max(1, len(self["status"]))

    def rows(self) -> Iterator[Dict[str, Any]]:
        """One dictionary for each image."""
        for k in range(len(self["status"])):
            yield {name: column[k].item() for name, column in self.items()}

    def to_dataframe(self) -> Any:
        """The table as a pandas.DataFrame (needs pandas)."""
        import pandas

        return pandas.DataFrame(dict(self))

    def __repr__(self) -> str:
        kinds = ("certified", "refuted", "unknown", "misclassified")
        counts = ", ".join(f"{self.count(kind)} {kind}" for kind in kinds)
        return f"<clipbound.Certified {len(self['status'])} images at {self.eps:g}: {counts}>"


def certify(net: "Network", images: Any, labels: Any, eps: float, mean: Any = None, std: Any = None,
            clip: Any = None, timeout: Optional[float] = 10.0, threads: int = 0,
            method: str = "crown", search: bool = True, **settings: Any) -> Certified:
    """Network.certify."""
    _check_classifier(net)
    points = Points.of(net, images, "images")
    rows, units, eps = points.rows, Units(net, mean, std, clip), _epsilon(eps)
    if not np.all(np.isfinite(rows)):
        raise _native.InputError("images have a number that is not finite")
    wanted = np.array([_label(net, label) for label in np.atleast_1d(labels)], dtype=np.int64)
    if wanted.shape != (len(rows),):
        raise _native.InputError(f"there are {len(rows)} images and {len(wanted)} labels")
    y = net._native.evaluate(np.ascontiguousarray(units.inside(rows)))
    low, high = units.box(rows, eps)
    table = Certified(label=wanted, predicted=np.argmax(y, axis=1),
                      status=np.full(len(rows), "unknown", dtype="<U13"),
                      margin=np.full(len(rows), np.nan), seconds=np.zeros(len(rows)))
    table.eps, table.counterexamples = eps, [None] * len(rows)
    largest_other = np.array([_without(v, k).max() for v, k in zip(y, wanted)])
    is_right = y[np.arange(len(rows)), wanted] > largest_other
    table["status"][~is_right] = "misclassified"
    _certify_by_bounds(net, table, low, high, is_right, method, threads)
    shape = points.shape[1:] if points.is_batch else points.shape
    open_ones = np.flatnonzero(table["status"] == "unknown") if search else np.zeros(0, np.int64)
    for k in open_ones:
        begin = time.monotonic()
        result = _search(net, low[k], high[k], int(wanted[k]),
                         dict(settings, timeout=timeout, threads=threads))
        table["seconds"][k] = time.monotonic() - begin
        if result.verdict == "unsat":
            table["status"][k] = "certified"
        elif result.input is not None:
            table["status"][k] = "refuted"
            table.counterexamples[k] = units.outside(result.input).reshape(shape)
    return table


def _certify_by_bounds(net: "Network", table: Certified, low: np.ndarray, high: np.ndarray,
                       is_right: np.ndarray, method: str, threads: int) -> None:
    """All images of one label are one batch: they have the same rows."""
    for label in np.unique(table["label"][is_right]):
        which = np.flatnonzero(is_right & (table["label"] == label))
        begin = time.monotonic()
        try:
            lower, _ = net.bounds(low[which], high[which], _differences(net, int(label)),
                                  method=method, threads=threads)
        except _native.Unsupported:
            return  # operators without bounds: counterexamples may still be found
        table["margin"][which] = lower.min(axis=1, initial=np.inf)
        table["seconds"][which] += (time.monotonic() - begin) / len(which)
        table["status"][which[table["margin"][which] > 0]] = "certified"
