#include "bounds/forward/forward_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/limits.h"

namespace clipbound::bounds {

namespace {
/// Whether most neurons have a curvature: polynomials of degree 2 say no more of a kink than linear
/// bounds do.
bool is_smooth(const LayeredSystem& system) {
  std::int64_t smooth = 0, others = 0;
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const Curve curve = system.activations[k].curve;
    if (curve == Curve::identity) continue;
    (is_smooth(curve) ? smooth : others) += system.layers[k].size();
  }
  return smooth > others;
}
}  // namespace

std::unique_ptr<BatchBounder> ForwardProblem::make_bounder(
    int most_halfspaces, std::unique_ptr<BatchBounder> /*previous*/) const {
  return std::make_unique<ForwardBounder>(*this, most_halfspaces);
}

ForwardBounder::ForwardBounder(const ForwardProblem& problem, int most_halfspaces)
    : problem_(problem), layout_(problem), width_(problem_.kept.size() + 1) {
  const LayeredSystem& system = *problem_.system;
  sources_.resize(layout_.sizes.size());
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const std::size_t size = layout_.sizes[k];
    sources_[k].middle.assign(size * width_, Vec{});
    sources_[k].half.assign(size * width_, Vec{});
    sources_[k].errors.assign(size * 2, Vec{});
    sources_[k].coefficient.assign(size, Vec{});
    if (k == 0) continue;
    Source& to = sources_[k];
    for (auto* array :
         {&to.lower_slope, &to.lower_offset, &to.upper_slope, &to.upper_offset, &to.slack, &to.gap})
      array->assign(size, Vec{});
    to.sensitivity.assign(size * (width_ - 1), Vec{});
  }
  for (auto* array : {&low_, &high_, &below_, &above_, &mirrored_, &first_low_, &first_high_})
    array->resize(width_);
  for (auto* array : {&block_middle_, &block_half_}) array->resize(kBlockRows * width_);
  block_errors_.resize(kBlockRows * 2);
  largest_x_.resize(width_ - 1);
  row_score_.resize(width_ - 1);
  // Products that underflow lose up to 2^-1075 each, times a source or a z; there are fewer than
  // 2^40 of them. Sources that intervals leave unbounded may have linear bounds in a lane, of
  // magnitudes below kOverflow.
  double largest = 1.0;
  for (const auto& [source, magnitude] : system.magnitudes) {
    for (const double m : magnitude) largest = std::max(largest, std::min(m, kOverflow));
  }
  underflow_ = 0x1p-1000 * largest;
  for (const AffineForm& layer : system.layers)
    ranges_.push_back(
        {std::vector<Vec>(layer.constant.size()), std::vector<Vec>(layer.constant.size())});
  clipping_.resize(problem.inputs, most_halfspaces);
  if (width_ <= kMostTaylorInputs + 1 && is_smooth(system))
    taylor_ = std::make_unique<TaylorModels>(problem);
}

void ForwardBounder::fill_input(const BoxBatch& boxes) {
  for (std::size_t k = 0; k + 1 < width_; ++k)
    largest_x_[k] = vmax(vabs(boxes.lower_x[k]), vabs(boxes.upper_x[k]));
  Source& input = sources_[0];
  for (std::size_t i = 0; i < layout_.column_of.size(); ++i) {
    std::fill(below_.begin(), below_.end(), Vec{});
    std::fill(above_.begin(), above_.end(), Vec{});
    if (layout_.column_of[i] >= 0) {
      below_[static_cast<std::size_t>(layout_.column_of[i])] =
          above_[static_cast<std::size_t>(layout_.column_of[i])] = broadcast(1.0);
    } else {
      below_[width_ - 1] = broadcast(problem_.lower[i]);
      above_[width_ - 1] = broadcast(problem_.upper[i]);
    }
    store(input, i);
  }
}

void ForwardBounder::combine(const AffineForm& form, const RowBlock& block) {
  for (auto* array : {&block_middle_, &block_half_, &block_errors_})
    std::fill(array->begin(), array->end(), Vec{});
  double terms[kBlockRows] = {};
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const Source& from = sources_[static_cast<std::size_t>(source + 1)];
    accumulate_rows(rows, block, RowWeights::coefficients, from.middle.data(), width_,
                    block_middle_.data());
    accumulate_rows(rows, block, RowWeights::magnitudes, from.half.data(), width_,
                    block_half_.data());
    accumulate_rows(rows, block, RowWeights::magnitudes, from.errors.data(), 2,
                    block_errors_.data());
    for (int r = 0; r < block.count; ++r)
      terms[r] += static_cast<double>(rows.indices(block.first + r).size());
  }
  for (int r = 0; r < block.count; ++r) {
    const auto i = static_cast<std::size_t>(r), element = static_cast<std::size_t>(block.first) + i;
    block_middle_[i * width_ + width_ - 1] += form.constant[element];
    const Vec error = block_errors_[2 * i],
              magnitude = block_errors_[2 * i + 1] + std::fabs(form.constant[element]);
    // As forward_affine() does for one box: every coefficient of the lower (upper) bound is a sum
    // of products, each of a weight and middle - half (+ half) of a source. Those two are no larger
    // than the larger of the source's bounds, so the |terms| add up to 2 magnitude at most.
    const double gamma = gamma_bound(2.0 * terms[r] + 16.0);
    // Of the sources themselves, which lie within their errors of the bounds.
    block_magnitude_[r] = magnitude + error;
    block_error_[r] =
        (error + form.radius[element] + 2.0 * gamma * magnitude) * (1.0 + 4.0 * gamma) + underflow_;
  }
}

