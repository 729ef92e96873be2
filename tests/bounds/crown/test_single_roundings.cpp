// Places where one rounding is the whole error, so that a forgotten error term shows: folding exact
// layers, divisions, forward planes. All against rational arithmetic.
#include <gtest/gtest.h>

#include "bounds/crown/forward_pass.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

std::vector<double> random_point(Dice& dice, const std::vector<double>& lower,
                                 const std::vector<double>& upper) {
  std::vector<double> x;
  for (std::size_t i = 0; i < lower.size(); ++i) x.push_back(dice.endpoint(lower[i], upper[i]));
  return x;
}

/// Networks of plain layers, whose forms are exact, with many neurons decided at the root: only
/// folding rounds.
TEST(SingleRoundings, FoldingDecidedNeurons) {
  Dice dice(71);
  int rounded = 0, folded = 0;
  for (int trial = 0; trial < 150; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    // No biases (they cost a radius of their own), positive inputs, and weights of one sign per
    // neuron.
    TinyNetwork net = random_tiny(dice, {2, 5, 5, 5, 1}, false);
    for (std::size_t k = 0; k < net.biases.size(); ++k) {
      for (float& b : net.biases[k]) b = 0.0F;
      for (float& w : net.weights[k])
        w = std::fabs(w) * static_cast<float>(std::ldexp(1.0, dice.whole(-20, 20)));
    }
    // Every other time the first layer takes differences of large inputs: its neurons are small,
    // their terms are not.
    const double far = trial % 2 == 0 ? 0.0 : 0x1p20;
    if (far > 0.0) {
      for (std::size_t o = 0; o < 5; ++o) net.weights[0][2 * o + 1] = -net.weights[0][2 * o];
    }
    for (std::size_t i = 0; i < 2; ++i) net.weights[0][i] = -net.weights[0][i];
    for (std::size_t o = 0; o < 5; ++o) net.weights[3][o] *= dice.chance(0.5) ? 1.0F : -1.0F;
    Clause clause;
    clause.rows.push_back(output_row({1}, 0));
    const Lowered lowered(net.build(), {far + 2, far}, {far + 3, far + 1}, clause);
    for (const AffineForm& form : lowered.system->layers) {
      for (const double r : form.radius) ASSERT_EQ(r, 0.0) << "only folding may round here";
    }
    folded += 15 - lowered.reduced->neurons;
    for (int sample = 0; sample < 10; ++sample) {
      const auto truth =
          lowered.truth_as<Rational>(random_point(dice, lowered.lower, lowered.upper));
      const ReducedNetwork& r = *lowered.reduced;
      for (int v = 0; v < r.neurons + r.rows; ++v) {
        const Rational value = v < r.neurons ? truth.neurons[static_cast<std::size_t>(
                                                   r.original_neuron[static_cast<std::size_t>(v)])]
                                             : truth.rows[0];
        const Rational gap = reduced_value(r, v, truth, lowered.kept) - value;
        ASSERT_FALSE(exceeds(gap, r.radius[static_cast<std::size_t>(v)]))
            << "row " << v << " gap " << gap.get_d() << " radius "
            << r.radius[static_cast<std::size_t>(v)];
        rounded += gap != 0 ? 1 : 0;
      }
    }
  }
  EXPECT_GT(rounded, 1000);
  std::printf("%d neurons folded, %d values off by a rounding\n", folded, rounded);
}

