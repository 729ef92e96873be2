#include "bounds/alpha_beta/square_pair.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// A sum that is enclosed on intervals.
struct Enclosure {
  double low = 0.0, high = 0.0, magnitude = 0.0;
  int terms = 0;
  void add(double coefficient, double from, double to) {
    const double a = coefficient * from, b = coefficient * to;
    low += std::min(a, b);
    high += std::max(a, b);
    magnitude += std::max(std::fabs(a), std::fabs(b));
    ++terms;
  }
  void widen(double radius) {
    const double error =
        (radius + gamma_bound(2.0 * terms + 16.0) * (magnitude + radius)) * (1.0 + 0x1p-40) +
        0x1p-1000;
    low -= error;
    high += error;
  }
};

}  // namespace

std::optional<SquarePair> find_square_pair(const AffineForm& plus, const AffineForm& minus,
                                           std::int64_t i,
                                           const std::map<int, IntervalVector>& sources) {
  std::map<std::pair<int, std::int32_t>, std::pair<double, double>> terms;
  for (const auto& [source, coefficients] : plus.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) terms[{source, index[j]}].first += value[j];
  }
  for (const auto& [source, coefficients] : minus.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) terms[{source, index[j]}].second += value[j];
  }
  const auto e = static_cast<std::size_t>(i);
  Enclosure x, y;
  x.add(0.5, plus.constant[e] + minus.constant[e], plus.constant[e] + minus.constant[e]);
  y.add(0.5, plus.constant[e] - minus.constant[e], plus.constant[e] - minus.constant[e]);
  for (const auto& [term, both] : terms) {
    const IntervalVector& from = sources.at(term.first);
    const auto c = static_cast<std::size_t>(term.second);
    const auto [first, second] = both;
    if (first != second && first != -second) return std::nullopt;
    (first == second ? x : y).add(first, from.lower[c], from.upper[c]);
  }
  const double radius = 0.5 * plus.radius[e] + 0.5 * minus.radius[e];
  if (x.terms < 2 || y.terms < 2) return std::nullopt;  // the constant alone is no factor
  x.widen(radius);
  y.widen(radius);
  const double magnitude =
      std::max(std::fabs(x.low), std::fabs(x.high)) + std::max(std::fabs(y.low), std::fabs(y.high));
  if (!(magnitude < 0x1p400) || !(x.low < x.high) || !(y.low < y.high)) return std::nullopt;
  return SquarePair{
      {}, {}, x.low, x.high, y.low, y.high, 2.0 * magnitude * magnitude * (1.0 + 0x1p-40)};
}

/// Least at p / (2 g), or at an end where g < 0. The factor of g pays for the roundings of g z^2,
/// and for those of the minimiser, which enter squared.
LeastOfSquare least_of_square(Vec g, Vec p, Vec l, Vec h) {
  const Vec zero = {}, one = broadcast(1.0);
  const Mask negative = g < zero;
  const Vec weight = g * select(negative, one + 0x1p-49, one - 0x1p-49);
  const Vec vertex = p / (weight + weight);
  const Vec inside = vmin(select(vertex > l, vertex, l), h);
  const Vec at_low = (weight * l - p) * l, at_high = (weight * h - p) * h;
  return {select(negative, vmin(at_low, at_high), (weight * inside - p) * inside),
          select(negative, select(at_low < at_high, l, h), inside)};
}

SquaresApart apart_below(const SquarePairTerms& terms) {
  SquaresApart apart;
  for (int k = 0; k < 2; ++k)
    apart.of[k] = least_of_square(terms.g[k], terms.p[k], terms.low[k], terms.high[k]);
  const Vec &first = apart.of[0].q, &second = apart.of[1].q;
  apart.sum = first + second - 0x1p-51 * (vabs(first) + vabs(second));
  return apart;
}

}  // namespace clipbound::bounds
