#include "bounds/alpha_beta/intermediate_bounds.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>
#include <numeric>

#include "base/parallel.h"
#include "bounds/alpha_beta/neuron_bab.h"

namespace clipbound::bounds {

namespace {

/// Neurons in an order in which neighbours read about the same places (channels of one pixel,
/// pixels side by side).
std::vector<std::int64_t> by_reach(const SparseNetwork& network, const AffineForm& form,
                                   const std::vector<std::int64_t>& neurons) {
  std::vector<std::pair<std::int32_t, std::int64_t>> order;
  for (const std::int64_t v : neurons) order.emplace_back(network.first_place(form, v), v);
  std::sort(order.begin(), order.end());
  std::vector<std::int64_t> sorted;
  for (const auto& [place, v] : order) sorted.push_back(v);
  return sorted;
}

/// All rows, in order.
std::vector<std::int64_t> all_of(const SparseNetworkRows& rows) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows.count()));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<std::int64_t> slice(const std::vector<std::int64_t>& order, std::size_t first,
                                std::size_t count) {
  const auto at = [&](std::size_t i) {
    return order.begin() + static_cast<std::ptrdiff_t>(std::min(i, order.size()));
  };
  return {at(first), at(first + count)};
}

/// Runs `body(sweep, finder, k)` for k in [0, count) on some threads, each with memory of its own.
template <typename Body>
void for_each_batch(const SparseNetwork& network, int threads, std::size_t count,
                    const Body& body) {
  std::atomic<std::size_t> next{0};
  run_workers(static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(threads), count)),
              [&](int) {
                AlphaBetaBounder sweep;
                sweep.attach(network);
                ConeFinder finder(network);
                Cone cone;
                for (std::size_t k = next.fetch_add(1); k < count; k = next.fetch_add(1))
                  body(sweep, finder, cone, k);
              });
}

/// One batch of rows as a target.
AlphaBetaBounder::Target target_of(const SparseNetworkRows& rows,
                                   const std::vector<std::int64_t>& order, std::size_t first,
                                   double sign) {
  AlphaBetaBounder::Target target;
  target.rows = &rows;
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::size_t i = first + static_cast<std::size_t>(lane);
    target.which[lane] = order[i < order.size() ? i : first];
    target.sign[lane] = sign;
  }
  return target;
}

class LayerByLayer {
 public:
  LayerByLayer(SparseNetwork& network, const SparseNetwork* known,
               const IntermediateBoundsBudget& budget, const Deadline& deadline)
      : network_(network),
        known_(known),
        budget_(budget),
        deadline_(deadline),
        begin_(deadline.elapsed_s()) {}

