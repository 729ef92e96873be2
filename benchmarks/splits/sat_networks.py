#!/usr/bin/env python3
"""Random 3-SAT near its threshold as networks of ReLUs, with properties whose answers are known.

    sat_networks.py write FOLDER [--count N] [--seed N] [--variables LOW HIGH]
    sat_networks.py run FOLDER BINARY [--timeout S] [--stride K] [--more "OPTIONS"]

Y_0 = 1 - (what the clauses lack), Y_1 = (how far the variables are from 0 and 1); unsafe is
Y_0 >= 1 and Y_1 <= 0, which the formula's models fulfil, exactly in float32, and nothing else. No
row of the unsafe set is impossible by itself. The truth is CaDiCaL's (Debian's package cadical); a
model of a satisfiable formula is evaluated here. Three encodings of 0/1, three of clauses:

    min    min(x, 1 - x), x in [0, 1]                sum     relu(1 - the sum of the literals)
    abs    1/2 - |x - 1/2|, x in [0, 1]              scaled  the same times powers of 2
    mixed  |1/2 - |x - 1/2||, x = A y, A invertible  nested  relu(relu(1 - l - m) - n)

FOLDER gets onnx/, vnnlib/, instances.csv and ground_truth.csv, so `suite run` reads it, too.
"""
import argparse
import csv
import os
import random
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import onnx_file  # noqa: E402
import running  # noqa: E402

GADGETS, CLAUSES = ("min", "abs", "mixed"), ("sum", "scaled", "nested")
HEAD = ["benchmark", "onnx", "vnnlib", "timeout_s", "verdict", "may_be_open", "notes"]


class Affine:
    """A sum of weighted elements of the last layer, plus a constant."""

    def __init__(self, weights=(), constant=0.0):
        self.weights, self.constant = dict(weights), constant

    def __add__(self, other):
        out = Affine(self.weights, self.constant + other.constant)
        for k, w in other.weights.items():
            out.weights[k] = out.weights.get(k, 0.0) + w
        return out

    def __mul__(self, factor):
        return Affine({k: factor * w for k, w in self.weights.items()}, factor * self.constant)

    def __sub__(self, other):
        return self + other * -1.0

    def value(self, x):
        return self.constant + sum(w * x[k] for k, w in self.weights.items())


def one(value):
    return Affine((), value)


class Network:
    """Layers of ReLUs, each a list of Affine over the layer before."""

    def __init__(self, inputs):
        self.inputs, self.layers = inputs, []

    def layer(self):
        self.layers.append([])

    def relu(self, argument):
        """A neuron of the newest layer, as a term of the next."""
        self.layers[-1].append(argument)
        return Affine({len(self.layers[-1]) - 1: 1.0})

    def value(self, x):
        for number, layer in enumerate(self.layers):
            x = [form.value(x) for form in layer]
            if number < len(self.layers) - 1:
                x = [max(0.0, v) for v in x]
        return x

    def write(self, path):
        model, last, width = onnx_file.Model(), "X", self.inputs
        for number, layer in enumerate(self.layers):
            ends = number == len(self.layers) - 1
            weights = [[0.0] * width for _ in layer]
            for row, form in zip(weights, layer):
                for k, w in form.weights.items():
                    row[k] = w
            model.tensors += [onnx_file.tensor(f"W{number}", [len(layer), width], [w for row in weights for w in row]),
                              onnx_file.tensor(f"b{number}", [len(layer)], [form.constant for form in layer])]
            out = "Y" if ends else f"z{number}"
            model.nodes.append(onnx_file.node("Gemm", [last, f"W{number}", f"b{number}"], [out],
                                              [onnx_file.int_attribute("transB", 1)]))
            last, width = out, len(layer)
            if not ends:
                last = f"a{number}"
                model.nodes.append(onnx_file.node("Relu", [out], [last]))
        model.inputs = [onnx_file.value_of("X", [1, self.inputs])]
        model.outputs = [onnx_file.value_of("Y", [1, 2])]
        model.write(path)


def formula(chance, variables, ratio):
    """Clauses of three different variables: +-(1 + variable)."""
    return [[chance.choice((1, -1)) * (1 + v) for v in chance.sample(range(variables), 3)]
            for _ in range(round(ratio * variables))]


