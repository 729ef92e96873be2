#include "benchmarks/report/report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/version.h"
#include "benchmarks/report/assets.h"
#include "benchmarks/report/instance.h"
#include "benchmarks/report/tables.h"
#include "benchmarks/suite/csv.h"
#include "benchmarks/suite/files.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kCurvePoints = 120;

/// Enough digits for eyes and figures; the page is smaller by half.
Json rounded(double value) {
  if (!std::isfinite(value)) return nullptr;
  char text[40];
  std::snprintf(text, sizeof text, "%.5g", value);
  return std::strtod(text, nullptr);
}

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json sums_json(const Sums& sums) {
  return {{"results", sums.results},
          {"not_run", sums.not_run},
          {"solved", sums.solved()},
          {"unsat", sums.unsat},
          {"sat", sums.sat},
          {"unknown", sums.unknown},
          {"timeout", sums.timeout},
          {"memory", sums.memory},
          {"errors", sums.errors},
          {"wrong", sums.wrong},
          {"disputed", sums.disputed},
          {"late", sums.late},
          {"seconds", sums.seconds},
          {"par2_s", sums.par2_over > 0 ? Json(sums.par2_s) : Json(nullptr)},
          {"par2_over", sums.par2_over},
          {"points", sums.points},
          {"percent", sums.percent}};
}

Json suite_json(const SuiteSums& suite) {
  Json json = {{"name", suite.name}, {"instances", suite.instances}, {"entrants", Json::array()}};
  for (const Sums& sums : suite.entrants) json["entrants"].push_back(sums_json(sums));
  return json;
}

Json entrant_json(const Entrant& entrant) {
  Json json = {{"name", entrant.name()},
               {"short", short_name(entrant)},
               {"kind", entrant.run ? "run" : "reference"}};
  if (!entrant.run) return json;
  json["clipbound"] = entrant.run->program_version;
  json["machine"] = entrant.run->machine;
  json["jobs"] = entrant.run->jobs;
  json["planned"] = entrant.run->planned.size();
  json["done"] = entrant.run->records.size();
  json["checked"] = entrant.checked.size();
  json["settings"] = Json::object();
  for (const auto& [name, value] : describe(entrant.run->settings))
    json["settings"][name] = Json::parse(value);
  return json;
}

std::string now_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

Json disagreements_json(const Board& board, const std::vector<Entrant>& entrants) {
  Json json = Json::array();
  for (const BoardInstance& instance : board.instances) {
    if (!instance.disagreement) continue;
    Json row = {{"suite", instance.name.suite},
                {"onnx", instance.name.onnx},
                {"vnnlib", instance.name.vnnlib},
                {"repeat", instance.name.repeat},
                {"known", instance.truth ? Json(name_of(*instance.truth)) : Json(nullptr)},
                {"known_from", instance.truth_from},
                {"verdicts", Json::object()}};
    for (std::size_t e = 0; e < entrants.size(); ++e)
      row["verdicts"][entrants[e].name()] = verdict_text(instance.cells[e]);
    json.push_back(std::move(row));
  }
  return json;
}

Json board_json(const Board& board, const std::vector<Entrant>& entrants) {
  Json json = {{"clipbound", base::version_text()},
               {"made", now_text()},
               {"disagreements", disagreements_json(board, entrants)},
               {"rule", kScoreRule}};
  json["entrants"] = Json::array();
  for (const Entrant& entrant : entrants) json["entrants"].push_back(entrant_json(entrant));
  json["total"] = suite_json(board.total);
  json["suites"] = Json::array();
  for (const SuiteSums& suite : board.suites) json["suites"].push_back(suite_json(suite));
  return json;
}

/// [[seconds, worst bound, settled share], ...], thinned; the end of the search is its last point.
Json curve_json(const Record& record) {
  Json json = Json::array();
  const auto push = [&](const ProgressPoint& point) {
    json.push_back(
        {rounded(point.elapsed_s), rounded(point.worst_bound), rounded(point.settled_share)});
  };
  const std::size_t step = record.curve.size() / kCurvePoints + 1;
  for (std::size_t i = 0; i < record.curve.size(); i += step) push(record.curve[i]);
  if (record.ending == Ending::exited && record.last.elapsed_s > record.curve.back().elapsed_s)
    push(record.last);
  return json;
}

Json cell_json(std::size_t entrant, const Cell& cell, InstanceDetails& details) {
  if (!cell.row) return nullptr;
  Json json = {{"v", name_of(cell.row->outcome)}, {"s", rounded(cell.row->seconds)}};
  if (cell.counts()) json["counts"] = true;
  if (cell.wrong) json["wrong"] = true;
  if (cell.disputed) json["disputed"] = true;
  if (cell.late) json["late"] = true;
  if (cell.record == nullptr) return json;
  json["why"] = cell.record->reason;
  json["n"] = cell.record->last.subproblems;
  json["mb"] = rounded(cell.record->peak_memory_mb);
  if (!cell.record->curve.empty()) json["curve"] = curve_json(*cell.record);
  details.add(entrant, *cell.record, json);
  return json;
}

