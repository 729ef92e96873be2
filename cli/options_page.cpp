#include "cli/options_page.h"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <vector>

#include "cli/help.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

/// Text for a cell of a table: a bar would end the cell.
std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

/// True for an option that is a row of the table of options, help text and all: another command may
/// have an option of that name and another meaning.
bool is_of_table(const CLI::Option& option) {
  const std::vector<OptionDescription> rows = Options::list();
  const std::string what = option.get_description();
  return std::any_of(rows.begin(), rows.end(), [&](const OptionDescription& row) {
    return option.check_lname(row.flag) && what.starts_with(row.help + " [");
  });
}

/// Lines as they are; the indented ones, which are examples and lists, as a block of their own.
std::string with_blocks(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  bool in_block = false;
  for (std::string line; std::getline(lines, line);) {
    const bool indented = line.starts_with("  ");
    if (indented != in_block && !line.empty()) {
      if (!result.ends_with("\n\n")) result += "\n";
      in_block = indented;
    }
    result += (indented ? "  " : "") + line + "\n";
  }
  return result;
}

void write_command(std::ostream& out, const CLI::App& command, const std::string& words) {
  out << "\n## clipbound " << words << "\n\n" << with_blocks(command.get_description());
  bool has_table = false, has_rows = false;
  for (const CLI::Option* option : options_of(command)) {
    if (option->check_lname("help")) continue;
    if (is_of_table(*option)) {
      has_table = true;
      continue;
    }
    if (!has_rows) out << "\n| argument | what it is |\n|---|---|\n";
    has_rows = true;
    out << "| `" << cell(shown_name(*option)) << "` | " << cell(shown_description(*option))
        << " |\n";
  }
  if (has_table) out << "\nAnd the [options of a search](#options-of-a-search).\n";
  const std::string footer = command.get_footer();
  if (!footer.empty()) out << "\n" << with_blocks(footer);
}

constexpr char kHead[] =
    "# Commands and options\n"
    "\n"
    "Written by the program: `clipbound manual --markdown`. Do not edit; a test holds this page\n"
    "against it, and `tests/docs/options BUILD SOURCE --write` writes it anew. "
    "[guide.md](guide.md)\n"
    "shows what the commands are for, `clipbound COMMAND --help` prints the same on a terminal.\n"
    "\n"
    "## Options of a search\n"
    "\n"
    "The same for the command line (`--flag value`; booleans `--flag` and `--no-flag`), for\n"
    "`Options::set` by option or field, and for the fields of `OptionFields` and the JSON files.\n"
    "\n";

}  // namespace

std::string options_table() {
  std::ostringstream out;
  out << "| option | field | default | values | what it does |\n|---|---|---|---|---|\n";
  for (const OptionDescription& option : Options::list()) {
    const std::string preset = option.flag == "timeout" ? "none" : option.value;
    out << "| `--" << option.flag << "` | `" << option.name << "` | " << preset << " | "
        << cell(option.range) << " | " << cell(option.help) << " |\n";
  }
  return out.str();
}

std::string options_page(const CLI::App& app) {
  std::ostringstream out;
  out << kHead << options_table();
  for_each_command(app, "", [&](const CLI::App& command, const std::string& words) {
    write_command(out, command, words);
  });
  const std::string codes = app.get_footer();  // its first line is the heading
  out << "\n## Exit codes\n" << with_blocks(codes.substr(codes.find('\n') + 1));
  return out.str();
}

}  // namespace clipbound::cli
