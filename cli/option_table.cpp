// Idea: the rows of the option table as flags.
// Source: own.
// Guarantees: values out of range are refused while parsing.
#include <string>

#include "cli/division.h"

namespace clipbound::cli {

namespace {

std::string help_of(const OptionDescription& option) {
  const std::string preset = option.flag == "timeout" ? "none" : option.value;
  return option.help + " [" + option.range + "; " + preset + "]";
}

}  // namespace

void add_option_table(CLI::App& command, Options& options) {
  for (const OptionDescription& option : Options::list()) {
    const std::string flag = option.flag;
    if (option.boolean) {
      command.add_flag_function(
          "--" + flag + ",--no-" + flag + "{false}",
          [&options, flag](std::int64_t count) { options.set(flag, count > 0 ? "true" : "false"); },
          help_of(option));
    } else {
      command
          .add_option_function<std::string>(
              "--" + flag, [&options, flag](const std::string& value) { options.set(flag, value); },
              help_of(option))
          ->type_name("VALUE");
    }
  }
}

}  // namespace clipbound::cli
