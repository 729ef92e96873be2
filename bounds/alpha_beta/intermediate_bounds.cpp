#include "bounds/alpha_beta/intermediate_bounds.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <mutex>
#include <numeric>
#include <span>

#include "base/parallel.h"
#include "base/rounding.h"
#include "bounds/alpha_beta/crown_rows.h"
#include "bounds/alpha_beta/neuron_bab.h"
#include "bounds/alpha_beta/shared_cones.h"
#include "bounds/alpha_beta/sparse_network_builder.h"
#include "bounds/alpha_beta/twin_rows.h"

namespace clipbound::bounds {

namespace {

/// What a thread needs to bound rows of a network.
struct Workshop {
  explicit Workshop(const SparseNetwork& network) : finder(network) {
    bounder.attach(network);
    optimizer.attach(network);
  }
  AlphaBetaBounder bounder;
  SlopeOptimizer optimizer;
  ConeFinder finder;
  Cone cone;
};
/// The same for CROWN's slopes.
struct CrownWorkshop {
  explicit CrownWorkshop(const SparseNetwork& network) : finder(network) {}
  CrownRows rows;
  ConeFinder finder;
  Cone cone;
};

/// Runs `body(workshop, k)` for k in [0, count) on some threads, each with memory of its own.
template <typename Body>
void for_each_batch(const SparseNetwork& network, int threads, std::size_t count,
                    const Body& body) {
  std::atomic<std::size_t> next{0};
  run_workers(static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), count)),
              [&](int) {
                Workshop workshop(network);
                for (std::size_t k = next.fetch_add(1); k < count; k = next.fetch_add(1))
                  body(workshop, k);
              });
}

/// One batch of rows.
LaneRows lane_rows(const SparseNetworkRows& rows, const std::vector<std::int64_t>& order,
                   std::size_t first, double sign) {
  LaneRows result;
  result.rows = &rows;
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::size_t i = first + static_cast<std::size_t>(lane);
    result.which[lane] = order[i < order.size() ? i : first];
    result.sign[lane] = sign;
  }
  return result;
}

/// Neurons of a layer and of the one before it, and the intervals of their differences.
struct Differences {
  std::vector<std::int64_t> first, second;
  IntervalVector d;
};

bool is_open(const IntervalVector& z, std::int64_t v) {
  return at(z.lower, v) < 0.0 && at(z.upper, v) > 0.0;
}

/// The twins of a layer to come with intervals z that are ReLUs without a sign.
Differences open_twins(const SparseNetwork& network, int layer, const IntervalVector& z) {
  Differences twins;
  if (at(network.system().activations, layer).curve != Curve::relu) return twins;
  const auto& first = network.system().twins_of(static_cast<std::size_t>(layer));
  for (std::size_t v = 0; v < first.size(); ++v) {
    const auto second = static_cast<std::int64_t>(v);
    if (first[v] < 0 || !is_open(z, second) || !network.needs(layer, v) ||
        !network.needs(layer - 1, static_cast<std::size_t>(first[v])))
      continue;
    twins.first.push_back(first[v]);
    twins.second.push_back(second);
  }
  return twins;
}

/// Those of the newest layer of which the difference says more than their own lines.
std::vector<SparseTwins> with_lines(const SparseNetwork& network, const Differences& twins) {
  const int layer = network.layers() - 1;
  const IntervalVector &x = network.bounds_of(layer - 1), &y = network.bounds_of(layer);
  const Activation relu{Curve::relu};
  std::vector<SparseTwins> result;
  for (std::size_t i = 0; i < twins.first.size(); ++i) {
    if (!is_open(x, twins.first[i]) || !is_open(y, twins.second[i])) continue;
    const Live first = network.live_neuron(layer - 1, twins.first[i]),
               second = network.live_neuron(layer, twins.second[i]);
    if (!std::isfinite(at(network.slack, first)) || !std::isfinite(at(network.slack, second)))
      continue;
    const Range of_x = range_of(x, static_cast<std::size_t>(twins.first[i])),
                of_y = range_of(y, static_cast<std::size_t>(twins.second[i]));
    const DifferenceLines lines =
        relax_difference(relu, of_x, of_y, range_of(twins.d, i),
                         relax(relu, of_x.lower, of_x.upper), relax(relu, of_y.lower, of_y.upper));
    const Range d = range_of(twins.d, i);
    if (lines.below || lines.above)
      result.push_back({first, second, lines, d, fan_of_relus(of_x, of_y, d, lines)});
  }
  return result;
}

