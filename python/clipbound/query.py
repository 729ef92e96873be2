"""What is asked: VNN-LIB properties, arrays, and conditions over a network's tensors."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Tuple, Union

import numpy as np

from . import _native
from .expressions import Condition, Tensor, all_of, check_owner, text_of
from .points import Points

if TYPE_CHECKING:
    from .network import Network

__all__ = ["Property", "Query"]


class Property:
    """A specification that is about some network's X [N] and Y [M]: read once, used often.

    It has clauses; a counterexample lies in the box of one of them and satisfies all its rows.
    """

    __slots__ = ("_native",)

    def __init__(self, native: "_native.Query"):
        """For the functions below; use these."""
        self._native = native

    @staticmethod
    def load(path: Union[str, os.PathLike]) -> "Property":
        """A VNN-LIB file (.vnnlib or .vnnlib.gz) of version 1.0, 2.0 or 2.1."""
        return Property(_native.Query.load(os.fspath(path)))

    @staticmethod
    def parse(text: str, source: str = "text") -> "Property":
        """The text of one; ``source`` names it in messages."""
        return Property(_native.Query.parse(text, source))

    @staticmethod
    def from_arrays(net: "Network", *clauses: Any) -> "Property":
        """One clause for each (lower, upper, C, d): the points lower <= x <= upper with C y <= d.

        lower, upper: a point of the network; C: [R, M] or [M]; d: [R] or a number. Without C and
        d, every point of the box is a counterexample. The numbers are taken exactly.
        """
        query = _native.Query(net.input_size, net.output_size)
        for clause in clauses:
            if not isinstance(clause, (tuple, list)) or len(clause) not in (2, 4):
                raise _native.InputError("a clause is (lower, upper, C, d) or (lower, upper)")
            low, high = (Points.of(net, end, what).rows
                         for end, what in zip(clause[:2], ("lower", "upper")))
            if len(low) != 1 or len(high) != 1:
                raise _native.InputError("a clause has one box, not a batch")
            C, d = _rows_of(clause[2:], net.output_size)
            query.add_clause(low[0], high[0], C, d)
        return Property(query)

    @property
    def clauses(self) -> int:
        """Number of clauses."""
        return self._native.clause_count

    @property
    def warnings(self) -> List[str]:
        """What is odd about it, with line and column."""
        return list(self._native.warnings)

    def box(self, clause: int = 0) -> Tuple[np.ndarray, np.ndarray]:
        """(lower, upper) of a clause, [N] each: they enclose decimals and their float32 roundings."""
        return self._native.box(clause)

    def __repr__(self) -> str:
        return (f"<clipbound.Property of {self._native.input_size} inputs and "
                f"{self._native.output_size} outputs, {self.clauses} clauses>")


def _rows_of(rows: Any, outputs: int) -> Tuple[np.ndarray, np.ndarray]:
    if not rows:
        return np.zeros((0, outputs)), np.zeros(0)
    C, d = np.atleast_2d(np.asarray(rows[0], np.float64)), np.atleast_1d(np.asarray(rows[1], np.float64))
    if C.ndim != 2 or C.shape[1] != outputs or d.shape != C.shape[:1]:
        raise _native.InputError(f"C and d have the shapes {list(C.shape)} and {list(d.shape)} "
                                 f"instead of [R, {outputs}] and [R]")
    return C, d


class _Part:
    """One network of a query, its tensors as variables."""

    def __init__(self, name: str, net: "Network", owner: object):
        self.name = name
        self.owner = owner
        self.net = net
        self.hidden_layers: Dict[str, Tuple[str, Tuple[int, ...]]] = {}
        for tensor in net.inputs + net.outputs:
            if not tensor.type.startswith("float"):
                raise _native.Unsupported(f"'{tensor.name}' of {tensor.type} in a query that is written "
                                          "in Python: write it as VNN-LIB 2.0")
        self.input_names = [f"{name}_X{k}" for k in range(len(net.inputs))]
        self.output_names = [f"{name}_Y{k}" for k in range(len(net.outputs))]
        self.inputs = _Tensors(net.inputs, self.input_names, "X", owner)
        self.outputs = _Tensors(net.outputs, self.output_names, "Y", owner)

    def hidden(self, layer: str) -> Tensor:
        if layer not in self.hidden_layers:
            tensor = self.net.up_to(layer).outputs[0]
            self.hidden_layers[layer] = (f"{self.name}_H{len(self.hidden_layers)}", tensor.shape)
        return _variables(*self.hidden_layers[layer], self.owner)

    def declaration(self, equal_to: Optional[str]) -> str:
        lines = [f"(declare-network {self.name}"]
        if equal_to is not None:
            lines.append(f"  (equal-to {equal_to})")
        lines += [f"  (declare-input {n} real {_shape(t.shape)})"
                  for n, t in zip(self.input_names, self.net.inputs)]
        lines += [f'  (declare-hidden {n} real {_shape(shape)} "{layer}")'
                  for layer, (n, shape) in self.hidden_layers.items()]
        lines += [f"  (declare-output {n} real {_shape(t.shape)})"
                  for n, t in zip(self.output_names, self.net.outputs)]
        return "\n".join(lines) + ")"


def _shape(shape: Tuple[int, ...]) -> str:
    return "[" + ",".join(map(str, shape)) + "]"


def _variables(name: str, shape: Tuple[int, ...], owner: object) -> Tensor:
    return Tensor.of_variables(lambda index: name + _shape(index), tuple(shape), owner)


class _Tensors(Mapping):
    """A network's input or output tensors by name; "X" or "Y" is all of them, flat."""

    def __init__(self, tensors: List[Any], names: List[str], whole: str, owner: object):
        self._owner = owner
        self._shapes = {t.name: (n, t.shape) for t, n in zip(tensors, names)}
        self._whole = whole
        self._made: Dict[str, Tensor] = {}

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._made:
            if name == self._whole:
                parts = [_variables(*shape, self._owner).flat for shape in self._shapes.values()]
                self._made[name] = Tensor(np.concatenate([part._array for part in parts]))
            elif name in self._shapes:
                self._made[name] = _variables(*self._shapes[name], self._owner)
            else:
                raise KeyError(f"there is no '{name}': there are {', '.join(self)}")
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        yield self._whole
        yield from (name for name in self._shapes if name != self._whole)

    def __len__(self) -> int:
        return len(list(iter(self)))


