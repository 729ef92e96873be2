#include "bounds/quadratic_lanes.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/relax/expansion.h"

namespace clipbound {

namespace {
/// Relative to the sizes of all terms; no polynomial here is made by more than some dozens of roundings per coefficient.
constexpr double kRounding = 0x1p-44;
}  // namespace

QuadraticLanes::QuadraticLanes(std::shared_ptr<const ForwardProblem> problem) : problem_(std::move(problem)), N_(problem_->kept.size()), M_(1 + N_ + N_ * (N_ + 1) / 2) {
  column_of_.assign(problem_->lower.size(), -1);
  for (std::size_t k = 0; k < N_; ++k) column_of_[static_cast<std::size_t>(problem_->kept[k])] = static_cast<int>(k);
  const LayeredSystem& system = *problem_->system;
  sources_.resize(system.layers.size() + 1);
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const std::size_t size = k == 0 ? problem_->lower.size() : static_cast<std::size_t>(system.layers[k - 1].size());
    sources_[k].polynomial.assign(size * M_, Vec{});
    sources_[k].remainder.assign(size, Vec{});
    sources_[k].size.assign(size, Vec{});
  }
  const std::size_t S = problem_->strict.size();
  for (auto* array : {&sum_, &first_, &total_}) array->resize(M_);
  for (auto* array : {&row_remainder_, &row_size_, &line_offset_, &row_lower, &multiplier_}) array->resize(S);
  rows_.resize(S * M_);
  line_.resize(S * N_);
  row_plane.resize(S * (N_ + 1));
  objective_.resize(N_);
  underflow_ = 0x1p-1000;
}

void QuadraticLanes::fill_input(const Vec* centre, const Vec* half) {
  Source& input = sources_[0];
  for (std::size_t i = 0; i < column_of_.size(); ++i) {
    Vec* p = input.polynomial.data() + i * M_;
    if (column_of_[i] >= 0) {
      const auto k = static_cast<std::size_t>(column_of_[i]);
      p[0] = centre[k];
      p[1 + k] = half[k];
      input.size[i] = vabs(centre[k]) + half[k];
    } else {
      const double l = problem_->lower[i], u = problem_->upper[i], middle = 0.5 * l + 0.5 * u;
      p[0] = broadcast(middle);
      input.remainder[i] = broadcast(next_up(std::max(next_up(u - middle), next_up(middle - l))));
      input.size[i] = broadcast(std::fabs(middle));
    }
  }
}

/// Element i of a form into sum_, remainder_ and size_.
void QuadraticLanes::combine(const AffineForm& form, std::size_t i) {
  for (Vec& c : sum_) c = Vec{};
  sum_[0] = broadcast(form.constant[i]);
  Vec remainder = {}, size = broadcast(std::fabs(form.constant[i]));
  double terms = 1.0;
  for (const auto& [source, rows] : form.terms) {
    const Source& from = sources_[static_cast<std::size_t>(source + 1)];
    const auto index = rows.indices(static_cast<std::int64_t>(i));
    const auto value = rows.values(static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < index.size(); ++j) {
      const auto c = static_cast<std::size_t>(index[j]);
      const Vec m = broadcast(value[j]);
      const Vec* p = from.polynomial.data() + c * M_;
      for (std::size_t k = 0; k < M_; ++k) sum_[k] += m * p[k];
      const double weight = std::fabs(value[j]);
      remainder += weight * from.remainder[c];
      size += weight * from.size[c];
    }
    terms += static_cast<double>(index.size());
  }
  // Every coefficient is a sum of `terms` products; their sizes add up to `size` over all coefficients, and no monomial is larger than 1.
  const double gamma = gamma_bound(2.0 * terms + 8.0);
  size_ = size * (1.0 + 4.0 * gamma) + underflow_;
  remainder_ = (remainder + form.radius[i] + gamma * size) * (1.0 + 4.0 * gamma) + underflow_;
}

QuadraticLanes::Spread QuadraticLanes::spread() const {
  Spread s{};
  for (std::size_t k = 1; k <= N_; ++k) s.linear += vabs(sum_[k]);
  for (std::size_t k = N_ + 1; k < M_; ++k) s.quadratic += vabs(sum_[k]);
  s.linear *= 1.0 + kRounding;
  s.quadratic *= 1.0 + kRounding;
  s.distance = (s.linear + s.quadratic + remainder_) * (1.0 + kRounding) + underflow_;
  return s;
}