  void run() {
    const auto& layers = network_.system().layers;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      IntervalVector z = network_.enclose_next();
      if (known_ != nullptr) {
        const IntervalVector& before = known_->bounds_of(static_cast<int>(k));
        for (std::size_t v = 0; v < z.lower.size(); ++v) {
          z.lower[v] = std::max(z.lower[v], before.lower[v]);
          z.upper[v] = std::min(z.upper[v], before.upper[v]);
        }
      }
      const bool linear = std::all_of(layers[k].terms.begin(), layers[k].terms.end(),
                                      [](const auto& term) { return term.first == kInputSource; });
      const bool bounded =
          linear || tighten(static_cast<int>(k), z, static_cast<double>(layers.size() - k));
      network_.add_layer(z, !bounded);
    }
  }

 private:
  /// The needed neurons of a layer that are not decided, or all of them
  /// (IntermediateBoundsBudget::refresh_width). Numbers but for their last roundings gain nothing.
  std::vector<std::int64_t> worth_bounding(int layer, const IntervalVector& z) const {
    constexpr double kNumber = 0x1p-900;
    const Activation& activation = network_.system().activations[static_cast<std::size_t>(layer)];
    std::vector<std::int64_t> wide, undecided;
    double width = 0.0, size = 0.0;
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      // What a constant activation reads is perhaps not even there (needed_neurons).
      if (!network_.needs(layer, v) || z.upper[v] - z.lower[v] <= kNumber ||
          is_constant(activation, z.lower[v], z.upper[v]))
        continue;
      wide.push_back(static_cast<std::int64_t>(v));
      width = std::max(width, z.upper[v] - z.lower[v]);
      size = std::max({size, std::fabs(z.lower[v]), std::fabs(z.upper[v])});
      if (activation.curve != Curve::relu || !(z.lower[v] >= 0.0))
        undecided.push_back(static_cast<std::int64_t>(v));
    }
    return width > budget_.refresh_width * size ? wide : undecided;
  }

  /// Multiplications of one substitution on the cone of `batches` batches, about.
  double work_of(const AffineForm& form, const std::vector<std::int64_t>& order,
                 std::size_t batches) const {
    const std::size_t middle = order.size() / 2 / kLanes * kLanes;
    const SparseNetworkRows rows = network_.compile_rows(
        form, slice(order, middle >= batches * kLanes ? middle - (batches - 1) * kLanes : 0,
                    batches * kLanes));
    Cone cone;
    ConeFinder(network_).find(rows, all_of(rows), cone);
    return static_cast<double>(cone.work);
  }
  /// How many batches share a cone: finding one takes about as long as a substitution, and
  /// neighbours may all read the same places.
  std::size_t batches_per_cone(const AffineForm& form, const std::vector<std::int64_t>& order,
                               double work) const {
    constexpr std::size_t kMost = 8, kEnough = 16;
    if (order.size() < kEnough * kLanes) return 1;
    const double sweeps = 2.0 * (1.0 + 2.0 * budget_.iterations);
    std::size_t best = 1;
    double least = work * (sweeps + 1.0);
    for (std::size_t count = 2; count <= kMost; count *= 2) {
      const double cost = work_of(form, order, count) * (sweeps + 1.0 / static_cast<double>(count));
      if (cost < least) best = count;
      least = std::min(least, cost);
    }
    return best;
  }
  /// False where that would take too long.
  bool tighten(int layer, IntervalVector& z, double layers_left) {
    const AffineForm& form = network_.system().layers[static_cast<std::size_t>(layer)];
    const Activation& activation = network_.system().activations[static_cast<std::size_t>(layer)];
    if (is_unbounded_identity(activation)) return true;
    const bool relu = activation.curve == Curve::relu, step = activation.curve == Curve::step;
    if (budget_.only_steps && !step) return true;
    const std::vector<std::int64_t> unstable = worth_bounding(layer, z);
    if (unstable.empty()) return true;
    const std::vector<std::int64_t> order = by_reach(network_, form, unstable);
    const std::size_t batches = (order.size() + kLanes - 1) / kLanes;
    // Steps are no value of the network either, but what comes after them hangs on them.
    const bool helper =
        !relu && network_.system().layer_values[static_cast<std::size_t>(layer)] == kNoValue &&
        activation.curve != Curve::identity && !step;
    const double work = work_of(form, order, 1);
    if (helper && work * static_cast<double>(batches) > budget_.helper_work) return false;
    const double now = deadline_.elapsed_s();
    const double end = now + (budget_.seconds - (now - begin_)) / layers_left * 2.0;
    const std::size_t shared = batches_per_cone(form, order, work);
    for_each_batch(network_, budget_.threads, (batches + shared - 1) / shared,
                   [&](AlphaBetaBounder& sweep, ConeFinder& finder, Cone& cone, std::size_t k) {
                     const std::vector<std::int64_t> neurons =
                         slice(order, k * shared * kLanes, shared * kLanes);
                     const SparseNetworkRows rows = network_.compile_rows(form, neurons);
                     const std::vector<std::int64_t> here = all_of(rows);
                     finder.find(rows, here, cone);
                     for (std::size_t first = 0; first < here.size(); first += kLanes) {
                       const double time = deadline_.elapsed_s();
                       if (time - begin_ > budget_.crown_seconds || deadline_.expired()) return;
                       const AlphaBetaBounder::Target target = target_of(rows, here, first, 1.0);
                       const int iterations = time < end ? budget_.iterations : 0;
                       if (budget_.only_steps) {
                         bound_nearer_sides(sweep, cone, target, iterations, neurons, z);
                       } else {
                         bound_batch(sweep, cone, target, iterations, neurons, z);
                       }
                     }
                   });
    if ((relu || step) && budget_.split_rounds > 0) tighten_by_splits(form, z, end, step);
    return true;
  }

  /// As bound_batch, from the side on which 0 is nearer: a step is decided there or not at all.
  void bound_nearer_sides(AlphaBetaBounder& sweep, const Cone& cone,
                          AlphaBetaBounder::Target target, int iterations,
                          const std::vector<std::int64_t>& neurons, IntervalVector& z) const {
    const auto neuron = [&](int lane) {
      return static_cast<std::size_t>(neurons[static_cast<std::size_t>(target.which[lane])]);
    };
    for (int lane = 0; lane < kLanes; ++lane)
      target.sign[lane] = z.lower[neuron(lane)] + z.upper[neuron(lane)] > 0.0 ? 1.0 : -1.0;
    SlopeOptimizer optimizer;
    optimizer.iterations = iterations;
    sweep.reset_theta(cone);
    const Vec bound = sweep.maximize(cone, target, optimizer);
    for (int lane = 0; lane < kLanes; ++lane) {
      if (target.sign[lane] > 0.0)
        z.lower[neuron(lane)] = std::max(z.lower[neuron(lane)], bound[lane]);
      if (target.sign[lane] < 0.0)
        z.upper[neuron(lane)] = std::min(z.upper[neuron(lane)], -bound[lane]);
    }
  }

  /// Bounds row which[lane] of a target, neuron neurons[which[lane]], from both sides.
  void bound_batch(AlphaBetaBounder& sweep, const Cone& cone, AlphaBetaBounder::Target target,
                   int iterations, const std::vector<std::int64_t>& neurons,
                   IntervalVector& z) const {
    SlopeOptimizer optimizer;
    optimizer.iterations = iterations;
    Vec bound[2];
    for (int side = 0; side < 2; ++side) {
      std::fill(target.sign, target.sign + kLanes, side == 0 ? 1.0 : -1.0);
      if (budget_.iterations > 0) sweep.reset_theta(cone);  // else nobody has changed it
      bound[side] = sweep.maximize(cone, target, optimizer);
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      const auto v =
          static_cast<std::size_t>(neurons[static_cast<std::size_t>(target.which[lane])]);
      z.lower[v] = std::max(z.lower[v], bound[0][lane]);
      z.upper[v] = std::min(z.upper[v], -bound[1][lane]);
    }
  }

  /// Bounds neurons one by one, each by a small branch-and-bound on earlier neurons; steps from the
  /// side on which 0 is nearer.
  void tighten_by_splits(const AffineForm& form, IntervalVector& z, double end, bool step) {
    std::vector<std::int64_t> unstable;
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      if (network_.needs(network_.layers(), v) && !(z.lower[v] >= 0.0) && !(z.upper[v] <= 0.0))
        unstable.push_back(static_cast<std::int64_t>(v));
    }
    if (unstable.empty()) return;
    if (budget_.importance != nullptr && known_ != nullptr) sort_by_importance(unstable);
    if (step) {  // nearest to a decision first
      std::stable_sort(unstable.begin(), unstable.end(), [&](std::int64_t a, std::int64_t b) {
        const auto lacks = [&](std::int64_t v) {
          return std::min(-z.lower[static_cast<std::size_t>(v)],
                          z.upper[static_cast<std::size_t>(v)]);
        };
        return lacks(a) < lacks(b);
      });
    }
    for_each_batch(
        network_, budget_.threads, unstable.size(),
        [&](AlphaBetaBounder& sweep, ConeFinder& finder, Cone& cone, std::size_t k) {
          if (deadline_.elapsed_s() > end || deadline_.expired()) return;
          const SparseNetworkRows rows = network_.compile_rows(form, {unstable[k]});
          finder.find(rows, {0}, cone);
          const auto v = static_cast<std::size_t>(unstable[k]);
          NeuronBab bounder(sweep, cone, rows, 0, deadline_);
          const bool below = !step || z.lower[v] + z.upper[v] > 0.0;
          if (below)
            z.lower[v] = std::max(z.lower[v], bounder.lower_bound(1.0, budget_.split_rounds));
          if (step ? !below : !(z.lower[v] >= 0.0))
            z.upper[v] = std::min(z.upper[v], -bounder.lower_bound(-1.0, budget_.split_rounds));
          sweep.leave(cone);
        });
  }

  /// Most important first; neurons of the layer to come.
  void sort_by_importance(std::vector<std::int64_t>& neurons) const {
    const SparseNetworkLayer& layer = known_->layer(network_.layers());
    std::vector<double> score(known_->bounds_of(network_.layers()).lower.size(), 0.0);
    for (int v = 0; v < layer.count; ++v) {
      const std::int32_t slot = known_->slot_of[static_cast<std::size_t>(layer.first + v)];
      if (slot >= 0)
        score[static_cast<std::size_t>(layer.origin[static_cast<std::size_t>(v)])] =
            (*budget_.importance)[static_cast<std::size_t>(slot)];
    }
    std::stable_sort(neurons.begin(), neurons.end(), [&](std::int64_t a, std::int64_t b) {
      return score[static_cast<std::size_t>(a)] > score[static_cast<std::size_t>(b)];
    });
  }

  SparseNetwork& network_;
  const SparseNetwork* known_;
  const IntermediateBoundsBudget& budget_;
  const Deadline& deadline_;
  const double begin_;
};

}  // namespace

