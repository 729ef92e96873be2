"""Solver: verdicts are those of one call of verify() with the same constraints, whatever came before."""
import random
import threading

import numpy as np
import pytest

import clipbound


def test_push_and_pop(absolute):
    s = clipbound.Solver(absolute, [-1, -1], [1, 1], timeout=20)
    (y,) = s.outputs["Y"]
    assert s.add(y >= 1.5).solve().verdict == "sat" and s.used == ""
    assert s.solve().verdict == "sat" and s.used == "counterexample"
    s.push()
    s.add(y >= 2.5)
    assert s.solve().verdict == "unsat"
    s.add(y <= 7)
    assert s.solve().verdict == "unsat" and s.used == "unsat"
    s.pop()
    assert s.levels == 0 and s.solve().verdict == "sat"
    assert s.solve(y >= 2.5).verdict == "unsat" and s.solve().verdict == "sat"
    assert s.levels == 0 and "1 constraints" in repr(s)


def test_alternatives(absolute):
    s = clipbound.Solver(absolute, [-1, -1], [1, 1], timeout=20)
    x, (y,) = s.inputs["X"], s.outputs["Y"]
    s.add((y >= 2.5) | ((x[0] <= -0.5) & (y >= 1.75)))
    result = s.solve()
    assert result.verdict == "sat" and result.input[0] <= -0.5 and result.output[0] >= 1.75
    s.add(x[1] >= 0)
    assert s.solve().verdict == "unsat"
    assert s.add_rows([[1.0]], [5]).solve().verdict == "unsat"


def test_random_sequences_agree_with_single_queries(random_network):
    net, _ = random_network
    rng = random.Random(3)
    low, high = [-0.5] * 4, [0.5] * 4
    sample = net(np.random.default_rng(3).uniform(-0.5, 0.5, size=(4000, 4)))
    s = clipbound.Solver(net, low, high, timeout=60)
    stack, used = [[]], set()
    for step in range(40):
        action = rng.choice(["push", "pop", "add", "add", "assume", "solve"])
        if action == "push":
            s.push()
            stack.append([])
        elif action == "pop" and len(stack) > 1:
            s.pop()
            stack.pop()
        else:
            j, side = rng.randrange(3), rng.choice([-1, 1])
            # Thresholds from the middle to a little past what samples reach.
            values = np.sort(side * sample[:, j])
            margin = 0.3 * float(values[-1] - values[0])
            limit = float(rng.choice([values[len(values) // 2], values[-1] + margin]))

            def condition(y, j=j, side=side, limit=limit):
                return side * y[j] >= limit

            assumed = [condition] if action == "assume" else []
            if action == "add":
                s.add(condition(s.outputs["Y"]))
                stack[-1].append(condition)
            result = s.solve(*(c(s.outputs["Y"]) for c in assumed))
            used.add(s.used)
            q = clipbound.Query(net)
            q.add(q.inputs["X"] >= low, q.inputs["X"] <= high,
                  *(c(q.outputs["Y"]) for level in [*stack, assumed] for c in level))
            assert result.verdict == q.verify(timeout=60).verdict, step
            if result.verdict == "sat":
                for level in [*stack, assumed]:
                    assert all(holds(c, result.output) for c in level)
    assert {"", "unsat", "counterexample"} <= used


def holds(condition, output):
    """Whether the outputs satisfy it: their float32 numbers are exact in fractions."""
    from fractions import Fraction

    y = [clipbound.Linear({}, Fraction(float(value))) for value in output]
    (left,) = condition(y).parts
    return left.constant <= 0


def test_mistakes_leave_the_solver_as_it_was(absolute):
    s = clipbound.Solver(absolute, [-1, -1], [1, 1], timeout=20)
    (y,) = s.outputs["Y"]
    with pytest.raises(clipbound.InputError, match="levels"):
        s.pop()
    with pytest.raises(clipbound.InputError, match="float64"):
        s.add(y >= 1, y / 3 >= 1)
    assert "0 constraints" in repr(s)
    with pytest.raises(clipbound.InputError):
        s.solve(y / 3 >= 1)
    assert s.levels == 0
    with pytest.raises(clipbound.InputError):
        clipbound.Solver(absolute, [1, 1], [-1, -1])


def test_a_callback_cannot_change_the_solver():
    net = clipbound.load("examples/waves.onnx")
    s = clipbound.Solver(net, [-2, -2, -2], [2, 2, 2], timeout=20)
    y = s.outputs["Y"]
    s.push()
    s.add(y[0] >= 1.65)
    refused = []

    def change(_):
        for call in (s.push, s.pop, lambda: s.add(y[0] >= -100), lambda: s.set(timeout=1), s.solve):
            with pytest.raises(clipbound.InputError, match="in use"):
                call()
            refused.append(call)

    assert s.solve(on_progress=change).verdict == "unsat"
    assert refused
    s.pop()
    assert s.solve(y[0] >= -100).verdict == "sat"


def test_a_solver_in_use_by_another_thread_refuses():
    net = clipbound.Network.from_layers([([[1.0]], [0.0])])
    s = clipbound.Solver(net, [0.0], [1.0], timeout=10, attack=False)
    y = s.outputs["Y"]
    wrong = []

    def ask(limit, expected):
        for _ in range(60):
            try:
                if s.solve(y[0] >= limit).verdict != expected:
                    wrong.append(limit)
            except clipbound.InputError:
                pass

    threads = [threading.Thread(target=ask, args=a) for a in ((100, "unsat"), (-100, "sat"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and s.levels == 0
    assert s.solve(y[0] >= -100).verdict == "sat" and s.solve(y[0] >= 100).verdict == "unsat"


def test_add_is_all_or_nothing_and_variables_belong_to_their_solver():
    net = clipbound.Network.from_layers([([[1.0]], [0.0])])
    s, t = (clipbound.Solver(net, [0.0], [1.0]) for _ in range(2))
    many = clipbound.any_of(s.outputs["Y"][0] >= k for k in range(400))
    with pytest.raises(clipbound.InputError):
        s.add(s.outputs["Y"][0] >= 0, many, many)
    assert "of 0 constraints" in repr(s)
    with pytest.raises(clipbound.InputError, match="another query or solver"):
        t.add(s.outputs["Y"][0] >= 0)
    with pytest.raises(clipbound.InputError, match="two queries or solvers"):
        s.outputs["Y"][0] + t.outputs["Y"][0]
