#include "benchmarks/suite/csv.h"

#include <fstream>

#include "base/error.h"

namespace clipbound::suite {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// Takes a quoted field off the front of `line`, which begins with the quote; what follows up to
/// the comma is dropped.
std::string take_quoted(std::string_view& line) {
  std::string field;
  std::size_t at = 1;
  for (; at < line.size(); ++at) {
    if (line[at] != '"') {
      field += line[at];
    } else if (at + 1 < line.size() && line[at + 1] == '"') {
      field += line[++at];
    } else {
      break;
    }
  }
  line.remove_prefix(std::min(line.size(), line.find(',', at)));
  return field;
}

}  // namespace

std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    line = trimmed(line);
    if (line.starts_with('"')) {
      fields.push_back(take_quoted(line));
    } else {
      const std::size_t comma = std::min(line.size(), line.find(','));
      fields.emplace_back(trimmed(line.substr(0, comma)));
      line.remove_prefix(comma);
    }
    if (line.empty()) return fields;
    line.remove_prefix(1);
  }
}

std::string csv_field(std::string_view text) {
  // Blanks at the ends would be taken off again.
  if (text.find_first_of(",\"\r\n") == std::string_view::npos &&
      trimmed(text).size() == text.size())
    return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& field : fields) {
    if (&field != &fields.front()) line += ',';
    line += csv_field(field);
  }
  return line + '\n';
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError("cannot read " + path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
  }
  if (file.bad()) throw InputError("cannot read " + path);
  return lines;
}

}  // namespace clipbound::suite
