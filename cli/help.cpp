#include "cli/help.h"

#include <algorithm>
#include <numeric>
#include <sstream>

namespace clipbound::cli {

namespace {

constexpr std::size_t kColumns = 80, kNames = 28;

/// A name of at most kNames columns and what it is beside it, or below it where the name is longer.
std::string entry(const std::string& name, const std::string& what) {
  std::string text = "  " + name;
  text += text.size() + 2 > kNames ? "\n" + std::string(kNames, ' ')
                                   : std::string(kNames - text.size(), ' ');
  return text + wrapped(what, kColumns - kNames, kNames) + "\n";
}

}  // namespace

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    // A list that fits no line is broken after a comma.
    const std::size_t comma =
        end > width ? text.substr(0, width).rfind(',') : std::string_view::npos;
    const bool is_broken = comma != std::string_view::npos;
    if (is_broken) end = comma + 1;
    const std::string_view word = text.substr(0, end);
    if (column > 0 && column + 1 + word.size() > width) {
      result += "\n" + std::string(indent, ' ');
      column = 0;
    } else if (column > 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    if (end < text.size() && text[end] == '\n') {
      result += "\n" + std::string(end + 1 < text.size() ? indent : 0, ' ');
      column = 0;
    }
    text.remove_prefix(std::min(is_broken ? end : end + 1, text.size()));
  }
  return result;
}

std::string HelpFormatter::make_option(const CLI::Option* option, bool) const {
  return entry(shown_name(*option), shown_description(*option));
}

std::string HelpFormatter::make_subcommand(const CLI::App* sub) const {
  return entry(sub->get_name(), sub->get_description());
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
  const std::string text = app->get_description();
  return text.empty() ? text : wrapped(text, kColumns, 0) + "\n";
}

/// Lines that fit stay as they are: examples are indented.
std::string HelpFormatter::make_footer(const CLI::App* app) const {
  std::istringstream lines(app->get_footer());
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += (line.size() > kColumns ? wrapped(line, kColumns, 0) : line) + "\n";
  return text;
}

int distance(std::string_view a, std::string_view b) {
  // Rows of the table of distances between beginnings: the one at hand and the two before it.
  std::vector<int> older, old(b.size() + 1), now(b.size() + 1);
  std::iota(now.begin(), now.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    older = std::move(old);
    old = now;
    now[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const int replaced = old[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({old[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], older[j - 2] + 1);
    }
  }
  return now[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  int least = 1 + static_cast<int>(std::max<std::size_t>(word.size() / 3, 1));
  for (const std::string& candidate : candidates) {
    const int d = distance(word, candidate);
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best;
}

std::vector<const CLI::Option*> options_of(const CLI::App& command) {
  std::vector<const CLI::Option*> options = command.get_options();
  for (const CLI::App* group : command.get_subcommands({})) {
    if (!group->get_name().empty()) continue;
    for (const CLI::Option* option : group->get_options()) options.push_back(option);
  }
  return options;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : options_of(command)) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::vector<const CLI::App*> commands_of(const CLI::App& command) {
  std::vector<const CLI::App*> named;
  for (const CLI::App* sub : command.get_subcommands({})) {
    if (!sub->get_name().empty()) named.push_back(sub);
  }
  return named;
}

void for_each_command(const CLI::App& app, const std::string& words,
                      const std::function<void(const CLI::App&, const std::string&)>& visit) {
  for (const CLI::App* command : commands_of(app)) {
    const std::string name =
        words.empty() ? command->get_name() : words + " " + command->get_name();
    visit(*command, name);
    for_each_command(*command, name, visit);
  }
}

/// Of a checked number the parser's type says its range too; the description says that where it
/// matters.
std::string type_of(const CLI::Option& option) {
  if (option.get_type_size() == 0) return "";
  const std::string type = option.get_type_name();
  return type.substr(0, type.find(':'));
}

/// "--attack,--no-attack{false}" is how the parser writes "--attack, --no-attack".
std::string shown_name(const CLI::Option& option) {
  const bool is_argument = option.get_positional();
  std::string name = option.get_name(is_argument, !is_argument), shown;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '{') i = std::min(name.find('}', i), name.size() - 1) + 1;
    if (i < name.size()) shown += name[i] == ',' ? std::string(", ") : std::string(1, name[i]);
  }
  const std::string type = is_argument ? "" : type_of(option);
  return shown + (type.empty() ? "" : " " + type);
}

std::string shown_description(const CLI::Option& option) {
  std::string text = option.get_description();
  if (option.get_required()) text += " (required)";
  if (!option.get_default_str().empty()) text += " [" + option.get_default_str() + "]";
  return text;
}

std::string suggestion(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  for (const std::string& argument : arguments) {
    const std::vector<const CLI::App*> subcommands = commands_of(*command);
    const auto named =
        std::find_if(subcommands.begin(), subcommands.end(),
                     [&](const CLI::App* sub) { return sub->get_name() == argument; });
    if (named != subcommands.end()) {
      command = *named;
      continue;
    }
    std::vector<std::string> known;
    std::string word = argument;
    if (argument.starts_with("--")) {
      known = flags_of(*command);
      word = argument.substr(0, argument.find('='));
    } else if (!subcommands.empty()) {
      for (const CLI::App* sub : subcommands) known.push_back(sub->get_name());
    }
    if (known.empty() || std::find(known.begin(), known.end(), word) != known.end()) continue;
    const std::string near = nearest(word, known);
    return near.empty() ? "" : "did you mean " + near + "?";
  }
  return "";
}

}  // namespace clipbound::cli
