// Idea: Bounds of rows, and of their sums with multipliers, from the polynomials and errors of all
// layers.
// Source, guarantees, legend: taylor_models.h; multipliers: bounds/clip/one_multiplier.h.
#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/clip/one_multiplier.h"
#include "bounds/forward/taylor_models.h"
#include "bounds/limits.h"

namespace clipbound::bounds {

/// From the coefficients in below_ of a block's e to what its rows depend on.
void TaylorModels::scatter(const AffineForm& form, const RowBlock& block) {
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    scatter_rows(rows, block, below_.data(), N_ + 1,
                 sources_[static_cast<std::size_t>(source + 1)].coefficient.data());
  }
}

Vec TaylorModels::leave_element(const Source& of, std::size_t i, const Vec* coefficient,
                                bool has_own, bool pair, Vec* below) {
  const Vec constant = coefficient[0], slope = of.slope[i];
  Vec linear = {};
  for (std::size_t k = 1; k <= N_; ++k) linear += vabs(coefficient[k]);
  const Vec all = vabs(constant) + linear;
  Vec error = linear * of.tilted[i] + all * of.bent[i];  // what is of degree 2
  if (has_own) error += all * of.own[i];
  // Errors are of the third power of what z's parts of degree 1 are, which halving an input lessens
  // in proportion to its own part.
  const bool both = pair && has_own;
  Vec parts = broadcast(1e-300), other = broadcast(1e-300);
  for (std::size_t k = 0; k < N_; ++k) {
    parts += vabs(of.tilt[i * N_ + k]);
    if (both) other += vabs(of.tilt[(i + 1) * N_ + k]);
  }
  const Vec per_part = (both ? 0.5 : 1.0) * error / parts, per_other = 0.5 * error / other;
  for (std::size_t k = 0; k < N_; ++k) {
    score_[k] += per_part * vabs(of.tilt[i * N_ + k]);
    if (both) score_[k] += per_other * vabs(of.tilt[(i + 1) * N_ + k]);
  }
  below[0] = constant * slope;
  Vec magnitude = vabs(below[0]);
  for (std::size_t k = 1; k <= N_; ++k) {
    below[k] = coefficient[k] * slope + constant * of.tilt[i * N_ + k - 1];
    magnitude += vabs(below[k]);
  }
  return error + magnitude * of.charge[i];
}

/// From the coefficients of the layer's errors to those of what it reads; returns what its own
/// errors add.
Vec TaylorModels::leave_layer(std::size_t k) {
  Source& of = sources_[k + 1];
  const AffineForm& form = problem_.system->layers[k];
  const bool pairs = problem_.system->activations[k].curve == Curve::product;
  const std::size_t width = N_ + 1;
  Vec total = {};
  for (const RowBlock& block : layout_.blocks[k]) {
    const auto begin = static_cast<std::size_t>(block.first),
               end = begin + static_cast<std::size_t>(block.count);
    Mask used = {};
    for (std::size_t i = begin; i < end; ++i) {
      Vec* coefficient = of.coefficient.data() + i * width;
      const bool second = pairs && i % 2 == 1;
      // Both factors take the product's.
      if (pairs && !second) std::copy_n(coefficient, width, product_.begin());
      const Vec* from = second ? product_.data() : coefficient;
      Mask here = {};
      for (std::size_t c = 0; c < width; ++c) here |= from[c] != Vec{};
      if (!any(here)) {
        std::fill_n(below_.begin() + static_cast<std::ptrdiff_t>((i - begin) * width), width,
                    Vec{});
        continue;
      }
      used |= here;
      total += leave_element(of, i, from, !second, pairs, below_.data() + (i - begin) * width);
      std::fill_n(coefficient, width, Vec{});
    }
    if (any(used)) scatter(form, block);
  }
  return total;
}

