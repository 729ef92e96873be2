#!/usr/bin/env python3
"""Writes large networks with properties whose answers are known, and runs Clipbound on them.

    large.py write FOLDER [--only NAME ...] [--properties NAME ...] [--seed N] [--size full|small]
    large.py run FOLDER BINARY [--timeout S] [--only NAME ...] [--properties NAME ...]

FOLDER gets onnx/, vnnlib/, instances.csv and ground_truth.csv. Needs numpy (Debian's python3-numpy).
"""
import argparse
import csv
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import with_numpy  # noqa: E402, F401
import numpy  # noqa: E402
import images  # noqa: E402
import networks  # noqa: E402
import running  # noqa: E402
from properties import Effort, Maker  # noqa: E402

HEAD = ["benchmark", "onnx", "vnnlib", "timeout_s", "verdict", "may_be_open", "notes"]


def resnet18(chance, small, **more):
    """torchvision's ResNet-18 for images of 64 x 64: 11.3 million weights."""
    if small:
        return networks.resnet(chance, (3, 16, 16), 10, [4, 8], [1, 1], **more)
    return networks.resnet(chance, (3, 64, 64), 200, [64, 128, 256, 512], [2, 2, 2, 2], **more)


def cifar(chance, small, widths, blocks, **more):
    """A ResNet for images of 32 x 32."""
    if small:
        return networks.resnet(chance, (3, 8, 8), 10, [max(4, w // 16) for w in widths[:2]], blocks[:2], "small", **more)
    return networks.resnet(chance, (3, 32, 32), 100, widths, blocks, "small", **more)


def vgg16(chance, small):
    if small:
        return networks.vgg(chance, (3, 16, 16), 10, [(4, 2), (8, 2), (8, 3)], 16, 10)
    plan = [(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]
    return networks.vgg(chance, (3, 224, 224), 1000, plan, 4096, networks.VGG_TAUGHT)


def cnn7_wide(chance, small):
    """128 x 32 x 32 = 131,072 neurons in a layer."""
    return networks.cnn7(chance, (3, 8, 8) if small else (3, 32, 32), 10, 4 if small else 128, 16 if small else 512)


def vit(chance, small, **more):
    if small:
        return networks.vit(chance, (3, 8, 8), 10, 4, 8, 2, 1, **more)
    return networks.vit(chance, (3, 32, 32), 100, 4, 192, 3, 6, **more)


# The networks by name: a function of random numbers and of whether a small variant is wanted.
NETWORKS = {
    "resnet18": resnet18,
    "resnet18_folded": lambda c, s: resnet18(c, s, folded=True),
    "resnet18_calm": lambda c, s: resnet18(c, s, folded=True, calm=0.8),
    "cifar_resnet8": lambda c, s: cifar(c, s, [16, 32, 64], [1, 1, 1], folded=True),
    "cifar_resnet20": lambda c, s: cifar(c, s, [16, 32, 64], [3, 3, 3]),
    "cifar_resnet_wide": lambda c, s: cifar(c, s, [64, 128, 256, 512], [2, 2, 4, 1], folded=True),
    "cnn7_wide": cnn7_wide,
    "vgg16": vgg16,
    "vit": lambda c, s: vit(c, s, gelu=True, one_operator=True),
    "vit_arithmetic": lambda c, s: vit(c, s, gelu=False, one_operator=False),
}


def properties_of(maker, counts):
    """What makes each property of a network, by the property's name; None comes out where there is none."""
    makers = {"interval_thin": lambda: maker.by_intervals("interval_thin", 1 / 2550),
              "interval_all": lambda: maker.by_intervals("interval_all", 1.0)}
    for count in counts:
        makers[f"few{count}"] = functools.partial(maker.few_proved, count)
        makers[f"full{count}"] = functools.partial(maker.few_full, count)
    makers["change_2550"] = lambda: maker.small_change("change_2550", 1 / 2550)
    makers["planted"] = lambda: maker.planted("planted", 2 / 255, 1)
    makers["planted_all"] = lambda: maker.planted("planted_all", 2 / 255, 4)
    makers["one_step"] = lambda: maker.one_step("one_step", 1 / 255)
    makers["robust_2550"] = lambda: maker.robust("robust_2550", 1 / 2550)
    makers["robust_255"] = lambda: maker.robust("robust_255", 1 / 255)
    return makers


def judged(graph, file, judge, pictures):
    """The largest difference from ONNX Runtime, relative to the largest output: of float32, of float64."""
    requests = json.dumps({"onnx": os.path.abspath(file), "xs": [[float(v) for v in x.ravel()] for x in pictures]})
    said = subprocess.run(["node", judge], input=requests, capture_output=True, text=True, check=True).stdout
    answer = json.loads(said)
    if "y" not in answer:
        raise RuntimeError(f"{file}: {answer.get('error')}")
    theirs = numpy.array(answer["y"])
    return [float(numpy.abs(graph.run(pictures.astype(kind)) - theirs).max() / numpy.abs(theirs).max())
            for kind in (numpy.float32, float)]


def write(options):
    """Writes the networks and their properties; tables keep what was there of other networks."""
    for folder in ("onnx", "vnnlib"):
        os.makedirs(os.path.join(options.folder, folder), exist_ok=True)
    rows = instances(options.folder)
    for name in options.only:
        began = time.monotonic()
        graph, seeds = made(name, options.seed, options.size)
        model = graph.model()
        file = f"onnx/{name}.onnx"
        model.write(os.path.join(options.folder, file), f"{name}.weights" if options.external else None)
        print(f"{name}: {graph.parameters()} parameters, {time.monotonic() - began:.1f} s", flush=True)
        outputs = model.outputs[0].dims[1]
        maker = Maker(graph, numpy.random.default_rng(seeds + [1]), outputs, *efforts(name, options.size == "small", outputs))
        if options.judge:
            pictures = images.images(numpy.random.default_rng(options.seed), [0, 1], graph.shape)
            off = judged(graph, os.path.join(options.folder, file), options.judge, pictures)
            print(f"  off ONNX Runtime's outputs: float32 {off[0]:.1e}, float64 {off[1]:.1e}", flush=True)
            if max(off) > 1e-3:
                return 1
        for kind, make in properties_of(maker, counts(name, options.size == "small")).items():
            maker.chance = numpy.random.default_rng(seeds + [zlib.crc32(kind.encode())])
            one = None if options.properties and kind not in options.properties else make()
            if one is None:
                continue
            query = f"vnnlib/{name}_{one.name}.vnnlib"
            rows = [r for r in rows if r["vnnlib"] != query]
            one.write(os.path.join(options.folder, query), outputs)
            print(f"  {one.name}: {one.verdict or 'not known'}, {one.note}, {time.monotonic() - began:.1f} s", flush=True)
            rows.append({"network": name, "benchmark": os.path.basename(os.path.abspath(options.folder)), "onnx": file,
                         "vnnlib": query, "timeout_s": "300", "verdict": one.verdict,
                         "may_be_open": may_be_open(name, options.size, one), "notes": one.note})
            tables(options.folder, rows)
    return 0


def made(name, seed, size):
    """A network, and the seeds from which every property has random numbers of its own."""
    seeds = [seed, zlib.crc32(name.encode())]
    return NETWORKS[name](numpy.random.default_rng(seeds), size == "small"), seeds


def may_be_open(name, size, one):
    """Proved answers of small networks are within reach, but for intervals through a LayerNormalization:
    the bound is that of the root of the count, which takes two of its operands together."""
    reached = one.sure and size == "small" and not (name.startswith("vit") and one.name == "interval_all")
    return "no" if reached else "yes"


def counts(name, small):
    """How many numbers vary where few do."""
    return (1, 5, 16) if small else (5, 10) if name == "vgg16" else (1, 5, 10, 16)


def efforts(name, small, outputs):
    """How many classes are taught, and how much is spent on answers."""
    if small:
        return outputs, Effort(batch=64, corners=256, starts=3, steps=10, rounds=8, images=4, rivals=9)
    if name == "vgg16":
        return networks.VGG_TAUGHT, Effort(2, 6, 1, 2, 0, generators=32, images=2, rivals=2, kind=numpy.float32)
    return outputs, Effort()


def tables(folder, rows):
    """instances.csv has every property, ground_truth.csv those whose answers are known."""
    with open(os.path.join(folder, "instances.csv"), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([r["onnx"], r["vnnlib"], r["timeout_s"]] for r in rows)
    with open(os.path.join(folder, "ground_truth.csv"), "w", newline="") as file:
        out = csv.DictWriter(file, HEAD, extrasaction="ignore", lineterminator="\n")
        out.writeheader()
        out.writerows(r for r in rows if r["verdict"])


def instances(folder):
    """The instances of a folder, with what is known of them."""
    try:
        with open(os.path.join(folder, "ground_truth.csv")) as file:
            known = {r["vnnlib"]: r for r in csv.DictReader(file)}
        with open(os.path.join(folder, "instances.csv")) as file:
            listed = list(csv.reader(file))
    except FileNotFoundError:
        return []
    rows = []
    for network, query, timeout in listed:
        row = {"benchmark": "", "onnx": network, "vnnlib": query, "timeout_s": timeout, "verdict": "",
               "may_be_open": "yes", "notes": "", **known.get(query, {})}
        row["network"] = os.path.basename(network)[:-len(".onnx")]
        rows.append(row)
    return rows


def verify(options, row, longer=1):
    """One run, with so many times the limit: the answer, and the most memory that the program says it had."""
    with tempfile.TemporaryDirectory() as folder:
        more = ["--threads", str(options.threads), "--json", os.path.join(folder, "result.json")]
        answer = running.run(options.binary, "verify", os.path.join(options.folder, row["vnnlib"]),
                             [os.path.join(options.folder, row["onnx"])], longer * options.timeout, more)
        try:
            with open(more[-1]) as file:
                memory = json.load(file)["peak_memory_bytes"] / 1e6
        except (OSError, ValueError, KeyError):
            memory = None
    return answer, memory


def is_chosen(properties, row):
    return not properties or any(row["vnnlib"].endswith(f"/{row['network']}_{p}.vnnlib") for p in properties)


def run(options):
    """Runs all; 1 where a verdict is not what is known. An estimate that is refuted counts, too, and so does
    what must be decided and is not within 40 times the limit, or 80 seconds where that is more."""
    out, wrong = [], 0
    for row in instances(options.folder):
        if row["network"] not in options.only or not is_chosen(options.properties, row):
            continue
        answer, memory = verify(options, row)
        decided = answer.verdict in ("sat", "unsat")
        if not decided and row["may_be_open"] == "no":
            answer, memory = verify(options, row, max(40, 80 / options.timeout))
            decided = answer.verdict in ("sat", "unsat")
        note = answer.said.strip().split("\n")[-1][:150]
        if answer.verdict in ("error", "hangs"):
            note = f"WRONG {note}"
        elif decided and row["verdict"] and answer.verdict != row["verdict"]:
            note = f"WRONG or the estimate is: {note}" if "an estimate" in row["notes"] else f"WRONG {note}"
        elif not decided and row["may_be_open"] == "no":
            note = f"WRONG: left open. {note}"
        else:
            note = ""
        wrong += bool(note)
        out.append([os.path.basename(row["vnnlib"])[:-len(".vnnlib")], row["verdict"] or "?", answer.verdict,
                    f"{answer.seconds:.1f}", f"{answer.processor:.1f}", "?" if memory is None else f"{memory:.0f}", note])
        print(*out[-1], file=sys.stderr, flush=True)
    running.table(["property", "expected", "verdict", "s", "processor s", "MB", ""], out)
    verdicts = [row[2] for row in out]
    print(f"{len(out)} properties, {sum(v in ('sat', 'unsat') for v in verdicts)} decided, {wrong} WRONG")
    return 1 if wrong or not out else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing, running_ = commands.add_parser("write"), commands.add_parser("run")
    for one in (writing, running_):
        one.add_argument("folder")
        one.add_argument("--only", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
        one.add_argument("--properties", nargs="+", help="few5 one_step ...; default: all")
    writing.add_argument("--seed", type=int, default=1)
    writing.add_argument("--size", choices=("full", "small"), default="full")
    writing.add_argument("--judge", help="ort_replay.mjs: compare with ONNX Runtime, by node")
    writing.add_argument("--external", action="store_true", help="weights in a file of their own")
    running_.add_argument("binary")
    running_.add_argument("--timeout", type=float, default=60)
    running_.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    sys.exit(run(options) if options.command == "run" else write(options))


if __name__ == "__main__":
    main()
