#include "solver/root_stage.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/blas.h"
#include "base/parallel.h"
#include "bounds/exact/decide_exactly.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/layered/layered_system.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/self_check.h"
#include "solver/activation_split/layer_figures.h"
#include "solver/activation_split/window_root.h"
#include "solver/input_split/coarse_boxes.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound::solver {

namespace {

/// The bounds of a sparse network as the self-check takes them.
CrownBounder::Bounds bounds_of(const SparseNetwork& network) {
  CrownBounder::Bounds bounds;
  bounds.lower = network.lower_x;
  bounds.upper = network.upper_x;
  bounds.sources[kInputSource] = {network.lower_x, network.upper_x};
  for (int k = 0; k < network.layers(); ++k) {
    bounds.layers.push_back(network.bounds_of(k));
    bounds.sources[k] =
        activate(network.system().activations[static_cast<std::size_t>(k)], network.bounds_of(k));
  }
  return bounds;
}

BoxClauses box_of(const BoxGroup& group, const Query& query) {
  BoxClauses box;
  box.lower = group.lower;
  box.upper = group.upper;
  for (const std::size_t k : group.clauses) box.clauses.push_back(&query.clauses[k]);
  return box;
}

bool have_rows(const std::vector<const Clause*>& clauses) {
  return std::all_of(clauses.begin(), clauses.end(),
                     [](const Clause* clause) { return !clause->rows.empty(); });
}

/// The outputs on a box as numbers within radii, by the operators' own intervals. They know what
/// sums of ReLUs do not: the larger of two is below neither.
LayeredSystem system_of_intervals(const Network& network, const BoxClauses& box) {
  const specs::EnclosedOutputs outputs = specs::evaluate_enclosed(network, box.lower, box.upper);
  LayeredSystem system;
  system.lower = box.lower;
  system.upper = box.upper;
  system.sources[kInputSource] = {box.lower, box.upper};
  for (std::size_t i = 0; i < box.lower.size(); ++i)
    system.magnitudes[kInputSource].push_back(
        std::max(std::fabs(box.lower[i]), std::fabs(box.upper[i])));
  for (std::size_t i = 0; i < outputs.value.size(); ++i) {
    // A NaN on the way may have become a number that no real number gives (S1, where functions
    // end), and so may an infinity, or what underflowed.
    const bool known =
        outputs.ordinary_inside && std::isfinite(outputs.value[i]) && outputs.error[i] < kOverflow;
    // What was rounded may have underflowed in float32 (least_gap() of bounds/layered).
    const double underflow = outputs.error[i] > 0.0 ? 0x1p-100 : 0.0;
    system.outputs.constant.push_back(known ? outputs.value[i] : 0.0);
    system.outputs.radius.push_back(known ? add_up(outputs.error[i], underflow) : kInfinity);
  }
  return system;
}

bool refuted_by_intervals(const LayeredSystem& system, const Clause& clause) {
  const IntervalVector rows = enclose(lower_rows(system, clause), system.sources);
  for (std::size_t s = 0; s < rows.lower.size(); ++s) {
    // An overflow, or NaN, proves nothing.
    if (!(rows.lower[s] < kOverflow)) continue;
    if (clause.rows[s].strict ? rows.lower[s] >= 0.0 : rows.lower[s] > 0.0) return true;
  }
  return false;
}

/// How far an output may be from its value.
mpq_class radius_of(const specs::EnclosedOutputs& outputs, std::size_t i) {
  if (outputs.error[i] == 0.0) return 0;
  // What was rounded may have underflowed in float32, as above.
  return mpq_class(outputs.error[i]) + mpq_class(0x1p-100);
}

/// Whether some row fails at the point; without rounding: ties are decided where outputs are exact.
bool refuted_at(const std::vector<double>& point, const specs::EnclosedOutputs& outputs,
                const Clause& clause) {
  if (!outputs.ordinary_inside) return false;
  return std::any_of(clause.rows.begin(), clause.rows.end(), [&](const specs::Row& row) {
    mpq_class least = -row.threshold.exact;
    for (const specs::Term& term : row.terms) {
      const auto i = static_cast<std::size_t>(term.index);
      const mpq_class& factor = term.coefficient.exact;
      if (term.of == specs::Term::Of::input) {
        least += factor * mpq_class(point[i]);
        continue;
      }
      if (!std::isfinite(outputs.value[i]) || !(outputs.error[i] < kOverflow)) return false;
      least += factor * mpq_class(outputs.value[i]) - abs(factor) * radius_of(outputs, i);
    }
    return row.strict ? least >= 0 : least > 0;
  });
}

}  // namespace

