#pragma once
// Idea: who settled what: instances by entrants, judged and summed.
// Source: VNN-COMP's scoring: 10 per solved instance, -150 per wrong one.
// Guarantees: an entrant that contradicts a certain answer is never counted as right, and of two
// that contradict each other at most one is.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "benchmarks/suite/results.h"
#include "benchmarks/suite/run_folder.h"

namespace clipbound::suite {

/// A column of the board: a run of ours, or a reference.
struct Entrant {
  ResultTable table{""};
  std::optional<Run> run;  ///< where it is one
  /// Does this record's counterexample hold? (`suite check`; may be empty)
  std::map<std::string, bool> checked;
  const std::string& name() const { return table.name(); }
};

/// Reads a run (NAME=RUN names it) with what `suite check` found of it.
Entrant read_run_entrant(const std::string& source);

/// One entrant on one instance.
struct Cell {
  std::optional<ResultRow> row;    ///< nothing where the entrant did not run it
  const Record* record = nullptr;  ///< of a run
  bool wrong = false;     ///< contradicts what is known, or its counterexample does not hold
  bool disputed = false;  ///< contradicts another verdict, and nothing says which of them is right
  bool late = false;      ///< came after the instance's limit in this report
  int points = 0;         ///< by the competition's rules, see kScoreRule
  /// True of a verdict that is counted as right.
  bool counts() const { return row && solved(row->outcome) && !wrong && !disputed && !late; }
};

struct BoardInstance {
  ResultRow name;  ///< which instance; only the names and the limit of the first run that has it
  std::optional<Outcome> truth;  ///< sat or unsat, where that is known
  /// What says so; where references contradict each other, who says what.
  std::string truth_from;
  /// One says sat and another unsat, references among them, or a counterexample does not hold.
  bool disagreement = false;
  std::vector<Cell> cells;  ///< one per entrant
};

/// Of one entrant over some instances: every instance is counted once in the first line.
struct Sums {
  std::size_t unsat = 0, sat = 0, unknown = 0, timeout = 0, memory = 0, errors = 0, wrong = 0,
              disputed = 0, late = 0, not_run = 0;
  std::size_t results = 0;  ///< all but not_run
  double seconds = 0.0;     ///< of all results that have a time
  /// Mean of seconds where a verdict counts, twice the limit where not, over par2_over instances.
  double par2_s = 0.0;
  std::size_t par2_over = 0;
  long points = 0;
  double percent = 0.0;  ///< points as a share of the best entrant's; never below 0; summed over
                         ///< suites in totals
  std::size_t solved() const { return unsat + sat; }
  std::size_t open() const { return unknown + timeout + memory; }
};

struct SuiteSums {
  std::string name;
  std::size_t instances = 0;
  std::vector<Sums> entrants;
};

/// Refers to the entrants that it was made of.
struct Board {
  std::vector<BoardInstance> instances;
  std::vector<SuiteSums> suites;
  SuiteSums total;
  std::size_t disagreements() const;
};

inline constexpr int kRight = 10, kWrong = -150;
/// How points are given, for readers.
extern const char* const kScoreRule;

/// The instances that any run among the entrants has, in order, with everyone's results. `truths`
/// are tables of what is known; a counterexample that `suite check` found to hold is known too, and
/// counts more.
Board make_board(const std::vector<Entrant>& entrants, const std::vector<ResultTable>& truths);

}  // namespace clipbound::suite