/// The neurons of one layer that are bounded, and how.
struct LayerWork {
  const AffineForm& form;
  std::vector<std::int64_t> order;
  double end = 0.0;  // of the deadline's clock: then CROWN's slopes
  std::vector<NeuronLines>* lines = nullptr;
};

class LayerByLayer {
 public:
  LayerByLayer(SparseNetworkBuilder& builder, const SparseNetwork* known,
               const IntermediateBoundsBudget& budget, const Deadline& deadline)
      : builder_(builder),
        network_(builder.network()),
        known_(known),
        budget_(budget),
        deadline_(deadline),
        begin_(deadline.spent_s()),
        crown_(static_cast<std::size_t>(std::max(budget.threads, 1))) {}

  void run() {
    const auto& layers = network_.system().layers;
    if (budget_.lines != nullptr) budget_.lines->assign(layers.size(), {});
    for (std::size_t k = 0; k < layers.size(); ++k) {
      IntervalVector z = builder_.enclose_next();
      if (known_ != nullptr) {
        const IntervalVector& before = known_->bounds_of(static_cast<int>(k));
        for (std::size_t v = 0; v < z.lower.size(); ++v) {
          z.lower[v] = std::max(z.lower[v], before.lower[v]);
          z.upper[v] = std::min(z.upper[v], before.upper[v]);
        }
      }
      const bool linear = std::all_of(layers[k].terms.begin(), layers[k].terms.end(),
                                      [](const auto& term) { return term.first == kInputSource; });
      Differences twins;
      if (!network_.system().twins_of(k).empty())
        twins = bound_differences(static_cast<int>(k), z, static_cast<double>(layers.size() - k));
      // Intervals of a linear function are exact on a box, not in a ball.
      const bool exact = linear && network_.system().ball == nullptr;
      const bool bounded =
          exact || tighten(static_cast<int>(k), z, static_cast<double>(layers.size() - k));
      builder_.add_layer(z, bounded ? ProductsAs::squares : ProductsAs::mccormick);
      if (!twins.first.empty()) builder_.add_twins(with_lines(network_, twins));
    }
  }

