#include "cli/manual.h"

#include <algorithm>
#include <sstream>

#include "cli/help.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

/// Text for roff: a hyphen that can be copied, no line that begins with a control character.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '-' || c == '\\') result += '\\';
    if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n')) result += "\\&";
    result += c;
  }
  return result;
}

/// True for an argument that is a file or a folder.
bool is_path(const CLI::Option& option) {
  const std::string type = type_of(option);
  return type.find("FILE") != std::string::npos || type.find("DIR") != std::string::npos ||
         type == "QUERY" || type == "RUN" || type == "NET";
}

void write_option(std::ostream& out, const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += "\\fB\\-" + roff(name) + "\\fR, ";
  for (const std::string& name : option.get_lnames()) names += "\\fB\\-\\-" + roff(name) + "\\fR, ";
  if (names.empty()) names = "\\fI" + roff(option.get_name(true, false)) + "\\fR, ";
  names.resize(names.size() - 2);
  const std::string type = option.get_positional() ? "" : type_of(option);
  out << ".TP\n"
      << names << (type.empty() ? "" : " \\fI" + roff(type) + "\\fR") << "\n"
      << roff(shown_description(option)) << "\n";
}

}  // namespace

std::string manual_page(const CLI::App& app) {
  std::ostringstream out;
  out << ".TH CLIPBOUND 1 \"\" \"clipbound " << version() << "\" \"User Commands\"\n"
      << ".SH NAME\nclipbound \\- neural network verifier\n"
      << ".SH SYNOPSIS\n.B clipbound\n\\fICOMMAND\\fR [\\fIOPTIONS\\fR] ...\n"
      << ".SH DESCRIPTION\n"
      << roff(app.get_description()) << "\n";
  for_each_command(app, "", [&](const CLI::App& command, const std::string& words) {
    out << ".SH \"clipbound " << roff(words) << "\"\n" << roff(command.get_description()) << "\n";
    for (const CLI::Option* option : options_of(command)) write_option(out, *option);
    const std::string footer = command.get_footer();
    if (!footer.empty()) out << ".PP\n.nf\n" << roff(footer) << "\n.fi\n";
  });
  out << ".SH \"EXIT STATUS\"\n.nf\n" << roff(app.get_footer()) << "\n.fi\n";
  return out.str();
}

namespace {

/// A word for `case` in shells.
std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// What may follow a command: its subcommands and flags.
std::string followers(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* sub : commands_of(command)) words.push_back(sub->get_name());
  for (const std::string& flag : flags_of(command)) words.push_back(flag);
  return joined(words);
}

std::string bash_script(const CLI::App& app) {
  std::ostringstream out;
  out << "# bash completion for clipbound: source <(clipbound completion bash)\n"
      << "_clipbound() {\n"
      << "  local word=${COMP_WORDS[COMP_CWORD]} command= words=\n"
      << "  local i\n"
      << "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      << "    case \"$command ${COMP_WORDS[i]}\" in\n";
  for_each_command(app, "", [&](const CLI::App&, const std::string& words) {
    const std::size_t blank = words.rfind(' ');
    const std::string before = blank == std::string::npos ? "" : words.substr(0, blank);
    const std::string last = blank == std::string::npos ? words : words.substr(blank + 1);
    out << "      '" << before << " " << last << "') command='" << words << "' ;;\n";
  });
  out << "    esac\n  done\n  case $command in\n    '') words='" << followers(app) << "' ;;\n";
  for_each_command(app, "", [&](const CLI::App& command, const std::string& words) {
    out << "    '" << words << "') words='" << followers(command) << "' ;;\n";
  });
  out << "  esac\n"
      << "  if [[ $word == -* || -z $command || $command == suite ]]; then\n"
      << "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
      << "  else\n"
      << "    compopt -o filenames 2>/dev/null\n"
      << "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
      << "  fi\n"
      << "}\n"
      << "complete -F _clipbound clipbound\n";
  return out.str();
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// For zsh a description may hold no colon or bracket.
std::string plain(std::string_view text) {
  std::string result(text);
  std::replace(result.begin(), result.end(), ':', ';');
  std::replace(result.begin(), result.end(), '[', '(');
  std::replace(result.begin(), result.end(), ']', ')');
  return result;
}

void write_zsh_arguments(std::ostream& out, const CLI::App& command) {
  out << "      _arguments";
  for (const CLI::Option* option : options_of(command)) {
    const std::string type = type_of(*option);
    for (const std::string& name : option->get_lnames()) {
      std::string spec = "--" + name + "[" + plain(option->get_description()) + "]";
      if (!type.empty()) spec += ":" + plain(type) + ":" + (is_path(*option) ? "_files" : "");
      out << " \\\n        " << in_quotes(spec);
    }
  }
  out << " \\\n        '*:file:_files'\n";
}

std::string zsh_script(const CLI::App& app) {
  std::ostringstream out;
  out << "#compdef clipbound\n"
      << "# zsh completion for clipbound: clipbound completion zsh > \"${fpath[1]}/_clipbound\"\n"
      << "_clipbound() {\n"
      << "  local command=${words[2]}\n"
      << "  if ((CURRENT == 2)); then\n    local -a commands=(";
  for (const CLI::App* command : commands_of(app))
    out << "\n      " << in_quotes(command->get_name() + ":" + plain(command->get_description()));
  out << ")\n    _describe command commands\n    return\n  fi\n";
  out << "  [[ $command == suite && CURRENT -gt 3 ]] && command=\"suite ${words[3]}\"\n"
      << "  case $command in\n";
  for_each_command(app, "", [&](const CLI::App& command, const std::string& words) {
    out << "    " << in_quotes(words) << ")\n";
    const std::vector<const CLI::App*> subcommands = commands_of(command);
    if (subcommands.empty()) {
      write_zsh_arguments(out, command);
    } else {
      out << "      compadd --";
      for (const CLI::App* sub : subcommands) out << " " << sub->get_name();
      out << "\n";
    }
    out << "      ;;\n";
  });
  out << "  esac\n}\n_clipbound \"$@\"\n";
  return out.str();
}

std::string fish_script(const CLI::App& app) {
  std::ostringstream out;
  out << "# fish completion for clipbound: clipbound completion fish | source\n";
  const std::vector<const CLI::App*> top = commands_of(app);
  for (const CLI::App* command : top) {
    out << "complete -c clipbound -n __fish_use_subcommand -f -a " << command->get_name() << " -d "
        << in_quotes(command->get_description()) << "\n";
  }
  for_each_command(app, "", [&](const CLI::App& command, const std::string& words) {
    std::string condition;
    std::istringstream each(words);
    for (std::string word; each >> word;)
      condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
    for (const CLI::App* sub : commands_of(command)) {
      out << "complete -c clipbound -n " << in_quotes(condition) << " -f -a " << sub->get_name()
          << " -d " << in_quotes(sub->get_description()) << "\n";
    }
    for (const CLI::Option* option : options_of(command)) {
      for (const std::string& name : option->get_lnames()) {
        out << "complete -c clipbound -n " << in_quotes(condition) << " -l " << name
            << (type_of(*option).empty() ? ""
                : is_path(*option)       ? " -r -F"
                                         : " -x")
            << " -d " << in_quotes(option->get_description()) << "\n";
      }
    }
  });
  return out.str();
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") return bash_script(app);
  if (shell == "zsh") return zsh_script(app);
  if (shell == "fish") return fish_script(app);
  throw InputError("'" + std::string(shell) + "' is not bash, zsh or fish");
}

}  // namespace clipbound::cli
