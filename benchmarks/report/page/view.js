// The page of one search: fills its parts from the data inside the page, and hides those that it has nothing for.
"use strict";

document.documentElement.dataset.state = "loading";
const began = performance.now();
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const tree = unpackTree(data.nodes);
const result = data.result, found = result.counterexample;
const drawn = { nodes: tree.count };
const option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });
const paragraph = (text) => Object.assign(document.createElement("p"), { className: "small", textContent: text });

// ---- course of the search
function showCourse() {
  const known = data.course.filter((p) => p[1] !== null);
  const line = (label, axis, points, color, dash) => ({ label, yAxisID: axis, data: points, borderColor: color, backgroundColor: color,
    borderDash: dash, borderWidth: 2, pointRadius: points.length > 40 ? 0 : 2, stepped: "before" });
  const share = data.course.map((p) => ({ x: p[0], y: 100 * p[2] }));
  draw("course", {
    type: "line",
    data: { datasets: [line("worst open bound", "bound", known.map((p) => ({ x: p[0], y: p[1] })), shade("e0"), []),
                       line("settled share", "share", share, shade("e1"), [5, 4])] },
    options: {
      parsing: false, interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: { x: { type: "linear", min: 0, title: { display: true, text: "seconds" } },
                bound: { position: "left", max: known.length ? undefined : 0, title: { display: true, text: "worst open bound (0: refuted)" } },
                share: { position: "right", min: 0, max: 100, title: { display: true, text: "settled share, %" }, grid: { drawOnChartArea: false } } },
      plugins: { legend: lineLegend },
    },
  });
  const progress = result.progress || {};
  $("course-note").textContent = `${(progress.subproblems || 0).toLocaleString("en")} subproblems bounded; ${progress.refuted || 0} of ` +
    `${progress.clauses || 0} clauses refuted. The bound is one of the whole query: it never falls.`;
  drawn.course = data.course.length;
}

// ---- time and statistics
function showTimes() {
  const total = (result.progress && result.progress.elapsed_s) || 0, rows = [];
  const statistics = result.statistics || {};
  let rest = total;
  for (const [name, value] of Object.entries(statistics)) {
    if (!name.endsWith("_s") || !(value > 0)) continue;
    rows.push([name.slice(0, -2).replaceAll("_", " "), value]);
  }
  const main = ["root", "attack", "search"];
  for (const [name, value] of rows) if (main.includes(name)) rest -= value;
  if (rest > 0) rows.push(["reading, lowering, all else", rest]);
  $("times").replaceChildren(...rows.map(([name, value]) => {
    const row = document.createElement("div"), bar = document.createElement("div"), fill = document.createElement("i");
    row.className = "bar";
    fill.style.width = `${Math.min(100, total > 0 ? 100 * value / total : 0)}%`;
    bar.append(fill);
    row.append(element("span", name), bar, element("b", `${secondsText(value)} s`));
    return row;
  }));
  $("times").append(paragraph(`${secondsText(total)} s in all. Attacks that run beside the search are in both.`));
  const body = document.createElement("tbody");
  for (const [name, value] of Object.entries(statistics)) {
    const row = document.createElement("tr"), head = element("th", name.replaceAll("_", " "));
    head.className = "text";
    row.append(head, element("td", name.endsWith("_s") ? `${secondsText(value)} s` : Number(value).toLocaleString("en")));
    body.append(row);
  }
  $("statistics").replaceChildren(body);
}

// ---- tree
const treeView = { root: 0, top: 0, placed: [] };
const kKind = { input: "input split", activation: "activation split", cases: "cases" };

function rootText(i) {
  const search = data.searches[tree.search[i]];
  return `clause ${tree.clause[i]}, ${kKind[search.kind] || search.kind}, ${Math.round(tree.weight[i]).toLocaleString("en")} subproblems`;
}

function at(placed, event) {
  const box = event.currentTarget.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
  for (let k = placed.length; k-- > 0;) {
    const [i, px, py, w, h] = placed[k];
    if (x >= px && x <= px + Math.max(w, 1) && y >= py && y <= py + Math.max(h, 1)) return i;
  }
  return 0;
}

