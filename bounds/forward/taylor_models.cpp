#include "bounds/forward/taylor_models.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/relax/expansion.h"

namespace clipbound::bounds {

namespace {
/// Errors are not substituted backwards beyond it: they are of no use, and what underflows might
/// matter.
constexpr double kLargestRemainder = 0x1p30;
}  // namespace

TaylorModels::TaylorModels(const ForwardProblem& problem)
    : problem_(problem),
      layout_(problem),
      N_(problem_.kept.size()),
      M_(1 + N_ + N_ * (N_ + 1) / 2) {
  sources_.resize(layout_.sizes.size());
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const std::size_t size = layout_.sizes[k];
    Source& source = sources_[k];
    source.polynomial.assign(size * M_, Vec{});
    source.errors.assign(size * 2, Vec{});
    for (auto* array : {&source.slope, &source.tilted, &source.bent, &source.own, &source.charge})
      array->assign(size, Vec{});
    source.tilt.assign(size * N_, Vec{});
    source.coefficient.assign(size * (N_ + 1), Vec{});
  }
  sums_.resize(kBlockRows * M_);
  errors_.resize(kBlockRows * 2);
  below_.resize(kBlockRows * (N_ + 1));
  product_.resize(N_ + 1);
  const std::size_t S = problem_.strict.size();
  for (auto* array : {&first_, &total_}) array->resize(M_);
  for (auto* array : {&row_remainder_, &row_magnitude_, &row_charge_, &line_offset_, &multiplier_})
    array->resize(S);
  rows_.resize(S * M_);
  line_.resize(S * N_);
  result.resize(static_cast<int>(N_), static_cast<int>(S));
  for (auto* array : {&objective_, &score_}) array->resize(N_);
}

void TaylorModels::fill_input(const Vec* centre, const Vec* half) {
  Source& input = sources_[0];
  for (std::size_t i = 0; i < layout_.column_of.size(); ++i) {
    Vec* p = input.polynomial_of(i, M_);
    if (layout_.column_of[i] >= 0) {
      const auto k = static_cast<std::size_t>(layout_.column_of[i]);
      p[0] = centre[k];
      p[1 + k] = half[k];
      input.magnitude(i) = vabs(centre[k]) + half[k];
    } else {
      const double l = problem_.lower[i], u = problem_.upper[i], middle = 0.5 * l + 0.5 * u;
      p[0] = broadcast(middle);
      input.remainder(i) = broadcast(next_up(std::max(next_up(u - middle), next_up(middle - l))));
      input.magnitude(i) = broadcast(std::fabs(middle));
      moderate_ &= input.remainder(i) < kLargestRemainder;
    }
  }
}

void TaylorModels::combine(const AffineForm& form, const RowBlock& block,
                           std::vector<Vec>& charge) {
  std::fill(sums_.begin(), sums_.end(), Vec{});
  std::fill(errors_.begin(), errors_.end(), Vec{});
  double terms[kBlockRows];
  for (int r = 0; r < block.count; ++r) {
    const auto i = static_cast<std::size_t>(r);
    const double constant = form.constant[static_cast<std::size_t>(block.first) + i];
    sums_[i * M_] = broadcast(constant);
    errors_[i * 2 + 1] = broadcast(std::fabs(constant));
    terms[r] = 1.0;
  }
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const Source& from = sources_[static_cast<std::size_t>(source + 1)];
    accumulate_rows(rows, block, RowWeights::coefficients, from.polynomial.data(), M_,
                    sums_.data());
    accumulate_rows(rows, block, RowWeights::magnitudes, from.errors.data(), 2, errors_.data());
    for (int r = 0; r < block.count; ++r)
      terms[r] += static_cast<double>(rows.indices(block.first + r).size());
  }
  for (int r = 0; r < block.count; ++r) {
    // Every coefficient is a sum of `terms` products; their magnitudes add up to `magnitude` over
    // all coefficients, and no monomial is larger than 1.
    const double gamma = gamma_bound(2.0 * terms[r] + 8.0);
    const auto i = static_cast<std::size_t>(r), element = static_cast<std::size_t>(block.first) + i;
    Element& z = block_[r];
    const Vec inherited = errors_[i * 2], magnitude = errors_[i * 2 + 1],
              own = form.radius[element] + gamma * magnitude;
    z.polynomial = sums_.data() + i * M_;
    z.magnitude = magnitude * (1.0 + 4.0 * gamma) + kUnderflow;
    z.remainder = (inherited + own) * (1.0 + 4.0 * gamma) + kUnderflow;
    // The backward substitution's own roundings too: of this row's coefficients, each times the
    // remainder of what it depends on.
    charge[element] = (own + 8.0 * layout_.gamma * z.remainder) * (1.0 + 4.0 * gamma) + kUnderflow;
    moderate_ &= z.remainder < kLargestRemainder;
  }
}

