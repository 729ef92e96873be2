"""Ranges against grids, attained points and rows."""
import numpy as np
import pytest

import clipbound


def test_nothing_on_a_grid_lies_outside_and_the_ends_are_attained(random_network):
    net, _ = random_network
    low, high = np.full(4, -0.5), np.full(4, 0.5)
    C = np.array([[1.0, -1.0, 0.0], [0.0, 0.5, 2.0]])
    found = net.range(low, high, C, gap=0.01, timeout=30)
    assert found.done.all(), found.reason
    rng = np.random.default_rng(3)
    x = np.where(rng.random((4000, 4)) < 0.5, rng.choice([-0.5, 0.5], (4000, 4)),
                 rng.uniform(-0.5, 0.5, (4000, 4)))
    y = net(x).astype(float) @ C.T
    slack = 1e-4  # float32 evaluation against real arithmetic
    assert np.all(y >= found.lower - slack) and np.all(y <= found.upper + slack)
    for points, attained in ((found.lower_points, found.lower_attained),
                             (found.upper_points, found.upper_attained)):
        assert np.all((points >= low) & (points <= high))
        reached = np.einsum("rm,rm->r", net(points).astype(float), C)
        np.testing.assert_allclose(reached, attained, atol=slack)
    width = found.upper_attained - found.lower_attained
    assert np.all(found.upper - found.upper_attained <= 0.01 * width + 1e-5)
    lower, upper = found
    assert lower is found.lower and upper is found.upper
    assert "Range" in repr(found)


def test_ends_of_a_known_function():
    # |x0 + x1| on [-1, 2] x [-1, 2]: 0 to 4.
    net = clipbound.Network.from_layers([([[1, 1], [-1, -1]], [0, 0]), ([[1, 1]], [0])])
    found = net.range([-1, -1], [2, 2], gap=0.001)
    assert found.lower[0] <= 0 <= found.lower_attained[0] <= 0.01
    assert 3.99 <= found.upper_attained[0] <= 4 <= found.upper[0] <= 4.01


def test_what_does_not_fit_is_named():
    net = clipbound.Network.from_layers([([[1.0, 1.0]], [0.0])])
    with pytest.raises(clipbound.InputError, match="one box"):
        net.range(np.zeros((2, 2)), np.ones((2, 2)))
    with pytest.raises(clipbound.InputError, match="C has the shape"):
        net.range([0, 0], [1, 1], C=[[1, 2]])
    with pytest.raises(clipbound.InputError):
        net.range([1, 0], [0, 1])
    with pytest.raises(clipbound.InputError):
        net.range([0, 0], [1, 1], gap=-1)
