#include "cli/robustness_table.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "cli/numbers.h"

namespace clipbound::cli {

namespace {

constexpr char kNames[] =
    "number,name,point,label,predicted,answer,robust,counterexample,seconds\n";
constexpr std::size_t kColumns = 9;

/// Names of files may have anything in them.
std::string plain(const std::string& name) {
  std::string safe;
  for (const char c : name) safe += c == ',' || c == '\n' || c == '\r' ? '_' : c;
  return safe;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line);
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

/// The number that a cell is, to its last character.
template <typename T>
T whole(const std::string& cell) {
  T value{};
  const char* const end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (error != std::errc{} || stop != end || !std::isfinite(static_cast<double>(value)))
    throw std::invalid_argument("number");
  return value;
}

std::string line_of(std::size_t k, const TableRow& row) {
  std::array<char, 160> numbers{};
  std::snprintf(numbers.data(), numbers.size(), ",%.17g,%.17g,%.3f\n", row.robust,
                row.counterexample, row.seconds);
  return std::to_string(k) + "," + plain(row.name) + "," + row.point + "," +
         std::to_string(row.label) + "," + std::to_string(row.predicted) + "," + row.answer +
         numbers.data();
}

}  // namespace

RobustnessTable::RobustnessTable(std::string path, std::string about) : path_(std::move(path)) {
  if (path_.empty()) return;
  const std::string head = "# " + plain(about) + "\n" + kNames;
  std::error_code unknown;
  std::string text;
  if (std::filesystem::exists(path_, unknown)) {
    if (!std::filesystem::is_regular_file(path_, unknown))
      throw InputError(path_ + ": a table is a file, which a second run goes on with");
    text = read_text(path_);
  }
  if (!text.empty()) {
    read(text, head);
    // A line that was cut off is done again.
    const std::size_t whole = text.rfind('\n') + 1;
    if (whole < text.size()) std::filesystem::resize_file(path_, whole);
    return;
  }
  std::ofstream file(path_, std::ios::binary);
  if (!(file << head << std::flush))
    throw InputError(path_ + ": cannot be written: " + std::strerror(errno));
}

void RobustnessTable::read(const std::string& text, const std::string& head) {
  if (text.compare(0, head.size(), head) != 0) {
    throw InputError(path_ +
                     ": this is no table of the same network and settings; its first line "
                     "would be\n" +
                     head.substr(0, head.find('\n')));
  }
  std::istringstream lines(text.substr(head.size(), text.rfind('\n') + 1 - head.size()));
  int number = 2;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::vector<std::string> cells = cells_of(line);
    try {
      if (cells.size() != kColumns) throw std::invalid_argument("columns");
      TableRow row{.name = cells[1],
                   .point = cells[2],
                   .label = whole<std::size_t>(cells[3]),
                   .predicted = whole<std::size_t>(cells[4]),
                   .answer = cells[5],
                   .robust = whole<double>(cells[6]),
                   .counterexample = whole<double>(cells[7]),
                   .seconds = whole<double>(cells[8])};
      constexpr std::string_view kAnswers[] = {"robust", "not robust", "unknown", "radius"};
      if (std::find(std::begin(kAnswers), std::end(kAnswers), row.answer) == std::end(kAnswers))
        throw std::invalid_argument("answer");
      rows_[whole<std::size_t>(cells[0])] = std::move(row);
    } catch (const std::exception&) {
      throw InputError(path_ + ":" + std::to_string(number) + ": this is no line of such a table");
    }
  }
}

const TableRow* RobustnessTable::find(std::size_t k, const std::string& name,
                                      const std::string& point, std::size_t label) const {
  const auto row = rows_.find(k);
  if (row == rows_.end()) return nullptr;
  if (row->second.name != plain(name) || row->second.label != label) {
    throw InputError(path_ + ": point " + std::to_string(k) + " is " + row->second.name +
                     " with label " + std::to_string(row->second.label) + " there, but " + name +
                     " with label " + std::to_string(label) + " now");
  }
  if (row->second.point != point)
    throw InputError(path_ + ": point " + std::to_string(k) + " (" + name +
                     ") has other numbers now");
  return &row->second;
}

void RobustnessTable::add(std::size_t k, const TableRow& row) {
  if (!path_.empty()) {
    std::ofstream file(path_, std::ios::binary | std::ios::app);
    if (!(file << line_of(k, row) << std::flush))
      throw InputError(path_ + ": cannot be written: " + std::strerror(errno));
  }
  rows_[k] = row;
}

}  // namespace clipbound::cli
