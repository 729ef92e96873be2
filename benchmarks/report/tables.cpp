#include "benchmarks/report/tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

namespace clipbound::suite {
namespace {

constexpr std::size_t kLongestName = 30, kLongestEntrant = 24;

/// An element with text in it. `attributes` is markup.
std::string element(const std::string& tag, const std::string& attributes,
                    const std::string& text) {
  return "<" + tag + (attributes.empty() ? "" : " " + attributes) + ">" + html_text(text) + "</" +
         tag + ">";
}

std::string attribute(const char* name, const std::string& value) {
  return std::string(name) + "=\"" + html_text(value) + "\"";
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

/// As many digits as a clock is worth.
std::string seconds_text(double seconds) {
  if (!std::isfinite(seconds)) return "";
  return fixed(seconds, seconds >= 100 ? 0 : seconds >= 10 ? 1 : seconds >= 1 ? 2 : 3);
}

/// "n.onnx" of "onnx/n.onnx.gz", without its ending; lists of networks stay as they are.
std::string base_name(const std::string& path) {
  if (path.starts_with('[')) return path;
  std::string name = path.substr(path.rfind('/') + 1);
  for (const char* ending : {".gz", ".onnx", ".vnnlib"}) {
    if (name.ends_with(ending)) name.resize(name.size() - std::string_view(ending).size());
  }
  return name;
}

/// The class that gives an entrant's colour; page.css and charts.js know as many.
std::string colour_class(std::size_t entrant) {
  return "e" + std::to_string(entrant % 6);
}

std::string name_cell(const std::string& full, const std::string& shown) {
  return element("td", "class=\"name\" " + attribute("title", full), elided(shown, kLongestName));
}

std::string name_cells(const ResultRow& name) {
  const std::string repeat =
      name.repeat > 1 ? " (no. " + std::to_string(name.repeat) + ")" : std::string();
  return name_cell(name.suite, name.suite) + name_cell(name.onnx, base_name(name.onnx)) +
         element("td", "class=\"name\" " + attribute("title", name.vnnlib),
                 elided(base_name(name.vnnlib), kLongestName) + repeat);
}

/// The class of a verdict's cell, and with it its colour; the words say the same.
std::string verdict_class(const Cell& cell) {
  if (!cell.row) return "absent";
  if (cell.wrong) return "wrong";
  if (cell.disputed) return "disputed";
  if (cell.late) return "late";
  return name_of(cell.row->outcome);
}

std::string verdict_cell(const Cell& cell) {
  std::string why;
  if (!cell.row) why = "these results have no such instance";
  if (cell.late) why = "came after the limit: does not count";
  if (cell.disputed) why = "contradicts another verdict, and nothing says which is right";
  if (cell.wrong) why = "contradicts what is known, or its counterexample does not hold";
  return element("td",
                 "class=\"text first " + verdict_class(cell) + "\"" +
                     (why.empty() ? "" : " " + attribute("title", why)),
                 verdict_text(cell));
}

std::string seconds_cell(const Cell& cell) {
  return element("td", "", cell.row ? seconds_text(cell.row->seconds) : "");
}

std::string truth_text(const BoardInstance& instance) {
  if (instance.truth) return name_of(*instance.truth);
  return instance.truth_from.empty() ? "" : "contradictory";
}

std::string truth_cell(const BoardInstance& instance) {
  return element("td", "class=\"text\" " + attribute("title", instance.truth_from),
                 truth_text(instance));
}

/// One column of the sums.
struct SumColumn {
  const char* name;
  std::function<double(const Sums&)> value;
  int digits = 0;
  /// Left out where every entrant's is 0.
  bool only_where_any = false;
};

/// Of three entrants and more, what is open follows from the rest; else the table would be wider
/// than a screen.
std::vector<SumColumn> sum_columns(const Board& board) {
  std::vector<SumColumn> columns = {
      {"settled", [](const Sums& sums) { return static_cast<double>(sums.solved()); }},
      {"unsat", [](const Sums& sums) { return static_cast<double>(sums.unsat); }},
      {"sat", [](const Sums& sums) { return static_cast<double>(sums.sat); }},
      {"late", [](const Sums& sums) { return static_cast<double>(sums.late); }, 0, true},
      {"open", [](const Sums& sums) { return static_cast<double>(sums.open()); }},
      {"error", [](const Sums& sums) { return static_cast<double>(sums.errors); }},
      {"not run", [](const Sums& sums) { return static_cast<double>(sums.not_run); }, 0, true},
      {"seconds", [](const Sums& sums) { return sums.seconds; }, 1},
      {"PAR-2", [](const Sums& sums) { return sums.par2_over > 0 ? sums.par2_s : kNotKnown; }, 2},
      {"score", [](const Sums& sums) { return sums.percent; }}};
  std::erase_if(columns, [&](const SumColumn& column) {
    if (column.name == std::string_view("open")) return board.total.entrants.size() > 2;
    return column.only_where_any &&
           std::all_of(board.total.entrants.begin(), board.total.entrants.end(),
                       [&](const Sums& sums) { return column.value(sums) == 0.0; });
  });
  return columns;
}

/// "1 WRONG, 2 disputed": what must not be overlooked.
std::string alarm_of(const Sums& sums) {
  std::string text;
  if (sums.wrong > 0) text = std::to_string(sums.wrong) + " WRONG";
  if (sums.disputed > 0)
    text += (text.empty() ? "" : ", ") + std::to_string(sums.disputed) + " disputed";
  return text;
}

std::string sums_cells(const Sums& sums, const std::vector<SumColumn>& columns) {
  std::string html;
  for (const SumColumn& column : columns) {
    const double value = column.value(sums);
    std::string text = std::isnan(value) ? "" : html_text(fixed(value, column.digits));
    std::string attributes = value == 0.0 ? "class=\"zero\"" : "";
    if (&column == &columns.front()) {
      attributes = "class=\"first\"";
      const std::string alarm = alarm_of(sums);
      if (!alarm.empty()) text += " " + element("span", "class=\"wrong\"", alarm);
    }
    if (column.name == std::string_view("PAR-2"))
      attributes += attribute(" title", "over " + std::to_string(sums.par2_over) + " instances");
    html += "<td" + (attributes.empty() ? "" : " " + attributes) + ">" + text + "</td>";
  }
  return html;
}

std::string suite_row(const SuiteSums& suite, const std::vector<SumColumn>& columns,
                      const std::string& row_class) {
  std::string html = "<tr" + (row_class.empty() ? "" : " " + attribute("class", row_class)) + ">" +
                     element("th", "scope=\"row\" class=\"name\" " + attribute("title", suite.name),
                             elided(suite.name, kLongestName)) +
                     element("td", "", std::to_string(suite.instances));
  for (const Sums& sums : suite.entrants) html += sums_cells(sums, columns);
  return html + "</tr>\n";
}

std::string entrant_heading(const Entrant& entrant, std::size_t number,
                            const std::string& attributes) {
  return element("th",
                 attributes + " class=\"group " + colour_class(number) + "\" " +
                     attribute("title", entrant.name()),
                 short_name(entrant));
}

/// How a run was run, a line each.
std::vector<std::string> run_lines(const Entrant& entrant) {
  const Run& run = *entrant.run;
  const RunSettings& settings = run.settings;
  std::string limit = "the suites' own time limits";
  if (settings.plan.timeout_s > 0.0) {
    limit = seconds_text(settings.plan.timeout_s) + " s for each instance";
  } else if (settings.plan.timeout_scale != 1.0) {
    limit = "the suites' time limits times " + fixed(settings.plan.timeout_scale, 3);
  }
  std::string how =
      limit + ", " +
      (settings.threads > 0 ? std::to_string(settings.threads) : std::string("cores / jobs")) +
      (settings.threads == 1 ? " thread, " : " threads, ") + std::to_string(run.jobs) +
      " at a time";
  for (const auto& [flag, value] : settings.options) how += ", --" + flag + " " + value;
  std::vector<std::string> lines = {"clipbound " + run.program_version + ", " + run.machine, how};
  if (run.records.size() < run.planned.size()) {
    lines.push_back("unfinished: " + std::to_string(run.records.size()) + " of " +
                    std::to_string(run.planned.size()) + " instances");
  }
  lines.push_back(entrant.checked.empty()
                      ? "counterexamples not replayed (clipbound suite check)"
                      : std::to_string(entrant.checked.size()) + " counterexamples replayed");
  return lines;
}

std::string totals_html(const Board& board, const Sums& sums) {
  std::string text = "settled " + std::to_string(sums.solved()) + " of " +
                     std::to_string(board.total.instances) + ": " + std::to_string(sums.unsat) +
                     " unsat, " + std::to_string(sums.sat) + " sat";
  if (sums.late > 0) text += "; " + std::to_string(sums.late) + " late";
  if (sums.not_run > 0) text += "; " + std::to_string(sums.not_run) + " not run";
  const std::string alarm = alarm_of(sums);
  return "<div>" + html_text(text) +
         (alarm.empty() ? "" : "; " + element("span", "class=\"wrong\"", alarm)) + "</div>";
}

std::string column_heading(const std::string& id, const std::string& name,
                           const std::string& classes = "", const std::string& full = "") {
  return element("th",
                 "scope=\"col\" " + attribute("data-column", id) + " " +
                     attribute("class", classes) +
                     (full.empty() ? "" : " " + attribute("title", full)),
                 name);
}

/// Verdicts and times side by side first, what else is known of our runs behind them.
std::string instance_headings(const std::vector<Entrant>& entrants) {
  std::string html = column_heading("suite", "benchmark", "text") +
                     column_heading("onnx", "network", "text") +
                     column_heading("vnnlib", "property", "text") +
                     column_heading("limit", "limit") + column_heading("truth", "known", "text");
  const auto runs = std::count_if(entrants.begin(), entrants.end(),
                                  [](const Entrant& entrant) { return entrant.run.has_value(); });
  std::string more;
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    const std::string number = std::to_string(e), name = short_name(entrants[e]);
    html += column_heading("verdict" + number, name, "text first", entrants[e].name()) +
            column_heading("seconds" + number, "seconds");
    if (!entrants[e].run) continue;
    const std::string whose = runs > 1 ? " (" + name + ")" : "";
    more += column_heading("n" + number, "subproblems" + whose, "first") +
            column_heading("why" + number, "reason" + whose, "text");
  }
  return html + more;
}

std::string instance_row(const BoardInstance& instance, std::size_t number,
                         const std::vector<Entrant>& entrants) {
  const std::string text = std::to_string(number);
  std::string html =
      R"(<tr id="row-)" + text + R"(" data-row=")" + text + "\"" +
      (instance.disagreement ? " class=\"disagree\"" : "") + ">" + name_cells(instance.name) +
      element("td", "", seconds_text(instance.name.timeout_s)) + truth_cell(instance);
  for (const Cell& cell : instance.cells) html += verdict_cell(cell) + seconds_cell(cell);
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    if (!entrants[e].run) continue;
    const Record* record = instance.cells[e].record;
    html += element("td", "class=\"first\"",
                    record == nullptr ? "" : std::to_string(record->last.subproblems));
    const std::string why = record == nullptr ? "" : record->reason;
    html += element("td", "class=\"why\" " + attribute("title", why), why);
  }
  return html + "</tr>\n";
}

}  // namespace