Vec TaylorModels::remainder_of(const Vec* multipliers) {
  const Vec zero = {};
  const std::size_t S = problem_.strict.size();
  Vec added = zero, total = zero;
  std::fill(score_.begin(), score_.end(), zero);
  for (std::size_t s = 0; s < S; ++s) {
    const Vec m = multipliers[s];
    added += select(m == zero, zero, m * row_remainder_[s]);
    total += select(m == zero, zero, m * row_charge_[s]);
  }
  for (const RowBlock& block : layout_.blocks.back()) {
    std::fill(below_.begin(), below_.end(), zero);
    for (int r = 0; r < block.count; ++r)
      below_[static_cast<std::size_t>(r) * (N_ + 1)] = multipliers[block.first + r];
    scatter(problem_.clause_rows, block);
  }
  for (std::size_t k = problem_.system->layers.size(); k-- > 0;) total += leave_layer(k);
  Source& input = sources_[0];
  for (std::size_t i = 0; i < layout_.column_of.size(); ++i) {
    for (std::size_t c = 0; c <= N_; ++c)
      total += vabs(input.coefficient[i * (N_ + 1) + c]) * input.remainder(i);
  }
  std::fill(input.coefficient.begin(), input.coefficient.end(), zero);
  total = total * (1.0 + 8.0 * layout_.gamma) + kUnderflow;
  added = added * (1.0 + kRounding);
  return select((total < added) & moderate_, total, added);
}

/// t_i^2 lies above its tangents and below 1. t_i t_j lies above c (t_i + t_j) - 1 and below c (t_i
/// - t_j) + 1 for c in [-1, 1], which meet it in the corner where the linear part is least if c is
/// chosen by that; or, q t_i t_j >= -|q| (t_i^2 + t_j^2) / 2. The better one counts.
Vec TaylorModels::lower_line(const Vec* polynomial, Vec remainder, Vec magnitude,
                             Vec* slopes) const {
  const Vec zero = {}, one = broadcast(1.0);
  Vec best = broadcast(-kInfinity), offset = best;
  Vec slope[kMostForwardPassInputs], square[kMostForwardPassInputs];
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
        const Mask j_high = polynomial[1 + j]<zero, same = ~(i_high ^ j_high), rising = q> zero;
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
  return offset - (remainder + kRounding * magnitude + kUnderflow);
}

void TaylorModels::write_linear_bound(std::size_t s, const Vec* slopes, Vec offset,
                                      const Vec* centre, const Vec* half) {
  Vec* linear = result.linear_bound.data() + s * (N_ + 1);
  Vec b = offset, magnitude = vabs(offset);
  for (std::size_t i = 0; i < N_; ++i) {
    linear[i] = slopes[i] / half[i];
    b -= linear[i] * centre[i];
    magnitude += vabs(linear[i]) * (vabs(centre[i]) + half[i]);
  }
  linear[N_] = b - kRounding * magnitude;
}

/// Multipliers of the other rows and of the half-spaces that lift the least value of row s plus
/// these: coordinate ascent on the lines, which only proposes them.
void TaylorModels::choose_multipliers(std::size_t s, const Vec* half,
                                      const Halfspaces& halfspaces) {
  const std::size_t S = problem_.strict.size(), K = S + static_cast<std::size_t>(halfspaces.count);
  const Vec zero = {};
  multiplier_.assign(K, zero);
  multiplier_[s] = broadcast(1.0);
  const auto normal = [&](std::size_t k, std::size_t i) {
    return k < S ? line_[k * N_ + i] : halfspaces.normal_x[(k - S) * (N_ + 1) + i] * half[i];
  };
  const auto constant = [&](std::size_t k) {
    return k < S ? line_offset_[k] : halfspaces.at_centre[k - S];
  };
  for (std::size_t i = 0; i < N_; ++i) objective_[i] = normal(s, i);
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t k = 0; k < K; ++k) {
      if (k == s) continue;
      Vec value = zero;
      for (std::size_t i = 0; i < N_; ++i) value -= vabs(objective_[i]);
      const Vec step = best_step(
          static_cast<int>(N_), objective_.data(),
          [&](int i) { return normal(k, static_cast<std::size_t>(i)); }, [](int) { return 1.0; },
          [&](int i) {
            const auto j = static_cast<std::size_t>(i);
            return -objective_[j] / normal(k, j);
          },
          constant(k), multiplier_[k], value);
      multiplier_[k] = vmax(multiplier_[k] + step, zero);
      for (std::size_t i = 0; i < N_; ++i) objective_[i] += step * normal(k, i);
    }
  }
}

