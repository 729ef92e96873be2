"""Pictures of searches, by matplotlib, which is needed here alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

import numpy as np

from . import _native

if TYPE_CHECKING:
    from .traces import Trace

__all__ = ["draw", "draw_course", "draw_images", "draw_layers", "draw_plane", "draw_times", "draw_tree"]

# Readable on light and on dark ground; those of `clipbound view`.
_COLORS = {"split": "#c9d2dd", "refuted": "#2a8a57", "clipped": "#57b7c9", "open": "#f0a04b",
           "given up": "#b3261e", "below": "#8a93a0"}
_TEXTS = {"split": "split", "refuted": "refuted by a bound", "clipped": "nothing left after clipping",
          "open": "open", "given up": "cannot be split", "below": "counted only"}
_NARROW = 1 / 1500  # of the picture's width: what is narrower is not taken apart


def draw(trace: "Trace", **settings: Any) -> Any:
    """Everything that a trace has, in one figure of two columns."""
    from matplotlib import pyplot

    panels = [draw_course, draw_times]
    if len(trace.roots):
        panels.append(draw_tree)
    if _roots_with_inputs(trace).size:
        panels.append(draw_plane)
    if trace.layers:
        panels.append(draw_layers)
    rows = (len(panels) + 1) // 2
    figure = pyplot.figure(**{"figsize": (12, 4 * rows), "layout": "constrained", **settings})
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    for ax, panel in zip(axes, panels):
        panel(trace, ax)
    for ax in axes[len(panels):]:
        ax.set_axis_off()
    return figure


def draw_course(trace: "Trace", ax: Any = None) -> Any:
    """The worst bound of the query and the settled share over time."""
    ax = _axes(ax)
    course, shares = trace.course, ax.twinx()
    ax.step(course["elapsed_s"], course["worst_bound"], where="post", color="#3b6fb6")
    shares.step(course["elapsed_s"], 100 * course["settled_share"], where="post", color="#2a8a57",
                linestyle="--")
    ax.set(xlabel="seconds", title="Bounds over time")
    ax.set_ylabel("worst open bound (0: refuted)", color="#3b6fb6")
    shares.set_ylabel("settled share, %", color="#2a8a57")
    shares.set_ylim(-2, 102)
    return ax


def draw_times(trace: "Trace", ax: Any = None) -> Any:
    """Where the time went: the timers of the statistics."""
    ax = _axes(ax)
    timers = {name[:-2].replace("_", " "): value for name, value in trace.result.get("statistics", {}).items()
              if name.endswith("_s") and value > 0}
    ax.barh(list(timers), list(timers.values()), color="#3b6fb6")
    ax.invert_yaxis()
    ax.set(xlabel="seconds", title="Where the time went")
    return ax


def draw_layers(trace: "Trace", ax: Any = None) -> Any:
    """Neurons that no bound decides, by layer, after the first and the last pass of bounds."""
    ax = _axes(ax)
    if not trace.layers:
        raise _native.InputError("the trace has no layers")
    first, last = trace.layers[0], trace.layers[-1]
    at = np.arange(len(first["neurons"]))
    ax.barh(at, first["neurons"], color="#c9d2dd", label="neurons")
    ax.barh(at, first["undecided"], color="#3b6fb6", label="undecided by the first bounds")
    if len(trace.layers) > 1 and last["neurons"] == first["neurons"]:
        ax.barh(at, last["undecided"], height=0.4, color="#f0a04b", label="by the last")
    ax.set_yticks(at, [f"{k}: {name}" for k, name in enumerate(first["functions"])])
    ax.invert_yaxis()
    ax.set(xlabel="neurons", title="Undecided neurons by layer")
    ax.legend(fontsize="small")
    return ax


def draw_tree(trace: "Trace", ax: Any = None, root: int = 0, down: str = "depth", color: str = "end") -> Any:
    """The tree under a root as nested strips."""
    if down not in ("depth", "time") or color not in ("end", "bound", "time", "thread"):
        raise _native.InputError('down is "depth" or "time", color "end", "bound", "time" or "thread"')
    root = _root(trace, root, trace.roots, "the trace has no tree")
    ax, nodes = _axes(ax), trace.nodes
    children = _children(nodes)
    shown: List[int] = []
    boxes: List[Tuple[float, float, float, float]] = []
    stack = [(root - 1, 0.0, 1.0)]
    while stack:
        i, left, part = stack.pop()
        below = [child for child in children[i] if child >= 0]
        total = nodes["weight"][below].sum() if below else 0.0
        narrow, at = part < _NARROW, left
        for child in [] if narrow else below:
            share = part * nodes["weight"][child] / total
            stack.append((child, at, share))
            at += share
        if down == "depth":
            top, bottom = float(nodes["depth"][i]), float(nodes["depth"][i] + 1)
        else:
            top = nodes["begin_s"][i]
            bottom = max([nodes["begin_s"][c] for c in below] if below and not narrow else [nodes["end_s"][i]])
        shown.append(i)
        boxes.append((left, top, part, bottom - top))
    _rectangles(ax, boxes, _node_colors(trace, np.array(shown), color, ax))
    ax.set(xlim=(0, 1), xticks=[], ylabel="depth" if down == "depth" else "seconds",
           title=f"Tree of clause {nodes['clause'][root - 1]}, {nodes['weight'][root - 1]:,.0f} subproblems")
    ax.set_ylim(max(y + h for _, y, _, h in boxes), min(y for _, y, _, _ in boxes))
    return ax


def draw_plane(trace: "Trace", ax: Any = None, inputs: Optional[Sequence[int]] = None, point: Any = None,
               root: int = 0) -> Any:
    """A cut through a tree: which part of it each point of a plane of two inputs is in."""
    root = _root(trace, root, _roots_with_inputs(trace), "no tree splits inputs")
    ax, nodes = _axes(ax), trace.nodes
    box = _box(trace, int(nodes["clause"][root - 1]))
    a, b = _most_split(trace, box) if inputs is None else inputs
    if a == b or not all(0 <= i < len(box["lower"]) for i in (a, b)):
        raise _native.InputError(f"a plane takes two different inputs of 0 to {len(box['lower']) - 1}")
    found = _counterexample(trace)
    middle = (box["lower"] + box["upper"]) / 2
    at = np.clip(found if point is None and found is not None else middle if point is None else
                 np.asarray(point, float), box["lower"], box["upper"])
    regions = _cut(nodes, root - 1, box, (a, b), at)
    # What is open comes last, so that it is seen where splits of neurons put regions on each other.
    order = {"split": 0, "clipped": 1, "refuted": 2, "open": 3, "given up": 4}
    regions.sort(key=lambda region: order[nodes["end"][region[0]]])
    shown = np.array([region[0] for region in regions])
    _rectangles(ax, [region[1] for region in regions], _node_colors(trace, shown, "end", ax), edge="white")
    if found is not None:
        ax.plot(found[a], found[b], "x", color="#b3261e", markersize=10, markeredgewidth=3)
    ax.set(xlim=(box["lower"][a], box["upper"][a]), ylim=(box["lower"][b], box["upper"][b]),
           xlabel=f"input {a}", ylabel=f"input {b}", title="A cut through the box")
    return ax


def draw_images(trace: "Trace", axes: Any = None, shape: Optional[Tuple[int, int, int]] = None) -> Any:
    """The middle of the box, the counterexample and their difference, as images."""
    from matplotlib import pyplot

    found = _counterexample(trace)
    clause = (trace.result.get("violated") or {}).get("clause", 0)
    box = _box(trace, clause)
    middle = (box["lower"] + box["upper"]) / 2
    channels, height, width = shape or _image_shape(trace, middle.size)
    if channels * height * width != middle.size or channels not in (1, 3):
        raise _native.InputError(f"{middle.size} inputs are no image of the shape {(channels, height, width)}")
    values = [("middle of the box", middle)]
    if found is not None:
        values += [("counterexample", found), ("difference", found - middle)]
    if axes is None:
        axes = pyplot.figure(figsize=(4 * len(values), 4), layout="constrained").subplots(1, len(values))
    shown = np.concatenate([value for _, value in values[:2]])
    low, high = min(0.0, shown.min()), max(1.0, shown.max())
    for ax, (title, value) in zip(np.atleast_1d(axes), values):
        image = value.reshape(channels, height, width)
        most = np.abs(value).max() or 1.0
        if title == "difference" and channels == 1:
            ax.imshow(image[0], cmap="coolwarm", vmin=-most, vmax=most)
        elif title == "difference":
            ax.imshow(np.moveaxis(0.5 + image / (2 * most), 0, 2))
        elif channels == 1:
            ax.imshow(image[0], cmap="gray", vmin=low, vmax=high)
        else:
            ax.imshow(np.moveaxis((image - low) / (high - low), 0, 2))
        ax.set(title=title if title != "difference" else f"difference, at most {most:.3g}", xticks=[], yticks=[])
    return axes


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.figure(figsize=(7, 4.5), layout="constrained").subplots()


def _rectangles(ax: Any, boxes: Sequence[Tuple[float, float, float, float]], colors: Any, edge: str = "none") -> None:
    from matplotlib.collections import PolyCollection

    x, y, w, h = np.array(boxes).T
    corners = np.stack([np.stack([x, y], 1), np.stack([x + w, y], 1), np.stack([x + w, y + h], 1),
                        np.stack([x, y + h], 1)], 1)
    ax.add_collection(PolyCollection(corners, facecolors=colors, edgecolors=edge, linewidths=0.3))


def _node_colors(trace: "Trace", shown: np.ndarray, color: str, ax: Any) -> Any:
    """Colours of nodes (from 0), and the legend or scale that says what they mean."""
    from matplotlib import cm, colormaps, colors as mcolors
    from matplotlib.patches import Patch

    nodes = trace.nodes
    if color == "end":
        has_children = np.isin(shown + 1, nodes["parent"])
        kinds = ["below" if end == "split" and not more else str(end)
                 for end, more in zip(nodes["end"][shown], has_children)]
        ax.legend(handles=[Patch(color=_COLORS[kind], label=_TEXTS[kind]) for kind in _COLORS if kind in kinds],
                  fontsize="small", loc="lower right")
        return [_COLORS[kind] for kind in kinds]
    values = {"bound": nodes["bound"], "time": nodes["begin_s"], "thread": nodes["thread"].astype(float)}[color][shown]
    if color == "bound":
        values = np.minimum(values, 0.0)
    finite = values[np.isfinite(values)]
    norm = mcolors.Normalize(finite.min() if finite.size else 0.0, finite.max() if finite.size else 1.0)
    scale = cm.ScalarMappable(norm, "tab10" if color == "thread" else "viridis")
    ax.figure.colorbar(scale, ax=ax, label={"bound": "bound (0: refuted)", "time": "seconds", "thread": "thread"}[color])
    painted = colormaps["tab10" if color == "thread" else "viridis"](norm(values))
    painted[~np.isfinite(values)] = mcolors.to_rgba(_COLORS["below"])
    return painted


def _root(trace: "Trace", root: int, roots: np.ndarray, missing: str) -> int:
    if not roots.size:
        raise _native.InputError(missing)
    if root and not 1 <= root <= len(trace.nodes["parent"]):
        raise _native.InputError(f"there is no node {root}")
    return int(root or roots[0])


def _children(nodes: Any) -> np.ndarray:
    """[K, 2]: lower and upper half's node (from 0), -1 for none."""
    children = np.full((len(nodes["parent"]), 2), -1)
    inner = np.flatnonzero(nodes["parent"])
    children[nodes["parent"][inner] - 1, nodes["upper"][inner].astype(int)] = inner
    return children


