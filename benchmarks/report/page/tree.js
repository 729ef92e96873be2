// The search's trees: unpacked from the page's columns, drawn as a picture and as a list. Nothing here recurses: a tree
// may be as deep as it has nodes.
"use strict";

const kEnds = { o: "open", s: "split", r: "refuted", c: "clipped", g: "given up" };
const kEndColor = { o: "open", s: "split", r: "refuted", c: "clipped", g: "given" };
const kEndText = { r: "refuted by a bound", c: "nothing left after clipping", g: "cannot be split", o: "open", s: "split" };

// Columns to arrays by node number (from 1; 0 is no node).
function unpackTree(packed) {
  const n = packed.end.length, tree = { count: n, end: " " + packed.end, thread: [0, ...packed.thread] };
  const ints = () => new Int32Array(n + 1), reals = () => new Float64Array(n + 1);
  Object.assign(tree, { parent: ints(), lower: ints(), upper: ints(), depth: ints(), clause: ints(), search: ints(), weight: reals(),
                        begin: reals(), last: reals(), bound: reals(), kept: reals().fill(100), at: reals(), layer: ints(), index: ints(),
                        below: new Map(), roots: [], typical: ints() });
  for (let i = 1; i <= n; ++i) {
    const back = packed.parent[i - 1], p = back === 0 ? 0 : i - back;
    tree.parent[i] = p;
    if (p) (packed.half[i - 1] === "l" ? tree.lower : tree.upper)[p] = i;
    tree.begin[i] = (p ? tree.begin[p] : 0) + packed.begin[i - 1] * 1e-5;
    tree.last[i] = tree.begin[i] + packed.last[i - 1] * 1e-5;
    tree.bound[i] = packed.bound[i - 1] === null ? NaN : packed.bound[i - 1];
    tree.depth[i] = p ? tree.depth[p] + 1 : 0;
    tree.search[i] = tree.search[p];
    tree.clause[i] = tree.clause[p];
    if (!p) {
      const [depth, search, clause] = packed.roots[tree.roots.length];
      tree.depth[i] = depth; tree.search[i] = search; tree.clause[i] = clause;
      tree.roots.push(i);
    }
    tree.layer[i] = tree.index[i] = -1;
  }
  packed.input.forEach(([i, input, at]) => { tree.index[i] = input; tree.at[i] = at; });
  packed.neuron.forEach(([i, layer, neuron, at]) => { tree.layer[i] = layer; tree.index[i] = neuron; tree.at[i] = at; });
  packed.kept.forEach(([i, percent]) => { tree.kept[i] = percent; });
  packed.below.forEach(([i, splits, refuted, clipped, given, deepest]) =>
    tree.below.set(i, { splits, refuted, clipped, given, deepest }));
  // Children come after their parents. A node's typical end is that of its heavier child.
  for (let i = n; i > 0; --i) {
    const [l, u] = [tree.lower[i], tree.upper[i]];
    tree.typical[i] = l || u ? tree.typical[tree.weight[l] * (l ? 1 : 0) >= tree.weight[u] * (u ? 1 : 0) ? l : u] : i;
    tree.weight[i] += 1 + (tree.below.has(i) ? 2 * tree.below.get(i).splits + 2 : 0);
    tree.weight[tree.parent[i]] += tree.weight[i];
    if (tree.parent[i]) tree.last[tree.parent[i]] = Math.max(tree.last[tree.parent[i]], tree.last[i]);
  }
  return tree;
}

const boundText = (value) => (Number.isFinite(value) ? String(+value.toPrecision(4)) : "not known");

function splitText(tree, i) {
  if (tree.layer[i] >= 0)
    return `neuron ${tree.index[i]} of layer ${tree.layer[i]}` + (tree.at[i] ? ` at ${+tree.at[i].toPrecision(5)}` : "");
  if (tree.index[i] >= 0) return `input ${tree.index[i]} at ${+tree.at[i].toPrecision(6)}`;
  return tree.end[i] === "s" ? "values of integers or steps" : "";
}