void RootStage::check_first(const LayeredSystem& system, const CrownBounder::Bounds& bounds) {
  if (checked_boxes_.fetch_add(1) < strategy::kCheckedBoxes) self_check(*network_, system, bounds);
}

ActivationSplitSettings RootStage::settings() {
  ActivationSplitSettings settings;
  settings.check = [this](const SparseNetwork& network) {
    check_first(network.system(), bounds_of(network));
  };
  settings.attack = attack_;
  if (context_.cuts != nullptr) settings.keeping = Keeping::trees;  // whatever splits beside it
  return settings;
}

std::unique_ptr<ActivationSplitSchedule> RootStage::schedule(BoxClauses box) {
  // The root's lowering has products as pairs, and is gone by now where networks were reduced.
  LoweringOptions options;
  options.undefined_reach = reach_.get();
  options.ball = query_.ball;
  options.deadline = &context_.deadline;
  options.differences = difference_of(context_.options) == DifferenceOption::auto_;
  try {
    auto system = std::make_shared<const LayeredSystem>(
        lower_network(*network_, box.lower, box.upper, ProductForm::squares, options));
    return std::make_unique<ActivationSplitSchedule>(std::move(system), std::move(box), settings(),
                                                     context_);
  } catch (const LoweringInterrupted&) {
    return nullptr;
  }
}

std::unique_ptr<CaseSearch> RootStage::cases(BoxClauses box) const {
  context_.say(1, "steps and intervals are searched case by case");
  SearchContext beside = context_;
  beside.progress = nullptr;  // the search that the cases help reports its own
  beside.trace = nullptr;
  if (beside.cuts == nullptr) beside.keeper = nullptr;  // and keeps what is open
  return std::make_unique<CaseSearch>(CaseProblem{network_, std::move(box), true, reach_}, beside);
}

void RootStage::bound_many_inputs(const std::shared_ptr<const LayeredSystem>& system,
                                  const BoxGroup& group, BoxClauses box, OpenRoots& roots,
                                  OpenBoxes& open) {
  const std::lock_guard lock(one_schedule_);
  const WindowRoot root = refute_by_windows(*system, box.lower, box.upper, box.clauses, context_);
  if (box.clauses.empty()) return;
  if (root.no_search.empty())
    return bound_activations(root.system ? root.system : system, group, std::move(box), roots);
  open.no_search = root.no_search;
  for (const std::size_t k : group.clauses) {
    if (std::ranges::find(box.clauses, &query_.clauses[k]) != box.clauses.end())
      open.clauses.push_back(k);
  }
}

