#!/usr/bin/env python3
"""Monotonicity of the ACAS Xu networks: f and g are one network, their inputs equated but one.

Of each network: a box of its own properties, an input i and an output k; X_f[i] >= X_g[i], and the
largest violation V of Y_f[k] >= Y_g[k] that attacks find. Asked: does the violation reach 0.7 V (known:
sat) and 1.3 V (expected: unsat, what nobody can know before a proof).

    monotone.py write SUITES FOLDER      queries in version 2.0; in 1.0 over a joint network of 6 inputs
    monotone.py run FOLDER BINARY        verdicts, as a table
"""
import argparse
import json
import os
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import onnx_file  # noqa: E402
import pairs  # noqa: E402
import running  # noqa: E402
from vnnlib_text import plain  # noqa: E402

SUITE = "acasxu_2023"


def joint(network, moved):
    """One network over f's inputs and g's own input `moved`: g's outputs minus f's."""
    first, second = onnx_file.Model.read(network), onnx_file.Model.read(network)
    for prefix, model in (("f_", first), ("g_", second)):
        model.items = [i if i[0] != 1 else (1, 0, max(7, i[2])) for i in model.items]
        model.renamed(prefix, set())
    entry = first.inputs[0]
    count = entry.dims[-1]
    for model, last in ((first, moved), (second, count)):
        index = [last if i == moved else i for i in range(count)]
        name = model.inputs[0].name
        model.tensors.append(onnx_file.integers_tensor(name + "_elements", entry.dims, index))
        model.nodes.insert(0, onnx_file.node("Gather", ["x", name + "_elements"], [name]))
    left, right = first.outputs[0], second.outputs[0]
    first.nodes += second.nodes
    first.tensors += second.tensors
    first.nodes.append(onnx_file.node("Sub", [right.name, left.name], ["difference"]))
    first.inputs = [onnx_file.value_of("x", [count + 1])]
    first.outputs = [onnx_file.value_of("difference", left.dims)]
    return first


def joint_query(box, moved, output, outputs, limit):
    """Version 1.0 over the joint network."""
    ends = box + [box[moved]]
    lines = [f"(declare-const X_{i} Real)" for i in range(len(ends))]
    lines += [f"(declare-const Y_{k} Real)" for k in range(outputs)]
    for i, (low, high) in enumerate(ends):
        lines += [f"(assert (>= X_{i} {low}))", f"(assert (<= X_{i} {high}))"]
    lines += [f"(assert (<= X_{len(box)} X_{moved}))", f"(assert (>= Y_{output} {plain(limit)}))", ""]
    return "\n".join(lines)


def query(box, moved, output, shapes, limit):
    """Version 2.0 over f and g."""
    texts = [", ".join(map(str, s)) for s in shapes]
    lines = ["(vnnlib-version <2.0>)"]
    for name in ("f", "g"):
        like = " (equal-to f)" if name == "g" else ""
        lines += [f"(declare-network {name}{like}",
                  f"  (declare-input X_{name} real [{texts[0]}])",
                  f"  (declare-output Y_{name} real [{texts[1]}]))"]
    for i, (at, (low, high)) in enumerate(zip(pairs.index_texts(shapes[0]), box)):
        lines += [f"(assert (>= X_f[{at}] {plain(low)}))", f"(assert (<= X_f[{at}] {plain(high)}))"]
        if i == moved:
            lines += [f"(assert (>= X_g[{at}] {plain(low)}))", f"(assert (<= X_g[{at}] {plain(high)}))",
                      f"(assert (>= X_f[{at}] X_g[{at}]))"]
        else:
            lines.append(f"(assert (== X_f[{at}] X_g[{at}]))")
    at = pairs.index_texts(shapes[1])[output]
    return "\n".join(lines + [f"(assert (>= Y_g[{at}] (+ Y_f[{at}] {plain(limit)})))", ""])


