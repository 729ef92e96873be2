// Idea: results as text, in the competition's format and as JSON.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"

#include <algorithm>
#include <cstdio>

#include "solver/api/json.h"

namespace clipbound {

const char* name_of(Verdict verdict) noexcept {
  constexpr const char* kNames[] = {"unknown", "timeout", "sat", "unsat"};
  return kNames[static_cast<std::size_t>(verdict)];
}

const char* name_of(Stage stage) noexcept {
  constexpr const char* kNames[] = {"reading", "attack", "lowering", "root bounds", "search"};
  return kNames[static_cast<std::size_t>(stage)];
}

std::string to_vnncomp(const Result& result) {
  std::string text = std::string(name_of(result.verdict)) + "\n";
  if (result.verdict != Verdict::sat) return text;
  text += "(";
  const auto append = [&](const char* letter, const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      char number[64];
      // 9 digits identify a float32, 17 a float64. "C" locale or not, a decimal comma would be read
      // wrongly.
      std::snprintf(number, sizeof number, result.float64 ? "%.17g" : "%.9g", values[i]);
      std::replace(number, number + sizeof number, ',', '.');
      text += std::string(text.back() == '(' ? "(" : "\n(") + letter + "_" + std::to_string(i) +
              " " + number + ")";
    }
  };
  append("X", result.input);
  append("Y", result.output);
  return text + ")\n";
}

namespace {

Json begin_json(std::string_view verdict, std::string_view reason,
                std::span<const FileInfo> networks, const FileInfo* property) {
  Json json;
  json["verdict"] = verdict;
  json["reason"] = reason;
  append_header(json, networks, property);
  return json;
}

Json options_json(const base::Options& values) {
  Json json;
  base::for_each_option(
      values, [&](std::string_view field, const auto& value) { json[std::string(field)] = value; });
  return json;
}

/// What is not known is null.
Json progress_json(const Progress& progress) {
  Json json = {{"stage", name_of(progress.stage)},
               {"elapsed_s", progress.elapsed_s},
               {"clauses", progress.clauses},
               {"bounded", progress.bounded},
               {"refuted", progress.refuted},
               {"subproblems", progress.subproblems},
               {"open", nullptr},
               {"worst_bound", nullptr},
               {"weakest", nullptr},
               {"settled_share", progress.settled_share}};
  if (progress.open) json["open"] = *progress.open;
  if (progress.worst_bound) json["worst_bound"] = *progress.worst_bound;
  if (progress.weakest) {
    const WeakestRow& row = *progress.weakest;
    json["weakest"] = {{"clause", row.clause},
                       {"line", row.line},
                       {"row", row.row},
                       {"bound", row.bound},
                       {"text", row.text}};
  }
  return json;
}

}  // namespace

std::string to_json(const Result& result, const Options& options) {
  Json json = begin_json(name_of(result.verdict), result.reason, result.networks,
                         result.property ? &*result.property : nullptr);
  // Numbers that are not finite become null, JSON has none.
  json["counterexample"] = nullptr;
  if (result.verdict == Verdict::sat) {
    json["counterexample"] = {{"type", result.float64 ? "float64" : "float32"},
                              {"input", result.input},
                              {"output", result.output}};
  }
  json["violated"] = nullptr;
  if (result.violated) {
    json["violated"] = {{"clause", result.violated->clause},
                        {"line", result.violated->line},
                        {"rows", result.violated->rows}};
  }
  if (!result.part.empty()) json["part"] = result.part;
  json["progress"] = progress_json(result.progress);
  Json statistics = Json::object();
  for (const Statistic& row : result.statistics) {
    if (row.timer) {
      statistics[row.name] = row.value;
    } else {
      statistics[row.name] = static_cast<std::uint64_t>(row.value);
    }
  }
  json["statistics"] = std::move(statistics);
  json["options"] = options_json(options.implementation().values);
  return dump(json);
}

std::string error_to_json(std::string_view message, const Options& options,
                          std::span<const FileInfo> networks, const FileInfo* property) {
  Json json = begin_json("error", message, networks, property);
  json["options"] = options_json(options.implementation().values);
  return dump(json);
}

}  // namespace clipbound