std::unique_ptr<SparseNetwork> bound_by_sweeps(std::shared_ptr<const LayeredSystem> system,
                                               std::vector<double> lower, std::vector<double> upper,
                                               const SparseNetwork* known,
                                               const IntermediateBoundsBudget& budget,
                                               const Deadline& deadline, NeededNeurons needed) {
  auto network = std::make_unique<SparseNetwork>(std::move(system), std::move(lower),
                                                 std::move(upper), std::move(needed));
  LayerByLayer(*network, known, budget, deadline).run();
  return network;
}

IntermediateBounds bound_rows_by_sweeps(const SparseNetwork& network, const SparseNetworkRows& rows,
                                        const SlopeOptimizer& optimizer, int threads,
                                        const Deadline& deadline) {
  IntermediateBounds result;
  result.lower.assign(static_cast<std::size_t>(rows.count()), -kInfinity);
  result.theta.resize(result.lower.size());
  result.cost.assign(static_cast<std::size_t>(network.slots()), 0.0);
  std::mutex mutex;
  std::vector<std::int64_t> order(result.lower.size());
  std::iota(order.begin(), order.end(), 0);
  for_each_batch(
      network, threads, (order.size() + kLanes - 1) / kLanes,
      [&](AlphaBetaBounder& sweep, ConeFinder& finder, Cone& cone, std::size_t batch) {
        if (deadline.expired()) return;
        const std::size_t first = batch * kLanes;
        const AlphaBetaBounder::Target target = target_of(rows, order, first, 1.0);
        finder.find(rows, std::vector<std::int64_t>(target.which, target.which + kLanes), cone);
        sweep.reset();
        const Vec bound = sweep.maximize(cone, target, optimizer);
        const std::lock_guard lock(mutex);
        for (std::size_t lane = 0; lane < kLanes && first + lane < order.size(); ++lane) {
          if (!(bound[static_cast<int>(lane)] > 0.0))
            sweep.add_costs(cone, static_cast<int>(lane),
                            1.0 / (1e-300 - bound[static_cast<int>(lane)]), result.cost);
        }
        sweep.leave(cone);
        for (std::size_t lane = 0; lane < kLanes && first + lane < order.size(); ++lane) {
          const auto r = static_cast<std::size_t>(order[first + lane]);
          result.lower[r] = bound[static_cast<int>(lane)];
          for (const Vec& t : sweep.theta)
            result.theta[r].push_back(static_cast<float>(t[static_cast<int>(lane)]));
        }
      });
  return result;
}

}  // namespace clipbound::bounds
