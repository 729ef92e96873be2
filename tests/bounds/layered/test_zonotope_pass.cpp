// Zonotopes hold at every point: the layers of random networks of images at endpoint-heavy samples,
// with enough noises for all ReLUs and with none, and single forms in rationals. Norms of operators
// are no smaller than what power iteration finds, and rows' norms than their own.
#include "bounds/layered/zonotope_pass.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bounds/layered/operator_norm.h"
#include "bounds/layered/structured_map.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"
#include "tests/support/random_windows.h"

namespace clipbound::test {
namespace {

std::vector<float> random_weights(Dice& dice, std::int64_t count, double share_of_zeros) {
  std::vector<float> weights(static_cast<std::size_t>(count));
  for (float& w : weights)
    w = dice.chance(share_of_zeros) ? 0.0F : static_cast<float>(dice.normal());
  return weights;
}

ConvolutionMap random_convolution(Dice& dice, int most_channels) {
  using Direction = ConvolutionMap::Direction;
  const specs::WindowShape w = random_windows(dice, 6);
  const std::int64_t groups = dice.whole(1, 2), c = dice.whole(1, most_channels),
                     m = dice.whole(1, most_channels);
  const ConvolutionMap map{
      dice.chance(0.5) ? Direction::conv : Direction::conv_transpose,
      w,
      {groups * c, groups * m, groups},
      std::make_shared<const std::vector<float>>(random_weights(
          dice, groups * m * c * specs::element_count(w.kernel), dice.uniform(0.0, 0.9)))};
  if (dice.chance(0.5)) return map;
  std::vector<double> factor(static_cast<std::size_t>(map.row_channels()));
  for (double& f : factor) f = dice.normal() * 10.0;
  return map.scaled(factor);
}

double length(const std::vector<double>& x) {
  double sum = 0.0;
  for (const double v : x) sum += v * v;
  return std::sqrt(sum);
}

/// What the power iteration of W^T W finds: a lower bound.
double norm_by_iteration(Dice& dice, const StructuredMap& map) {
  std::vector<double> x(static_cast<std::size_t>(map.cols())),
      y(static_cast<std::size_t>(map.rows()));
  for (double& v : x) v = dice.normal();
  double norm = 0.0;
  for (int step = 0; step < 60; ++step) {
    const double size = length(x);
    if (size == 0.0) return norm;
    for (double& v : x) v /= size;
    map.apply(x.data(), 1, y.data());
    norm = length(y);
    std::fill(x.begin(), x.end(), 0.0);
    map.add_transposed(y.data(), 1, x.data());
  }
  return norm;
}

std::vector<std::int32_t> random_picks(Dice& dice, std::int64_t rows) {
  std::vector<std::int32_t> picks;
  for (int i = dice.whole(1, 12); i > 0; --i)
    picks.push_back(dice.chance(0.2) ? -1 : dice.whole(0, static_cast<int>(rows) - 1));
  return picks;
}

TEST(OperatorNorm, IsNoSmallerThanWhatIterationFinds) {
  Dice dice(1);
  double tightest = 100.0;
  for (int trial = 0; trial < 300; ++trial) {
    SCOPED_TRACE(trial);
    auto map = std::make_shared<const StructuredMap>(random_convolution(dice, 5));
    if (dice.chance(0.3)) map = map->picked(random_picks(dice, map->rows()));
    const OperatorNorm norm = norm_of_rows(Coefficients(map));
    const double found = norm_by_iteration(dice, *map);
    ASSERT_LE(found, norm.whole * (1.0 + 1e-12));
    if (found > 0.0) tightest = std::min(tightest, norm.whole / found);
    const OperatorNorm of_rows = norm_of_rows(Coefficients(SparseRows(map->written())));
    ASSERT_LE(found, of_rows.whole * (1.0 + 1e-12));
    for (std::int64_t i = 0; i < map->rows(); ++i) {
      const auto value = map->written().values(i);
      const double own = length({value.begin(), value.end()});
      ASSERT_LE(own, norm.row(static_cast<std::size_t>(i)) * (1.0 + 1e-12));
      ASSERT_LE(own, of_rows.row(static_cast<std::size_t>(i)) * (1.0 + 1e-12));
      ASSERT_LE(static_cast<double>(value.size()), norm.longest_row);
    }
  }
  EXPECT_LT(tightest, 1.3);
}

TEST(OperatorNorm, OfMatricesWithKnownOnes) {
  // A reflection times 3, a matrix of rank one, and complex numbers that are a rotation.
  EXPECT_GE(spectral_norm({1.8, 2.4, 2.4, -1.8}, {}, 2, 2), 3.0 * (1.0 - 1e-12));
  EXPECT_LE(spectral_norm({1.8, 2.4, 2.4, -1.8}, {}, 2, 2), 3.2);
  EXPECT_GE(spectral_norm({2.0, 4.0, 4.0}, {}, 1, 3), 6.0 * (1.0 - 1e-12));
  EXPECT_LE(spectral_norm({2.0, 4.0, 4.0}, {}, 1, 3), 6.0 * (1.0 + 1e-6));
  EXPECT_GE(spectral_norm({2.0, 4.0, 4.0}, {}, 3, 1), 6.0 * (1.0 - 1e-12));
  EXPECT_GE(spectral_norm({0.6, 0.0, 0.0, 0.6}, {0.8, 0.0, 0.0, -0.8}, 2, 2), 1.0 - 1e-12);
  EXPECT_EQ(spectral_norm({0.0, 0.0}, {}, 1, 2), 0.0);
  EXPECT_GE(spectral_norm({1e-200, 1e-200}, {}, 1, 2), 1.4e-200);
  EXPECT_GE(spectral_norm({1e200, 1e200}, {}, 2, 1), 1.4e200);
}

/// Layers over the input and each other: convolutions, shortcuts, differences, rows.
struct Layers {
  std::vector<AffineForm> forms;
  std::vector<Activation> activations;
};

AffineForm random_form(Dice& dice, const std::vector<std::int64_t>& sizes) {
  // The source before, always; one more now and then.
  const int last = static_cast<int>(sizes.size()) - 2;
  const auto map = [&](int source, std::int64_t rows) -> Coefficients {
    const std::int64_t cols = sizes[static_cast<std::size_t>(source + 1)];
    SparseRows list;
    list.cols = cols;
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int32_t c = 0; c < cols; ++c) {
        if (dice.chance(0.5)) list.append(c, dice.normal());
      }
      list.end_row();
    }
    return list;
  };
  const std::int64_t cols = sizes.back(), rows = dice.whole(3, 8);
  AffineForm form = AffineForm::of_constant({});
  for (std::int64_t i = 0; i < rows; ++i) {
    form.constant.push_back(dice.normal());
    form.radius.push_back(dice.chance(0.5) ? 0.0 : 1e-3 * dice.uniform(0.0, 1.0));
  }
  if (dice.chance(0.4)) {
    std::vector<SelectionMap::Part> parts{{1.0, {}}, {-1.0, {}}};
    for (std::int64_t i = 0; i < rows; ++i) {
      for (SelectionMap::Part& part : parts)
        part.column.push_back(dice.whole(-1, static_cast<int>(cols) - 1));
    }
    form.terms.emplace(last,
                       Coefficients(std::make_shared<const SelectionMap>(cols, std::move(parts))));
  } else if (dice.chance(0.6)) {
    // A kernel of one element [rows, cols]: a dense layer.
    const Shape one{1}, zero{0};
    const ConvolutionMap dense(
        ConvolutionMap::Direction::conv, {one, one, one, one, zero, zero, one}, {cols, rows, 1},
        std::make_shared<const std::vector<float>>(random_weights(dice, rows * cols, 0.2)));
    form.terms.emplace(last, Coefficients(std::make_shared<const StructuredMap>(dense)));
  } else {
    form.terms.emplace(last, map(last, rows));
  }
  if (last >= 0 && dice.chance(0.5)) form.terms.emplace(kInputSource, map(kInputSource, rows));
  return form;
}

