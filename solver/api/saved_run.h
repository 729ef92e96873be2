#pragma once
// Idea: what solve() has to do with searches that were left: it checks that one is of the same files,
// goes on from it, adds up what all processes have cost, and has its own search saved.
// Source: own.
// Guarantees: what is resumed is of the same network and query, by the files' SHA-256 and by what was
// read from them; what is saved says what was proved of its part, and nothing else.
#include <optional>
#include <string>
#include <vector>

#include "clipbound/checkpoint.h"
#include "clipbound/options.h"
#include "clipbound/solve.h"
#include "solver/api/record.h"
#include "solver/solve.h"

namespace clipbound {

struct SavedSearch::Implementation {
  std::string bytes, sha256, name;
  Record record;
};

class SavedRun {
 public:
  /// Throws InputError where what is to be resumed is of another network or query. What is given
  /// outlives it.
  SavedRun(const Callbacks& callbacks, const specs::Network& network, const specs::Query& query,
           const Options& options, const Result& about);

  /// What the run begins with, whether it leaves what is open, and its checkpoints.
  void begin(solver::SolveContext& context);
  /// What earlier processes have counted.
  const base::Statistics& earlier() const { return earlier_; }
  /// The counterexample that was found already; empty: none.
  const std::vector<double>& known_input() const;
  /// Adds what earlier processes have cost.
  void add_earlier(solver::SolveResult& result) const;
  /// Saves what came of the run, where memory is left for that.
  void finish(const Result& result, const base::Statistics& statistics);
  /// Throws InputError where a saved search is of other files than these.
  static void check_files(const SavedSearch& saved, const std::vector<FileInfo>& networks,
                          const std::optional<FileInfo>& property);
  /// Throws InputError where a caller of something else than solve() asks for saved searches.
  static void refuse(const Callbacks& callbacks);
  /// Of the divided search that it is part of; empty: of none.
  const std::string& part() const { return part_; }
  /// Before the reason of a verdict.
  const char* prefix() const { return part_.empty() ? "" : "of this part alone: "; }

 private:
  void write(const solver::SearchState& state, const base::Statistics& so_far, double elapsed_s,
             Record::Outcome outcome, const std::vector<double>& input) const;

  void check_part(const SavedSearch::Implementation& saved, bool part_alone) const;
  void check_whole(const SavedSearch::Implementation& saved) const;
  void save(const Result& result, const base::Statistics& statistics) const;

  const Callbacks& callbacks_;
  const Options& options_;
  const Result& about_;
  const base::Deadline* deadline_ = nullptr;
  const Record* resumed_ = nullptr;
  base::Statistics earlier_;
  std::string part_;
  solver::SearchState resume_, left_;
};

}  // namespace clipbound
