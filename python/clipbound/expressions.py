"""Conditions over a query's variables, as one writes them: ``(y[0] >= y[1]) | (x[2] < 0.5)``.

Numbers are exact: a float is the binary number that it holds, and sums and multiples of variables
are computed as fractions, so nothing is rounded on the way into the query.
"""

from __future__ import annotations

import math
import numbers
from decimal import Decimal
from fractions import Fraction
from typing import Any, Callable, Dict, Iterable, Iterator, List, Tuple, Union

import numpy as np

from . import _native

__all__ = ["Condition", "Linear", "Tensor", "all_of", "any_of"]

Number = Union[int, float, Fraction, Decimal]


def _exact(value: Any) -> Fraction:
    """The number that the value is. Raises TypeError, ValueError (not finite)."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, (numbers.Real, Decimal)) and not isinstance(value, bool):
        try:
            return Fraction(value)  # type: ignore[arg-type]
        except (OverflowError, ValueError):
            raise ValueError(f"{value} is not finite") from None
    raise TypeError(f"a number is needed, not {type(value).__name__}")


class Condition:
    """Something that an input and its outputs may satisfy. ``&``, ``|`` and ``~`` combine."""

    __slots__ = ("kind", "parts")

    #: "<=", "<", "==" (parts: one Linear, compared with 0), "and", "or" (parts: conditions)
    kind: str
    parts: Tuple[Any, ...]

    def __init__(self, kind: str, parts: Iterable[Any]):
        self.kind = kind
        self.parts = tuple(parts)

    def __and__(self, other: "Condition") -> "Condition":
        return _combined("and", self, other)

    def __or__(self, other: "Condition") -> "Condition":
        return _combined("or", self, other)

    def __invert__(self) -> "Condition":
        if self.kind == "and":
            return Condition("or", [~part for part in self.parts])
        if self.kind == "or":
            return Condition("and", [~part for part in self.parts])
        (left,) = self.parts
        if self.kind == "==":
            return Condition("or", [Condition("<", [left]), Condition("<", [-left])])
        return Condition("<" if self.kind == "<=" else "<=", [-left])

    def __bool__(self) -> bool:
        raise TypeError("a condition is neither true nor false until it is solved; write "
                        "(l <= x) & (x <= u) for l <= x <= u, and &, |, ~ for and, or, not")

    def __repr__(self) -> str:
        if self.kind in ("and", "or"):
            sign = " & " if self.kind == "and" else " | "
            shown = [f"({part!r})" for part in self.parts[:8]]
            return sign.join(shown + ["..."] * (len(self.parts) > 8))
        return f"{self.parts[0]!r} {self.kind} 0"


def _combined(kind: str, left: Condition, right: Any) -> Condition:
    if not isinstance(right, Condition):
        return NotImplemented
    parts: List[Any] = []
    for side in (left, right):
        parts.extend(side.parts if side.kind == kind else [side])
    return Condition(kind, parts)


def all_of(*conditions: Union[Condition, Iterable[Condition]]) -> Condition:
    """All conditions hold; each may be a condition or several."""
    return Condition("and", _flat(conditions))


def any_of(*conditions: Union[Condition, Iterable[Condition]]) -> Condition:
    """One of the conditions holds; each may be a condition or several."""
    parts = _flat(conditions)
    if not parts:
        raise ValueError("one of no conditions: that never holds")
    return Condition("or", parts)


def _flat(conditions: Iterable[Any]) -> List[Condition]:
    parts: List[Condition] = []
    for condition in conditions:
        if isinstance(condition, Condition):
            parts.append(condition)
        elif isinstance(condition, Iterable):
            parts.extend(_flat(condition))
        else:
            raise TypeError(f"a condition is needed, not {type(condition).__name__}: {condition!r}")
    return parts


class Variable(str):
    """A variable's name in its query; ``owner`` is whose it is: names of two queries may be equal."""

    owner: object

    def __new__(cls, name: str, owner: object) -> "Variable":
        variable = super().__new__(cls, name)
        variable.owner = owner
        return variable


def check_owner(condition: Condition, owner: object) -> None:
    """Raises InputError where the condition speaks of variables of another query or solver."""
    for part in condition.parts:
        if isinstance(part, Condition):
            check_owner(part, owner)
        elif part.owner is not None and part.owner is not owner:
            raise _native.InputError(f"the condition {condition!r} speaks of variables of another "
                                     "query or solver")


