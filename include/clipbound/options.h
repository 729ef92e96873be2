#pragma once
// Options: one table for the library and the command line.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "clipbound/errors.h"

namespace CLIPBOUND_V1 {

/// One option: what it is called and what it may be.
struct OptionDescription {
  std::string name;   ///< in JSON: "time_limit_s"
  std::string flag;   ///< on the command line, without "--": "timeout"
  std::string value;  ///< its default, as text
  std::string range;  ///< "an integer from 0 to 1024"
  std::string help;   ///< one line
  bool boolean = false;
};

/// Options by name; everything has a default that suits all problems.
class CLIPBOUND_API Options {
 public:
  Options();

  /// Sets an option by its name or flag. Throws InputError naming option, value and range; nothing is changed then.
  Options& set(std::string_view name, std::string_view value);
  /// The value as text. Throws InputError where there is no such option.
  std::string get(std::string_view name) const;
  /// Every option there is.
  static std::vector<OptionDescription> list();

  struct Implementation;
  const Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  std::shared_ptr<const Implementation> implementation_;
};

}  // namespace CLIPBOUND_V1