Json instances_json(const Board& board, InstanceDetails& details) {
  Json json = Json::array();
  for (const BoardInstance& instance : board.instances) {
    Json row = {{"suite", instance.name.suite},
                {"onnx", instance.name.onnx},
                {"vnnlib", instance.name.vnnlib},
                {"repeat", instance.name.repeat},
                {"limit", instance.name.timeout_s},
                {"truth", instance.truth ? name_of(*instance.truth) : ""},
                {"cells", Json::array()}};
    if (instance.disagreement) row["disagree"] = true;
    for (std::size_t e = 0; e < instance.cells.size(); ++e)
      row["cells"].push_back(cell_json(e, instance.cells[e], details));
    json.push_back(std::move(row));
  }
  return json;
}

/// Entrants are told apart by their names.
void require_names(const std::vector<Entrant>& entrants) {
  for (std::size_t i = 0; i < entrants.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (entrants[i].name() != entrants[j].name()) continue;
      throw InputError("two of the results are called " + entrants[i].name() +
                       "; write NAME=... to tell them apart");
    }
  }
}

}  // namespace

std::string results_csv(const Run& run) {
  std::string text;
  const auto records = run.by_key();
  for (const PlannedInstance& instance : run.planned) {
    const auto found = records.find(instance.key());
    if (found == records.end()) continue;
    const Record& record = *found->second;
    char seconds[40];
    std::snprintf(seconds, sizeof seconds, "%.9f", record.seconds);
    const std::string folder = "benchmarks/" + record.suite + "/";
    const std::string network = record.onnx.starts_with('[') ? record.onnx : folder + record.onnx;
    // There is nothing to prepare: no time.
    text += csv_line(
        {record.suite, network, folder + record.vnnlib, "0", name_of(record.outcome), seconds});
  }
  return text;
}

std::string summary_json(const Board& board, const std::vector<Entrant>& entrants) {
  return dump(board_json(board, entrants), 1) + "\n";
}

std::string report_page(const Board& board, const std::vector<Entrant>& entrants,
                        const TracePages& pages) {
  Json data = board_json(board, entrants);
  InstanceDetails details(entrants, pages);
  data["instances"] = instances_json(board, details);
  const std::string made = std::to_string(board.total.instances) + " instances of " +
                           std::to_string(board.suites.size()) +
                           (board.suites.size() == 1 ? " benchmark" : " benchmarks") +
                           "; clipbound " + base::version_text() + ", " +
                           data["made"].get<std::string>();
  const std::string json = script_safe(dump(data, -1)), made_html = html_text(made),
                    rule = html_text(kScoreRule), boxes = entrants_html(board, entrants),
                    disagreements = disagreements_html(board, entrants),
                    sums = board_html(board, entrants), instances = instances_html(board, entrants);
  return fill(assets::page_html, {{"/*PAGE_CSS*/", assets::page_css},
                                  {"/*MADE*/", made_html},
                                  {"/*ENTRANTS*/", boxes},
                                  {"/*DISAGREEMENTS*/", disagreements},
                                  {"/*BOARD*/", sums},
                                  {"/*RULE*/", rule},
                                  {"/*INSTANCES*/", instances},
                                  {"/*DATA*/", json},
                                  {"/*CHART_JS_LICENSE*/", assets::chart_js_license},
                                  {"/*CHART_JS*/", assets::chart_js},
                                  {"/*FIND_JS*/", assets::find_js},
                                  {"/*CHARTS_JS*/", assets::charts_js},
                                  {"/*PICTURES_JS*/", assets::pictures_js},
                                  {"/*DETAILS_JS*/", assets::details_js},
                                  {"/*PAGE_JS*/", assets::page_js}});
}

WrittenReport write_report(const ReportRequest& request) {
  std::vector<Entrant> entrants;
  std::vector<ResultTable> truths;
  for (const std::string& source : request.runs) entrants.push_back(read_run_entrant(source));
  for (const std::string& source : request.references) {
    ResultTable table = read_results(source);
    if (table.timed()) {
      entrants.push_back({std::move(table), std::nullopt, {}});
    } else {
      truths.push_back(std::move(table));
    }
  }
  require_names(entrants);
  const Board board = make_board(entrants, truths);
  std::error_code error;
  fs::create_directories(request.folder, error);
  if (error) throw InputError("cannot make " + request.folder + ": " + error.message());
  WrittenReport report{{}, board.disagreements()};
  const auto write = [&](const std::string& name, const std::string& text) {
    report.files.push_back((fs::path(request.folder) / name).string());
    write_durably(report.files.back(), text);
  };
  for (std::size_t e = 0; e < request.runs.size(); ++e) {
    write(e == 0 ? "results.csv" : "results." + file_part(entrants[e].name()) + ".csv",
          results_csv(*entrants[e].run));
  }
  write("summary.json", summary_json(board, entrants));
  const TracePages pages = write_trace_pages(entrants, request.folder, report.files);
  write("report.html", report_page(board, entrants, pages));
  return report;
}

}  // namespace clipbound::suite
