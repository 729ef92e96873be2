// Idea: clipbound split and clipbound merge: one search as files that any scheduler runs as jobs of
// their own (docs/cluster.md).
// Source: own; include/clipbound/division.h.
// Guarantees: `unsat` only where every part's result proves it and all add up to the whole.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "cli/checkpoint_file.h"
#include "cli/command.h"
#include "cli/division.h"
#include "cli/interruption.h"
#include "cli/models.h"
#include "cli/output_file.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhole = "whole.search";

struct SplitArguments {
  std::string query, folder;
  std::vector<std::string> networks;
  std::size_t parts = 0;
  Options options;
};

struct MergeArguments {
  std::string query, folder, result, json;
  std::vector<std::string> networks;
};

const char* stdout_word(Verdict verdict) {
  return verdict == Verdict::timeout ? "timed-out" : name_of(verdict);
}

std::string part_name(std::size_t number) {
  char name[40];
  std::snprintf(name, sizeof name, "part-%05zu.search", number);
  return name;
}

/// A folder without searches.
void prepare_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder))
    throw InputError("the folder " + folder + " cannot be made");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string ending = entry.path().extension().string();
    if (ending == ".search" || ending == kResultEnding)
      throw InputError(folder + " has parts of a search already: " + entry.path().string());
  }
}

void write(const std::string& path, const SavedSearch& saved) {
  if (!write_durably(path, saved.bytes()))
    throw InputError("cannot write " + path + ": " + std::generic_category().message(errno));
}

int split(const SplitArguments& arguments) {
  prepare_folder(arguments.folder);
  const Problem problem = load_problem(arguments.query, arguments.networks, say_on_stderr);
  const Interruption interruption;
  Callbacks callbacks;
  callbacks.stopper = interruption.stopper();
  callbacks.log = [](int, const std::string& message) { say_on_stderr(message); };
  callbacks.checkpoint.emplace();
  callbacks.checkpoint->question.push_back(from_everywhere(arguments.query));
  for (const std::string& network : arguments.networks)
    callbacks.checkpoint->question.push_back(from_everywhere(network));
  const ThreadAllowance allowance(arguments.options.fields().threads);
  const Division division =
      divide(problem.network, problem.query, arguments.parts, arguments.options, callbacks);
  // The whole comes last: where it is, all parts are.
  const fs::path folder(arguments.folder);
  for (std::size_t p = 0; p < division.parts.size(); ++p)
    write((folder / part_name(p + 1)).string(), division.parts[p]);
  write((folder / kWhole).string(), division.whole);
  const bool decided =
      division.result.verdict == Verdict::sat || division.result.verdict == Verdict::unsat;
  std::printf("%s\n", decided ? name_of(division.result.verdict)
                              : (std::to_string(division.parts.size()) + " parts").c_str());
  if (decided) say_on_stderr("no parts are needed: " + division.result.reason);
  if (!decided)
    std::fprintf(stderr, "clipbound: %.6g of the search is settled, the rest is in %s\n",
                 division.result.progress.settled_share, arguments.folder.c_str());
  pass_on_signal();
  return kDone;
}

/// Parts and results of a folder. What cannot be read is said, and is missing.
struct Folder {
  std::vector<SavedSearch> parts, results;
  std::vector<std::string> unreadable;
};

Folder read_folder(const std::string& path) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    names.push_back(entry.path().string());
  std::sort(names.begin(), names.end());
  Folder folder;
  for (const std::string& name : names) {
    const bool is_part = name.ends_with(".search") && !name.ends_with(kWhole);
    if (!is_part && !name.ends_with(kResultEnding)) continue;
    try {
      (is_part ? folder.parts : folder.results).push_back(SavedSearch::load(name));
    } catch (const InputError& error) {
      folder.unreadable.emplace_back(error.what());
    }
  }
  return folder;
}