class Linear:
    """A sum of multiples of variables and a constant, exact. Supports +, -, multiples by numbers,
    and <=, <, >=, >, == with another or a number, which make conditions."""

    __slots__ = ("terms", "constant")
    __array_ufunc__ = None  # NumPy's numbers leave the arithmetic to this class
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, terms: Dict[str, Fraction], constant: Fraction = Fraction(0)):
        self.terms = terms  #: coefficient of each variable, by its name in the query
        self.constant = constant

    @property
    def owner(self) -> object:
        """Whose variables these are; None: there are none."""
        return getattr(next(iter(self.terms), None), "owner", None)

    def _plus(self, other: Any, factor: int) -> Any:
        if isinstance(other, Tensor):
            return NotImplemented
        if not isinstance(other, Linear):
            return Linear(self.terms, self.constant + factor * _exact(other))
        if None is not self.owner is not other.owner is not None:
            raise _native.InputError("variables of two queries or solvers in one sum")
        terms = dict(self.terms)
        for name, coefficient in other.terms.items():
            terms[name] = terms.get(name, Fraction(0)) + factor * coefficient
        return Linear({n: c for n, c in terms.items() if c},
                      self.constant + factor * other.constant)

    def __add__(self, other: Any) -> Any:
        return self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return self._plus(other, -1)

    def __rsub__(self, other: Any) -> Any:
        return (-self) + other

    def __mul__(self, factor: Any) -> Any:
        if isinstance(factor, Tensor):
            return NotImplemented
        if isinstance(factor, Linear):
            raise TypeError("products of variables are not linear: write the query as VNN-LIB 2.0 "
                            "(docs/vnnlib.md)")
        exact = _exact(factor)
        return Linear({n: c * exact for n, c in self.terms.items()} if exact else {},
                      self.constant * exact)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> "Linear":
        return self * (1 / _exact(divisor))

    def __neg__(self) -> "Linear":
        return self * -1

    def _compared(self, kind: str, other: Any, sign: int) -> Any:
        difference = self._plus(other, -1)
        if difference is NotImplemented:
            return NotImplemented
        return Condition(kind, [difference if sign > 0 else -difference])

    def __le__(self, other: Any) -> Condition:
        return self._compared("<=", other, 1)

    def __lt__(self, other: Any) -> Condition:
        return self._compared("<", other, 1)

    def __ge__(self, other: Any) -> Condition:
        return self._compared("<=", other, -1)

    def __gt__(self, other: Any) -> Condition:
        return self._compared("<", other, -1)

    def __eq__(self, other: Any) -> Condition:  # type: ignore[override]
        return self._compared("==", other, 1)

    def __ne__(self, other: Any) -> Condition:  # type: ignore[override]
        return ~self._compared("==", other, 1)

    def __repr__(self) -> str:
        shown = [f"{float(c):g} {n}" for n, c in list(self.terms.items())[:6]]
        if len(self.terms) > 6:
            shown.append("...")
        if self.constant or not shown:
            shown.append(f"{float(self.constant):g}")
        return " + ".join(shown)


def _sum(parts: Iterable[Linear]) -> Linear:
    """Of thousands of parts, in one dictionary."""
    terms: Dict[str, Fraction] = {}
    constant, owner = Fraction(0), None
    for part in parts:
        if None is not owner is not part.owner is not None:
            raise _native.InputError("variables of two queries or solvers in one sum")
        owner = part.owner if owner is None else owner
        constant += part.constant
        for name, coefficient in part.terms.items():
            terms[name] = terms.get(name, Fraction(0)) + coefficient
    return Linear({n: c for n, c in terms.items() if c}, constant)


