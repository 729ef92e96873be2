"""Bounds against points, closed forms and the bounds of single boxes."""
import os

import numpy as np
import pytest

import clipbound


@pytest.mark.parametrize("method", ["ibp", "crown", "alpha"])
def test_points_lie_between_the_bounds(random_network, method):
    net, _ = random_network
    rng = np.random.default_rng(7)
    C, d = rng.normal(size=(5, 3)), rng.normal(size=5)
    for _ in range(5):
        centre = rng.normal(size=4)
        low, high = centre - 0.3, centre + 0.3
        bounds = net.bounds(low, high, C, d, method=method, linear=True)
        assert bounds.lower.shape == bounds.lower_b.shape == (5,) and bounds.lower_A.shape == (5, 4)
        x = rng.uniform(low, high, size=(200, 4)).astype(np.float32).astype(float)
        x = x[np.all((x >= low) & (x <= high), axis=1)]
        y = net(x).astype(float) @ C.T + d
        slack = 1e-3  # float32 evaluation against real arithmetic
        assert np.all(y >= bounds.lower - slack) and np.all(y <= bounds.upper + slack)
        assert np.all(y >= x @ bounds.lower_A.T + bounds.lower_b - slack)
        assert np.all(y <= x @ bounds.upper_A.T + bounds.upper_b + slack)


def test_rows_are_bounded_backward_through_C(differing):
    low, high = [-1.0, -0.25], [1.0, 0.25]
    lower, upper = differing.bounds(low, high, [[1, -1]], [0.5])
    # y0 - y1 + 0.5 = x1 + 0.5 exactly; bounds of y0 and y1 alone leave more than twice that.
    np.testing.assert_allclose([lower[0], upper[0]], [0.25, 0.75], atol=1e-9)
    assert lower[0] <= 0.25 and upper[0] >= 0.75
    y = differing.bounds(low, high)
    assert y.upper[0] - y.lower[1] > 1.2


def test_a_batch_has_the_bounds_of_its_boxes(random_network):
    net, _ = random_network
    rng = np.random.default_rng(8)
    centres = rng.normal(size=(40, 4))
    low, high = centres - 0.1, centres + 0.1
    C = rng.normal(size=(2, 3))
    batch = net.bounds(low, high, C, linear=True, threads=2)
    assert batch.lower.shape == (40, 2) and batch.lower_A.shape == (40, 2, 4)
    again = net.bounds(low, high, C, threads=1)
    np.testing.assert_array_equal(batch.lower, again.lower)
    np.testing.assert_array_equal(batch.upper, again.upper)
    for k in range(0, 40, 7):
        one = net.bounds(low[k], high[k], C)
        np.testing.assert_allclose(batch.lower[k], one.lower, atol=1e-5)
        np.testing.assert_allclose(batch.upper[k], one.upper, atol=1e-5)


def test_shapes_of_tensors_are_taken(examples):
    net = clipbound.load(os.path.join(examples, "waves.onnx"))
    shape = net.inputs[0].shape
    assert net.bounds(np.full(3, -1.0), np.full(3, 1.0)).lower.shape == (1,)
    shaped = net.bounds(np.full(shape, -1.0), np.full(shape, 1.0))
    assert shaped.lower.shape[-1] == 1


def test_errors_name_the_argument(absolute):
    cases = [("box 1", dict(lower=[[0, 0], [1, 1]], upper=[[1, 1], [0, 2]])),
             ("lower", dict(lower=[0, 0, 0], upper=[1, 1])),
             ("upper", dict(lower=[[0, 0]], upper=[1, 1])),
             ("C has the shape", dict(lower=[0, 0], upper=[1, 1], C=[[1, 2]])),
             ("d has the shape", dict(lower=[0, 0], upper=[1, 1], C=[[1]], d=[1, 2])),
             ("d without C", dict(lower=[0, 0], upper=[1, 1], d=[1])),
             ("method", dict(lower=[0, 0], upper=[1, 1], method="magic")),
             ("finite", dict(lower=[0, 0], upper=[1, 1], C=[[np.inf]])),
             ("finite", dict(lower=[0, np.nan], upper=[1, 1]))]
    for message, arguments in cases:
        with pytest.raises(clipbound.InputError, match=message):
            absolute.bounds(**arguments)


def test_shows_itself(absolute):
    assert "crown" in repr(absolute.bounds([0, 0], [1, 1]))