/// Query and networks as they are given, or where split found them.
Problem problem_of(const MergeArguments& arguments, const SavedSearch& whole) {
  std::string query = arguments.query;
  std::vector<std::string> networks = arguments.networks;
  if (query.empty() != networks.empty())
    throw InputError("merge needs both the query and its networks, or none of them");
  if (query.empty()) {
    if (whole.question().size() < 2) throw InputError("merge needs the query and its networks");
    query = whole.question().front();
    networks.assign(whole.question().begin() + 1, whole.question().end());
  }
  return load_problem(query, networks, say_on_stderr);
}

void tell(const Merged& merged, const std::vector<std::string>& unreadable) {
  for (const std::string& what : unreadable) say_on_stderr(what);
  for (const std::string& what : merged.refused) say_on_stderr(what);
  constexpr std::size_t kMostNamed = 20;
  std::string missing;
  for (std::size_t k = 0; k < std::min(kMostNamed, merged.missing.size()); ++k)
    missing += " " + part_name(merged.missing[k] + 1);
  if (merged.missing.size() > kMostNamed)
    missing += " and " + std::to_string(merged.missing.size() - kMostNamed) + " more";
  if (!missing.empty()) say_on_stderr("without a result that proves them:" + missing);
}

int merge_folder(const MergeArguments& arguments) {
  check_different(arguments.result, arguments.json);
  prepare_output(arguments.result);
  prepare_output(arguments.json);
  const SavedSearch whole = SavedSearch::load((fs::path(arguments.folder) / kWhole).string());
  const Folder folder = read_folder(arguments.folder);
  const Problem problem = problem_of(arguments, whole);
  Merged merged = merge(problem.network, problem.query, whole, folder.parts, folder.results);
  if (merged.result.verdict == Verdict::unsat && !folder.unreadable.empty()) {
    merged.result.verdict = Verdict::unknown;
    merged.result.reason = "files in the folder cannot be read";
  }
  write_output(arguments.result, to_vnncomp(merged.result, problem.query));
  if (!arguments.json.empty()) write_output(arguments.json, to_json(merged.result, Options()));
  if (arguments.result != kStandardStream && arguments.json != kStandardStream)
    std::printf("%s\n", stdout_word(merged.result.verdict));
  tell(merged, folder.unreadable);
  say_on_stderr(merged.result.reason);
  return kDone;
}

}  // namespace

Run add_split(CLI::App& command) {
  const auto arguments = std::make_shared<SplitArguments>();
  command.add_option("query", arguments->query, "the property, as for `verify`")
      ->required()
      ->type_name("QUERY");
  command.add_option("--network", arguments->networks, "the network, as for `verify`")
      ->required()
      ->allow_extra_args(false)
      ->type_name("[NAME=]FILE");
  command.add_option("--into", arguments->parts, "how many parts, of similar shares of the search")
      ->required()
      ->check(CLI::Range(1, 100'000))
      ->type_name("N");
  command.add_option("--out", arguments->folder, "the folder for parts; it has none yet")
      ->required()
      ->type_name("DIR");
  add_option_table(command, arguments->options);
  return [arguments] { return split(*arguments); };
}

Run add_merge(CLI::App& command) {
  const auto arguments = std::make_shared<MergeArguments>();
  command.add_option("folder", arguments->folder, "what `split` made, with the parts' results")
      ->required()
      ->type_name("DIR");
  command
      .add_option("query", arguments->query, "the property, where it is not where split found it")
      ->type_name("QUERY");
  command.add_option("--network", arguments->networks, "the same for the network")
      ->allow_extra_args(false)
      ->type_name("[NAME=]FILE");
  command
      .add_option("--result", arguments->result, "write the competition's result file (-: stdout)")
      ->type_name("FILE");
  command.add_option("--json", arguments->json, "write the verdict as `verify` does (-: stdout)")
      ->type_name("FILE");
  return [arguments] { return merge_folder(*arguments); };
}

}  // namespace clipbound::cli
