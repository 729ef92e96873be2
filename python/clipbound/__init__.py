"""Clipbound decides properties of neural networks.

A *specification* describes what must not happen: a set of inputs and a set of unsafe outputs.
``verify`` answers ``unsat`` (no input of the set leads to an unsafe output, in exact real
arithmetic), ``sat`` (this input does, replayed in the network's own precision), ``timeout`` or
``unknown``.

>>> import clipbound
>>> net = clipbound.load("examples/waves.onnx")
>>> clipbound.verify(net, "examples/easy.vnnlib").verdict
<Verdict.unsat: 'unsat'>

Arrays are NumPy's, float64 unless said otherwise. N stands for a network's number of inputs (all
input tensors flattened in C order, one after the other), M for that of its outputs. docs/python.md
is the guide.
"""

from ._native import ContractError, InputError, Unsupported
from .bounds import Bounds
from .expressions import Condition, Linear, Tensor, all_of, any_of
from .models import load, unsupported
from .network import Network, TensorInfo
from .query import Property, Query
from .ranges import Range
from .result import Interrupted, Result, Verdict
from .robustness import Certified, Radius, Robust
from .solver import Solver
from .solving import options, verify
from .traces import Trace
from . import _native, lirpa, suite, testing

__version__ = _native.version()

__all__ = [
    "Bounds",
    "Certified",
    "Condition",
    "ContractError",
    "InputError",
    "Interrupted",
    "Linear",
    "Network",
    "Property",
    "Query",
    "Radius",
    "Range",
    "Result",
    "Robust",
    "Solver",
    "Tensor",
    "TensorInfo",
    "Trace",
    "Unsupported",
    "Verdict",
    "all_of",
    "any_of",
    "lirpa",
    "load",
    "options",
    "suite",
    "testing",
    "unsupported",
    "verify",
]