/// f(z) for the z in sum_: f(c + D) = value + slope D + bend D^2, D = L + Q + e with parts of degree 1 and 2 and |e| <= remainder. L^2 stays; all
/// other terms of D^2 are of degree 3 at least and go into the remainder.
void QuadraticLanes::activate(const Activation& activation, const Ranges& ranges, Source& to, std::size_t i) {
  const Spread z = spread();
  // The parabola is taken about the middle of where z is known to lie, and written anew about the polynomial's constant.
  const Vec own_low = sum_[0] - z.distance, own_high = sum_[0] + z.distance;
  const Vec low = select(ranges.lower[i] > own_low, ranges.lower[i], own_low), high = select(ranges.upper[i] < own_high, ranges.upper[i], own_high);
  const Vec centre = 0.5 * low + 0.5 * high, away = sum_[0] - centre;
  const Vec distance = vmax(high - centre, centre - low) * (1.0 + kRounding) + (vabs(low) + vabs(high) + vabs(sum_[0])) * kRounding;
  Vec value, slope, bend, error;
  for (int lane = 0; lane < kLanes; ++lane) {
    const Expansion e = expand(activation, centre[lane], distance[lane]);
    value[lane] = e.value;
    slope[lane] = e.slope;
    bend[lane] = e.half_curvature;
    error[lane] = e.error;
  }
  error += kRounding * (vabs(value) + (vabs(slope) + vabs(bend) * (vabs(away) + distance)) * (vabs(away) + distance));
  value += (slope + bend * away) * away;
  slope += 2.0 * bend * away;
  Vec* p = to.polynomial.data() + i * M_;
  p[0] = value;
  for (std::size_t k = 0; k < N_; ++k) p[1 + k] = slope * sum_[1 + k];
  std::size_t at = N_ + 1;
  for (std::size_t a = 0; a < N_; ++a) {
    const Vec scaled = bend * sum_[1 + a];
    p[at] = slope * sum_[at] + scaled * sum_[1 + a];
    ++at;
    for (std::size_t b = a + 1; b < N_; ++b, ++at) p[at] = slope * sum_[at] + 2.0 * (scaled * sum_[1 + b]);
  }
  const Vec steep = vabs(slope), curved = vabs(bend);
  const Vec size = vabs(value) + steep * (z.linear + z.quadratic) + curved * z.linear * z.linear;
  const Vec other = 2.0 * z.linear * z.quadratic + z.quadratic * z.quadratic + (2.0 * (z.linear + z.quadratic) + remainder_) * remainder_;
  to.size[i] = size * (1.0 + kRounding) + underflow_;
  to.remainder[i] = (steep * remainder_ + curved * other + error + kRounding * size) * (1.0 + kRounding) + underflow_;
}

/// The product of the polynomials in first_ and sum_.
void QuadraticLanes::multiply(Source& to, std::size_t first) {
  const Spread y = spread();
  const Vec y_remainder = remainder_, a = first_[0], b = sum_[0];
  Vec x_linear = {}, x_quadratic = {};
  for (std::size_t k = 1; k <= N_; ++k) x_linear += vabs(first_[k]);
  for (std::size_t k = N_ + 1; k < M_; ++k) x_quadratic += vabs(first_[k]);
  Vec* p = to.polynomial.data() + first * M_;
  p[0] = a * b;
  for (std::size_t k = 1; k <= N_; ++k) p[k] = a * sum_[k] + b * first_[k];
  std::size_t at = N_ + 1;
  for (std::size_t i = 0; i < N_; ++i) {
    p[at] = a * sum_[at] + b * first_[at] + first_[1 + i] * sum_[1 + i];
    ++at;
    for (std::size_t j = i + 1; j < N_; ++j, ++at) {
      p[at] = a * sum_[at] + b * first_[at] + (first_[1 + i] * sum_[1 + j] + first_[1 + j] * sum_[1 + i]);
    }
  }
  const Vec x_size = vabs(a) + x_linear + x_quadratic, y_size = vabs(b) + y.linear + y.quadratic;
  const Vec size = x_size * y_size;
  const Vec third = x_linear * y.quadratic + x_quadratic * y.linear + x_quadratic * y.quadratic;
  const Vec inherited = x_size * y_remainder + y_size * first_remainder_ + first_remainder_ * y_remainder;
  to.size[first] = size * (1.0 + kRounding) + underflow_;
  to.remainder[first] = (third + inherited + kRounding * size) * (1.0 + kRounding) + underflow_;
}

