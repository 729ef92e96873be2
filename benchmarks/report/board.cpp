#include "benchmarks/report/board.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "benchmarks/suite/check.h"

namespace clipbound::suite {
namespace {

/// The competition's: a verdict one second late is none.
constexpr double kLate_s = 1.0;

/// The records of a run, found by instance (match_key).
using RunIndex = std::map<std::string, const Record*>;

ResultRow row_of(const PlannedInstance& instance) {
  return {instance.suite,   instance.onnx, instance.vnnlib,    instance.repeat,
          Outcome::unknown, kNotKnown,     instance.timeout_s, ""};
}

ResultRow row_of(const Record& record) {
  return {record.suite,   record.onnx,    record.vnnlib,    record.repeat,
          record.outcome, record.seconds, record.timeout_s, record.reason};
}

RunIndex index_of(const Entrant& entrant) {
  RunIndex index;
  if (!entrant.run) return index;
  for (const Record& record : entrant.run->records)
    index.emplace(match_key(row_of(record)), &record);
  return index;
}

Cell cell_of(const Entrant& entrant, const RunIndex& index, const ResultRow& instance) {
  Cell cell;
  if (entrant.run) {
    // The very repetition: a run that was ended early has not run the second one.
    const auto found = index.find(match_key(instance));
    if (found == index.end()) return cell;
    cell.record = found->second;
    cell.row = row_of(*cell.record);
  } else if (const ResultRow* row = entrant.table.find(instance)) {
    cell.row = *row;
  }
  return cell;
}

/// What `suite check` says of a cell's counterexample; nothing where it is none or was not checked.
std::optional<bool> checked_of(const Entrant& entrant, const Cell& cell) {
  if (cell.record == nullptr || cell.record->outcome != Outcome::sat) return std::nullopt;
  const auto found = entrant.checked.find(cell.record->key());
  return found == entrant.checked.end() ? std::nullopt : std::optional(found->second);
}

/// Who says sat and who says unsat of one instance, as lists of names.
struct Claims {
  std::string sat, unsat;
  void add(Outcome outcome, const std::string& name) {
    if (!solved(outcome)) return;
    std::string& names = outcome == Outcome::sat ? sat : unsat;
    names += (names.empty() ? "" : ", ") + name;
  }
  bool contradictory() const { return !sat.empty() && !unsat.empty(); }
};

/// Sets what is known of an instance. A replayed counterexample counts more than any table, and
/// tables that contradict each other say nothing.
void find_truth(const std::vector<Entrant>& entrants, const Claims& references,
                BoardInstance& instance) {
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    if (checked_of(entrants[e], instance.cells[e]) != true) continue;
    instance.truth = Outcome::sat;
    instance.truth_from = "counterexample of " + entrants[e].name() + " replayed";
    return;
  }
  if (references.contradictory()) {
    instance.truth_from = "sat: " + references.sat + "; unsat: " + references.unsat;
  } else if (!references.sat.empty() || !references.unsat.empty()) {
    instance.truth = references.unsat.empty() ? Outcome::sat : Outcome::unsat;
    instance.truth_from = references.sat + references.unsat;
  }
}

void judge_cell(const BoardInstance& instance, bool contradicted, std::optional<bool> checked,
                Cell& cell) {
  if (!cell.row || !solved(cell.row->outcome)) return;
  const ResultRow& row = *cell.row;
  cell.wrong = (instance.truth && *instance.truth != row.outcome) || checked == false;
  cell.disputed = contradicted && !instance.truth && !cell.wrong;
  // fmin passes over what is not known; a time that is not known is not late.
  cell.late = row.seconds > std::fmin(instance.name.timeout_s, row.timeout_s) + kLate_s;
  cell.points = cell.wrong ? kWrong : cell.counts() ? kRight : 0;
}

void judge(const std::vector<Entrant>& entrants, const std::vector<ResultTable>& truths,
           BoardInstance& instance) {
  Claims references;
  for (const ResultTable& table : truths) {
    if (const ResultRow* row = table.find(instance.name))
      references.add(row->outcome, table.name());
  }
  Claims all = references;
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    const Cell& cell = instance.cells[e];
    // A sat whose counterexample does not hold speaks against nobody.
    if (cell.row && checked_of(entrants[e], cell) != false)
      all.add(cell.row->outcome, entrants[e].name());
  }
  find_truth(entrants, references, instance);
  instance.disagreement = all.contradictory();
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    Cell& cell = instance.cells[e];
    judge_cell(instance, all.contradictory(), checked_of(entrants[e], cell), cell);
    instance.disagreement = instance.disagreement || cell.wrong;
  }
}

