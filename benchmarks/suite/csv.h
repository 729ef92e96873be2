#pragma once
// Idea: comma-separated values as the competition's files use them: one record per line, fields
// that may stand in quotes.
// Source: RFC 4180; ours keeps a record on its line: a quote that is never closed ends with it.
// Guarantees: a file that cannot be read is an InputError.
#include <string>
#include <string_view>
#include <vector>

namespace clipbound::suite {

/// The fields of one line, blanks around them and the line's end removed. A field in double quotes
/// may hold commas and doubled quotes (instances of two networks do). A quote that is never closed
/// ends with the line.
std::vector<std::string> csv_fields(std::string_view line);

/// `text` as a field: in quotes where it needs them.
std::string csv_field(std::string_view text);

/// Fields with commas between them and a newline at the end.
std::string csv_line(const std::vector<std::string>& fields);

/// The lines of a file without their ends. Throws InputError where it cannot be read.
std::vector<std::string> lines_of(const std::string& path);

}  // namespace clipbound::suite