Vec ForwardBounder::load_row(int r) {
  const std::size_t first = static_cast<std::size_t>(r) * width_;
  for (std::size_t k = 0; k < width_; ++k) {
    low_[k] = block_middle_[first + k] - block_half_[first + k];
    high_[k] = block_middle_[first + k] + block_half_[first + k];
  }
  row_magnitude_ = block_magnitude_[r];
  return block_error_[r];
}

void ForwardBounder::bound_layer(const Batch& batch, std::size_t k) {
  const AffineForm& form = problem_.system->layers[k];
  for (const RowBlock& block : layout_.blocks[k]) {
    combine(form, block);
    for (int r = 0; r < block.count; ++r)
      bound_element(batch, k, static_cast<std::size_t>(block.first + r), load_row(r));
  }
}

void ForwardBounder::bound_element(const Batch& batch, std::size_t k, std::size_t i, Vec error) {
  const AffineForm& form = problem_.system->layers[k];
  const Activation activation = problem_.system->activations[k];
  Source& to = sources_[k + 1];
  const Vec zero = {};
  to.slack[i] =
      (form.radius[i] + 4.0 * layout_.gamma * row_magnitude_) * (1.0 + 4.0 * layout_.gamma) +
      underflow_;
  if (activation.curve == Curve::identity) {
    to.lower_slope[i] = to.upper_slope[i] = broadcast(1.0);
    below_ = low_;
    above_ = high_;
    store(to, i);
    to.error(i) = error + 4.0 * kUnitRoundoff * to.magnitude(i);
    return;
  }
  // Of the concretizations' own sums.
  const Vec rounding = 0x1p-46 * magnitude_of(low_.data(), high_.data());
  for (std::size_t c = 0; c < width_; ++c) mirrored_[c] = -high_[c];
  const Vec base_low = low_[width_ - 1] - error - rounding,
            base_high = mirrored_[width_ - 1] - error - rounding;
  Vec l = concretize_lower(batch.boxes, low_.data(), base_low),
      u = concretize_lower(batch.boxes, mirrored_.data(), base_high);
  const bool relu = activation.curve == Curve::relu;
  if (clipping_.applies(batch.clipping)) {
    if (!relu || any((l < zero) & (u < zero))) {
      l = vmax(clipping_.lower_bound(low_.data(), base_low, batch.clipping), l);
      u = vmax(clipping_.lower_bound(mirrored_.data(), base_high, batch.clipping), u);
    }
  }
  u = -u;
  // What is not a number, or has overflowed, is unbounded.
  l = select(vabs(l) < kOverflow, l, broadcast(-kInfinity));
  u = select(vabs(u) < kOverflow, u, broadcast(kInfinity));
  if (const IntervalVector& limits = problem_.system->limits[k].z; !limits.lower.empty()) {
    l = vmax(l, broadcast(limits.lower[i]));
    u = vmin(u, broadcast(limits.upper[i]));
  }
  const Mask none = l > u;  // no point of the box satisfies the half-spaces
  infeasible_ |= none;
  u = select(none, l, u);
  ranges_[k].lower[i] = l;
  ranges_[k].upper[i] = u;
  if (activation.curve != Curve::product) {
    activate_element(activation, to, i, l, u, error);
  } else if (i % 2 == 1) {
    activate_product(batch, to, i, {low_.data(), high_.data(), base_low, -base_high, l, u}, error);
  } else {
    first_low_ = low_;
    first_high_ = high_;
    first_base_low_ = base_low;
    first_base_high_ = -base_high;
    first_l_ = l;
    first_u_ = u;
    first_error_ = error;
  }
}