def solve(variables, clauses):
    """CaDiCaL's model as 0/1 by variable, or None."""
    text = f"p cnf {variables} {len(clauses)}\n" + "".join(" ".join(map(str, c)) + " 0\n" for c in clauses)
    done = subprocess.run(["cadical", "-q"], input=text, capture_output=True, text=True)
    if done.returncode == 20:
        return None
    if done.returncode != 10:
        raise RuntimeError(f"cadical: {done.stderr}")
    true = {int(w) for line in done.stdout.split("\n") if line[:1] == "v" for w in line.split()[1:]}
    return [1.0 if v + 1 in true else 0.0 for v in range(variables)]


def mixing(chance, size):
    """A and its inverse B as rows of dicts, exact in float32: shears by +-1/2 and +-1, and scales."""
    a, b = [{i: 1.0} for i in range(size)], [{i: 1.0} for i in range(size)]  # b holds columns of the inverse

    def add(row, other, factor):
        for k, w in other.items():
            row[k] = row.get(k, 0.0) + factor * w

    for _ in range(2 * size):
        i, k = chance.sample(range(size), 2)
        factor = chance.choice((-1.0, -0.5, 0.5, 1.0))
        if len(a[i]) + len(a[k]) > 8:
            continue
        add(a[i], a[k], factor)  # A := S A, S = 1 + factor e_i e_k^T
        add(b[k], b[i], -factor)  # B := B S^-1: column k loses factor times column i
    for i in range(size):
        factor = chance.choice((0.5, 1.0, 2.0))
        a[i] = {k: factor * w for k, w in a[i].items()}
        b[i] = {k: w / factor for k, w in b[i].items()}
    return a, b


class Instance:
    def __init__(self, chance, variables, clauses, gadget, style):
        self.box, model = [(0.0, 1.0)] * variables, solve(variables, clauses)
        self.network, x = Network(variables), [Affine({i: 1.0}) for i in range(variables)]
        self.point = model
        if gadget == "mixed":
            a, columns = mixing(chance, variables)
            x = [Affine(row) for row in a]
            low, high = [0.0] * variables, [0.0] * variables
            at = [0.0] * variables
            for k, column in enumerate(columns):
                for i, w in column.items():
                    low[i], high[i] = low[i] + min(0.0, w), high[i] + max(0.0, w)
                    at[i] += w * (model[k] if model else 0.0)
            self.box, self.point = list(zip(low, high)), at if model else None
        self.build(x, clauses, gadget, style, chance)
        self.verdict = "sat" if model else "unsat"
        if model and not self.holds(self.point):
            raise RuntimeError("the model does not fulfil the property")

    def build(self, x, clauses, gadget, style, chance):
        """Two layers of ReLUs and the outputs; what the second does not need passes through it."""
        net, lacks, far = self.network, one(0.0), one(0.0)

        def literal(number):
            value = x[abs(number) - 1]
            return value if number > 0 else one(1.0) - value

        net.layer()
        firsts = []
        for l, m, n in clauses:
            lack = one(1.0) - literal(l) - literal(m) - (one(0.0) if style == "nested" else literal(n))
            factor = 2.0 ** chance.randint(-2, 2) if style == "scaled" else 1.0
            firsts.append((net.relu(lack * factor), 1.0 / factor, n))
        if gadget == "min":
            parts = [(net.relu(v), net.relu(v * 2.0 - one(1.0))) for v in x]
        else:
            parts = [(net.relu(v - one(0.5)), net.relu(one(0.5) - v)) for v in x]
        net.layer()
        for lack, factor, n in firsts:
            if style == "nested":  # parts tell what x is, within [0, 1]; everywhere for the other gadgets
                value = parts[abs(n) - 1]
                value = value[0] if gadget == "min" else value[0] - value[1] + one(0.5)
                lack = lack - (value if n > 0 else one(1.0) - value)
            lacks = lacks + net.relu(lack) * factor
        for first, second in parts:
            if gadget == "min":
                far = far + net.relu(first - second)
            elif gadget == "abs":
                far = far + net.relu(one(0.5) - first - second)
            else:
                far = far + net.relu(one(0.5) - first - second) + net.relu(first + second - one(0.5))
        net.layers.append([one(1.0) - lacks, far])

    def holds(self, point):
        y = self.network.value(point)
        inside = all(low <= v <= high for v, (low, high) in zip(point, self.box))
        return inside and y[0] >= 1.0 and y[1] <= 0.0

    def text(self):
        lines = [f"(declare-const X_{i} Real)" for i in range(len(self.box))]
        lines += ["(declare-const Y_0 Real)", "(declare-const Y_1 Real)"]
        for i, (low, high) in enumerate(self.box):
            lines += [f"(assert (>= X_{i} {low}))", f"(assert (<= X_{i} {high}))"]
        return "\n".join(lines + ["(assert (>= Y_0 1.0))", "(assert (<= Y_1 0.0))", ""])


