#include "solver/activation_split/window_root.h"

#include <algorithm>

#include "bounds/layered/clause_rows.h"
#include "bounds/windows/window_bounder.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

/// Rows of all clauses.
AffineForm rows_of(const LayeredSystem& system, const std::vector<const Clause*>& clauses) {
  std::vector<AffineForm> forms;
  for (const Clause* clause : clauses) forms.push_back(lower_rows(system, *clause));
  return one_after_the_other(forms);
}

/// What is known of the neurons as limits of theirs.
std::shared_ptr<const LayeredSystem> limited(const LayeredSystem& system,
                                             const RelaxedLayers& layers) {
  auto better = std::make_shared<LayeredSystem>(system);
  for (int k = 0; k < layers.count(); ++k) {
    const auto i = static_cast<std::size_t>(k);
    better->limits[i].z = better->intervals[i] = layers.z(k);
  }
  return better;
}

/// Whether rows with these lower bounds exclude every point; else the book is told.
bool is_refuted(const Clause& clause, const std::vector<std::uint8_t>& strict, const double* bound,
                const SearchContext& context) {
  std::size_t best = 0;
  for (std::size_t r = 0; r < strict.size(); ++r) {
    if (strict[r] != 0 ? bound[r] >= 0.0 : bound[r] > 0.0) return true;
    if (bound[r] > bound[best]) best = r;
  }
  if (context.progress != nullptr) context.progress->root_open(clause, best, bound[best]);
  return false;
}

/// Bounds the rows of all clauses and erases those that are refuted.
void refute_rows(const LayeredSystem& system, const WindowBounder& bounder,
                 const AscentSchedule& schedule, std::vector<const Clause*>& clauses,
                 const SearchContext& context) {
  const std::size_t all = clauses.size();
  const std::vector<double> bound = bounder.lower_bounds(rows_of(system, clauses), schedule);
  std::size_t first = 0;
  std::erase_if(clauses, [&](const Clause* clause) {
    const std::vector<std::uint8_t> strict = strict_rows(system, *clause);
    const bool refuted =
        bounder.layers().is_empty() || is_refuted(*clause, strict, bound.data() + first, context);
    first += strict.size();
    if (refuted) context.keep_refuted(*clause);
    return refuted;
  });
  context.say(2, "backward passes by windows, " + std::to_string(schedule.iterations) +
                     " iterations: " + std::to_string(all - clauses.size()) + " of " +
                     std::to_string(all) + " clauses are refuted, the least bound is " +
                     std::to_string(*std::min_element(bound.begin(), bound.end())) + ", " +
                     std::to_string(context.deadline.elapsed_s()) + " s");
}

}  // namespace

WindowRoot refute_by_windows(const LayeredSystem& system, const std::vector<double>& lower,
                             const std::vector<double>& upper, std::vector<const Clause*>& clauses,
                             const SearchContext& context) {
  const bool have_rows = std::all_of(clauses.begin(), clauses.end(),
                                     [](const Clause* clause) { return !clause->rows.empty(); });
  if (!have_rows || !WindowBounder::suits(system)) return {};
  WindowBudget budget;
  budget.seconds =
      std::min(strategy::kWindowShare * context.deadline.left_s(), strategy::kLongestWindows_s);
  budget.threads = context.threads;
  // Half of the memory for all threads' batches, where the plan's default is more.
  budget.bytes = std::min(
      budget.bytes, static_cast<std::int64_t>(0.5e9 * context.options.memory_limit_gb /
                                              static_cast<double>(std::max(context.threads, 1))));
  budget.say = [&context](const std::string& message) { context.say(2, message); };
  WindowBounder bounder(system, lower, upper, std::move(budget), context.deadline);
  bounder.bound_layers();
  context.say(2, std::to_string(bounder.unstable()) + " neurons unstable at the root, " +
                     std::to_string(context.deadline.elapsed_s()) + " s");
  refute_rows(system, bounder, {}, clauses, context);
  AscentSchedule schedule;
  schedule.iterations = strategy::kWindowIterations;
  schedule.until_s =
      context.deadline.spent_s() + strategy::kAscentShare * context.deadline.left_s();
  // Where neurons lack bounds, slopes of rows are not what is missing.
  if (!clauses.empty() && bounder.is_complete())
    refute_rows(system, bounder, schedule, clauses, context);
  WindowRoot root{limited(system, bounder.layers()), {}};
  if (!bounder.is_complete())
    root.no_search = "the time does not suffice for bounds of all neurons of so large a network";
  else if (features_of(system).weights > strategy::kMostSparseWeights)
    root.no_search = "the network is too large to be searched";
  return root;
}

}  // namespace clipbound::solver