def _roots_with_inputs(trace: "Trace") -> np.ndarray:
    """The roots of trees that split inputs and whose box was written, the heaviest first."""
    nodes = trace.nodes
    root = np.arange(1, len(nodes["parent"]) + 1)
    for i in np.flatnonzero(nodes["parent"]):
        root[i] = root[nodes["parent"][i] - 1]
    used = set(root[(nodes["layer"] < 0) & (nodes["index"] >= 0)].tolist())
    written = {clause for box in trace.boxes for clause in box["clauses"] if (box["upper"] > box["lower"]).sum() > 1}
    return np.array([r for r in trace.roots if r in used and nodes["clause"][r - 1] in written], int)


def _box(trace: "Trace", clause: int) -> Any:
    for box in trace.boxes:
        if clause in box["clauses"]:
            return box
    raise _native.InputError(f"the box of clause {clause} is not in the trace: the query has too many numbers")


def _counterexample(trace: "Trace") -> Optional[np.ndarray]:
    found = trace.result.get("counterexample")
    return None if found is None else np.asarray(found["input"], float)


def _most_split(trace: "Trace", box: Any) -> Tuple[int, int]:
    nodes, varying = trace.nodes, box["upper"] > box["lower"]
    split = nodes["index"][(nodes["layer"] < 0) & (nodes["index"] >= 0)]
    count = np.bincount(split, minlength=len(varying))[:len(varying)] + varying - 1.0
    a, b = np.argsort(-count, kind="stable")[:2]
    return int(a), int(b)


