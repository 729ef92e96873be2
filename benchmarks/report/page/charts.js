// Draws with Chart.js. Every function takes the page's data and what is chosen, and replaces the chart of one canvas.
"use strict";

const kColors = ["#2563b0", "#d1700f", "#2a8a57", "#8a3fb0", "#b3261e", "#57606c"];
const colorOf = (entrant) => kColors[entrant % kColors.length];
const isSolved = (cell) => cell && (cell.v === "sat" || cell.v === "unsat") && !cell.wrong;
// Below a millisecond nothing is told apart, and a logarithm needs a positive number.
const atLeastMs = (seconds) => Math.max(seconds, 1e-3);
const charts = {};

function secondsText(s) {
  if (s === null || s === undefined) return "";
  if (s >= 100) return s.toFixed(0);
  if (s >= 10) return s.toFixed(1);
  return s.toFixed(s >= 1 ? 2 : 3);
}

function draw(id, config) {
  if (charts[id]) charts[id].destroy();
  config.options = Object.assign({ animation: false, responsive: true, maintainAspectRatio: false }, config.options);
  charts[id] = new Chart(document.getElementById(id), config);
}

// Powers of ten only: the other labels of a logarithmic axis run into each other.
function timeAxis(title) {
  const tick = (value) => {
    const power = Math.log10(value);
    return Math.abs(power - Math.round(power)) < 1e-9 ? (value >= 1 ? String(value) : String(+value.toPrecision(1))) : "";
  };
  return { type: "logarithmic", title: { display: true, text: title }, ticks: { callback: tick, autoSkip: false, maxRotation: 0 },
           grid: { color: (c) => (c.tick && tick(c.tick.value) ? "#dfe3e8" : "#f3f5f7") } };
}

// A short piece of the line itself, dashes and all, in place of a box.
const lineLegend = { position: "top", align: "start", labels: { usePointStyle: true, pointStyle: "line", boxWidth: 34 } };

// One line per entrant: how many instances it settles when each may take so long.
function drawCactus(data, rows) {
  const datasets = data.entrants.map((entrant, e) => {
    const times = rows.map((row) => row.cells[e]).filter((cell) => isSolved(cell) && cell.s !== null)
      .map((cell) => atLeastMs(cell.s)).sort((a, b) => a - b);
    return { label: `${entrant.name} (${times.length})`, data: times.map((s, i) => ({ x: i + 1, y: s })),
             borderColor: colorOf(e), backgroundColor: colorOf(e), borderWidth: 2, stepped: false,
             pointRadius: times.length > 150 ? 0 : 2, borderDash: entrant.kind === "run" ? [] : [6, 4] };
  });
  draw("cactus", {
    type: "line", data: { datasets },
    options: {
      parsing: false, interaction: { mode: "nearest", intersect: false },
      scales: { x: { type: "linear", min: 0, title: { display: true, text: "instances settled" }, ticks: { precision: 0 } },
                y: timeAxis("seconds for each") },
      plugins: { legend: lineLegend,
                 tooltip: { callbacks: { label: (p) => `${p.dataset.label}: ${p.raw.x} in ${secondsText(p.raw.y)} s each` } } },
    },
  });
  return datasets.reduce((sum, set) => sum + set.data.length, 0);
}

// One point per instance that either settles; what one of them does not settle stands on the edge.
function drawScatter(data, rows, across, up, onPick) {
  const times = rows.flatMap((row) => [row.cells[across], row.cells[up]]).filter((c) => isSolved(c) && c.s !== null)
    .map((c) => atLeastMs(c.s));
  const edge = Math.pow(10, Math.ceil(Math.log10(Math.max(1, ...times)) + 0.05));
  const low = Math.pow(10, Math.floor(Math.log10(Math.min(1, ...times))));
  const groups = { unsat: [], sat: [], one: [] };
  for (const row of rows) {
    const a = row.cells[across], b = row.cells[up];
    if (!isSolved(a) && !isSolved(b)) continue;
    const point = { x: isSolved(a) ? atLeastMs(a.s) : edge, y: isSolved(b) ? atLeastMs(b.s) : edge, row };
    groups[isSolved(a) && isSolved(b) ? a.v : "one"].push(point);
  }
  const set = (label, points, color, style) => ({ type: "scatter", label: `${label} (${points.length})`, data: points,
    backgroundColor: color + "b0", borderColor: color, pointRadius: 4, pointStyle: style });
  const datasets = [set("unsat", groups.unsat, "#2563b0", "circle"), set("sat", groups.sat, "#d1700f", "triangle"),
                    set("only one settles it", groups.one, "#57606c", "crossRot"),
                    { type: "line", label: "equal", data: [{ x: low, y: low }, { x: edge, y: edge }], borderColor: "#9aa3ae",
                      borderWidth: 1, borderDash: [4, 4], pointRadius: 0, pointHitRadius: 0 }];
  const axis = (e) => Object.assign(timeAxis(`${data.entrants[e].name}, seconds (far edge: not settled)`),
                                    { min: low, max: edge });
  draw("scatter", {
    data: { datasets },
    options: {
      parsing: false, clip: false, scales: { x: axis(across), y: axis(up) },
      onClick: (event, hit) => { const at = hit.find((h) => datasets[h.datasetIndex].data[h.index].row);
                                 if (at) onPick(datasets[at.datasetIndex].data[at.index].row); },
      plugins: { legend: { position: "top", align: "start", labels: { usePointStyle: true, filter: (item) => item.text !== "equal" } },
                 tooltip: { callbacks: { label: (p) => p.raw.row ? [`${p.raw.row.suite}  ${p.raw.row.onnx}`, p.raw.row.vnnlib,
                   `${secondsText(p.raw.x)} s, ${secondsText(p.raw.y)} s`] : "" } } },
    },
  });
  return groups.unsat.length + groups.sat.length + groups.one.length;
}

// Of one instance: the worst open bound (left) and the settled share of the input set (right), per run.
function drawCurves(data, row) {
  const datasets = [];
  data.entrants.forEach((entrant, e) => {
    const cell = row && row.cells[e];
    if (!cell || !cell.curve) return;
    const line = (label, axis, index, scale, dash) => ({
      label: `${entrant.name}: ${label}`, yAxisID: axis, borderColor: colorOf(e), backgroundColor: colorOf(e), borderDash: dash,
      borderWidth: 2, pointRadius: cell.curve.length > 40 ? 0 : 2, spanGaps: false,
      data: cell.curve.map((p) => ({ x: p[0], y: p[index] === null ? NaN : p[index] * scale })) });
    datasets.push(line("worst open bound", "bound", 1, 1, []));
    datasets.push(line("settled share", "share", 2, 100, [5, 4]));
  });
  draw("curves", {
    type: "line", data: { datasets },
    options: {
      parsing: false, interaction: { mode: "nearest", axis: "x", intersect: false },
      scales: { x: { type: "linear", min: 0, title: { display: true, text: "seconds" } },
                bound: { position: "left", title: { display: true, text: "worst open bound (0: refuted)" } },
                share: { position: "right", min: 0, max: 100, title: { display: true, text: "settled share, %" },
                         grid: { drawOnChartArea: false } } },
      plugins: { legend: lineLegend },
    },
  });
  return datasets.reduce((sum, set) => sum + set.data.length, 0);
}

// How much of a canvas is drawn on, for the tests.
function paintedPixels(id) {
  const canvas = document.getElementById(id);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let i = 3; i < pixels.length; i += 4) painted += pixels[i] > 0 ? 1 : 0;
  return painted;
}
