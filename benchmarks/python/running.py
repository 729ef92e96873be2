"""How the scripts of this folder run Clipbound: one child at a time, always with a limit."""
import os
import re
import resource
import subprocess
import tempfile
import time

VERDICTS = ("sat", "unsat", "unknown", "timed-out")


class Answer:
    """What one run said: the verdict ("error" where there is none), seconds, processor seconds, the
    witness's values, standard error."""

    def __init__(self, verdict, seconds, processor, values, said):
        self.verdict, self.seconds, self.processor = verdict, seconds, processor
        self.values, self.said = values, said

    def outputs(self):
        """The values of the outputs of a version 1 witness, in order."""
        return [v for name, v in self.values if name.startswith("Y")]


def witness(text):
    """[(name, value)] of a witness: (X_0 0.5) in version 1; in version 2 a tensor's elements share its name."""
    found = re.findall(r"\(\s*([XY]_\d+)\s+([^\s()]+)\s*\)", text)
    if found:
        return [(name, float(value)) for name, value in found]
    values, name = [], None
    for line in text.split("\n"):
        head = re.match(r"(\S+)\s+(\S+)\s+\[([0-9,\s]*)\]$", line.strip())
        if head:
            name = head[1]
        elif name and line.strip():
            values.append((name, float(line)))
    return values


def run(binary, command, query, networks, timeout, more=()):
    """Runs `clipbound COMMAND QUERY --network ...`; networks are files or NAME=FILE."""
    handle, result = tempfile.mkstemp(suffix=".result")
    os.close(handle)
    call = [binary, command, query, "--timeout", str(timeout), "--result", result]
    for network in networks:
        call += ["--network", network]
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(call + list(more), capture_output=True, text=True, timeout=4 * timeout + 300)
        said, first = done.stderr, done.stdout.split("\n")[0]
        if first not in VERDICTS:
            first = "error"
        with open(result) as file:
            values = witness(file.read())
    except subprocess.TimeoutExpired:
        first, said, values = "hangs", "", []
    finally:
        os.unlink(result)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Answer(first, time.monotonic() - began, processor, values, said)


def attack(binary, query, network, timeout, seed):
    """One attack; repeated where a busy machine let its time pass before the files were read."""
    for longer in (1, 2, 4, 8, 16):
        answer = run(binary, "attack", query, [network], longer * timeout,
                     ["--seed", str(seed), "--threads", "1"])
        if "while reading" not in answer.said and answer.verdict != "hangs":
            break
    return answer


def table(head, rows):
    """Prints rows under a head, in columns."""
    texts = [[str(c) for c in row] for row in [head] + rows]
    widths = [max(len(row[i]) for row in texts) for i in range(len(head))]
    for row in texts:
        print("  ".join(c.ljust(w) for c, w in zip(row, widths)).rstrip())
