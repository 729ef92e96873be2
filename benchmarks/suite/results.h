#pragma once
// Idea: results of any origin in one form: a run of ours, a results.csv as the competition
// publishes it, a table with reference results.
// Source: VNN-COMP's results.csv and reference tables.
// Guarantees: a word that is no verdict is refused.
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/suite/record.h"

namespace clipbound::suite {

struct Run;

inline constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

/// One instance's.
struct ResultRow {
  std::string suite, onnx, vnnlib;
  int repeat = 1;
  Outcome outcome = Outcome::unknown;
  double seconds = kNotKnown, timeout_s = kNotKnown;
  std::string reason;
};

/// What rows of one instance have in common, whatever year's paths and spellings they were written
/// with.
std::string match_key(const ResultRow& row);

/// Rows that are found by instance, whatever year's paths and spellings they were written with.
class ResultTable {
 public:
  explicit ResultTable(std::string name) : name_(std::move(name)) {}
  /// Adds a row; of rows with the same instance the n-th is its n-th repetition.
  void add(ResultRow row);
  const std::vector<ResultRow>& rows() const { return rows_; }
  /// The row of the same instance, or of its first occurrence where the repetition is not there;
  /// null where none is.
  const ResultRow* find(const ResultRow& like) const;
  const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  /// True where any row has a time.
  bool timed() const;

 private:
  std::string name_;
  std::vector<ResultRow> rows_;
  std::map<std::string, std::size_t> by_instance_;
};

/// Reads what `source` names: the folder of a run; a results.csv of the competition (category,
/// network, property, prepare time, result, run time, no header); a csv with a header that has
/// suite or benchmark, onnx, vnnlib and verdict. FILE:NAME takes the columns NAME_result and
/// NAME_time_s of such a file, or its rows whose column tool is NAME. Throws InputError for
/// anything else.
ResultTable read_results(const std::string& source);
/// LABEL and SOURCE of LABEL=SOURCE; the label is empty where there is none.
std::pair<std::string, std::string> split_label(const std::string& text);
/// The results of a run that was read already.
ResultTable results_of(const Run& run);

/// The word of a result file or of a published table: also holds, violated, timed-out,
/// run_instance_timeout and the like; what is none of them is an error.
Outcome parse_outcome(const std::string& word);

}  // namespace clipbound::suite