/// A value of the form, and of its source: exactly, with errors anywhere within the radii.
Rationals value_of_form(Dice& dice, const AffineForm& form,
                        const std::map<int, Rationals>& sources) {
  Rationals z;
  for (std::int64_t i = 0; i < form.size(); ++i) {
    const auto e = static_cast<std::size_t>(i);
    Rational sum =
        Rational(form.constant[e]) + Rational(dice.endpoint(-1.0, 1.0)) * Rational(form.radius[e]);
    for (const auto& [source, coefficients] : form.terms) {
      const auto index = coefficients.indices(i);
      for (std::size_t j = 0; j < index.size(); ++j)
        sum += Rational(coefficients.values(i)[j]) *
               sources.at(source)[static_cast<std::size_t>(index[j])];
    }
    z.push_back(sum);
  }
  return z;
}

TEST(ZonotopePass, HoldsExactlyThroughDeepLayers) {
  Dice dice(2);
  for (int trial = 0; trial < 120; ++trial) {
    SCOPED_TRACE(trial);
    const int inputs = dice.whole(2, 5);
    std::vector<double> lower, upper;
    for (int i = 0; i < inputs; ++i) {
      lower.push_back(dice.normal());
      upper.push_back(lower.back() + (dice.chance(0.3) ? 0.0 : dice.uniform(0.0, 1.0)));
    }
    const std::size_t most = dice.chance(0.3) ? 0 : static_cast<std::size_t>(dice.whole(0, 30));
    ZonotopePass pass(lower, upper, most);
    std::vector<std::int64_t> sizes{inputs};
    std::vector<std::map<int, Rationals>> samples(12);
    for (auto& sample : samples) {
      for (int i = 0; i < inputs; ++i)
        sample[kInputSource].push_back(Rational(
            dice.endpoint(lower[static_cast<std::size_t>(i)], upper[static_cast<std::size_t>(i)])));
    }
    SourceIntervals intervals{{kInputSource, {lower, upper}}};
    for (int k = 0; k < dice.whole(2, 6); ++k) {
      const AffineForm form = random_form(dice, sizes);
      const Activation activation{dice.chance(0.8) ? Curve::relu : Curve::identity};
      const IntervalVector wide = enclose(form, intervals);
      const Zonotope z = pass.affine(form);
      ASSERT_EQ(z.size(), static_cast<std::size_t>(form.size()));
      const IntervalVector range = concretize(z);
      for (auto& sample : samples) {
        Rationals value = value_of_form(dice, form, sample);
        for (std::size_t i = 0; i < value.size(); ++i) {
          ASSERT_LE(Rational(range.lower[i]), value[i]) << k << " " << i;
          ASSERT_GE(Rational(range.upper[i]), value[i]) << k << " " << i;
          if (activation.curve == Curve::relu && value[i] < 0) value[i] = 0;
        }
        sample[k] = std::move(value);
      }
      pass.add_layer(k, activation, z, wide);
      intervals[k] = activate(activation, wide);
      sizes.push_back(form.size());
    }
  }
}

