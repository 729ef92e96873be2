// The page: what is chosen lives in the address (#suite=..&find=..&sort=..&row=..), so that a view can be linked to.
// The tables are there already; scripts sort and hide their rows, and draw the charts.
"use strict";

document.documentElement.dataset.state = "loading";
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const chosen = { suite: "", find: "", sort: "", row: -1, across: 0, up: Math.min(1, data.entrants.length - 1) };
const drawn = {};
const tableBody = $("instances").tBodies[0];
const tableRows = [...tableBody.rows];  // in the report's order: disagreements first
const tableRowOf = new Map(tableRows.map((tr) => [+tr.dataset.row, tr]));
let sortedBy = "";
let active = tableRows[0];  // the row that the keyboard is on: the only one that Tab stops at

const rowsOfSuite = () => data.instances.filter((row) => !chosen.suite || row.suite === chosen.suite);
const visibleRows = () => [...tableBody.rows].filter((tr) => !tr.hidden);

// What a column sorts by: "seconds1" are the seconds of the second entrant.
function sortKey(column) {
  const [, name, entrant] = /^([a-z]*)(\d*)$/.exec(column) || [];
  const cell = (row) => row.cells[entrant] || {};
  return { suite: (r) => r.suite, onnx: (r) => r.onnx, vnnlib: (r) => r.vnnlib, limit: (r) => r.limit, truth: (r) => r.truth,
           verdict: (r) => cell(r).v || "", seconds: (r) => cell(r).s ?? Infinity, n: (r) => cell(r).n ?? -1,
           why: (r) => cell(r).why || "" }[name];
}

function sorted(rows) {
  const key = sortKey(chosen.sort.replace("-", ""));
  if (!key) return rows;
  const sign = chosen.sort.startsWith("-") ? -1 : 1;
  const keyed = rows.map((tr) => [key(data.instances[+tr.dataset.row]), tr]);
  keyed.sort(([x], [y]) => (x === y ? 0 : sign * (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y)));
  return keyed.map(([, tr]) => tr);
}

function sortRows() {
  if (chosen.sort === sortedBy) return;
  const fragment = document.createDocumentFragment();
  // Beginning with the report's order: equal rows are in it, disagreements first.
  for (const tr of sorted(tableRows)) fragment.append(tr);
  tableBody.append(fragment);
  for (const head of document.querySelectorAll("th[data-column]")) {
    const id = head.dataset.column;
    head.setAttribute("aria-sort", chosen.sort === id ? "ascending" : chosen.sort === "-" + id ? "descending" : "none");
  }
  sortedBy = chosen.sort;
}

function activate(tr) {
  if (active) active.tabIndex = -1;
  active = tr;
  if (active) active.tabIndex = 0;
}

function fillInstances() {
  sortRows();
  const fits = finder(chosen.find);
  let shown = 0;
  for (const tr of tableRows) {
    const number = +tr.dataset.row, row = data.instances[number];
    tr.hidden = !((!chosen.suite || row.suite === chosen.suite) && fits(row));
    shown += tr.hidden ? 0 : 1;
    tr.classList.toggle("chosen", number === chosen.row);
    if (number === chosen.row) tr.setAttribute("aria-current", "true"); else tr.removeAttribute("aria-current");
  }
  if (!active || active.hidden) activate(visibleRows()[0]);
  $("shown").textContent = `${shown} of ${data.instances.length} shown.`;
  drawn.rows = shown;
}

function showCurves() {
  const row = data.instances[chosen.row];
  drawn.curves = drawCurves(data, row);
  $("curve-title").textContent = !row ? "No instance of these took long enough to have a curve." :
    `${row.suite}: ${row.onnx}, ${row.vnnlib}` + (drawn.curves > 0 ? "" : " (it was over before there was a curve)");
  drawn.details = showDetails(data, row);
}

// The longest curve first: it is what people want to see.
function firstRow() {
  let best = -1, length = 1;
  data.instances.forEach((row, i) => {
    if (chosen.suite && row.suite !== chosen.suite) return;
    const points = Math.max(0, ...row.cells.map((c) => {
      const known = ((c && c.curve) || []).filter((p) => p[1] !== null);
      return new Set(known.map((p) => p[1])).size;
    }));
    if (points > length) { best = i; length = points; }
  });
  return best;
}

function showCharts() {
  const rows = rowsOfSuite();
  $("note").textContent = `${rows.length} instances in the charts and in the list below`;
  drawn.cactus = drawCactus(data, rows);
  drawn.scatter = drawScatter(data, rows, +chosen.across, +chosen.up, (row) => choose({ row: data.instances.indexOf(row) }));
}

// Draws what depends on `what`: typing into the search draws no chart.
function show(what) {
  for (const id of ["suite", "find", "across", "up"]) if ($(id).value !== String(chosen[id])) $(id).value = chosen[id];
  fillInstances();
  if (!what || "suite" in what || "across" in what || "up" in what) showCharts();
  if (!what || "row" in what || "suite" in what) showCurves();
}

