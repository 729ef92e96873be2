// A planted counterexample on its way down the search: bound, fold, split, clip, inherit
// half-spaces, and nowhere may it be cut off, its neurons leave their bounds, or its lane be
// refuted.
#include <gtest/gtest.h>

#include "bounds/clip/relaxed_clipping.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

constexpr int kOld = 3;  // half-spaces of ancestors that a lane keeps

/// Rows that hold at `x` and only near it: every output within `share` of its size, and never less
/// than rounding.
Clause near(const Network& network, const std::vector<double>& x, double share) {
  const EnclosedOutputs y = evaluate_enclosed(network, x);
  Clause clause;
  for (std::size_t j = 0; j < y.value.size(); ++j) {
    const double margin = std::fmax(16.0 * y.error[j], share * std::fabs(y.value[j]));
    std::vector<Rational> c(y.value.size());
    c[j] = 1;
    clause.rows.push_back(output_row(c, Rational(y.value[j]) + Rational(margin)));
    c[j] = -1;
    clause.rows.push_back(output_row(c, Rational(margin) - Rational(y.value[j]), j % 2 == 0));
  }
  return clause;
}

class Walk {
 public:
  Walk(std::uint64_t seed, const NetworkTaste& taste, double share, const Clipping& settings,
       bool clip_inputs)
      : dice_(seed), settings_(settings), clip_inputs_(clip_inputs) {
    const auto network = random_network(dice_, taste);
    std::vector<double> lower, upper, x;
    for (int i = 0; i < taste.inputs; ++i) {
      lower.push_back(dice_.normal() * taste.input_size);
      upper.push_back(lower.back() + dice_.uniform(0.1, 2.0) * taste.input_size);
      x.push_back(dice_.endpoint(lower.back(), upper.back()));
    }
    lowered_ = std::make_unique<Lowered>(network, lower, upper, near(*network, x, share));
    truth_ = lowered_->truth(x);
  }

  void run(int steps) {
    network_ = lowered_->reduced;
    constraints_ = network_->rows + kOld;
    Batch first = lowered_->lanes(constraints_);
    lower_ = first.lower_x, upper_ = first.upper_x, low_ = first.lower_z, high_ = first.upper_z;
    const auto width = static_cast<std::size_t>(network_->inputs) + 1;
    halfspaces_.assign(static_cast<std::size_t>(constraints_) * width, Vec{});
    for (const double bound : lowered_->row_bounds())
      ASSERT_LE(bound, 0.0) << "refuted at the root";
    for (int step = 0; step < steps; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      load();
      bounder_.bound(settings_);
      ASSERT_NO_FATAL_FAILURE(check());
      low_ = bounder_.lower_z, high_ = bounder_.upper_z;
      if (dice_.chance(0.4)) fold_decided();
      ASSERT_NO_FATAL_FAILURE(split_and_clip());
      inherit();
    }
  }
  int neurons_left() const { return network_->neurons; }
  int neurons_at_first() const { return lowered_->reduced->neurons; }

 private:
  double planted(std::size_t k) const {
    return truth_.x[static_cast<std::size_t>(lowered_->kept[k])];
  }

  void load() {
    bounder_.attach(*network_, constraints_);
    bounder_.halfspace_count = constraints_;
    bounder_.lower_x = lower_, bounder_.upper_x = upper_;
    bounder_.lower_z = low_, bounder_.upper_z = high_;
    bounder_.halfspaces = halfspaces_;
  }

  void check() {
    ASSERT_FALSE(any(bounder_.refuted)) << "the planted point's lane is refuted";
    for (int lane = 0; lane < kLanes; ++lane) {
      for (std::size_t v = 0; v < network_->original_neuron.size(); ++v) {
        const Enclosed z = truth_.neurons[static_cast<std::size_t>(network_->original_neuron[v])];
        ASSERT_TRUE(allows_lower(bounder_.lower_z[v][lane], z)) << "neuron " << v;
        ASSERT_TRUE(allows_upper(bounder_.upper_z[v][lane], z)) << "neuron " << v;
      }
      for (std::size_t s = 0; s < truth_.rows.size(); ++s) {
        ASSERT_TRUE(allows_lower(bounder_.lower[s][lane], truth_.rows[s])) << "row " << s;
        const std::size_t N = lower_.size();
        const Vec* plane = bounder_.linear_bound.data() + s * (N + 1);
        Enclosed at(plane[N][lane]);
        for (std::size_t k = 0; k < N; ++k) at += Enclosed(plane[k][lane]) * Enclosed(planted(k));
        ASSERT_FALSE(add_down(at.value, -at.error) >
                     add_up(truth_.rows[s].value, truth_.rows[s].error))
            << "plane " << s;
      }
    }
  }

