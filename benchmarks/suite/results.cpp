#include "benchmarks/suite/results.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include "base/error.h"
#include "benchmarks/suite/csv.h"
#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;

/// "2025_mnist-FC" and "mnistfc" are one benchmark; "ml4acopf_2023" and "ml4acopf_2024" are two.
std::string plain_suite(std::string_view name) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  if (name.size() > 5 && name.starts_with("20") && digit(name[2]) && digit(name[3]) &&
      name[4] == '_') {
    name.remove_prefix(5);
  }
  std::string plain;
  for (const char character : name) {
    if (std::isalnum(static_cast<unsigned char>(character)) == 0) continue;
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
  }
  return plain;
}

/// The path below the benchmark's folder (and its version's), without .gz: published tables have
/// whole paths.
std::string plain_path(std::string path, const std::string& suite) {
  const std::string folder = "/" + suite + "/";
  const std::size_t at = ("/" + path).rfind(folder);
  if (at != std::string::npos) path = path.substr(at + folder.size() - 1);
  while (path.starts_with("./")) path.erase(0, 2);
  for (const char* version : {"1.0/", "2.0/"}) {
    if (path.starts_with(version)) path.erase(0, 4);
  }
  if (path.ends_with(".gz")) path.resize(path.size() - 3);
  return path;
}

std::string instance_of(const ResultRow& row, int repeat) {
  return key_of(plain_suite(row.suite), plain_path(row.onnx, row.suite),
                plain_path(row.vnnlib, row.suite), repeat);
}

double number_of(const std::string& text) {
  double value = kNotKnown;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The columns of a csv with a header, by name.
class Columns {
 public:
  Columns(const std::string& path, const std::vector<std::string>& header)
      : path_(path), header_(header) {}
  bool has(const std::string& name) const {
    return std::find(header_.begin(), header_.end(), name) != header_.end();
  }
  /// The field of the first of these columns that exists; empty where the row is short or none
  /// exists.
  std::string field(const std::vector<std::string>& row,
                    std::initializer_list<std::string> names) const {
    for (const std::string& name : names) {
      const auto found = std::find(header_.begin(), header_.end(), name);
      if (found == header_.end()) continue;
      const auto index = static_cast<std::size_t>(found - header_.begin());
      return index < row.size() ? row[index] : "";
    }
    return "";
  }
  void require(const std::string& name) const {
    if (!has(name)) throw InputError(path_ + ": there is no column " + name);
  }

 private:
  const std::string path_;
  const std::vector<std::string> header_;
};

ResultTable read_with_header(const std::string& path, const std::string& choice,
                             const std::vector<std::string>& lines) {
  const Columns columns(path, csv_fields(lines.front()));
  for (const char* name : {"onnx", "vnnlib"}) columns.require(name);
  const bool by_tool = columns.has("tool");
  if (by_tool && choice.empty())
    throw InputError(path + ": say which tool's rows, as " + path + ":TOOL");
  const std::string verdict = choice.empty() || by_tool ? "verdict" : choice + "_result";
  columns.require(verdict);
  ResultTable table(choice.empty() ? fs::path(path).stem().string() : choice);
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> fields = csv_fields(lines[i]);
    if (fields.size() < 3 || (by_tool && columns.field(fields, {"tool"}) != choice)) continue;
    ResultRow row;
    row.suite = columns.field(fields, {"suite", "benchmark", "category"});
    row.onnx = columns.field(fields, {"onnx"});
    row.vnnlib = columns.field(fields, {"vnnlib"});
    row.timeout_s = number_of(columns.field(fields, {"timeout_s"}));
    const std::string word = columns.field(fields, {verdict});
    if (word.empty() && !choice.empty()) continue;  // this tool did not run
    row.outcome = parse_outcome(word);
    if (by_tool) {
      row.seconds = number_of(columns.field(fields, {"wall_s", "time_s", "seconds"}));
    } else {
      row.seconds =
          number_of(columns.field(fields, {choice.empty() ? "seconds" : choice + "_time_s"}));
    }
    table.add(std::move(row));
  }
  if (table.rows().empty())
    throw InputError(path + ": no row is of " + (choice.empty() ? "any instance" : choice));
  return table;
}

