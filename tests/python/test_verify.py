"""Verdicts whose truth is known, how runs end early, and results."""
import json
import os
import signal
import threading
import time

import numpy as np
import pytest

import clipbound
from clipbound import Verdict

TEXT = """
(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real)
(assert (>= X_0 -1)) (assert (<= X_0 1)) (assert (>= X_1 -1)) (assert (<= X_1 1))
(assert (>= Y_0 {}))
"""


def test_specs_of_all_kinds(absolute):
    box = ([-1, -1], [1, 1])
    for limit, verdict in ((1.5, "sat"), (2.5, "unsat")):
        specs = [TEXT.format(limit), (*box, [[-1]], [-limit]), [(*box, [-1], -limit)],
                 clipbound.Property.parse(TEXT.format(limit)),
                 [((-1, -1), (-0.9, -0.9), [[1]], [-1]), (*box, [-1], -limit)]]
        for spec in specs:
            result = clipbound.verify(absolute, spec, timeout=20)
            assert result.verdict == verdict, spec
    result = absolute.verify((*box, [-1], -1.5), timeout=20)
    assert abs(result.input.sum()) >= 1.5 and result.output[0] >= 1.5
    np.testing.assert_array_equal(absolute(result.input), result.output)
    assert result.violated["clause"] == 0 and len(result.violated["rows"]) == 1


def test_files(examples, tmp_path):
    net = os.path.join(examples, "waves.onnx")
    easy = clipbound.verify(net, os.path.join(examples, "easy.vnnlib"), timeout=60)
    assert easy.verdict is Verdict.unsat and easy.input is None and easy.counterexample is None
    violated = clipbound.verify(net, os.path.join(examples, "violated.vnnlib"), timeout=60)
    assert violated.verdict is Verdict.sat
    assert violated.to_vnncomp().startswith("sat\n((X_0 ")
    names = {t.name for t in clipbound.load(net).inputs + clipbound.load(net).outputs}
    assert set(violated.counterexample) == names
    assert json.loads(violated.to_json())["verdict"] == "sat"
    assert violated.statistics and all(isinstance(v, (int, float)) for v in violated.statistics.values())


def test_several_networks_from_vnnlib(examples):
    nets = {"exact": clipbound.load(os.path.join(examples, "follow.onnx")),
            "rounded": clipbound.load(os.path.join(examples, "follow_rounded.onnx"))}
    spec = os.path.join(examples, "vnnlib2", "isomorphic.vnnlib")
    assert clipbound.verify(nets, spec, timeout=60).verdict == "unsat"
    with pytest.raises(clipbound.InputError):
        clipbound.verify({"exact": nets["exact"]}, spec)


def test_wrong_arguments(absolute, examples):
    box = ([-1, -1], [1, 1])
    for spec, error in [((*box, [[1, 1]], [0]), "C and d"), ((*box, [[1]]), "a clause is"),
                        (([1, 1], [0, 0], [[1]], [0]), "empty"), ("nowhere.vnnlib", "nowhere"),
                        ("(assert", "text"), (([0], [1], [[1]], [0]), "lower")]:
        with pytest.raises(clipbound.InputError, match=error):
            clipbound.verify(absolute, spec)
    with pytest.raises(clipbound.InputError, match="no_such"):
        clipbound.verify(absolute, box, no_such=1)
    with pytest.raises(clipbound.InputError, match="timeout|time_limit_s"):
        clipbound.verify(absolute, box, timeout=-1)
    with pytest.raises(TypeError):
        clipbound.verify(absolute, 3)
    with pytest.raises(TypeError):
        clipbound.verify(3, box)
    assert {"time_limit_s", "threads"} <= {row["name"] for row in clipbound.options()}


@pytest.fixture(scope="module")
def endless():
    """A network and a specification that no search decides soon: the maximum of a random network of
    30 inputs, and a threshold between what a point reaches and what is true."""
    rng = np.random.default_rng(11)
    sizes = [30, 120, 120, 120, 1]
    layers = [(rng.normal(size=(b, a)) * np.sqrt(2 / a), rng.normal(size=b) * 0.1)
              for a, b in zip(sizes, sizes[1:])]
    net = clipbound.Network.from_layers(layers)
    x = rng.uniform(-1, 1, size=30)
    for _ in range(200):
        x = np.clip(x + 0.05 * np.sign(net.gradient(x, [1.0])), -1, 1)
    return net, (np.full(30, -1.0), np.full(30, 1.0), [[-1.0]], [-2.0 * float(net(x)[0])])


def test_time_runs_out(endless):
    start = time.monotonic()
    result = clipbound.verify(*endless, timeout=1, threads=1)
    assert result.verdict == "timeout" and result.reason
    assert time.monotonic() - start < 10
    assert 0 <= result.progress["settled_share"] < 1


def test_progress_is_told_in_the_calling_thread(endless):
    seen = []
    result = clipbound.verify(*endless, timeout=2, threads=1, verbose=1,
                              on_progress=lambda p: seen.append((threading.get_ident(), p)),
                              on_log=lambda level, text: seen.append((threading.get_ident(), text)))
    assert result.verdict == "timeout"
    assert {ident for ident, _ in seen} == {threading.get_ident()}
    progress = [p for _, p in seen if isinstance(p, dict)]
    assert progress and progress[-1]["elapsed_s"] >= progress[0]["elapsed_s"]
    assert any(isinstance(p, str) for _, p in seen)


def test_progress_may_stop_a_run_or_fail(endless):
    start = time.monotonic()
    result = clipbound.verify(*endless, timeout=100, threads=1, on_progress=lambda p: False)
    assert result.verdict == "unknown"

    def fail(progress):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        clipbound.verify(*endless, timeout=100, threads=1, on_progress=fail)
    assert time.monotonic() - start < 50


def test_ctrl_c_keeps_the_statistics(endless):
    timer = threading.Timer(1.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    start = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        clipbound.verify(*endless, timeout=100, threads=1)
    assert time.monotonic() - start < 50
    assert isinstance(caught.value, clipbound.Interrupted)
    result = caught.value.result
    assert result.verdict == "unknown" and result.progress["elapsed_s"] >= 1
    assert sum(result.statistics.values()) > 0


def test_other_threads_run_meanwhile(endless):
    counted = []

    def count():
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            counted.append(1)
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    clipbound.verify(*endless, timeout=2, threads=1)
    thread.join()
    assert len(counted) > 20  # none, if the interpreter's lock were held


def test_many_solves_at_once(absolute):
    box, verdicts = ([-1, -1], [1, 1]), {}

    def solve(k):
        verdicts[k] = absolute.verify((*box, [-1], -(1.5 + k % 2)), threads=1).verdict

    threads = [threading.Thread(target=solve, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [verdicts[k] for k in range(8)] == ["sat", "unsat"] * 4


def test_results_show_themselves(absolute):
    box = ([-1, -1], [1, 1])
    sat, unsat = (absolute.verify((*box, [-1], -limit)) for limit in (1.5, 2.5))
    assert "sat" in repr(sat) and "unsat" in repr(unsat)
    assert "satisfies" in sat._repr_html_() and "unsat" in unsat._repr_html_()
    assert f"{sat.verdict}" == "sat" and unsat.verdict == "unsat"
