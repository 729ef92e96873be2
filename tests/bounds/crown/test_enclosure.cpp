// Samples that like the ends of the box, evaluated with running error bounds, must meet every
// bound: of the root, of subproblems in lanes, and of reduced networks after up to three folds. No
// other slack is given; on small networks the samples are evaluated exactly, so that there the
// radii and error terms have to cover every single rounding.
#include <gtest/gtest.h>

#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

Clause random_rows(Dice& dice, int outputs, int inputs, const Enclosed& size) {
  Clause clause;
  const int count = dice.whole(1, 3);
  for (int s = 0; s < count; ++s) {
    std::vector<Rational> coefficients;
    for (int j = 0; j < outputs; ++j) coefficients.emplace_back(dice.whole(-3, 3), 7);
    coefficients[static_cast<std::size_t>(dice.whole(0, outputs - 1))] = Rational(1, 3);
    for (auto& c : coefficients) c.canonicalize();
    Row row = output_row(coefficients, Rational(dice.normal() * size.value) / 3, dice.chance(0.3));
    if (dice.chance(0.3)) {
      row.terms.insert(row.terms.begin(),
                       {Term::Of::input, dice.whole(0, inputs - 1), make_number(Rational(1, 10))});
    }
    clause.rows.push_back(row);
  }
  return clause;
}

/// Boxes and obligations of the lanes: what a point has to satisfy for the lane's bounds to hold
/// there.
struct LaneSet {
  std::vector<double> lower[kLanes], upper[kLanes];     // kept columns
  std::vector<std::vector<double>> halfspaces[kLanes];  // g | h
};

template <typename Real>
bool satisfies(const std::vector<std::vector<double>>& halfspaces, const std::vector<double>& x) {
  for (const auto& g : halfspaces) {
    Real sum(g.back());
    for (std::size_t i = 0; i < x.size(); ++i) sum += Real(g[i]) * Real(x[i]);
    if (!allows_upper(0.0, sum) || !surely_negative(sum)) return false;
  }
  return true;
}

template <typename Real>
class EnclosureTrial {
  using Truth = TruthOf<Real>;

 public:
  EnclosureTrial(std::uint64_t seed, const NetworkTaste& taste, bool fixed_inputs)
      : dice_(seed), taste_(taste) {
    RandomNetwork maker(dice_, taste_);
    network_ = maker.build();
    std::vector<double> lower, upper;
    for (int i = 0; i < taste_.inputs; ++i) {
      const double a = maker.centre()[static_cast<std::size_t>(i)] +
                       dice_.normal() * taste_.input_size,
                   width = dice_.uniform(0.0, 1.0) * taste_.input_size;
      const double kind = fixed_inputs ? dice_.uniform(0.0, 1.0) : 1.0;
      lower.push_back(a);
      upper.push_back(kind < 0.2   ? a
                      : kind < 0.4 ? std::nextafter(a, 1e300)
                      : kind < 0.6 ? a + 1e-9 * std::fabs(a)
                                   : a + width);
    }
    Enclosed size(1.0);
    const EnclosedOutputs at_corner = evaluate_enclosed(*network_, lower);
    for (const double y : at_corner.value) size.value = std::fmax(std::fabs(y), 0x1p-900);
    lowered_ = std::make_unique<Lowered>(network_, lower, upper,
                                         random_rows(dice_, taste_.outputs, taste_.inputs, size));
  }

  void run() {
    check_root();
    if (testing::Test::HasFailure()) return;
    LaneSet set;
    Batch b = lowered_->lanes(kConstraints);
    network_now_ = lowered_->reduced;
    for (int lane = 0; lane < kLanes; ++lane) {
      for (const int i : lowered_->kept) {
        set.lower[lane].push_back(lowered_->lower[static_cast<std::size_t>(i)]);
        set.upper[lane].push_back(lowered_->upper[static_cast<std::size_t>(i)]);
      }
    }
    std::vector<Vec> low = b.lower_z, high = b.upper_z;
    for (int level = 0; level < 3 && !testing::Test::HasFailure(); ++level) {
      shrink(set, level == 0 ? 0.7 : 0.5);
      bound_lanes(set, low, high);
      check_lanes(set, level);
      fold_lanes(set, low, high, level);
    }
  }

