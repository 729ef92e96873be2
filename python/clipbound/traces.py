"""What a search did, node by node; pictures of it."""

from __future__ import annotations

import gzip
import json
import os
from typing import Any, Dict, List, Union

import numpy as np

from . import _native

__all__ = ["Trace"]

_COURSE = ("elapsed_s", "worst_bound", "settled_share", "subproblems", "open")
_ENDS = ("open", "split", "refuted", "clipped", "given up")


class Trace:
    """The record of one search: ``verify(..., trace=True).trace``, or a file of ``verify --trace``.

    docs/trace.md says what is recorded. Attributes:
      version, command: the program's version, the command line.
      shapes: of the network's inputs.
      boxes: dictionaries with "lower", "upper" [N] and "clauses", their numbers.
      course: arrays [P] by name, over time: "elapsed_s", "worst_bound" (NaN: not known),
        "settled_share", "subproblems", "open" (NaN: not known).
      layers: dictionaries with "at_s", "neurons", "undecided", "functions", by layer of the network
        as it is bounded; one for each pass of bounds over a whole box.
      searches: dictionaries with "kind" and "clauses".
      nodes: arrays [K] by name; node i has the number i + 1, so that parent 0 is none: "parent",
        "upper" (the upper half of the parent's split), "depth", "search", "clause" (of the query),
        "thread", "begin_s", "end_s", "bound" (NaN: none of its own), "kept" (share of the box that
        clipping left), "end" ("open", "split", "refuted", "clipped" or "given up"), "layer" (-1: an
        input or nothing), "index" (-1: no split of an input or neuron), "at", "weight" (subproblems
        in it, itself and those that are only counted included).
      result: what ``Result.to_json`` says.
    """

    def __init__(self, text: str, name: str = "trace"):
        """Reads a trace's text. Raises InputError with the line where it is none."""
        self._text = text
        self.boxes: List[Dict[str, Any]] = []
        self.layers: List[Dict[str, Any]] = []
        self.searches: List[Dict[str, Any]] = []
        self.shapes: List[List[int]] = []
        self.result: Dict[str, Any] = {}
        course: List[List[Any]] = []
        rows: List[List[Any]] = []
        line = 0
        try:
            for line, content in enumerate(text.splitlines(), 1):
                self._take(json.loads(content), line, course, rows)
            self.course = {key: _numbers(course, k) for k, key in enumerate(_COURSE)}
            self.nodes = _columns(rows, self.searches)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise _native.InputError(f"{name}:{line}: no line of a trace of this version: {error}") from None
        if not self.result:
            raise _native.InputError(f"{name}:{line}: the trace has no end")

    def _take(self, record: Dict[str, Any], line: int, course: List[List[Any]],
              rows: List[List[Any]]) -> None:
        if line == 1:
            if record["clipbound_trace"] != 1:
                raise ValueError("another version of the format")
            self.version, self.command = record["version"], record["command"]
            return
        ((kind, value),) = record.items()
        if kind == "node":
            rows.append(value)
        elif kind == "progress":
            course.append(value)
        elif kind == "box":
            value["lower"], value["upper"] = np.array(value["lower"], float), np.array(value["upper"], float)
            self.boxes.append(value)
        elif kind in ("layers", "search"):
            (self.layers if kind == "layers" else self.searches).append(value)
        elif kind == "inputs":
            self.shapes = value["shapes"]
        elif kind == "result":
            self.result = value
        else:
            raise ValueError(f'"{kind}" is not known')

    @staticmethod
    def load(path: Union[str, os.PathLike]) -> "Trace":
        """A file of ``clipbound verify --trace``, packed or not."""
        name = os.fspath(path)
        try:
            with open(name, "rb") as file:
                content = file.read()
            text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()
        except (OSError, EOFError, UnicodeDecodeError) as error:
            raise _native.InputError(f"{name}: {error}") from None
        return Trace(text, name)

    def save(self, path: Union[str, os.PathLike]) -> None:
        """Writes the trace for ``clipbound view``, packed where the name ends in .gz."""
        name = os.fspath(path)
        content = self._text.encode()
        with open(name, "wb") as file:
            file.write(gzip.compress(content) if name.endswith(".gz") else content)

    @property
    def roots(self) -> np.ndarray:
        """The numbers of the trees' roots, the heaviest first."""
        numbers = np.flatnonzero(self.nodes["parent"] == 0)
        return numbers[np.argsort(-self.nodes["weight"][numbers], kind="stable")] + 1

    def draw(self, **settings: Any) -> Any:
        """Everything that this trace has, in one matplotlib figure; ``settings`` are the figure's."""
        from . import pictures

        return pictures.draw(self, **settings)

    def draw_course(self, ax: Any = None) -> Any:
        """The worst bound of the query and the settled share over time. Gives the axes."""
        from . import pictures

        return pictures.draw_course(self, ax)

    def draw_tree(self, ax: Any = None, *, root: int = 0, down: str = "depth",
                  color: str = "end") -> Any:
        """The tree under ``root`` (0: the heaviest): widths are numbers of subproblems. down:
        "depth" or "time"; color: "end", "bound", "time" or "thread". Gives the axes."""
        from . import pictures

        return pictures.draw_tree(self, ax, root, down, color)

    def draw_plane(self, ax: Any = None, *, inputs: Any = None, point: Any = None,
                   root: int = 0) -> Any:
        """A cut through the tree under ``root`` (0: the heaviest that splits inputs): the plane of
        two inputs (default: those that were split most) at ``point`` [N] (default: the
        counterexample, else the middle of the box). Gives the axes."""
        from . import pictures

        return pictures.draw_plane(self, ax, inputs, point, root)

    def draw_layers(self, ax: Any = None) -> Any:
        """Neurons that no bound decides, by layer. Gives the axes."""
        from . import pictures

        return pictures.draw_layers(self, ax)

    def draw_times(self, ax: Any = None) -> Any:
        """Where the time went. Gives the axes."""
        from . import pictures

        return pictures.draw_times(self, ax)

    def draw_images(self, axes: Any = None, *, shape: Any = None) -> Any:
        """Inputs that are images: the middle of the box, the counterexample and their difference.
        shape: (channels, height, width) where the network's inputs do not say so. Gives the axes."""
        from . import pictures

        return pictures.draw_images(self, axes, shape)

    def __repr__(self) -> str:
        return (f"<clipbound.Trace {self.result.get('verdict', '?')}: {len(self.nodes['parent'])} subproblems "
                f"recorded of {self.result.get('progress', {}).get('subproblems', 0)}>")


