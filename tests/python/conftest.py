"""Networks whose answers are known, and where the examples are."""
import os

import numpy as np
import pytest

import clipbound

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture
def examples():
    return os.path.join(ROOT, "examples")


@pytest.fixture
def absolute():
    """y = |x0 + x1|."""
    return clipbound.Network.from_layers([([[1, 1], [-1, -1]], [0, 0]), ([[1, 1]], [0])])


@pytest.fixture
def differing():
    """y0 = relu(x0) and y1 = relu(x0) - x1: y0 - y1 = x1, which bounds of y alone forget."""
    return clipbound.Network.from_layers(
        [([[1, 0], [0, 1], [0, -1]], [0, 0, 0]), ([[1, 0, 0], [1, -1, 1]], [0, 0])])


@pytest.fixture
def random_network():
    rng = np.random.default_rng(5)
    layers = [(rng.normal(size=(16, 4)), rng.normal(size=16)),
              (rng.normal(size=(12, 16)) / 4, rng.normal(size=12)),
              (rng.normal(size=(3, 12)) / 3, rng.normal(size=3))]
    return clipbound.Network.from_layers(layers), layers


@pytest.fixture
def program():
    """The executable of the build that the module is from."""
    built = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(clipbound.__file__))), "clipbound")
    if not os.path.exists(built):
        pytest.skip(f"there is no program {built}")
    return built