/// Adds the other rows and the half-spaces to row s; the polynomials' sum is bounded.
void TaylorModels::refute(std::size_t s, const Vec* half, const Halfspaces& halfspaces) {
  const std::size_t S = problem_.strict.size();
  const Vec zero = {};
  choose_multipliers(s, half, halfspaces);
  for (Vec& c : total_) c = zero;
  Vec magnitude = zero;
  for (std::size_t k = 0; k < multiplier_.size(); ++k) {
    const Vec m = multiplier_[k];
    if (!any(m != zero)) continue;
    if (k < S) {
      for (std::size_t c = 0; c < M_; ++c) total_[c] += m * rows_[k * M_ + c];
      magnitude += select(m == zero, zero, m * row_magnitude_[k]);
    } else {
      total_[0] += m * halfspaces.at_centre[k - S];
      magnitude += m * halfspaces.magnitude[k - S];
      for (std::size_t i = 0; i < N_; ++i)
        total_[1 + i] += m * (halfspaces.normal_x[(k - S) * (N_ + 1) + i] * half[i]);
    }
  }
  Vec offset = lower_line(total_.data(), zero, magnitude * 2.0, objective_.data());
  for (std::size_t i = 0; i < N_; ++i) offset -= vabs(objective_[i]);
  if (!any(~result.refuted & (offset > zero))) return;  // not even without a remainder
  // A coefficient is a sum over that many rows; there may be thousands.
  const double gamma = gamma_bound(2.0 * static_cast<double>(multiplier_.size()) + 8.0);
  offset -=
      (remainder_of(multiplier_.data()) + gamma * magnitude) * (1.0 + 4.0 * gamma + kRounding);
  result.refuted |= (offset > kRounding * magnitude) & (offset < kOverflow);
  const Mask nearer = offset > nearest;
  nearest = select(nearer, offset, nearest);
  for (std::size_t i = 0; i < N_; ++i)
    result.branching_score[i] = select(nearer, score_[i], result.branching_score[i]);
}

void TaylorModels::bound_rows(const Vec* centre, const Vec* half, const Halfspaces& halfspaces) {
  const std::size_t S = problem_.strict.size();
  for (const RowBlock& block : layout_.blocks.back()) {
    combine(problem_.clause_rows, block, row_charge_);
    const auto begin = static_cast<std::size_t>(block.first),
               end = begin + static_cast<std::size_t>(block.count);
    for (std::size_t s = begin; s < end; ++s) {
      const Element& row = block_[s - begin];
      std::copy_n(row.polynomial, M_, rows_.data() + s * M_);
      row_remainder_[s] = row.remainder;
      row_magnitude_[s] = row.magnitude;
    }
  }
  for (std::size_t s = 0; s < S; ++s) {
    multiplier_.assign(S, Vec{});
    multiplier_[s] = broadcast(1.0);
    row_remainder_[s] = remainder_of(multiplier_.data());
    Vec* line = line_.data() + s * N_;
    line_offset_[s] = lower_line(rows_.data() + s * M_, row_remainder_[s], row_magnitude_[s], line);
    result.lower[s] = line_offset_[s] - kRounding * row_magnitude_[s];
    for (std::size_t i = 0; i < N_; ++i) result.lower[s] -= vabs(line[i]);
    result.refuted |= (result.lower[s] > Vec{}) & (result.lower[s] < kOverflow);
    write_linear_bound(s, line, line_offset_[s], centre, half);
  }
  nearest = broadcast(-kInfinity);
  for (std::size_t s = 0; s < S; ++s) refute(s, half, halfspaces);
}

}  // namespace clipbound::bounds
