#pragma once
// Idea: what people look at after a run: results.csv in the competition's format, summary.json, and
// one page of HTML that needs nothing but itself.
// Source: results.csv is VNN-COMP's.
// Guarantees: files are there whole or not at all.
#include <string>
#include <vector>

#include "benchmarks/report/board.h"
#include "benchmarks/report/instance.h"

namespace clipbound::suite {

struct ReportRequest {
  std::vector<std::string> runs;  ///< RUN or NAME=RUN; the first one's results.csv is results.csv
  /// As read_results() takes them; those without times say what is true.
  std::vector<std::string> references;
  std::string folder;  ///< written to; made where it is not there
};

struct WrittenReport {
  std::vector<std::string> files;  ///< their paths
  std::size_t disagreements = 0;   ///< instances with one
};

/// Writes the report. Throws InputError where something cannot be read or written.
WrittenReport write_report(const ReportRequest& request);

/// category,network,property,prepare time,result,run time; one line per record, in the suites'
/// order, no header.
std::string results_csv(const Run& run);
/// The board's sums, with what the entrants are, as JSON.
std::string summary_json(const Board& board, const std::vector<Entrant>& entrants);
/// The page; `pages` are those of the traces.
std::string report_page(const Board& board, const std::vector<Entrant>& entrants,
                        const TracePages& pages = {});

}  // namespace clipbound::suite
