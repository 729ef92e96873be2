// Idea: Bounds of rows: forward, and by backward substitution with the lanes' relaxations, which is
// tighter because signs are seen after cancellation. The better one counts.
// Source, guarantees, legend: forward_bounder.h.
#include "bounds/forward/forward_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"

namespace clipbound::bounds {

void ForwardBounder::scatter(const AffineForm& form, std::size_t i, Vec multiplier) {
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    std::vector<Vec>& to = sources_[static_cast<std::size_t>(source + 1)].coefficient;
    const auto index = rows.indices(static_cast<std::int64_t>(i));
    const auto value = rows.values(static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < index.size(); ++j)
      to[static_cast<std::size_t>(index[j])] += multiplier * value[j];
  }
}

Vec ForwardBounder::substitute_row(const Batch& batch, std::size_t s) {
  const LayeredSystem& system = *problem_.system;
  const Vec zero = {};
  const AffineForm& row = problem_.clause_rows;
  // The row's own rounding: the magnitude of its terms was summed by combine().
  Vec error = row.radius[s] + 4.0 * layout_.gamma * row_magnitude_ + underflow_,
      sum = broadcast(row.constant[s]), intercept = zero, intercept_magnitude = zero;
  scatter(row, s, broadcast(1.0));
  for (Vec& score : row_score_) score = zero;
  for (std::size_t k = system.layers.size(); k-- > 0;) {
    Source& of = sources_[k + 1];
    const AffineForm& form = system.layers[k];
    const bool products = system.activations[k].curve == Curve::product;
    Vec product = zero;  // the coefficient of the last product, which both its factors take
    for (std::size_t i = 0; i < of.coefficient.size(); ++i) {
      const Vec g = products && i % 2 == 1 ? product : of.coefficient[i];
      product = g;
      if (!any(g != zero)) continue;
      of.coefficient[i] = zero;
      // g f(z) >= g (slope z + offset); roundings are charged as in ReducedBounder::substitute().
      const Vec gap = vabs(g) * of.gap[i];
      if (any(gap > zero)) {
        for (std::size_t c = 0; c + 1 < width_; ++c)
          row_score_[c] += gap * of.sensitivity[i * (width_ - 1) + c];
      }
      const Mask negative = g < zero;
      const Vec p = g * select(negative, of.upper_slope[i], of.lower_slope[i]);
      const Vec q =
          select(g == zero, zero, g * select(negative, of.upper_offset[i], of.lower_offset[i]));
      intercept += q;
      intercept_magnitude += vabs(q);
      error += select(p == zero, zero, vabs(p) * of.slack[i]);
      if (!any(p != zero)) continue;
      sum += p * form.constant[i];
      scatter(form, i, p);
    }
  }
  Vec total = sum + intercept, magnitude = vabs(sum) + intercept_magnitude;
  for (std::size_t i = 0; i < layout_.column_of.size(); ++i) {
    const Vec a = sources_[0].coefficient[i];
    sources_[0].coefficient[i] = zero;
    if (layout_.column_of[i] >= 0) {
      low_[static_cast<std::size_t>(layout_.column_of[i])] = a;
      continue;
    }
    const Vec x = select(a < zero, broadcast(problem_.upper[i]), broadcast(problem_.lower[i]));
    total += a * x;
    magnitude += vabs(a * x);
  }
  for (std::size_t k = 0; k + 1 < width_; ++k) magnitude += vabs(low_[k]) * largest_x_[k];
  low_[width_ - 1] =
      total - (error + 8.0 * layout_.gamma * magnitude) * (1.0 + 8.0 * layout_.gamma);
  return concretize_lower(batch.boxes, low_.data(), low_[width_ - 1] - 0x1p-46 * magnitude);
}

void ForwardBounder::bound_row(const Batch& batch, std::size_t s, Vec error) {
  const std::size_t N = width_ - 1;
  const Vec magnitude = magnitude_of(low_.data(), high_.data());
  const Vec base = low_[N] - error - 0x1p-46 * magnitude;
  Vec lower = concretize_lower(batch.boxes, low_.data(), base);
  if (clipping_.applies(batch.clipping) && any(!(lower > Vec{})))
    lower = vmax(clipping_.lower_bound(low_.data(), base, batch.clipping), lower);
  Vec* linear = batch.rows.linear_bound.data() + s * width_;
  for (std::size_t k = 0; k < N; ++k) linear[k] = low_[k];
  linear[N] = base - (vabs(low_[N]) + error) * 0x1p-46;
  Vec backward = substitute_row(batch, s);
  if (clipping_.applies(batch.clipping) && any(!(backward > Vec{}))) {
    backward =
        vmax(clipping_.lower_bound(low_.data(), low_[N] - 0x1p-46 * vabs(low_[N]), batch.clipping),
             backward);
  }
  const Mask tighter = (backward > lower) & (vabs(backward) < kOverflow);
  for (std::size_t k = 0; k < width_; ++k) linear[k] = select(tighter, low_[k], linear[k]);
  lower = select(tighter, backward, lower);
  batch.rows.lower[s] = lower;
  // A row whose relaxations lose nothing, as one over inputs alone, says nothing of where to split.
  Vec gaps = {};
  for (const Vec& score : row_score_) gaps += score;
  const Mask nearer = (lower > nearest_) & (gaps > Vec{});
  nearest_ = select(nearer, lower, nearest_);
  for (std::size_t k = 0; k < N; ++k) {
    // As ReducedBounder::score_inputs().
    const Vec score = row_score_[k] * (batch.boxes.upper_x[k] - batch.boxes.lower_x[k]);
    batch.rows.branching_score[k] =
        s == 0 ? score : select(nearer, score, batch.rows.branching_score[k]);
  }
  const Mask excluded = problem_.strict[s] != 0 ? (lower >= Vec{}) : (lower > Vec{});
  batch.rows.refuted |= excluded & (lower < kOverflow);
}

void ForwardBounder::bound_rows(const Batch& batch) {
  batch.rows.refuted = infeasible_;
  nearest_ = broadcast(-kInfinity);
  for (const RowBlock& block : layout_.blocks.back()) {
    combine(problem_.clause_rows, block);
    for (int r = 0; r < block.count; ++r)
      bound_row(batch, static_cast<std::size_t>(block.first + r), load_row(r));
  }
}

}  // namespace clipbound::bounds
