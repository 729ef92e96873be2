#!/usr/bin/env python3
"""A polynomial specification after the pattern of adaptive cruise control, for a small MLP made here.

60 disjuncts of degree 2 over X and Y, nested five deep, `==`, `!=` and strict comparisons among them, and
a quadratic input constraint. Each disjunct's threshold lies beyond what a dense grid reaches, by 5 % of
the range there: unsat; in the other variant one disjunct's lies as much on this side: sat. A witness is
evaluated here once more.

    polynomial.py FOLDER BINARY
"""
import argparse
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import onnx_file  # noqa: E402
import running  # noqa: E402
from vnnlib_text import plain  # noqa: E402

DISJUNCTS, DEPTH, MARGIN = 60, 5, 0.05


class Network:
    """2 inputs, two layers of ReLU, 1 output."""

    def __init__(self, chance, width=16):
        sizes, self.layers = [2, width, width, 1], []
        for rows, columns in zip(sizes, sizes[1:]):
            scale = (2 / rows) ** 0.5
            weights = [onnx_file.array.array("f", [chance.gauss(0, scale) for _ in range(columns)])
                       for _ in range(rows)]
            self.layers.append((weights, onnx_file.array.array("f", [chance.gauss(0, 0.1) for _ in range(columns)])))

    def value(self, x):
        for number, (weights, bias) in enumerate(self.layers):
            out = list(bias)
            for factor, row in zip(x, weights):
                if factor:
                    out = [o + factor * w for o, w in zip(out, row)]
            x = out if number == len(self.layers) - 1 else [max(0.0, o) for o in out]
        return x[0]

    def write(self, path):
        model, last = onnx_file.Model(), "X"
        for number, (weights, bias) in enumerate(self.layers):
            rows, columns = len(weights), len(bias)
            model.tensors += [onnx_file.tensor(f"W{number}", [rows, columns], [w for row in weights for w in row]),
                              onnx_file.tensor(f"b{number}", [columns], bias)]
            ends = number == len(self.layers) - 1
            out = "Y" if ends else f"z{number}"
            model.nodes.append(onnx_file.node("Gemm", [last, f"W{number}", f"b{number}"], [out]))
            last = out
            if not ends:
                last = f"a{number}"
                model.nodes.append(onnx_file.node("Relu", [out], [last]))
        model.inputs = [onnx_file.value_of("X", [1, 2])]
        model.outputs = [onnx_file.value_of("Y", [1, 1])]
        model.write(path)


class Disjunct:
    """s (X0 + b X1 + c Y) - (X1 + d Y)^2 > threshold, where X and Y fulfil one more condition."""

    def __init__(self, chance, cut):
        self.s, self.b, self.c, self.d = [round(chance.uniform(-2, 2), 3) for _ in range(4)]
        self.kind = chance.choice(["!=", "<", ">", "=="])
        self.cut, self.threshold = round(cut, 3), None

    def form(self, x, y):
        return self.s * (x[0] + self.b * x[1] + self.c * y) - (x[1] + self.d * y) ** 2

    def inside(self, y, slack=0.0):
        """Whether the other condition holds; `slack` makes it wider."""
        return {"!=": True, "<": y < self.cut + slack, ">": y > self.cut - slack,
                "==": abs(y - self.cut) <= slack + 1e-9}[self.kind]

    def place(self, grid, sign):
        """Puts the threshold beyond the grid's values (sign 1) or on this side; the best point."""
        reached = [(self.form(x, y), x, y) for x, y in grid if self.inside(y, 0.1 if sign > 0 else -0.1)]
        if not reached:
            self.threshold = 1000.0
            return None
        best, lowest = max(reached), min(reached)
        self.threshold = round(best[0] + sign * MARGIN * (best[0] - lowest[0] + 0.1), 4)
        return best

    def text(self):
        square = f"(+ X[0,1] (* Y[0,0] {plain(self.d)}))"
        left = f"(* {plain(self.s)} (+ X[0,0] (* X[0,1] {plain(self.b)}) (* {plain(self.c)} Y[0,0])))"
        return (f"(and (< Y[0,0] 100.0) ({self.kind} Y[0,0] {plain(self.cut)})"
                f" (> {left} (+ (* {square} {square}) {plain(self.threshold)})))")

    def holds(self, x, y, tolerance):
        return self.inside(y, tolerance) and self.form(x, y) > self.threshold - tolerance


