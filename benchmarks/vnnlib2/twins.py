#!/usr/bin/env python3
"""Writes VNN-LIB 2.0 twins of 1.0 instances, runs both, and compares verdicts and reading times.

A twin says the same in other words: names, types, shapes, order, nesting, `==` for two inequalities,
unary minus, decimals without exponents, all chosen by one seed per instance. How long reading takes is
the processor time of both queries with one assertion more that nothing fulfils.

    twins.py SUITES FOLDER BINARY      SUITES has suites with instances.csv; twins go to FOLDER
"""
import argparse
import itertools
import json
import os
import random
import string
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "python"))
import onnx_file  # noqa: E402
import running  # noqa: E402
from vnnlib_text import NUMBER, VARIABLE, Property, open_any, plain  # noqa: E402

MIRROR = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "==": "==", "!=": "!="}
NOTHING = plain("-1e30")


class Refused(Exception):
    """What a twin cannot say."""


def numbered(count, dims):
    """Shapes without dynamic dimensions, of so many elements; the first dynamic one takes the rest."""
    known = 1
    for d in dims:
        known *= d or 1
    out, rest = [], count // known if known and count % known == 0 else 0
    for d in dims:
        out.append(d if d is not None else rest)
        rest = 1 if d is None else rest
    product = 1
    for d in out:
        product *= d
    if product != count:
        raise Refused(f"{count} elements in the property, {dims} in the network")
    return out


class Tensor:
    """A declared tensor: how it is written, and the element of each of its numbers."""

    def __init__(self, value, count, name, kind, flat):
        self.name, self.kind = name, kind
        self.dims = numbered(count, value.dims if value.dims is not None else [count])
        if flat and self.dims:
            self.dims = [d for d in self.dims if d != 1] or [1]  # which is warned of

    def declared(self, what):
        return f"(declare-{what} {self.name} {self.kind} [{', '.join(map(str, self.dims))}])"

    def element(self, number):
        index = []
        for d in reversed(self.dims):
            index.append(str(number % d))
            number //= d
        return f"{self.name}[{','.join(reversed(index))}]" if self.dims else self.name