function redrawTree() {
  treeView.placed = drawTree(tree, treeView.root, $("tree-down").value, $("tree-color").value);
  $("tree-up").disabled = $("tree-whole").disabled = treeView.root === treeView.top;
  drawn.treeParts = treeView.placed.length;
}

function focusTree(i) {
  if (!i) return;
  treeView.root = i;
  $("tree-at").textContent = nodeText(tree, i);
  redrawTree();
}

function showTree() {
  if (tree.roots.length === 0) return $("tree-section").remove();
  const byWeight = [...tree.roots].sort((a, b) => tree.weight[b] - tree.weight[a]);
  $("tree-root").append(...byWeight.slice(0, 500).map((i) => option(i, rootText(i))));
  $("tree-choice").hidden = tree.roots.length === 1;
  const most = tree.below.size ? "; what the sample leaves out is counted in grey parts" : "";
  $("tree-sums").textContent = `${tree.count.toLocaleString("en")} subproblems recorded${most}`;
  treeView.top = treeView.root = byWeight[0];
  $("tree-root").onchange = () => { treeView.top = +$("tree-root").value; fillOutline(); focusTree(treeView.top); };
  $("tree-down").onchange = $("tree-color").onchange = redrawTree;
  $("tree-up").onclick = () => focusTree(treeView.root === treeView.top ? treeView.top : tree.parent[treeView.root]);
  $("tree-whole").onclick = () => focusTree(treeView.top);
  $("tree").onclick = (event) => focusTree(at(treeView.placed, event));
  $("tree").onmousemove = (event) => {
    const i = at(treeView.placed, event);
    if (i) $("tree-at").textContent = nodeText(tree, i);
  };
  $("tree").onkeydown = (event) => {
    const to = { ArrowUp: treeView.root === treeView.top ? 0 : tree.parent[treeView.root], ArrowLeft: tree.lower[treeView.root],
                 ArrowDown: tree.lower[treeView.root], ArrowRight: tree.upper[treeView.root] }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    focusTree(to);
  };
  fillOutline();
  redrawTree();
}

function fillOutline() {
  $("outline").replaceChildren(outlineItem(tree, treeView.top));
}

// ---- cut
const cutView = { root: 0, box: null, point: [], placed: [] };

const boxOf = (root) => data.boxes.find((box) => box.clauses.includes(tree.clause[root]));
const varies = (box, i) => box.upper[i] > box.lower[i];

// How often each input is split, most first; then those that vary.
function splitInputs(box) {
  const count = new Map();
  for (let i = 1; i <= tree.count; ++i)
    if (tree.layer[i] < 0 && tree.index[i] >= 0) count.set(tree.index[i], (count.get(tree.index[i]) || 0) + 1);
  const inputs = [...count.keys()].filter((i) => varies(box, i)).sort((a, b) => count.get(b) - count.get(a));
  for (let i = 0; i < box.lower.length && inputs.length < 2; ++i) if (varies(box, i) && !inputs.includes(i)) inputs.push(i);
  return { inputs, count };
}

function redrawCut() {
  const axes = [+$("cut-x").value, +$("cut-y").value];
  if (axes[0] === axes[1]) return;
  cutView.placed = drawCut(tree, cutView.root, cutView.box, axes, cutView.point, found && found.input);
  drawn.cutParts = cutView.placed.length;
}

