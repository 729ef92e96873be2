#!/usr/bin/env python3
"""Writes large networks with properties whose answers are known, and runs Clipbound on them.

    large.py write FOLDER [--only NAME ...] [--seed N] [--size full|small]
    large.py run FOLDER BINARY [--timeout S] [--only NAME ...]

FOLDER gets onnx/, vnnlib/, instances.csv and ground_truth.csv. Needs numpy (Debian's python3-numpy).
"""
import argparse
import csv
import json
import os
import sys
import tempfile
import time
import zlib

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "python"))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
try:
    import numpy  # noqa: E402
except ImportError:
    if os.path.exists("/usr/bin/python3") and os.path.realpath(sys.executable) != os.path.realpath("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", os.path.abspath(__file__)] + sys.argv[1:])
    print("skipped: python3-numpy is not installed")
    sys.exit(77)
import networks  # noqa: E402
import running  # noqa: E402
from properties import Maker  # noqa: E402

HEAD = ["benchmark", "onnx", "vnnlib", "timeout_s", "verdict", "may_be_open", "notes"]


def resnet18(chance, small, folded=False):
    if small:
        return networks.resnet(chance, (3, 16, 16), 10, [4, 8], [1, 1], folded=folded)
    return networks.resnet(chance, (3, 64, 64), 200, [64, 128, 256, 512], [2, 2, 2, 2], folded=folded)


# The networks by name: a function of random numbers and of whether a small variant is wanted.
NETWORKS = {
    "resnet18": resnet18,
    "resnet18_folded": lambda chance, small: resnet18(chance, small, folded=True),
}


def properties_of(maker):
    """The properties of a network, one after the other."""
    yield maker.by_intervals("interval_thin", 1 / 2550)
    yield maker.by_intervals("interval_all", 1.0)
    for count in (1, 5, 10, 16):
        yield maker.few_proved(count)
        yield maker.few_full(count)


def write(options):
    """Writes the networks and their properties; tables have what was there of other networks, too."""
    for folder in ("onnx", "vnnlib"):
        os.makedirs(os.path.join(options.folder, folder), exist_ok=True)
    rows = [r for r in instances(options.folder) if r["network"] not in options.only]
    for name in options.only:
        began = time.monotonic()
        seed = [options.seed, zlib.crc32(name.encode())]
        graph = NETWORKS[name](numpy.random.default_rng(seed), options.size == "small")
        model = graph.model()
        file = f"onnx/{name}.onnx"
        model.write(os.path.join(options.folder, file), f"{name}.weights" if options.external else None)
        print(f"{name}: {graph.parameters()} parameters, {time.monotonic() - began:.1f} s", flush=True)
        outputs = model.outputs[0].dims[1]
        maker = Maker(graph, numpy.random.default_rng(seed + [1]), outputs)
        for one in properties_of(maker):
            if one is None:
                continue
            query = f"vnnlib/{name}_{one.name}.vnnlib"
            one.write(os.path.join(options.folder, query), outputs)
            print(f"  {one.name}: {one.verdict or 'not known'}, {one.note}, {time.monotonic() - began:.1f} s", flush=True)
            rows.append({"network": name, "benchmark": os.path.basename(os.path.abspath(options.folder)), "onnx": file,
                         "vnnlib": query, "timeout_s": "300", "verdict": one.verdict,
                         "may_be_open": "no" if one.sure else "yes", "notes": one.note})
        tables(options.folder, rows)


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


def verify(options, row):
    """One run: the answer, and the most memory that the program says it had."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        more = ["--threads", str(options.threads), "--json", file.name]
        answer = running.run(options.binary, "verify", os.path.join(options.folder, row["vnnlib"]),
                             [os.path.join(options.folder, row["onnx"])], options.timeout, more)
        try:
            memory = json.load(file)["peak_memory_bytes"] // 1000000
        except (ValueError, KeyError):
            memory = None
    return answer, memory


def run(options):
    out, wrong = [], 0
    for row in instances(options.folder):
        if row["network"] not in options.only:
            continue
        answer, memory = verify(options, row)
        decided = answer.verdict in ("sat", "unsat")
        bad = answer.verdict in ("error", "hangs") or decided and row["verdict"] and answer.verdict != row["verdict"]
        wrong += bool(bad)
        note = "WRONG " + answer.said.strip().split("\n")[-1][:150] if bad else ""
        out.append([os.path.basename(row["vnnlib"])[:-len(".vnnlib")], row["verdict"] or "?", answer.verdict,
                    f"{answer.seconds:.1f}", f"{answer.processor:.1f}", memory or "?", note])
        print(*out[-1], file=sys.stderr, flush=True)
    running.table(["property", "expected", "verdict", "s", "processor s", "MB", ""], out)
    print(f"{len(out)} properties, {wrong} WRONG")
    return 1 if wrong or not out else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing, running_ = commands.add_parser("write"), commands.add_parser("run")
    for one in (writing, running_):
        one.add_argument("folder")
        one.add_argument("--only", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    writing.add_argument("--seed", type=int, default=1)
    writing.add_argument("--size", choices=("full", "small"), default="full")
    writing.add_argument("--external", action="store_true", help="weights in a file of their own")
    running_.add_argument("binary")
    running_.add_argument("--timeout", type=float, default=60)
    running_.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    sys.exit(run(options) if options.command == "run" else write(options))


if __name__ == "__main__":
    main()
