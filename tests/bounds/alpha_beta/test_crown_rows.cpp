// CrownRows: bounds below the truth, as good as AlphaBetaBounder's with CROWN's slopes; private
// layers are what they say.
#include "bounds/alpha_beta/crown_rows.h"

#include <gtest/gtest.h>

#include "tests/bounds/alpha_beta/attention.h"
#include "tests/bounds/alpha_beta/bounded_network.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Lower bounds of sign * rows by AlphaBetaBounder.
std::vector<double> by_lanes(const SparseNetwork& network, const SparseNetworkRows& rows,
                             double sign) {
  AlphaBetaBounder bounder;
  bounder.attach(network);
  ConeFinder finder(network);
  std::vector<double> lower;
  for (std::int64_t first = 0; first < rows.count(); first += kLanes) {
    LaneRows target;
    target.rows = &rows;
    for (int lane = 0; lane < kLanes; ++lane) {
      target.which[lane] = std::min(first + lane, rows.count() - 1);
      target.sign[lane] = sign;
    }
    Cone cone;
    finder.find(rows, std::vector<std::int64_t>(target.which, target.which + kLanes), cone);
    const Vec bound = bounder.lower_bound(cone, target);
    for (int lane = 0; lane < kLanes && first + lane < rows.count(); ++lane)
      lower.push_back(bound[lane]);
  }
  return lower;
}

/// The same by CrownRows, in parts of any size.
std::vector<double> by_crown_rows(Dice& dice, CrownRows& crown, const SparseNetwork& network,
                                  const SparseNetworkRows& rows, double sign) {
  std::vector<double> lower(static_cast<std::size_t>(rows.count()), 7e300);
  std::vector<std::int64_t> all(lower.size());
  std::iota(all.begin(), all.end(), 0);
  ConeFinder finder(network);
  for (std::size_t first = 0; first < all.size();) {
    const std::size_t count =
        std::min(all.size() - first,
                 static_cast<std::size_t>(dice.whole(1, static_cast<int>(CrownRows::kRows))));
    const std::vector<std::int64_t> which(all.begin() + static_cast<std::ptrdiff_t>(first),
                                          all.begin() + static_cast<std::ptrdiff_t>(first + count));
    Cone cone;
    finder.find(rows, which, cone);
    crown.lower_bounds(cone, rows, which, sign, lower.data() + first);
    first += count;
  }
  return lower;
}

/// The network of a test case, the truth at a point, and how its neurons are numbered.
struct Case {
  const SparseNetwork& network;
  std::vector<Truth> truths;
};

/// Neurons of all layers but those that are products or are not there.
void expect_bounds(Dice& dice, const Case& c) {
  PrivateLayers private_layers;
  private_layers.update(c.network);
  CrownRows crown;
  crown.attach(c.network, private_layers);
  std::size_t first = 0;
  for (int k = 0; k < c.network.layers(); ++k) {
    std::vector<std::int64_t> neurons;
    for (const Neuron v : c.network.layer(k).neurons) neurons.push_back(raw(v));
    const AffineForm& form = at(c.network.system().layers, k);
    const SparseNetworkRows rows = c.network.compile_rows(form, neurons);
    for (const double sign : {1.0, -1.0}) {
      const std::vector<double> lower = by_crown_rows(dice, crown, c.network, rows, sign),
                                lanes = by_lanes(c.network, rows, sign);
      for (std::size_t r = 0; r < lower.size(); ++r) {
        if (std::isfinite(lanes[r])) {
          ASSERT_NEAR(lower[r], lanes[r], 1e-8 * (1.0 + std::fabs(lanes[r]))) << "layer " << k;
        } else {
          ASSERT_EQ(lower[r], lanes[r]);
        }
        for (const Truth& truth : c.truths) {
          Enclosed value = truth.neurons[first + static_cast<std::size_t>(neurons[r])];
          value.value *= sign;
          ASSERT_TRUE(allows_lower(lower[r], value)) << lower[r] << " > " << value.value;
        }
      }
    }
    first += static_cast<std::size_t>(form.size());
  }
}

template <typename Of>
std::vector<Truth> truths_of(Dice& dice, const Of& of) {
  std::vector<Truth> truths;
  for (int sample = 0; sample < 8; ++sample) truths.push_back(of.random_truth(dice));
  return truths;
}

TEST(CrownRows, AreBelowTheTruthAndAsGoodAsLanes) {
  Dice dice(641);
  for (int trial = 0; trial < 100; ++trial) {
    NetworkTaste taste = random_taste(dice);
    taste.nonlinear = trial % 2 == 0;
    taste.width = dice.whole(2, 30);
    taste.wild = dice.chance(0.1);
    const BoundedNetwork s(dice, taste, dice.chance(0.2) ? 1e-9 : dice.uniform(0.01, 0.8));
    expect_bounds(dice, {*s.network, truths_of(dice, s)});
  }
}

