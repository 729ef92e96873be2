#include "bounds/triangle/triangle_program.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

using base::add_down;
using base::add_up;
using base::kInfinity;
using base::mul_down;
using base::mul_up;
using base::Simplex;

namespace {

/// Multipliers below this part of the largest one are taken for 0: they are noise, and next to
/// underflow the errors of products are not relative.
constexpr double kNegligible = 1e-11;

}  // namespace

TriangleProgram::TriangleProgram(std::shared_ptr<const ClauseConstraints> constraints)
    : constraints_(std::move(constraints)), rows_(constraints_->rows) {
  states_.assign(static_cast<std::size_t>(constraints_->neurons()), State::undecided);
  for (std::int32_t u = 0; u < constraints_->neurons(); ++u) add_relaxation(Unstable{u});
  simplex_ = std::make_unique<Simplex>(rows_, constraints_->lower, constraints_->upper);
}

void TriangleProgram::add_relaxation(Unstable u) {
  const std::int32_t z = at(constraints_->z, u), a = at(constraints_->a, u);
  const double l = at(constraints_->lower, z), h = at(constraints_->upper, z);
  rows_.add(a, 1.0);
  rows_.add(z, -1.0);
  rows_.end(0.0, kInfinity);
  // relu(z) - s z is convex, so that an end of [l, h] has its maximum, whatever s is.
  const double width = h - l, s = width > 0.0 ? std::clamp(h / width, 0.0, 1.0) : 1.0;
  const double t = std::max({0.0, mul_up(-s, l), h > 0.0 ? mul_up(add_up(1.0, -s), h) : 0.0});
  rows_.add(a, 1.0);
  rows_.add(z, -s);
  rows_.end(-kInfinity, t);
}

TriangleProgram::Interval TriangleProgram::z_in(Unstable u, State state) const {
  const std::int32_t z = at(constraints_->z, u);
  const double l = at(constraints_->lower, z), h = at(constraints_->upper, z);
  if (state == State::active) return {std::max(l, 0.0), h};
  if (state == State::inactive) return {l, std::min(h, 0.0)};
  return {l, h};
}

TriangleProgram::Interval TriangleProgram::a_in(Unstable u, State state) const {
  return {0.0, state == State::inactive ? 0.0 : at(constraints_->upper, at(constraints_->a, u))};
}

double TriangleProgram::most_above_in(State state) {
  return state == State::active ? 0.0 : kInfinity;
}

void TriangleProgram::tell_simplex(Unstable u) {
  const State state = at(states_, u);
  const Interval z = z_in(u, state), a = a_in(u, state);
  simplex_->set_column(at(constraints_->z, u), z.lower, z.upper);
  simplex_->set_column(at(constraints_->a, u), a.lower, a.upper);
  simplex_->set_row(row_above(static_cast<std::size_t>(u)), 0.0, most_above_in(state));
}

void TriangleProgram::decide(DecidedPhase phase) {
  State& state = at(states_, phase.neuron);
  const State wanted = phase.phase == ReluPhase::active ? State::active : State::inactive;
  if (state == wanted) return;
  state = wanted;
  tell_simplex(phase.neuron);
}

void TriangleProgram::undecide(Unstable neuron) {
  if (at(states_, neuron) == State::undecided) return;
  at(states_, neuron) = State::undecided;
  tell_simplex(neuron);
}

Simplex::Answer TriangleProgram::solve(double most_seconds) {
  constexpr int kMostPivots = 100000;
  return simplex_->solve(most_seconds, kMostPivots);
}

std::vector<double> TriangleProgram::inputs() const {
  const std::span<const double> x = simplex_->values();
  return {x.begin(), x.begin() + constraints_->network->inputs()};
}

namespace {

/// Rows added up, column by column: the coefficients, and what their rounding may have changed.
struct Column {
  double sum = 0.0, magnitude = 0.0, terms = 0.0;
};

/// The largest value of g x, |g - sum| <= error, x in [lower, upper]; rounded up.
double most(const Column& g, double lower, double upper) {
  if (g.terms == 0.0) return 0.0;
  const double error =
      add_up(mul_up(base::gamma_bound(g.terms + 1.0), g.magnitude), 0x1p-1000 * g.terms);
  const double least = add_down(g.sum, -error), largest = add_up(g.sum, error);
  return std::max(std::max(mul_up(least, lower), mul_up(least, upper)),
                  std::max(mul_up(largest, lower), mul_up(largest, upper)));
}

/// The least value of y r, r in [lower, upper]; rounded down.
double least(double y, double lower, double upper) {
  return y > 0.0 ? mul_down(y, lower) : mul_down(y, upper);
}

}  // namespace

