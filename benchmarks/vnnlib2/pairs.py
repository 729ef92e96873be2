#!/usr/bin/env python3
"""Pairs of networks of one shape: writes them, finds how far they differ, and asks for proofs.

g is f with its weights rounded to 8 bits, pruned by 5 % or perturbed by 0.1 to 1 %. T is the largest
|Y_g[k] - Y_f[k]| that attacks on the joint network find on the box of one of f's own properties. Asked:
does the difference exceed 1.3 T somewhere (expected: unsat, what nobody can know before a proof), and
T / 1.3 (known: sat). Where the first is answered by a point, the attacks' T was too small: it is raised to
what the point shows, in the folder's files, and asked again, a few times.

    pairs.py write SUITES FOLDER       pairs as two files, as one joint file, with queries of both versions
    pairs.py run FOLDER BINARY         verdicts, with and without bounds of differences, as a table
"""
import argparse
import json
import os
import random
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import onnx_file  # noqa: E402
import running  # noqa: E402
from vnnlib_text import Property, plain  # noqa: E402

# Every network of ../shared once; of the two ResNets all three changes.
SHARE = {"acasxu_2023": 45, "linearizenn_2024": 10, "tllverifybench_2023": 12, "cifar10_resnet": 6}
# Bytes of a network's packed file: larger ones of tllverifybench are beyond any difference.
LARGEST = {"acasxu_2023": 1 << 20, "linearizenn_2024": 1 << 20, "tllverifybench_2023": 200000,
           "cifar10_resnet": 1 << 20}
LEAST = 1e-5  # of a T that says more than rounding does
CHANGES = ("rounded", "pruned", "perturbed")
WEIGHTED = ("MatMul", "Gemm", "Conv", "ConvTranspose", "Add", "Sub")


def weights_of(model):
    """The float32 initialisers that operators with weights read."""
    used = {name for n in model.nodes if n.operator in WEIGHTED for name in n.inputs}
    return [t for t in model.tensors if t.floats is not None and t.name in used]


def rounded(tensor):
    """To 8 bits: multiples of the largest magnitude / 127."""
    step = max(map(abs, tensor.floats), default=0) / 127
    if step > 0:
        for i, w in enumerate(tensor.floats):
            tensor.floats[i] = round(w / step) * step


def pruned(tensor):
    """The 5 % of smallest magnitude become 0."""
    count = len(tensor.floats) // 20
    order = sorted(range(len(tensor.floats)), key=lambda i: abs(tensor.floats[i]))
    for i in order[:count]:
        tensor.floats[i] = 0.0


def perturbed(tensor, share, chance):
    for i, w in enumerate(tensor.floats):
        tensor.floats[i] = w * (1 + share * chance.uniform(-1, 1))


def change(model, kind, chance):
    """Makes g of f in place; says how."""
    share = 10 ** chance.uniform(-3, -2)
    for tensor in weights_of(model):
        if kind == "perturbed":
            perturbed(tensor, share, chance)
        elif len(tensor.dims) >= 2:
            (rounded if kind == "rounded" else pruned)(tensor)
    return f"perturbed {100 * share:.2f} %" if kind == "perturbed" else kind


def joint(first, second):
    """One network over a shared input: second's output minus first's. Uses both up."""
    entry, left, right = first.inputs[0], first.outputs[0], second.outputs[0]
    first.renamed("f_", {entry.name})
    second.renamed("g_", {entry.name})
    first.nodes += second.nodes
    first.tensors += second.tensors
    first.nodes.append(onnx_file.node("Sub", [right.name, left.name], ["difference"]))
    first.outputs = [onnx_file.value_of("difference", left.dims)]
    return first


