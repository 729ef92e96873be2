// What structured maps compute, against the same in rationals: products within gamma, intervals,
// forward linear bounds, sums of forms. Weights and numbers are wild: of all sizes, denormals too,
// and such that sums cancel.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/crown/forward_pass.h"
#include "bounds/layered/enclose.h"
#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"
#include "tests/support/random_windows.h"

namespace clipbound::test {
namespace {

/// Of every size that no product of two of them overflows with.
double wild(Dice& dice) {
  switch (dice.whole(0, 9)) {
    case 0: return 0.0;
    case 1: return dice.chance(0.5) ? 1.0 : -1.0;
    case 2: return std::ldexp(dice.normal(), dice.whole(-1074, 80));
    case 3: return std::ldexp(dice.whole(-9, 9), -1074);
    case 4: return std::ldexp(dice.normal(), 80);
    default: return dice.normal();
  }
}
std::vector<double> wild_numbers(Dice& dice, std::int64_t count) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  for (double& x : numbers) x = wild(dice);
  return numbers;
}

std::shared_ptr<const StructuredMap> random_map(Dice& dice, bool with_parts = true) {
  using Direction = ConvolutionMap::Direction;
  const specs::WindowShape w = random_windows(dice, 4);
  const std::int64_t groups = dice.whole(1, 2), c = dice.whole(1, 3), m = dice.whole(1, 3);
  const ConvolutionMap convolution(dice.chance(0.5) ? Direction::conv : Direction::conv_transpose,
                                   w, {groups * c, groups * m, groups},
                                   std::make_shared<const std::vector<double>>(wild_numbers(
                                       dice, groups * m * c * specs::element_count(w.kernel))));
  if (!with_parts) return std::make_shared<const StructuredMap>(convolution);
  std::vector<std::int32_t> places;
  for (std::int32_t e = 0; e < convolution.columns() && dice.chance(0.9); ++e) {
    while (dice.chance(0.1)) places.push_back(-1);
    if (dice.chance(0.8)) places.push_back(e);
  }
  if (places.empty()) places.push_back(-1);
  auto map = dice.chance(0.5) ? std::make_shared<const StructuredMap>(convolution)
                              : std::make_shared<const StructuredMap>(convolution, places);
  if (dice.chance(0.5)) return map;
  std::vector<std::int32_t> picks;
  for (int i = dice.whole(1, 12); i > 0; --i)
    picks.push_back(dice.chance(0.2) ? -1 : dice.whole(0, static_cast<int>(map->rows()) - 1));
  return map->picked(picks);
}

Rational size_of(double x) {
  return abs(Rational(x));
}
/// |computed - exact| <= gamma size + underflow; what is not finite claims nothing.
bool is_within(double computed, const Rational& exact, const Rational& size, double gamma,
               double underflow) {
  return !std::isfinite(computed) ||
         abs(Rational(computed) - exact) <= Rational(gamma) * size + Rational(underflow);
}

TEST(StructuredRationals, ProductsErrByGammaAndUnderflow) {
  Dice dice(31);
  for (int trial = 0; trial < 150; ++trial) {
    SCOPED_TRACE(trial);
    const auto map = random_map(dice, false);
    const ConvolutionMap& c = map->convolution();
    const std::int64_t R = map->rows(), C = map->cols();
    const std::vector<double> x = wild_numbers(dice, C), r = wild_numbers(dice, R);
    std::vector<double> y = wild_numbers(dice, R), z = wild_numbers(dice, C),
                        sizes(static_cast<std::size_t>(R)), of_source;
    std::vector<Rational> exact(y.begin(), y.end()), size, back(z.begin(), z.end()), back_size;
    std::vector<Rational> plain_size(static_cast<std::size_t>(R), Rational(0));
    for (const double v : y) size.push_back(size_of(v));
    for (const double v : z) back_size.push_back(size_of(v));
    for (const double v : x) of_source.push_back(std::fabs(v));
    for (std::int64_t i = 0; i < R; ++i) {
      const auto row = static_cast<std::size_t>(i);
      const auto index = map->written().indices(i);
      const auto value = map->written().values(i);
      for (std::size_t j = 0; j < index.size(); ++j) {
        const auto column = static_cast<std::size_t>(index[j]);
        const Rational w(value[j]);
        exact[row] += w * Rational(x[column]);
        size[row] += abs(w) * size_of(x[column]);
        plain_size[row] += abs(w) * size_of(x[column]);
        back[column] += w * Rational(r[row]);
        back_size[column] += abs(w) * size_of(r[row]);
      }
    }
    c.apply(x.data(), 1, y.data(), true);
    c.apply_transposed(r.data(), 1, z.data(), true);
    sizes = map->sizes(of_source);
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_TRUE(is_within(y[i], exact[i], size[i], c.gamma(), c.underflow())) << i;
      ASSERT_TRUE(!std::isfinite(sizes[i]) || Rational(sizes[i]) >= plain_size[i]) << i;
    }
    for (std::size_t i = 0; i < z.size(); ++i)
      ASSERT_TRUE(is_within(z[i], back[i], back_size[i], c.gamma_transposed(), c.underflow())) << i;
  }
}