TaylorModels::Spread TaylorModels::spread(const Element& z) const {
  Spread s{};
  for (std::size_t k = 1; k <= N_; ++k) s.linear += vabs(z.polynomial[k]);
  for (std::size_t k = N_ + 1; k < M_; ++k) s.quadratic += vabs(z.polynomial[k]);
  s.linear *= 1.0 + kRounding;
  s.quadratic *= 1.0 + kRounding;
  s.distance = (s.linear + s.quadratic + z.remainder) * (1.0 + kRounding) + kUnderflow;
  return s;
}

/// e = (slope + factor L + h) e_z + ..., |h| <= quadratic.
void TaylorModels::set_derivative(Source& of, std::size_t i, Vec slope, Vec factor,
                                  const Vec* linear, Vec quadratic, Vec remainder) const {
  Vec tilted = {};
  for (std::size_t k = 0; k < N_; ++k) {
    const Vec tilt = factor * linear[k];
    of.tilt[i * N_ + k] = tilt;
    tilted += vabs(tilt);
  }
  of.slope[i] = slope;
  of.tilted[i] = tilted * remainder * (1.0 + kRounding);
  of.bent[i] = quadratic * remainder * (1.0 + kRounding);
}

/// f(c + D) = value + slope D + bend D^2, D = L + Q + e with parts of degree 1 and 2 and |e| <=
/// remainder. L^2 stays in the polynomial, and slope e + 2 bend (L + Q) e is what becomes of e; all
/// other terms are errors of this neuron's own.
void TaylorModels::activate(const Activation& activation, const Ranges& ranges, const Element& z,
                            Source& to, std::size_t i) {
  const Vec* in = z.polynomial;
  const Spread s = spread(z);
  // The parabola is taken about the middle of where z is known to lie, and written anew about the
  // polynomial's constant.
  const Vec own_low = in[0] - s.distance, own_high = in[0] + s.distance;
  const Vec low = select(ranges.lower[i] > own_low, ranges.lower[i], own_low),
            high = select(ranges.upper[i] < own_high, ranges.upper[i], own_high);
  const Vec centre = 0.5 * low + 0.5 * high, away = in[0] - centre;
  const Vec distance = vmax(high - centre, centre - low) * (1.0 + kRounding) +
                       (vabs(low) + vabs(high) + vabs(in[0])) * kRounding;
  Vec value, slope, bend, error;
  for (int lane = 0; lane < kLanes; ++lane) {
    const Expansion e = expand(activation, centre[lane], distance[lane]);
    value[lane] = e.value;
    slope[lane] = e.slope;
    bend[lane] = e.half_curvature;
    error[lane] = e.error;
  }
  error += kRounding * (vabs(value) + (vabs(slope) + vabs(bend) * (vabs(away) + distance)) *
                                          (vabs(away) + distance));
  value += (slope + bend * away) * away;
  slope += 2.0 * bend * away;
  Vec* p = to.polynomial_of(i, M_);
  p[0] = value;
  for (std::size_t k = 0; k < N_; ++k) p[1 + k] = slope * in[1 + k];
  std::size_t at = N_ + 1;
  for (std::size_t a = 0; a < N_; ++a) {
    const Vec scaled = bend * in[1 + a];
    p[at] = slope * in[at] + scaled * in[1 + a];
    ++at;
    for (std::size_t b = a + 1; b < N_; ++b, ++at)
      p[at] = slope * in[at] + 2.0 * (scaled * in[1 + b]);
  }
  const Vec steep = vabs(slope), bent = vabs(bend);
  const Vec magnitude = vabs(value) + steep * (s.linear + s.quadratic) + bent * s.linear * s.linear;
  const Vec other =
      2.0 * s.linear * s.quadratic + s.quadratic * s.quadratic + z.remainder * z.remainder;
  to.magnitude(i) = magnitude * (1.0 + kRounding) + kUnderflow;
  set_derivative(to, i, slope, 2.0 * bend, in + 1, 2.0 * bent * s.quadratic, z.remainder);
  // The last term: roundings of slope and tilt, and of their products with a row's coefficient.
  to.own[i] =
      (bent * other + error + kRounding * (magnitude + steep * z.remainder + to.tilted[i])) *
          (1.0 + kRounding) +
      kUnderflow;
  to.remainder(i) =
      (steep * z.remainder + to.tilted[i] + to.bent[i] + to.own[i]) * (1.0 + kRounding);
}