function fillOthers(inputs) {
  const axes = [+$("cut-x").value, +$("cut-y").value], others = inputs.filter((i) => !axes.includes(i)).slice(0, 12);
  $("cut-others").replaceChildren(...others.map((i) => {
    const label = document.createElement("label"), slider = document.createElement("input"), text = document.createElement("span");
    const { lower, upper } = cutView.box, say = () => { text.textContent = `input ${i}: ${+cutView.point[i].toPrecision(5)}`; };
    Object.assign(slider, { type: "range", min: 0, max: 1000, step: 1 });
    slider.value = 1000 * (cutView.point[i] - lower[i]) / (upper[i] - lower[i]);
    slider.oninput = () => { cutView.point[i] = lower[i] + (upper[i] - lower[i]) * slider.value / 1000; say(); redrawCut(); };
    say();
    label.append(text, slider);
    return label;
  }));
  $("cut-note").textContent = others.length === 0 ? "" : `A cut through the box, the other inputs fixed ${found ? "as in the counterexample" : "in their middle"}:`;
}

function useCutRoot(root) {
  cutView.root = root;
  cutView.box = boxOf(root);
  const { lower, upper } = cutView.box;
  cutView.point = lower.map((l, i) => Math.min(upper[i], Math.max(l, found ? found.input[i] : (l + upper[i]) / 2)));
  const { inputs, count } = splitInputs(cutView.box);
  const text = (i) => `input ${i}` + (count.has(i) ? ` (${count.get(i).toLocaleString("en")} splits)` : "");
  for (const [id, k] of [["cut-x", 0], ["cut-y", 1]]) {
    $(id).replaceChildren(...inputs.slice(0, 200).map((i) => option(i, text(i))));
    $(id).value = inputs[k];
    $(id).onchange = () => { fillOthers(inputs); redrawCut(); };
  }
  fillOthers(inputs);
  redrawCut();
}

function showCut() {
  // Trees of neurons alone have no cut.
  const rootOf = new Int32Array(tree.count + 1), withInputs = new Set();
  for (let i = 1; i <= tree.count; ++i) {
    rootOf[i] = tree.parent[i] ? rootOf[tree.parent[i]] : i;
    if (tree.layer[i] < 0 && tree.index[i] >= 0) withInputs.add(rootOf[i]);
  }
  const roots = [...withInputs].filter((i) => boxOf(i) && boxOf(i).lower.filter((_, k) => varies(boxOf(i), k)).length > 1).slice(0, 200);
  if (roots.length === 0) return $("cut-section").remove();
  roots.sort((a, b) => tree.weight[b] - tree.weight[a]);
  $("cut-root").append(...roots.map((i) => option(i, rootText(i))));
  $("cut-choice").hidden = roots.length === 1;
  $("cut-root").onchange = () => useCutRoot(+$("cut-root").value);
  $("cut").onmousemove = (event) => {
    const i = at(cutView.placed, event);
    $("cut-at").textContent = i ? nodeText(tree, i) : "";
  };
  useCutRoot(roots[0]);
}

// ---- images
function showImages() {
  const first = data.boxes[0], ways = layoutsOf(first ? first.lower.length : 0, data.shapes);
  if (ways.length === 0) return $("image-section").remove();
  const clause = found && result.violated ? result.violated.clause : 0;
  const box = data.boxes.find((b) => b.clauses.includes(clause)) || data.boxes[0];
  const centre = box.lower.map((l, i) => (l + box.upper[i]) / 2), half = box.lower.map((l, i) => (box.upper[i] - l) / 2);
  const all = found ? [...centre, ...found.input] : centre;
  let low = all.reduce((a, v) => Math.min(a, v), Infinity), high = all.reduce((a, v) => Math.max(a, v), -Infinity);
  if (low >= 0 && high <= 1) [low, high] = [0, 1]; else if (low >= 0 && high <= 255 && high > 1) [low, high] = [0, 255];
  const number = (v) => String(+v.toPrecision(3));
  const show = () => {
    const layout = ways[+$("image-layout").value], shown = [picture("centre of the box", layout, centre, [low, high])];
    if (found) {
      const difference = found.input.map((v, i) => v - centre[i]);
      const most = difference.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
      const scaled = most > 0 ? (high - low) / (2 * most) : 1;
      shown.push(picture("counterexample", layout, found.input, [low, high]),
                 picture(`difference, ${number(scaled)} times as strong (at most ${number(most)})`, layout, difference, [-most, most], true));
    } else {
      const most = half.reduce((a, v) => Math.max(a, v), 0);
      shown.push(picture(`how far each may change (at most ${number(most)})`, layout, half, [0, most]));
    }
    $("images").replaceChildren(...shown);
  };
  $("image-layout").append(...ways.map(([text], i) => option(i, text)));
  $("image-choice").hidden = ways.length === 1;
  $("image-layout").onchange = show;
  $("image-note").textContent = `Black is ${number(low)}, white ${number(high)}.`;
  show();
  drawn.images = $("images").children.length;
}

