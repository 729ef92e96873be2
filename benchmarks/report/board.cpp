#include "benchmarks/report/board.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "benchmarks/suite/check.h"

namespace clipbound::suite {
namespace {

/// The competition's: a verdict one second late is none.
constexpr double kLate_s = 1.0;

/// The records and counterexamples of the runs, found by instance.
struct RunIndex {
  std::map<std::string, const Record*> records;  ///< by match_key
};

ResultRow row_of(const PlannedInstance& instance) {
  return {instance.suite,   instance.onnx, instance.vnnlib,    instance.repeat,
          Outcome::unknown, kNotKnown,     instance.timeout_s, ""};
}

RunIndex index_of(const Entrant& entrant) {
  RunIndex index;
  if (!entrant.run) return index;
  for (const Record& record : entrant.run->records) {
    const ResultRow like{record.suite,   record.onnx, record.vnnlib, record.repeat,
                         record.outcome, 0.0,         0.0,           ""};
    index.records.emplace(match_key(like), &record);
  }
  return index;
}

/// What `suite check` says of a cell's counterexample; nothing where it is none or was not checked.
std::optional<bool> checked_of(const Entrant& entrant, const Cell& cell) {
  if (cell.record == nullptr || cell.record->outcome != Outcome::sat) return std::nullopt;
  const auto found = entrant.checked.find(cell.record->key());
  return found == entrant.checked.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Outcome> truth_of(const BoardInstance& instance, const std::vector<Entrant>& entrants,
                                const std::vector<ResultTable>& truths) {
  for (std::size_t e = 0; e < entrants.size(); ++e) {
    if (checked_of(entrants[e], instance.cells[e]) == true) return Outcome::sat;
  }
  for (const ResultTable& table : truths) {
    const ResultRow* row = table.find(instance.name);
    if (row != nullptr && solved(row->outcome)) return row->outcome;
  }
  return std::nullopt;
}

void judge_cell(const Entrant& entrant, const std::optional<Outcome>& truth, Cell& cell) {
  if (cell.row == nullptr || !solved(cell.row->outcome)) return;
  cell.wrong = (truth && *truth != cell.row->outcome) || checked_of(entrant, cell) == false;
  // False where either is not known.
  const bool late = cell.row->seconds > cell.row->timeout_s + kLate_s;
  cell.points = cell.wrong ? kWrong : late ? 0 : kRight;
}

void add(const BoardInstance& instance, const Cell& cell, Sums& sums) {
  if (cell.row == nullptr) return;
  ++sums.results;
  switch (cell.row->outcome) {
    case Outcome::unsat: ++sums.unsat; break;
    case Outcome::sat: ++sums.sat; break;
    case Outcome::timeout: ++sums.timeout; break;
    case Outcome::error: ++sums.errors; break;
    case Outcome::unknown: {
      const bool memory = cell.record != nullptr && cell.record->out_of_memory();
      ++(memory ? sums.memory : sums.unknown);
    }
  }
  sums.wrong += cell.wrong ? 1 : 0;
  sums.points += cell.points;
  if (!std::isnan(cell.row->seconds)) sums.seconds += cell.row->seconds;
  const double limit_s =
      std::isnan(cell.row->timeout_s) ? instance.name.timeout_s : cell.row->timeout_s;
  const double penalised = solved(cell.row->outcome) ? cell.row->seconds : 2.0 * limit_s;
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
    "counterexample does not "
    "hold, 0 for none and for one that came more than a second after the limit. Score: points of a "
    "benchmark in "
    "percent "
    "of the best entrant's here, summed over the benchmarks. A verdict counts as right unless it "
    "contradicts a "
    "reference "
    "verdict or a counterexample that was replayed (clipbound suite check).";

Entrant read_run_entrant(const std::string& source) {
  const auto [label, folder] = split_label(source);
  Entrant entrant;
  entrant.run = read_run(folder);
  entrant.checked = read_check(folder);
  entrant.table = results_of(*entrant.run);
  if (!label.empty()) entrant.table.rename(label);
  return entrant;
}

Board make_board(const std::vector<Entrant>& entrants, const std::vector<ResultTable>& truths) {
  Board board;
  std::set<std::string> seen;
  std::vector<RunIndex> indices;
  for (const Entrant& entrant : entrants) {
    indices.push_back(index_of(entrant));
    if (!entrant.run) continue;
    for (const PlannedInstance& planned : entrant.run->planned) {
      const ResultRow row = row_of(planned);
      if (seen.insert(match_key(row)).second) board.instances.push_back({row, std::nullopt, {}});
    }
  }
  for (BoardInstance& instance : board.instances) {
    for (std::size_t e = 0; e < entrants.size(); ++e) {
      Cell cell;
      cell.row = entrants[e].table.find(instance.name);
      const auto record = indices[e].records.find(match_key(instance.name));
      if (record != indices[e].records.end()) cell.record = record->second;
      instance.cells.push_back(cell);
    }
    instance.truth = truth_of(instance, entrants, truths);
    for (std::size_t e = 0; e < entrants.size(); ++e)
      judge_cell(entrants[e], instance.truth, instance.cells[e]);
  }
  add_sums(board, entrants.size());
  return board;
}

}  // namespace clipbound::suite
