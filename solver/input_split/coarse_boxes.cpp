#include "solver/input_split/coarse_boxes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "bounds/forward/forward_problem.h"
#include "bounds/reduced/reduce.h"
#include "solver/strategy.h"

namespace clipbound::solver {

namespace {

/// The largest size of a row at the sample points; 0 where it is finite at none.
double size_at_samples(const std::vector<double>& values, std::size_t row) {
  double size = 0.0;
  for (std::size_t p = row * kSamples; p < (row + 1) * kSamples; ++p) {
    if (std::isfinite(values[p])) size = std::max(size, std::fabs(values[p]));
  }
  return size;
}

/// Whether rows i and j are each other's negative but for their constants, exactly.
bool are_opposite(const AffineForm& rows, std::size_t i, std::size_t j) {
  if (rows.radius[i] != 0.0 || rows.radius[j] != 0.0) return false;
  return std::all_of(rows.terms.begin(), rows.terms.end(), [&](const auto& term) {
    const SparseRows& of = term.second.written();
    const auto a = of.indices(static_cast<std::int64_t>(i)),
               b = of.indices(static_cast<std::int64_t>(j));
    const auto x = of.values(static_cast<std::int64_t>(i)),
               y = of.values(static_cast<std::int64_t>(j));
    return std::equal(a.begin(), a.end(), b.begin(), b.end()) &&
           std::equal(x.begin(), x.end(), y.begin(), y.end(),
                      [](double v, double w) { return v == -w; });
  });
}

/// Whether two rows say f + c <= 0 and -f + d <= 0 with c + d > 0 (or 0, where one is strict).
bool contradict(const ClauseRoot& root) {
  constexpr std::size_t kMostRows = 64;
  const std::vector<double>& constant = root.rows.constant;
  for (std::size_t i = 0; i < constant.size() && constant.size() <= kMostRows; ++i) {
    for (std::size_t j = i + 1; j < constant.size(); ++j) {
      const bool strict = root.strict[i] != 0 || root.strict[j] != 0;
      if ((constant[i] > -constant[j] || (strict && constant[i] == -constant[j])) &&
          are_opposite(root.rows, i, j))
        return true;
    }
  }
  return false;
}

/// Whether roundings alone may move the argument of some logarithm, or of some negative power, by a
/// part of its distance from 0 that counts. Parts of the box may be nearer to 0 than all of it is.
bool blurs_at_edges(const LayeredSystem& system, const CrownBounder::Bounds& bounds) {
  constexpr double kCounts = 0x1p-10;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const Activation& f = system.activations[k];
    const bool falls = f.curve == Curve::log || f.curve == Curve::reciprocal ||
                       (f.curve == Curve::power && f.parameter < 0.0);
    for (std::size_t v = 0; falls && v < bounds.slack[k].size(); ++v) {
      const IntervalVector& z = bounds.layers[k];
      if (!(bounds.slack[k][v] <= kCounts * std::max(z.lower[v], -z.upper[v]))) return true;
    }
  }
  return false;
}

/// The coarse task's box, of all inputs.
std::pair<std::vector<double>, std::vector<double>> box_of(const BoxSubproblems& coarse) {
  std::vector<double> lower = coarse.root->lower, upper = coarse.root->upper;
  for (std::size_t k = 0; k < coarse.root->kept.size(); ++k) {
    const auto i = static_cast<std::size_t>(coarse.root->kept[k]);
    lower[i] = coarse.lower[k];
    upper[i] = coarse.upper[k];
  }
  return {std::move(lower), std::move(upper)};
}

}  // namespace

