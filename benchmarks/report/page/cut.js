// The plane of two inputs, cut through the trees at fixed values of the others: which part of the search each point of it
// is in.
"use strict";

// The parts of `root`'s tree that the plane meets: [node, x from, x to, y from, y to].
function cutRegions(tree, root, box, axes, point) {
  const [a, b] = axes, regions = [];
  const stack = [[root, box.lower[a], box.upper[a], box.lower[b], box.upper[b]]];
  while (stack.length) {
    const [i, x0, x1, y0, y1] = stack.pop(), lower = tree.lower[i], upper = tree.upper[i];
    if (!lower && !upper) {
      regions.push([i, x0, x1, y0, y1]);
      continue;
    }
    const at = tree.at[i], input = tree.layer[i] >= 0 ? -1 : tree.index[i];
    if (input === a) {
      if (lower) stack.push([lower, x0, Math.min(x1, at), y0, y1]);
      if (upper) stack.push([upper, Math.max(x0, at), x1, y0, y1]);
    } else if (input === b) {
      if (lower) stack.push([lower, x0, x1, y0, Math.min(y1, at)]);
      if (upper) stack.push([upper, x0, x1, Math.max(y0, at), y1]);
    } else if (input >= 0) {
      const next = point[input] <= at ? lower : upper;
      stack.push([next || i, x0, x1, y0, y1]);
      if (!next) { stack.pop(); regions.push([i, x0, x1, y0, y1]); }
    } else {
      for (const child of [lower, upper]) if (child) stack.push([child, x0, x1, y0, y1]);
    }
  }
  return regions;
}

// What is open is drawn last, so that it is seen where neurons' splits put regions on each other.
const kOrder = { s: 0, c: 1, r: 2, o: 3, g: 4 };

function drawCut(tree, root, box, axes, point, counterexample) {
  const [a, b] = axes, margin = { left: 62, bottom: 40, top: 8, right: 10 };
  const side = Math.max(220, Math.min(560, document.getElementById("cut-box").clientWidth - 2));
  const view = sizedContext("cut", side), context = view.context;
  const w = view.width - margin.left - margin.right, h = side - margin.top - margin.bottom;
  const px = (x) => margin.left + w * (x - box.lower[a]) / (box.upper[a] - box.lower[a]);
  const py = (y) => margin.top + h * (1 - (y - box.lower[b]) / (box.upper[b] - box.lower[b]));
  const regions = cutRegions(tree, root, box, axes, point);
  const kindOf = (i) => (tree.below.has(i) ? "s" : tree.end[i]);
  regions.sort((p, q) => kOrder[kindOf(p[0])] - kOrder[kindOf(q[0])]);
  // Asking for a colour costs more than drawing with it.
  const colors = Object.fromEntries(Object.entries(kEndColor).map(([end, name]) => [end, shade(end === "s" ? "below" : name)]));
  const seen = new Set(), placed = [];
  context.strokeStyle = shade("paper");
  context.lineWidth = 0.6;
  for (const [i, x0, x1, y0, y1] of regions) {
    const kind = kindOf(i), left = px(x0), right = px(x1), top = py(y1), bottom = py(y0);
    seen.add(kind);
    context.fillStyle = colors[kind];
    context.fillRect(left, top, Math.max(0.5, right - left), Math.max(0.5, bottom - top));
    if (right - left > 3 && bottom - top > 3) context.strokeRect(left, top, right - left, bottom - top);
    placed.push([i, left, top, right - left, bottom - top]);
  }
  drawCutAxes(context, { box, a, b, px, py, side, margin, w, h });
  if (counterexample) drawCross(context, px(counterexample[a]), py(counterexample[b]));
  const names = { r: "settled: refuted by a bound", c: "settled: clipped away", o: "open", g: "open: cannot be split", s: "counted only" };
  legendOf("cut-legend", [...["r", "c", "o", "g", "s"].filter((k) => seen.has(k)).map((k) => [colors[k], names[k]]),
                            ...(counterexample ? [[shade("bad"), "counterexample"]] : [])]);
  return placed;
}

function drawCutAxes(context, { box, a, b, px, py, side, margin, w, h }) {
  const number = (v) => String(+v.toPrecision(3));
  context.strokeStyle = shade("edge");
  context.lineWidth = 1;
  context.strokeRect(margin.left, margin.top, w, h);
  context.fillStyle = shade("soft");
  context.font = "11.5px system-ui, sans-serif";
  for (let k = 0; k <= 4; ++k) {
    const x = box.lower[a] + (box.upper[a] - box.lower[a]) * k / 4, y = box.lower[b] + (box.upper[b] - box.lower[b]) * k / 4;
    context.textAlign = k === 4 ? "right" : k === 0 ? "left" : "center";
    context.fillText(number(x), px(x), side - margin.bottom + 15);
    context.textAlign = "right";
    context.fillText(number(y), margin.left - 6, Math.max(margin.top + 9, py(y) + 4));
  }
  context.textAlign = "center";
  context.fillText(`input ${a}`, margin.left + w / 2, side - 6);
  context.save();
  context.translate(12, margin.top + h / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(`input ${b}`, 0, 0);
  context.restore();
  context.textAlign = "left";
}

function drawCross(context, x, y) {
  for (const [color, width] of [[shade("paper"), 6], [shade("bad"), 3]]) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [[7, 7], [7, -7]]) {
      context.moveTo(x - dx, y - dy);
      context.lineTo(x + dx, y + dy);
    }
    context.stroke();
  }
}