/// t_i^2 lies above its tangents and below 1. t_i t_j lies above c (t_i + t_j) - 1 and below c (t_i - t_j) + 1 for c in [-1, 1], which meet it in
/// the corner where the linear part is least if c is chosen by that; or, q t_i t_j >= -|q| (t_i^2 + t_j^2) / 2. The better one counts.
Vec QuadraticLanes::lower_line(const Vec* polynomial, Vec remainder, Vec size, Vec* slopes) const {
  const Vec zero = {}, one = broadcast(1.0);
  Vec best = broadcast(-kUnbounded), offset = best;
  constexpr std::size_t kMost = 16;  // as forward planes, which this goes along with
  Vec slope[kMost], square[kMost];
  for (const bool corner : {false, true}) {
    Vec constant = polynomial[0];
    std::size_t at = N_ + 1;
    for (std::size_t i = 0; i < N_; ++i) slope[i] = polynomial[1 + i], square[i] = zero;
    for (std::size_t i = 0; i < N_; ++i) {
      square[i] += polynomial[at++];
      const Mask i_high = polynomial[1 + i] < zero;
      for (std::size_t j = i + 1; j < N_; ++j, ++at) {
        const Vec q = polynomial[at], strength = vabs(q);
        if (!corner) {
          square[i] -= 0.5 * strength;
          square[j] -= 0.5 * strength;
          continue;
        }
        const Mask j_high = polynomial[1 + j] < zero, same = ~(i_high ^ j_high), rising = q > zero;
        // c = +-1 towards the corner where both meet it with the same sign of q t_i t_j, else 0.
        const Vec c = select(i_high, strength, -strength);
        const Vec to_i = select(same == rising, c, zero);
        slope[i] += to_i;
        slope[j] += select(rising, to_i, -to_i);
        constant -= strength;
      }
    }
    Vec least = constant;
    for (std::size_t i = 0; i < N_; ++i) {
      const Mask convex = square[i] > zero;
      Vec touch = -0.5 * slope[i] / square[i];
      touch = vmin(one, vmax(-one, touch));
      touch = select(convex, touch, zero);
      slope[i] += 2.0 * square[i] * touch;
      constant += select(convex, -square[i] * touch * touch, square[i]);
    }
    least = constant;
    for (std::size_t i = 0; i < N_; ++i) least -= vabs(slope[i]);
    const Mask better = least > best;
    best = select(better, least, best);
    offset = select(better, constant, offset);
    for (std::size_t i = 0; i < N_; ++i) slopes[i] = select(better, slope[i], slopes[i]);
  }
  return offset - (remainder + kRounding * size + underflow_);
}

void QuadraticLanes::write_plane(std::size_t s, const Vec* slopes, Vec offset, const Vec* centre, const Vec* half) {
  Vec* plane = row_plane.data() + s * (N_ + 1);
  Vec b = offset, size = vabs(offset);
  for (std::size_t i = 0; i < N_; ++i) {
    plane[i] = slopes[i] / half[i];
    b -= plane[i] * centre[i];
    size += vabs(plane[i]) * (vabs(centre[i]) + half[i]);
  }
  plane[N_] = b - kRounding * size;
}

