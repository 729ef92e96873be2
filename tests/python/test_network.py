"""Reading, evaluating, gradients: against NumPy and finite differences."""
import os
import threading

import numpy as np
import pytest

import clipbound


def reference(layers, x):
    for k, (W, b) in enumerate(layers):
        x = np.asarray(W, np.float32).astype(float) @ x + np.asarray(b, np.float32)
        if k + 1 < len(layers):
            x = np.maximum(x, 0)
    return x


def test_evaluates_as_numpy_does(random_network):
    net, layers = random_network
    points = np.random.default_rng(1).normal(size=(50, 4)).astype(np.float32)
    y = net(points)
    assert y.shape == (50, 3) and y.dtype == np.float32
    for x, value in zip(points, y):
        # float32 sums of some 30 terms of size 1 to 10.
        np.testing.assert_allclose(value, reference(layers, x), rtol=0, atol=1e-4)
        np.testing.assert_array_equal(net(x), value)


def test_shapes_follow_those_of_the_points(examples):
    net = clipbound.load(os.path.join(examples, "waves.onnx"))
    (x,), (y,) = net.inputs, net.outputs
    assert (x.size, y.size) == (net.input_size, net.output_size) == (3, 1)
    assert net(np.zeros(3)).shape == (1,)
    assert net(np.zeros(x.shape)).shape == y.shape
    assert net(np.zeros((7, 3))).shape == (7, 1)
    for wrong in (np.zeros(4), np.zeros((2, 4)), np.zeros((0, 3)), 1.0, "abc", [[1, 2, 3], [1]]):
        with pytest.raises(clipbound.InputError, match="x"):
            net(wrong)


def test_several_inputs_are_one_vector(examples):
    net = clipbound.load(os.path.join(examples, "follow.onnx"))
    assert [t.name for t in net.inputs] == ["state", "limit"]
    # 0.5 relu(gap - 2 speed) + 0.25 relu(limit - speed)
    np.testing.assert_array_equal(net([3, 0.5, 1]), [1.125])


def test_reads_bytes_and_what_serialises_itself(examples):
    path = os.path.join(examples, "waves.onnx")
    with open(path, "rb") as file:
        data = file.read()

    class Model:
        def SerializeToString(self):
            return data

    x = [0.3, -0.2, 1.0]
    expected = clipbound.load(path)(x)
    for model in (data, bytearray(data), memoryview(data), Model()):
        np.testing.assert_array_equal(clipbound.load(model)(x), expected)
    with pytest.raises(TypeError):
        clipbound.load(3)
    with pytest.raises(clipbound.InputError, match="ONNX"):
        clipbound.load(b"not a model")
    with pytest.raises(clipbound.InputError, match="nowhere"):
        clipbound.load("nowhere.onnx")
    with pytest.raises(clipbound.InputError, match="no folder"):
        clipbound.load(data, folder="/no/such/folder")


def test_gradients_match_finite_differences(random_network):
    net, layers = random_network
    rng = np.random.default_rng(2)
    x, weights, h = rng.normal(size=4).astype(np.float32).astype(float), rng.normal(size=3), 1e-6
    gradient = net.gradient(x, weights)
    for i in range(4):
        step = np.eye(4)[i] * h
        slope = weights @ (reference(layers, x + step) - reference(layers, x - step)) / (2 * h)
        assert abs(gradient[i] - slope) < 1e-6  # float64 sums, away from kinks
    J = net.jacobian(x)
    assert J.shape == (3, 4)
    np.testing.assert_allclose(weights @ J, gradient, atol=1e-12)
    batch = np.stack([x, -x])
    np.testing.assert_allclose(net.gradient(batch, weights)[0], gradient, atol=1e-12)
    with pytest.raises(clipbound.InputError, match="weights"):
        net.gradient(x, [1.0])


def test_cuts_a_network(examples):
    net = clipbound.load(os.path.join(examples, "follow.onnx"))
    margins = net.up_to("margins")
    np.testing.assert_array_equal(margins([3, 0.5, 1]), [2, 0.5])
    with pytest.raises(clipbound.InputError, match="nothing"):
        net.up_to("nothing")


def test_shows_itself(examples):
    net = clipbound.load(os.path.join(examples, "follow.onnx"))
    assert "state[1, 2]" in repr(net) and "float32" in repr(net)
    assert "<table>" in net._repr_html_() and "follow.onnx" in net._repr_html_()
    assert net.inspect()["parameters"] == 8
    assert net.file["bytes"] == os.path.getsize(os.path.join(examples, "follow.onnx"))


def test_threads_may_share_a_network(random_network):
    net, _ = random_network
    points = np.random.default_rng(3).normal(size=(200, 4))
    expected, found = net(points), []
    threads = [threading.Thread(target=lambda: found.append(net(points))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for y in found:
        np.testing.assert_array_equal(y, expected)


def test_layers_that_do_not_fit():
    with pytest.raises(clipbound.InputError):
        clipbound.Network.from_layers([])
    with pytest.raises(clipbound.InputError, match="layer 1"):
        clipbound.Network.from_layers([([[1.0]], [0.0]), ([[1.0]], [0.0, 1.0])])
    with pytest.raises(clipbound.InputError):
        clipbound.Network.from_layers([([[1.0, 2.0]], [0.0]), ([[1.0, 1.0]], [0.0])])
