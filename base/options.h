#pragma once
// Idea: options as a plain value, generated from the one table in base/options.def.
// Source: own (after CaDiCaL's table of options).
// Guarantees: a value that is out of its row's range is refused, and changes nothing.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/floors.h"

namespace clipbound::base {

namespace option_types {
using type_double = double;
using type_int = int;
using type_bool = bool;
using type_string = std::string;
}  // namespace option_types

/// All options with their defaults. A copy is independent; reading one from many threads is safe.
struct Options {
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  option_types::type_##type field = default_value;
#include "base/options.def"
};

/// The words of each string option, as an enumeration: SplitOption::neurons.
#define CLIPBOUND_WORDS(field, Type, ...) enum class Type : std::uint8_t { __VA_ARGS__ };
#include "base/options.def"

/// What a string option is set to: split_of(options). Throws InputError where it is no word of the
/// row.
#define CLIPBOUND_WORDS(field, Type, ...) Type field##_of(const Options& options);
#include "base/options.def"

/// One row of the table, for help texts, JSON and tests.
struct OptionInfo {
  enum class Type { number, integer, boolean, word };
  std::string_view field;  ///< name in Options and in JSON: "time_limit_s"
  std::string_view flag;   ///< name on the command line, without "--": "timeout"
  Type type;               ///< double, int, bool, string
  double min, max;         ///< inclusive range of numbers and integers
  std::string_view help;   ///< one line
  /// What a string option may be; empty for the other types.
  std::span<const std::string_view> words;
};

/// Every option, in the table's order.
std::span<const OptionInfo> option_table();

/// The row whose field or flag is `name` (a leading "--" is ignored). Throws InputError naming
/// `name` where there is none.
const OptionInfo& find_option(std::string_view name);

/// Sets the option whose field or flag is `name` from text. Booleans: true/false, on/off, yes/no,
/// 1/0. Throws InputError naming option, value and range; `options` is then unchanged.
void set_option(Options& options, std::string_view name, std::string_view text);

/// The option's value as text that set_option() reads back to the same value.
std::string get_option(const Options& options, std::string_view name);

/// What values the option takes: "an integer from 0 to 1024", "one of none, relaxed, complete".
std::string describe_range(const OptionInfo& option);

/// Calls visit(field, value) for every option in the table's order; value is a double, int, bool or
/// std::string.
template <typename Visitor>
void for_each_option(const Options& options, Visitor&& visit) {
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  visit(std::string_view(#field), options.field);
#include "base/options.def"
}

}  // namespace clipbound::base