RowsVerdict bound_rows(const ClauseRoot& root, const CrownBounder::Bounds& bounds) {
  constexpr double kSmall = 0x1p-20;
  if (bounds.empty || contradict(root)) return {.refuted = true};
  std::vector<std::int64_t> all(root.strict.size());
  for (std::size_t s = 0; s < all.size(); ++s) all[s] = static_cast<std::int64_t>(s);
  const LayeredSystem& system = root.bounder->system();
  const int layers = static_cast<int>(system.layers.size());
  std::vector<double> errors;
  std::vector<double> lower =
      root.bounder->lower_bounds(root.rows, all, 1.0, layers, bounds, &errors);
  RowsVerdict verdict;
  if (root.lower_anew != nullptr) {
    // Intervals know of one end where the other is infinite.
    const IntervalVector ranges = enclose(root.rows, bounds.sources);
    const std::vector<double> samples = values_at(root.rows, system.samples);
    verdict.blurred = blurs_at_edges(system, bounds);
    for (std::size_t s = 0; s < lower.size(); ++s) {
      lower[s] = std::max(lower[s], ranges.lower[s]);
      verdict.blurred = verdict.blurred || !(errors[s] <= kSmall * size_at_samples(samples, s));
    }
  }
  for (std::size_t s = 0; s < lower.size(); ++s) {
    verdict.refuted = root.strict[s] != 0 ? lower[s] >= 0.0 : lower[s] > 0.0;
    if (!verdict.refuted && !(lower[s] > verdict.bound)) continue;
    verdict.row = s;
    verdict.bound = lower[s];
    if (verdict.refuted) break;
  }
  return verdict;
}

bool lower_coarse_anew(BoxSubproblems& coarse) {
  if (coarse.root->lower_anew == nullptr) return false;
  auto [lower, upper] = box_of(coarse);
  coarse.root = coarse.root->lower_anew(*coarse.root, std::move(lower), std::move(upper));
  return true;
}

CrownBounder::Bounds bound_coarse(const BoxSubproblems& coarse, const Deadline& deadline) {
  auto [lower, upper] = box_of(coarse);
  return coarse.root->bounder->bound_neurons(std::move(lower), std::move(upper), deadline);
}

namespace {

/// A task on `root`'s problem in place of the coarse one.
BoxSubproblems continued(BoxSubproblems& coarse, std::shared_ptr<const ClauseRoot> root) {
  BoxSubproblems task = root_task(std::move(root), coarse.lower, coarse.upper,
                                  std::move(coarse.share), coarse.halfspaces);
  task.clause = coarse.clause;
  task.without_rows = coarse.without_rows;
  return task;
}

}  // namespace

std::int64_t unstable_but_for_twins(const LayeredSystem& system,
                                    const CrownBounder::Bounds& bounds) {
  std::int64_t both = 0;
  for (std::size_t k = 1; k < bounds.layers.size(); ++k) {
    const std::vector<std::int64_t>& first = system.twins_of(k);
    const auto is_unstable = [&](std::size_t layer, std::size_t v) {
      const IntervalVector& z = bounds.layers[layer];
      return phase_of(system.activations[layer], z.lower[v], z.upper[v]) == Phase::unstable;
    };
    for (std::size_t v = 0; v < first.size(); ++v) {
      if (first[v] >= 0 && is_unstable(k, v) &&
          is_unstable(k - 1, static_cast<std::size_t>(first[v])))
        ++both;
    }
  }
  return bounds.unstable - both;
}

std::optional<BoxSubproblems> reduced_task(BoxSubproblems& coarse,
                                           const CrownBounder::Bounds& bounds) {
  const LayeredSystem& system = coarse.root->bounder->system();
  const Engine engine = engine_for(features_of(system), coarse.root->kept.size(),
                                   unstable_but_for_twins(system, bounds));
  if (engine == Engine::coarse) return std::nullopt;
  auto root = std::make_shared<ClauseRoot>(*coarse.root);
  if (engine == Engine::forward) {
    root->problem =
        std::make_shared<ForwardProblem>(root->bounder->shared_system(), root->rows, root->strict,
                                         root->kept, root->lower, root->upper);
    root->bounder.reset();
    return continued(coarse, std::move(root));
  }
  const auto network = reduce(*root->bounder, bounds, root->rows, root->strict, root->kept);
  root->bounder.reset();
  std::vector<double> lower, upper;
  for (const IntervalVector& layer : bounds.layers) {
    lower.insert(lower.end(), layer.lower.begin(), layer.lower.end());
    upper.insert(upper.end(), layer.upper.begin(), layer.upper.end());
  }
  for (const std::int32_t v : network->original_neuron) {
    root->lower_z.push_back(lower[static_cast<std::size_t>(v)]);
    root->upper_z.push_back(upper[static_cast<std::size_t>(v)]);
  }
  root->problem = network;
  return continued(coarse, std::move(root));
}