 private:
  /// The needed neurons of a layer that are not stable, or all of them
  /// (IntermediateBoundsBudget::stable_too_width). Constants but for their last roundings gain
  /// nothing.
  std::vector<std::int64_t> worth_bounding(int layer, const IntervalVector& z) const {
    constexpr double kConstantWidth = 0x1p-900;
    const Activation& activation = at(network_.system().activations, layer);
    std::vector<std::int64_t> wide, undetermined;
    double width = 0.0, magnitude = 0.0;
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      // What a constant activation depends on is perhaps not even there (needed_neurons).
      if (!network_.needs(layer, v) || z.upper[v] - z.lower[v] <= kConstantWidth ||
          is_constant(activation, z.lower[v], z.upper[v]))
        continue;
      wide.push_back(static_cast<std::int64_t>(v));
      width = std::max(width, z.upper[v] - z.lower[v]);
      magnitude = std::max({magnitude, std::fabs(z.lower[v]), std::fabs(z.upper[v])});
      if (activation.curve != Curve::relu || !(z.lower[v] >= 0.0))
        undetermined.push_back(static_cast<std::int64_t>(v));
    }
    return width > budget_.stable_too_width * magnitude ? wide : undetermined;
  }

  /// False where that would take too long.
  bool tighten(int layer, IntervalVector& z, double layers_left) {
    const Activation& activation = at(network_.system().activations, layer);
    if (is_unbounded_identity(activation)) return true;
    const bool relu = activation.curve == Curve::relu, step = activation.curve == Curve::step;
    if (budget_.only_steps && !step) return true;
    const std::vector<std::int64_t> neurons = worth_bounding(layer, z);
    if (neurons.empty()) return true;
    LayerWork layer_work{at(network_.system().layers, layer), {}};
    layer_work.order = by_dependency(network_, layer_work.form, neurons);
    if (budget_.lines != nullptr && relu) layer_work.lines = &at(*budget_.lines, layer);
    if (layer_work.lines != nullptr) layer_work.lines->resize(z.lower.size());
    const std::size_t batches = (neurons.size() + kLanes - 1) / kLanes;
    // Steps are no value of the network either, but what comes after them hangs on them.
    const bool helper = !relu && at(network_.system().layer_values, layer) == kNoValue &&
                        activation.curve != Curve::identity && !step;
    if (helper && work_of_rows(network_, layer_work.form, layer_work.order, kLanes) *
                          static_cast<double>(batches) >
                      budget_.helper_work)
      return false;
    bound_layer(layer_work, layers_left, z);
    if ((relu || step) && budget_.bab_rounds > 0 && layer > 0)
      tighten_by_bab(layer_work.form, z, layer_work.end, step);
    return true;
  }

  /// How the ReLUs of the layer to come differ from their twins in the newest one, which are
  /// bounded: what these are known to be, the others are but for the difference.
  Differences bound_differences(int layer, IntervalVector& z, double layers_left) {
    Differences twins = open_twins(network_, layer, z);
    if (twins.first.empty()) return twins;
    const AffineForm form = difference_form(network_.system(), layer, twins.first, twins.second);
    std::vector<std::int64_t> all(twins.first.size());
    std::iota(all.begin(), all.end(), 0);
    twins.d = network_.enclose_form(form);
    if (known_ != nullptr) cut_to_known(layer, twins);
    LayerWork work{form, by_dependency(network_, form, all)};
    bound_layer(work, layers_left, twins.d);
    const IntervalVector& x = network_.bounds_of(layer - 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::int64_t v = twins.second[i], w = twins.first[i];
      const double low = add_down(at(x.lower, w), twins.d.lower[i]),
                   high = add_up(at(x.upper, w), twins.d.upper[i]);
      if (!(std::max(low, at(z.lower, v)) <= std::min(high, at(z.upper, v)))) continue;
      at(z.lower, v) = std::max(at(z.lower, v), low);
      at(z.upper, v) = std::min(at(z.upper, v), high);
    }
    return twins;
  }

  /// Differences keep the bounds of an earlier pass: this one may have less time, or fewer
  /// iterations.
  void cut_to_known(int layer, Differences& twins) const {
    for (std::size_t i = 0; i < twins.second.size(); ++i) {
      const std::int64_t v = twins.second[i];
      if (!known_->needs(layer, static_cast<std::size_t>(v))) continue;
      const Live y = known_->live_neuron(layer, v);
      if (!exists(y) || !exists(at(known_->unstable_of, y))) continue;
      const std::int32_t number = known_->pair_of(at(known_->unstable_of, y));
      if (number < 0 || at(known_->twins, number).second != y) continue;
      const Range& d = at(known_->twins, number).d;
      twins.d.lower[i] = std::max(twins.d.lower[i], d.lower);
      twins.d.upper[i] = std::min(twins.d.upper[i], d.upper);
    }
  }

  void bound_layer(LayerWork& layer, double layers_left, IntervalVector& z) {
    const double now = deadline_.spent_s();
    layer.end = now + (budget_.seconds - (now - begin_)) / layers_left * 2.0;
    if (budget_.iterations == 0 && layer.lines == nullptr && !budget_.only_steps) {
      const std::size_t rows =
          crown_rows_per_cone(network_, layer.form, layer.order, budget_.threads);
      if (rows > 0) return bound_by_crown(layer, rows, z);
    }
    const Groups groups(layer.order, kLanes,
                        batches_per_cone(network_, layer.form, layer.order, budget_.iterations),
                        budget_.threads);
    for_each_batch(network_, budget_.threads, groups.count(),
                   [&](Workshop& workshop, std::size_t k) {
                     bound_group(workshop, layer, groups.part(k), z);
                   });
  }

  /// The rows of a layer with CROWN's slopes, so many on one cone.
  void bound_by_crown(const LayerWork& layer, std::size_t rows_per_cone, IntervalVector& z) {
    const Groups groups(layer.order, CrownRows::kRows, rows_per_cone / CrownRows::kRows,
                        budget_.threads);
    std::atomic<std::size_t> next{0};
    private_layers_.update(network_);
    run_workers(static_cast<int>(std::min<std::size_t>(crown_.size(), groups.count())),
                [&](int thread) {
                  std::unique_ptr<CrownWorkshop>& mine = at(crown_, thread);
                  if (mine == nullptr) mine = std::make_unique<CrownWorkshop>(network_);
                  mine->rows.attach(network_, private_layers_);
                  for (std::size_t k = next.fetch_add(1); k < groups.count(); k = next.fetch_add(1))
                    bound_crown_group(*mine, layer, groups.part(k), z);
                });
  }
  void bound_crown_group(CrownWorkshop& workshop, const LayerWork& layer,
                         const std::vector<std::int64_t>& neurons, IntervalVector& z) const {
    const SparseNetworkRows rows = network_.compile_rows(layer.form, neurons);
    const std::vector<std::int64_t> here = all_of(rows);
    workshop.finder.find(rows, here, workshop.cone);
    for (std::size_t first = 0; first < here.size(); first += CrownRows::kRows) {
      if (deadline_.spent_s() - begin_ > budget_.crown_seconds || deadline_.expired()) return;
      const std::size_t count = std::min(CrownRows::kRows, here.size() - first);
      const std::span<const std::int64_t> which = std::span(here).subspan(first, count);
      double lower[CrownRows::kRows], upper[CrownRows::kRows];
      workshop.rows.lower_bounds(workshop.cone, rows, which, 1.0, lower);
      workshop.rows.lower_bounds(workshop.cone, rows, which, -1.0, upper);
      for (std::size_t k = 0; k < count; ++k) {
        const std::int64_t v = neurons[first + k];
        at(z.lower, v) = std::max(at(z.lower, v), lower[k]);
        at(z.upper, v) = std::min(at(z.upper, v), -upper[k]);
      }
      deadline_.work(workshop.rows.take_work());
    }
  }

  /// Bounds the neurons that share a cone.
  void bound_group(Workshop& workshop, const LayerWork& layer,
                   const std::vector<std::int64_t>& neurons, IntervalVector& z) const {
    const SparseNetworkRows rows = network_.compile_rows(layer.form, neurons);
    const std::vector<std::int64_t> here = all_of(rows);
    workshop.finder.find(rows, here, workshop.cone);
    for (std::size_t first = 0; first < here.size(); first += kLanes) {
      const double time = deadline_.spent_s();
      if (time - begin_ > budget_.crown_seconds || deadline_.expired()) return;
      const LaneRows batch = lane_rows(rows, here, first, 1.0);
      SlopeSchedule schedule;
      schedule.iterations = time < layer.end ? budget_.iterations : 0;
      if (budget_.only_steps) {
        bound_nearer_sides(workshop, batch, schedule, neurons, z);
      } else {
        bound_both_sides(workshop, batch, schedule, neurons, layer.lines, z);
      }
      deadline_.work(workshop.bounder.take_work());
    }
  }

  /// As bound_both_sides, but from the side on which 0 is nearer: a step is determined there or not
  /// at all.
  void bound_nearer_sides(Workshop& workshop, LaneRows batch, const SlopeSchedule& schedule,
                          const std::vector<std::int64_t>& neurons, IntervalVector& z) const {
    const auto neuron = [&](int lane) { return at(neurons, batch.which[lane]); };
    for (int lane = 0; lane < kLanes; ++lane)
      batch.sign[lane] = at(z.lower, neuron(lane)) + at(z.upper, neuron(lane)) > 0.0 ? 1.0 : -1.0;
    workshop.bounder.lanes.reset_parameters(workshop.cone);
    const Vec bound = workshop.optimizer.maximize(workshop.bounder, workshop.cone, batch, schedule);
    for (int lane = 0; lane < kLanes; ++lane) {
      double &lower = at(z.lower, neuron(lane)), &upper = at(z.upper, neuron(lane));
      if (batch.sign[lane] > 0.0) lower = std::max(lower, bound[lane]);
      if (batch.sign[lane] < 0.0) upper = std::min(upper, -bound[lane]);
    }
  }

  /// Bounds row which[lane] of a batch, neuron neurons[which[lane]], from both sides.
  void bound_both_sides(Workshop& workshop, LaneRows batch, const SlopeSchedule& schedule,
                        const std::vector<std::int64_t>& neurons, std::vector<NeuronLines>* lines,
                        IntervalVector& z) const {
    Vec bound[2];
    for (int side = 0; side < 2; ++side) {
      std::fill(batch.sign, batch.sign + kLanes, side == 0 ? 1.0 : -1.0);
      // Without iterations nobody has changed them.
      if (budget_.iterations > 0) workshop.bounder.lanes.reset_parameters(workshop.cone);
      bound[side] = workshop.optimizer.maximize(workshop.bounder, workshop.cone, batch, schedule);
      if (lines == nullptr) continue;
      // The line of the best parameters, which need not be the last ones.
      if (schedule.iterations > 0) workshop.bounder.lower_bound(workshop.cone, batch);
      for (int lane = 0; lane < kLanes; ++lane)
        keep_line(workshop.bounder, workshop.cone, lane, batch.sign[lane],
                  at(*lines, at(neurons, batch.which[lane])));
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      const std::int64_t v = at(neurons, batch.which[lane]);
      at(z.lower, v) = std::max(at(z.lower, v), bound[0][lane]);
      at(z.upper, v) = std::min(at(z.upper, v), -bound[1][lane]);
    }
  }

  /// The neurons of the layer to come whose own branch-and-bounds are worth their time, in order.
  std::vector<std::int64_t> order_for_bab(const IntervalVector& z, bool step) const {
    std::vector<std::int64_t> neurons;
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      if (network_.needs(network_.layers(), v) && !(z.lower[v] >= 0.0) && !(z.upper[v] <= 0.0))
        neurons.push_back(static_cast<std::int64_t>(v));
    }
    if (neurons.empty()) return neurons;
    if (budget_.importance != nullptr && known_ != nullptr) sort_by_importance(neurons);
    if (!step) return neurons;
    const auto distance = [&](std::int64_t v) { return std::min(-at(z.lower, v), at(z.upper, v)); };
    std::stable_sort(neurons.begin(), neurons.end(), [&](std::int64_t a, std::int64_t b) {
      // Nearest to being determined first.
      return distance(a) < distance(b);
    });
    return neurons;
  }

  /// Bounds neurons one by one, each by a small branch-and-bound on earlier neurons; steps from the
  /// side on which 0 is nearer.
  void tighten_by_bab(const AffineForm& form, IntervalVector& z, double end, bool step) const {
    const std::vector<std::int64_t> neurons = order_for_bab(z, step);
    if (neurons.empty()) return;
    for_each_batch(
        network_, budget_.threads, neurons.size(), [&](Workshop& workshop, std::size_t k) {
          if (deadline_.spent_s() > end || deadline_.expired()) return;
          const SparseNetworkRows rows = network_.compile_rows(form, {neurons[k]});
          workshop.finder.find(rows, {0}, workshop.cone);
          double &lower = at(z.lower, neurons[k]), &upper = at(z.upper, neurons[k]);
          NeuronBab bab(workshop.bounder, workshop.optimizer, workshop.cone, rows, 0, deadline_);
          const bool from_below = !step || lower + upper > 0.0;
          if (from_below) lower = std::max(lower, bab.lower_bound(1.0, budget_.bab_rounds));
          if (step ? !from_below : !(lower >= 0.0))
            upper = std::min(upper, -bab.lower_bound(-1.0, budget_.bab_rounds));
          workshop.bounder.leave(workshop.cone);
          deadline_.work(workshop.bounder.take_work());
        });
  }

  /// Most important first; neurons of the layer to come.
  void sort_by_importance(std::vector<std::int64_t>& neurons) const {
    const SparseNetworkLayer& layer = known_->layer(network_.layers());
    std::vector<double> score(known_->bounds_of(network_.layers()).lower.size(), 0.0);
    for (int v = 0; v < layer.count; ++v) {
      const Unstable u = at(known_->unstable_of, layer.first + v);
      if (exists(u)) at(score, at(layer.neurons, v)) = at(*budget_.importance, u);
    }
    std::stable_sort(neurons.begin(), neurons.end(),
                     [&](std::int64_t a, std::int64_t b) { return at(score, a) > at(score, b); });
  }

  SparseNetworkBuilder& builder_;
  const SparseNetwork& network_;
  const SparseNetwork* known_;
  const IntermediateBoundsBudget& budget_;
  const Deadline& deadline_;
  const double begin_;
  PrivateLayers private_layers_;
  std::vector<std::unique_ptr<CrownWorkshop>> crown_;  // of each thread, once it needs one
};

}  // namespace