function choose(what) {
  Object.assign(chosen, what);
  if ("suite" in what && !("row" in what)) chosen.row = firstRow();
  const parts = Object.entries(chosen).filter(([, value]) => value !== "" && value !== -1);
  history.replaceState(null, "", "#" + parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
  show(what);
}

function takeAddress() {
  for (const part of location.hash.slice(1).split("&").filter(Boolean)) {
    const [name, value = ""] = part.split("=");
    if (name in chosen) chosen[name] = typeof chosen[name] === "number" ? +decodeURIComponent(value) : decodeURIComponent(value);
  }
  for (const name of ["across", "up"]) if (!data.entrants[chosen[name]]) chosen[name] = 0;
  if (!data.suites.some((suite) => suite.name === chosen.suite)) chosen.suite = "";
  if (!data.instances[chosen.row]) chosen.row = firstRow();
}

// To one instance, whatever is sought at the moment.
function goTo(number) {
  choose({ suite: "", find: "", row: number });
  activate(tableRowOf.get(number));
  active.focus();
  active.scrollIntoView({ block: "center" });
}

// What a key does to the row that the keyboard is on: where it goes among the visible ones.
const kSteps = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

function rowKey(event) {
  if (event.key === "Enter" || event.key === " ") {
    choose({ row: +active.dataset.row });
  } else if (event.key in kSteps) {
    const rows = visibleRows(), at = rows.indexOf(active) + kSteps[event.key];
    activate(rows[Math.max(0, Math.min(rows.length - 1, at))]);
    active.focus();
    active.scrollIntoView({ block: "nearest" });
  } else {
    return false;
  }
  return true;
}

const kShortcuts = {
  "/": () => { $("find").focus(); $("find").select(); },
  "?": () => { $("keys").open = !$("keys").open; $("keys").querySelector("summary").focus(); },
  b: () => $("suite").focus(),
  d: () => { $("disagreements").tabIndex = -1; $("disagreements").focus(); },
  i: () => active && active.focus(),
  j: () => active && active.focus(),
  k: () => active && active.focus(),
};

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const field = event.target instanceof Element && event.target.closest("input, select, textarea");
  if (field) {
    if (event.key !== "Escape" || field !== $("find")) return;
    if (field.value) choose({ find: "" }); else if (active) active.focus();
  } else if (!(active && event.target === active && rowKey(event))) {
    if (!Object.hasOwn(kShortcuts, event.key)) return;
    kShortcuts[event.key]();
  }
  event.preventDefault();
}

// Headings become buttons, rows something that keys and clicks choose.
function enliven() {
  for (const head of document.querySelectorAll("th[data-column]")) {
    const id = head.dataset.column, button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.onclick = () => choose({ sort: chosen.sort === id ? "-" + id : id });
    head.replaceChildren(button);
    head.setAttribute("aria-sort", "none");
  }
  for (const tr of tableRows) tr.tabIndex = -1;
  activate(active);
  tableBody.onclick = (event) => {
    const tr = event.target.closest("tr");
    if (!tr) return;
    activate(tr);
    choose({ row: +tr.dataset.row });
  };
  for (const link of document.querySelectorAll("a[data-goto]")) {
    link.onclick = (event) => { event.preventDefault(); goTo(+link.dataset.goto); };
  }
  document.addEventListener("keydown", pressed);
}

function fillControls() {
  const option = (value, text, title) => Object.assign(document.createElement("option"), { value, textContent: text, title });
  $("suite").append(option("", "all", ""), ...data.suites.map((suite) => option(suite.name, suite.name, suite.name)));
  for (const id of ["across", "up"]) data.entrants.forEach((entrant, e) => $(id).append(option(e, entrant.short, entrant.name)));
  $("suite").onchange = () => choose({ suite: $("suite").value });
  $("across").onchange = () => choose({ across: +$("across").value });
  $("up").onchange = () => choose({ up: +$("up").value });
  $("find").oninput = () => choose({ find: $("find").value });
  document.querySelectorAll(".png").forEach((button) => { button.onclick = () => {
    Object.assign(document.createElement("a"), { href: pictureOf(button.dataset.chart), download: button.dataset.chart + ".png" }).click(); }; });
  matchMedia("(prefers-color-scheme: dark)").onchange = () => show();
}

try {
  enliven();
  fillControls();
  takeAddress();
  show();
  for (const id of ["cactus", "scatter", "curves"]) drawn[id + "Pixels"] = paintedPixels(id);
  for (const [name, value] of Object.entries(drawn)) document.documentElement.dataset[name] = value;
  document.documentElement.dataset.state = "ready";
} catch (error) {
  document.documentElement.dataset.state = "failed: " + error.message;
  throw error;
}
