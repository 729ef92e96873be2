#include "bounds/crown/relu_rows.h"

#include <cmath>
#include <cstring>

#include "base/simd.h"

namespace clipbound::bounds {

namespace {

Vec load(const double* from) {
  Vec v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

double sum_of(Vec v) {
  double sum = 0.0;
  for (int lane = 0; lane < kLanes; ++lane) sum += v[lane];
  return sum;
}

}  // namespace

ReluRows::ReluRows(const IntervalVector& z) {
  const std::size_t size = z.lower.size();
  for (auto* array : {&convex_, &chord_, &low_, &high_}) array->assign(size, 0.0);
  for (std::size_t v = 0; v < size; ++v) {
    const double l = z.lower[v], u = z.upper[v];
    if (u <= 0.0) continue;
    if (l >= 0.0) {
      convex_[v] = chord_[v] = 1.0;
    } else {
      convex_[v] = u > -l ? 1.0 : 0.0;
      chord_[v] = u / (u - l);
      low_[v] = l;
      high_[v] = u;
      ordinary_ = ordinary_ && std::isfinite(l) && std::isfinite(u);
    }
  }
}

bool ReluRows::replace(double* row, const std::vector<double>& constant,
                       const std::vector<double>& slack, RowSums& sums) const {
  if (!ordinary_) return false;
  const std::size_t size = convex_.size(), whole = size / kLanes * kLanes;
  Mask good = Mask{} - 1;
  for (std::size_t v = 0; v < whole; v += kLanes)
    good &= vabs(load(row + v)) < broadcast(kOverflow);
  bool trusted = all(good);
  for (std::size_t v = whole; v < size; ++v) trusted = trusted && std::fabs(row[v]) < kOverflow;
  if (!trusted) return false;
  const Vec zero = {};
  Vec constant_sum = zero, q_sum = zero, error_sum = zero;
  // The last neurons fill a block together with zeros: coefficient 0 gives multiplier 0 and
  // intercept 0.
  const auto block = [&](const double* in, double* out, const double* convex, const double* chord,
                         const double* low, const double* high, const double* c, const double* s) {
    const Vec g = load(in);
    const Mask negative = g < zero;
    const Vec m = g * select(negative, load(chord), load(convex));
    const Vec q = vmin(zero, vmin(-m * load(low), (g - m) * load(high)));
    q_sum += select(negative, q, zero);
    constant_sum += m * load(c);
    // The slack of an unbounded z is infinite.
    error_sum += select(m != zero, vabs(m) * load(s), zero);
    std::memcpy(out, &m, sizeof m);
  };
  for (std::size_t v = 0; v < whole; v += kLanes) {
    block(row + v, row + v, convex_.data() + v, chord_.data() + v, low_.data() + v,
          high_.data() + v, constant.data() + v, slack.data() + v);
  }
  if (whole < size) {
    double rest[7][kLanes] = {};
    const double* const from[] = {row,          convex_.data(),  chord_.data(), low_.data(),
                                  high_.data(), constant.data(), slack.data()};
    for (std::size_t k = 0; k < 7; ++k)
      std::memcpy(rest[k], from[k] + whole, (size - whole) * sizeof(double));
    double out[kLanes];
    block(rest[0], out, rest[1], rest[2], rest[3], rest[4], rest[5], rest[6]);
    std::memcpy(row + whole, out, (size - whole) * sizeof(double));
  }
  sums.constant = sum_of(constant_sum);
  sums.intercept = sum_of(q_sum);
  sums.intercept_magnitude = -sums.intercept;
  sums.error = sum_of(error_sum);
  return true;
}

}  // namespace clipbound::bounds