  void fold_decided() {
    const auto U = static_cast<std::size_t>(network_->neurons);
    std::vector<Phase> phase(U, Phase::unstable);
    std::vector<double> upper(U, 0.0), reach(lower_.size(), 0.0);
    std::vector<Vec> low, high;
    for (std::size_t v = 0; v < U; ++v) {
      if (all(low_[v] >= Vec{}))
        phase[v] = Phase::active;
      else if (all(high_[v] <= Vec{}))
        phase[v] = Phase::inactive;
      for (int lane = 0; lane < kLanes; ++lane) upper[v] = std::max(upper[v], high_[v][lane]);
      if (phase[v] == Phase::unstable) low.push_back(low_[v]), high.push_back(high_[v]);
    }
    for (std::size_t k = 0; k < reach.size(); ++k) {
      for (int lane = 0; lane < kLanes; ++lane)
        reach[k] = std::max({reach[k], std::fabs(lower_[k][lane]), std::fabs(upper_[k][lane])});
    }
    network_ = fold_neurons(*network_, phase, upper, reach);
    low_ = low, high_ = high;
  }

  void split_and_clip() {
    const std::size_t N = lower_.size();
    for (int lane = 0; lane < kLanes; ++lane) {
      std::size_t widest = 0;
      for (std::size_t k = 1; k < N; ++k) {
        if (upper_[k][lane] - lower_[k][lane] > upper_[widest][lane] - lower_[widest][lane])
          widest = k;
      }
      if (dice_.chance(0.3))
        widest = static_cast<std::size_t>(dice_.whole(0, static_cast<int>(N) - 1));
      const double middle = 0.5 * (lower_[widest][lane] + upper_[widest][lane]),
                   x = planted(widest);
      if (x < middle || (x == middle && dice_.chance(0.5)))
        upper_[widest][lane] = middle;
      else
        lower_[widest][lane] = middle;
    }
    if (!clip_inputs_) return;
    const int n = static_cast<int>(N);
    Mask empty = clip_boxes(n, lower_.data(), upper_.data(), network_->rows,
                            bounder_.linear_bound.data(), 1);
    empty |= clip_boxes(n, lower_.data(), upper_.data(), constraints_, halfspaces_.data(), 2);
    ASSERT_FALSE(any(empty)) << "clipped away";
    for (std::size_t k = 0; k < N; ++k) {
      for (int lane = 0; lane < kLanes; ++lane) {
        ASSERT_LE(lower_[k][lane], planted(k)) << "input " << k;
        ASSERT_GE(upper_[k][lane], planted(k)) << "input " << k;
      }
    }
  }

  /// The new planes, and in a random older slot a copy of one of them.
  void inherit() {
    if (!clip_inputs_) return;
    const std::size_t width = lower_.size() + 1, fresh = static_cast<std::size_t>(network_->rows);
    const std::size_t from = static_cast<std::size_t>(dice_.whole(0, network_->rows - 1));
    const std::size_t to = fresh + static_cast<std::size_t>(dice_.whole(0, kOld - 1));
    for (std::size_t i = 0; i < width; ++i)
      halfspaces_[to * width + i] = halfspaces_[from * width + i];
    std::copy(bounder_.linear_bound.begin(), bounder_.linear_bound.end(), halfspaces_.begin());
  }

  Dice dice_;
  const Clipping settings_;
  const bool clip_inputs_;
  std::unique_ptr<Lowered> lowered_;
  Truth truth_;
  std::shared_ptr<const ReducedNetwork> network_;
  Batch bounder_;
  std::vector<Vec> lower_, upper_, low_, high_, halfspaces_;
  int constraints_ = 0;
};

void walk_all(const NetworkTaste& taste, int seeds, int steps, double share) {
  int before = 0, after = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    for (const int clipping : {0, 1, 2}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " clipping " + std::to_string(clipping));
      Clipping settings;
      settings.complete = clipping == 2;
      settings.passes = 1 + seed % 3;
      Walk walk(static_cast<std::uint64_t>(seed), taste, share, settings, clipping > 0);
      ASSERT_NO_FATAL_FAILURE(walk.run(steps));
      before += walk.neurons_at_first(), after += walk.neurons_left();
    }
  }
  std::printf("%d walks of %d steps, %d neurons folded to %d\n", 3 * seeds, steps, before, after);
}

TEST(Planted, TwoInputs) {
  walk_all({.inputs = 2, .layers = 2, .width = 8, .outputs = 2}, 300, 60, 1e-6);
}
TEST(Planted, DownToRounding) {
  walk_all({.inputs = 3, .layers = 3, .width = 8, .outputs = 3}, 300, 100, 0.0);
}
TEST(Planted, WideRegion) {
  walk_all({.inputs = 3, .layers = 3, .width = 10, .outputs = 2}, 200, 60, 0.3);
}
TEST(Planted, Deep) {
  walk_all({.inputs = 4, .layers = 8, .width = 10, .outputs = 2}, 80, 60, 1e-9);
}
TEST(Planted, WildWeights) {
  walk_all({.inputs = 3, .layers = 2, .width = 8, .outputs = 2, .wild = true}, 150, 60, 1e-9);
}
TEST(Planted, HugeBoxes) {
  walk_all({.inputs = 3, .layers = 2, .width = 8, .outputs = 2, .input_size = 1e30}, 100, 60, 1e-9);
}
TEST(Planted, OneOutput) {
  walk_all({.inputs = 3, .layers = 3, .width = 12, .outputs = 1}, 300, 60, 1e-12);
}

}  // namespace
}  // namespace clipbound::test