std::string elided(const std::string& name, std::size_t longest) {
  std::vector<std::size_t> starts;  // of the characters
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0U) != 0x80U) starts.push_back(i);
  }
  if (starts.size() <= longest) return name;
  const std::size_t tail = (longest - 1) / 2, head = longest - 1 - tail;
  return name.substr(0, starts[head]) + "…" + name.substr(starts[starts.size() - tail]);
}

std::string short_name(const Entrant& entrant) {
  return elided(entrant.name(), kLongestEntrant);
}

std::string verdict_text(const Cell& cell) {
  if (!cell.row) return "not run";
  return std::string(name_of(cell.row->outcome)) + (cell.wrong ? " WRONG" : "") +
         (cell.disputed ? " disputed" : "") + (cell.late ? " late" : "");
}

std::string entrants_html(const Board& board, const std::vector<Entrant>& entrants) {
  std::string html;
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    const Entrant& entrant = entrants[e];
    html += "<div class=\"entrant " + colour_class(e) + "\">" +
            element("b", attribute("title", entrant.name()), short_name(entrant)) +
            totals_html(board, board.total.entrants[e]);
    if (!entrant.run) html += "<div>reference results, as published or given</div>";
    if (entrant.run) {
      for (const std::string& line : run_lines(entrant)) html += element("div", "", line);
    }
    html += "</div>\n";
  }
  return html;
}

