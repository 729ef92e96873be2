"""What a run found."""

from __future__ import annotations

import enum
import html
from typing import Any, Callable, Dict, Optional

import numpy as np

from . import _native
from .traces import Trace

__all__ = ["Interrupted", "Result", "Verdict"]


class Verdict(str, enum.Enum):
    """The answer; equal to its name as text."""

    unsat = "unsat"  #: no counterexample exists: proved
    sat = "sat"  #: there is one
    timeout = "timeout"  #: neither was shown in time
    unknown = "unknown"  #: neither was shown

    def __str__(self) -> str:
        return self.value


class Result:
    """The answer of ``verify``, with the counterexample and what it cost."""

    __slots__ = ("_native", "_query", "_names", "_options", "_trace")

    def __init__(self, native: "_native.Result", query: "_native.Query",
                 names: Callable[[np.ndarray, np.ndarray], Dict[str, np.ndarray]],
                 options: Dict[str, Any], trace: Optional["_native.Trace"] = None):
        self._native = native
        self._query = query
        self._names = names
        self._options = options
        self._trace = trace

    @property
    def verdict(self) -> Verdict:
        """unsat, sat, timeout or unknown."""
        return Verdict(self._native.verdict)

    @property
    def reason(self) -> str:
        """Why it is unknown or timeout, or by what it was decided."""
        return self._native.reason

    @property
    def input(self) -> Optional[np.ndarray]:
        """sat: the counterexample X [N], numbers of the network's own precision; else None."""
        return self._native.input if self.verdict is Verdict.sat else None

    @property
    def output(self) -> Optional[np.ndarray]:
        """sat: the network's outputs Y [M] there; else None."""
        return self._native.output if self.verdict is Verdict.sat else None

    @property
    def counterexample(self) -> Optional[Dict[str, np.ndarray]]:
        """sat: the input and output tensors by name, in their shapes (NETWORK.TENSOR where there
        are several networks); else None."""
        if self.verdict is not Verdict.sat:
            return None
        return self._names(self._native.input, self._native.output)

    @property
    def violated(self) -> Optional[Dict[str, Any]]:
        """sat: the clause that it satisfies: "clause" (from 0), "line" in the file (0: none),
        "rows" in words; else None."""
        return self._native.violated

    @property
    def progress(self) -> Dict[str, Any]:
        """How far the run came: "elapsed_s", "stage", "clauses", "refuted", "subproblems", "open",
        "worst_bound", "weakest", "settled_share"."""
        return self._native.progress

    @property
    def statistics(self) -> Dict[str, float]:
        """What it cost: counters, and timers in seconds."""
        return self._native.statistics

    @property
    def trace(self) -> Optional[Trace]:
        """What the search did, where ``verify`` was asked with ``trace=True``; else None."""
        if self._trace is None:
            return None
        return Trace(self._trace.text(self._native, self._options, "clipbound.verify"))

    def to_vnncomp(self) -> str:
        """The competition's result file: the verdict and, for sat, the counterexample."""
        return self._native.to_vnncomp(self._query)

    def to_json(self) -> str:
        """Everything as JSON (docs/result.schema.json)."""
        return self._native.to_json(self._options)

    def __repr__(self) -> str:
        seconds = self.progress["elapsed_s"]
        reason = f": {self.reason}" if self.reason else ""
        return f"<clipbound.Result {self.verdict} after {seconds:.3g} s{reason}>"

    def _repr_html_(self) -> str:
        colour = {"unsat": "#1a7f37", "sat": "#b42318"}.get(self.verdict.value, "#7a5c00")
        progress = self.progress
        rows = [("verdict", f"<b style='color:{colour}'>{self.verdict}</b>"),
                ("reason", html.escape(self.reason)),
                ("seconds", f"{progress['elapsed_s']:.3g}"),
                ("subproblems", f"{progress['subproblems']}"),
                ("settled", f"{100 * progress['settled_share']:.4g} %")]
        if progress["weakest"] is not None:
            rows.append(("weakest row", html.escape(progress["weakest"]["text"])))
        for name, value in (self.counterexample or {}).items():
            rows.append((html.escape(name), html.escape(_shortened(value))))
        if self.violated is not None:
            rows.append(("satisfies", html.escape(" and ".join(self.violated["rows"]))))
        cells = "".join(f"<tr><th style='text-align:left'>{name}</th>"
                        f"<td style='text-align:left'>{value}</td></tr>" for name, value in rows)
        return f"<table><caption>clipbound.Result</caption>{cells}</table>"


def _shortened(value: np.ndarray) -> str:
    shown = ", ".join(f"{x:.6g}" for x in value.reshape(-1)[:8])
    return f"{shown}{', ...' if value.size > 8 else ''}  {list(value.shape)}"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C ended a run; ``result`` is what it had found, with its statistics."""

    def __init__(self, result: Any):
        super().__init__("interrupted")
        self.result = result
