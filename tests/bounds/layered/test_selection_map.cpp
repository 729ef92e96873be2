// A selection is the matrix of its rows: copies and differences of a source's elements, products
// with it, intervals and forward bounds through it, what picks and sums of selections are, and what
// cancels in them.
#include "bounds/layered/selection_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "bounds/crown/forward_pass.h"
#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Selection = std::shared_ptr<const SelectionMap>;

std::vector<std::int32_t> random_columns(Dice& dice, int rows, int cols) {
  std::vector<std::int32_t> columns;
  for (int i = 0; i < rows; ++i) columns.push_back(dice.chance(0.2) ? -1 : dice.whole(0, cols - 1));
  return columns;
}

/// Copies, copies with a sign, or differences; columns of a difference meet now and then.
Selection random_selection(Dice& dice, int rows, int cols) {
  std::vector<SelectionMap::Part> parts;
  parts.push_back({dice.chance(0.5) ? 1.0 : -1.0, random_columns(dice, rows, cols)});
  if (dice.chance(0.5)) parts.push_back({-parts[0].sign, random_columns(dice, rows, cols)});
  return std::make_shared<const SelectionMap>(cols, std::move(parts));
}

/// [rows, cols]
std::vector<double> matrix_of(const SelectionMap& map) {
  std::vector<double> matrix(static_cast<std::size_t>(map.rows() * map.cols()), 0.0);
  map.for_each([&](std::size_t i, std::size_t c, double sign) {
    double& cell = matrix[i * static_cast<std::size_t>(map.cols()) + c];
    EXPECT_EQ(cell, 0.0);  // one coefficient each
    cell = sign;
  });
  return matrix;
}
std::vector<double> matrix_of(const SparseRows& rows) {
  std::vector<double> matrix(static_cast<std::size_t>(rows.rows() * rows.cols), 0.0);
  for (std::int64_t r = 0; r < rows.rows(); ++r) {
    for (std::size_t j = 0; j < rows.indices(r).size(); ++j)
      matrix[static_cast<std::size_t>(r * rows.cols + rows.indices(r)[j])] = rows.values(r)[j];
  }
  return matrix;
}

AffineForm form_of(const Selection& selection) {
  AffineForm form = AffineForm::of_constant(
      std::vector<double>(static_cast<std::size_t>(selection->rows()), 0.0));
  form.terms.emplace(0, Coefficients(selection));
  return form;
}
AffineForm with_rows(const AffineForm& form) {
  AffineForm result = form;
  for (auto& [source, coefficients] : result.terms)
    coefficients = Coefficients(SparseRows(coefficients.written()));
  return result;
}

TEST(SelectionMap, IsTheMatrixOfItsRows) {
  Dice dice(1);
  for (int trial = 0; trial < 300; ++trial) {
    const int rows = dice.whole(1, 9), cols = dice.whole(1, 6);
    const Selection map = random_selection(dice, rows, cols);
    const std::vector<double> matrix = matrix_of(*map);
    ASSERT_EQ(matrix, matrix_of(map->written()));
    ASSERT_EQ(map->entries(), map->written().entries());
    const Coefficients coefficients(map);
    ASSERT_EQ(coefficients.rows(), rows);
    ASSERT_EQ(coefficients.cols(), cols);
    RowReader reader(coefficients);
    std::vector<double> r, y(static_cast<std::size_t>(2 * cols), 0.0), expected = y;
    for (int i = 0; i < 2 * rows; ++i) r.push_back(dice.whole(-9, 9));
    for (int i = 0; i < rows; ++i) {
      const auto [index, value] = reader.row(i);
      ASSERT_TRUE(std::is_sorted(index.begin(), index.end()));
      ASSERT_TRUE(std::equal(index.begin(), index.end(), map->written().indices(i).begin()));
      ASSERT_TRUE(std::equal(value.begin(), value.end(), map->written().values(i).begin()));
      for (int b = 0; b < 2; ++b) {
        for (int c = 0; c < cols; ++c)
          expected[static_cast<std::size_t>(b * cols + c)] +=
              r[static_cast<std::size_t>(b * rows + i)] *
              matrix[static_cast<std::size_t>(i * cols + c)];
      }
    }
    map->add_transposed(r.data(), 2, y.data());
    ASSERT_EQ(y, expected);
  }
}

