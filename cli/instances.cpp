#include "cli/instances.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string_view>
#include <utility>

#include "clipbound/errors.h"

namespace clipbound::cli {
namespace {

namespace fs = std::filesystem;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string without_dot(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  return std::string(name);
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

Instance parse_line(std::string_view line, int number, const std::string& where) {
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() != 3 || fields[0].empty() || fields[1].empty()) {
    throw InputError(where + ": expected onnx,vnnlib,timeout, found '" + std::string(line) + "'");
  }
  Instance instance;
  instance.onnx = without_dot(fields[0]);
  instance.vnnlib = without_dot(fields[1]);
  instance.line = number;
  const std::string_view timeout = fields[2];
  const auto [end, error] = std::from_chars(timeout.data(), timeout.data() + timeout.size(), instance.timeout_s);
  const bool whole = error == std::errc() && end == timeout.data() + timeout.size();
  if (!whole || !std::isfinite(instance.timeout_s) || instance.timeout_s <= 0.0) {
    throw InputError(where + ": the timeout '" + std::string(timeout) + "' is not a positive number of seconds");
  }
  return instance;
}

/// Suites name files that they hold compressed by their plain names, and now and then the other way round.
std::string find_file(const fs::path& folder, const std::string& name, const std::string& where) {
  const std::string plain = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
  for (const std::string& candidate : {name, plain, plain + ".gz"}) {
    std::error_code ignored;
    if (fs::is_regular_file(folder / candidate, ignored)) return (folder / candidate).string();
  }
  throw InputError(where + ": there is no file " + (folder / plain).string() + " and none with .gz after it");
}

std::regex compiled(const std::string& filter) {
  try {
    return std::regex(filter);
  } catch (const std::regex_error& error) {
    throw InputError("'" + filter + "' is not a regular expression: " + error.what());
  }
}

}  // namespace

void check_filter(const std::string& filter) {
  compiled(filter);
}

std::vector<Instance> read_suite(const std::string& folder, const Selection& selection) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) throw InputError("the suite " + folder + " is not a folder");
  const std::string path = (fs::path(folder) / "instances.csv").string();
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError("cannot read " + path + ": a suite is a folder with instances.csv");
  const std::regex filter = compiled(selection.filter);
  std::vector<Instance> instances;
  std::string text;
  int matching = 0;
  for (int number = 1; std::getline(file, text); ++number) {
    const std::string_view line = trimmed(text);
    if (line.empty() || line.front() == '#') continue;
    const std::string where = path + ":" + std::to_string(number);
    Instance instance = parse_line(line, number, where);
    if (!std::regex_search(line.begin(), line.end(), filter)) continue;
    if (matching++ % selection.stride != 0) continue;
    if (selection.limit > 0 && static_cast<int>(instances.size()) == selection.limit) continue;
    instance.onnx_path = find_file(folder, instance.onnx, where);
    instance.vnnlib_path = find_file(folder, instance.vnnlib, where);
    instances.push_back(std::move(instance));
  }
  if (file.bad()) throw InputError("cannot read " + path);
  if (instances.empty()) throw InputError("no instance of " + path + " is selected");
  return instances;
}

}  // namespace clipbound::cli