AffineForm form_of(int source, std::int64_t cols, std::vector<SelectionMap::Part> parts) {
  AffineForm form = AffineForm::of_constant(std::vector<double>(parts[0].column.size(), 0.0));
  form.terms.emplace(source,
                     Coefficients(std::make_shared<const SelectionMap>(cols, std::move(parts))));
  return form;
}

/// Maxima of pairs of elements of layer 0: a + relu(b - a), where the step is layer 1.
struct Pairs {
  std::vector<std::int32_t> a, b;
  std::int32_t n;  ///< elements

  Pairs(Dice& dice, std::int64_t elements) : n(static_cast<std::int32_t>(elements)) {
    for (int i = dice.whole(1, 5); i > 0; --i) {
      a.push_back(dice.whole(0, n - 1));
      b.push_back(dice.whole(0, n - 1));
    }
  }
  std::vector<std::vector<std::int64_t>> taps() const {
    return {{a.begin(), a.end()}, {b.begin(), b.end()}};
  }
  AffineForm elements() const { return AffineForm::selecting(0, n, 0, n); }
  AffineForm difference() const { return form_of(0, n, {{1.0, b}, {-1.0, a}}); }
  AffineForm largest() const {
    const auto count = static_cast<std::int64_t>(a.size());
    AffineForm form = form_of(0, n, {{1.0, a}});
    form.terms.emplace(1, Coefficients(SelectionMap::of_elements(count, 0, count)));
    return form;
  }
};