/// Which of the sums one cell belongs to.
std::size_t& count_of(const Cell& cell, Sums& sums) {
  if (!cell.row) return sums.not_run;
  if (cell.wrong) return sums.wrong;
  if (cell.disputed) return sums.disputed;
  if (cell.late) return sums.late;
  switch (cell.row->outcome) {
    case Outcome::unsat: return sums.unsat;
    case Outcome::sat: return sums.sat;
    case Outcome::timeout: return sums.timeout;
    case Outcome::error: return sums.errors;
    case Outcome::unknown: break;
  }
  return cell.record != nullptr && cell.record->out_of_memory() ? sums.memory : sums.unknown;
}

void add(const BoardInstance& instance, const Cell& cell, Sums& sums) {
  ++count_of(cell, sums);
  if (!cell.row) return;
  ++sums.results;
  sums.points += cell.points;
  if (!std::isnan(cell.row->seconds)) sums.seconds += cell.row->seconds;
  const double limit_s = std::fmin(instance.name.timeout_s, cell.row->timeout_s);
  const double penalised = cell.counts() ? cell.row->seconds : 2.0 * limit_s;
  if (std::isnan(penalised)) return;
  sums.par2_s += penalised;
  ++sums.par2_over;
}

/// Turns sums into means, and points into shares of the best.
void finish(SuiteSums& suite) {
  long best = 0;
  for (const Sums& sums : suite.entrants) best = std::max(best, sums.points);
  for (Sums& sums : suite.entrants) {
    if (sums.par2_over > 0) sums.par2_s /= static_cast<double>(sums.par2_over);
    if (best > 0)
      sums.percent =
          100.0 * static_cast<double>(std::max(0L, sums.points)) / static_cast<double>(best);
  }
}

void add_sums(Board& board, std::size_t entrants) {
  board.total = {"all", board.instances.size(), std::vector<Sums>(entrants)};
  std::map<std::string, std::size_t> position;
  for (const BoardInstance& instance : board.instances) {
    const auto [found, fresh] = position.emplace(instance.name.suite, board.suites.size());
    if (fresh) board.suites.push_back({instance.name.suite, 0, std::vector<Sums>(entrants)});
    SuiteSums& suite = board.suites[found->second];
    ++suite.instances;
    for (std::size_t e = 0; e < entrants; ++e) {
      add(instance, instance.cells[e], suite.entrants[e]);
      add(instance, instance.cells[e], board.total.entrants[e]);
    }
  }
  for (SuiteSums& suite : board.suites) finish(suite);
  finish(board.total);
  // The competition adds up the shares of the benchmarks, so that large ones do not drown small
  // ones.
  for (std::size_t e = 0; e < entrants; ++e) {
    board.total.entrants[e].percent = 0.0;
    for (const SuiteSums& suite : board.suites)
      board.total.entrants[e].percent += suite.entrants[e].percent;
  }
}

}  // namespace

const char* const kScoreRule =
    "Points as in VNN-COMP: +10 for a right verdict, -150 for a wrong one and for a sat whose "
    "counterexample does not hold, 0 for none. Late: more than a second after the instance's limit "
    "in the first of these runs that has it (or after its own, where that is shorter); a late "
    "verdict does not count, whatever limit it was found under. Disputed: one says sat, another "
    "unsat, and nothing says which is right; neither counts. Otherwise a verdict counts as right "
    "unless it contradicts a reference verdict or a counterexample that was replayed (clipbound "
    "suite check). Score: points of a benchmark in percent of the best entrant's here, summed over "
    "the benchmarks.";

Entrant read_run_entrant(const std::string& source) {
  const auto [label, folder] = split_label(source);
  Entrant entrant;
  entrant.run = read_run(folder);
  entrant.checked = read_check(folder);
  entrant.table = results_of(*entrant.run);
  if (!label.empty()) entrant.table.rename(label);
  return entrant;
}

std::size_t Board::disagreements() const {
  return static_cast<std::size_t>(
      std::count_if(instances.begin(), instances.end(),
                    [](const BoardInstance& instance) { return instance.disagreement; }));
}

Board make_board(const std::vector<Entrant>& entrants, const std::vector<ResultTable>& truths) {
  Board board;
  std::set<std::string> seen;
  std::vector<RunIndex> indices;
  for (const Entrant& entrant : entrants) {
    indices.push_back(index_of(entrant));
    if (!entrant.run) continue;
    for (const PlannedInstance& planned : entrant.run->planned) {
      BoardInstance instance;
      instance.name = row_of(planned);
      if (seen.insert(match_key(instance.name)).second)
        board.instances.push_back(std::move(instance));
    }
  }
  for (BoardInstance& instance : board.instances) {
    for (std::size_t e = 0; e < entrants.size(); ++e)
      instance.cells.push_back(cell_of(entrants[e], indices[e], instance.name));
    judge(entrants, truths, instance);
  }
  add_sums(board, entrants.size());
  return board;
}

}  // namespace clipbound::suite
