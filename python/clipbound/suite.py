"""Whole suites, by ``clipbound suite run``: every instance in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any, Dict, List, Optional, Sequence, Union

from . import _native

__all__ = ["Run", "read", "run"]

Path = Union[str, os.PathLike]


class Run:
    """The records of a run's folder."""

    def __init__(self, folder: Path):
        self.folder = os.fspath(folder)
        path = os.path.join(self.folder, "records.jsonl")
        if not os.path.exists(path):
            raise _native.InputError(f"{self.folder} is no folder of a run: it has no records.jsonl")
        with open(path, encoding="utf-8") as file:
            #: One dictionary for each instance that has ended, as docs/result.schema.json says.
            self.records: List[Dict[str, Any]] = [json.loads(line) for line in file if line.endswith("\n")]

    def counts(self) -> Dict[str, int]:
        """How many instances have each verdict."""
        found: Dict[str, int] = {}
        for record in self.records:
            found[record["verdict"]] = found.get(record["verdict"], 0) + 1
        return found

    def to_dict(self) -> Dict[str, List[Any]]:
        """Columns: suite, onnx, vnnlib, verdict, seconds, timeout_s, reason, peak_memory_mb,
        threads."""
        columns = ("suite", "onnx", "vnnlib", "verdict", "seconds", "timeout_s", "reason",
                   "peak_memory_mb", "threads")
        return {name: [record.get(name) for record in self.records] for name in columns}

    def to_dataframe(self) -> Any:
        """The same columns as a pandas.DataFrame (needs pandas)."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def __repr__(self) -> str:
        counts = ", ".join(f"{n} {verdict}" for verdict, n in sorted(self.counts().items()))
        return f"<clipbound.suite.Run {self.folder}: {counts}>"


def read(folder: Path) -> Run:
    """A run that is there already."""
    return Run(folder)


def run(suites: Union[Path, Sequence[Path]], out: Path, *, timeout: Optional[float] = None,
        jobs: Optional[int] = None, resume: bool = False, program: Optional[Path] = None,
        **settings: Any) -> Run:
    """Runs suites (folders with instances.csv) and gives their records.

    out: the run's folder. timeout: seconds for each instance, instead of the suite's. jobs:
    instances at a time. resume: what has a record is not run again. settings: other options of
    ``clipbound suite run`` (filter="prop_1", limit=10, threads=2, memory=8, ...). program: the
    executable ``clipbound``; else CLIPBOUND_PROGRAM, else the one in PATH.

    Raises InputError with the program's message where suites or folders are not as they should be,
    FileNotFoundError without a program. Ctrl-C ends the run; what has ended has its record.
    """
    folders = [suites] if isinstance(suites, (str, os.PathLike)) else list(suites)
    command = [find_program(program), "suite", "run", *(os.fspath(f) for f in folders), "--out", os.fspath(out)]
    for name, value in dict(settings, timeout=timeout, jobs=jobs).items():
        if value is not None:
            command += [f"--{name.replace('_', '-')}", str(value)]
    if resume:
        command.append("--resume")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise _native.InputError(done.stderr.strip() or f"clipbound suite run ended with {done.returncode}")
    return Run(out)


def find_program(program: Optional[Path] = None) -> str:
    """The executable; raises FileNotFoundError."""
    named = program or os.environ.get("CLIPBOUND_PROGRAM") or "clipbound"
    found = shutil.which(os.fspath(named))
    if found is None:
        raise FileNotFoundError(f"there is no program '{named}': build it, and name it by program= or "
                                "CLIPBOUND_PROGRAM")
    return found
