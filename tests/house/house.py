"""What the tests of the house share: the files of the repository, and the table of rooms.

Every check is a program that takes the root of a source tree (default: this repository) and exits
with 1 where a rule is broken, after naming file, line and rule. tests/house/planted breaks each rule
on purpose.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CODE = (".h", ".cpp", ".c")


def root_of(arguments):
    """The first argument that is no option, or this repository."""
    named = [a for a in arguments if not a.startswith("-")]
    return os.path.abspath(named[0]) if named else ROOT


def files(root, endings=None):
    """Files of the tree, sorted: what git knows or would add; without git, everything but build/."""
    if os.path.exists(os.path.join(root, ".git")):
        listed = subprocess.run(
            ["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"],
            capture_output=True, text=True, check=True).stdout.split("\n")
    else:
        listed = []
        for folder, below, names in os.walk(root):
            below[:] = [b for b in below if b not in ("build", ".cache", ".git")]
            listed += [os.path.relpath(os.path.join(folder, n), root) for n in names]
    return sorted(f for f in set(listed)
                  if f and (endings is None or f.endswith(endings))
                  and os.path.isfile(os.path.join(root, f)))


def text_of(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def finish(name, problems, checked):
    """Prints what was found; the exit code."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{name}: {len(problems)} problems")
        return 1
    print(f"{name}: {checked}")
    return 0


class Rooms:
    """tests/house/rooms.txt; its head says how it is written."""

    EVERYTHING = "*"

    def __init__(self, root):
        self.sees, self.about, self.line, self.exceptions = {}, {}, {}, {}
        for number, line in enumerate(text_of(root, "tests/house/rooms.txt").split("\n"), 1):
            rule, _, remark = line.partition("#")
            if not rule.strip():
                continue
            if arrow := re.fullmatch(r"except (\S+) -> (\S+)\s*", rule):
                self.exceptions[arrow.group(1), arrow.group(2)] = number
                continue
            room, colon, seen = rule.partition(":")
            if not colon or room.strip() in self.sees:
                sys.exit(f"tests/house/rooms.txt:{number}: not a room, or one that is there already")
            self.sees[room.strip()] = seen.split()
            self.about[room.strip()], self.line[room.strip()] = remark.strip(), number

    def room_of(self, path):
        """The longest room that the file, or its folder, lies in; None where there is none."""
        stem = os.path.splitext(path)[0]
        fitting = [r for r in self.sees if stem == r or path.startswith(r + "/")]
        return max(fitting, key=len, default=None)

    def sees_everything(self, room):
        return self.EVERYTHING in self.sees[room]

    def circle(self):
        """Rooms that see each other in a circle, or []."""
        done, way = set(), []

        def visit(room):
            if room in way:
                return way[way.index(room):] + [room]
            if room in done or room not in self.sees:
                return []
            way.append(room)
            for seen in self.sees[room]:
                if found := visit(seen):
                    return found
            done.add(way.pop())
            return []

        for room in self.sees:
            if found := visit(room):
                return found
        return []