/// max(a, b) = a + relu(b - a) of a layer with errors: they are kept out of the step and added
/// once.
TEST(ZonotopePass, MaximaOfElementsWithErrors) {
  Dice dice(3);
  double with = 0.0, without = 0.0;
  for (int trial = 0; trial < 200; ++trial) {
    SCOPED_TRACE(trial);
    const std::vector<double> lower{dice.normal(), dice.normal()},
        upper{lower[0] + dice.uniform(0.0, 1.0), lower[1] + dice.uniform(0.0, 1.0)};
    ZonotopePass pass(lower, upper, static_cast<std::size_t>(dice.whole(0, 12)));
    AffineForm first = random_form(dice, {2});
    for (double& r : first.radius) r = dice.chance(0.5) ? 0.0 : dice.uniform(0.0, 0.5);
    pass.add_layer(0, {Curve::relu}, pass.affine(first),
                   enclose(first, {{kInputSource, {lower, upper}}}));
    const Pairs pairs(dice, first.size());
    const std::size_t count = pairs.a.size();
    ZonotopePass plain = pass;
    pass.begin_maxima(pairs.elements());
    const Zonotope step = pass.affine(pairs.difference());
    const double beside = 2.0 * pass.error_of_steps();
    const IntervalVector none{std::vector<double>(count, 0.0), std::vector<double>(count, 0.0)};
    pass.add_layer(1, {Curve::relu}, step, none);
    Zonotope z = pass.affine(pairs.largest());
    pass.end_maxima(pairs.taps(), z);
    EXPECT_EQ(pass.error_of_steps(), 0.0);
    plain.add_layer(1, {Curve::relu}, plain.affine(pairs.difference()), none);
    const IntervalVector range = concretize(z), of_step = concretize(step),
                         of_plain = concretize(plain.affine(pairs.largest()));
    double length_of_errors = 0.0;
    for (const double e : z.error) length_of_errors += e * e;
    EXPECT_LE(z.norm, std::sqrt(length_of_errors) * (1.0 + 1e-6) + 1e-100);
    for (int sample = 0; sample < 30; ++sample) {
      std::map<int, Rationals> values;
      for (std::size_t i = 0; i < 2; ++i)
        values[kInputSource].push_back(Rational(dice.endpoint(lower[i], upper[i])));
      Rationals x = value_of_form(dice, first, values);
      for (Rational& v : x) v = v < 0 ? Rational(0) : v;
      for (std::size_t i = 0; i < count; ++i) {
        const Rational &left = x[static_cast<std::size_t>(pairs.a[i])],
                       &right = x[static_cast<std::size_t>(pairs.b[i])];
        ASSERT_LE(Rational(of_step.lower[i]) - Rational(beside), right - left);
        ASSERT_GE(Rational(of_step.upper[i]) + Rational(beside), right - left);
        ASSERT_LE(Rational(range.lower[i]), std::max(left, right));
        ASSERT_GE(Rational(range.upper[i]), std::max(left, right));
      }
    }
    // What is read behind has its errors back.
    ASSERT_EQ(concretize(pass.affine(pairs.elements())).lower,
              concretize(plain.affine(pairs.elements())).lower);
    for (std::size_t i = 0; i < count; ++i) {
      with += range.upper[i] - range.lower[i];
      without += of_plain.upper[i] - of_plain.lower[i];
    }
  }
  EXPECT_LT(with, without);
}

/// Maxima that turn out to be constants become no layer: nothing that is read behind lacks errors.
TEST(ZonotopePass, MaximaThatBecomeNoLayerLeaveErrors) {
  Dice dice(4);
  for (int trial = 0; trial < 20; ++trial) {
    SCOPED_TRACE(trial);
    ZonotopePass pass({-1.0, -1.0}, {1.0, 2.0}, 0);
    AffineForm first = random_form(dice, {2});
    for (double& r : first.radius) r = dice.uniform(0.1, 0.5);
    pass.add_layer(0, {Curve::relu}, pass.affine(first), {});
    const Pairs pairs(dice, first.size());
    const Zonotope before = pass.affine(pairs.elements());
    pass.begin_maxima(pairs.elements());
    ASSERT_GT(pass.error_of_steps(), 0.0);
    pass.add_layer(1, {Curve::relu}, pass.affine(pairs.difference()), {});
    if (dice.chance(0.5))
      pass.leave_maxima();
    else
      pass.begin_maxima(AffineForm::of_constant({}));  // of others, in whose place nothing is known
    EXPECT_EQ(pass.error_of_steps(), 0.0);
    const Zonotope after = pass.affine(pairs.elements());
    EXPECT_EQ(after.error, before.error);
    EXPECT_EQ(after.norm, before.norm);
    EXPECT_EQ(pass.affine(pairs.largest()).size(), 0u);  // the step is forgotten
  }
}

/// 3 relu(x) - 3 relu(x) is 0, though relu(x) is unstable and has a noise of its own.
TEST(ZonotopePass, WhatCancelsCancels) {
  ZonotopePass pass({-1.0}, {1.0}, 8);
  AffineForm x = AffineForm::of_source(kInputSource, 1, 0, 1);
  pass.add_layer(0, {Curve::relu}, pass.affine(x), {{-1.0}, {1.0}});
  AffineForm twice = AffineForm::of_constant({0.0, 0.0});
  SparseRows rows;
  rows.cols = 1;
  rows.append(0, 1.0);
  rows.end_row();
  rows.append(0, 3.0);
  rows.end_row();
  twice.terms.emplace(0, std::move(rows));
  pass.add_layer(1, {Curve::identity}, pass.affine(twice), {{0.0, 0.0}, {1.0, 3.0}});
  AffineForm difference = AffineForm::of_constant({0.0});
  SparseRows last;
  last.cols = 2;
  last.append(0, 3.0);
  last.append(1, -1.0);
  last.end_row();
  difference.terms.emplace(1, std::move(last));
  const IntervalVector range = concretize(pass.affine(difference));
  EXPECT_LE(range.upper[0] - range.lower[0], 1e-12);
  EXPECT_LE(range.lower[0], 0.0);
  EXPECT_GE(range.upper[0], 0.0);
}

}  // namespace
}  // namespace clipbound::test