 private:
  static constexpr int kConstraints = 3;

  std::vector<double> full_point(const std::vector<double>& columns) {
    std::vector<double> x;
    for (std::size_t i = 0; i < lowered_->lower.size(); ++i)
      x.push_back(dice_.endpoint(lowered_->lower[i], lowered_->upper[i]));
    for (std::size_t k = 0; k < columns.size(); ++k)
      x[static_cast<std::size_t>(lowered_->kept[k])] = columns[k];
    return x;
  }
  std::vector<double> random_columns(const std::vector<double>& lower,
                                     const std::vector<double>& upper) {
    std::vector<double> columns;
    for (std::size_t k = 0; k < lower.size(); ++k)
      columns.push_back(dice_.endpoint(lower[k], upper[k]));
    return columns;
  }

  void check_form(const AffineForm& form, const Truth& truth, const std::vector<std::size_t>& first,
                  std::size_t i, const Real& value, const std::string& what) {
    Real sum(form.constant[i]);
    for (const auto& [source, rows] : form.terms) {
      const auto index = rows.indices(static_cast<std::int64_t>(i));
      const auto coefficient = rows.values(static_cast<std::int64_t>(i));
      for (std::size_t j = 0; j < index.size(); ++j) {
        const auto c = static_cast<std::size_t>(index[j]);
        if (source == kInputSource) {
          sum += Real(coefficient[j]) * Real(truth.x[c]);
        } else {
          sum += Real(coefficient[j]) *
                 relu(truth.neurons[first[static_cast<std::size_t>(source)] + c]);
        }
      }
    }
    const Real gap = sum - value;
    ASSERT_FALSE(exceeds(gap, form.radius[i]))
        << what << " element " << i << " gap " << rough(gap) << " radius " << form.radius[i];
  }

  void check_root() {
    const std::vector<double> row_lower = lowered_->row_bounds();
    std::vector<std::size_t> first{0};
    for (const auto& layer : lowered_->system->layers)
      first.push_back(first.back() + static_cast<std::size_t>(layer.size()));
    for (int sample = 0; sample < 20; ++sample) {
      const Truth truth = lowered_->template truth_as<Real>(full_point(random_columns_of_box()));
      for (std::size_t k = 0; k + 1 < first.size(); ++k) {
        for (std::size_t i = 0; i < first[k + 1] - first[k]; ++i) {
          const Real& z = truth.neurons[first[k] + i];
          const std::string what = "layer " + std::to_string(k) + " neuron " + std::to_string(i);
          ASSERT_NO_FATAL_FAILURE(
              check_form(lowered_->system->layers[k], truth, first, i, z, what));
          ASSERT_TRUE(allows_lower(lowered_->system->intervals[k].lower[i], z))
              << what << " interval";
          ASSERT_TRUE(allows_upper(lowered_->system->intervals[k].upper[i], z))
              << what << " interval";
          ASSERT_TRUE(allows_lower(lowered_->bounds.layers[k].lower[i], z)) << what;
          ASSERT_TRUE(allows_upper(lowered_->bounds.layers[k].upper[i], z)) << what;
        }
      }
      for (std::size_t s = 0; s < row_lower.size(); ++s) {
        ASSERT_NO_FATAL_FAILURE(check_form(lowered_->rows, truth, first, s, truth.rows[s], "row"));
        ASSERT_TRUE(allows_lower(row_lower[s], truth.rows[s])) << "row " << s << " at the root";
      }
      check_reduced(*lowered_->reduced, truth, "root");
    }
  }
  std::vector<double> random_columns_of_box() {
    std::vector<double> columns;
    for (const int i : lowered_->kept) {
      columns.push_back(dice_.endpoint(lowered_->lower[static_cast<std::size_t>(i)],
                                       lowered_->upper[static_cast<std::size_t>(i)]));
    }
    return columns;
  }