/// Second-order bounds of what linear bounds left open; only now and then where they refute little
/// more (decision 19).
void ForwardBounder::bound_by_taylor_models(const Batch& batch) {
  // A share of the open lanes that repays the costs; of a batch's weight after the next.
  constexpr double kWorth = 0.125, kMemory = 0.95;
  constexpr int kProbe = 16;
  const bool probe = ++batches_ % kProbe == 0;
  if (tried_ > 4.0 * kLanes && gained_ < kWorth * tried_ && !probe) return;
  const int used = batch.clipping.complete
                       ? std::min(batch.boxes.halfspace_count, batch.clipping.most_halfspaces)
                       : 0;
  const Mask before = batch.rows.refuted;
  taylor_->bound(
      clipping_.centre(), clipping_.half(),
      {used, batch.boxes.halfspaces.data(), clipping_.at_centre(), clipping_.magnitude()}, ranges_);
  merge_taylor(batch);
  tried_ *= kMemory;
  gained_ *= kMemory;
  for (int lane = 0; lane < kLanes; ++lane) {
    tried_ += before[lane] == 0 ? 1.0 : 0.0;
    gained_ += before[lane] == 0 && batch.rows.refuted[lane] != 0 ? 1.0 : 0.0;
  }
}

/// What halving an input gains by linear bounds and by polynomials, as shares (decision 21): where
/// boxes are large, remainders say little, and where they are small, the relaxations' gaps are not
/// what keeps a box open.
void ForwardBounder::merge_scores(const Batch& batch) const {
  const Mask judged = (taylor_->nearest > -kOverflow) & (taylor_->nearest < kOverflow);
  Vec linear_sum = broadcast(1e-300), polynomial_sum = linear_sum;
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    linear_sum += batch.rows.branching_score[k];
    polynomial_sum += taylor_->result.branching_score[k];
  }
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    batch.rows.branching_score[k] = select(judged,
                                           batch.rows.branching_score[k] / linear_sum +
                                               taylor_->result.branching_score[k] / polynomial_sum,
                                           batch.rows.branching_score[k]);
  }
}

/// The better bound of every row and lane.
void ForwardBounder::merge_taylor(const Batch& batch) const {
  batch.rows.refuted |= taylor_->result.refuted;
  merge_scores(batch);
  for (std::size_t s = 0; s < problem_.strict.size(); ++s) {
    const Vec* from = taylor_->result.linear_bound.data() + s * width_;
    Mask better =
        (taylor_->result.lower[s] > batch.rows.lower[s]) & (taylor_->result.lower[s] < kOverflow);
    for (std::size_t k = 0; k < width_; ++k) better &= vabs(from[k]) < kOverflow;
    Vec* linear = batch.rows.linear_bound.data() + s * width_;
    for (std::size_t k = 0; k < width_; ++k) linear[k] = select(better, from[k], linear[k]);
    batch.rows.lower[s] = select(better, taylor_->result.lower[s], batch.rows.lower[s]);
  }
}

void ForwardBounder::bound(BoxBatch& boxes, const Clipping& clipping, RowBounds& rows) {
  const Batch batch{boxes, clipping, rows};
  clipping_.prepare(boxes.lower_x.data(), boxes.upper_x.data(), boxes.halfspace_count,
                    boxes.halfspaces.data());
  infeasible_ = Mask{};
  fill_input(boxes);
  for (std::size_t k = 0; k < problem_.system->layers.size(); ++k) bound_layer(batch, k);
  bound_rows(batch);
  if (taylor_ != nullptr && !all(rows.refuted)) bound_by_taylor_models(batch);
}

void ForwardBounder::evaluate(const Vec* point, Vec* values) {
  const LayeredSystem& system = *problem_.system;
  values_.resize(system.layers.size() + 1);
  values_[0].resize(layout_.column_of.size());
  for (std::size_t i = 0; i < layout_.column_of.size(); ++i) {
    values_[0][i] = layout_.column_of[i] >= 0
                        ? point[layout_.column_of[i]]
                        : broadcast(0.5 * problem_.lower[i] + 0.5 * problem_.upper[i]);
  }
  const auto value_at = [&](const AffineForm& form, std::size_t i) {
    Vec sum = broadcast(form.constant[i]);
    for (const auto& [source, coefficients] : form.terms) {
      const SparseRows& rows = coefficients.written();
      const std::vector<Vec>& from = values_[static_cast<std::size_t>(source + 1)];
      const auto index = rows.indices(static_cast<std::int64_t>(i));
      const auto value = rows.values(static_cast<std::int64_t>(i));
      for (std::size_t j = 0; j < index.size(); ++j)
        sum += value[j] * from[static_cast<std::size_t>(index[j])];
    }
    return sum;
  };
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const AffineForm& form = system.layers[k];
    values_[k + 1].resize(form.constant.size());
    for (std::size_t i = 0; i < form.constant.size(); ++i) {
      Vec z = value_at(form, i);
      if (system.activations[k].curve == Curve::product) {
        values_[k + 1][i] = z;
        if (i % 2 == 1) values_[k + 1][i - 1] *= z;
        continue;
      }
      for (int lane = 0; lane < kLanes; ++lane) z[lane] = value_of(system.activations[k], z[lane]);
      values_[k + 1][i] = z;
    }
  }
  for (std::size_t s = 0; s < problem_.strict.size(); ++s)
    values[s] = value_at(problem_.clause_rows, s);
}

}  // namespace clipbound::bounds
