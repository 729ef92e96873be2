"""Conditions: what they mean, held against points, and the queries that they become."""
import itertools
import os
import re
from fractions import Fraction

import numpy as np
import pytest

import clipbound
from clipbound.expressions import text_of


@pytest.fixture
def three():
    """y = (x0, x1, x0 + x1) for x >= 0."""
    return clipbound.Network.from_layers([([[1, 0], [0, 1]], [0, 0]),
                                          ([[1, 0], [0, 1], [1, 1]], [0, 0, 0])])


def holds(condition, values):
    """Whether a condition holds at values of its variables, in fractions."""
    if condition.kind == "and":
        return all(holds(part, values) for part in condition.parts)
    if condition.kind == "or":
        return any(holds(part, values) for part in condition.parts)
    (left,) = condition.parts
    value = sum((c * values[n] for n, c in left.terms.items()), left.constant)
    return {"<=": value <= 0, "<": value < 0, "==": value == 0}[condition.kind]


def test_verdicts_are_those_of_enumeration(three):
    conditions = [
        lambda x, y: (y[2] >= 1.5) & (x[0] <= 0.25),                # x1 <= 1: sums to 1.25
        lambda x, y: (y[2] >= 1.25) & (x[0] <= 0.25),
        lambda x, y: (y[0] >= y[1] + 1) | (y[1] >= y[0] + 2),
        lambda x, y: ~((y[0] < 1) | (y[1] < 1)),
        lambda x, y: (y[0] == 0.5) & (y[1] == 0.25) & (y[2] >= 0.875),
        lambda x, y: (y[0] == 0.5) & (y[1] == 0.25) & (y[2] != 0.875),
        lambda x, y: np.array([[1.0, 1.0, -1.0]]) @ y > 0,
        lambda x, y: y.sum() / 2 >= 2,
        lambda x, y: 2 * y[0] - y[1] * 3 <= -2.5,
    ]
    grid = list(itertools.product(np.linspace(0, 1, 9), repeat=2))
    for condition in conditions:
        q = clipbound.Query(three)
        x, y = q.inputs["X"], q.outputs["Y"]
        asked = condition(x, y)
        q.add(x >= 0, x <= 1, asked)
        result = q.verify(timeout=30)
        names = [next(iter(v.terms)) for v in [*x, *y]]
        truth = any(holds(asked, dict(zip(names, map(Fraction, (a, b, a, b, a + b)))))
                    for a, b in grid)
        assert result.verdict == ("sat" if truth else "unsat"), asked
        if truth:
            found = dict(zip(names, map(Fraction, [*result.input, *result.output])))
            assert holds(asked, found)


def test_bounds_are_exact(three):
    for limit, verdict in ((1.0, "sat"), (np.nextafter(1.0, 2.0), "unsat")):
        q = clipbound.Query(three)
        q.add(q.inputs["X"] >= 0, q.inputs["X"] <= 1, q.outputs["Y"][0] >= limit)
        assert q.verify(timeout=30).verdict == verdict


def row_of(text):
    """(comparison, {variable: coefficient}, threshold) of a row as it is written, in fractions."""
    kind, left, right = re.fullmatch(r"\((\S+) (.*) (\S+)\)", text).groups()
    terms = {name: Fraction(value) for value, name in re.findall(r"\(\* (\S+) ([a-z]+)\)", left)}
    for name in re.findall(r"[a-z]+", re.sub(r"\(\* \S+ [a-z]+\)", "", left)):
        terms[name] = Fraction(1)
    return kind, terms, Fraction(right)


def test_numbers_are_written_exactly():
    x, z = clipbound.Linear({"x": Fraction(1)}), clipbound.Linear({"z": Fraction(1)})
    for value in (0.1, 1e-300, -3.5, 2.0**60, Fraction(1, 3), np.float32(0.1), 7):
        exact = Fraction(float(value)) if isinstance(value, np.float32) else Fraction(value)
        kind, terms, threshold = row_of(text_of(value * x + z < 0.3))
        # The row, or a positive multiple of it.
        assert kind == "<" and terms["z"] > 0
        assert terms["x"] / terms["z"] == exact and threshold / terms["z"] == Fraction(0.3)
        kind, terms, threshold = row_of(text_of(value * x <= 0.3))
        assert kind == ("<=" if exact > 0 else ">=") and terms["x"] > 0
        assert threshold / terms["x"] == Fraction(0.3) / exact