  /// The reduced network is the same function at the point, within its radii.
  void check_reduced(const ReducedNetwork& network, const Truth& truth, const std::string& where) {
    for (int v = 0; v < network.neurons + network.rows; ++v) {
      const Real& value = v < network.neurons
                              ? truth.neurons[static_cast<std::size_t>(
                                    network.original_neuron[static_cast<std::size_t>(v)])]
                              : truth.rows[static_cast<std::size_t>(v - network.neurons)];
      const Real gap = reduced_value(network, v, truth, lowered_->kept) - value;
      ASSERT_FALSE(exceeds(gap, network.radius[static_cast<std::size_t>(v)]))
          << where << " neuron " << v << " of " << network.neurons << " gap " << rough(gap)
          << " radius " << network.radius[static_cast<std::size_t>(v)];
      if (v < network.neurons) {
        ASSERT_TRUE(allows_upper(network.largest_source[static_cast<std::size_t>(v)], value))
            << where;
      }
    }
  }

  void shrink(LaneSet& set, double factor) {
    for (int lane = 0; lane < kLanes; ++lane) {
      std::vector<double> anchor;
      for (std::size_t k = 0; k < set.lower[lane].size(); ++k) {
        double &l = set.lower[lane][k], &u = set.upper[lane][k];
        if (dice_.chance(0.6)) {
          const double cut = l + (1.0 - factor) * dice_.uniform(0.0, 1.0) * (u - l);
          const double top = cut + factor * (u - cut);
          l = std::clamp(cut, l, u);
          u = std::clamp(top, l, u);
        }
        anchor.push_back(dice_.endpoint(l, u));
      }
      // A half-space that the anchor satisfies, now and then just so.
      std::vector<double> g;
      double at = 0.0, size = 0.0;
      for (std::size_t k = 0; k < anchor.size(); ++k) {
        g.push_back(dice_.chance(0.2) ? 0.0 : dice_.normal());
        at += g.back() * anchor[k];
        size += std::fabs(g.back()) * (set.upper[lane][k] - set.lower[lane][k]);
      }
      g.push_back(-at - 0.3 * size * (dice_.chance(0.5) ? 1e-9 : dice_.uniform(0.0, 1.0)));
      set.halfspaces[lane].push_back(g);
    }
  }

  void bound_lanes(const LaneSet& set, const std::vector<Vec>& low, const std::vector<Vec>& high) {
    bounder_.attach(*network_now_, kConstraints);
    bounder_.lower_z = low;
    bounder_.upper_z = high;
    bounder_.halfspace_count = kConstraints;
    const std::size_t width = lowered_->kept.size() + 1;
    std::fill(bounder_.halfspaces.begin(), bounder_.halfspaces.end(), Vec{});
    for (int lane = 0; lane < kLanes; ++lane) {
      for (std::size_t k = 0; k + 1 < width; ++k) {
        bounder_.lower_x[k][lane] = set.lower[lane][k];
        bounder_.upper_x[k][lane] = set.upper[lane][k];
      }
      for (std::size_t c = 0; c < std::min<std::size_t>(kConstraints, set.halfspaces[lane].size());
           ++c) {
        for (std::size_t i = 0; i < width; ++i)
          bounder_.halfspaces[c * width + i][lane] = set.halfspaces[lane][c][i];
      }
    }
    Clipping settings;
    settings.complete = dice_.chance(0.8);
    settings.passes = dice_.whole(1, 3);
    bounder_.bound(settings);
  }

