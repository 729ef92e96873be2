#!/usr/bin/env python3
"""Wide networks with few inputs: a smooth field of 16 numbers in front of image classifiers.

    field_networks.py write FOLDER [--shared ../shared/vnncomp] [--count N] [--seed N]
    field_networks.py run FOLDER BINARY [--timeout S] [--stride K] [--more "OPTIONS"]

pixels = image + contrast * (image - its mean) + offset + 14 smooth bumps, linear in the 16 numbers,
each in [-w, w]. The classifiers and images are those of cifar10_resnet, oval21 and sri_resnet_a in
the competition's files, whose answers here nobody knows: `run` compares none. `wide` is one of our
own: eight convolutions, 45,056 ReLUs, random weights after He. FOLDER gets onnx/, vnnlib/ and
instances.csv. Skips (77) without the competition's files or python3-numpy, but for `wide`.
"""
import argparse
import csv
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import with_numpy  # noqa: E402, F401
import numpy  # noqa: E402
import onnx_file  # noqa: E402
import running  # noqa: E402
from vnnlib_text import Property  # noqa: E402

INPUTS, SUITES = 16, ("cifar10_resnet", "oval21", "sri_resnet_a")
SHAPE = (3, 32, 32)
CHANNELS = [(3, 12, 1), (12, 12, 1), (12, 24, 2), (24, 24, 1), (24, 16, 1), (16, 8, 1), (8, 8, 1), (8, 8, 2)]


def field(chance, image):
    """[pixels, 16]: what each number adds, 1 at most."""
    rows, columns = numpy.mgrid[0:SHAPE[1], 0:SHAPE[2]]
    parts = [image - image.mean(), numpy.ones(SHAPE)]
    while len(parts) < INPUTS:
        y, x, wide = chance.uniform(0, 31), chance.uniform(0, 31), chance.uniform(3, 9)
        bump = numpy.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * wide ** 2))
        color = numpy.array([chance.uniform(-1, 1) for _ in range(3)])
        parts.append(color[:, None, None] / numpy.abs(color).max() * bump)
    return numpy.stack([p.ravel() / max(1.0, numpy.abs(p).max()) for p in parts], axis=1)


def in_front(model, image, columns):
    """The classifier with the field before it."""
    name = model.inputs[0].name
    model.tensors += [onnx_file.matrix_tensor("field.weights", numpy.ascontiguousarray(columns.T.astype("f"))),
                      onnx_file.matrix_tensor("field.image", image.ravel().astype("f")),
                      onnx_file.integers_tensor("field.shape", [4], [1, *SHAPE])]
    model.nodes[:0] = [onnx_file.node("Gemm", ["field", "field.weights", "field.image"], ["field.pixels"]),
                       onnx_file.node("Reshape", ["field.pixels", "field.shape"], [name])]
    model.inputs = [onnx_file.value_of("field", [1, INPUTS])]
    return model


def convolve(x, weights, stride):
    padded = numpy.pad(x, ((0, 0), (1, 1), (1, 1)))
    size = x.shape[1]
    windows = [padded[:, i:i + size:stride, j:j + size:stride] for i in range(3) for j in range(3)]
    return numpy.einsum("ock,kcyx->oyx", weights.reshape(*weights.shape[:2], 9), numpy.stack(windows))


def wide(chance, image):
    """Eight convolutions and a linear layer, and its outputs on the image."""
    model, last, size, x = onnx_file.Model(), "image", SHAPE[1], image
    normal = numpy.random.default_rng(chance.getrandbits(32)).standard_normal
    for k, (read, made, stride) in enumerate(CHANNELS):
        weights = normal((made, read, 3, 3)) * (2 / (9 * read)) ** 0.5
        model.tensors.append(onnx_file.matrix_tensor(f"W{k}", numpy.ascontiguousarray(weights.astype("f"))))
        model.nodes += [onnx_file.node("Conv", [last, f"W{k}"], [f"z{k}"], [
            onnx_file.ints_attribute("kernel_shape", [3, 3]), onnx_file.ints_attribute("strides", [stride, stride]),
            onnx_file.ints_attribute("pads", [1, 1, 1, 1])]), onnx_file.node("Relu", [f"z{k}"], [f"a{k}"])]
        last, size, x = f"a{k}", size // stride, numpy.maximum(0, convolve(x, weights, stride))
    flat = CHANNELS[-1][1] * size * size
    weights = normal((flat, 10)) * flat ** -0.5
    model.tensors.append(onnx_file.matrix_tensor("W", weights.astype("f")))
    model.nodes += [onnx_file.node("Flatten", [last], ["flat"]), onnx_file.node("MatMul", ["flat", "W"], ["Y"])]
    model.inputs, model.outputs = [onnx_file.value_of("image", [1, *SHAPE])], [onnx_file.value_of("Y", [1, 10])]
    return model, x.ravel() @ weights


