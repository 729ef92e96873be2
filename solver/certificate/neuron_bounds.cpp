#include "solver/certificate/neuron_bounds.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "base/parallel.h"
#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/alpha_beta/shared_cones.h"
#include "bounds/alpha_beta/slope_optimizer.h"
#include "bounds/alpha_beta/sparse_network_builder.h"

namespace clipbound::solver {

namespace {

using bounds::IntervalVector;
using bounds::kLanes;
using bounds::Live;
using bounds::SparseNetwork;
using bounds::Unstable;
using bounds::Vec;

constexpr int kIterations = 20;  // of the slopes of a bound

/// A bound from below, as it is used: roundings are some 1e-13 of it.
double below(double bound) {
  return bound - 1e-9 * (1.0 + std::fabs(bound));
}

bool is_open(const IntervalVector& z, std::size_t v) {
  return z.lower[v] < 0.0 && z.upper[v] > 0.0;
}

/// Whether interval arithmetic is exact for a layer.
bool reads_inputs_alone(const bounds::AffineForm& form) {
  return std::all_of(form.terms.begin(), form.terms.end(),
                     [](const auto& term) { return term.first == bounds::kInputSource; });
}

/// The neurons of a layer to come whose bounds are worth a record.
std::vector<std::int64_t> open_neurons(const NeuronBoundsTask& task, std::size_t k,
                                       const IntervalVector& z) {
  std::vector<std::int64_t> open;
  if (reads_inputs_alone(task.layers.system->layers[k])) return open;
  for (std::size_t v = 0; v < z.lower.size(); ++v) {
    if (is_open(z, v) && (task.needed.empty() || task.needed[k][v] != 0))
      open.push_back(static_cast<std::int64_t>(v));
  }
  return open;
}

std::vector<std::size_t> sizes_of(const bounds::LayeredSystem& system) {
  std::vector<std::size_t> sizes;
  for (const bounds::AffineForm& form : system.layers)
    sizes.push_back(static_cast<std::size_t>(form.size()));
  return sizes;
}

/// One bound and its slopes, by layer.
struct SideBound {
  double bound = -bounds::kInfinity;
  std::vector<std::vector<SlopeChoice>> slopes;
};

/// The positive coefficients' slopes of a lane's last bound: no others matter.
std::vector<std::vector<SlopeChoice>> slopes_in_use(const bounds::AlphaBetaBounder& bounder,
                                                    const bounds::Cone& cone, int lane) {
  const SparseNetwork& network = bounder.network();
  std::vector<std::vector<SlopeChoice>> slopes(cone.layers.size());
  for (std::size_t k = 0; k < cone.layers.size(); ++k) {
    const bounds::SparseNetworkLayer& layer = network.layer(static_cast<int>(k));
    for (const Live v : cone.layers[k].unstable) {
      if (!(at(bounder.coefficients(), v)[lane] > 0.0)) continue;
      const auto neuron = at(layer.neurons, raw(v) - layer.first);
      const double slope = at(bounder.lanes.alpha_or_beta, at(network.unstable_of, v))[lane];
      slopes[k].push_back({static_cast<std::uint32_t>(neuron), static_cast<float>(slope)});
    }
    std::sort(slopes[k].begin(), slopes[k].end(),
              [](const SlopeChoice& a, const SlopeChoice& b) { return a.neuron < b.neuron; });
  }
  return slopes;
}

class AlphaPass {
 public:
  AlphaPass(const NeuronBoundsTask& task, const SparseNetwork& known)
      : task_(task),
        known_(known),
        builder_(task.layers.system, task.lower, task.upper, task.needed),
        network_(builder_.network()),
        slopes_(sizes_of(*task.layers.system)) {}

  ProvedBounds run() {
    for (std::size_t k = 0; k < task_.layers.system->layers.size(); ++k) {
      IntervalVector z = builder_.enclose_next();
      const std::vector<std::int64_t> open = open_neurons(task_, k, z);
      if (!open.empty()) {
        records_.tag('I');
        bound_layer(k, open, z);
      }
      builder_.add_layer(z);
    }
    return {builder_.finish(), records_.bytes(), std::move(slopes_)};
  }