def tensors_of(tensors: List[Any], prefix: str, whole: str, owner: object) -> Mapping[str, Tensor]:
    """Tensors as variables PREFIX0[...], PREFIX1[...] of the owner; ``whole`` is all of them, flat."""
    return _Tensors(tensors, [f"{prefix}{k}" for k in range(len(tensors))], whole, owner)


class Query:
    """A specification as conditions over the tensors of one network or several.

    >>> q = clipbound.Query(net)
    >>> x, y = q.inputs["X"], q.outputs["Y"]              # flat: [N] and [M]
    >>> q.add(x >= -1, x <= 1, (y[0] >= y[1]) | (y[0] >= y[2]))
    >>> q.verify(timeout=10)

    Every input needs bounds, or an equation that gives it some. Other names than "X" and "Y" are
    those of the model's tensors and have their shapes. For several networks,
    ``Query({"f": net_f, "g": net_g})``, ``q["f"]`` has inputs and outputs of its own.
    """

    def __init__(self, networks: Union["Network", Mapping[str, "Network"]]):
        named = dict(networks) if isinstance(networks, Mapping) else {"f": networks}
        if not named:
            raise _native.InputError("a query needs a network")
        for name in named:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
                raise _native.InputError(f"a network's name has letters, digits and _, not '{name}'")
        self._owner = object()
        self._parts = {name: _Part(name, net, self._owner) for name, net in named.items()}
        self._conditions: List[Condition] = []
        self._compiled: Any = None

    def __getitem__(self, name: str) -> _Part:
        return self._parts[name]

    def _only(self) -> _Part:
        if len(self._parts) != 1:
            raise _native.InputError("the query has several networks: take q[NAME].inputs and "
                                     f"q[NAME].outputs of {', '.join(self._parts)}")
        return next(iter(self._parts.values()))

    @property
    def networks(self) -> Dict[str, "Network"]:
        """The networks by name; a single one is called "f"."""
        return {name: part.net for name, part in self._parts.items()}

    @property
    def inputs(self) -> Mapping[str, Tensor]:
        """Of a query with one network: its input tensors by name, and "X" [N]."""
        return self._only().inputs

    @property
    def outputs(self) -> Mapping[str, Tensor]:
        """Of a query with one network: its output tensors by name, and "Y" [M]."""
        return self._only().outputs

    def hidden(self, layer: str) -> Tensor:
        """Of a query with one network: an inner tensor, by its name in the model."""
        return self._only().hidden(layer)

    def add(self, *conditions: Condition) -> "Query":
        """A counterexample has to satisfy these conditions too. Gives the query itself."""
        added = all_of(*conditions).parts
        for condition in added:
            check_owner(condition, self._owner)
            text_of(condition)  # what cannot be written is refused here, not later
        self._conditions.extend(added)
        self._compiled = None
        return self

    def vnnlib(self) -> str:
        """The query as VNN-LIB 2.0, every number exact."""
        lines = ["(vnnlib-version <2.0>)"]
        first: Dict[int, str] = {}
        for name, part in self._parts.items():
            lines.append(part.declaration(first.get(id(part.net))))
            first.setdefault(id(part.net), name)
        lines += [f"(assert {text_of(condition)})" for condition in self._conditions]
        return "\n".join(lines) + "\n"

    def _compile(self) -> Tuple["_native.Network", "_native.Query"]:
        """The networks joined to one, and the query about it."""
        hidden = sum(len(part.hidden_layers) for part in self._parts.values())
        if self._compiled is None or self._compiled[0] != hidden:
            query = _native.Query.parse(self.vnnlib(), "query")
            given, seen = [], set()
            for name, part in self._parts.items():
                if id(part.net) not in seen:
                    given.append((name, part.net._native))
                seen.add(id(part.net))
            self._compiled = (hidden, _native.join(query, given))
        return self._compiled[1]

    def _named(self, inputs: np.ndarray, outputs: np.ndarray) -> Dict[str, np.ndarray]:
        """The tensors at a counterexample, by their names: NETWORK.TENSOR where there are several."""
        values: Dict[str, np.ndarray] = {}
        at_x = at_y = 0
        for name, part in self._parts.items():
            prefix = f"{name}." if len(self._parts) > 1 else ""
            for tensor in part.net.inputs:
                values[prefix + tensor.name] = inputs[at_x:at_x + tensor.size].reshape(tensor.shape)
                at_x += tensor.size
            for layer, (_, shape) in part.hidden_layers.items():
                size = int(np.prod(shape, dtype=np.int64))
                values[prefix + layer] = outputs[at_y:at_y + size].reshape(shape)
                at_y += size
            for tensor in part.net.outputs:
                values[prefix + tensor.name] = outputs[at_y:at_y + tensor.size].reshape(tensor.shape)
                at_y += tensor.size
        return values

    def verify(self, **settings: Any):
        """``clipbound.verify`` of this query and its networks."""
        from .solving import verify

        return verify(None, self, **settings)

    def __repr__(self) -> str:
        return (f"<clipbound.Query over {', '.join(self._parts)}, "
                f"{len(self._conditions)} conditions>")
