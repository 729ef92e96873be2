#include "benchmarks/report/instance.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "benchmarks/report/view.h"
#include "benchmarks/suite/check.h"
#include "benchmarks/suite/files.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Numbers of counterexamples on one page, some ten bytes each, and of one of them.
constexpr std::size_t kMostNumbers = 300000, kMostOfOne = 50000;

TracePage write_page(const Entrant& entrant, const Record& record, const std::string& folder,
                     std::vector<std::string>& files) {
  fs::path name = fs::path(record.trace).filename();
  while (name.has_extension() && (name.extension() == ".gz" || name.extension() == ".trace"))
    name = name.stem();
  const fs::path link = fs::path("traces") / file_part(entrant.name()) /
                        (fs::path(record.trace).parent_path().filename()) /
                        (name.string() + ".html");
  try {
    const std::string page =
        view_page(read_trace((fs::path(entrant.run->folder) / record.trace).string()),
                  record.suite + ": " + record.onnx + ", " + record.vnnlib);
    const fs::path path = fs::path(folder) / link;
    fs::create_directories(path.parent_path());
    write_durably(path.string(), page);
    files.push_back(path.string());
    return {link.generic_string(), ""};
  } catch (const InputError& error) {
    return {"", error.what()};
  }
}

}  // namespace

std::string file_part(const std::string& name) {
  std::string part;
  for (const char c : name)
    part += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ? c : '_';
  return part;
}

TracePages write_trace_pages(const std::vector<Entrant>& entrants, const std::string& folder,
                             std::vector<std::string>& files) {
  TracePages pages;
  for (const Entrant& entrant : entrants) {
    if (!entrant.run) continue;
    for (const Record& record : entrant.run->records) {
      if (!record.trace.empty()) pages[&record] = write_page(entrant, record, folder, files);
    }
  }
  return pages;
}

InstanceDetails::InstanceDetails(const std::vector<Entrant>& entrants, const TracePages& pages)
    : entrants_(entrants), pages_(pages), room_(kMostNumbers) {}

void InstanceDetails::add(std::size_t entrant, const Record& record, Json& cell) {
  cell["command"] = record.command;
  if (!record.messages.empty()) cell["said"] = record.messages;
  for (const auto& [name, value] : record.statistics) cell["statistics"][name] = value;
  if (record.violated) {
    cell["violated"] = {{"clause", record.violated->clause},
                        {"line", record.violated->line},
                        {"rows", record.violated->rows}};
  }
  if (const auto page = pages_.find(&record); page != pages_.end()) {
    cell["page"] = page->second.link;
    if (!page->second.why_not.empty()) cell["no_page"] = page->second.why_not;
  }
  if (record.counterexample.empty()) return;
  const std::string file =
      (fs::path(entrants_[entrant].run->folder) / record.counterexample).string();
  cell["file"] = record.counterexample;
  try {
    const std::vector<double> point = parse_counterexample(read_whole(file));
    if (point.size() > std::min(room_, kMostOfOne)) return;
    room_ -= point.size();
    for (const double value : point) {
      char text[40];
      std::snprintf(text, sizeof text, "%.7g", value);
      cell["point"].push_back(std::strtod(text, nullptr));
    }
  } catch (const InputError&) {
    // The file is named: of VNN-LIB 2 it has names of its own.
  }
}

}  // namespace clipbound::suite