/// A form of structured maps over sources 0, 1, ..., constants and radii.
struct RandomForm {
  AffineForm form;
  std::int64_t size() const { return form.size(); }
};
RandomForm random_form(Dice& dice, std::int64_t first_source) {
  const auto map = random_map(dice);
  RandomForm result{AffineForm::of_constant(wild_numbers(dice, map->rows()))};
  for (double& r : result.form.radius) r = dice.chance(0.5) ? 0.0 : std::fabs(wild(dice));
  result.form.terms.emplace(static_cast<int>(first_source), Coefficients(map));
  if (dice.chance(0.5)) {  // a shortcut that is one element each
    SparseRows rows;
    rows.cols = map->rows();
    for (std::int64_t i = 0; i < map->rows(); ++i) {
      if (dice.chance(0.8)) rows.append(static_cast<std::int32_t>(i), dice.chance(0.5) ? 1 : -3);
      rows.end_row();
    }
    result.form.terms.emplace(static_cast<int>(first_source) + 1, std::move(rows));
  }
  return result;
}

/// Narrow, wide, and one number.
IntervalVector wild_intervals(Dice& dice, std::int64_t count) {
  IntervalVector z;
  for (std::int64_t i = 0; i < count; ++i) {
    const double a = wild(dice), b = dice.chance(0.3)   ? a
                                     : dice.chance(0.5) ? a * (1.0 + dice.uniform(-1e-9, 1e-9))
                                                        : wild(dice);
    z.lower.push_back(std::min(a, b));
    z.upper.push_back(std::max(a, b));
  }
  return z;
}

TEST(StructuredRationals, IntervalsEnclose) {
  Dice dice(32);
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    const AffineForm form = random_form(dice, 0).form;
    SourceIntervals sources;
    for (const auto& [source, coefficients] : form.terms)
      sources[source] = wild_intervals(dice, coefficients.cols());
    std::vector<double> magnitudes;
    const IntervalVector z = enclose(form, sources, &magnitudes);
    for (std::int64_t i = 0; i < form.size(); ++i) {
      const auto e = static_cast<std::size_t>(i);
      Rational low = Rational(form.constant[e]) - Rational(form.radius[e]),
               high = Rational(form.constant[e]) + Rational(form.radius[e]),
               size = size_of(form.constant[e]);
      for (const auto& [source, coefficients] : form.terms) {
        const IntervalVector& from = sources.at(source);
        for (std::size_t j = 0; j < coefficients.indices(i).size(); ++j) {
          const auto c = static_cast<std::size_t>(coefficients.indices(i)[j]);
          const Rational w(coefficients.values(i)[j]), a = w * Rational(from.lower[c]),
                                                       b = w * Rational(from.upper[c]);
          low += std::min(a, b);
          high += std::max(a, b);
          size += std::max<Rational>(abs(a), abs(b));
        }
      }
      ASSERT_FALSE(std::isnan(z.lower[e]) || std::isnan(z.upper[e]));
      if (std::isfinite(z.lower[e])) {
        ASSERT_TRUE(Rational(z.lower[e]) <= low) << i;
      }
      if (std::isfinite(z.upper[e])) {
        ASSERT_TRUE(Rational(z.upper[e]) >= high) << i;
      }
      if (std::isfinite(magnitudes[e])) {
        ASSERT_TRUE(Rational(magnitudes[e]) >= size) << i;
      }
    }
  }
}

