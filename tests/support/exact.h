#pragma once
// Exact arithmetic for the adversaries of the bounds: rationals, and polytopes of few dimensions by
// their vertices.
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

/// A bounded polytope by its vertices, cut by half-spaces one after the other; exact.
class Polytope {
 public:
  Polytope(const Rationals& lower, const Rationals& upper) {
    for (std::uint64_t corner = 0; corner < (std::uint64_t{1} << lower.size()); ++corner) {
      Vertex v;
      for (std::size_t i = 0; i < lower.size(); ++i) {
        const bool high = (corner >> i & 1) != 0;
        v.x.push_back(high ? upper[i] : lower[i]);
        v.tight |= std::uint64_t{1} << (2 * i + (high ? 1 : 0));
      }
      vertices_.push_back(v);
    }
    faces_ = 2 * lower.size();
    dimension_ = lower.size();
  }

  bool empty() const { return vertices_.empty(); }
  /// The least value of a linear form, and where.
  std::pair<Rational, Rationals> minimum(const RationalForm& form) const {
    std::pair<Rational, Rationals> best{form.at(vertices_.front().x), vertices_.front().x};
    for (const Vertex& v : vertices_) {
      if (Rational value = form.at(v.x); value < best.first) best = {value, v.x};
    }
    return best;
  }
  Rational maximum(const RationalForm& form) const {
    Rational best = form.at(vertices_.front().x);
    for (const Vertex& v : vertices_) best = std::max(best, form.at(v.x));
    return best;
  }
  /// Keeps the part where form <= 0. An edge joins two vertices on at least dimension - 1 common
  /// faces; pairs that are no edge (where many faces meet in a vertex) add points of the polytope,
  /// which do no harm.
  void cut(const RationalForm& form) {
    const std::uint64_t face = std::uint64_t{1} << faces_++;
    std::vector<Vertex> kept;
    std::vector<std::pair<const Vertex*, Rational>> inside, outside;
    for (const Vertex& v : vertices_) {
      const Rational value = form.at(v.x);
      if (value > 0) {
        outside.emplace_back(&v, value);
        continue;
      }
      kept.push_back(v);
      if (value == 0) kept.back().tight |= face;
      if (value < 0) inside.emplace_back(&v, value);
    }
    for (const auto& [in, low] : inside) {
      for (const auto& [out, high] : outside) {
        const std::uint64_t common = in->tight & out->tight;
        if (static_cast<std::size_t>(__builtin_popcountll(common)) + 1 < dimension_) continue;
        const Rational t = high / (high - low);  // share of the inner end
        Vertex v{{}, common | face};
        for (std::size_t i = 0; i < dimension_; ++i)
          v.x.push_back(t * in->x[i] + (1 - t) * out->x[i]);
        const bool known = std::any_of(kept.begin(), kept.end(),
                                       [&](const Vertex& other) { return other.x == v.x; });
        if (!known) kept.push_back(v);
      }
    }
    vertices_ = std::move(kept);
  }

 private:
  struct Vertex {
    Rationals x;
    std::uint64_t tight = 0;
  };
  std::vector<Vertex> vertices_;
  std::size_t faces_ = 0, dimension_ = 0;
};

/// Random numbers that like corners and other trouble.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  double uniform(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
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