std::string disagreements_html(const Board& board, const std::vector<Entrant>& entrants) {
  const std::size_t count = board.disagreements();
  if (count == 0) {
    return "<section id=\"disagreements\"><p>No disagreements: no instance has a sat and an unsat, "
           "and no counterexample was found not to hold.</p></section>";
  }
  std::string html = "<section id=\"disagreements\" class=\"alarm\" tabindex=\"-1\">\n<h2>" +
                     std::to_string(count) + (count == 1 ? " disagreement" : " disagreements") +
                     "</h2>\n<p>Somebody is wrong here: one says sat and another unsat, or a "
                     "counterexample does not hold. None of these is counted as right for "
                     "both.</p>\n<div class=\"wide\"><table><thead><tr><th class=\"text\">benchmark"
                     "</th><th class=\"text\">network</th><th class=\"text\">property</th>"
                     "<th class=\"text\">known</th><th class=\"text\">from</th>";
  for (std::size_t e = 0; e < entrants.size(); ++e)
    html += entrant_heading(entrants[e], e, "colspan=\"2\"");
  html += "<th></th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < board.instances.size(); ++i) {
    const BoardInstance& instance = board.instances[i];
    if (!instance.disagreement) continue;
    html += "<tr>" + name_cells(instance.name) + truth_cell(instance) +
            element("td", "class=\"text from\"", instance.truth_from);
    for (const Cell& cell : instance.cells) html += verdict_cell(cell) + seconds_cell(cell);
    html += "<td><a href=\"#row-" + std::to_string(i) + "\" data-goto=\"" + std::to_string(i) +
            "\">show</a></td></tr>\n";
  }
  return html + "</tbody></table></div>\n</section>";
}