std::unique_ptr<const SparseNetwork> bound_intermediate_layers(
    std::shared_ptr<const LayeredSystem> system, std::vector<double> lower,
    std::vector<double> upper, const SparseNetwork* known, const IntermediateBoundsBudget& budget,
    const Deadline& deadline, NeededNeurons needed) {
  SparseNetworkBuilder builder(std::move(system), std::move(lower), std::move(upper),
                               std::move(needed));
  LayerByLayer(builder, known, budget, deadline).run();
  return builder.finish();
}

OptimizedRows optimize_rows(const SparseNetwork& network, const SparseNetworkRows& rows,
                            const SlopeSchedule& schedule, int threads, const Deadline& deadline) {
  OptimizedRows result;
  result.lower.assign(static_cast<std::size_t>(rows.count()), -kInfinity);
  result.alpha_or_beta.resize(result.lower.size());
  result.gaps.assign(static_cast<std::size_t>(network.unstable_count()), 0.0);
  std::mutex mutex;
  const std::vector<std::int64_t> order = all_of(rows);
  for_each_batch(
      network, threads, (order.size() + kLanes - 1) / kLanes,
      [&](Workshop& workshop, std::size_t batch) {
        if (deadline.expired()) return;
        const std::size_t first = batch * kLanes;
        AlphaBetaBounder& bounder = workshop.bounder;
        const LaneRows here = lane_rows(rows, order, first, 1.0);
        workshop.finder.find(rows, std::vector<std::int64_t>(here.which, here.which + kLanes),
                             workshop.cone);
        bounder.lanes.reset();
        const Vec bound = workshop.optimizer.maximize(bounder, workshop.cone, here, schedule);
        deadline.work(bounder.take_work());
        const std::lock_guard lock(mutex);
        const int used = static_cast<int>(std::min<std::size_t>(kLanes, order.size() - first));
        for (int lane = 0; lane < used; ++lane) {
          if (!(bound[lane] > 0.0))
            bounder.add_gaps(workshop.cone, lane, 1.0 / (1e-300 - bound[lane]), result.gaps);
        }
        bounder.leave(workshop.cone);
        for (int lane = 0; lane < used; ++lane) {
          const std::int64_t r = here.which[lane];
          at(result.lower, r) = bound[lane];
          for (const Vec& t : bounder.lanes.alpha_or_beta)
            at(result.alpha_or_beta, r).push_back(static_cast<float>(t[lane]));
        }
      });
  return result;
}

}  // namespace clipbound::bounds