  void check_lanes(const LaneSet& set, int level) {
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int sample = 0; sample < 12; ++sample) {
        std::vector<double> columns = random_columns(set.lower[lane], set.upper[lane]);
        if (sample < network_now_->rows) {  // where the plane is least
          for (std::size_t k = 0; k < columns.size(); ++k) {
            const double slope =
                bounder_.linear_bound[static_cast<std::size_t>(sample) * (columns.size() + 1) + k]
                                     [lane];
            columns[k] = slope < 0.0 ? set.upper[lane][k] : set.lower[lane][k];
          }
        }
        if (!satisfies<Real>(set.halfspaces[lane], columns)) continue;
        const Truth truth = lowered_->template truth_as<Real>(full_point(columns));
        ASSERT_NO_FATAL_FAILURE(check_lane(lane, columns, truth, level));
        ++points_checked;
      }
    }
  }

  void check_lane(int lane, const std::vector<double>& columns, const Truth& truth, int level) {
    const std::string where = "level " + std::to_string(level) + " lane " + std::to_string(lane);
    for (std::size_t v = 0; v < network_now_->original_neuron.size(); ++v) {
      const Real& z = truth.neurons[static_cast<std::size_t>(network_now_->original_neuron[v])];
      ASSERT_TRUE(allows_lower(bounder_.lower_z[v][lane], z))
          << where << " neuron " << v << " " << bounder_.lower_z[v][lane] << " > " << rough(z);
      ASSERT_TRUE(allows_upper(bounder_.upper_z[v][lane], z))
          << where << " neuron " << v << " " << bounder_.upper_z[v][lane] << " < " << rough(z);
    }
    bool unsafe = true;
    for (std::size_t s = 0; s < truth.rows.size(); ++s) {
      const Real& y = truth.rows[s];
      ASSERT_TRUE(allows_lower(bounder_.lower[s][lane], y))
          << where << " row " << s << " " << bounder_.lower[s][lane] << " > " << rough(y);
      const Vec* plane = bounder_.linear_bound.data() + s * (columns.size() + 1);
      if (std::isfinite(plane[columns.size()][lane])) {
        Real margin = y - Real(plane[columns.size()][lane]);
        for (std::size_t k = 0; k < columns.size(); ++k)
          margin = margin - Real(plane[k][lane]) * Real(columns[k]);
        ASSERT_TRUE(allows_lower(0.0, margin))
            << where << " plane of row " << s << " above by " << -rough(margin);
      }
      unsafe = unsafe && surely_negative(y);
    }
    ASSERT_FALSE(unsafe && bounder_.refuted[lane] != 0) << where;
  }

  void fold_lanes(const LaneSet& set, std::vector<Vec>& low, std::vector<Vec>& high, int level) {
    const auto U = static_cast<std::size_t>(network_now_->neurons);
    std::vector<Phase> phase(U, Phase::unstable);
    std::vector<double> upper(U, 0.0), reach(lowered_->kept.size(), 0.0);
    low.clear(), high.clear();
    for (std::size_t v = 0; v < U; ++v) {
      if (all(bounder_.lower_z[v] >= Vec{}))
        phase[v] = Phase::active;
      else if (all(bounder_.upper_z[v] <= Vec{}))
        phase[v] = Phase::inactive;
      for (int lane = 0; lane < kLanes; ++lane)
        upper[v] = std::max(upper[v], bounder_.upper_z[v][lane]);
      if (phase[v] == Phase::unstable)
        low.push_back(bounder_.lower_z[v]), high.push_back(bounder_.upper_z[v]);
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      for (std::size_t k = 0; k < reach.size(); ++k)
        reach[k] =
            std::max({reach[k], std::fabs(set.lower[lane][k]), std::fabs(set.upper[lane][k])});
    }
    folded_away += static_cast<int>(U) - static_cast<int>(low.size());
    network_now_ = fold_neurons(*network_now_, phase, upper, reach);
    for (int lane = 0; lane < kLanes; ++lane) {
      for (int sample = 0; sample < 6; ++sample) {
        const auto columns = random_columns(set.lower[lane], set.upper[lane]);
        if (!satisfies<Real>(set.halfspaces[lane], columns)) continue;
        ASSERT_NO_FATAL_FAILURE(
            check_reduced(*network_now_, lowered_->template truth_as<Real>(full_point(columns)),
                          "fold " + std::to_string(level + 1)));
      }
    }
  }

  Dice dice_;
  NetworkTaste taste_;
  std::shared_ptr<const Network> network_;
  std::unique_ptr<Lowered> lowered_;
  std::shared_ptr<const ReducedNetwork> network_now_;
  Batch bounder_;

 public:
  int points_checked = 0, folded_away = 0;
};

