// Idea: clipbound view: the page of a recorded search.
// Source: own.
// Guarantees: the page is there whole or not at all.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "benchmarks/report/view.h"
#include "cli/command.h"
#include "cli/output_file.h"

namespace clipbound::cli {
namespace {

/// NAME.html beside the working directory: of "runs/x.trace.gz" it is "x.html".
std::string page_of(const std::string& trace) {
  std::filesystem::path name = std::filesystem::path(trace).filename();
  if (name.extension() == ".gz") name = name.stem();
  return name.replace_extension(".html").string();
}

int view(const std::string& trace, const std::string& output) {
  const std::string name = std::filesystem::path(trace).filename().string();
  const std::string page = suite::view_page(suite::read_trace(trace), name);
  write_output(output, page);
  if (output != kStandardStream) std::printf("%s\n", output.c_str());
  return kDone;
}

}  // namespace

Run add_view(CLI::App& command) {
  const auto trace = std::make_shared<std::string>(), output = std::make_shared<std::string>();
  command.add_option("trace", *trace, "what `verify --trace` wrote, packed or not")
      ->required()
      ->type_name("FILE");
  command
      .add_option("--output", *output,
                  "the page to write (-: stdout; default: the trace's name with .html, in this "
                  "folder)")
      ->type_name("FILE");
  return [trace, output] { return view(*trace, output->empty() ? page_of(*trace) : *output); };
}

}  // namespace clipbound::cli