def test_arithmetic_is_exact():
    x = clipbound.Linear({"x": Fraction(1)})
    third = x / 3 + x / 3 + x / 3
    assert third.terms == {"x": 1} and (x - x).terms == {}
    assert (0.1 + x + 0.2).constant == Fraction(0.1) + Fraction(0.2)


def test_tensors_index_and_combine(examples):
    net = clipbound.load(os.path.join(examples, "follow.onnx"))
    q = clipbound.Query(net)
    assert list(q.inputs) == ["X", "state", "limit"] and list(q.outputs) == ["Y", "acceleration"]
    assert q.inputs["state"].shape == (1, 2) and q.inputs["X"].shape == (3,)
    state, limit = q.inputs["state"], q.inputs["limit"]
    q.add(state >= 0, state <= [[4.0, 1.0]], limit >= 0, limit <= 1,
          q.hidden("margins")[0, 0] <= 0, q.outputs["Y"] > 1)
    assert q.verify(timeout=30).verdict == "unsat"  # as examples/vnnlib2/hidden.vnnlib says
    assert "declare-hidden" in q.vnnlib()


def test_several_networks_share_inputs(examples):
    exact = clipbound.load(os.path.join(examples, "follow.onnx"))
    rounded = clipbound.load(os.path.join(examples, "follow_rounded.onnx"))
    for limit, verdict in ((0.1, "unsat"), (0.05, "sat")):  # the weights differ by 1/16
        q = clipbound.Query({"exact": exact, "rounded": rounded})
        x, z = q["exact"].inputs["X"], q["rounded"].inputs["X"]
        gap = q["rounded"].outputs["Y"] - q["exact"].outputs["Y"]
        q.add(x >= 0, x <= [4, 1, 1], z == x, (gap > limit) | (-gap > limit))
        result = q.verify(timeout=30)
        assert result.verdict == verdict
    values = result.counterexample
    np.testing.assert_array_equal(values["exact.state"], values["rounded.state"])
    difference = values["rounded.acceleration"] - values["exact.acceleration"]
    assert abs(float(difference[0, 0])) > 0.05
    with pytest.raises(clipbound.InputError, match="several networks"):
        q.inputs["X"]


def test_one_network_twice(examples):
    net = clipbound.load(os.path.join(examples, "follow.onnx"))
    q = clipbound.Query({"near": net, "far": net})
    assert "equal-to near" in q.vnnlib()
    x, z = q["near"].inputs["X"], q["far"].inputs["X"]
    q.add(x >= 0, x <= [4, 1, 1], z[0] >= 0, z[0] <= 4, z[1:] == x[1:], z[0] >= x[0],
          q["far"].outputs["Y"] + 0.001 < q["near"].outputs["Y"])
    assert q.verify(timeout=30).verdict == "unsat"  # monotone in the gap


def test_mistakes_are_named(three):
    q = clipbound.Query(three)
    x, y = q.inputs["X"], q.outputs["Y"]
    with pytest.raises(TypeError, match="neither true nor false"):
        0 <= x[0] <= 1
    with pytest.raises(TypeError, match="VNN-LIB 2.0"):
        x[0] * x[1]
    with pytest.raises(ValueError, match="finite"):
        x[0] <= float("nan")
    with pytest.raises(TypeError):
        q.add(True)
    with pytest.raises(ValueError, match="no variable"):
        q.add(x[0] - x[0] <= 1)
    with pytest.raises(KeyError, match="there are X"):
        q.inputs["nothing"]
    with pytest.raises(clipbound.InputError):
        q.add(y[0] >= 1).verify()  # inputs without bounds
    with pytest.raises(clipbound.InputError, match="name"):
        clipbound.Query({"not a name": three})
    with pytest.raises(ValueError):
        clipbound.any_of([])
    with pytest.raises(clipbound.InputError, match="other networks"):
        other = clipbound.Network.from_layers([([[1.0, 0.0]], [0.0])])
        clipbound.verify(other, q)


def test_shows_itself(three):
    q = clipbound.Query(three)
    q.add(q.inputs["X"] >= 0)
    assert "1 conditions" in repr(q)
    assert "|" in repr((q.outputs["Y"][0] >= 1) | (q.outputs["Y"][1] >= 2))
