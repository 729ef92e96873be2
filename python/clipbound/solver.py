"""Solver: many questions about one network and one box."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

import numpy as np

from . import _native
from .expressions import Condition, Linear, Tensor, all_of, check_owner
from .network import Network
from .points import Points
from .query import tensors_of
from .result import Interrupted, Result
from .solving import names_of

__all__ = ["Solver"]

MOST_ALTERNATIVES = 100_000
#: (terms (of an output?, index, coefficient), threshold, strict)
Row = Tuple[List[Tuple[bool, int, float]], float, bool]


class Solver:
    """A network, a box of its inputs and a stack of constraints.

    What a call of ``solve`` found is used by later ones that have all of its constraints: where it
    was ``unsat``, they are; where it was stopped, they go on with its tree; its counterexamples are
    tried before anything is searched.

    >>> s = clipbound.Solver(net, lower, upper, timeout=10)
    >>> y = s.outputs["Y"]
    >>> s.add(y[0] >= 1)
    >>> s.push(); s.add((y[1] >= 2) | (y[2] >= 2)); s.solve(); s.pop()
    >>> s.solve(y[1] >= 3)                                  # an assumption, for this call

    One call at a time: while ``solve`` runs, every other call, of another thread or of one of its
    callbacks, raises InputError.

    lower, upper: one point of the network each. settings: options of ``verify``; ``timeout`` is
    that of each call.
    """

    def __init__(self, net: Network, lower: Any, upper: Any, *, timeout: Optional[float] = None,
                 threads: Optional[int] = None, **settings: Any):
        low, high = Points.of(net, lower, "lower"), Points.of(net, upper, "upper")
        if len(low.rows) != 1 or len(high.rows) != 1:
            raise _native.InputError("a solver has one box, not a batch")
        self._options = dict(settings, timeout=timeout, threads=threads)
        self._net = net
        self._native = _native.Solver(net._native, low.rows[0], high.rows[0], self._options)
        self.inputs: Mapping[str, Tensor] = tensors_of(net.inputs, "x", "X", self._native)
        self.outputs: Mapping[str, Tensor] = tensors_of(net.outputs, "y", "Y", self._native)
        self._variables: Dict[str, Tuple[bool, int]] = {}
        for is_output, tensor in ((False, self.inputs["X"]), (True, self.outputs["Y"])):
            for index, name in enumerate(tensor.variables):
                self._variables[name] = (is_output, index)

    def add(self, *conditions: Condition) -> "Solver":
        """A counterexample has to satisfy these conditions too. Gives the solver itself.

        Numbers have to be float64: a sum that is none raises InputError.
        """
        self._native.add_all(self._understood(conditions))
        return self

    def _understood(self, conditions: Iterable[Condition]) -> List[List[List[Row]]]:
        parts = all_of(*conditions).parts
        for condition in parts:
            check_owner(condition, self._native)
        return [self._alternatives(condition) for condition in parts]

    def add_rows(self, C: Any, d: Any) -> "Solver":
        """C y <= d: C [R, M] or [M], d [R] or a number. Gives the solver itself."""
        y = self.outputs["Y"]
        rows, limits = np.atleast_2d(np.asarray(C, float)), np.atleast_1d(np.asarray(d, float))
        if rows.shape != (len(limits), len(y)):
            raise _native.InputError(f"C and d have the shapes {list(rows.shape)} and "
                                     f"{list(limits.shape)} instead of [R, {len(y)}] and [R]")
        return self.add(rows @ y <= limits)

    def push(self) -> None:
        """Opens a level: ``pop`` takes away what is added from here on."""
        self._native.push()

    def pop(self, levels: int = 1) -> None:
        """Closes so many levels. Raises InputError where there are fewer."""
        self._native.pop(levels)

    def set(self, **settings: Any) -> "Solver":
        """Options of the calls from here on: ``set(timeout=5)``. Gives the solver itself."""
        options = {**self._options, **settings}
        self._native.set_options(options)
        self._options = options
        return self

    @property
    def levels(self) -> int:
        """Levels that are open."""
        return self._native.levels

    @property
    def used(self) -> str:
        """How the last ``solve`` began: "" anew, "unsat", "counterexample" or "tree": by what an
        earlier call had found."""
        return self._native.used

    def solve(self, *assumptions: Condition,
              on_progress: Optional[Callable[[Dict[str, Any]], Any]] = None,
              on_log: Optional[Callable[[int, str], Any]] = None) -> Result:
        """Is there an input of the box that satisfies all constraints, and for this call the
        assumptions too? Callbacks and Ctrl-C are as for ``clipbound.verify``.
        """
        native, interrupt = self._native.solve(self._understood(assumptions), on_progress, on_log)
        # To be written as of VNN-LIB 1.0.
        query = _native.Query(self._net.input_size, self._net.output_size)
        result = Result(native, query, names_of(self._net), self._options)
        if isinstance(interrupt, KeyboardInterrupt):
            raise Interrupted(result) from interrupt
        if interrupt is not None:
            raise interrupt
        return result

    def __repr__(self) -> str:
        return (f"<clipbound.Solver of {self._native.constraint_count} constraints, "
                f"{self.levels} levels>")

    def _alternatives(self, condition: Condition) -> List[List[Row]]:
        """The condition as an "or" of rows that all hold."""
        if condition.kind == "or":
            found = [rows for part in condition.parts for rows in self._alternatives(part)]
        elif condition.kind == "and":
            found = [[]]
            for part in condition.parts:
                choices = self._alternatives(part)
                if len(found) * len(choices) > MOST_ALTERNATIVES:
                    raise _native.InputError(f"a condition with more than {MOST_ALTERNATIVES} "
                                             "alternatives")
                found = [rows + more for rows in found for more in choices]
        else:
            (left,) = condition.parts
            if not left.terms:
                raise _native.InputError(f"the condition {condition!r} speaks of no variable")
            sides: Iterable[Linear] = [left, -left] if condition.kind == "==" else [left]
            found = [[self._row(side, condition.kind == "<") for side in sides]]
        return found

    def _row(self, left: Linear, strict: bool) -> Row:
        terms = [(*self._variables[name], _float(value)) for name, value in left.terms.items()]
        return terms, _float(-left.constant), strict


def _float(value: Fraction) -> float:
    """The number, which has to be one of float64's."""
    try:
        rounded = float(value)
    except OverflowError:
        rounded = float("inf")
    if not np.isfinite(rounded) or Fraction(rounded) != value:
        raise _native.InputError(f"{value} is no float64 number: sums and multiples of numbers are "
                                 "exact here, so round them first")
    return rounded