template <typename Real = Enclosed>
void run_trials(const NetworkTaste& taste, int trials, bool fixed_inputs = false) {
  int points = 0, folded = 0;
  for (int seed = 1; seed <= trials; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    EnclosureTrial<Real> trial(static_cast<std::uint64_t>(seed), taste, fixed_inputs);
    trial.run();
    if (testing::Test::HasFailure()) return;
    points += trial.points_checked;
    folded += trial.folded_away;
  }
  EXPECT_GT(points, 10 * trials);  // otherwise the trial tested nothing
  std::printf("%d networks, %d points in lanes, %d neurons folded\n", trials, points, folded);
}

TEST(Enclosure, SmallStructured) {
  run_trials({.inputs = 3, .layers = 3, .width = 8}, 150);
}
TEST(Enclosure, Deep) {
  run_trials({.inputs = 4, .layers = 10, .width = 12}, 15);
}
TEST(Enclosure, Tall) {
  run_trials({.inputs = 5, .layers = 3, .width = 200, .structured = false}, 2);
}
TEST(Enclosure, ManyInputs) {
  run_trials({.inputs = 40, .layers = 3, .width = 16}, 10);
}
TEST(Enclosure, TinyWeights) {
  run_trials({.inputs = 3, .layers = 6, .width = 8, .scale = 1e-9}, 25);
}
TEST(Enclosure, VeryTinyWeights) {
  run_trials({.inputs = 3, .layers = 9, .width = 6, .scale = 1e-33}, 15);
}
TEST(Enclosure, HugeWeights) {
  run_trials({.inputs = 3, .layers = 6, .width = 8, .scale = 1e12}, 25);
}
TEST(Enclosure, WildWeights) {
  run_trials({.inputs = 3, .layers = 3, .width = 8, .wild = true}, 40);
}
TEST(Enclosure, HugeBoxes) {
  run_trials({.inputs = 3, .layers = 3, .width = 8, .input_size = 1e30}, 25);
}
TEST(ExactEnclosure, Small) {
  run_trials<Rational>({.inputs = 2, .layers = 2, .width = 6}, 40);
}
TEST(ExactEnclosure, Deep) {
  run_trials<Rational>({.inputs = 2, .layers = 4, .width = 4}, 15);
}
TEST(ExactEnclosure, FarAwayInputs) {
  run_trials<Rational>({.inputs = 2, .layers = 2, .width = 6, .far = 1e6}, 40);
}
TEST(ExactEnclosure, WildWeights) {
  run_trials<Rational>({.inputs = 2, .layers = 2, .width = 5, .wild = true}, 20);
}
TEST(ExactEnclosure, HugeWeights) {
  run_trials<Rational>({.inputs = 2, .layers = 3, .width = 4, .scale = 1e11}, 15);
}
TEST(ExactEnclosure, FixedInputs) {
  run_trials<Rational>({.inputs = 4, .layers = 2, .width = 5}, 30, true);
}
TEST(Enclosure, FixedInputs) {
  run_trials({.inputs = 6, .layers = 3, .width = 8}, 60, true);
}

}  // namespace
}  // namespace clipbound::test
