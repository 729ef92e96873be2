// The page: what is chosen lives in the address (#suite=..&find=..&sort=..&row=..), so that a view can be linked to.
"use strict";

const kMaxRows = 3000;  // a browser draws so many without being slow
const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const chosen = { suite: "", find: "", sort: "", row: -1, across: 0, up: Math.min(1, data.entrants.length - 1) };
const drawn = {};

function element(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick") node.onclick = value;
    else if (value !== undefined && value !== "") node.setAttribute(name, value);
  }
  node.append(...children.map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

const shortName = (path) => (path.startsWith("[") ? path : path.split("/").pop().replace(/\.(onnx|vnnlib)(\.gz)?$/, ""));
const number = (value, digits) => element("td", { class: value ? "" : "zero" }, digits === undefined ? value : value.toFixed(digits));

function describeEntrant(entrant, e) {
  const box = element("div", { class: "entrant", style: `--color: ${colorOf(e)}` }, element("b", {}, entrant.name));
  const say = (text) => box.append(element("div", {}, text));
  const total = data.total.entrants[e];
  say(`settled ${total.solved} of ${data.total.instances}: ${total.unsat} unsat, ${total.sat} sat` +
      (total.wrong ? `; ${total.wrong} WRONG` : ""));
  if (entrant.kind !== "run") { say("reference results, as published or given"); return box; }
  const s = entrant.settings;
  const limit = s.timeout_s > 0 ? `${s.timeout_s} s for each instance` :
    s.timeout_scale === 1 ? "the suites' own time limits" : `the suites' time limits times ${s.timeout_scale}`;
  const options = Object.entries(s.options).map(([flag, value]) => `--${flag} ${value}`).join(" ");
  say(`clipbound ${entrant.clipbound}, ${entrant.machine}`);
  say(`${limit}, ${s.threads > 0 ? s.threads : "cores / jobs"} thread${s.threads === 1 ? "" : "s"}, ${entrant.jobs} at a time${options ? ", " + options : ""}`);
  if (entrant.done < entrant.planned) say(`unfinished: ${entrant.done} of ${entrant.planned} instances`);
  say(entrant.checked > 0 ? `${entrant.checked} counterexamples replayed` : "counterexamples not replayed (clipbound suite check)");
  return box;
}

// Of three entrants and more, what is open follows from the rest; else the table would be wider than a screen.
const kSums = [["settled", (s) => number(s.solved)], ["unsat", (s) => number(s.unsat)], ["sat", (s) => number(s.sat)],
  ["open", (s) => number(s.timeout + s.unknown + s.memory)], ["error", (s) => number(s.errors)],
  ["seconds", (s) => number(s.seconds, 1)], ["PAR-2", (s) => (s.par2_s === null ? element("td", {}) : number(s.par2_s, 2))],
  ["score", (s) => number(s.percent, 0)]].filter(([name]) => name !== "open" || data.entrants.length < 3);

function boardRow(suite, total) {
  const row = element("tr", { class: total ? "total" : "" },
    element("td", { class: "text" }, total ? `all ${data.suites.length}` : suite.name), element("td", {}, suite.instances));
  suite.entrants.forEach((sums) => kSums.forEach(([, cell], i) => {
    const td = cell(sums);
    if (i === 0) {
      td.classList.add("first");
      if (sums.wrong) td.append(element("span", { class: "wrong" }, ` ${sums.wrong} WRONG`));
    }
    row.append(td);
  }));
  return row;
}

function fillBoard() {
  const groups = element("tr", {}, element("th", { class: "text", rowspan: 2 }, "benchmark"), element("th", { rowspan: 2 }, "n"));
  const heads = element("tr", {});
  data.entrants.forEach((entrant, e) => {
    groups.append(element("th", { class: "group", colspan: kSums.length, style: `--color: ${colorOf(e)}` }, entrant.name));
    kSums.forEach(([name], i) => heads.append(element("th", { class: i === 0 ? "first" : "" }, name)));
  });
  const body = element("tbody", {}, ...data.suites.map((suite) => boardRow(suite, false)));
  if (data.suites.length > 1) body.append(boardRow(data.total, true));
  $("board").replaceChildren(element("thead", {}, groups, heads), body);
}

// The columns of the instances' table: heading, what it sorts by, cell.
const columns = [
  { id: "suite", name: "benchmark", text: true, key: (r) => r.suite, cell: (r) => element("td", { class: "name", title: r.suite }, r.suite) },
  { id: "onnx", name: "network", text: true, key: (r) => r.onnx, cell: (r) => element("td", { class: "name", title: r.onnx }, shortName(r.onnx)) },
  { id: "vnnlib", name: "property", text: true, key: (r) => r.vnnlib,
    cell: (r) => element("td", { class: "name", title: r.vnnlib }, shortName(r.vnnlib) + (r.repeat > 1 ? ` (no. ${r.repeat})` : "")) },
  { id: "limit", name: "limit", key: (r) => r.limit, cell: (r) => element("td", {}, secondsText(r.limit)) },
  { id: "truth", name: "known", text: true, key: (r) => r.truth, cell: (r) => element("td", { class: "text" }, r.truth) },
];
// Verdicts and times side by side first, what else is known of our runs behind them.
const cellOf = (row, e) => row.cells[e] || {};
data.entrants.forEach((entrant, e) => {
  columns.push({ id: `verdict${e}`, name: entrant.name, text: true, first: true, key: (r) => cellOf(r, e).v || "", cell: (r) => {
    const { v = "", wrong } = cellOf(r, e);
    return element("td", { class: `text first ${wrong ? "wrong" : v}` }, v + (wrong ? " WRONG" : ""));
  } });
  columns.push({ id: `seconds${e}`, name: "seconds", key: (r) => cellOf(r, e).s ?? Infinity,
    cell: (r) => element("td", {}, secondsText(cellOf(r, e).s)) });
});
data.entrants.forEach((entrant, e) => {
  if (entrant.kind !== "run") return;
  const whose = data.entrants.filter((other) => other.kind === "run").length > 1 ? ` (${entrant.name})` : "";
  columns.push({ id: `n${e}`, name: "subproblems" + whose, first: true, key: (r) => cellOf(r, e).n ?? -1,
    cell: (r) => element("td", { class: "first" }, cellOf(r, e).n ?? "") });
  columns.push({ id: `why${e}`, name: "reason" + whose, text: true, key: (r) => cellOf(r, e).why || "",
    cell: (r) => element("td", { class: "why", title: cellOf(r, e).why }, cellOf(r, e).why || "") });
});

const rowsOfSuite = () => data.instances.filter((row) => !chosen.suite || row.suite === chosen.suite);

function matches(row, words) {
  const text = [row.suite, row.onnx, row.vnnlib, row.truth,
                ...row.cells.flatMap((c) => (c ? [c.v, c.why || "", c.wrong ? "wrong" : ""] : []))].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function sorted(rows) {
  const down = chosen.sort.startsWith("-");
  const column = columns.find((c) => c.id === chosen.sort.replace("-", ""));
  if (!column) return rows;
  const sign = down ? -1 : 1;
  return rows.slice().sort((a, b) => {
    const x = column.key(a), y = column.key(b);
    return x === y ? 0 : sign * (column.text ? x.localeCompare(y, "en", { numeric: true }) : x - y);
  });
}

function fillInstances() {
  const heads = columns.map((column) => element("th", {
    class: `sort ${column.text ? "text" : ""} ${column.first ? "first" : ""} ` +
           (chosen.sort === column.id ? "up" : chosen.sort === "-" + column.id ? "down" : ""),
    "data-column": column.id,
    onclick: () => choose({ sort: chosen.sort === column.id ? "-" + column.id : column.id }) }, column.name));
  const rows = sorted(rowsOfSuite().filter((row) => matches(row, chosen.find.toLowerCase().split(/\s+/).filter(Boolean))));
  const body = element("tbody", {}, ...rows.slice(0, kMaxRows).map((row) => element("tr", {
    class: data.instances[chosen.row] === row ? "chosen" : "", "data-row": data.instances.indexOf(row),
    onclick: () => choose({ row: data.instances.indexOf(row) }) }, ...columns.map((column) => column.cell(row)))));
  $("instances").replaceChildren(element("thead", {}, element("tr", {}, ...heads)), body);
  $("shown").textContent = rows.length > kMaxRows ? `${kMaxRows} of ${rows.length} shown.` : `${rows.length} shown.`;
  drawn.rows = Math.min(rows.length, kMaxRows);
}

function showCurves() {
  const row = data.instances[chosen.row];
  drawn.curves = drawCurves(data, row);
  $("curve-title").textContent = !row ? "No instance of these took long enough to have a curve." :
    `${row.suite}: ${shortName(row.onnx)}, ${shortName(row.vnnlib)}` + (drawn.curves > 0 ? "" : " (it was over before there was a curve)");
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

function show() {
  const rows = rowsOfSuite();
  $("suite").value = chosen.suite;
  if ($("find").value !== chosen.find) $("find").value = chosen.find;
  $("across").value = chosen.across;
  $("up").value = chosen.up;
  $("note").textContent = `${rows.length} instances in the charts and in the list below`;
  drawn.cactus = drawCactus(data, rows);
  drawn.scatter = drawScatter(data, rows, +chosen.across, +chosen.up, (row) => choose({ row: data.instances.indexOf(row) }));
  showCurves();
  fillInstances();
}

function choose(what) {
  Object.assign(chosen, what);
  if ("suite" in what && !("row" in what)) chosen.row = firstRow();
  const parts = Object.entries(chosen).filter(([, value]) => value !== "" && value !== -1);
  history.replaceState(null, "", "#" + parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&"));
  show();
}

function takeAddress() {
  for (const part of location.hash.slice(1).split("&").filter(Boolean)) {
    const [name, value] = part.split("=");
    if (name in chosen) chosen[name] = typeof chosen[name] === "number" ? +decodeURIComponent(value) : decodeURIComponent(value);
  }
  for (const name of ["across", "up"]) if (!data.entrants[chosen[name]]) chosen[name] = 0;
  if (!data.suites.some((suite) => suite.name === chosen.suite)) chosen.suite = "";
  if (!data.instances[chosen.row]) chosen.row = firstRow();
}

function start() {
  $("made").textContent = `${data.total.instances} instances of ${data.suites.length} benchmark${data.suites.length === 1 ? "" : "s"}; ` +
    `clipbound ${data.clipbound}, ${data.made}`;
  $("entrants").replaceChildren(...data.entrants.map(describeEntrant));
  $("rule").textContent = "PAR-2: mean seconds, twice the limit for what is not settled. " + data.rule;
  const option = (value, text) => element("option", { value: String(value) || undefined }, text);
  $("suite").append(Object.assign(option("", "all"), { value: "" }), ...data.suites.map((suite) => option(suite.name, suite.name)));
  for (const id of ["across", "up"]) data.entrants.forEach((entrant, e) => $(id).append(option(e, entrant.name)));
  $("suite").onchange = () => choose({ suite: $("suite").value });
  $("across").onchange = () => choose({ across: +$("across").value });
  $("up").onchange = () => choose({ up: +$("up").value });
  $("find").oninput = () => choose({ find: $("find").value });
  document.querySelectorAll(".png").forEach((link) => { link.onclick = () => {
    element("a", { href: charts[link.dataset.chart].toBase64Image(), download: link.dataset.chart + ".png" }).click(); }; });
  fillBoard();
  takeAddress();
  show();
}

try {
  start();
  for (const id of ["cactus", "scatter", "curves"]) drawn[id + "Pixels"] = paintedPixels(id);
  for (const [name, value] of Object.entries(drawn)) document.documentElement.dataset[name] = value;
  document.documentElement.dataset.state = "ready";
} catch (error) {
  document.documentElement.dataset.state = "failed: " + error.message;
  throw error;
}