function nodeText(tree, i) {
  const below = tree.below.get(i), parts = [`node ${i}`, `depth ${tree.depth[i]}`, kEndText[tree.end[i]]];
  if (tree.end[i] === "s") parts[2] = "split at " + splitText(tree, i);
  parts.push(`bound ${boundText(tree.bound[i])}`, `${secondsText(tree.begin[i])} to ${secondsText(tree.last[i])} s`, `thread ${tree.thread[i]}`);
  if (tree.kept[i] < 100) parts.push(`clipping left ${tree.kept[i]} % of it`);
  if (below) parts.push(`below it, counted only: ${below.splits} more splits, ${below.refuted} refuted, ${below.clipped} clipped away` +
                        (below.given ? `, ${below.given} given up` : "") + `, down to depth ${below.deepest}`);
  else if (tree.weight[i] > 1) parts.push(`${tree.weight[i]} subproblems`);
  return parts.join("; ");
}

const scaleColor = (part) => {
  const stops = [rgbOf("e0"), rgbOf("e4"), rgbOf("e2"), rgbOf("e1")], x = Math.max(0, Math.min(0.9999, part)) * 3;
  return `rgb(${blend(stops[Math.floor(x)], stops[Math.floor(x) + 1], x % 1)})`;
};

// A canvas as wide as its box, with sharp pixels.
function sizedContext(id, height) {
  const canvas = document.getElementById(id), width = Math.max(120, canvas.parentElement.clientWidth - 2);
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = height + "px";
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = shade("paper");
  context.fillRect(0, 0, width, height);
  return { canvas, context, width, height };
}

function legendOf(id, entries) {
  document.getElementById(id).replaceChildren(...entries.map(([color, text]) => {
    const span = document.createElement("span"), box = document.createElement("i");
    box.style.background = color;
    span.append(box, text);
    return span;
  }));
}

// How nodes are coloured, and what says so.
function coloring(tree, mode, root) {
  if (mode === "bound") {
    let least = 0;
    for (let i = root; i <= tree.count; ++i) if (tree.bound[i] < least) least = tree.bound[i];
    legendOf("tree-legend", [[scaleColor(0), `worst bound ${boundText(least)}`], [scaleColor(0.5), boundText(least / 4)],
                             [scaleColor(1), "0: refuted"], [shade("below"), "not known"]]);
    return (i) => (Number.isNaN(tree.bound[i]) ? shade("below") : scaleColor(1 - Math.sqrt(Math.max(0, Math.min(1, tree.bound[i] / least)) || 0)));
  }
  if (mode === "time") {
    const first = tree.begin[root], span = Math.max(1e-9, tree.last[root] - first);
    legendOf("tree-legend", [0, 0.5, 1].map((p) => [scaleColor(p), secondsText(first + p * span) + " s"]));
    return (i) => scaleColor((tree.begin[i] - first) / span);
  }
  if (mode === "thread") {
    const threads = [...new Set(tree.thread.slice(1))].sort((a, b) => a - b);
    legendOf("tree-legend", threads.slice(0, 12).map((t) => [colorOf(t), `thread ${t}`]));
    return (i) => colorOf(tree.thread[i]);
  }
  const colors = Object.fromEntries(Object.entries(kEndColor).map(([end, name]) => [end, shade(name)])), below = shade("below");
  legendOf("tree-legend", [...["s", "r", "c", "o", "g"].filter((end) => tree.end.includes(end)).map((end) => [colors[end], kEndText[end]]),
                           ...(tree.below.size ? [[below, "counted only, below"]] : [])]);
  return (i) => (tree.below.has(i) ? below : colors[tree.end[i]]);
}

// Narrower than so many pixels a part is not taken apart: it gets the colour of what most of it ends in.
const kNarrow = 0.7;

