// Runs the search of a report's page on the page's own rows, without a browser. Usage: find_check.mjs REPORT.html
// The page is that of SuiteReport in test_report.cpp; properties are named after what they are.
import { readFileSync } from "node:fs";
import vm from "node:vm";

const page = readFileSync(process.argv[2], "utf8");
const script = (id) => new RegExp(`<script[^>]* id="${id}">([^]*?)</script>`).exec(page)[1];
const { instances } = JSON.parse(script("data"));
const context = vm.createContext({});
vm.runInContext(script("find-logic"), context);

let failures = 0;
// The numbers of the rows that a search shows.
function expect(text, wanted) {
  context.text = text;
  const fits = vm.runInContext("finder(text)", context);
  const found = instances.flatMap((row, i) => (fits(row) ? [i] : [])).join(" ");
  if (found === wanted) return;
  console.log(`FAILED: ${JSON.stringify(text)} finds [${found}] and not [${wanted}]`);
  failures += 1;
}

// 0 unsat_000, 1 sat_000, 2 progress (timeout; T: unsat, late), 3 crash; of suite two: 4 unknown_000, 5 unsat_000.
expect("", "0 1 2 3 4 5");
expect("   ", "0 1 2 3 4 5");
expect("sat", "1");  // no unsat, and no name with sat in it
expect("SAT", "1");
expect("unsat", "0 2 5");
expect("timeout", "2");
expect("unknown", "4");
expect("error", "3");
expect("sat unsat", "");  // all words must fit
expect("unsat two", "5");
expect("unsa", "0 2 5");  // still being typed
expect('"sat"', "0 1 5");  // in names
expect('"unsat_0', "0 5");  // no closing quote yet
expect("sat_0", "0 1 5");
expect("signal", "3");  // in reasons
expect("crash net", "3");
expect("not run", "1 3 4 5");
expect("not run sat", "1");
expect('"not run"', "");
expect("late", "2");
expect("late unsat", "2");
expect("wrong", "1");
expect("disagreement", "1");
expect("disputed", "");
expect("known:unsat", "0 1");
expect("known:sat", "");
expect("constructor", "");  // no name of the language's own
expect("nothing_like_it", "");
expect("(", "");  // no regular expression

// Two entrants that contradict each other, and nothing known.
instances.length = 0;
const cells = [{ v: "sat", disputed: true }, { v: "unsat", disputed: true }];
instances.push({ suite: "s", onnx: "satellite.onnx", vnnlib: "p.vnnlib", truth: "", disagree: true, cells },
               { suite: "s", onnx: "satellite.onnx", vnnlib: "q.vnnlib", truth: "", cells: [{ v: "unsat" }, null] });
expect("sat", "0");
expect("unsat", "0 1");
expect("sat unsat", "0");
expect("disputed", "0");
expect("disagreement", "0");
expect("satellite", "0 1");
expect("not run", "1");
process.exit(failures === 0 ? 0 : 1);