// ---- layers
function showLayers() {
  if (data.layers.length === 0) return $("layers-section").remove();
  const first = data.layers[0], last = data.layers[data.layers.length - 1];
  const labels = first.neurons.map((_, k) => `layer ${k}: ${first.functions[k]}`);
  const same = data.layers.length > 1 && last.neurons.length === first.neurons.length && last.neurons.every((n, k) => n === first.neurons[k]);
  $("layers-box").style.height = `${Math.min(900, 70 + 26 * labels.length * (same ? 1.4 : 1))}px`;
  const bars = (label, of, color) => ({ label, data: of.undecided, backgroundColor: color, total: of.neurons, barPercentage: 0.85, minBarLength: 1 });
  const percent = (p) => `${p.raw} of ${p.dataset.total[p.dataIndex]}`;
  draw("layers", {
    type: "bar",
    data: { labels, datasets: [bars(`by the first bounds (${secondsText(first.at_s)} s)`, first, shade("e0")),
                               ...(same ? [bars(`by the last (${secondsText(last.at_s)} s)`, last, shade("e2"))] : []),
                               { label: "neurons", data: first.neurons, backgroundColor: shade("line"), total: first.neurons, barPercentage: 0.85 }] },
    options: { indexAxis: "y", scales: { x: { title: { display: true, text: "neurons" } }, y: { grid: { display: false } } },
               plugins: { legend: { position: "top", align: "start" }, tooltip: { callbacks: { label: percent } } } },
  });
  $("layers-note").textContent = same ? "" : data.layers.length > 1 ? "Of the first box that was bounded." : "Of the root's bounds.";
}

// ---- point
function showPoint() {
  if (!found) return $("point-section").remove();
  const violated = result.violated;
  $("violated").textContent = violated ? `It satisfies clause ${violated.clause}` + (violated.line ? ` (line ${violated.line})` : "") + `: ${violated.rows.join(" and ")}` : "";
  const body = document.createElement("tbody"), most = 400;
  const rows = [...found.input.map((v, i) => [`X_${i}`, v]).slice(0, most), ...found.output.map((v, i) => [`Y_${i}`, v]).slice(0, most)];
  const columns = Math.min(6, Math.max(1, Math.floor(document.body.clientWidth / 240)));
  for (let r = 0; r < Math.ceil(rows.length / columns); ++r) {
    const tr = document.createElement("tr");
    for (const [name, v] of rows.slice(r * columns, (r + 1) * columns)) tr.append(element("th", name), element("td", String(v)));
    body.append(tr);
  }
  $("point").replaceChildren(body);
  if (found.input.length > most) $("violated").after(paragraph(`The first ${most} inputs; the trace has all ${found.input.length}.`));
}

function showAll() {
  showCourse();
  showLayers();
  if (treeView.top) redrawTree();
  if (cutView.box) redrawCut();
}

try {
  showCourse();
  showTimes();
  showTree();
  showCut();
  showImages();
  showLayers();
  showPoint();
  matchMedia("(prefers-color-scheme: dark)").onchange = showAll;
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; if (treeView.top) redrawTree(); if (cutView.box) redrawCut(); } });
  drawn.milliseconds = Math.round(performance.now() - began);
  for (const [name, value] of Object.entries(drawn)) document.documentElement.dataset[name] = value;
  document.documentElement.dataset.state = "ready";
} catch (error) {
  document.documentElement.dataset.state = "failed: " + error.message;
  throw error;
}
