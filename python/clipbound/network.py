"""Networks: evaluation, gradients, bounds."""

from __future__ import annotations

import html
import json
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from . import _native
from .bounds import Bounds, bounds_of
from .points import Points
from .ranges import Range, range_of
from .robustness import Certified, Radius, Robust, certify, radius, robust

__all__ = ["Network", "TensorInfo"]


class TensorInfo(NamedTuple):
    """An input or output tensor: its name and shape (with the batch dimension) as in the file."""

    name: str
    type: str  #: "float32", "float64", "int64" or "boolean"
    shape: Tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))


class Network:
    """A neural network; made by ``clipbound.load``. It never changes, and may be used from many
    threads at once.

    ``net(x)`` evaluates it. Points x are arrays of N inputs: [N], the shape of the input tensor,
    or either of them with a batch in front ([B, N]; [B, *shape[1:]] where shape[0] is 1).
    """

    __slots__ = ("_native", "_inputs", "_outputs")

    def __init__(self, native: "_native.Network"):
        """For ``clipbound.load``; use that."""
        self._native = native
        self._inputs = [TensorInfo(t["name"], t["type"], t["shape"]) for t in native.inputs]
        self._outputs = [TensorInfo(t["name"], t["type"], t["shape"]) for t in native.outputs]

    @staticmethod
    def from_layers(layers: Sequence[Tuple[Any, Any]]) -> "Network":
        """Dense layers in float32: (W [outputs, inputs], b [outputs]) each, with max(0, .) after all
        but the last."""
        if not layers:
            raise _native.InputError("a network needs at least one layer")
        rows = []
        for k, (weights, bias) in enumerate(layers):
            W, b = np.asarray(weights, np.float32), np.asarray(bias, np.float32)
            if W.ndim != 2 or b.shape != W.shape[:1]:
                raise _native.InputError(
                    f"layer {k} needs weights [outputs, inputs] and a bias [outputs], got "
                    f"{list(W.shape)} and {list(b.shape)}")
            rows.append((W, b, k + 1 < len(layers)))
        return Network(_native.Network.from_layers(rows[0][0].shape[1], rows))

    @property
    def inputs(self) -> List[TensorInfo]:
        """The input tensors; X is their concatenation."""
        return list(self._inputs)

    @property
    def outputs(self) -> List[TensorInfo]:
        """The output tensors; Y is their concatenation."""
        return list(self._outputs)

    @property
    def input_size(self) -> int:
        """N."""
        return self._native.input_size

    @property
    def output_size(self) -> int:
        """M."""
        return self._native.output_size

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64: what the network computes in."""
        return np.dtype(np.float64 if self._native.is_float64 else np.float32)

    @property
    def file(self) -> Dict[str, Any]:
        """Where it came from: "path", "bytes", "sha256" and "data" (files of external data)."""
        return self._native.file

    @property
    def notes(self) -> List[str]:
        """Nodes of which ONNX Runtime is known to compute something else than the standard says."""
        return list(self._native.notes)

    def __call__(self, x: Any) -> np.ndarray:
        """Outputs at one point or a batch, in the network's own precision.

        x of the input tensor's shape gives the output tensor's shape, [N] gives [M], a batch gives
        [B, *output shape[1:]] where x has the tensor's shape behind the batch, else [B, M].
        Raises InputError where x does not fit.
        """
        points = Points.of(self, x, "x")
        y = self._native.evaluate(points.rows).astype(self.dtype)
        return points.outputs_of(self, y)

    def gradient(self, x: Any, weights: Any) -> np.ndarray:
        """Gradients of ``weights . Y`` at one point or a batch, in float64 and the shape of x.

        weights: [M], or [B, M] for a batch. Where an operator has a kink, the derivative of one
        side; 0 through steps.
        """
        points = Points.of(self, x, "x")
        w = np.asarray(weights, np.float64)
        if w.shape not in ((self.output_size,), (len(points.rows), self.output_size)):
            raise _native.InputError(f"weights have the shape {list(w.shape)} instead of "
                                     f"[{self.output_size}] or [B, {self.output_size}]")
        w = np.ascontiguousarray(np.broadcast_to(w, (len(points.rows), self.output_size)))
        return self._native.gradients(points.rows, w).reshape(points.shape)

    def jacobian(self, x: Any) -> np.ndarray:
        """The derivatives [M, N] of all outputs at one point."""
        points = Points.of(self, x, "x")
        if len(points.rows) != 1:
            raise _native.InputError("a Jacobian is of one point")
        M = self.output_size
        return self._native.gradients(np.repeat(points.rows, M, axis=0), np.eye(M))

    def bounds(self, lower: Any, upper: Any, C: Any = None, d: Any = None, *,
               method: str = "crown", linear: bool = False, timeout: Optional[float] = None,
               threads: int = 0, iterations: int = 20) -> Bounds:
        """Rigorous bounds of the outputs, or of rows C y + d, on boxes.

        lower, upper: one box or a batch, as points are. C: [R, M], d: [R]; a row is bounded
        backward through C, which is tighter than what follows from bounds of y. method: "ibp"
        (intervals), "crown", "alpha" (slopes optimised in ``iterations`` steps). linear: also
        lines below and above in x. timeout: seconds for all boxes, after which bounds get looser.
        threads: 0 for all cores; boxes are spread over them.

        Gives ``Bounds`` with lower and upper [R], for a batch [B, R] (R = M without C). Raises
        InputError where arrays do not fit or lower > upper, Unsupported for operators without
        bounds.
        """
        return bounds_of(self, lower, upper, C, d, method=method, linear=linear, timeout=timeout,
                         threads=threads, iterations=iterations)

    def range(self, lower: Any, upper: Any, C: Any = None, *, gap: float = 0.005,
              gap_absolute: float = 0.0, timeout: Optional[float] = None,
              **settings: Any) -> Range:
        """The least and largest values of the outputs, or of rows C y, over one box, refined by
        branch-and-bound: proved ends, and points that attain nearly as much.

        lower, upper: one box, as points are. C: [R, M], or one row [M]. gap: an end is done once
        bound and attained value differ by no more than this share of the interval that is attained,
        or by no more than gap_absolute. timeout: seconds for all rows. settings: of ``verify``
        (threads, seed, ...). Raises InputError where arrays do not fit or lower > upper,
        Unsupported for operators without bounds.
        """
        return range_of(self, lower, upper, C, gap, gap_absolute, timeout, **settings)

    def verify(self, spec: Any, **settings: Any):
        """``clipbound.verify(self, spec, ...)``."""
        from .solving import verify

        return verify(self, spec, **settings)

    def robust(self, x: Any, label: int, eps: float, *, mean: Any = None, std: Any = None,
               clip: Any = None, **settings: Any) -> Robust:
        """Does every input within eps of x, in each coordinate, keep the label?

        x: one point, in the units of eps; the network sees (x - mean) / std. mean, std: a number,
        one for each channel (axis 1 of the input tensor), or of its shape. clip: (lowest, highest)
        of x, such as (0, 1) for pixels. settings: of ``verify`` (timeout, threads, ...).

        To keep a label, its output has to be strictly the largest. The answer is true where that is
        proved in real arithmetic.
        """
        return robust(self, x, label, eps, mean, std, clip, **settings)

    def radius(self, x: Any, label: int, *, clip: Any = None, radius_max: float = 1.0,
               tolerance: float = 1e-3, timeout: Optional[float] = None,
               step_timeout: Optional[float] = None, **settings: Any) -> Radius:
        """The largest eps at which ``robust`` is proved, by bounds first, then by searches.

        radius_max: no radius beyond it is tried. Ends where proved radius and counterexample differ
        by less than the share ``tolerance``, or at ``timeout`` seconds; step_timeout: of one search.
        """
        return radius(self, x, label, clip, radius_max, tolerance, timeout, step_timeout, **settings)

    def certify(self, images: Any, labels: Any, eps: float, *, mean: Any = None, std: Any = None,
                clip: Any = None, timeout: Optional[float] = 10.0, threads: int = 0,
                method: str = "crown", search: bool = True, **settings: Any) -> Certified:
        """``robust`` for a batch: bounds for all images at once, then a search of at most
        ``timeout`` seconds for each that these leave open (none where ``search`` is False).

        images: [B, N] or a batch of the input tensor's shape; labels: [B]. method: of the bounds.
        Gives a table, a dictionary of arrays [B], with ``accuracy`` and ``to_dataframe()``.
        """
        return certify(self, images, labels, eps, mean, std, clip, timeout, threads, method, search,
                       **settings)

    def up_to(self, layer: str) -> "Network":
        """The part that computes one of its tensors, which becomes the only output.

        layer: the name of a tensor, else of a node, else a node's position as a number.
        """
        return Network(self._native.up_to(str(layer)))

    def inspect(self) -> Dict[str, Any]:
        """What the network is and what can be done with it, as ``clipbound inspect --json`` says
        it. Takes seconds at most."""
        return json.loads(self._native.inspect_json())

    def __repr__(self) -> str:
        def listed(tensors):
            return ", ".join(f"{t.name}{list(t.shape)}" for t in tensors)

        return (f"<clipbound.Network {self.file['path']}: {listed(self._inputs)} -> "
                f"{listed(self._outputs)}, {self.dtype.name}>")

    def _repr_html_(self) -> str:
        rows = [("from", self.file["path"]), ("computes in", self.dtype.name)]
        rows += [("input", f"{t.name} {list(t.shape)}") for t in self._inputs]
        rows += [("output", f"{t.name} {list(t.shape)}") for t in self._outputs]
        rows += [("note", note) for note in self.notes]
        cells = "".join(f"<tr><th style='text-align:left'>{html.escape(k)}</th>"
                        f"<td style='text-align:left'>{html.escape(v)}</td></tr>" for k, v in rows)
        return f"<table><caption>clipbound.Network</caption>{cells}</table>"
