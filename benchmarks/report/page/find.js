// What stands in the field Find, as a test of one row of the page's data. Knows nothing of the page itself.
"use strict";

// A word that is a verdict means that verdict and nothing else: "sat" is no part of "unsat", nor of a network's name.
const kVerdicts = ["sat", "unsat", "unknown", "timeout", "error"];
// What else may be said of an entrant's cell, or of the whole row.
const kStates = {
  "not run": (row) => row.cells.some((cell) => !cell),
  wrong: (row) => row.cells.some((cell) => cell && cell.wrong),
  disputed: (row) => row.cells.some((cell) => cell && cell.disputed),
  late: (row) => row.cells.some((cell) => cell && cell.late),
  disagreement: (row) => Boolean(row.disagree),
};

// What quotes and plain words are looked for in.
const textOf = (row) => [row.suite, row.onnx, row.vnnlib, ...row.cells.map((cell) => (cell && cell.why) || "")].join("\n").toLowerCase();
const says = (row, verdict) => row.cells.some((cell) => cell && cell.v === verdict);

// One word as a test. A word that is still being typed ("unsa") finds the verdicts and states that it may become.
function testOf(word) {
  if (kVerdicts.includes(word)) return (row) => says(row, word);
  if (Object.hasOwn(kStates, word)) return kStates[word];
  if (word.startsWith("known:")) return (row) => row.truth === word.slice("known:".length);
  const verdicts = kVerdicts.filter((verdict) => verdict.startsWith(word));
  const states = Object.keys(kStates).filter((state) => state.startsWith(word));
  return (row) => textOf(row).includes(word) || verdicts.some((verdict) => says(row, verdict)) ||
    states.some((state) => kStates[state](row));
}

// All words must fit; "in quotes" is looked for in names and reasons as it stands, verdicts' words too.
function finder(text) {
  const tests = [];
  for (const [, quoted, word] of text.toLowerCase().matchAll(/"([^"]*)"?|(not run(?=\s|$)|[^\s"]+)/g)) {
    if (word !== undefined) tests.push(testOf(word));
    else if (quoted) tests.push((row) => textOf(row).includes(quoted));
  }
  return (row) => tests.every((test) => test(row));
}