void RootStage::bound_activations(const std::shared_ptr<const LayeredSystem>& system,
                                  const BoxGroup& group, BoxClauses box, OpenRoots& roots) {
  std::erase_if(box.clauses, [&](const Clause* clause) {
    if (!refuted_exactly(*system, *clause, system->intervals, box, -kInfinity)) return false;
    context_.keep_refuted(*clause);
    return true;
  });
  if (box.clauses.empty()) return;
  ActivationSplitSettings own = settings();
  own.keeping = Keeping::trees;
  auto root =
      std::make_unique<ActivationSplitSchedule>(system, std::move(box), std::move(own), context_);
  root->begin();
  const ActivationProblem& problem = root->problem();
  for (const ActivationClause& c : problem.clauses) {
    context_.say(2, "clause of line " + std::to_string(c.clause->line) + ": bound " +
                        std::to_string(problem.root.lower[static_cast<std::size_t>(c.first_row)]) +
                        ", " + std::to_string(problem.network->unstable_count()) +
                        " neurons unstable");
  }
  if (problem.clauses.empty()) return;
  for (const std::size_t k : group.clauses) {
    if (std::any_of(problem.clauses.begin(), problem.clauses.end(),
                    [&](const ActivationClause& c) { return c.clause == &query_.clauses[k]; }))
      schedules_clauses_.push_back(k);
  }
  roots.schedules.push_back(std::move(root));
}

namespace {

std::int64_t coefficients_of(const LayeredSystem& system) {
  auto count = static_cast<std::int64_t>(features_of(system).weights);
  for (const auto& [source, rows] : system.outputs.terms) count += rows.entries();
  return count;
}

/// Whether rounding alone may keep some row from being excluded: its lower end, by intervals or as
/// `bound` says, is next to 0. Rows that miss it by more need better bounds, not exact ones.
bool may_touch(const AffineForm& rows, const SourceIntervals& sources, double bound) {
  constexpr double kNext = 0x1p-30;
  const IntervalVector range = enclose(rows, sources);
  for (std::size_t s = 0; s < range.lower.size(); ++s) {
    const double size = std::max(std::fabs(range.lower[s]), std::fabs(range.upper[s]));
    if (!(range.lower[s] < -kNext * size) || bound >= -kNext * size) return true;
  }
  return false;
}

}  // namespace

bool RootStage::refuted_exactly(const LayeredSystem& system, const Clause& clause,
                                const std::vector<IntervalVector>& z, const BoxClauses& box,
                                double bound) const {
  if (query_.clauses.size() > strategy::kMostExactRoots) return false;
  // Rationals of a last layer with thousands of terms took longer than CROWN of the whole network.
  const std::int64_t coefficients = coefficients_of(system);
  if (coefficients > strategy::kExactNetwork) return false;
  const bool is_tiny = coefficients <= strategy::kTinyNetwork;
  if (!is_tiny && !may_touch(lower_rows(system, clause), system.sources, bound)) return false;
  for (const ExactDepth depth : {ExactDepth::ranges, ExactDepth::forms}) {
    if (depth == ExactDepth::forms && !is_tiny) break;
    if (decide_exactly(system, clause, z, box.lower, box.upper, depth, strategy::kRootExactWork) ==
        ExactAnswer::refuted)
      return true;
  }
  return false;
}

std::shared_ptr<ClauseRoot> RootStage::clause_root(
    const std::shared_ptr<const CrownBounder>& bounder, const Clause& clause) const {
  auto root = std::make_shared<ClauseRoot>();
  root->clause = &clause;
  root->bounder = bounder;
  root->ball = bounder->system().ball;
  if (coefficients_of(bounder->system()) <= strategy::kExactNetwork) root->exact = bounder;
  root->rows = lower_rows(bounder->system(), clause);
  root->strict = strict_rows(bounder->system(), clause);
  root->lower_anew = lower_anew(bounder->system());
  return root;
}

LowerAnew RootStage::lower_anew(const LayeredSystem& system) const {
  constexpr double kMostWork = 1e7;  // a box takes about a millisecond
  const bool has_edges = std::any_of(system.activations.begin(), system.activations.end(),
                                     [](const Activation& f) { return has_edge(f); });
  if (!has_edges || lowering_work(system) > kMostWork) return nullptr;
  return [network = network_, undefined_reach = reach_](
             const ClauseRoot& root, std::vector<double> lower, std::vector<double> upper) {
    LoweringOptions options{.narrow_inputs = NarrowInputs::variables,
                            .undefined_reach = undefined_reach.get(),
                            .ball = root.ball};
    auto anew = std::make_shared<ClauseRoot>(root);
    anew->bounder = std::make_shared<const CrownBounder>(std::make_shared<const LayeredSystem>(
        lower_network(*network, lower, upper, ProductForm::chosen, options)));
    anew->rows = lower_rows(anew->bounder->system(), *root.clause);
    anew->strict = strict_rows(anew->bounder->system(), *root.clause);
    return std::shared_ptr<const ClauseRoot>(std::move(anew));
  };
}