// With y the multipliers: at every point that is looked for  sum y_i (row i) = sum over columns of
// g_j x_j, where row i lies in its bounds and x_j in its own. If the left side's least value lies
// above the right side's largest, there is no such point.
TriangleProgram::Sum TriangleProgram::sum_up(std::span<const double> multipliers,
                                             const std::vector<State>& states) const {
  std::vector<Column> columns(constraints_->columns());
  Sum sum;
  sum.of_phase.assign(states.size(), 0.0);
  double left = 0.0;
  for (std::int64_t i = 0; i < rows_.count(); ++i) {
    const double y = at(multipliers, i);
    if (y == 0.0) continue;
    left = add_down(left, least(y, at(rows_.lower, i), upper_of(i, states)));
    if (neuron_above(i) >= 0 && y < 0.0) at(sum.of_phase, neuron_above(i)) = kInfinity;
    for (auto e = at(rows_.start, i); e < at(rows_.start, i + 1); ++e) {
      Column& column = at(columns, at(rows_.column, e));
      const double term = y * at(rows_.value, e);
      column.sum += term;
      column.magnitude += std::fabs(term);
      column.terms += 1.0;
    }
  }
  double right = 0.0;
  for (std::size_t j = 0; j < columns.size(); ++j) {
    Interval x{constraints_->lower[j], constraints_->upper[j]};
    const std::int32_t u = constraints_->unstable[j];
    const bool is_decided = u >= 0 && at(states, u) != State::undecided;
    if (is_decided) {
      const bool is_z = at(constraints_->z, u) == static_cast<std::int32_t>(j);
      x = is_z ? z_in(Unstable{u}, at(states, u)) : a_in(Unstable{u}, at(states, u));
    }
    const double part = most(columns[j], x.lower, x.upper);
    right = add_up(right, part);
    if (is_decided)
      at(sum.of_phase, u) +=
          most(columns[j], constraints_->lower[j], constraints_->upper[j]) - part;
  }
  sum.margin = add_down(left, -right);
  return sum;
}

double TriangleProgram::upper_of(std::int64_t row, const std::vector<State>& states) const {
  const std::int64_t u = neuron_above(row);
  return u < 0 ? at(rows_.upper, row) : most_above_in(at(states, u));
}

std::optional<std::vector<DecidedPhase>> TriangleProgram::prove(
    std::span<const double> multipliers) const {
  const Sum sum = sum_up(multipliers, states_);
  if (!(sum.margin > 0.0)) return std::nullopt;
  // The phases that the sum needs least are left out first, as long as something of it is left.
  std::vector<std::size_t> order;
  for (std::size_t u = 0; u < states_.size(); ++u) {
    if (states_[u] != State::undecided) order.push_back(u);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t x, std::size_t y) { return sum.of_phase[x] < sum.of_phase[y]; });
  std::vector<State> needed = states_;
  double lost = 0.0;
  for (const std::size_t u : order) {
    lost += sum.of_phase[u];
    if (!(lost < 0.999 * sum.margin) && sum.of_phase[u] > 0.0) break;
    needed[u] = State::undecided;
  }
  if (!(sum_up(multipliers, needed).margin > 0.0)) needed = states_;
  return phases_of(needed);
}

std::vector<DecidedPhase> TriangleProgram::phases_of(const std::vector<State>& states) {
  std::vector<DecidedPhase> phases;
  for (std::size_t u = 0; u < states.size(); ++u) {
    if (states[u] == State::undecided) continue;
    phases.push_back({Unstable{static_cast<std::int32_t>(u)},
                      states[u] == State::active ? ReluPhase::active : ReluPhase::inactive});
  }
  return phases;
}

std::optional<std::vector<DecidedPhase>> TriangleProgram::core() const {
  const std::vector<double> ray = simplex_->multipliers();
  double largest = 0.0;
  for (const double y : ray) largest = std::max(largest, std::fabs(y));
  if (!(largest > 0.0) || !std::isfinite(largest)) return std::nullopt;
  std::vector<double> multipliers(ray.size());
  for (const double sign : {1.0, -1.0}) {
    for (std::int64_t i = 0; i < rows_.count(); ++i) {
      const double y = sign * at(ray, i) / largest;
      // A row that has no such end cannot take part: that is rounding.
      const bool counts =
          std::fabs(y) >= kNegligible &&
          (y > 0.0 ? at(rows_.lower, i) > -kInfinity : upper_of(i, states_) < kInfinity);
      at(multipliers, i) = counts ? y : 0.0;
    }
    if (auto phases = prove(multipliers)) return phases;
  }
  return std::nullopt;
}

}  // namespace clipbound::bounds