/// Adds the other rows and the half-spaces to row s, with multipliers that lift its least value: coordinate ascent on the lines, which only
/// proposes them; the polynomials' sum is bounded for what they are.
void QuadraticLanes::refute(std::size_t s, const Vec* half, const Halfspaces& halfspaces) {
  const std::size_t S = problem_->strict.size(), K = S + static_cast<std::size_t>(halfspaces.count);
  const Vec zero = {};
  multiplier_.assign(K, zero);
  multiplier_[s] = broadcast(1.0);
  const auto normal = [&](std::size_t k, std::size_t i) { return k < S ? line_[k * N_ + i] : halfspaces.normal_x[(k - S) * (N_ + 1) + i] * half[i]; };
  const auto constant = [&](std::size_t k) { return k < S ? line_offset_[k] : halfspaces.at_centre[k - S]; };
  for (std::size_t i = 0; i < N_; ++i) objective_[i] = normal(s, i);
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t k = 0; k < K; ++k) {
      if (k == s) continue;
      Vec best = zero, step = zero;
      for (std::size_t i = 0; i < N_; ++i) best -= vabs(objective_[i]);
      for (std::size_t j = 0; j < N_; ++j) {
        const Vec delta = vmax(-objective_[j] / normal(k, j), -multiplier_[k]);
        Vec at = delta * constant(k);
        for (std::size_t i = 0; i < N_; ++i) at -= vabs(objective_[i] + delta * normal(k, i));
        const Mask better = (at > best) & (delta < kOverflow) & (at < kOverflow);
        best = select(better, at, best);
        step = select(better, delta, step);
      }
      multiplier_[k] = vmax(multiplier_[k] + step, zero);
      for (std::size_t i = 0; i < N_; ++i) objective_[i] += step * normal(k, i);
    }
  }
  for (Vec& c : total_) c = zero;
  Vec remainder = zero, size = zero;
  for (std::size_t k = 0; k < K; ++k) {
    const Vec m = multiplier_[k];
    if (!any(m != zero)) continue;
    if (k < S) {
      for (std::size_t c = 0; c < M_; ++c) total_[c] += m * rows_[k * M_ + c];
      remainder += select(m == zero, zero, m * row_remainder_[k]);
      size += select(m == zero, zero, m * row_size_[k]);
    } else {
      total_[0] += m * constant(k);
      size += m * halfspaces.size[k - S];
      for (std::size_t i = 0; i < N_; ++i) total_[1 + i] += m * normal(k, i);
    }
  }
  const double gamma = gamma_bound(2.0 * static_cast<double>(K) + 8.0);  // of K rows in every coefficient; there may be thousands
  Vec offset = lower_line(total_.data(), (remainder + gamma * size) * (1.0 + 4.0 * gamma + kRounding), size * 2.0, objective_.data());
  for (std::size_t i = 0; i < N_; ++i) offset -= vabs(objective_[i]);
  refuted |= (offset > kRounding * size) & (offset < kOverflow);
}

void QuadraticLanes::bound(const Vec* centre, const Vec* half, const Halfspaces& halfspaces, const std::vector<Ranges>& ranges) {
  const LayeredSystem& system = *problem_->system;
  refuted = Mask{};
  fill_input(centre, half);
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const AffineForm& form = system.layers[k];
    const Activation activation = system.activations[k];
    Source& to = sources_[k + 1];
    for (std::size_t i = 0; i < form.constant.size(); ++i) {
      combine(form, i);
      if (activation.curve == Curve::identity) {
        std::copy(sum_.begin(), sum_.end(), to.polynomial.begin() + static_cast<std::ptrdiff_t>(i * M_));
        to.remainder[i] = remainder_;
        to.size[i] = size_;
      } else if (activation.curve != Curve::product) {
        activate(activation, ranges[k], to, i);
      } else if (i % 2 == 1) {
        multiply(to, i - 1);
      } else {
        std::copy(sum_.begin(), sum_.end(), first_.begin());
        first_remainder_ = remainder_;
      }
    }
  }
  for (std::size_t s = 0; s < problem_->strict.size(); ++s) {
    combine(problem_->rows, s);
    std::copy(sum_.begin(), sum_.end(), rows_.begin() + static_cast<std::ptrdiff_t>(s * M_));
    row_remainder_[s] = remainder_;
    row_size_[s] = size_;
    Vec* line = line_.data() + s * N_;
    line_offset_[s] = lower_line(sum_.data(), remainder_, size_, line);
    row_lower[s] = line_offset_[s] - kRounding * size_;
    for (std::size_t i = 0; i < N_; ++i) row_lower[s] -= vabs(line[i]);
    refuted |= (row_lower[s] > Vec{}) & (row_lower[s] < kOverflow);
    write_plane(s, line, line_offset_[s], centre, half);
  }
  for (std::size_t s = 0; s < problem_->strict.size(); ++s) refute(s, half, halfspaces);
}

}  // namespace clipbound