namespace {

/// Whether the clauses of a box are searched together: where bounds of neurons are most of the work
/// and half-spaces hardly cut, as in networks with twins. Of several clauses none holds.
bool searches_jointly(const LayeredSystem& system, const std::vector<const Clause*>& clauses) {
  constexpr std::size_t kMostRows = 64;
  std::size_t rows = 0;
  for (const Clause* clause : clauses) rows += clause->rows.size();
  const NetworkFeatures network = features_of(system);
  // Forward bounds take one clause's rows.
  return !system.twins.empty() && clauses.size() > 1 && rows <= kMostRows && have_rows(clauses) &&
         network.never_stable == 0 && network.weights <= strategy::kLargeNetwork;
}

void keep_box(ClauseRoot& root, const BoxClauses& box, const std::vector<int>& kept) {
  root.lower = box.lower;
  root.upper = box.upper;
  root.kept = kept;
  for (const int i : kept) {
    const auto input = static_cast<std::size_t>(i);
    root.width.push_back(box.upper[input] - box.lower[input]);
  }
}

/// The root's whole box: on a reduced network where `bounds` are given and allow it.
BoxSubproblems whole_task(const std::shared_ptr<const ClauseRoot>& root,
                          const CrownBounder::Bounds* bounds) {
  Subproblem whole;
  whole.share = Share::whole();
  BoxSubproblems task = coarse_task(root, whole);
  if (bounds != nullptr) {
    if (auto reduced = reduced_task(task, *bounds)) task = std::move(*reduced);
  }
  return task;
}

/// The same of clauses that are searched together.
BoxSubproblems whole_task(std::vector<std::shared_ptr<const ClauseRoot>> members,
                          const CrownBounder::Bounds& bounds) {
  if (members.size() == 1) return whole_task(members[0], &bounds);
  BoxSubproblems task = joint_task(std::move(members));
  if (auto reduced = reduced_task(task, bounds)) task = std::move(*reduced);
  return task;
}

}  // namespace

BoxGroup RootStage::open_by_intervals(const LayeredSystem& system, const BoxGroup& group) const {
  BoxGroup open = group;
  if (lowering_work(system) <= strategy::kSmallWork) return open;
  std::erase_if(open.clauses, [&](std::size_t k) {
    const bool refuted = refuted_by_intervals(system, query_.clauses[k]);
    if (refuted) context_.keep_refuted(query_.clauses[k]);
    return refuted;
  });
  return open;
}

BoxGroup RootStage::open_by_lowering(std::shared_ptr<const CrownBounder>& bounder,
                                     const BoxGroup& whole) const {
  BoxGroup open = open_by_intervals(bounder->system(), whole);
  if (open.clauses.empty()) return open;
  auto better = lowering_.lower_with_zonotopes(
      bounder->system(), family_of({open}, static_cast<std::size_t>(query_.input_size)));
  if (better == nullptr) return open;
  bounder = std::move(better);
  return open_by_intervals(bounder->system(), open);
}

