#pragma once
// Idea: what the report shows of one instance beside its row: command, statistics, counterexample,
// messages, and the page of its search where that was recorded.
// Source: own.
// Guarantees: a trace or counterexample that cannot be read takes nothing from the rest of the
// report; it is said where it would stand.
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "benchmarks/report/board.h"

namespace clipbound::suite {

/// Of a record: the page of its trace, relative to the report, or why there is none.
struct TracePage {
  std::string link, why_not;
};
using TracePages = std::map<const Record*, TracePage>;

/// Writes the pages of all traces of the entrants' runs below `folder` and adds their paths to
/// `files`.
TracePages write_trace_pages(const std::vector<Entrant>& entrants, const std::string& folder,
                             std::vector<std::string>& files);

/// Makes the details of records, with the numbers of counterexamples as long as there is room for
/// them on a page.
class InstanceDetails {
 public:
  InstanceDetails(const std::vector<Entrant>& entrants, const TracePages& pages);
  /// Adds the details of an entrant's record to its cell.
  void add(std::size_t entrant, const Record& record, nlohmann::ordered_json& cell);

 private:
  const std::vector<Entrant>& entrants_;
  const TracePages& pages_;
  std::size_t room_;  ///< for further numbers of counterexamples
};

/// A part of a file name.
std::string file_part(const std::string& name);

}  // namespace clipbound::suite