def joint_query(box, outputs, limit):
    """Version 1.0: some |Y_k| of the joint network reaches the limit."""
    lines = [f"(declare-const X_{i} Real)" for i in range(len(box))]
    lines += [f"(declare-const Y_{k} Real)" for k in range(outputs)]
    for i, (low, high) in enumerate(box):
        lines += [f"(assert (>= X_{i} {low}))", f"(assert (<= X_{i} {high}))"]
    cases = [f"  (and ({sign} Y_{k} {bound}))" for k in range(outputs)
             for sign, bound in ((">=", plain(limit)), ("<=", plain(-limit)))]
    return "\n".join(lines + ["(assert (or"] + cases + ["))", ""])


def index_texts(dims):
    """Every element's index, row by row: "0,0,1"."""
    out = [[]]
    for d in dims:
        out = [o + [i] for o in out for i in range(d)]
    return [",".join(map(str, o)) for o in out]


def pair_query(box, entry, result, limit):
    """Version 2.0 over f and g; a dynamic dimension is 1."""
    shapes = [[d or 1 for d in v.dims] for v in (entry, result)]
    texts = [", ".join(map(str, s)) for s in shapes]
    lines = ["(vnnlib-version <2.0>)"]
    for name in ("f", "g"):
        like = " (isomorphic-to f)" if name == "g" else ""
        lines += [f"(declare-network {name}{like}",
                  f"  (declare-input X_{name} real [{texts[0]}])",
                  f"  (declare-output Y_{name} real [{texts[1]}]))"]
    for at, (low, high) in zip(index_texts(shapes[0]), box):
        lines += [f"(assert (>= X_f[{at}] {plain(low)}))", f"(assert (<= X_f[{at}] {plain(high)}))",
                  f"(assert (== X_f[{at}] X_g[{at}]))"]
    cases = []
    for at in index_texts(shapes[1]):
        cases += [f"  (> Y_g[{at}] (+ Y_f[{at}] {plain(limit)}))",
                  f"  (< Y_g[{at}] (- Y_f[{at}] {plain(limit)}))"]
    return "\n".join(lines + ["(assert (or"] + cases + ["))", ""])


def write_text(path, text):
    with open(path, "w") as file:
        file.write(text)


def largest_difference(binary, folder, name, box, outputs, options):
    """The largest |difference| that attacks find, by thresholds that rise from what was found."""
    query, network = os.path.join(folder, "attack.vnnlib"), os.path.join(folder, name + ".joint.onnx")
    found = 0.0
    for seed in range(1, options.restarts + 1):
        factor = 1.5 if seed == 1 else 1.1
        while factor > 1.04:
            write_text(query, joint_query(box, outputs, max(found * factor, 1e-9)))
            answer = running.attack(binary, query, network, options.attack_seconds, seed)
            if answer.verdict == "sat":
                found = max([found] + [abs(v) for v in answer.outputs()])
            else:
                factor = 1 + (factor - 1) / 3
            if answer.verdict == "error":
                sys.exit(f"{name}: attack says {answer.verdict}\n{answer.said}")
    os.unlink(query)
    return found


def instances(suites, suite, largest):
    """[(network, property)] of a suite, networks first once each; smaller than the limit in bytes."""
    rows = []
    with open(os.path.join(suites, suite, "instances.csv")) as file:
        for line in file:
            network, query = [os.path.join(suites, suite, p) for p in line.strip().split(",")[:2]]
            network, query = [p if os.path.exists(p) else p + ".gz" for p in (network, query)]
            if os.path.getsize(network) <= largest:
                rows.append((network, query))
    return rows


def chosen(suites, suite, count, chance):
    """`count` times (network, property, its box, a change): networks as evenly as possible, and none
    twice with one change on one property before all three have been."""
    rows = instances(suites, suite, LARGEST[suite])
    chance.shuffle(rows)
    by_network = {}
    for network, query in rows:
        box = Property(query).box()
        if box is not None:
            by_network.setdefault(network, []).append((query, box))
    out = []
    for turn in range(count):
        for number, network in enumerate(sorted(by_network)):
            own = by_network[network]
            out.append((network, *own[turn % len(own)], CHANGES[(number + turn) % 3]))
    out = out[:count]
    chance.shuffle(out)
    return out