def _numbers(rows: List[List[Any]], column: int) -> np.ndarray:
    return np.array([np.nan if row[column] is None else row[column] for row in rows], float)


def _columns(rows: List[List[Any]], searches: List[Dict[str, Any]]) -> Dict[str, np.ndarray]:
    """The nodes' lines as arrays; checks that parents come first."""
    count = len(rows)
    integers = ("parent", "depth", "search", "clause", "thread", "layer", "index")
    nodes: Dict[str, np.ndarray] = {name: np.full(count, -1, np.int64) for name in integers}
    nodes["upper"] = np.array([row[2] == "upper" for row in rows], bool)
    nodes["at"] = np.full(count, np.nan)
    nodes["weight"] = np.ones(count)
    for name, column in (("begin_s", 7), ("end_s", 8), ("bound", 9), ("kept", 10)):
        nodes[name] = _numbers(rows, column)
    nodes["end"] = np.array([row[11] for row in rows], dtype="U8") if rows else np.zeros(0, "U8")
    for i, row in enumerate(rows):
        if row[0] != i + 1 or not 0 <= row[1] <= i or row[11] not in _ENDS:
            raise ValueError(f"node {row[0]} is not in its place")
        nodes["parent"][i], nodes["depth"][i], nodes["search"][i] = row[1], row[3], row[4]
        nodes["clause"][i] = searches[row[4]]["clauses"][row[5]]
        nodes["thread"][i] = row[6]
        split = row[12]
        if split and split[0] == "input":
            nodes["index"][i], nodes["at"][i] = split[1], split[2]
        elif split and split[0] == "neuron":
            nodes["layer"][i], nodes["index"][i], nodes["at"][i] = split[1:4]
        if len(row) > 13:
            nodes["weight"][i] += 2 * row[13][0] + 2
    for i in range(count - 1, -1, -1):
        if nodes["parent"][i]:
            nodes["weight"][nodes["parent"][i] - 1] += nodes["weight"][i]
    return nodes