 private:
  /// Neurons that are bounded from the same sides.
  struct Kind {
    std::vector<std::int64_t> neurons;
    bool from_below, from_above;
  };

  void bound_layer(std::size_t k, const std::vector<std::int64_t>& open, IntervalVector& z) {
    const IntervalVector& before = known_.bounds_of(static_cast<int>(k));
    Kind kinds[] = {{{}, true, false}, {{}, false, true}, {{}, true, true}};
    for (const std::int64_t v : open) {
      const auto i = static_cast<std::size_t>(v);
      kinds[before.lower[i] >= 0.0 ? 0 : before.upper[i] <= 0.0 ? 1 : 2].neurons.push_back(v);
    }
    for (Kind& kind : kinds) {
      if (!kind.neurons.empty()) bound_kind(k, kind, z);
    }
  }

  void bound_kind(std::size_t k, const Kind& kind, IntervalVector& z) {
    const bounds::AffineForm& form = task_.layers.system->layers[k];
    const std::vector<std::int64_t> order = by_dependency(network_, form, kind.neurons);
    std::vector<SideBound> found(2 * z.lower.size());
    const bounds::Groups groups(
        order, kLanes, bounds::batches_per_cone(network_, form, order, kIterations), task_.threads);
    std::atomic<std::size_t> next{0};
    base::run_workers(static_cast<int>(std::min<std::size_t>(
                          static_cast<std::size_t>(task_.threads), groups.count())),
                      [&](int) {
                        Workshop workshop(network_);
                        for (std::size_t g = next++; g < groups.count(); g = next++)
                          bound_group(workshop, form, groups.part(g), kind, found);
                      });
    for (const std::int64_t v : order) {
      const auto i = static_cast<std::size_t>(v);
      write(k, i, 0, found[2 * i]);
      z.lower[i] = std::max(z.lower[i], below(found[2 * i].bound));
      if (kind.from_below && z.lower[i] >= 0.0) continue;
      write(k, i, 1, found[2 * i + 1]);
      z.upper[i] = std::min(z.upper[i], -below(found[2 * i + 1].bound));
    }
  }

  struct Workshop {
    explicit Workshop(const SparseNetwork& network) : finder(network) {
      bounder.attach(network);
      optimizer.attach(network);
    }
    bounds::AlphaBetaBounder bounder;
    bounds::SlopeOptimizer optimizer;
    bounds::ConeFinder finder;
    bounds::Cone cone;
  };

  void bound_group(Workshop& workshop, const bounds::AffineForm& form,
                   const std::vector<std::int64_t>& neurons, const Kind& kind,
                   std::vector<SideBound>& found) const {
    const bounds::SparseNetworkRows rows = network_.compile_rows(form, neurons);
    workshop.finder.find(rows, bounds::all_of(rows), workshop.cone);
    for (std::size_t first = 0; first < neurons.size(); first += kLanes) {
      for (int side = 0; side < 2; ++side) {
        if (!(side == 0 ? kind.from_below : kind.from_above) || task_.deadline.expired()) continue;
        bounds::LaneRows batch;
        batch.rows = &rows;
        for (int lane = 0; lane < kLanes; ++lane) {
          const std::size_t i =
              std::min(first + static_cast<std::size_t>(lane), neurons.size() - 1);
          batch.which[lane] = static_cast<std::int64_t>(i);
          batch.sign[lane] = side == 0 ? 1.0 : -1.0;
        }
        bound_batch(workshop, batch, neurons, static_cast<std::size_t>(side), found);
      }
    }
  }

