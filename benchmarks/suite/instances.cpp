#include "benchmarks/suite/instances.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <regex>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "benchmarks/suite/csv.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;

std::string without_dot(std::string_view name) {
  while (name.starts_with("./")) name.remove_prefix(2);
  return std::string(name);
}

/// The words in single or double quotes of a Python list of pairs, in order.
std::vector<std::string> quoted_words(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find_first_of("'\"", at)) != std::string_view::npos;) {
    const std::size_t end = text.find(text[at], at + 1);
    if (end == std::string_view::npos) break;
    words.emplace_back(text.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

/// "a.onnx", or "[('f', 'a.onnx'), ('g', 'b.onnx')]".
std::vector<NetworkFile> parse_networks(const std::string& field, const std::string& where) {
  if (!field.starts_with('[')) return {{"", without_dot(field)}};
  const std::vector<std::string> words = quoted_words(field);
  if (words.empty() || words.size() % 2 != 0) {
    throw InputError(where + ": expected [('name', 'file'), ...], found '" + field + "'");
  }
  std::vector<NetworkFile> networks;
  for (std::size_t i = 0; i < words.size(); i += 2)
    networks.push_back({words[i], without_dot(words[i + 1])});
  return networks;
}

Instance parse_line(std::string_view line, int number, const std::string& where) {
  const std::vector<std::string> fields = csv_fields(line);
  if (fields.size() != 3 || fields[0].empty() || fields[1].empty()) {
    throw InputError(where + ": expected onnx,vnnlib,timeout, found '" + std::string(line) + "'");
  }
  Instance instance;
  instance.onnx = without_dot(fields[0]);
  instance.vnnlib = without_dot(fields[1]);
  instance.networks = parse_networks(fields[0], where);
  instance.line = number;
  const std::string_view timeout = fields[2];
  const auto [end, error] =
      std::from_chars(timeout.data(), timeout.data() + timeout.size(), instance.timeout_s);
  const bool whole = error == std::errc() && end == timeout.data() + timeout.size();
  if (!whole || !std::isfinite(instance.timeout_s) || instance.timeout_s <= 0.0) {
    throw InputError(where + ": the timeout '" + std::string(timeout) +
                     "' is not a positive number of seconds");
  }
  return instance;
}

/// Suites name files that they hold compressed by their plain names, and now and then the other way
/// round, as readers of files allow. Sets `missing` where there is none.
std::string find_file(const fs::path& folder, const std::string& name, std::string& missing) {
  const std::string plain = name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
  const std::string found = base::find_file((folder / name).string());
  std::error_code ignored;
  if (fs::is_regular_file(found, ignored)) return found;
  missing = "there is no file " + (folder / plain).string() + " and none with .gz after it";
  return (folder / plain).string();
}

void find_files(Instance& instance, const std::string& folder) {
  for (NetworkFile& network : instance.networks)
    network.path = find_file(folder, network.path, instance.missing);
  instance.vnnlib_path = find_file(folder, instance.vnnlib, instance.missing);
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

std::string list_of(const std::string& folder) {
  std::error_code ignored;
  const fs::path usual = fs::path(folder) / "instances.csv";
  if (fs::is_regular_file(usual, ignored)) return usual.string();
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    const bool listing = name.ends_with("instances.csv") || name.ends_with("instance.csv");
    if (listing && entry.is_regular_file(ignored)) found.push_back(entry.path().string());
  }
  return found.size() == 1 ? found.front() : "";
}

std::vector<Instance> read_suite(const std::string& folder, const Selection& selection,
                                 Missing missing) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw InputError("the suite " + folder + " is not a folder");
  const std::string path = list_of(folder);
  if (path.empty()) {
    throw InputError("cannot read " + (fs::path(folder) / "instances.csv").string() +
                     ": a suite is a folder with instances.csv");
  }
  const std::regex filter = compiled(selection.filter);
  std::vector<Instance> instances;
  int matching = 0, number = 0;
  for (const std::string& line : lines_of(path)) {
    ++number;
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string::npos || line[first] == '#') continue;
    const std::string where = path + ":" + std::to_string(number);
    Instance instance = parse_line(line, number, where);
    if (!std::regex_search(line, filter)) continue;
    if (matching++ % selection.stride != 0) continue;
    if (selection.limit > 0 && static_cast<int>(instances.size()) == selection.limit) continue;
    find_files(instance, folder);
    if (!instance.missing.empty() && missing == Missing::refuse)
      throw InputError(where + ": " + instance.missing);
    instances.push_back(std::move(instance));
  }
  if (instances.empty() && missing == Missing::refuse)
    throw InputError("no instance of " + path + " is selected");
  return instances;
}

}  // namespace clipbound::suite
