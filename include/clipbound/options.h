#pragma once
// Idea: options: one table for the library and the command line.
// Source: own.
// Guarantees: a value out of its range throws InputError and changes nothing.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clipbound/errors.h"

namespace clipbound {

/// One option: what it is called and what it may be.
struct OptionDescription {
  std::string name;      ///< in JSON: "time_limit_s"
  std::string flag;      ///< on the command line, without "--": "timeout"
  std::string value;     ///< its default, as text
  std::string range;     ///< "an integer from 0 to 1024"
  std::string help;      ///< one line
  bool boolean = false;  ///< true or false: on the command line --flag and --no-flag
};

/// Every option as a field, with its default: the rows of base/options.def (docs/guide.md says
/// what each means).
///   solve(network, query, OptionFields{.time_limit_s = 10, .threads = 1})
struct OptionFields {
  using string = std::string;  ///< as the table calls it
#define CLIPBOUND_OPTION(type, field, default_value, flag, min, max, help) \
  type field = default_value;
#include "clipbound/options.def"
};

/// Options, by field or by name; everything has a default that suits all problems. A value: copies
/// are independent. Thread safety: const members may be called from many threads at once.
class CLIPBOUND_API Options {
 public:
  /// The defaults.
  Options();
  /// Throws InputError naming option, value and range where one is out of range.
  Options(const OptionFields& fields);  // NOLINT(google-explicit-constructor): meant to convert
  /// All options as fields.
  OptionFields fields() const;

  /// Sets an option by its name or flag. Throws InputError naming option, value and range; nothing
  /// is changed then.
  Options& set(std::string_view name, std::string_view value);
  /// The value as text. Throws InputError where there is no such option.
  std::string get(std::string_view name) const;
  /// Every option there is.
  static std::vector<OptionDescription> list();

  struct Implementation;  ///< the library's own
  const Implementation& implementation() const {
    return *implementation_;
  }  ///< for the library itself

 private:
  std::shared_ptr<const Implementation> implementation_;
};

}  // namespace clipbound
