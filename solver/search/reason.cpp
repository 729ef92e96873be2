#include "solver/search/reason.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "specs/evaluate/counterexample.h"
#include "specs/network/float_grid.h"

namespace clipbound::solver {

namespace {

constexpr std::size_t kShownTerms = 4;
/// Of the size of what a row adds up: some float32 roundings.
constexpr double kRounding = 1e-6;

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string name_of(const Term& term, const VariableNames* names) {
  if (names != nullptr) return names->name_of(term.of, term.index);
  return (term.of == Term::Of::input ? "X_" : "Y_") + std::to_string(term.index);
}

std::string text_of(const Row& row, const VariableNames* names) {
  std::string text;
  for (std::size_t k = 0; k < std::min(row.terms.size(), kShownTerms); ++k) {
    const double c = row.terms[k].coefficient.exact.get_d();
    if (k > 0) text += c < 0.0 ? " - " : " + ";
    if (k == 0 && c < 0.0) text += "-";
    if (std::fabs(c) != 1.0) text += number(std::fabs(c)) + " ";
    text += name_of(row.terms[k], names);
  }
  if (row.terms.size() > kShownTerms) text += " + ...";
  return text + (row.strict ? " < " : " <= ") + number(row.threshold.exact.get_d());
}

std::string seconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10.0 ? "%.1f s" : "%.0f s", value);
  return text;
}

std::string help_for_search(const SearchProgress& progress) {
  if (progress.weakest && std::isinf(progress.weakest->bound))
    return "a smaller box, on which every bound is finite";
  if (progress.subproblems == 0) return "more time: the search has hardly begun";
  constexpr double kLeastShare = 1e-3, kLongest_s = 1e6;
  const double share = progress.settled_share,
               more_s = progress.statistics.search_s * (1.0 - share) / share;
  if (share >= kLeastShare && more_s <= kLongest_s)
    return "more time (at this pace about " + seconds(more_s) + ")";
  return "a smaller box, or much more time: an end is not in sight";
}

}  // namespace

std::string where(const SearchProgress& progress) {
  const auto of_all = [&](std::uint64_t count) {
    return std::to_string(count) + " of " + std::to_string(progress.clauses);
  };
  switch (progress.stage) {
    case Stage::reading: return "while reading";
    case Stage::attack: return "in the attack";
    case Stage::lowering: return "while the network was lowered";
    case Stage::root:
      return "in the root bounds (" + of_all(progress.bounded) + " clauses bounded, " +
             std::to_string(progress.refuted) + " refuted)";
    case Stage::search: break;
  }
  return "in the search (" + of_all(progress.refuted) + " clauses refuted)";
}

std::string describe(const Query& query, const OpenRow& open) {
  const Clause& clause = query.clauses[open.clause];
  std::string text = clause.line > 0 ? "the clause of line " + std::to_string(clause.line)
                                     : "clause " + std::to_string(open.clause + 1);
  if (clause.rows.empty()) return text + ", which has no row: every point of its box is asked for";
  if (query.clauses.size() > 1 && clause.line > 0)
    text += " (" + std::to_string(open.clause + 1) + " of " + std::to_string(query.clauses.size()) +
            ")";
  text += ", row ";
  if (clause.rows.size() > 1)
    text += std::to_string(open.row + 1) + " of " + std::to_string(clause.rows.size()) + " ";
  text += "(" + text_of(clause.rows[open.row], query.names.get()) + "), ";
  if (std::isinf(open.bound)) return text + "has no finite bound";
  return text + "lacks " + number(std::max(0.0, -open.bound));
}

std::string what_would_help(const SearchProgress& progress, StopReason ran_out_of) {
  if (ran_out_of == StopReason::memory) return "a higher memory limit, or fewer threads";
  if (progress.stage == Stage::search || progress.bounded == progress.clauses)
    return help_for_search(progress);
  if (progress.stage == Stage::attack && progress.bounded == 0)
    return "more time: no clause has been bounded yet";
  return "more time: " + std::to_string(progress.clauses - progress.bounded) +
         " clauses have not been bounded yet";
}

bool within_rounding(const Network& network, const Query& query, const OpenRow& open) {
  const Clause& clause = query.clauses[open.clause];
  if (clause.rows.empty() || !std::isfinite(open.bound)) return false;
  const Row& row = clause.rows[open.row];
  std::vector<double> middle;
  for (const InputInterval& interval : *clause.box) {
    const Ends ends = interval.proof_in(network.input_type());
    middle.push_back(nearest_in(network.input_type(), 0.5 * ends.lower + 0.5 * ends.upper));
  }
  const std::vector<double> y = judge(network, query, middle).outputs;
  double size = std::fabs(row.threshold.exact.get_d());
  for (const Term& term : row.terms) {
    const auto index = static_cast<std::size_t>(term.index);
    const double value = term.of == Term::Of::input ? middle[index] : y.empty() ? 0.0 : y[index];
    size += std::fabs(term.coefficient.exact.get_d() * value);
  }
  constexpr double kLeast = 1e-12;  // of rows whose terms are 0 in the middle
  return -open.bound <= std::max(kRounding * size, kLeast);
}

}  // namespace clipbound::solver