def base_name(path):
    return os.path.basename(path).removesuffix(".gz").rsplit(".", 1)[0]


def name_of(suite, number):
    return f"{suite.split('_')[0]}_{number:02d}"


def write_networks(path, network, kind, chance):
    """f, g and both as one network; how g was made, and the declared input and output of f."""
    first, second = onnx_file.Model.read(network), onnx_file.Model.read(network)
    for model in (first, second):
        model.items = [i if i[0] != 1 else (1, 0, max(7, i[2])) for i in model.items]
    how = change(second, kind, chance)
    entry, result = first.inputs[0], first.outputs[0]
    shapes = onnx_file.value_of("x", entry.dims), onnx_file.value_of("y", result.dims)
    first.write(path + ".f.onnx")
    second.write(path + ".g.onnx")
    joint(first, second).write(path + ".joint.onnx")
    return how, shapes


def write_pair(folder, suite, number, chosen_one, options):
    """Writes the files of one pair, finds T; the pair's entry in the list."""
    network, query, box, kind = chosen_one
    chance = random.Random(f"{options.seed} {suite} {number}")
    name = name_of(suite, number)
    path = os.path.join(folder, name)
    for other in range(3):  # another change where this one changes nothing
        how, shapes = write_networks(path, network, CHANGES[(CHANGES.index(kind) + other) % 3], chance)
        outputs = len(index_texts([d or 1 for d in shapes[1].dims]))
        largest = largest_difference(options.binary, folder, name, box, outputs, options)
        if largest > LEAST:
            break
    for which, limit in (("beyond", 1.3 * largest), ("planted", largest / 1.3)):
        write_text(f"{path}.{which}.joint.vnnlib", joint_query(box, outputs, limit))
        write_text(f"{path}.{which}.vnnlib", pair_query(box, *shapes, limit))
    return {"name": name, "suite": suite, "network": base_name(network), "property": base_name(query),
            "change": how, "T": largest}


def write(options):
    os.makedirs(options.folder, exist_ok=True)
    listed, known = [], {}
    if options.resume:
        with open(os.path.join(options.folder, "pairs.json")) as file:
            known = {p["name"]: p for p in json.load(file)}
    for suite, count in SHARE.items():
        chance = random.Random(f"{options.seed} {suite}")
        wanted = max(1, round(count * options.pairs / sum(SHARE.values())))
        for number, one in enumerate(chosen(options.suites, suite, wanted, chance)):
            name = name_of(suite, number)
            listed.append(known.get(name) or write_pair(options.folder, suite, number, one, options))
            print(listed[-1], flush=True)
            known.pop(name, None)
            write_text(os.path.join(options.folder, "pairs.json"),
                       json.dumps(listed + list(known.values()), indent=1))


def shown_difference(answer):
    """The largest |Y_g[k] - Y_f[k]| at the answer's point: of the two networks, or of the joint one."""
    first, second = ([v for name, v in answer.values if name == wanted] for wanted in ("Y_f", "Y_g"))
    if not first:
        return max(map(abs, answer.outputs()), default=0.0)
    return max(abs(b - a) for a, b in zip(first, second, strict=True))


def with_limit(text, old, new):
    """The query with another threshold: outputs' lines alone name it."""
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if "Y_" in line and "declare" not in line:
            parts = re.split(r"([\s()]+)", line)
            lines[i] = "".join({plain(old): plain(new), plain(-old): plain(-new)}.get(p, p) for p in parts)
    return "\n".join(lines)


def raise_threshold(options, pairs, pair, shown):
    """T becomes what a point shows, in the pair's queries and in the list."""
    path = os.path.join(options.folder, pair["name"])
    for which, factor in (("beyond", 1.3), ("planted", 1 / 1.3)):
        old, new = (t * 1.3 if factor > 1 else t / 1.3 for t in (pair["T"], shown))
        for kind in ("", ".joint"):
            name = f"{path}.{which}{kind}.vnnlib"
            with open(name) as file:
                text = file.read()
            changed = with_limit(text, old, new)
            if changed == text:
                sys.exit(f"{name}: no threshold {plain(old)}")
            write_text(name, changed)
    pair["T"] = shown
    write_text(os.path.join(options.folder, "pairs.json"), json.dumps(pairs, indent=1))


