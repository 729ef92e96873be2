// What is known of one instance, run by run: command, messages, statistics, counterexample, the page of its search.
"use strict";

function statisticsTable(statistics) {
  const details = document.createElement("details"), table = document.createElement("table"), body = document.createElement("tbody");
  for (const [name, value] of Object.entries(statistics)) {
    const row = document.createElement("tr"), head = element("th", name.replaceAll("_", " "));
    head.className = "text";
    row.append(head, element("td", name.endsWith("_s") ? `${secondsText(value)} s` : value.toLocaleString("en")));
    body.append(row);
  }
  table.append(body);
  details.append(element("summary", "Statistics"), table);
  return details;
}

function pointParts(cell) {
  const parts = [], violated = cell.violated;
  const clause = violated ? ` It satisfies clause ${violated.clause}` + (violated.line ? ` (line ${violated.line})` : "") + `: ${violated.rows.join(" and ")}` : "";
  parts.push(element("p", `Counterexample in ${cell.file}.${clause}`));
  if (!cell.point) return parts;
  const ways = layoutsOf(cell.point.length, []);
  if (ways.length > 0) {
    const low = cell.point.reduce((a, v) => Math.min(a, v), Infinity), high = cell.point.reduce((a, v) => Math.max(a, v), -Infinity);
    parts.push(picture(`read as ${ways[0][0]}, from ${+low.toPrecision(3)} to ${+high.toPrecision(3)}`, ways[0], cell.point, [low, high], false));
  } else {
    const most = 60, text = cell.point.slice(0, most).map((v, i) => `X_${i} = ${v}`).join(", ");
    parts.push(element("p", text + (cell.point.length > most ? `, and ${cell.point.length - most} more` : "")));
  }
  return parts;
}

// Fills the part of the page and returns how many runs it tells of.
function showDetails(data, row) {
  const boxes = [];
  (row ? row.cells : []).forEach((cell, e) => {
    if (!cell || cell.command === undefined) return;
    const box = document.createElement("div"), title = element("b", data.entrants[e].short), verdict = element("span", ` ${cell.v} after ${secondsText(cell.s)} s`);
    box.className = `entrant e${e % kColors}`;
    box.append(title, verdict);
    if (cell.why) box.append(element("div", cell.why));
    if (cell.command) box.append(Object.assign(element("code", cell.command), { className: "full" }));
    if (cell.said && cell.said !== cell.why) box.append(element("div", "It said: " + cell.said));
    if (cell.page) {
      const link = Object.assign(element("a", "Its search: tree, bounds, a cut through two inputs"), { href: cell.page });
      box.append(element("p", ""));
      box.lastChild.append(link);
    }
    if (cell.no_page) box.append(element("div", "Its trace cannot be shown: " + cell.no_page));
    if (cell.file) box.append(...pointParts(cell));
    if (cell.statistics) box.append(statisticsTable(cell.statistics));
    boxes.push(box);
  });
  document.getElementById("details").replaceChildren(...boxes);
  return boxes.length;
}