TEST(CrownRows, PassThroughProductsAndExponentials) {
  Dice dice(642);
  int layers = 0;
  for (int trial = 0; trial < 100; ++trial) {
    const Attention a(dice, dice.chance(0.2) ? 1e-9 : dice.uniform(0.01, 1.5), 0);
    PrivateLayers private_layers;
    private_layers.update(*a.network);
    for (int k = 0; k < a.network->layers(); ++k) layers += private_layers.of(k) != nullptr ? 1 : 0;
    expect_bounds(dice, {*a.network, truths_of(dice, a)});
  }
  EXPECT_GT(layers, 100);
}

/// f(1 + f(1 + ...)) of each input by itself: each layer is read by the next one alone, which has
/// no coefficients of its own where it is private too.
TEST(CrownRows, ChainsOfElementsWithOneReaderLoseNothing) {
  Dice dice(644);
  const char* const curves[] = {"Exp", "Tanh", "Sigmoid", "Softplus"};
  int nested = 0;
  for (int trial = 0; trial < 40; ++trial) {
    const int width = dice.whole(1, 9);
    NetworkBuilder b;
    ValueId value = b.input("x", {1, width});
    for (int layer = dice.whole(3, 5); layer > 0; --layer) {
      value = b.add("Add", {value, b.constant({1}, {static_cast<float>(dice.normal())})});
      value = b.add(curves[dice.whole(0, 3)], {value});
    }
    std::vector<float> weights;
    for (int i = 0; i < 2 * width; ++i) weights.push_back(static_cast<float>(dice.normal()));
    b.output(
        b.add("MatMul", {b.add("Tanh", {b.add("MatMul", {value, b.constant({width, 2}, weights)})}),
                         b.constant({2, 2}, {1.0F, -0.5F, 0.25F, 2.0F})}));
    std::vector<double> lower, upper;
    for (int i = 0; i < width; ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + dice.uniform(0.0, 0.5));
    }
    Clause clause;
    clause.rows.push_back(output_row({Rational(1), Rational(-1)}, Rational(1, 10)));
    clause.rows.push_back(output_row({Rational(-2), Rational(1, 2)}, Rational(-3)));
    const BoundedNetwork s(std::make_unique<Lowered>(std::make_shared<const Network>(b.build()),
                                                     lower, upper, clause));
    PrivateLayers private_layers;
    private_layers.update(*s.network);
    for (int k = 0; k < s.network->layers(); ++k) {
      const PrivateLayer* layer = private_layers.of(k);
      nested += layer != nullptr && private_layers.of(layer->reader) != nullptr ? 1 : 0;
    }
    expect_bounds(dice, {*s.network, truths_of(dice, s)});
  }
  EXPECT_GT(nested, 40);
}

TEST(PrivateLayers, HaveOneReaderThatReadsEachElementOnce) {
  Dice dice(643);
  for (int trial = 0; trial < 60; ++trial) {
    const Attention a(dice, dice.uniform(0.01, 1.0), 0);
    const SparseNetwork& net = *a.network;
    PrivateLayers private_layers;
    private_layers.update(net);
    std::vector<int> reads(static_cast<std::size_t>(net.live_count()), 0), reader(reads.size(), -1);
    for (int k = 0; k < net.layers(); ++k) {
      const SparseNetworkLayer& layer = net.layer(k);
      for (std::int32_t i = layer.first; i < layer.first + layer.count; ++i) {
        const std::int32_t number = at(net.product_of, Live{i});
        std::vector<Live> read;
        if (number >= 0) {
          read = {at(net.products, number).a, at(net.products, number).b};
        } else {
          const std::int64_t neuron = raw(at(layer.neurons, i - layer.first));
          read = net.compile_rows(at(net.system().layers, k), {neuron}).index;
        }
        for (const Live v : read) {
          ++at(reads, v);
          at(reader, v) = number >= 0 ? -2 : k;
        }
      }
    }
    for (int k = 0; k < net.layers(); ++k) {
      const PrivateLayer* found = private_layers.of(k);
      if (found == nullptr) continue;
      for (std::int32_t i = net.layer(k).first; i < net.layer(k).first + net.layer(k).count; ++i) {
        EXPECT_LE(at(reads, Live{i}), 1);
        if (at(reads, Live{i}) == 1) {
          EXPECT_EQ(at(reader, Live{i}), found->reader);
        }
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
