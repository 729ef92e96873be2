"""verify(): verdicts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import numpy as np

from . import _native
from .models import load
from .network import Network
from .query import Property, Query
from .result import Interrupted, Result

__all__ = ["options", "verify"]


def options() -> List[Dict[str, str]]:
    """All options that ``verify`` takes by keyword: "name", "flag", "default", "range", "help"."""
    return _native.options()


def verify(net: Union[Network, str, os.PathLike, Mapping[str, Network], None], spec: Any, *,
           timeout: Optional[float] = None, threads: Optional[int] = None,
           on_progress: Optional[Callable[[Dict[str, Any]], Any]] = None,
           on_log: Optional[Callable[[int, str], Any]] = None, only_attack: bool = False,
           trace: bool = False, **settings: Any) -> Result:
    """Is there an input that satisfies the specification?

    net: a network or a path; {name: network} for a specification that declares several (or a
        subset: one that is equal to another needs none).
    spec: one of
      - a path to a VNN-LIB file, or the text of one (it contains a parenthesis);
      - (lower, upper, C, d), or a list of such clauses: lower <= x <= upper with C y <= d
        (``Property.from_arrays``);
      - a ``Query`` (then net may be None) or a ``Property``.
    timeout: seconds; None: no limit. threads: None or 0 for all cores.
    on_progress: called now and then, in this thread, with a dict as ``Result.progress`` is; where
        it returns False the run ends with ``unknown``. on_log: called with level and message, up to
        the option ``verbose``.
    only_attack: only look for a counterexample.
    trace: record the search, for ``Result.trace``.
    settings: further options by name (``clipbound.options()``).

    The interpreter's lock is released meanwhile. Ctrl-C raises ``Interrupted`` (a
    KeyboardInterrupt), whose ``result`` has the statistics; an exception of a callback ends the run
    and is raised. Raises InputError, Unsupported.
    """
    network, query, names = _problem(net, spec)
    if timeout is not None or "time_limit_s" not in settings:
        if "time_limit_s" in settings:
            raise _native.InputError("timeout and time_limit_s are the same option")
        settings["time_limit_s"] = timeout
    values = dict(settings, threads=threads)
    record = _native.Trace() if trace else None
    native, interrupt = _native.solve(network, query, values, on_progress, on_log, only_attack, record)
    result = Result(native, query, names, values, record)
    if isinstance(interrupt, KeyboardInterrupt):
        raise Interrupted(result) from interrupt
    if interrupt is not None:
        raise interrupt
    return result


Names = Callable[[np.ndarray, np.ndarray], Dict[str, np.ndarray]]


def _problem(net: Any, spec: Any) -> Tuple["_native.Network", "_native.Query", Names]:
    if isinstance(spec, Query):
        _check_networks(net, spec)
        return (*spec._compile(), spec._named)
    if isinstance(net, (str, os.PathLike)):
        net = load(net)
    if isinstance(net, Network):
        query = _property(net, spec)._native
        return net._native, query, names_of(net)
    if isinstance(net, Mapping) and net:
        query = _property(next(iter(net.values())), spec)._native
        joined = _native.join(query, [(name, part._native) for name, part in net.items()])
        return (*joined, lambda x, y: {"X": x, "Y": y})
    raise TypeError(f"a network, a path or {{name: network}} is needed, not {type(net).__name__}")


def _check_networks(net: Any, query: Query) -> None:
    own = query.networks
    named = dict(net) if isinstance(net, Mapping) else net
    if named is None or named == own or (len(own) == 1 and named is next(iter(own.values()))):
        return
    raise _native.InputError("the query was written for other networks than this")


def _property(net: Network, spec: Any) -> Property:
    if isinstance(spec, Property):
        return spec
    if isinstance(spec, str) and "(" in spec and not os.path.exists(spec):
        return Property.parse(spec)
    if isinstance(spec, (str, os.PathLike)):
        return Property.load(spec)
    if isinstance(spec, tuple):
        return Property.from_arrays(net, spec)
    if isinstance(spec, list):
        return Property.from_arrays(net, *spec)
    raise TypeError("a specification is a path, VNN-LIB text, (lower, upper, C, d), a list of these, "
                    f"a Query or a Property, not {type(spec).__name__}")


def names_of(net: Network) -> Names:
    def named(x: np.ndarray, y: np.ndarray) -> Dict[str, np.ndarray]:
        values: Dict[str, np.ndarray] = {}
        for tensors, numbers in ((net.inputs, x), (net.outputs, y)):
            at = 0
            for tensor in tensors:
                part = numbers[at:at + tensor.size]
                # Where the property speaks of more than the outputs, the rest has no names here.
                values[tensor.name] = part.reshape(tensor.shape)
                at += tensor.size
        return values

    return named