RootStage::OpenBoxes RootStage::bound_group(std::shared_ptr<const CrownBounder> bounder,
                                            const BoxGroup& whole, OpenRoots& roots) {
  OpenBoxes open;
  const BoxGroup group = open_by_lowering(bounder, whole);
  if (group.clauses.empty()) return open;
  BoxClauses box = box_of(group, query_);
  const std::vector<int> kept = varying_inputs(box.lower, box.upper);
  const Plan plan = plan_for(features_of(bounder->system()), {kept.size(), have_rows(box.clauses)},
                             context_.options);
  if (plan.split.value == Split::activations) {
    bound_many_inputs(bounder->shared_system(), group, std::move(box), roots, open);
    return open;
  }
  open.budgets = plan.budgets;
  const CrownBounder::Bounds bounds =
      bounder->bound_neurons(box.lower, box.upper, context_.deadline);
  context_.deadline.work(crown_work(bounder->system()));
  check_first(bounder->system(), bounds);
  note_layers(context_, bounder->system(), bounds.layers);
  context_.say(2, std::to_string(bounds.unstable) + " neurons unstable at the root");
  std::optional<LayeredSystem> intervals;
  if (lowering_work(bounder->system()) <= strategy::kSmallWork)
    intervals = system_of_intervals(*network_, box);
  const bool joint = searches_jointly(bounder->system(), box.clauses);
  std::vector<std::shared_ptr<const ClauseRoot>> members;
  for (const std::size_t k : group.clauses) {
    std::shared_ptr<ClauseRoot> root = clause_root(bounder, query_.clauses[k]);
    const ClauseState* resumed =
        context_.keeper == nullptr ? nullptr : context_.keeper->resumed_boxes(*root->clause);
    const RowsVerdict rows = bound_rows(*root, bounds);
    const bool refuted =
        rows.refuted || (intervals && refuted_by_intervals(*intervals, *root->clause)) ||
        refuted_exactly(bounder->system(), *root->clause, bounds.layers, box, rows.bound);
    if (refuted || (resumed != nullptr && resumed->closed.is_one())) {
      context_.keep_refuted(*root->clause);
      continue;
    }
    if (context_.progress != nullptr)
      context_.progress->root_open(*root->clause, rows.row, rows.bound);
    keep_box(*root, box, kept);
    open.clauses.push_back(k);
    if (joint && resumed == nullptr && root->lower_anew == nullptr) {
      members.push_back(std::move(root));
      continue;
    }
    BoxSubproblems task = whole_task(root, rows.blurred ? nullptr : &bounds);
    if (resumed == nullptr) {
      open.tasks.push_back(std::move(task));
    } else {
      for (BoxSubproblems& part : restored_tasks(task, resumed->open))
        open.tasks.push_back(std::move(part));
    }
  }
  if (!members.empty()) open.tasks.push_back(whole_task(std::move(members), bounds));
  return open;
}

bool RootStage::make_cases(const BoxFamily& family, const LayeredSystem& system,
                           OpenRoots& roots) const {
  const bool has_rows = std::all_of(query_.clauses.begin(), query_.clauses.end(),
                                    [](const Clause& clause) { return !clause.rows.empty(); });
  const bool numbers = system.outputs.terms.empty(), indices = !system.staircases.empty();
  if (!has_rows || !system.has_interval_only() || !(numbers || indices)) return false;
  for (const BoxGroup& group : family.groups)
    roots.cases.push_back({network_, box_of(group, query_), !indices, reach_});
  context_.say(
      1, (indices ? "indices depend on inputs: " : "outputs are bounded by intervals alone: ") +
             std::to_string(family.groups.size()) + " boxes are searched case by case");
  return true;
}

std::vector<BoxGroup> RootStage::groups_to_bound() const {
  std::vector<BoxGroup> groups = open_groups(query_, context_);
  const bool has_integers =
      std::any_of(network_->inputs.begin(), network_->inputs.end(), [&](specs::ValueId id) {
        const specs::Value& input = network_->value(id);
        return input.type == DataType::int64 || input.type == DataType::boolean;
      });
  if (!has_integers) return groups;
  parallel_for(context_.threads, static_cast<std::int64_t>(groups.size()), [&](std::int64_t g) {
    BoxGroup& group = groups[static_cast<std::size_t>(g)];
    if (group.lower != group.upper || context_.deadline.expired()) return;
    const specs::EnclosedOutputs outputs = specs::evaluate_enclosed(*network_, group.lower);
    std::erase_if(group.clauses, [&](std::size_t k) {
      const bool refuted = refuted_at(group.lower, outputs, query_.clauses[k]);
      if (refuted) context_.keep_refuted(query_.clauses[k]);
      return refuted;
    });
  });
  std::erase_if(groups, [](const BoxGroup& group) { return group.clauses.empty(); });
  return groups;
}