// The tree under `root` as nested strips: width is the number of subproblems, down is depth or time. Returns what stands
// where, for the pointer.
function drawTree(tree, root, down, mode) {
  let deepest = tree.depth[root];
  const depthOf = (i) => tree.depth[i] - tree.depth[root];
  const stack = [[root, 0, 1]], strips = [];
  const width = Math.max(120, document.getElementById("tree-box").clientWidth - 2);
  while (stack.length) {
    const [i, left, part] = stack.pop();
    const children = [tree.lower[i], tree.upper[i]].filter(Boolean), isNarrow = part * width < kNarrow;
    strips.push([i, left, part, children.length > 0 && isNarrow]);
    deepest = Math.max(deepest, tree.depth[i]);
    if (isNarrow) continue;
    const total = children.reduce((sum, child) => sum + tree.weight[child], 0);
    let at = left;
    for (const child of children) {
      const share = part * tree.weight[child] / total;
      stack.push([child, at, share]);
      at += share;
    }
  }
  const levels = deepest - tree.depth[root] + 1, axis = 46;
  const height = Math.round(Math.max(180, Math.min(Math.max(460, Math.min(620, levels * 14)), levels * 22)));
  const view = sizedContext("tree", height), usable = view.width - axis;
  const first = tree.begin[root], span = Math.max(1e-9, tree.last[root] - first);
  const row = height / levels, yOf = (t) => ((t - first) / span) * height;
  const color = coloring(tree, mode, root), paper = shade("paper"), ink = shade("ink"), placed = [];
  for (const [i, left, part, isCut] of strips) {
    const x = axis + left * usable, w = part * usable;
    const y = down === "depth" ? depthOf(i) * row : yOf(tree.begin[i]);
    const children = tree.lower[i] || tree.upper[i];
    const until = !children ? tree.last[i] : Math.min(...[tree.lower[i], tree.upper[i]].filter(Boolean).map((c) => tree.begin[c]));
    const h = Math.max(1, down === "depth" ? row : yOf(until) - y);
    view.context.fillStyle = color(isCut ? tree.typical[i] : i);
    const drawnWidth = w > 3 ? w - 0.6 : Math.max(0.5, w);
    view.context.fillRect(x, y, drawnWidth, h > 3 ? h - 0.6 : h);
    if (down === "depth" && (isCut || !children)) {  // a shadow of it to the ground: how much ends in what
      view.context.globalAlpha = 0.3;
      view.context.fillRect(x, y + h, drawnWidth, height - y - h);
      view.context.globalAlpha = 1;
    }
    if (w > 74 && h > 13 && tree.end[i] === "s") {
      view.context.fillStyle = mode === "end" && !tree.below.has(i) ? ink : paper;
      view.context.font = "11px system-ui, sans-serif";
      view.context.fillText(splitText(tree, i), x + 4, y + h / 2 + 4, w - 8);
    }
    placed.push([i, x, y, w, h]);
  }
  drawTreeAxis(view, down, { levels, row, first, span, depth: tree.depth[root], height });
  return placed;
}

function drawTreeAxis(view, down, { levels, row, first, span, depth, height }) {
  view.context.fillStyle = shade("soft");
  view.context.font = "11px system-ui, sans-serif";
  if (down === "depth") {
    const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20000, 100000].find((s) => s * row >= 16) || 100000;
    for (let d = 0; d < levels; d += step) view.context.fillText(String(d + depth), 6, Math.max(11, d * row + Math.min(row, 16) / 2 + 4));
  } else {
    for (let k = 0; k <= 4; ++k)
      view.context.fillText(secondsText(first + span * k / 4) + " s", 2, Math.min(height - 3, Math.max(11, height * k / 4 + 4)));
  }
}

// The list: children are made when they are looked at.
function outlineItem(tree, i) {
  const item = document.createElement("li"), line = document.createElement("div"), mark = document.createElement("span");
  const has = Boolean(tree.lower[i] || tree.upper[i]);
  item.setAttribute("role", "treeitem");
  if (has) item.setAttribute("aria-expanded", "false");
  line.className = "row";
  line.tabIndex = 0;
  mark.className = "mark";
  mark.textContent = has ? "\u25b8" : "";
  const tag = document.createElement("span");
  tag.className = "tag";
  tag.style.color = `var(--${tree.end[i] === "s" ? "ink" : kEndColor[tree.end[i]]})`;
  tag.textContent = tree.end[i] === "s" ? splitText(tree, i) : kEnds[tree.end[i]];
  const rest = document.createElement("span"), p = tree.parent[i];
  const side = p ? (tree.lower[p] === i ? "\u2264 " : "\u2265 ") : "";
  rest.textContent = nodeText(tree, i).split("; ").filter((_, k) => k !== 2).join(", ");
  line.append(mark, side, tag, rest);
  item.append(line);
  const toggle = () => {
    if (!has) return;
    const open = item.getAttribute("aria-expanded") === "true";
    item.setAttribute("aria-expanded", String(!open));
    mark.textContent = open ? "\u25b8" : "\u25be";
    if (open) return item.lastChild.remove();
    const list = document.createElement("ul");
    list.setAttribute("role", "group");
    list.append(...[tree.lower[i], tree.upper[i]].filter(Boolean).map((child) => outlineItem(tree, child)));
    item.append(list);
  };
  line.onclick = toggle;
  line.onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle();
  };
  return item;
}
