"""For those who come from auto_LiRPA: an object with its ``compute_bounds``.

It is not a wrapper of auto_LiRPA: bounds are Clipbound's, rigorous in real arithmetic, and NumPy's
arrays. Tensors of torch are taken, and given back where they were given.
"""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

import numpy as np

from . import _native
from .models import load
from .network import Network

__all__ = ["BoundedModule"]

#: What Clipbound computes for a name of auto_LiRPA's.
METHODS = {
    "IBP": "ibp",
    "interval": "ibp",
    "CROWN": "crown",
    "backward": "crown",
    "CROWN-Optimized": "alpha",
    "alpha-CROWN": "alpha",
}


class BoundedModule:
    """A model whose outputs can be bounded.

    model: a ``clipbound.Network`` or whatever ``clipbound.load`` takes; a torch module is exported
    with ``sample``, an input of it.
    """

    def __init__(self, model: Any, sample: Any = None):
        self.net = model if isinstance(model, Network) else load(model, sample=sample)

    def __call__(self, x: Any) -> Any:
        """The model's outputs."""
        return _like(x, self.net(_array(x)))

    def compute_bounds(self, x_L: Any, x_U: Any, C: Any = None, method: str = "CROWN",
                       bound_lower: bool = True, bound_upper: bool = True, return_A: bool = False,
                       **settings: Any) -> Tuple[Any, ...]:
        """(lower, upper) of C y on the boxes [x_L, x_U], None for one that is not asked for.

        x_L, x_U: a batch of inputs, [B, ...]. C: [R, M], or [B, R, M] with one matrix for each
        box. method: "IBP", "CROWN", "CROWN-Optimized" ("alpha-CROWN"). Gives [B, R]; with
        ``return_A`` a third value, {"lA": [B, R, N], "lbias": [B, R], "uA": ..., "ubias": ...}.
        settings: of ``Network.bounds`` (threads, iterations, timeout).
        """
        if method not in METHODS:
            raise _native.InputError(f"there is no method '{method}' here: there are {', '.join(METHODS)}")
        low, high = _array(x_L), _array(x_U)
        arguments = dict(settings, method=METHODS[method], linear=return_A)
        matrices = None if C is None else _array(C)
        if matrices is not None and matrices.ndim == 3:
            arrays = self._bound_each(low, high, matrices, arguments)
        else:
            arrays = _arrays(self.net.bounds(low, high, matrices, **arguments))
        lower = _like(x_L, arrays["lower"]) if bound_lower else None
        upper = _like(x_L, arrays["upper"]) if bound_upper else None
        if not return_A:
            return lower, upper
        return lower, upper, {"lA": _like(x_L, arrays["lower_A"]), "lbias": _like(x_L, arrays["lower_b"]),
                              "uA": _like(x_L, arrays["upper_A"]), "ubias": _like(x_L, arrays["upper_b"])}

    def _bound_each(self, low: np.ndarray, high: np.ndarray, matrices: np.ndarray,
                    arguments: Dict[str, Any]) -> Dict[str, Any]:
        if low.shape != high.shape or len(low) != len(matrices):
            raise _native.InputError(f"{len(matrices)} matrices C for boxes of the shapes "
                                     f"{list(low.shape)} and {list(high.shape)}")
        if np.all(matrices == matrices[0]):
            return _arrays(self.net.bounds(low, high, matrices[0], **arguments))
        each = [_arrays(self.net.bounds(l[None], h[None], C, **arguments))
                for l, h, C in zip(low, high, matrices)]
        return {name: np.concatenate([one[name] for one in each]) for name in each[0]}


def _arrays(bounds: Any) -> Dict[str, np.ndarray]:
    names = ("lower", "upper", "lower_A", "lower_b", "upper_A", "upper_b")
    return {name: getattr(bounds, name) for name in names if getattr(bounds, name) is not None}


def _array(values: Any) -> np.ndarray:
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    return np.asarray(values, np.float64)


def _like(given: Any, values: Optional[np.ndarray]) -> Any:
    """As a tensor of torch where one was given. In float64: float32 would round bounds inward."""
    if values is None or not hasattr(given, "detach"):
        return values
    import torch

    return torch.from_numpy(np.ascontiguousarray(values)).to(given.device)