/// What is infinite leaves its rows unbounded and the others as they are.
TEST(StructuredRationals, UnboundedSourcesSpoilTheirRowsAlone) {
  Dice dice(33);
  constexpr double kEnd = std::numeric_limits<double>::infinity();
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const auto map = random_map(dice);
    AffineForm form =
        AffineForm::of_constant(std::vector<double>(static_cast<std::size_t>(map->rows()), 0.5));
    form.terms.emplace(0, Coefficients(map));
    IntervalVector from;
    for (std::int64_t c = 0; c < map->cols(); ++c) {
      const double a = dice.normal();
      from.lower.push_back(a);
      from.upper.push_back(a + 1.0);
    }
    const IntervalVector before = enclose(form, {{0, from}});
    const int bad = dice.whole(0, static_cast<int>(map->cols()) - 1);
    const int kind = dice.whole(0, 2);
    if (kind != 1) from.lower[static_cast<std::size_t>(bad)] = -kEnd;
    if (kind != 0) from.upper[static_cast<std::size_t>(bad)] = kEnd;
    const IntervalVector z = enclose(form, {{0, from}});
    for (std::int64_t i = 0; i < form.size(); ++i) {
      const auto e = static_cast<std::size_t>(i);
      double weight = 0.0;
      bool reads = false;
      for (std::size_t j = 0; j < map->written().indices(i).size(); ++j) {
        if (map->written().indices(i)[j] != bad) continue;
        weight = map->written().values(i)[j];
        reads = true;
      }
      if (!reads) {
        ASSERT_EQ(z.lower[e], before.lower[e]);
        ASSERT_EQ(z.upper[e], before.upper[e]);
      } else if (weight != 0.0) {
        if (weight > 0.0 ? kind != 1 : kind != 0) {
          ASSERT_EQ(z.lower[e], -kEnd);
        }
        if (weight > 0.0 ? kind != 0 : kind != 1) {
          ASSERT_EQ(z.upper[e], kEnd);
        }
      }
    }
  }
}

/// A random box and linear bounds on it, whose magnitudes are as small as they may be.
ForwardBox random_box(Dice& dice) {
  ForwardBox box;
  for (int k = dice.whole(0, 3); k > 0; --k) {
    const double a = dice.normal(), b = dice.chance(0.5) ? a * 1e-9 : dice.normal() * 10.0;
    box.columns.push_back(static_cast<int>(box.columns.size()));
    box.lower.push_back(std::min(a, b));
    box.upper.push_back(std::max(a, b));
    box.largest = std::max({box.largest, std::fabs(a), std::fabs(b)});
  }
  return box;
}
Rational size_on(const std::vector<double>& of, std::size_t row, const ForwardBox& box) {
  const std::size_t width = box.columns.size() + 1;
  Rational size = size_of(of[row * width + width - 1]);
  for (std::size_t k = 0; k + 1 < width; ++k)
    size += size_of(of[row * width + k]) *
            Rational(std::max(std::fabs(box.lower[k]), std::fabs(box.upper[k])));
  return size;
}
LinearBounds random_bounds(Dice& dice, const ForwardBox& box, std::int64_t size) {
  const std::size_t width = box.columns.size() + 1;
  LinearBounds bounds;
  bounds.lower = wild_numbers(dice, size * static_cast<std::int64_t>(width));
  bounds.upper =
      dice.chance(0.3) ? bounds.lower : wild_numbers(dice, size * static_cast<std::int64_t>(width));
  for (std::size_t i = 0; i < static_cast<std::size_t>(size); ++i) {
    bounds.error.push_back(dice.chance(0.5) ? 0.0 : std::fabs(wild(dice)));
    bounds.magnitude.push_back(next_up(next_up(
        std::max<Rational>(size_on(bounds.lower, i, box), size_on(bounds.upper, i, box)).get_d())));
  }
  return bounds;
}
Rational value_at(const std::vector<double>& of, std::size_t row, const std::vector<double>& x) {
  Rational sum(of[row * (x.size() + 1) + x.size()]);
  for (std::size_t k = 0; k < x.size(); ++k)
    sum += Rational(of[row * (x.size() + 1) + k]) * Rational(x[k]);
  return sum;
}

/// Everything is a few denormals, but for the weights: what is rounded there, a weight makes large.
void make_tiny(Dice& dice, const ForwardBox& box, AffineForm& form,
               std::map<int, LinearBounds>& sources) {
  const auto shrink = [&](std::vector<double>& list) {
    for (double& x : list) x = std::ldexp(dice.whole(-9, 9), -1074);
  };
  shrink(form.constant);
  std::fill(form.radius.begin(), form.radius.end(), 0.0);
  for (auto& [source, bounds] : sources) {
    shrink(bounds.lower);
    shrink(bounds.upper);
    for (std::size_t i = 0; i < bounds.error.size(); ++i) {
      bounds.error[i] = 0.0;
      bounds.magnitude[i] =
          up(std::max<Rational>(size_on(bounds.lower, i, box), size_on(bounds.upper, i, box)));
    }
  }
}