class Twin:
    """One property in version 2.0."""

    def __init__(self, given, network, seed):
        self.chance, self.given = random.Random(seed), given
        self.taken = {"and", "or"}
        inputs, outputs = onnx_file.declared(network)
        # `real` is the type of a whole query or of nothing in it.
        self.real = self.chance.random() < 0.5 or any(v.type != onnx_file.FLOAT for v in inputs + outputs)
        if len(inputs) != 1 or len(outputs) != 1:
            raise Refused(f"{len(inputs)} inputs and {len(outputs)} outputs")
        self.network = self.name("net")
        self.tensors = {"X": self.tensor(inputs[0], given.inputs, "X"),
                        "Y": self.tensor(outputs[0], given.outputs, "Y")}

    def name(self, stem):
        """A legal name that nothing has yet: usual ones, and such as nobody uses."""
        letters = string.ascii_letters
        while True:
            long = "".join(self.chance.choices(letters + string.digits + "_", k=self.chance.randint(0, 9)))
            name = self.chance.choice([stem, f"{stem}_{long}", self.chance.choice(letters) + long])
            if name not in self.taken:
                self.taken.add(name)
                return name

    def tensor(self, value, count, stem):
        kind = self.chance.choice(["real", "Real"]) if self.real else "float32"
        return Tensor(value, count, self.name(stem), kind, self.chance.random() < 0.4)

    def atom(self, word):
        found = VARIABLE.match(word)
        if found:
            return self.tensors[found[1]].element(int(found[2]))
        if not NUMBER.match(word):
            raise Refused(f"{word} is neither a number nor a variable")
        text = plain(word)
        if text[0] == "-" and self.chance.random() < 0.1:
            return f"(- {text[1:]})"
        if "." in text and self.chance.random() < 0.1:
            text += "0" * self.chance.randint(1, 3)
        return text

    def term(self, one):
        if isinstance(one, str):
            return self.atom(one)
        if one[0] not in ("+", "-", "*"):
            raise Refused(f"operator {one[0]}")
        return f"({one[0]} {' '.join(map(self.term, one[1:]))})"

    def negative(self, one):
        """-(one), and for a number its text with the sign turned."""
        if isinstance(one, str) and NUMBER.match(one):
            return plain(one[1:] if one[0] == "-" else "-" + one.lstrip("+"))
        return f"(- {self.term(one)})"

    def comparison(self, one):
        operator, left, right = one
        operator = "==" if operator == "=" else operator
        if isinstance(left, list) or isinstance(right, list):
            return f"({operator} {self.term(left)} {self.term(right)})"
        # A bound of one input is rounded to the network's type; calculated ones are not.
        if self.chance.random() < 0.1 and "Y_" in left + right:
            left, right, operator = self.negative(left), self.negative(right), MIRROR[operator]
        else:
            left, right = self.term(left), self.term(right)
        if self.chance.random() < 0.3:
            left, right, operator = right, left, MIRROR[operator]
        return f"({operator} {left} {right})"

    def equated(self, children):
        """Children of an `and`, a <= b and a >= b as a == b."""
        found, out = {}, []
        for one in children:
            if len(one) == 3 and one[0] in ("<=", ">="):
                right = one[2]
                number = isinstance(right, str) and NUMBER.match(right)
                key = json.dumps([one[1], plain(right) if number else right])
                other = found.get(key)
                if other is not None and out[other][0] == MIRROR[one[0]] and self.chance.random() < 0.8:
                    out[other] = ["=="] + one[1:]
                    del found[key]
                    continue
                found.setdefault(key, len(out))
            out.append(one)
        return out

    def nested(self, operator, texts):
        """The texts under one operator, some of them in a group of their own."""
        if len(texts) > 2 and self.chance.random() < 0.5:
            cut = self.chance.randint(1, len(texts) - 1)
            begin = self.chance.randint(0, len(texts) - cut)
            texts[begin:begin + cut] = [self.nested(operator, texts[begin:begin + cut])]
        space = self.chance.choice([" ", "\n  "])
        return f"({operator}{space}{space.join(texts)})"

    def formula(self, one):
        if one[0] in ("and", "or"):
            children = self.equated(one[1:]) if one[0] == "and" else list(one[1:])
            if self.chance.random() < 0.5:
                self.chance.shuffle(children)
            if len(children) == 1 and self.chance.random() < 0.5:
                return self.formula(children[0])
            return self.nested(one[0], [self.formula(c) for c in children])
        if len(one) != 3 or one[0] not in ("<=", ">=", "<", ">", "=", "==", "!="):
            raise Refused(f"operator {one[0]}")
        text = self.comparison(one)
        if self.chance.random() < 0.03:
            text = f"({self.chance.choice(['and', 'or'])} {text})"
        return text

    def grouped(self, texts):
        """The texts of the assertions, some in a row joined by `and`."""
        at = 0
        while at < len(texts):
            size = self.chance.randint(2, 6) if self.chance.random() < 0.05 else 1
            group = texts[at:at + size]
            yield group[0] if len(group) == 1 else self.nested("and", group)
            at += size

    def write(self, path, empty):
        texts = [self.formula(one) for one in self.equated(self.given.asserted)]
        if self.chance.random() < 0.5:
            self.chance.shuffle(texts)
        lines = ["; a twin", "(vnnlib-version <2.0>)", f"(declare-network {self.network}",
                 "  " + self.tensors["X"].declared("input"), "  " + self.tensors["Y"].declared("output") + ")"]
        lines += [f"(assert {text})" for text in self.grouped(texts)]
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(empty, "w") as file:
            file.write("\n".join(lines + [f"(assert (<= {self.tensors['X'].element(0)} {NOTHING}))", ""]))


def every_instance(suites):
    """{suite: [(network, property)]} with the files' own names."""
    out = {}
    for suite in sorted(os.listdir(suites)):
        listed = os.path.join(suites, suite, "instances.csv")
        if not os.path.exists(listed):
            continue
        with open(listed) as file:
            for line in file:
                paths = [os.path.join(suites, suite, p.strip()) for p in line.split(",")[:2]]
                out.setdefault(suite, []).append([p if os.path.exists(p) else p + ".gz" for p in paths])
    return out


