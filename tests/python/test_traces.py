"""Traces of searches in Python and their pictures."""
import gzip
import json
import subprocess

import numpy as np
import pytest

import clipbound

HARD = ("examples/waves.onnx", "examples/hard.vnnlib")


@pytest.fixture(scope="module")
def searched():
    """A search of thousands of subproblems, recorded."""
    import os
    from conftest import ROOT

    net = clipbound.load(os.path.join(ROOT, HARD[0]))
    result = net.verify(os.path.join(ROOT, HARD[1]), timeout=60, trace=True, attack=False)
    assert result.verdict == "unsat"
    return result.trace


@pytest.fixture
def pyplot():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield pyplot
    pyplot.close("all")


def test_nobody_asked(absolute):
    assert absolute.verify(([-1, -1], [1, 1], [[1.0]], [-1.0])).trace is None


def test_every_subproblem_is_recorded_or_counted(searched):
    nodes, progress = searched.nodes, searched.result["progress"]
    assert searched.result["verdict"] == "unsat"
    assert len(nodes["parent"]) > 10
    assert nodes["weight"][searched.roots - 1].sum() >= progress["subproblems"]
    inner = nodes["parent"] > 0
    parents = nodes["parent"][inner] - 1
    assert (parents < np.flatnonzero(inner)).all()
    assert (nodes["end"][parents] == "split").all()
    assert (nodes["depth"][inner] == nodes["depth"][parents] + 1).all()
    refuted = nodes["end"] == "refuted"
    assert (nodes["bound"][refuted & ~np.isnan(nodes["bound"])] >= 0).all()


def test_the_worst_bound_never_falls(searched):
    worst = searched.course["worst_bound"]
    worst = worst[~np.isnan(worst)]
    assert (np.diff(worst) >= 0).all() and (worst <= 0).all()
    assert searched.course["settled_share"][-1] == 1


def test_files(searched, tmp_path, program):
    for name in ("search.jsonl", "search.gz"):
        searched.save(tmp_path / name)
        again = clipbound.Trace.load(tmp_path / name)
        assert all(np.array_equal(again.nodes[key], value, equal_nan=value.dtype.kind == "f")
                   for key, value in searched.nodes.items())
    subprocess.run([program, "view", tmp_path / "search.gz", "--output", tmp_path / "page.html"], check=True,
                   stdout=subprocess.DEVNULL)
    assert (tmp_path / "page.html").stat().st_size > 10000


def test_what_the_program_wrote(examples, tmp_path, program):
    subprocess.run([program, "verify", f"{examples}/violated.vnnlib", "--network", f"{examples}/waves.onnx",
                    "--trace", tmp_path / "t"], check=True, stdout=subprocess.DEVNULL)
    trace = clipbound.Trace.load(tmp_path / "t")
    assert trace.result["verdict"] == "sat" and "violated.vnnlib" in trace.command


def damaged(lines):
    changed = json.loads(lines[-2])
    return {"cut off": lines[:-1], "nothing": [], "no JSON": lines[:3] + ["{"] + lines[3:],
            "another version": ['{"clipbound_trace":2,"version":"0","command":""}'] + lines[1:],
            "an unknown line": lines[:-1] + ['{"what":1}'] + lines[-1:],
            "a line twice": lines[:-2] + [json.dumps(changed)] * 2 + lines[-1:]}


@pytest.mark.parametrize("how", list(damaged(["{}"] * 4)))
def test_damaged_files_are_errors(searched, tmp_path, how):
    searched.save(tmp_path / "t")
    lines = (tmp_path / "t").read_text().splitlines()
    (tmp_path / "d").write_text("\n".join(damaged(lines)[how]))
    with pytest.raises(clipbound.InputError, match="d:"):
        clipbound.Trace.load(tmp_path / "d")


def test_a_broken_archive_is_an_error(tmp_path):
    (tmp_path / "t.gz").write_bytes(gzip.compress(b"{}" * 1000)[:20])
    with pytest.raises(clipbound.InputError):
        clipbound.Trace.load(tmp_path / "t.gz")


def painted(ax):
    """The area that a picture's rectangles cover."""
    total = 0.0
    for path in ax.collections[0].get_paths():
        (x0, y0), (x1, y1) = path.vertices.min(axis=0), path.vertices.max(axis=0)
        total += (x1 - x0) * (y1 - y0)
    return total


def test_the_plane_is_covered_once(searched, pyplot):
    ax = searched.draw_plane(inputs=(0, 1))
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    # Where a tree splits inputs alone, its ends tile the plane.
    assert (searched.nodes["layer"] < 0).all()
    assert painted(ax) == pytest.approx((x1 - x0) * (y1 - y0))


@pytest.mark.parametrize("down", ["depth", "time"])
@pytest.mark.parametrize("color", ["end", "bound", "time", "thread"])
def test_trees(searched, pyplot, down, color):
    ax = searched.draw_tree(down=down, color=color)
    widest = max(path.vertices[:, 0].max() for path in ax.collections[0].get_paths())
    assert widest == pytest.approx(1)
    with pytest.raises(clipbound.InputError):
        searched.draw_tree(root=10**9)


def test_everything_in_one_figure(searched, pyplot, tmp_path):
    figure = searched.draw()
    titles = {ax.get_title() for ax in figure.axes}
    assert {"Bounds over time", "Where the time went", "A cut through the box"} <= titles
    figure.savefig(tmp_path / "search.png")
    assert (tmp_path / "search.png").stat().st_size > 5000


def test_images(pyplot):
    """36 inputs, sat: the picture shows the middle, the counterexample and their difference."""
    weights = np.linspace(-1, 1, 36)[None, :]
    net = clipbound.Network.from_layers([(weights, [0.0])])
    result = net.verify(([0.0] * 36, [1.0] * 36, [[-1.0]], [-5.0]), trace=True)
    axes = result.trace.draw_images()
    assert len(axes) == 3
    assert np.allclose(axes[1].images[0].get_array().ravel(), result.input)
    with pytest.raises(clipbound.InputError):
        result.trace.draw_images(shape=(1, 5, 5))
    with pytest.raises(clipbound.InputError):
        result.trace.draw_plane()