/// Both sides are linear: what holds at the corners of the box holds on it.
TEST(StructuredRationals, ForwardBoundsHoldAtCorners) {
  Dice dice(34);
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    AffineForm form = random_form(dice, 0).form;
    const ForwardBox box = random_box(dice);
    std::map<int, LinearBounds> sources;
    for (const auto& [source, coefficients] : form.terms)
      sources[source] = random_bounds(dice, box, coefficients.cols());
    if (trial % 3 == 0) make_tiny(dice, box, form, sources);
    const LinearBounds z = forward_affine(form, box, sources);
    for (std::size_t corner = 0; corner < std::size_t{1} << box.columns.size(); ++corner) {
      std::vector<double> x;
      for (std::size_t k = 0; k < box.columns.size(); ++k)
        x.push_back((corner >> k & 1U) != 0 ? box.upper[k] : box.lower[k]);
      for (std::int64_t i = 0; i < form.size(); ++i) {
        const auto e = static_cast<std::size_t>(i);
        Rational low = Rational(form.constant[e]) - Rational(form.radius[e]),
                 high = Rational(form.constant[e]) + Rational(form.radius[e]);
        for (const auto& [source, coefficients] : form.terms) {
          const LinearBounds& from = sources.at(source);
          for (std::size_t j = 0; j < coefficients.indices(i).size(); ++j) {
            const auto c = static_cast<std::size_t>(coefficients.indices(i)[j]);
            const Rational w(coefficients.values(i)[j]), error(from.error[c]),
                below = value_at(from.lower, c, x) - error,
                above = value_at(from.upper, c, x) + error;
            low += w * (w > 0 ? below : above);
            high += w * (w > 0 ? above : below);
          }
        }
        if (!std::isfinite(z.error[e])) continue;
        const Rational error(z.error[e]);
        ASSERT_TRUE(value_at(z.lower, e, x) - error <= low) << i;
        ASSERT_TRUE(value_at(z.upper, e, x) + error >= high) << i;
        ASSERT_TRUE(Rational(z.magnitude[e]) >= size_on(z.lower, e, box));
        ASSERT_TRUE(Rational(z.magnitude[e]) >= size_on(z.upper, e, box));
      }
    }
  }
}

/// The coefficients of element i by source and column, exactly.
std::map<std::pair<int, std::int32_t>, Rational> coefficients_of(const AffineForm& form,
                                                                 std::int64_t i) {
  std::map<std::pair<int, std::int32_t>, Rational> result;
  for (const auto& [source, coefficients] : form.terms) {
    for (std::size_t j = 0; j < coefficients.indices(i).size(); ++j)
      result[{source, coefficients.indices(i)[j]}] += Rational(coefficients.values(i)[j]);
  }
  return result;
}

/// Wherever the sources are within their magnitudes, the sum of the forms is the result's form
/// within its radius.
TEST(StructuredRationals, SumsOfFormsAreWithinTheirRadii) {
  Dice dice(35);
  constexpr double kWeights[] = {1.0, -1.0, 0.0, 2.0, 0.1, -3.0, 0x1p-1060};
  int structured = 0;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    std::vector<AffineForm> forms{random_form(dice, 0).form};
    const auto size = static_cast<std::size_t>(forms[0].size());
    AffineForm& second =
        forms.emplace_back(AffineForm::of_constant(wild_numbers(dice, forms[0].size())));
    for (double& r : second.radius) r = dice.chance(0.5) ? 0.0 : std::fabs(wild(dice));
    const int shared = dice.whole(0, 2);  // 0: both read source 0, through the same rows
    second.terms.emplace(shared == 0 ? 0 : 7, forms[0].terms.at(0));
    SourceMagnitudes magnitudes;
    for (const AffineForm& form : forms) {
      for (const auto& [source, coefficients] : form.terms) {
        std::vector<double>& list = magnitudes[source];
        list = wild_numbers(dice, coefficients.cols());
        for (double& m : list) m = std::fabs(m);
      }
    }
    const std::vector<double> weights{kWeights[dice.whole(0, 6)], kWeights[dice.whole(0, 6)]},
        offset = wild_numbers(dice, forms[0].size());
    const AffineForm sum = weighted_sum({&forms[0], &forms[1]}, weights, offset, magnitudes);
    structured += has_structure(sum) ? 1 : 0;
    for (std::size_t e = 0; e < size; ++e) {
      const auto i = static_cast<std::int64_t>(e);
      auto gap = coefficients_of(sum, i);
      Rational constant = Rational(offset[e]) - Rational(sum.constant[e]), radius = 0;
      for (std::size_t k = 0; k < 2; ++k) {
        const Rational w(weights[k]);
        for (const auto& [at, c] : coefficients_of(forms[k], i)) gap[at] -= w * c;
        constant += w * Rational(forms[k].constant[e]);
        radius += abs(w) * Rational(forms[k].radius[e]);
      }
      radius += abs(constant);
      for (const auto& [at, c] : gap)
        radius += abs(c) * Rational(magnitudes.at(at.first)[static_cast<std::size_t>(at.second)]);
      ASSERT_TRUE(!std::isfinite(sum.radius[e]) || Rational(sum.radius[e]) >= radius) << e;
    }
  }
  EXPECT_GT(structured, 50);
}

}  // namespace
}  // namespace clipbound::test