def nested(texts, depth, chance):
    """The disjuncts under `or`, in groups of groups."""
    if depth <= 1 or len(texts) < 3:
        return f"(or {' '.join(texts)})"
    cuts = sorted(chance.sample(range(1, len(texts)), min(2, len(texts) - 1)))
    parts = [texts[a:b] for a, b in zip([0] + cuts, cuts + [len(texts)])]
    inner = [nested(part, depth - 1, chance) for part in parts]
    chosen = chance.randrange(len(inner))
    inner[chosen] = f"(and (> Y[0,0] -100.0) {inner[chosen]})"
    return f"(or {' '.join(inner)})"


def specification(disjuncts, chance):
    lines = ["(vnnlib-version <2.0>)", "(declare-network acc", "  (declare-input X real [1, 2])",
             "  (declare-output Y real [1, 1]))"]
    lines += [f"(assert (and (<= -1.0 X[0,{i}]) (<= X[0,{i}] 1.0)))" for i in range(2)]
    lines += ["(assert (>= (* X[0,0] 2.0) (* X[0,1] X[0,1])))"]
    return "\n".join(lines + [f"(assert {nested([d.text() for d in disjuncts], DEPTH, chance)})", ""])


def make(folder, seed, steps):
    """Network and two specifications; [(file, expected verdict, disjuncts)]."""
    chance = random.Random(seed)
    network, base = Network(chance), os.path.join(folder, f"polynomial_{seed}")
    network.write(base + ".onnx")
    points = [(2 * i / steps - 1, 2 * j / steps - 1) for i in range(steps + 1) for j in range(steps + 1)]
    grid = [(x, network.value(x)) for x in points if 2 * x[0] >= x[1] * x[1]]
    values = sorted(y for _, y in grid)
    disjuncts = [Disjunct(chance, values[chance.randrange(len(values))]) for _ in range(DISJUNCTS)]
    for one in disjuncts:
        one.place(grid, 1)
    made = [(base + ".unsat.vnnlib", "unsat", None)]
    with open(made[0][0], "w") as file:
        file.write(specification(disjuncts, chance))
    usable = [d for d in disjuncts if d.kind != "==" and d.threshold < 1000]
    planted = chance.choice(usable)
    planted.place(grid, -1)
    made.append((base + ".sat.vnnlib", "sat", disjuncts))
    with open(made[1][0], "w") as file:
        file.write(specification(disjuncts, chance))
    return network, base + ".onnx", made


def check(network, disjuncts, values):
    """Whether a witness fulfils the input constraints and some disjunct, up to rounding."""
    x = [v for name, v in values if name == "X"]
    if len(x) != 2 or 2 * x[0] < x[1] ** 2 - 1e-5 or max(map(abs, x)) > 1 + 1e-6:
        return False
    return any(d.holds(x, network.value(x), 1e-5) for d in disjuncts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("binary")
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=10)
    parser.add_argument("--steps", type=int, default=160, help="of the grid, per input")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    rows, bad = [], 0
    for seed in range(1, options.count + 1):
        network, file, made = make(options.folder, seed, options.steps)
        for query, expected, disjuncts in made:
            answer = running.run(options.binary, "verify", query, [file], options.timeout)
            good = answer.verdict == expected
            if good and disjuncts:
                good = check(network, disjuncts, answer.values)
            bad += not good
            note = "" if good else answer.said.strip().split("\n")[-1][:150] or "the witness fails"
            rows.append([os.path.basename(query), expected, answer.verdict, f"{answer.seconds:.1f}", note])
    running.table(["specification", "expected", "verdict", "s", ""], rows)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