/// The product of x, in first_, and y: with x = a + X + e_x and y = b + Y + e_y it is the product
/// of the polynomials, (b + Y) e_x + (a + X) e_y + e_x e_y.
void TaylorModels::multiply(const Element& y_element, Source& to, std::size_t first) {
  const Spread y = spread(y_element);
  const Vec* in = y_element.polynomial;
  const Vec x_remainder = first_remainder_, y_remainder = y_element.remainder, a = first_[0],
            b = in[0];
  Vec x_linear = {}, x_quadratic = {};
  for (std::size_t k = 1; k <= N_; ++k) x_linear += vabs(first_[k]);
  for (std::size_t k = N_ + 1; k < M_; ++k) x_quadratic += vabs(first_[k]);
  Vec* p = to.polynomial_of(first, M_);
  p[0] = a * b;
  for (std::size_t k = 1; k <= N_; ++k) p[k] = a * in[k] + b * first_[k];
  std::size_t at = N_ + 1;
  for (std::size_t i = 0; i < N_; ++i) {
    p[at] = a * in[at] + b * first_[at] + first_[1 + i] * in[1 + i];
    ++at;
    for (std::size_t j = i + 1; j < N_; ++j, ++at) {
      p[at] = a * in[at] + b * first_[at] + (first_[1 + i] * in[1 + j] + first_[1 + j] * in[1 + i]);
    }
  }
  const Vec x_magnitude = vabs(a) + x_linear + x_quadratic,
            y_magnitude = vabs(b) + y.linear + y.quadratic;
  const Vec magnitude = x_magnitude * y_magnitude;
  const Vec third = x_linear * y.quadratic + x_quadratic * y.linear + x_quadratic * y.quadratic;
  to.magnitude(first) = magnitude * (1.0 + kRounding) + kUnderflow;
  const Vec one = broadcast(1.0);
  set_derivative(to, first, b, one, in + 1, y.quadratic, x_remainder);
  set_derivative(to, first + 1, a, one, first_.data() + 1, x_quadratic * (1.0 + kRounding),
                 y_remainder);
  const Vec inherited =
      vabs(b) * x_remainder + vabs(a) * y_remainder + to.tilted[first] + to.tilted[first + 1];
  to.own[first] = (third + x_remainder * y_remainder + kRounding * (magnitude + inherited)) *
                      (1.0 + kRounding) +
                  kUnderflow;
  to.remainder(first) =
      (inherited + to.bent[first] + to.bent[first + 1] + to.own[first]) * (1.0 + kRounding);
}

void TaylorModels::bound_layer(std::size_t k, const Ranges& ranges) {
  const AffineForm& form = problem_.system->layers[k];
  const Activation activation = problem_.system->activations[k];
  Source& to = sources_[k + 1];
  for (const RowBlock& block : layout_.blocks[k]) {
    combine(form, block, to.charge);
    const auto begin = static_cast<std::size_t>(block.first),
               end = begin + static_cast<std::size_t>(block.count);
    for (std::size_t i = begin; i < end; ++i) {
      const Element& z = block_[i - begin];
      if (activation.curve == Curve::identity) {
        std::copy_n(z.polynomial, M_, to.polynomial_of(i, M_));
        to.remainder(i) = z.remainder;
        to.magnitude(i) = z.magnitude;
        to.slope[i] = broadcast(1.0);
      } else if (activation.curve != Curve::product) {
        activate(activation, ranges, z, to, i);
      } else if (i % 2 == 1) {
        multiply(z, to, i - 1);
      } else {
        std::copy_n(z.polynomial, M_, first_.begin());
        first_remainder_ = z.remainder;
      }
    }
  }
}

void TaylorModels::bound(const Vec* centre, const Vec* half, const Halfspaces& halfspaces,
                         const std::vector<Ranges>& ranges) {
  result.refuted = Mask{};
  moderate_ = ~Mask{};
  fill_input(centre, half);
  for (std::size_t k = 0; k < problem_.system->layers.size(); ++k) bound_layer(k, ranges[k]);
  bound_rows(centre, half, halfspaces);
}

}  // namespace clipbound::bounds
