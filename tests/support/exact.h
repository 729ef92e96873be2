#pragma once
// Exact arithmetic for the adversaries of the bounds: rationals, linear programs by vertex enumeration.
#include <gmpxx.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace clipbound::test {

using Rational = mpq_class;
using Rationals = std::vector<Rational>;

/// coefficients * x + constant.
struct RationalForm {
  Rationals coefficients;
  Rational constant;
  Rational at(const Rationals& x) const {
    Rational sum = constant;
    for (std::size_t i = 0; i < x.size(); ++i) sum += coefficients[i] * x[i];
    return sum;
  }
};

inline Rationals rationals(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/// The largest float64 <= x, the smallest >= x (for x in the normal range).
inline double down(const Rational& x) {
  double d = x.get_d();  // truncates
  while (Rational(d) > x) d = std::nextafter(d, -HUGE_VAL);
  return d;
}
inline double up(const Rational& x) {
  return -down(-x);
}

/// Solves the square system rows * x = -constants; nothing where it is singular.
inline std::optional<Rationals> intersect(std::vector<const RationalForm*> rows) {
  const std::size_t n = rows.size();
  std::vector<Rationals> a(n);
  for (std::size_t i = 0; i < n; ++i) {
    a[i] = rows[i]->coefficients;
    a[i].push_back(-rows[i]->constant);
  }
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    while (pivot < n && a[pivot][c] == 0) ++pivot;
    if (pivot == n) return std::nullopt;
    std::swap(a[c], a[pivot]);
    for (std::size_t r = 0; r < n; ++r) {
      if (r == c || a[r][c] == 0) continue;
      const Rational factor = a[r][c] / a[c][c];
      for (std::size_t k = c; k <= n; ++k) a[r][k] -= factor * a[c][k];
    }
  }
  Rationals x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = a[i][n] / a[i][i];
  return x;
}

/// min objective(x) subject to form(x) <= 0 for all constraints, whose set is bounded: over all vertices. Nothing where
/// it is empty. For few variables.
struct Vertex {
  Rational value;
  Rationals x;
};
inline std::optional<Vertex> minimum_over_vertices(const RationalForm& objective,
                                                   const std::vector<RationalForm>& constraints) {
  const std::size_t n = objective.coefficients.size();
  std::optional<Vertex> best;
  std::vector<std::size_t> chosen(n);
  for (std::size_t i = 0; i < n; ++i) chosen[i] = i;
  while (true) {
    std::vector<const RationalForm*> rows;
    for (const std::size_t c : chosen) rows.push_back(&constraints[c]);
    if (auto x = intersect(rows)) {
      const bool inside = std::all_of(constraints.begin(), constraints.end(), [&](const auto& c) { return c.at(*x) <= 0; });
      if (inside) {
        const Rational value = objective.at(*x);
        if (!best || value < best->value) best = Vertex{value, *x};
      }
    }
    std::size_t k = n;  // the next combination
    while (k > 0 && chosen[k - 1] == constraints.size() - n + k - 1) --k;
    if (k == 0) return best;
    ++chosen[k - 1];
    for (std::size_t j = k; j < n; ++j) chosen[j] = chosen[j - 1] + 1;
  }
}

/// Random numbers that like corners and other trouble.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(engine_); }
  /// In [low, high].
  int whole(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
  bool chance(double p) { return uniform(0.0, 1.0) < p; }
  double normal() { return std::normal_distribution<double>()(engine_); }
  /// A point of [low, high], most often an end.
  double endpoint(double low, double high) {
    const double kind = uniform(0.0, 1.0);
    if (kind < 0.4) return low;
    if (kind < 0.8) return high;
    return std::clamp(kind < 0.85 ? 0.5 * low + 0.5 * high : uniform(low, high), low, high);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace clipbound::test
