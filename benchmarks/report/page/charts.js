// Draws with Chart.js. Every function takes the page's data and what is chosen, and replaces the chart of one canvas.
"use strict";

// Colours are the page's (page.css), so that they follow light and dark.
const kColors = 6;
const shade = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
const colorOf = (entrant) => shade("e" + (entrant % kColors));
// A verdict that counts as right: neither late, nor wrong, nor disputed.
const isSolved = (cell) => Boolean(cell && cell.counts);
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
  Chart.defaults.color = shade("soft");
  Chart.defaults.borderColor = shade("line");
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
           grid: { color: (c) => (c.tick && tick(c.tick.value) ? shade("line") : shade("grid")) } };
}

// A short piece of the line itself, dashes and all, in place of a box.
const lineLegend = { position: "top", align: "start", labels: { usePointStyle: true, pointStyle: "line", boxWidth: 34 } };

// One line per entrant: how many instances it settles when each may take so long.
function drawCactus(data, rows) {
  const datasets = data.entrants.map((entrant, e) => {
    const times = rows.map((row) => row.cells[e]).filter((cell) => isSolved(cell) && cell.s !== null)
      .map((cell) => atLeastMs(cell.s)).sort((a, b) => a - b);
    return { label: `${entrant.short} (${times.length})`, data: times.map((s, i) => ({ x: i + 1, y: s })),
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

// One point per instance that either settles; what one of them does not settle stands on the edge. A sat against an unsat
// stands where both came, in red.
function drawScatter(data, rows, across, up, onPick) {
  const opposed = (a, b) => a && b && ((a.v === "sat" && b.v === "unsat") || (a.v === "unsat" && b.v === "sat"));
  const shown = rows.map((row) => [row.cells[across], row.cells[up], row])
    .filter(([a, b]) => isSolved(a) || isSolved(b) || opposed(a, b));
  const times = shown.flatMap(([a, b]) => [a, b]).filter((c) => c && (c.v === "sat" || c.v === "unsat") && c.s !== null)
    .map((c) => atLeastMs(c.s));
  const edge = Math.pow(10, Math.ceil(Math.log10(Math.max(1, ...times)) + 0.05));
  const low = Math.pow(10, Math.floor(Math.log10(Math.min(1, ...times))));
  const groups = { unsat: [], sat: [], one: [], opposed: [] };
  for (const [a, b, row] of shown) {
    const against = opposed(a, b);
    const place = (cell) => ((isSolved(cell) || against) && cell.s !== null ? atLeastMs(cell.s) : edge);
    const group = against ? "opposed" : isSolved(a) && isSolved(b) ? a.v : "one";
    groups[group].push({ x: place(a), y: place(b), row });
  }
  const set = (label, points, color, style) => ({ type: "scatter", label: `${label} (${points.length})`, data: points,
    backgroundColor: color + "b0", borderColor: color, pointRadius: 4, pointStyle: style });
  const datasets = [set("unsat", groups.unsat, shade("e0"), "circle"), set("sat", groups.sat, shade("e1"), "triangle"),
                    set("only one settles it", groups.one, shade("e5"), "crossRot"),
                    ...(groups.opposed.length ? [set("DISAGREE", groups.opposed, shade("bad"), "rectRot")] : []),
                    { type: "line", label: "equal", data: [{ x: low, y: low }, { x: edge, y: edge }], borderColor: shade("edge"),
                      borderWidth: 1, borderDash: [4, 4], pointRadius: 0, pointHitRadius: 0 }];
  const axis = (e) => Object.assign(timeAxis(`${data.entrants[e].short}, seconds (far edge: not settled)`),
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
  return shown.length;
}

// Of one instance: the worst open bound (left) and the settled share of the input set (right), per run.
function drawCurves(data, row) {
  const datasets = [];
  data.entrants.forEach((entrant, e) => {
    const cell = row && row.cells[e];
    if (!cell || !cell.curve) return;
    const line = (label, axis, index, scale, dash) => ({
      label: `${entrant.short}: ${label}`, yAxisID: axis, borderColor: colorOf(e), backgroundColor: colorOf(e), borderDash: dash,
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

// The address of a picture of a chart, on the page's paper: canvases themselves are transparent.
function pictureOf(id) {
  const drawing = document.getElementById(id), canvas = document.createElement("canvas");
  canvas.width = drawing.width;
  canvas.height = drawing.height;
  const context = canvas.getContext("2d");
  context.fillStyle = shade("paper");
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(drawing, 0, 0);
  return canvas.toDataURL("image/png");
}

// How much of a canvas is drawn on, for the tests.
function paintedPixels(id) {
  const canvas = document.getElementById(id);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let i = 3; i < pixels.length; i += 4) painted += pixels[i] > 0 ? 1 : 0;
  return painted;
}