std::vector<std::unique_ptr<LoweredFamily>> RootStage::lower_families(OpenRoots& roots) {
  const double begin = context_.deadline.spent_s();
  const BoxFamily all = family_of(groups_to_bound(), static_cast<std::size_t>(query_.input_size));
  if (all.groups.empty()) return {};
  std::shared_ptr<const CrownBounder> bounder = lowering_.lower(all);
  const LayeredSystem& system = bounder->system();
  if (system.outputs.terms.empty()) roots.interval_only = describe_interval_only(system);
  roots.have_cases = system.has_interval_only() || !system.open_steps.empty();
  if (make_cases(all, system, roots)) return {};
  std::vector<BoxFamily> parts = split_by_factors(all, system);
  context_.deadline.work(lowering_work(system));
  const double seconds =
      (context_.deadline.spent_s() - begin) * static_cast<double>(parts.size()) / context_.threads;
  if (seconds > strategy::kLoweringShare * context_.deadline.left_s()) parts.resize(1);
  std::vector<std::unique_ptr<LoweredFamily>> families;
  if (parts.size() == 1) {
    families.push_back(std::make_unique<LoweredFamily>(all, std::move(bounder)));
    return families;
  }
  context_.say(2, std::to_string(parts.size()) +
                      " families of boxes fix factors of products, and are lowered apart");
  for (BoxFamily& part : parts)
    families.push_back(std::make_unique<LoweredFamily>(std::move(part)));
  return families;
}

void RootStage::enter(Stage stage) const {
  if (context_.progress != nullptr)
    context_.progress->enter(stage, context_.deadline.elapsed_s(), context_.statistics);
}

void RootStage::bound_all(OpenRoots& roots) {
  enter(Stage::lowering);
  const std::vector<std::unique_ptr<LoweredFamily>> families = lower_families(roots);
  enter(Stage::root);
  std::vector<std::pair<LoweredFamily*, const BoxGroup*>> jobs;
  for (const auto& family : families) {
    for (const BoxGroup& group : family->family().groups) jobs.emplace_back(family.get(), &group);
  }
  std::vector<OpenBoxes> parts(jobs.size());
  parallel_for(context_.threads, static_cast<std::int64_t>(jobs.size()), [&](std::int64_t j) {
    if (context_.deadline.expired()) return;
    const auto [family, group] = jobs[static_cast<std::size_t>(j)];
    parts[static_cast<std::size_t>(j)] = bound_group(family->bounder(lowering_), *group, roots);
    family->box_is_bounded();
  });
  for (OpenBoxes& part : parts) {
    if (!part.tasks.empty()) roots.budgets = part.budgets;
    if (!part.no_search.empty()) roots.no_search = part.no_search;
    for (BoxSubproblems& task : part.tasks) roots.boxes.push_back(std::move(task));
    roots.clauses.insert(roots.clauses.end(), part.clauses.begin(), part.clauses.end());
  }
}

OpenRoots RootStage::run() {
  const double begin = context_.deadline.elapsed_s(), begin_spent = context_.deadline.spent_s();
  initialise_blas();
  OpenRoots roots;
  try {
    bound_all(roots);
  } catch (const LoweringInterrupted&) {
    context_.say(1, "the network was not lowered in time");
  }
  roots.clauses.insert(roots.clauses.end(), schedules_clauses_.begin(), schedules_clauses_.end());
  context_.statistics.root_s += context_.deadline.elapsed_s() - begin;
  roots.spent_s = context_.deadline.spent_s() - begin_spent;
  return roots;
}

}  // namespace clipbound::solver