std::string board_html(const Board& board, const std::vector<Entrant>& entrants) {
  const std::vector<SumColumn> columns = sum_columns(board);
  std::string html =
      "<thead><tr><th class=\"text\" rowspan=\"2\">benchmark</th>"
      "<th rowspan=\"2\">n</th>";
  for (std::size_t e = 0; e < entrants.size(); ++e)
    html += entrant_heading(entrants[e], e, attribute("colspan", std::to_string(columns.size())));
  html += "</tr>\n<tr>";
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    for (const SumColumn& column : columns)
      html += element("th", &column == &columns.front() ? "class=\"first\"" : "", column.name);
  }
  html += "</tr></thead><tbody>\n";
  for (const SuiteSums& suite : board.suites) html += suite_row(suite, columns, "");
  if (board.suites.size() > 1) {
    SuiteSums total = board.total;
    total.name = "all " + std::to_string(board.suites.size());
    html += suite_row(total, columns, "total");
  }
  return html + "</tbody>";
}

std::string instances_html(const Board& board, const std::vector<Entrant>& entrants) {
  std::string html = "<thead><tr>" + instance_headings(entrants) + "</tr></thead><tbody>\n";
  for (const bool disagreement : {true, false}) {
    for (std::size_t i = 0; i < board.instances.size(); ++i) {
      if (board.instances[i].disagreement == disagreement)
        html += instance_row(board.instances[i], i, entrants);
    }
  }
  return html + "</tbody>";
}

}  // namespace clipbound::suite
