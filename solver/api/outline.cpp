// Idea: outline_of(): the half-spaces that range_of() proves, cut one after the other out of a
// square (Sutherland and Hodgman 1974).
// Source: own.
// Guarantees: the corners' convex hull encloses every pair of outputs. Let K be the set of pairs; S
// the largest bound; K lies in all half-spaces c y <= b, |c| < 1 + 2^-50, and within 1.5 S of 0,
// since neighbouring directions are at most a right angle apart. Each half-space is moved outward
// by 2^-32 S before it cuts, so that K + ball(r) lies in all of them, r being nearly that. Signed
// distances are computed with an error below 2^-48 S (three products of numbers of at most 4 S).
// A cut keeps the corners that are inside by more than that, and of an edge that crosses the line
// all that is inside by more than three times that: its new corner has a distance of 0 but for the
// errors of both ends, wherever on the edge it comes to lie. Rounding of its coordinates takes
// 2^-48 S more. So a cut takes less than 2^-45 S from r, and 360 cuts leave most of it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/rounding.h"
#include "clipbound/range.h"

namespace clipbound {

namespace {

using Point = std::array<double, 2>;
constexpr std::size_t kFewest = 4, kMost = 360;

double excess(const Outline::Direction& half_space, double bound, const Point& p) {
  return half_space.cos * p[0] + half_space.sin * p[1] - bound;
}

/// What of the polygon lies in the half-space.
std::vector<Point> cut(const std::vector<Point>& polygon, const Outline::Direction& half_space,
                       double bound) {
  std::vector<Point> kept;
  for (std::size_t k = 0; k < polygon.size(); ++k) {
    const Point& here = polygon[k];
    const Point& next = polygon[(k + 1) % polygon.size()];
    const double a = excess(half_space, bound, here), b = excess(half_space, bound, next);
    if (a <= 0.0) kept.push_back(here);
    if ((a <= 0.0) == (b <= 0.0)) continue;
    const double t = a / (a - b);
    kept.push_back({here[0] + t * (next[0] - here[0]), here[1] + t * (next[1] - here[1])});
  }
  return kept;
}

/// Corners nearer to each other than rounding are one, for who draws them.
std::vector<Point> without_repeated(const std::vector<Point>& polygon) {
  std::vector<Point> corners;
  for (const Point& p : polygon) {
    if (corners.empty() || corners.back() != p) corners.push_back(p);
  }
  while (corners.size() > 1 && corners.front() == corners.back()) corners.pop_back();
  return corners;
}

std::vector<Point> polygon_of(const std::vector<Outline::Direction>& directions) {
  double size = base::kSmallestNormal;
  for (const Outline::Direction& d : directions) {
    if (!std::isfinite(d.end.bound))
      throw InputError("the outputs are not bounded in some direction: there is no outline");
    size = std::max(size, std::fabs(d.end.bound));
  }
  // Of directions at equal angles of at most a right one: no corner is further out than sqrt(2)
  // times the largest bound.
  std::vector<Point> polygon = {
      {-2 * size, -2 * size}, {2 * size, -2 * size}, {2 * size, 2 * size}, {-2 * size, 2 * size}};
  const double margin = std::ldexp(size, -32);
  for (const Outline::Direction& d : directions)
    polygon = cut(polygon, d, base::add_up(d.end.bound, margin));
  return without_repeated(polygon);
}

}  // namespace

Outline outline_of(const Network& network, std::span<const double> lower,
                   std::span<const double> upper, std::size_t first, std::size_t second,
                   std::size_t directions, const RangeSettings& settings, const Options& options,
                   const Callbacks& callbacks) {
  const std::size_t M = network.output_size();
  if (first >= M || second >= M || first == second) {
    throw InputError("an outline is of two outputs of " + std::to_string(M) + ", not of " +
                     std::to_string(first) + " and " + std::to_string(second));
  }
  if (directions < kFewest || directions > kMost) {
    throw InputError("an outline has " + std::to_string(kFewest) + " to " + std::to_string(kMost) +
                     " directions, not " + std::to_string(directions));
  }
  Outline outline;
  std::vector<double> forms(directions * M, 0.0);
  for (std::size_t k = 0; k < directions; ++k) {
    const double angle =
        2.0 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(directions);
    // Multiples of a right angle are the outputs themselves.
    const auto entry = [](double value) { return std::fabs(value) < 1e-12 ? 0.0 : value; };
    Outline::Direction direction{
        .cos = entry(std::cos(angle)), .sin = entry(std::sin(angle)), .end = {}};
    forms[k * M + first] = direction.cos;
    forms[k * M + second] = direction.sin;
    outline.directions.push_back(direction);
  }
  RangeSettings upper_ends = settings;
  upper_ends.lower = false;
  upper_ends.upper = true;
  Ranges found = range_of(network, lower, upper, forms, upper_ends, options, callbacks);
  for (std::size_t k = 0; k < directions; ++k) {
    Outline::Direction& direction = outline.directions[k];
    direction.end = std::move(found.ranges[k].upper);
    if (direction.end.point.empty()) continue;
    const std::vector<double> y = network.evaluate(direction.end.point);
    direction.attained = {y[first], y[second]};
  }
  outline.corners = polygon_of(outline.directions);
  outline.queries = found.queries;
  outline.reason = std::move(found.reason);
  return outline;
}

}  // namespace clipbound