def write(options):
    if shutil.which("cadical") is None:
        print("skipped: Debian's package cadical is not installed")
        return 77
    for folder in ("onnx", "vnnlib"):
        os.makedirs(os.path.join(options.folder, folder), exist_ok=True)
    rows = []
    for number in range(options.count):
        chance = random.Random(f"{options.seed} {number}")
        variables, ratio = chance.randint(*options.variables), chance.uniform(3.5, 5.0)
        gadget, style = GADGETS[number % 3], CLAUSES[number // 3 % 3]
        made = Instance(chance, variables, formula(chance, variables, ratio), gadget, style)
        name = f"sat_{number:03d}_{gadget}_{style}_v{variables}_r{ratio:.2f}"
        made.network.write(os.path.join(options.folder, f"onnx/{name}.onnx"))
        with open(os.path.join(options.folder, f"vnnlib/{name}.vnnlib"), "w") as file:
            file.write(made.text())
        rows.append(["sat_networks", f"onnx/{name}.onnx", f"vnnlib/{name}.vnnlib", "20", made.verdict, "no", "CaDiCaL"])
    with open(os.path.join(options.folder, "ground_truth.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD] + rows)
    with open(os.path.join(options.folder, "instances.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(row[1:4] for row in rows)
    print(f"{len(rows)} instances, {sum(r[4] == 'sat' for r in rows)} of them sat")
    return 0


def run(options):
    """A table of answers; 1 where one is wrong."""
    with open(os.path.join(options.folder, "ground_truth.csv")) as file:
        rows = list(csv.DictReader(file))[::options.stride]
    table, wrong, decided, spent = [], 0, 0, 0.0
    for row in rows:
        network, query = (os.path.join(options.folder, row[k]) for k in ("onnx", "vnnlib"))
        answer = running.run(options.binary, "verify", query, [network], options.timeout, options.more.split())
        is_wrong = answer.verdict in ("sat", "unsat", "error", "hangs") and answer.verdict != row["verdict"]
        wrong, decided = wrong + is_wrong, decided + (answer.verdict == row["verdict"])
        spent += answer.seconds
        table.append([os.path.basename(row["vnnlib"]), row["verdict"], answer.verdict + (" WRONG" if is_wrong else ""),
                      f"{answer.seconds:.2f}"])
        print(*table[-1], flush=True)
    print(f"{len(rows)} instances, {decided} decided, {wrong} wrong, {spent:.1f} s, "
          f"slowest {max(float(t[3]) for t in table):.1f} s")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writes, runs = commands.add_parser("write"), commands.add_parser("run")
    for one_of in (writes, runs):
        one_of.add_argument("folder")
    writes.add_argument("--count", type=int, default=100)
    writes.add_argument("--seed", type=int, default=1)
    writes.add_argument("--variables", type=int, nargs=2, default=(30, 120), metavar=("LOW", "HIGH"))
    runs.add_argument("binary")
    runs.add_argument("--timeout", type=float, default=20.0)
    runs.add_argument("--stride", type=int, default=1)
    runs.add_argument("--more", default="", help="further options of `verify`")
    options = parser.parse_args()
    return write(options) if options.command == "write" else run(options)


if __name__ == "__main__":
    sys.exit(main())