def largest_violation(options, path, box, moved, output, outputs):
    """By attacks whose threshold rises from what the last ones found, within the seconds allowed."""
    found, factor, seed, end = 0.0, 1.5, 1, time.monotonic() + options.attack_seconds
    asked = path + ".attack.vnnlib"
    while time.monotonic() < end:
        pairs.write_text(asked, joint_query(box, moved, output, outputs, max(found * factor, 1e-7)))
        left = max(0.5, min(options.attack_seconds / 6, end - time.monotonic()))
        answer = running.attack(options.binary, asked, path + ".joint.onnx", left, seed)
        if answer.verdict == "sat":
            found = max(found, answer.outputs()[output])
        else:
            factor, seed = 1 + (factor - 1) / 3, seed + 1
        if answer.verdict == "error":
            sys.exit(f"{path}: {answer.said}")
    os.unlink(asked)
    return found


def write_one(options, number, network, rows):
    """The files of one network: another input and output where the first ones never violate."""
    chance = random.Random(f"{options.seed} {number}")
    path = os.path.join(options.folder, f"monotone_{number:02d}")
    entry, result = [v[0] for v in onnx_file.declared(network)]
    shapes = [[d or 1 for d in v.dims] for v in (entry, result)]
    outputs, found = shapes[1][-1], 0.0
    chance.shuffle(rows)
    for asked, box in rows * 3:
        moved, output = chance.randrange(len(box)), chance.randrange(outputs)
        joint(network, moved).write(path + ".joint.onnx")
        found = largest_violation(options, path, box, moved, output, outputs)
        if found > 1e-5:
            break
    for which, limit in (("inside", 0.7 * found), ("beyond", 1.3 * found)):
        pairs.write_text(f"{path}.{which}.vnnlib", query(box, moved, output, shapes, limit))
        pairs.write_text(f"{path}.{which}.joint.vnnlib", joint_query(box, moved, output, outputs, limit))
    return {"name": f"monotone_{number:02d}", "network": os.path.abspath(network),
            "property": pairs.base_name(asked), "input": moved, "output": output, "violation": found}


def write(options):
    os.makedirs(options.folder, exist_ok=True)
    by_network, listed = {}, []
    for network, asked in pairs.instances(options.suites, SUITE, 1 << 30):
        box = pairs.Property(asked).box()
        if box is not None:
            by_network.setdefault(network, []).append((asked, box))
    for number, network in enumerate(sorted(by_network)[:options.networks]):
        listed.append(write_one(options, number, network, by_network[network]))
        print(listed[-1], flush=True)
        pairs.write_text(os.path.join(options.folder, "monotone.json"), json.dumps(listed, indent=1))


def run(options):
    """The table; exit code 1 where an answer is wrong."""
    with open(os.path.join(options.folder, "monotone.json")) as file:
        listed = json.load(file)
    rows, wrong, decided = [], 0, 0
    for one in listed:
        path = os.path.join(options.folder, one["name"])
        row = [pairs.base_name(one["network"]), one["property"], str(one["input"]), str(one["output"]),
               f"{one['violation']:.4g}"]
        for which in ("inside", "beyond"):
            if options.joint:
                asked, network = f"{path}.{which}.joint.vnnlib", path + ".joint.onnx"
            else:
                asked, network = f"{path}.{which}.vnnlib", "f=" + one["network"]
            answer = running.run(options.binary, "verify", asked, [network], options.timeout)
            wrong += answer.verdict in (("error", "hangs", "unsat") if which == "inside" else ("error", "hangs"))
            decided += answer.verdict in ("sat", "unsat")
            row += [answer.verdict, f"{answer.seconds:.1f}"]
        rows.append(row)
        print(" ".join(row), file=sys.stderr, flush=True)
    running.table(["network", "property", "input", "output", "V", "0.7 V", "s", "1.3 V", "s"], rows)
    print(f"decided {decided} of {2 * len(rows)}; wrong or no answer: {wrong}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("write")
    one.add_argument("suites")
    one.add_argument("folder")
    one.add_argument("--binary", default="clipbound")
    one.add_argument("--networks", type=int, default=1000)
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--attack-seconds", type=float, default=60)
    one.set_defaults(does=write)
    one = what.add_parser("run")
    one.add_argument("folder")
    one.add_argument("binary")
    one.add_argument("--timeout", type=float, default=10)
    one.add_argument("--joint", action="store_true", help="ask the joint files, in version 1.0")
    one.set_defaults(does=run)
    options = parser.parse_args()
    sys.exit(options.does(options))


if __name__ == "__main__":
    main()
