#pragma once
// Idea: numbers as texts give them: separated by commas, semicolons or blanks.
// Source: own.
// Guarantees: whatever is no finite number is named with its file and line.
#include <string>
#include <vector>

namespace clipbound::cli {

/// The whole text of a file, or of stdin for "-". Throws InputError where it cannot be read.
std::string read_text(const std::string& path);
/// A to Z as a to z.
std::string in_small_letters(std::string text);
/// All numbers of a text; `path` is where it is from, for messages. Throws InputError.
std::vector<double> numbers_of(const std::string& text, const std::string& path);

}  // namespace clipbound::cli