  void bound_batch(Workshop& workshop, const bounds::LaneRows& batch,
                   const std::vector<std::int64_t>& neurons, std::size_t side,
                   std::vector<SideBound>& found) const {
    bounds::AlphaBetaBounder& bounder = workshop.bounder;
    bounder.lanes.reset_parameters(workshop.cone);
    bounds::SlopeSchedule schedule;
    schedule.iterations = kIterations;
    workshop.optimizer.maximize(bounder, workshop.cone, batch, schedule);
    for (const bounds::Cone::Layer& layer : workshop.cone.layers) {
      for (const Live v : layer.unstable) {
        Vec& slope = at(bounder.lanes.alpha_or_beta, at(network_.unstable_of, v));
        for (int lane = 0; lane < kLanes; ++lane) slope[lane] = short_slope(slope[lane]);
      }
    }
    const Vec bound = bounder.lower_bound(workshop.cone, batch);
    for (int lane = 0; lane < kLanes; ++lane) {
      const auto v = static_cast<std::size_t>(at(neurons, batch.which[lane]));
      SideBound& into = found[2 * v + side];
      if (!into.slopes.empty()) continue;  // a lane that repeats the last neuron
      into = {bound[lane], slopes_in_use(bounder, workshop.cone, lane)};
    }
  }

  void write(std::size_t k, std::size_t neuron, std::size_t side, const SideBound& bound) {
    if (!(bound.bound > -bounds::kInfinity)) return;
    for (std::size_t j = 0; j < bound.slopes.size(); ++j)
      write_slopes(task_.layers, j, slopes_.change(j, bound.slopes[j]), records_);
    records_.tag('b').varint(task_.layers.numbers[k]).varint(1);
    records_.varint(task_.layers.neuron(k, neuron));
    records_.tag(static_cast<char>(side)).varint(0);
  }

  const NeuronBoundsTask& task_;
  const SparseNetwork& known_;
  bounds::SparseNetworkBuilder builder_;
  const SparseNetwork& network_;
  Records records_;
  ScopeSlopes slopes_;
};

/// Record b without multipliers for neurons that are open, which z receives. `found` may come from
/// intervals that read upper bounds of active neurons: these need their records, too.
void write_crown(const FileLayers& layers, std::size_t k, const std::vector<std::int64_t>& open,
                 const IntervalVector& found, IntervalVector& z, Records& records) {
  Records listed;
  std::size_t count = 0;
  for (const std::int64_t v : open) {
    const auto i = static_cast<std::size_t>(v);
    const bool inactive = found.upper[i] <= 0.0;
    for (int side = inactive ? 1 : 0; side < 2; ++side) {
      if (side == 0) z.lower[i] = std::max(z.lower[i], below(found.lower[i]));
      if (side == 1) z.upper[i] = std::min(z.upper[i], -below(-found.upper[i]));
      listed.varint(layers.neuron(k, i)).tag(static_cast<char>(side)).varint(0);
      ++count;
    }
  }
  records.tag('I').tag('b').varint(layers.numbers[k]).varint(count).append(listed.bytes());
}

}  // namespace

ProvedBounds prove_crown_bounds(const NeuronBoundsTask& task) {
  bounds::IntermediateBoundsBudget budget;
  budget.threads = task.threads;
  const std::unique_ptr<const SparseNetwork> found = bounds::bound_intermediate_layers(
      task.layers.system, task.lower, task.upper, nullptr, budget, task.deadline, task.needed);
  bounds::SparseNetworkBuilder builder(task.layers.system, task.lower, task.upper, task.needed);
  Records records;
  for (std::size_t k = 0; k < task.layers.system->layers.size(); ++k) {
    IntervalVector z = builder.enclose_next();
    const std::vector<std::int64_t> open = open_neurons(task, k, z);
    if (!open.empty())
      write_crown(task.layers, k, open, found->bounds_of(static_cast<int>(k)), z, records);
    builder.add_layer(z);
  }
  return {builder.finish(), records.bytes(), ScopeSlopes(sizes_of(*task.layers.system))};
}

ProvedBounds prove_alpha_bounds(const NeuronBoundsTask& task, const SparseNetwork& known) {
  return AlphaPass(task, known).run();
}

}  // namespace clipbound::solver