/// relu(x / c): one rounding of 1 / c, which nothing else hides.
TEST(SingleRoundings, Division) {
  Dice dice(72);
  for (int trial = 0; trial < 200; ++trial) {
    const auto c = static_cast<float>(
        trial == 0 ? 3.0 : std::ldexp(dice.uniform(0.5, 2.0), dice.whole(-60, 60)));
    NetworkBuilder b;
    const ValueId x = b.input("x", {1, 1});
    b.output(b.add("Relu", {b.add("Div", {x, b.constant({1}, {c})})}));
    Clause clause;
    clause.rows.push_back(output_row({1}, 0));
    const Lowered lowered(std::make_shared<const Network>(b.build()), {-1}, {1}, clause);
    const auto truth = lowered.truth_as<Rational>({trial % 2 == 0 ? 1.0 : -1.0});
    const AffineForm& form = lowered.system->layers.at(0);
    const Rational says = Rational(form.constant[0]) +
                          Rational(form.terms.at(kInputSource).values(0)[0]) * Rational(truth.x[0]);
    ASSERT_FALSE(exceeds(Rational(says - truth.neurons[0]), form.radius[0])) << c;
    ASSERT_TRUE(allows_lower(lowered.bounds.layers[0].lower[0], truth.neurons[0])) << c;
    ASSERT_TRUE(allows_upper(lowered.bounds.layers[0].upper[0], truth.neurons[0])) << c;
  }
}

Rational plane_at(const double* plane, const std::vector<double>& x) {
  Rational sum(plane[x.size()]);
  for (std::size_t i = 0; i < x.size(); ++i) sum += Rational(plane[i]) * Rational(x[i]);
  return sum;
}

void check_planes(const LinearBounds& planes, const IntervalVector* interval,
                  const Rationals& values, const std::vector<double>& x, const char* what) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Rational error(planes.error[i]);
    ASSERT_LE(plane_at(planes.lower.data() + i * (x.size() + 1), x), values[i] + error)
        << what << " " << i;
    ASSERT_GE(plane_at(planes.upper.data() + i * (x.size() + 1), x), values[i] - error)
        << what << " " << i;
    if (interval == nullptr) continue;
    ASSERT_TRUE(allows_lower(interval->lower[i], values[i])) << what << " " << i;
    ASSERT_TRUE(allows_upper(interval->upper[i], values[i])) << what << " " << i;
  }
}

/// The forward pass by itself; in bound_neurons other bounds would hide it.
TEST(SingleRoundings, ForwardPlanes) {
  Dice dice(73);
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE("trial " + std::to_string(trial));
    const TinyNetwork net = random_tiny(dice, {dice.whole(1, 3), 5, 4, 3, 1}, false);
    const auto n = static_cast<std::size_t>(net.sizes[0]);
    std::vector<double> lower, upper;
    for (std::size_t i = 0; i < n; ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + std::ldexp(1.0, -dice.whole(0, 30)));
    }
    Clause clause;
    clause.rows.push_back(output_row({1}, 0));
    const Lowered lowered(net.build(), lower, upper, clause);
    ForwardBox box;
    for (std::size_t i = 0; i < n; ++i) {
      box.columns.push_back(static_cast<int>(i)), box.lower.push_back(lower[i]),
          box.upper.push_back(upper[i]);
      box.largest = std::max({box.largest, std::fabs(lower[i]), std::fabs(upper[i])});
    }
    std::map<int, LinearBounds> sources;
    sources.emplace(kInputSource, forward_input(box, lower, upper));
    std::vector<TruthOf<Rational>> truths;
    for (int sample = 0; sample < 6; ++sample)
      truths.push_back(lowered.truth_as<Rational>(random_point(dice, lower, upper)));
    std::size_t first = 0;
    for (std::size_t k = 0; k < lowered.system->layers.size(); ++k) {
      const AffineForm& form = lowered.system->layers[k];
      const LinearBounds z = forward_affine(form, box, sources);
      const IntervalVector interval = concretize(z, box);
      const LinearBounds active = forward_relu(z, interval, box);
      for (const auto& truth : truths) {
        const Rationals values(
            truth.neurons.begin() + static_cast<std::ptrdiff_t>(first),
            truth.neurons.begin() + static_cast<std::ptrdiff_t>(first) + form.size());
        Rationals after;
        for (const Rational& v : values) after.push_back(relu(v));
        ASSERT_NO_FATAL_FAILURE(check_planes(z, &interval, values, truth.x, "z"));
        ASSERT_NO_FATAL_FAILURE(check_planes(active, nullptr, after, truth.x, "relu(z)"));
      }
      sources[static_cast<int>(k)] = active;
      first += static_cast<std::size_t>(form.size());
    }
  }
}

}  // namespace
}  // namespace clipbound::test
