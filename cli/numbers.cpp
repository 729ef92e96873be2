#include "cli/numbers.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "cli/input_file.h"
#include "cli/output_file.h"

namespace clipbound::cli {

std::string read_text(const std::string& path) {
  if (path == kStandardStream) return standard_input();
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown) && !unknown)
    throw InputError(path + ": no such file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path + ": cannot be opened");
  // Devices and pipes may have no end.
  constexpr std::size_t kMostBytes = std::size_t{1} << 31U, kPiece = std::size_t{1} << 20U;
  std::string text;
  while (file) {
    const std::size_t size = text.size();
    if (size > kMostBytes) throw InputError(path + ": has more than 2 GiB");
    text.resize(size + kPiece);
    file.read(text.data() + size, static_cast<std::streamsize>(kPiece));
    text.resize(size + static_cast<std::size_t>(file.gcount()));
  }
  return text;
}

std::string in_small_letters(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::vector<double> numbers_of(const std::string& text, const std::string& path) {
  std::vector<double> numbers;
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    constexpr std::string_view kSeparators = ",; \t\r\n";
    if (kSeparators.find(text[at]) != std::string_view::npos) {
      line += text[at++] == '\n' ? 1 : 0;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(kSeparators, at), text.size());
    const std::string item = text.substr(at, end - at);
    char* stop = nullptr;
    numbers.push_back(std::strtod(item.c_str(), &stop));
    if (stop != item.c_str() + item.size() || !std::isfinite(numbers.back())) {
      throw InputError(path + ":" + std::to_string(line) + ": '" + item +
                       "' is not a finite number");
    }
    at = end;
  }
  return numbers;
}

}  // namespace clipbound::cli
