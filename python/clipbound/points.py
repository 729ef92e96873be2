"""Points and boxes as users write them: one or a batch, flat or in the tensor's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Tuple

import numpy as np

from . import _native

if TYPE_CHECKING:
    from .network import Network


class Points:
    """Points [B, N] and the shape in which they came."""

    __slots__ = ("rows", "shape", "is_batch", "is_shaped")

    def __init__(self, rows: np.ndarray, shape: Tuple[int, ...], is_batch: bool, is_shaped: bool):
        self.rows = rows  #: [B, N] float64 in C order
        self.shape = shape  #: as they came
        self.is_batch = is_batch
        self.is_shaped = is_shaped  #: in the tensor's shape, not flat

    @staticmethod
    def of(net: "Network", values: Any, what: str) -> "Points":
        """Raises InputError where the values are no points of the network."""
        try:
            array = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise _native.InputError(f"{what} is no array of numbers: {error}") from None
        n = net.input_size
        # Several input tensors are one vector X.
        shape = tuple(net.inputs[0].shape) if len(net.inputs) == 1 else (n,)
        has_batch = len(shape) > 1 and shape[0] == 1

        def points(is_batch: bool, is_shaped: bool) -> "Points":
            return Points(np.ascontiguousarray(array.reshape(-1, n)), array.shape, is_batch,
                          is_shaped)

        if array.shape == (n,):
            return points(False, False)
        if array.shape == shape:
            return points(has_batch, True)
        if has_batch and array.shape == shape[1:]:
            return points(False, False)
        if array.ndim > 1 and array.shape[0] > 0:
            if has_batch and array.shape[1:] == shape[1:]:
                return points(True, True)
            if array.shape[1:] == (n,):
                return points(True, False)
        raise _native.InputError(f"{what} has the shape {list(array.shape)}; a point is [{n}] or "
                                 f"{list(shape)}, a batch [B, {n}]")

    def outputs_of(self, net: "Network", y: np.ndarray) -> np.ndarray:
        """Outputs [B, M] in the shape that fits that of the points."""
        if not self.is_shaped or len(net.outputs) != 1:
            return y if self.is_batch else y[0]
        shape = tuple(net.outputs[0].shape)
        if len(self.rows) == 1:
            return y.reshape(shape)
        return y.reshape((len(y),) + shape[1:]) if shape[:1] == (1,) else y