std::optional<CoarseSplit> coarse_split(const BoxSubproblems& coarse) {
  std::optional<CoarseSplit> widest;
  double best = 0x1p-36;
  for (std::size_t k = 0; k < coarse.lower.size(); ++k) {
    const double share = (coarse.upper[k] - coarse.lower[k]) / coarse.root->width[k];
    const double middle = 0.5 * (coarse.lower[k] + coarse.upper[k]);
    if (share <= best || !(coarse.lower[k] < middle && middle < coarse.upper[k])) continue;
    best = share;
    widest = CoarseSplit{k, middle};
  }
  return widest;
}

namespace {

/// Where element v of a form over the inputs alone is 0, along the column that moves it most and in
/// the middle of the others.
std::optional<CoarseSplit> zero_of(const AffineForm& form, std::int64_t v,
                                   const BoxSubproblems& coarse) {
  const std::vector<int>& kept = coarse.root->kept;
  std::optional<CoarseSplit> best;
  double most = 0.0, slope = 0.0, value = form.constant[static_cast<std::size_t>(v)];
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(v);
    const auto weights = rows.values(v);
    for (std::size_t j = 0; j < index.size(); ++j) {
      const auto found = std::find(kept.begin(), kept.end(), index[j]);
      if (source != kInputSource || found == kept.end()) return std::nullopt;
      const auto k = static_cast<std::size_t>(found - kept.begin());
      const double middle = 0.5 * (coarse.lower[k] + coarse.upper[k]),
                   moves = std::fabs(weights[j]) * (coarse.upper[k] - coarse.lower[k]);
      value += weights[j] * middle;
      if (moves <= most) continue;
      most = moves;
      slope = weights[j];
      best = CoarseSplit{k, middle};
    }
  }
  if (!best) return best;
  best->at -= value / slope;
  return coarse.lower[best->column] < best->at && best->at < coarse.upper[best->column]
             ? best
             : std::nullopt;
}

}  // namespace

std::optional<CoarseSplit> pole_split(const BoxSubproblems& coarse,
                                      const CrownBounder::Bounds& bounds) {
  const LayeredSystem& system = coarse.root->bounder->system();
  for (std::size_t layer = 0; layer < system.layers.size(); ++layer) {
    if (system.activations[layer].curve != Curve::reciprocal) continue;
    const IntervalVector& z = bounds.layers[layer];
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      if (!(z.lower[v] < 0.0 && z.upper[v] > 0.0)) continue;
      if (auto split = zero_of(system.layers[layer], static_cast<std::int64_t>(v), coarse))
        return split;
    }
  }
  return std::nullopt;
}

BoxSubproblems split_coarse(BoxSubproblems& coarse, const CoarseSplit& split,
                            TreeShares upper_share) {
  BoxSubproblems upper;
  upper.clause = coarse.clause;
  upper.root = coarse.root;
  upper.lower = coarse.lower;
  upper.upper = coarse.upper;
  upper.halfspaces = coarse.halfspaces;
  upper.share = std::move(upper_share);
  upper.without_rows = coarse.without_rows;
  coarse.upper[split.column] = upper.lower[split.column] = split.at;
  return upper;
}

}  // namespace clipbound::solver