def assertion(one):
    return one if isinstance(one, str) else "(" + " ".join(assertion(part) for part in one) + ")"


def mentions(one, letter):
    return one[:2] == letter + "_" if isinstance(one, str) else any(mentions(part, letter) for part in one)


def text(outputs, width):
    lines = [f"(declare-const X_{i} Real)" for i in range(INPUTS)]
    lines += [f"(declare-const Y_{i} Real)" for i in range(10)]
    for i in range(INPUTS):
        lines += [f"(assert (>= X_{i} {-width:.6f}))", f"(assert (<= X_{i} {width:.6f}))"]
    return "\n".join(lines + [f"(assert {assertion(one)})" for one in outputs] + [""])


def cases(shared):
    """(suite, network, property) of the competition's instances, each network's in turns."""
    by_network = {}
    for suite in SUITES:
        folder = os.path.join(shared, suite)
        with open(os.path.join(folder, "instances.csv")) as file:
            for row in csv.reader(file):
                paths = [p if os.path.exists(p) else p + ".gz" for p in (os.path.join(folder, f) for f in row[:2])]
                by_network.setdefault(paths[0], []).append(paths[1])
    turn = 0
    while any(len(queries) > turn for queries in by_network.values()):
        for network, queries in by_network.items():
            if len(queries) > turn:
                yield network, queries[turn]
        turn += 1


def write(options):
    for folder in ("onnx", "vnnlib"):
        os.makedirs(os.path.join(options.folder, folder), exist_ok=True)
    rows = []

    def keep(name, model, outputs, width):
        model.write(os.path.join(options.folder, f"onnx/{name}.onnx"))
        with open(os.path.join(options.folder, f"vnnlib/{name}.vnnlib"), "w") as file:
            file.write(text(outputs, width))
        rows.append([f"onnx/{name}.onnx", f"vnnlib/{name}.vnnlib", "300"])

    chance = random.Random(options.seed)
    image = numpy.random.default_rng(options.seed).uniform(-1, 1, SHAPE)
    classifier, outputs = wide(chance, image)
    label, made = int(outputs.argmax()), in_front(classifier, image, field(chance, image))
    rivals = [["or"] + [["and", [">=", f"Y_{i}", f"Y_{label}"]] for i in range(10) if i != label]]
    for width in (0.005, 0.01, 0.02, 0.04):
        keep(f"wide_{width}", made, rivals, width)
    if os.path.isdir(options.shared):
        for number, (network, query) in enumerate(cases(options.shared)):
            if number == options.count:
                break
            asked = Property(query)
            ends = numpy.array([[float(v) for v in pair] for pair in asked.box()])
            image, half = ends.mean(axis=1).reshape(SHAPE), (ends[:, 1] - ends[:, 0]).mean() / 2
            chance = random.Random(f"{options.seed} {number}")
            width = half * 2.0 ** chance.uniform(-1.5, 2.0)
            name = f"{number:03d}_{os.path.basename(network).split('.')[0][:20]}"
            keep(name, in_front(onnx_file.Model.read(network), image, field(chance, image)),
                 [one for one in asked.asserted if mentions(one, "Y")], width)
    else:
        print(f"skipped all but our own: there is no {options.shared}")
    with open(os.path.join(options.folder, "instances.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    print(f"{len(rows)} instances")
    return 0


def run(options):
    with open(os.path.join(options.folder, "instances.csv")) as file:
        rows = list(csv.reader(file))[::options.stride]
    decided, spent = 0, 0.0
    for network, query, _ in rows:
        files = [os.path.join(options.folder, path) for path in (network, query)]
        answer = running.run(options.binary, "verify", files[1], [files[0]], options.timeout, options.more.split())
        decided, spent = decided + (answer.verdict in ("sat", "unsat")), spent + answer.seconds
        print(os.path.basename(query), answer.verdict, f"{answer.seconds:.2f}", answer.said.strip().split("\n")[-1][:150], flush=True)
    print(f"{len(rows)} instances, {decided} decided, {spent:.1f} s")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writes, runs = commands.add_parser("write"), commands.add_parser("run")
    for one_of in (writes, runs):
        one_of.add_argument("folder")
    writes.add_argument("--shared", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3,
                                                         "shared", "vnncomp"))
    writes.add_argument("--count", type=int, default=24)
    writes.add_argument("--seed", type=int, default=1)
    runs.add_argument("binary")
    runs.add_argument("--timeout", type=float, default=60.0)
    runs.add_argument("--stride", type=int, default=1)
    runs.add_argument("--more", default="", help="further options of `verify`")
    options = parser.parse_args()
    return write(options) if options.command == "write" else run(options)


if __name__ == "__main__":
    sys.exit(main())
