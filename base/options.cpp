#include "base/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include "base/error.h"

namespace clipbound::base {
namespace {

using Type = OptionInfo::Type;
constexpr Type kind_double = Type::number, kind_int = Type::integer, kind_bool = Type::boolean,
               kind_string = Type::word;

constexpr std::size_t count_words(std::string_view enumerators) {
  return static_cast<std::size_t>(std::count(enumerators.begin(), enumerators.end(), ',')) + 1;
}
/// The words of a row, from its enumerators as text: "auto_, widest, sb".
template <std::size_t N>
constexpr std::array<std::string_view, N> words_in(std::string_view enumerators) {
  std::array<std::string_view, N> words;
  for (std::string_view& word : words) {
    const std::size_t end = std::min(enumerators.find(','), enumerators.size());
    word = enumerators.substr(0, end);
    enumerators.remove_prefix(end);
    while (enumerators.starts_with(',') || enumerators.starts_with(' '))
      enumerators.remove_prefix(1);
    if (word.ends_with('_')) word.remove_suffix(1);
  }
  return words;
}

// The words of each string option, as constant arrays named words_<field>.
#define CLIPBOUND_WORDS(field, Type, ...) \
  constexpr auto words_##field = words_in<count_words(#__VA_ARGS__)>(#__VA_ARGS__);
#include "base/options.def"

constexpr std::span<const std::string_view> words_of(std::string_view name) {
#define CLIPBOUND_WORDS(field, Type, ...) \
  if (name == #field) return words_##field;
#include "base/options.def"
  static_cast<void>(name);
  return {};
}

constexpr OptionInfo kTable[] = {
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  {#field, flag, kind_##type, min, max, help, words_of(#field)},
#include "base/options.def"
};

constexpr bool every_string_has_words() {
  return std::all_of(std::begin(kTable), std::end(kTable), [](const OptionInfo& row) {
    return (row.type == Type::word) == !row.words.empty();
  });
}
static_assert(every_string_has_words(),
              "each string option needs a CLIPBOUND_WORDS row in options.def, and only those");

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string number_text(double value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc{} ? std::string(buffer, end) : std::string("?");
}

[[noreturn]] void refuse(const OptionInfo& row, std::string_view text) {
  throw InputError("option --" + std::string(row.flag) + ": '" + std::string(text) + "' is not " +
                   describe_range(row));
}

template <typename T>
T parse_number(const OptionInfo& row, std::string_view text) {
  const std::string_view plain = trimmed(text);
  T value{};
  const auto [end, error] = std::from_chars(plain.data(), plain.data() + plain.size(), value);
  const bool whole = error == std::errc{} && end == plain.data() + plain.size();
  // Written so that NaN is refused.
  if (!whole || !(value >= row.min && value <= row.max)) refuse(row, text);
  return value;
}

void parse(const OptionInfo& row, std::string_view text, double& target) {
  target = parse_number<double>(row, text);
}
void parse(const OptionInfo& row, std::string_view text, int& target) {
  target = parse_number<int>(row, text);
}
void parse(const OptionInfo& row, std::string_view text, bool& target) {
  constexpr std::array<std::string_view, 4> kYes = {"true", "on", "yes", "1"},
                                            kNo = {"false", "off", "no", "0"};
  const std::string_view plain = trimmed(text);
  const bool yes = std::find(kYes.begin(), kYes.end(), plain) != kYes.end();
  if (!yes && std::find(kNo.begin(), kNo.end(), plain) == kNo.end()) refuse(row, text);
  target = yes;
}
void parse(const OptionInfo& row, std::string_view text, std::string& target) {
  const std::string_view plain = trimmed(text);
  if (std::find(row.words.begin(), row.words.end(), plain) == row.words.end()) refuse(row, text);
  target = plain;
}

std::string text_of(double value) {
  return number_text(value);
}
std::string text_of(int value) {
  return std::to_string(value);
}
std::string text_of(bool value) {
  return value ? "true" : "false";
}
std::string text_of(const std::string& value) {
  return value;
}

}  // namespace

std::span<const OptionInfo> option_table() {
  return kTable;
}

const OptionInfo& find_option(std::string_view name) {
  const std::string_view key = name.starts_with("--") ? name.substr(2) : name;
  for (const OptionInfo& row : kTable) {
    if (row.field == key || row.flag == key) return row;
  }
  throw InputError("there is no option named '" + std::string(name) + "'");
}

void set_option(Options& options, std::string_view name, std::string_view text) {
  const OptionInfo& row = find_option(name);
#define CLIPBOUND_OPTION(type, member, default_value, flag_text, low, high, help_text) \
  if (row.field == #member) parse(row, text, options.member);
#include "base/options.def"
}

std::string get_option(const Options& options, std::string_view name) {
  const OptionInfo& row = find_option(name);
  std::string text;
  for_each_option(options, [&](std::string_view field, const auto& value) {
    if (field == row.field) text = text_of(value);
  });
  return text;
}

#define CLIPBOUND_WORDS(field, Type, ...)                                                 \
  Type field##_of(const Options& options) {                                               \
    const auto at = std::find(words_##field.begin(), words_##field.end(), options.field); \
    if (at == words_##field.end()) refuse(find_option(#field), options.field);            \
    return static_cast<Type>(at - words_##field.begin());                                 \
  }
#include "base/options.def"

std::string describe_range(const OptionInfo& option) {
  switch (option.type) {
    case Type::boolean: return "true or false";
    case Type::word: {
      std::string text = "one of ";
      for (std::size_t i = 0; i < option.words.size(); ++i)
        text += (i ? ", " : "") + std::string(option.words[i]);
      return text;
    }
    case Type::integer:
    case Type::number: break;
  }
  return std::string(option.type == Type::integer ? "an integer" : "a number") + " from " +
         number_text(option.min) + " to " + number_text(option.max);
}

}  // namespace clipbound::base