ResultTable read_competition(const std::string& path, const std::vector<std::string>& lines) {
  ResultTable table(fs::path(path).stem().string());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> fields = csv_fields(lines[i]);
    if (fields.size() == 1 && fields[0].empty()) continue;
    if (fields.size() < 6) {
      throw InputError(path + ":" + std::to_string(i + 1) +
                       ": expected category,network,property,prepare time,result,run time");
    }
    table.add({fields[0], fields[1], fields[2], 1, parse_outcome(fields[4]), number_of(fields[5]),
               kNotKnown, ""});
  }
  if (table.rows().empty()) throw InputError(path + " is empty");
  return table;
}

ResultTable read_unlabelled(const std::string& source) {
  if (fs::is_directory(source)) return results_of(read_run(source));
  std::string path = source, choice;
  const std::size_t colon = source.rfind(':');
  if (!fs::exists(source) && colon != std::string::npos) {
    path = source.substr(0, colon);
    choice = source.substr(colon + 1);
  }
  const std::vector<std::string> lines = lines_of(path);
  if (lines.empty()) throw InputError(path + " is empty");
  const std::vector<std::string> first = csv_fields(lines.front());
  const bool header = std::find(first.begin(), first.end(), "onnx") != first.end();
  if (header) return read_with_header(path, choice, lines);
  if (!choice.empty())
    throw InputError(path + " has no header, so it has no column or tool " + choice);
  return read_competition(path, lines);
}

}  // namespace

std::string match_key(const ResultRow& row) {
  return instance_of(row, row.repeat);
}

Outcome parse_outcome(const std::string& word) {
  std::string lower;
  for (const char c : word) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (lower == "unsat" || lower == "holds" || lower == "verified") return Outcome::unsat;
  if (lower == "sat" || lower == "violated" || lower == "falsified") return Outcome::sat;
  if (lower.starts_with("timeout") || lower == "timed-out" || lower == "run_instance_timeout")
    return Outcome::timeout;
  if (lower == "unknown" || lower.empty() || lower == "no_result_in_file") return Outcome::unknown;
  return Outcome::error;
}

void ResultTable::add(ResultRow row) {
  row.repeat = 1;
  while (by_instance_.contains(instance_of(row, row.repeat))) ++row.repeat;
  by_instance_.emplace(instance_of(row, row.repeat), rows_.size());
  rows_.push_back(std::move(row));
}

const ResultRow* ResultTable::find(const ResultRow& like) const {
  for (const int repeat : {like.repeat, 1}) {
    const auto found = by_instance_.find(instance_of(like, repeat));
    if (found != by_instance_.end()) return &rows_[found->second];
  }
  return nullptr;
}

bool ResultTable::timed() const {
  return std::any_of(rows_.begin(), rows_.end(),
                     [](const ResultRow& row) { return row.seconds == row.seconds; });
}

ResultTable results_of(const Run& run) {
  const fs::path folder = fs::path(run.folder).lexically_normal();
  ResultTable table(
      (folder.has_filename() ? folder.filename() : folder.parent_path().filename()).string());
  const auto records = run.by_key();
  // In the suites' order, which numbers repetitions.
  for (const PlannedInstance& instance : run.planned) {
    const auto found = records.find(instance.key());
    if (found == records.end()) continue;
    const Record& record = *found->second;
    table.add({record.suite, record.onnx, record.vnnlib, record.repeat, record.outcome,
               record.seconds, record.timeout_s, record.reason});
  }
  return table;
}

std::pair<std::string, std::string> split_label(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || fs::exists(text) || text.find('/') < equals)
    return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

ResultTable read_results(const std::string& source) {
  const auto [label, place] = split_label(source);
  ResultTable table = read_unlabelled(place);
  if (!label.empty()) table.rename(label);
  return table;
}

}  // namespace clipbound::suite
