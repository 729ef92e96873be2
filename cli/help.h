#pragma once
// Idea: help texts that fit 80 columns and end with examples, and what was probably meant where an
// argument is not understood.
// Source: own; Damerau and Levenshtein's distance between words.
// Guarantees: no line of a help text is longer than 80 columns, unless one word of it is.
#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace clipbound::cli {

/// The text in lines of at most `width` columns, from the second one on indented by so many blanks.
/// Line ends in it stay.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);

/// Help in 80 columns.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* sub) const override;
  std::string make_description(const CLI::App* app) const override;
  std::string make_footer(const CLI::App* app) const override;
};

/// Letters to insert, delete, replace or swap with their neighbour to get from one to the other.
int distance(std::string_view a, std::string_view b);
/// The candidate nearest to `word`; "" where none is near: more than a third of its letters differ.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
/// "did you mean --timeout?" for the first of `arguments` that `app` and its subcommands do not
/// know; "" where nothing is near.
std::string suggestion(const CLI::App& app, const std::vector<std::string>& arguments);

/// Options of a command, those of its groups too.
std::vector<const CLI::Option*> options_of(const CLI::App& command);
/// Flags and subcommands of a command, as they are typed.
std::vector<std::string> flags_of(const CLI::App& command);
std::vector<const CLI::App*> commands_of(const CLI::App& command);
/// Calls visit(command, its words) for every command, "suite run" after "suite"; `words` are those
/// before them.
void for_each_command(const CLI::App& app, const std::string& words,
                      const std::function<void(const CLI::App&, const std::string&)>& visit);
/// What an option takes, as help texts name it: "FILE"; "" for a flag.
std::string type_of(const CLI::Option& option);
/// "--attack, --no-attack" or "--json FILE": the names of an option and what it takes.
std::string shown_name(const CLI::Option& option);
/// What it is, whether it must be there, and its default.
std::string shown_description(const CLI::Option& option);

}  // namespace clipbound::cli
