"""Robustness of classifiers whose radii are known in closed form."""
import numpy as np
import pytest

import clipbound


@pytest.fixture
def linear():
    """y = W x + b on [1, 2, 2, 2] inputs: within eps in each coordinate, y_k - y_j falls by eps
    times the sum of |W_k - W_j|."""
    rng = np.random.default_rng(4)
    W, b = rng.normal(size=(3, 8)).round(2).astype(np.float32), rng.normal(size=3).round(2).astype(np.float32)
    # ReLUs that are always active: x + 100 >= 0.
    shift = -(W.astype(float) @ np.full(8, 100.0)).astype(np.float32)
    net = clipbound.Network.from_layers([(np.eye(8), np.full(8, 100.0)), (W, b + shift)])
    return net, W.astype(float), (b + shift).astype(float) + W.astype(float) @ np.full(8, 100.0)


def radius_of(W, b, x, label):
    """Of x among all inputs."""
    y = W @ x + b
    others = [j for j in range(len(b)) if j != label]
    return min((y[label] - y[j]) / np.abs(W[label] - W[j]).sum() for j in others)


def test_answers_are_those_of_the_closed_form(linear):
    net, W, b = linear
    rng = np.random.default_rng(6)
    for _ in range(4):
        x = rng.uniform(0, 1, size=8)
        label = int(np.argmax(W @ x + b))
        r = radius_of(W, b, x, label)
        yes, no = (net.robust(x, label, r * factor, timeout=20) for factor in (0.98, 1.02))
        assert yes.robust is True and yes and yes.counterexample is None
        assert no.robust is False and not no
        assert np.abs(no.counterexample - x).max() <= r * 1.02 + 1e-6
        y = net(no.counterexample)
        assert no.label != label and y[no.label] >= y[label]
        found = net.radius(x, label, radius_max=10 * r, timeout=20)
        assert 0.95 * r <= found.radius <= r * (1 + 1e-9)
        assert r * (1 - 1e-3) <= found.counterexample_radius <= 1.05 * r


def test_units_are_those_of_the_images(linear):
    net, W, b = linear
    mean, std = np.linspace(0.2, 0.9, 8), np.linspace(0.5, 2.0, 8)
    x = np.random.default_rng(7).uniform(0.2, 0.8, size=8)
    # W ((x - mean) / std) + b, as a function of x.
    V = W / std
    c = b - V @ mean
    label = int(np.argmax(V @ x + c))
    r = radius_of(V, c, x, label)
    assert net.robust(x, label, 0.98 * r, mean=mean, std=std, timeout=20).robust is True
    no = net.robust(x, label, 1.02 * r, mean=mean, std=std, timeout=20)
    assert no.robust is False
    assert r * 0.98 <= np.abs(no.counterexample - x).max() <= 1.02 * r + 1e-6
    # Pixels stay in their range: where all are at the edge, half of the ball is left.
    clipped = net.robust(x, label, 1.02 * r, mean=mean, std=std, clip=(x.min(), x.max()), timeout=20)
    if clipped.robust is False:
        assert clipped.counterexample.min() >= x.min() - 1e-6


def test_boxes_enclose_the_real_ones():
    from fractions import Fraction

    from clipbound.robustness import Units

    net = clipbound.Network.from_layers([(np.eye(50), np.zeros(50))])
    rng = np.random.default_rng(8)
    mean, std, x = rng.normal(size=50), rng.uniform(0.1, 3, size=50), rng.uniform(0, 1, size=50)
    eps = 0.1
    low, high = Units(net, mean, std, (0, 1)).box(x, eps)
    for k in range(50):
        ends = [Fraction(x[k]) - Fraction(eps), Fraction(x[k]) + Fraction(eps)]
        ends = [min(max(end, 0), 1) for end in ends]
        real = [(end - Fraction(mean[k])) / Fraction(std[k]) for end in ends]
        assert Fraction(low[k]) <= real[0] and real[1] <= Fraction(high[k])
        assert low[k] > float(real[0]) - 1e-12 and high[k] < float(real[1]) + 1e-12


def test_certify_agrees_with_single_answers(linear):
    net, W, b = linear
    rng = np.random.default_rng(9)
    images = rng.uniform(0, 1, size=(30, 8))
    labels = np.argmax(images @ W.T + b, axis=1)
    labels[3] = (labels[3] + 1) % 3
    radii = np.array([radius_of(W, b, x, k) for x, k in zip(images, labels)])
    # Between two of them: a property that only touches is not decided.
    eps = float(np.sort(radii[radii > 0])[len(radii) // 2 - 1:][:2].mean())
    table = net.certify(images, labels, eps, timeout=20)
    for k, status in enumerate(table["status"]):
        if radii[k] <= 0:
            assert status == "misclassified"
        elif abs(radii[k] - eps) > 1e-3 * eps:
            assert status == ("certified" if radii[k] > eps else "refuted")
    assert table["status"][3] == "misclassified"
    certified = table["status"] == "certified"
    assert table.accuracy == certified.mean() and table.count("certified") == certified.sum()
    for k in np.flatnonzero(table["status"] == "refuted"):
        y = net(table.counterexamples[k])
        assert y[labels[k]] <= np.delete(y, labels[k]).max()
    bounds_only = net.certify(images, labels, eps, search=False)
    assert set(bounds_only["status"]) <= {"certified", "unknown", "misclassified"}
    assert "30 images" in repr(table) and len(list(table.rows())) == 30
    assert next(table.rows())["label"] == labels[0]


def test_mistakes_are_named(linear):
    net, W, b = linear
    x = np.zeros(8)
    for arguments, message in [((x, 9, 0.1), "label"), ((x, 0, -1), "eps"), ((x, 0, np.nan), "eps"),
                               ((np.zeros((2, 8)), 0, 0.1), "one point"), ((x * np.nan, 0, 0.1), "finite")]:
        with pytest.raises(clipbound.InputError, match=message):
            net.robust(*arguments)
    for how, message in [(dict(std=0), "std"), (dict(mean=[1, 2]), "mean"), (dict(clip=(1, 0)), "clip")]:
        with pytest.raises(clipbound.InputError, match=message):
            net.robust(x, 0, 0.1, **how)
    with pytest.raises(clipbound.InputError, match="labels"):
        net.certify(np.zeros((2, 8)), [0], 0.1)


def test_a_dataframe_where_pandas_is(linear):
    pytest.importorskip("pandas")
    net, _, _ = linear
    frame = net.certify(np.zeros((2, 8)), [0, 1], 0.1, timeout=5).to_dataframe()
    assert list(frame["label"]) == [0, 1]