def _cut(nodes: Any, root: int, box: Any, axes: Tuple[int, int], point: np.ndarray) -> List[Any]:
    """The ends of a tree that a plane meets: (node, (x, y, width, height))."""
    children, regions = _children(nodes), []
    stack = [(root, *(float(box[end][axis]) for axis in axes for end in ("lower", "upper")))]
    while stack:
        i, x0, x1, y0, y1 = stack.pop()
        lower, upper = children[i]
        at, is_input = float(nodes["at"][i]), nodes["layer"][i] < 0 <= nodes["index"][i]
        halves = [(lower, x0, x1, y0, y1), (upper, x0, x1, y0, y1)]
        if is_input and nodes["index"][i] == axes[0]:
            halves = [(lower, x0, min(x1, at), y0, y1), (upper, max(x0, at), x1, y0, y1)]
        elif is_input and nodes["index"][i] == axes[1]:
            halves = [(lower, x0, x1, y0, min(y1, at)), (upper, x0, x1, max(y0, at), y1)]
        elif is_input:
            halves = [halves[0 if point[nodes["index"][i]] <= at else 1]]
        halves = [half for half in halves if half[0] >= 0]
        stack.extend(halves)
        if not halves:
            regions.append((i, (x0, y0, x1 - x0, y1 - y0)))
    return regions


def _image_shape(trace: "Trace", size: int) -> Tuple[int, int, int]:
    shape: Tuple[int, ...] = tuple(trace.shapes[0]) if len(trace.shapes) == 1 else ()
    if len(shape) == 4:
        shape = shape[1:]
    if len(shape) == 3 and shape[0] in (1, 3):
        return shape  # type: ignore[return-value]
    for channels in (1, 3):
        side = round((size / channels) ** 0.5)
        if side >= 5 and side * side * channels == size:
            return channels, side, side
    raise _native.InputError(f"the inputs' shapes {trace.shapes} are no image: give shape=(channels, height, width)")