def ask_beyond(options, pairs, pair):
    """1.3 T with T raised where a point shows that it was too small; the answer, how often."""
    for raised in range(options.raises + 1):
        answer = ask(options, pair, "beyond", [])
        shown = shown_difference(answer) if answer.verdict == "sat" else 0.0
        if raised == options.raises or shown <= pair["T"]:
            break
        raise_threshold(options, pairs, pair, shown)
    return answer, raised


def ask(options, pair, which, more):
    path = os.path.join(options.folder, pair["name"])
    if options.joint:
        query, networks = f"{path}.{which}.joint.vnnlib", [path + ".joint.onnx"]
    else:
        query, networks = f"{path}.{which}.vnnlib", [f"f={path}.f.onnx", f"g={path}.g.onnx"]
    return running.run(options.binary, "verify", query, networks, options.timeout, more)


def run(options):
    """The table; exit code 1 where an answer is wrong."""
    with open(os.path.join(options.folder, "pairs.json")) as file:
        pairs = json.load(file)
    wanted = [p for p in pairs if p["name"].startswith(options.only)]
    columns = [("beyond", []), ("planted", [])]
    if options.without:
        columns.insert(1, ("beyond", options.without.split()))
    rows, wrong, proved = [], 0, [0] * len(columns)
    for pair in wanted:
        first, raised = ask_beyond(options, pairs, pair)
        row = [pair["name"], pair["network"], pair["property"], pair["change"], f"{pair['T']:.4g}", str(raised)]
        for i, (which, more) in enumerate(columns):
            answer = first if i == 0 else ask(options, pair, which, more)
            wrong += answer.verdict in (("error", "hangs", "unsat") if which == "planted" else ("error", "hangs"))
            proved[i] += answer.verdict == ("sat" if which == "planted" else "unsat")
            row += [answer.verdict, f"{answer.seconds:.1f}"]
        rows.append(row)
        print(" ".join(row), file=sys.stderr, flush=True)
    head = ["pair", "network", "property", "change", "T", "raised"]
    for which, more in columns:
        head += [" ".join([which] + more), "s"]
    running.table(head, rows)
    for (which, more), count in zip(columns, proved):
        expected = "sat" if which == "planted" else "unsat"
        print(f"{' '.join([which] + more)}: {count} of {len(wanted)} {expected}")
    print(f"wrong or no answer: {wrong}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    what = parser.add_subparsers(required=True)
    one = what.add_parser("write")
    one.add_argument("suites")
    one.add_argument("folder")
    one.add_argument("--binary", default="clipbound")
    one.add_argument("--pairs", type=int, default=sum(SHARE.values()))
    one.add_argument("--seed", type=int, default=1)
    one.add_argument("--restarts", type=int, default=10)
    one.add_argument("--attack-seconds", type=float, default=2)
    one.add_argument("--resume", action="store_true", help="keep the pairs that the folder lists")
    one.set_defaults(does=write)
    one = what.add_parser("run")
    one.add_argument("folder")
    one.add_argument("binary")
    one.add_argument("--timeout", type=float, default=60)
    one.add_argument("--joint", action="store_true", help="ask the joint files, in version 1.0")
    one.add_argument("--without", default="--difference off", help="options of the ablation; empty: none")
    one.add_argument("--raises", type=int, default=12, help="how often T may be raised to what a point shows")
    one.add_argument("--only", default="", help="pairs whose names begin so")
    one.set_defaults(does=run)
    options = parser.parse_args()
    sys.exit(options.does(options))


if __name__ == "__main__":
    main()