class Tensor:
    """An array of ``Linear``: indexing, slicing, reshape, +, -, *, /, ``C @ y``, sum. A comparison
    is elementwise and asks for all elements at once; a single element is a ``Linear``."""

    __slots__ = ("_array",)
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: np.ndarray):
        self._array = array

    @staticmethod
    def of_variables(names: Callable[[Tuple[int, ...]], str], shape: Tuple[int, ...],
                     owner: object) -> "Tensor":
        """One variable of the owner's for each index of the shape."""
        array = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            array[index] = Linear({Variable(names(index), owner): Fraction(1)})
        return Tensor(array)

    @property
    def shape(self) -> Tuple[int, ...]:
        return self._array.shape

    @property
    def size(self) -> int:
        return self._array.size

    @property
    def variables(self) -> List[str]:
        """The names of all variables in it, in C order."""
        return [name for element in self._array.flat for name in element.terms]

    @property
    def flat(self) -> "Tensor":
        """All elements in C order, [size]."""
        return Tensor(self._array.reshape(-1))

    def reshape(self, *shape: Any) -> "Tensor":
        return Tensor(self._array.reshape(*shape))

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index: Any) -> Union["Tensor", Linear]:
        picked = self._array[index]
        return Tensor(picked) if isinstance(picked, np.ndarray) else picked

    def __iter__(self) -> Iterator[Union["Tensor", Linear]]:
        return (self[i] for i in range(len(self._array)))

    def sum(self) -> Linear:
        """The sum of all elements."""
        return _sum(self._array.flat)

    def _other(self, other: Any) -> np.ndarray:
        if isinstance(other, Tensor):
            return other._array
        if isinstance(other, Linear):
            array = np.empty((), dtype=object)
            array[()] = other
            return array
        return np.asarray(other)

    def _apply(self, other: Any, operation: Callable[[Linear, Any], Any]) -> np.ndarray:
        mine, others = np.broadcast_arrays(self._array, self._other(other), subok=False)
        result = np.empty(mine.shape, dtype=object)
        for index in np.ndindex(*mine.shape):
            result[index] = operation(mine[index], others[index])
        return result

    def __add__(self, other: Any) -> "Tensor":
        return Tensor(self._apply(other, lambda a, b: a + b))

    __radd__ = __add__

    def __sub__(self, other: Any) -> "Tensor":
        return Tensor(self._apply(other, lambda a, b: a - b))

    def __rsub__(self, other: Any) -> "Tensor":
        return Tensor(self._apply(other, lambda a, b: -a + b))

    def __mul__(self, other: Any) -> "Tensor":
        return Tensor(self._apply(other, lambda a, b: a * b))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> "Tensor":
        return Tensor(self._apply(other, lambda a, b: a / b))

    def __neg__(self) -> "Tensor":
        return self * -1

    def __rmatmul__(self, matrix: Any) -> Union["Tensor", Linear]:
        """C @ y for numbers C [R, size] or [size], y a vector."""
        C = np.asarray(matrix)
        if self._array.ndim != 1 or C.ndim not in (1, 2) or C.shape[-1] != self.size:
            raise ValueError(f"C @ y needs C [R, {self.size}] and a vector y, got "
                             f"{list(C.shape)} and {list(self.shape)}")
        rows = np.empty(len(np.atleast_2d(C)), dtype=object)
        for r, row in enumerate(np.atleast_2d(C)):
            rows[r] = _sum(c * y for c, y in zip(row, self._array) if c)
        return Tensor(rows) if C.ndim == 2 else rows[0]

    def _all(self, other: Any, operation: Callable[[Linear, Any], Any]) -> Condition:
        return all_of(self._apply(other, operation).reshape(-1).tolist())

    def __le__(self, other: Any) -> Condition:
        return self._all(other, lambda a, b: a <= b)

    def __lt__(self, other: Any) -> Condition:
        return self._all(other, lambda a, b: a < b)

    def __ge__(self, other: Any) -> Condition:
        return self._all(other, lambda a, b: a >= b)

    def __gt__(self, other: Any) -> Condition:
        return self._all(other, lambda a, b: a > b)

    def __eq__(self, other: Any) -> Condition:  # type: ignore[override]
        return self._all(other, lambda a, b: a == b)

    def __ne__(self, other: Any) -> Condition:  # type: ignore[override]
        return any_of(self._apply(other, lambda a, b: a != b).reshape(-1).tolist())

    def __repr__(self) -> str:
        return f"<clipbound.Tensor {list(self.shape)}>"


def text_of(condition: Condition) -> str:
    """The condition as a formula of VNN-LIB, every number exact."""
    if condition.kind in ("and", "or"):
        if not condition.parts:
            raise ValueError("a condition over nothing")
        return f"({condition.kind} {' '.join(text_of(part) for part in condition.parts)})"
    (left,) = condition.parts
    if not left.terms:
        raise ValueError(f"the condition {condition!r} speaks of no variable")
    return _comparison(condition.kind, dict(left.terms), -left.constant)


def _comparison(kind: str, terms: Dict[str, Fraction], threshold: Fraction) -> str:
    if len(terms) == 1:  # x <= v, so that it is a bound of the box
        ((name, coefficient),) = terms.items()
        if coefficient < 0 and kind != "==":
            kind = {"<=": ">=", "<": ">"}[kind]
        terms, threshold = {name: Fraction(1)}, threshold / coefficient
        if not _is_decimal(threshold):
            terms, threshold = {name: Fraction(threshold.denominator)}, Fraction(threshold.numerator)
    elif not all(map(_is_decimal, [*terms.values(), threshold])):
        # A positive multiple of the same comparison, in integers.
        scale = 1
        for value in [*terms.values(), threshold]:
            scale *= value.denominator // math.gcd(scale, value.denominator)
        terms = {name: value * scale for name, value in terms.items()}
        threshold *= scale
    summands = [name if value == 1 else f"(* {_decimal(value)} {name})"
                for name, value in terms.items()]
    left = summands[0] if len(summands) == 1 else f"(+ {' '.join(summands)})"
    return f"({kind} {left} {_decimal(threshold)})"


def _is_decimal(value: Fraction) -> bool:
    rest = value.denominator
    rest //= rest & -rest
    while rest % 5 == 0:
        rest //= 5
    return rest == 1


def _decimal(value: Fraction) -> str:
    """The decimal that the number is, digits and exponent of ten."""
    numerator, denominator, exponent = value.numerator, value.denominator, 0
    twos = (denominator & -denominator).bit_length() - 1
    fives, rest = 0, denominator >> twos
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    exponent = max(twos, fives)
    digits = numerator * 2 ** (exponent - twos) * 5 ** (exponent - fives)
    return f"{digits}e-{exponent}" if exponent else f"{digits}.0"
