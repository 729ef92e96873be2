// The row bounds of alpha-CROWN without splits against the linear program that they are the dual of
// (Salman et al., "A Convex Relaxation Barrier", NeurIPS 2019: with the triangle of every unstable
// ReLU), solved in rational arithmetic: never above it. The gap that is left is printed.
#include <gtest/gtest.h>

#include <iostream>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/lowering/lower_network.h"
#include "tests/support/convolutional_network.h"
#include "tests/support/exact_lp.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

/// The program: a variable for every input and for every neuron's activation.
class TriangleProgram {
 public:
  TriangleProgram(const LayeredSystem& system, const SparseNetwork& bounds) : system_(system) {
    lower_ = rationals(system.lower);
    upper_ = rationals(system.upper);
    for (std::size_t k = 0; k < system.layers.size(); ++k) {
      first_.push_back(lower_.size());
      lower_.resize(lower_.size() + static_cast<std::size_t>(system.layers[k].size()));
      upper_.resize(lower_.size());
    }
    for (std::size_t k = 0; k < system.layers.size(); ++k)
      add_layer(k, bounds.bounds_of(static_cast<int>(k)));
  }
  std::size_t variables() const { return lower_.size(); }
  int unstable() const { return unstable_; }
  Rational minimum(const AffineForm& form, std::int64_t element) const {
    return exact_minimum(row(form, element), lower_, upper_, constraints_).value();
  }

 private:
  RationalForm row(const AffineForm& form, std::int64_t element) const {
    RationalForm result{Rationals(variables()),
                        Rational(form.constant[static_cast<std::size_t>(element)])};
    for (const auto& [source, matrix] : form.terms) {
      const std::size_t first =
          source == kInputSource ? 0 : first_[static_cast<std::size_t>(source)];
      const auto index = matrix.indices(element);
      for (std::size_t e = 0; e < index.size(); ++e)
        result.coefficients[first + static_cast<std::size_t>(index[e])] +=
            Rational(matrix.values(element)[e]);
    }
    return result;
  }
  /// factor * z + offset + sign * (variable) <= 0.
  void constrain(RationalForm z, const Rational& factor, const Rational& offset,
                 std::size_t variable, int sign) {
    for (Rational& c : z.coefficients) c *= factor;
    z.constant = z.constant * factor + offset;
    z.coefficients[variable] += sign;
    constraints_.push_back(std::move(z));
  }
  void add_layer(std::size_t k, const IntervalVector& z) {
    const bool is_relu = system_.activations[k].curve == Curve::relu;
    ASSERT_TRUE(is_relu || system_.activations[k].curve == Curve::identity);
    for (std::size_t v = 0; v < z.lower.size(); ++v) {
      const std::size_t a = first_[k] + v;
      const Rational l(z.lower[v]), u(z.upper[v]);
      const RationalForm form = row(system_.layers[k], static_cast<std::int64_t>(v));
      if (is_relu && u <= 0) continue;  // 0, as the variable's ends are
      lower_[a] = is_relu && l < 0 ? Rational(0) : l;
      upper_[a] = u;
      constrain(form, 1, 0, a, -1);  // z - a <= 0
      if (!is_relu || l >= 0) {
        constrain(form, -1, 0, a, 1);
      } else {
        const Rational slope = u / (u - l);
        constrain(form, -slope, slope * l, a, 1);  // a <= slope (z - l)
        ++unstable_;
      }
    }
  }

  const LayeredSystem& system_;
  Rationals lower_, upper_;
  std::vector<std::size_t> first_;
  std::vector<RationalForm> constraints_;
  int unstable_ = 0;
};

TEST(LpGap, RowBoundsWithoutSplitsNeverExceedTheRationalProgram) {
  Dice dice(171);
  double of_crown = 0.0, of_alpha = 0.0, most = 0.0;
  int unstable = 0;
  for (int trial = 0; trial < 8; ++trial) {
    const auto network =
        ConvolutionalNetwork(dice, {.side = 4, .channels = 2, .blocks = 1 + trial % 2}).build();
    std::vector<double> lower, upper;
    const double radius = dice.uniform(0.05, 0.3);
    for (std::int64_t i = 0; i < network->input_size(); ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + radius);
    }
    const auto system = std::make_shared<const LayeredSystem>(
        lower_network(*simplify(network).network, lower, upper));
    const auto bounded = bound_intermediate_layers(system, lower, upper, nullptr, {}, Deadline());
    const TriangleProgram program(*system, *bounded);
    unstable += program.unstable();
    const SparseNetworkRows rows = bounded->compile_rows(system->outputs, {0, 1});
    const std::vector<double> crown =
        optimize_rows(*bounded, rows, {.iterations = 0}, 1, Deadline()).lower;
    const std::vector<double> alpha =
        optimize_rows(*bounded, rows, {.iterations = 100, .enough = HUGE_VAL}, 1, Deadline()).lower;
    for (std::int64_t r = 0; r < 2; ++r) {
      const auto i = static_cast<std::size_t>(r);
      const Rational least = program.minimum(system->outputs, r);
      EXPECT_LE(Rational(crown[i]), least);
      EXPECT_LE(Rational(alpha[i]), least);
      const Rational gap = least - alpha[i];
      of_crown += Rational(least - crown[i]).get_d();
      of_alpha += gap.get_d();
      most = std::max(most, gap.get_d());
    }
  }
  EXPECT_GT(unstable, 100);
  std::cout << "gap to the linear program, mean of 16 rows: CROWN " << of_crown / 16
            << ", 100 steps of alpha-CROWN " << of_alpha / 16 << " (largest " << most << "), "
            << unstable << " unstable neurons\n";
  EXPECT_LT(of_alpha, 0.1 * of_crown);
}

}  // namespace
}  // namespace clipbound::test
