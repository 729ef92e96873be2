#!/usr/bin/env python3
"""Trains a small classifier of drawn digits, and draws images for it.

    benchmarks/digits/make_digits.py [FOLDER]

writes digits.onnx (196 inputs, two layers of 32 ReLUs, 10 outputs), images.npy (100 images of 14 x 14 bytes
that the training has not seen) and labels.csv into FOLDER (this one by default). Digits are polylines, moved,
turned, stretched and drawn with lines of different width, with noise; nothing is downloaded, and the same
random numbers are drawn every time (the weights may differ in last bits by numpy's products of matrices).
The network reads pixels from 0 to 1.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
import with_numpy  # noqa: F401  goes on with an interpreter that has it

import numpy

import onnx_file

SIZE, HIDDEN, TRAINED, SHOWN, EPOCHS, BATCH = 14, 32, 12000, 100, 30, 64
# Strokes in a square from 0 to 1, y downward; each is a polyline.
STROKES = {
    0: [[(.5, 0), (.15, .2), (.1, .5), (.15, .8), (.5, 1), (.85, .8), (.9, .5), (.85, .2), (.5, 0)]],
    1: [[(.25, .25), (.55, 0), (.55, 1)]],
    2: [[(.12, .25), (.3, .03), (.7, .03), (.88, .25), (.8, .48), (.1, 1), (.92, 1)]],
    3: [[(.1, .05), (.88, .05), (.45, .4), (.85, .6), (.85, .85), (.5, 1), (.1, .9)]],
    4: [[(.65, 1), (.65, 0), (.08, .68), (.95, .68)]],
    5: [[(.88, .02), (.2, .02), (.15, .45), (.6, .4), (.9, .65), (.75, .95), (.1, .97)]],
    6: [[(.75, .02), (.3, .3), (.12, .7), (.4, 1), (.8, .9), (.85, .65), (.5, .5), (.15, .68)]],
    7: [[(.08, .03), (.92, .03), (.4, 1)]],
    8: [[(.5, .47), (.15, .25), (.5, 0), (.85, .25), (.5, .47), (.1, .75), (.5, 1), (.9, .75), (.5, .47)]],
    9: [[(.85, .32), (.5, .5), (.15, .35), (.2, .1), (.6, 0), (.88, .3), (.7, .7), (.3, 1)]],
}


def distance(points, a, b):
    """Of points [P, 2] from the segment a b."""
    along = b - a
    share = numpy.clip(((points - a) @ along) / max(along @ along, 1e-12), 0, 1)
    return numpy.linalg.norm(points - a - share[:, None] * along, axis=1)


def draw(digit, random):
    """One image [SIZE, SIZE], 0 to 1."""
    turn, slant = random.normal(0, .1), random.normal(0, .1)
    width, height = random.uniform(.42, .62) * SIZE, random.uniform(.62, .8) * SIZE
    centre = SIZE / 2 + random.normal(0, .6, 2)
    thick, ink = random.uniform(.55, 1.0), random.uniform(.8, 1.0)
    move = numpy.array([[numpy.cos(turn), -numpy.sin(turn)], [numpy.sin(turn), numpy.cos(turn)]])
    y, x = numpy.mgrid[0:SIZE, 0:SIZE] + .5
    pixels = numpy.stack([x.ravel(), y.ravel()], axis=1)
    nearest = numpy.full(len(pixels), 1e9)
    for stroke in STROKES[digit]:
        corners = (numpy.array(stroke) - .5) * [width, height]
        corners[:, 0] -= slant * corners[:, 1]
        corners = corners @ move.T + centre + random.normal(0, .25, corners.shape)
        for a, b in zip(corners, corners[1:]):
            nearest = numpy.minimum(nearest, distance(pixels, a, b))
    image = ink * numpy.clip(thick + .5 - nearest, 0, 1) + random.normal(0, .03, len(pixels))
    return numpy.clip(image, 0, 1).reshape(SIZE, SIZE)


def draw_all(count, random):
    labels = numpy.arange(count) % 10
    return numpy.stack([draw(d, random) for d in labels]).reshape(count, -1), labels


def forward(weights, x):
    values = [x]
    for k, (w, b) in enumerate(weights):
        z = values[-1] @ w + b
        values.append(numpy.maximum(z, 0) if k + 1 < len(weights) else z)
    return values


def gradients(weights, x, labels):
    values = forward(weights, x)
    shifted = numpy.exp(values[-1] - values[-1].max(axis=1, keepdims=True))
    slope = shifted / shifted.sum(axis=1, keepdims=True)
    slope[numpy.arange(len(x)), labels] -= 1
    slope /= len(x)
    found = []
    for k in reversed(range(len(weights))):
        found.append((values[k].T @ slope, slope.sum(axis=0)))
        slope = slope @ weights[k][0].T
        if k > 0:
            slope = slope * (values[k] > 0)
    return found[::-1], slope


def train(images, labels, random):
    """Adam; every batch is moved a little against its labels, so that what is learned is robust."""
    sizes = [SIZE * SIZE, HIDDEN, HIDDEN, 10]
    weights = [[random.normal(0, (2 / a) ** .5, (a, b)), numpy.zeros(b)] for a, b in zip(sizes, sizes[1:])]
    mean = [[numpy.zeros_like(p) for p in layer] for layer in weights]
    square = [[numpy.zeros_like(p) for p in layer] for layer in weights]
    step = 0
    for epoch in range(EPOCHS):
        rate = 2e-3 * (1 - epoch / EPOCHS) + 1e-4
        order = random.permutation(len(images))
        for begin in range(0, len(order), BATCH):
            which = order[begin:begin + BATCH]
            x, step = images[which], step + 1
            x = numpy.clip(x + .06 * numpy.sign(gradients(weights, x, labels[which])[1]), 0, 1)
            for layer, found, m, v in zip(weights, gradients(weights, x, labels[which])[0], mean, square):
                for k in range(2):
                    m[k] += .1 * (found[k] - m[k])
                    v[k] += .001 * (found[k] ** 2 - v[k])
                    scaled = m[k] / (1 - .9 ** step) / (numpy.sqrt(v[k] / (1 - .999 ** step)) + 1e-8)
                    layer[k] -= rate * scaled
    return weights


def write_network(weights, path):
    model = onnx_file.Model()
    model.inputs.append(onnx_file.value_of("image", [1, SIZE * SIZE]))
    last = "image"
    for k, (w, b) in enumerate(weights):
        model.tensors.append(onnx_file.matrix_tensor(f"w{k}", numpy.ascontiguousarray(w, numpy.float32)))
        model.tensors.append(onnx_file.matrix_tensor(f"b{k}", numpy.ascontiguousarray(b, numpy.float32)))
        out = "scores" if k + 1 == len(weights) else f"z{k}"
        model.nodes.append(onnx_file.node("Gemm", [last, f"w{k}", f"b{k}"], [out]))
        last = out
        if k + 1 < len(weights):
            model.nodes.append(onnx_file.node("Relu", [out], [f"y{k}"]))
            last = f"y{k}"
    model.outputs.append(onnx_file.value_of("scores", [1, 10]))
    model.write(str(path))


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)
    random = numpy.random.default_rng(1)
    images, labels = draw_all(TRAINED, random)
    weights = train(images, labels, random)
    shown, shown_labels = draw_all(SHOWN, random)
    shown = numpy.rint(shown * 255).astype(numpy.uint8)
    found = forward(weights, shown / 255)[-1].argmax(axis=1)
    print(f"{(found == shown_labels).sum()} of {SHOWN} images are classified rightly")
    folder.mkdir(parents=True, exist_ok=True)
    write_network(weights, folder / "digits.onnx")
    numpy.save(folder / "images.npy", shown.reshape(SHOWN, SIZE, SIZE))
    (folder / "labels.csv").write_text("".join(f"{label}\n" for label in shown_labels))


if __name__ == "__main__":
    main()
