#include "tests/bounds/relax/intervals.h"

#include <algorithm>
#include <cmath>

namespace clipbound::reference {
namespace {

constexpr double kPi = 3.14159265358979323846;

double uniform(std::mt19937_64& random, double a, double b) {
  return std::uniform_real_distribution<double>(a, b)(random);
}

/// Sizes from 1e-12 to 1e6 (rarely from 1e-300), all magnitudes alike.
double size(std::mt19937_64& random) {
  const std::uint64_t kind = random() % 20;
  if (kind == 0) return std::pow(10.0, uniform(random, -310.0, -12.0));
  if (kind < 10) return std::pow(10.0, uniform(random, -2.0, 1.5));
  return std::pow(10.0, uniform(random, -12.0, 6.0));
}
double position(const Case& c, std::mt19937_64& random) {
  if (!c.anchors.empty() && random() % 4 == 0) return c.anchors[random() % c.anchors.size()];
  if (random() % 4 == 0)
    return static_cast<double>(static_cast<int>(random() % 41) - 20) *
           (random() % 2 == 0 ? 0.5 : kPi / 2.0);
  return random() % 2 == 0 ? size(random) : -size(random);
}
double step(double z, int ulps) {
  for (; ulps > 0; --ulps) z = std::nextafter(z, INFINITY);
  for (; ulps < 0; ++ulps) z = std::nextafter(z, -INFINITY);
  return z;
}

constexpr double kEverywhere = 1e300;

/// Curves with ends of their domains, and those that grow as exp does.
std::vector<Case> inverse_and_hyperbolic() {
  const std::vector<double> unit = {0.0, 1.0, -1.0, 0.5, -0.999},
                            far = {0.0, 1.0, -1.0, 700.0, -700.0};
  return {{{Curve::asin}, unit, -1.0, 1.0},
          {{Curve::acos}, unit, -1.0, 1.0},
          {{Curve::atanh}, unit, -1.0, 1.0},
          {{Curve::acosh}, {1.0, 2.0, 0x1p30, 1.4e154}, 1.0, kEverywhere},
          {{Curve::sinh}, far, -kEverywhere, kEverywhere},
          {{Curve::cosh}, far, -kEverywhere, kEverywhere}};
}

}  // namespace

std::vector<Case> cases() {
  const std::vector<double> waves = {0.0,        kPi / 2.0, kPi,         1.5 * kPi,   2.0 * kPi,
                                     -kPi / 2.0, -kPi,      100.0 * kPi, 333.5 * kPi, -1e5 * kPi};
  const double bend = std::sqrt(2.0), tanh_bend = 1.4185040087908283, everywhere = kEverywhere;
  const std::vector<double> whole = {0.0, 1.0, -1.0, 2.0, 100.0, -17.0, 0x1p52, -0x1p53},
                            halves = {0.5, -0.5, 1.5, 2.5, -101.5, 0x1p51, -0x1p53};
  std::vector<Case> all = {
      {{Curve::identity}, {0.0}, -everywhere, everywhere},
      {{Curve::relu}, {0.0}, -everywhere, everywhere},
      {{Curve::square}, {0.0}, -everywhere, everywhere},
      {{Curve::sigmoid}, {0.0, 40.0, -40.0, -708.0, -745.0}, -everywhere, everywhere},
      {{Curve::tanh}, {0.0, 0.35, -0.35, 20.0, -20.0}, -everywhere, everywhere},
      {{Curve::exp}, {0.0, 700.0, -700.0, -745.0, 709.0}, -everywhere, everywhere},
      {{Curve::log}, {0.0, 1.0, 1e-310, 1e300}, 0.0, everywhere},
      {{Curve::reciprocal}, {1.0, 1e-300, 1e300}, 0x1p-1074, everywhere},
      {{Curve::reciprocal}, {-1.0, -1e-300, -1e300}, -everywhere, -0x1p-1074},
      {{Curve::sqrt}, {0.0, 1.0, 1e-310}, 0.0, everywhere},
      {{Curve::sin}, waves, -1e6, 1e6},
      {{Curve::cos}, waves, -1e6, 1e6},
      {{Curve::tan}, waves, -1e6, 1e6},
      {{Curve::tan}, {0.0, 1.57, -1.57}, -1.5707, 1.5707},
      {{Curve::atan}, {0.0, 1e10, -1e10}, -everywhere, everywhere},
      {{Curve::asinh},
       {0.0, 1.0, -1.0, 0x1p30, -0x1p30, 1.4e154, -1.4e154},
       -everywhere,
       everywhere},
      {{Curve::erf}, {0.0, 5.9, -5.9, 27.0}, -everywhere, everywhere},
      {{Curve::gelu}, {0.0, bend, -bend, -0.7518, 0.7518, -38.0, 38.0}, -everywhere, everywhere},
      {{Curve::gelu_tanh},
       {0.0, tanh_bend, -tanh_bend, -0.7525, 0.7525, -21.0, 10.0},
       -everywhere,
       everywhere},
      {{Curve::softplus}, {0.0, -40.0, 40.0, -745.0}, -everywhere, everywhere},
      {{Curve::tanh_slope},
       {0.0, 0.6584789484624084, -0.6584789484624084, 20.0, -20.0},
       -everywhere,
       everywhere},
      {{Curve::sign}, {0.0}, -everywhere, everywhere},
      {{Curve::step}, {0.0}, -everywhere, everywhere},
      {{Curve::floor}, whole, -everywhere, everywhere},
      {{Curve::ceil}, whole, -everywhere, everywhere},
      {{Curve::trunc}, whole, -everywhere, everywhere},
      {{Curve::round}, halves, -everywhere, everywhere}};
  for (const Case& c : inverse_and_hyperbolic()) all.push_back(c);
  for (const double alpha : {1.0, 0.0, 0.3, 1.6732632423543772, -0.5})
    all.push_back({{Curve::elu, alpha}, {0.0, -40.0, -745.0}, -everywhere, everywhere});
  all.push_back({{Curve::reciprocal, 1.0}, {0.0, 1.0, 1e-300}, 0.0, everywhere});
  for (const double c : {1.0, 1.7320508075688774})
    all.push_back({{Curve::clamp, c}, {0.0, c, -c}, -everywhere, everywhere});
  for (const double n : {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 33.0, 1000.0})
    all.push_back({{Curve::power, n}, {0.0, 1.0, -1.0}, -everywhere, everywhere});
  for (const double n : {0.5, 1.5, 2.5, 0.3, 1.0 + 1e-9})
    all.push_back({{Curve::power, n}, {0.0, 1.0}, 0.0, everywhere});
  for (const double n : {-1.0, -2.0, -3.0, -0.5, -7.25})
    all.push_back({{Curve::power, n}, {1.0, 1e-300}, 0x1p-1074, everywhere});
  for (const double n : {-1.0, -2.0, -3.0})
    all.push_back({{Curve::power, n}, {-1.0, -1e-300}, -everywhere, -0x1p-1074});
  return all;
}

std::string to_string(const Activation& activation) {
  return std::string(name_of(activation.curve)) + " " + std::to_string(activation.parameter);
}

Range random_interval(const Case& c, std::mt19937_64& random) {
  const auto end = [&] {
    return std::clamp(
        step(position(c, random), random() % 3 == 0 ? static_cast<int>(random() % 7) - 3 : 0),
        c.lowest, c.highest);
  };
  const double a = end();
  double b = a;
  switch (random() % 8) {
    case 0: break;
    case 1: b = step(a, static_cast<int>(random() % 4) + 1); break;
    case 2: b = end(); break;
    default: b = a + (random() % 2 == 0 ? size(random) : -size(random)); break;
  }
  b = std::clamp(b, c.lowest, c.highest);
  return {std::min(a, b), std::max(a, b)};
}

std::vector<double> points_in(const Case& c, Range interval, std::mt19937_64& random) {
  const double l = interval.lower, u = interval.upper, width = u - l;
  std::vector<double> points = {l, u, step(l, 1), step(u, -1), 0.5 * l + 0.5 * u};
  for (const double anchor : c.anchors)
    for (int ulps = -1; ulps <= 1; ++ulps) points.push_back(step(anchor, ulps));
  for (int i = 0; i < 6; ++i) {
    const double share = std::pow(10.0, uniform(random, -8.0, 0.0));
    points.push_back(l + share * width);
    points.push_back(u - share * width);
    points.push_back(l + uniform(random, 0.0, 1.0) * width);
  }
  std::erase_if(points, [&](double z) { return !(z >= l && z <= u); });
  return points;
}

}  // namespace clipbound::reference