def sample(by_suite, count, seed):
    """At least `count` instances, as many of each suite as it has, up to an even share."""
    chance = random.Random(seed)
    for rows in by_suite.values():
        chance.shuffle(rows)
    taken = []
    for depth in itertools.count():
        if len(taken) >= count or all(depth >= len(rows) for rows in by_suite.values()):
            return sorted(taken)
        taken += [(suite, *rows[depth]) for suite, rows in by_suite.items() if depth < len(rows)]


def unpacked(path, folder):
    """A text file as it is, a packed one unpacked into the folder."""
    if not path.endswith(".gz"):
        return path, False
    target = os.path.join(folder, os.path.basename(path)[:-3])
    with open_any(path) as file, open(target, "wb") as out:
        out.write(file.read())
    return target, True


def compare(instance, number, options):
    """Runs one instance and its twin: the table's row and what is wrong, or the reason to skip it."""
    suite, network, query = instance
    base = os.path.join(options.folder, f"{suite}_{number:04d}")
    try:
        Twin(Property(query), network, f"{options.seed} {number}").write(base + ".vnnlib", base + ".empty2.vnnlib")
    except Refused as refused:
        return None, f"{suite} {os.path.basename(query)}: {refused}"
    original, own = unpacked(query, options.folder)
    with open(original) as file, open(base + ".empty1.vnnlib", "w") as out:
        out.write(file.read() + f"\n(assert (<= X_0 {NOTHING}))\n")
    more = ["--threads", str(options.threads)]
    for longer in (1, 8):  # once more where one of them alone was decided
        answers = [running.run(options.binary, "verify", q, [network], options.timeout * longer, more)
                   for q in (original, base + ".vnnlib")]
        verdicts = [a.verdict for a in answers]
        if verdicts[0] == verdicts[1] or "error" in verdicts:
            break
    empty = [running.run(options.binary, "verify", base + e, [network], 100, more)
             for e in (".empty1.vnnlib", ".empty2.vnnlib")]
    decided = {v for v in verdicts if v in ("sat", "unsat")}
    wrong = (len(decided) == 2 or any(a.verdict != "unsat" for a in empty)
             or (verdicts[1] in ("error", "hangs") and verdicts[0] not in ("error", "hangs")))
    note = "WRONG" if wrong else "" if verdicts[0] == verdicts[1] else "differs"
    if own:
        os.unlink(original)
    for ending in (".empty1.vnnlib", ".empty2.vnnlib") + (() if note or options.keep else (".vnnlib",)):
        os.unlink(base + ending)
    row = [suite, os.path.basename(query)[:40], *verdicts, *[f"{a.seconds:.1f}" for a in answers],
           *[f"{a.processor:.3f}" for a in empty], note]
    if note == "WRONG":
        row.append("; ".join(a.said.strip().split("\n")[-1][:200] for a in answers + empty))
    return row, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("suites")
    parser.add_argument("folder")
    parser.add_argument("binary")
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="suites whose name has this")
    parser.add_argument("--keep", action="store_true", help="keep all twins")
    options = parser.parse_args()
    if not os.path.isdir(options.suites):
        print(f"skipped: there is no folder {options.suites}")
        sys.exit(77)
    os.makedirs(options.folder, exist_ok=True)
    by_suite = {s: rows for s, rows in every_instance(options.suites).items() if options.only in s}
    rows, skipped = [], []
    for number, instance in enumerate(sample(by_suite, options.count, options.seed)):
        row, reason = compare(instance, number, options)
        if row is None:
            skipped.append(reason)
            continue
        rows.append(row)
        print(" ".join(row), file=sys.stderr, flush=True)
    running.table(["suite", "property", "1.0", "2.0", "s", "s", "reading s", "reading s", ""],
                  [r[:9] for r in rows])
    both = [(float(r[6]), float(r[7])) for r in rows]
    notes = [r[8] for r in rows]
    print(f"{len(rows)} twins of {len(set(r[0] for r in rows))} suites: {notes.count('WRONG')} wrong, "
          f"{notes.count('differs')} decided once only, reading {sum(a for a, _ in both):.2f} s and "
          f"{sum(b for _, b in both):.2f} s of processor time")
    for reason in skipped:
        print("skipped", reason)
    sys.exit(1 if "WRONG" in notes else 0)


if __name__ == "__main__":
    main()