TEST(SelectionMap, DifferencesOfOneElementAreNone) {
  const SelectionMap map(2, {{1.0, {0, 1, -1}}, {-1.0, {0, 0, 1}}});
  EXPECT_EQ(map.entries(), 3);
  EXPECT_TRUE(map.written().indices(0).empty());
  EXPECT_EQ(constant_elements(form_of(std::make_shared<const SelectionMap>(
                2, std::vector<SelectionMap::Part>{{1.0, {0, 1}}, {-1.0, {0, 0}}}))),
            (std::vector<char>{1, 0}));
  // The same element twice is no selection.
  EXPECT_THROW(SelectionMap(2, {{1.0, {0}}, {1.0, {0}}}), ContractError);
  EXPECT_THROW(SelectionMap(2, {{1.0, {2}}}), ContractError);
  EXPECT_THROW(SelectionMap(2, {{0.5, {0}}}), ContractError);
}

TEST(SelectionMap, PicksAndSumsAreThoseOfTheRows) {
  Dice dice(2);
  int selections = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const int rows = dice.whole(1, 8), cols = dice.whole(1, 6);
    const AffineForm a = form_of(random_selection(dice, rows, cols)),
                     b = form_of(random_selection(dice, rows, cols));
    std::vector<Pick> picks;
    for (int i = dice.whole(1, 9); i > 0; --i)
      picks.push_back({dice.whole(-1, 1), dice.whole(0, rows - 1)});
    const AffineForm plain_a = with_rows(a), plain_b = with_rows(b);
    const std::vector<double> weights{dice.chance(0.5) ? 1.0 : -1.0, dice.chance(0.8) ? -1.0 : 2.0},
        offset(static_cast<std::size_t>(rows), 0.0);
    const SourceMagnitudes sizes{{0, std::vector<double>(static_cast<std::size_t>(cols), 1.0)}};
    const std::pair<AffineForm, AffineForm> results[] = {
        {gather({&a, &b}, picks), gather({&plain_a, &plain_b}, picks)},
        {weighted_sum({&a, &b}, weights, offset, sizes),
         weighted_sum({&plain_a, &plain_b}, weights, offset, sizes)}};
    for (const auto& [maps, plain] : results) {
      ASSERT_EQ(maps.terms.size(), plain.terms.size());
      ASSERT_EQ(maps.radius, plain.radius);
      if (maps.terms.empty()) continue;
      selections += maps.terms.at(0).selection() != nullptr ? 1 : 0;
      ASSERT_EQ(matrix_of(maps.terms.at(0).written()), matrix_of(plain.terms.at(0).written()));
    }
  }
  EXPECT_GT(selections, 100);
}

TEST(SelectionMap, IntervalsAndForwardBoundsHold) {
  Dice dice(3);
  for (int trial = 0; trial < 200; ++trial) {
    const int rows = dice.whole(1, 8), cols = dice.whole(1, 6);
    const Selection map = random_selection(dice, rows, cols);
    const AffineForm form = form_of(map);
    IntervalVector source;
    ForwardBox box;
    for (int c = 0; c < cols; ++c) {
      const double a = dice.normal() * std::pow(10.0, dice.whole(-20, 20));
      source.lower.push_back(a);
      source.upper.push_back(a + std::fabs(a) * dice.uniform(0.0, 2.0));
      box.columns.push_back(c);
    }
    box.lower = source.lower;
    box.upper = source.upper;
    std::vector<double> sizes;
    const IntervalVector z = enclose(form, {{0, source}}, &sizes);
    const IntervalVector linear = concretize(
        forward_affine(form, box, {{0, forward_input(box, source.lower, source.upper)}}), box);
    for (int sample = 0; sample < 20; ++sample) {
      Rationals value(static_cast<std::size_t>(rows), Rational(0)), size = value;
      std::vector<double> x;
      for (std::size_t c = 0; c < source.lower.size(); ++c)
        x.push_back(dice.endpoint(source.lower[c], source.upper[c]));
      map->for_each([&](std::size_t i, std::size_t c, double sign) {
        value[i] += Rational(sign) * Rational(x[c]);
        size[i] += abs(Rational(x[c]));
      });
      for (std::size_t i = 0; i < value.size(); ++i) {
        for (const IntervalVector* of : {&z, &linear}) {
          ASSERT_LE(Rational(of->lower[i]), value[i]);
          ASSERT_GE(Rational(of->upper[i]), value[i]);
        }
        ASSERT_GE(Rational(sizes[i]), size[i]);
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
