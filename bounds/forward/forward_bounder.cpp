#include "bounds/forward/forward_bounder.h"

#include <algorithm>
#include <cmath>

#include "base/rounding.h"
#include "bounds/forward/taylor_models.h"

namespace clipbound::bounds {

namespace {
constexpr std::size_t kMostQuadratic =
    9;  // N + 1: polynomials of degree 2 have (N + 1) (N + 2) / 2 coefficients

/// Whether most neurons have a curvature: polynomials of degree 2 say no more of a kink than planes
/// do.
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

std::shared_ptr<const ReducedNetwork> forward_network(
    std::shared_ptr<const ForwardProblem> problem) {
  auto network = std::make_shared<ReducedNetwork>();
  network->inputs = static_cast<int>(problem->kept.size());
  network->rows = static_cast<int>(problem->strict.size());
  network->stride = ReducedNetwork::padded(network->inputs + 1);
  network->layer_begin = {0};
  network->coefficients.assign(static_cast<std::size_t>(network->rows * network->stride), 0.0);
  network->radius.assign(static_cast<std::size_t>(network->rows), 0.0);
  for (const int i : problem->kept) {
    network->source_max.push_back(std::max(std::fabs(problem->lower[static_cast<std::size_t>(i)]),
                                           std::fabs(problem->upper[static_cast<std::size_t>(i)])));
  }
  network->strict = problem->strict;
  network->finish();
  network->forward = std::move(problem);
  return network;
}

ForwardBounder::ForwardBounder(std::shared_ptr<const ForwardProblem> problem)
    : problem_(std::move(problem)), width_(problem_->kept.size() + 1) {
  column_of_.assign(problem_->lower.size(), -1);
  for (std::size_t k = 0; k < problem_->kept.size(); ++k)
    column_of_[static_cast<std::size_t>(problem_->kept[k])] = static_cast<int>(k);
  const LayeredSystem& system = *problem_->system;
  sources_.resize(system.layers.size() + 1);
  double neurons = 0.0;
  for (std::size_t k = 0; k < sources_.size(); ++k) {
    const std::size_t size =
        k == 0 ? problem_->lower.size() : static_cast<std::size_t>(system.layers[k - 1].size());
    sources_[k].middle.assign(size * width_, Vec{});
    sources_[k].half.assign(size * width_, Vec{});
    sources_[k].sizes.assign(size * 2, Vec{});
    sources_[k].coefficient.assign(size, Vec{});
    neurons += static_cast<double>(size);
    if (k == 0) continue;
    Source& to = sources_[k];
    for (auto* array :
         {&to.slope_low, &to.offset_low, &to.slope_high, &to.offset_high, &to.cost, &to.looseness})
      array->assign(size, Vec{});
    to.sensitivity.assign(size * (width_ - 1), Vec{});
  }
  for (auto* array : {&low_, &high_, &below_, &above_, &mirrored_, &first_low_, &first_high_})
    array->resize(width_);
  for (auto* array : {&block_middle_, &block_half_}) array->resize(kBlockRows * width_);
  block_sizes_.resize(kBlockRows * 2);
  for (const AffineForm& layer : system.layers) blocks_.push_back(row_blocks(layer));
  blocks_.push_back(row_blocks(problem_->rows));
  largest_x_.resize(width_ - 1);
  gain_.resize(width_ - 1);
  // Products that underflow lose up to 2^-1075 each, times a source or a z; there are fewer than
  // 2^40 of them. Sources that intervals leave unbounded may have planes in a lane, of sizes below
  // kOverflow.
  double largest = 1.0;
  for (const auto& [source, magnitude] : system.magnitudes) {
    for (const double m : magnitude) largest = std::max(largest, std::min(m, kOverflow));
  }
  underflow_ = 0x1p-1000 * largest;
  gamma_ = gamma_bound(2.0 * neurons + 32.0);
  for (const AffineForm& layer : system.layers)
    ranges_.push_back(
        {std::vector<Vec>(layer.constant.size()), std::vector<Vec>(layer.constant.size())});
  if (width_ <= kMostQuadratic && is_smooth(system))
    quadratic_ = std::make_unique<TaylorModels>(problem_);
}

void ForwardBounder::fill_input(const ReducedBounder& lanes) {
  for (std::size_t k = 0; k + 1 < width_; ++k)
    largest_x_[k] = vmax(vabs(lanes.lower_x[k]), vabs(lanes.upper_x[k]));
  Source& input = sources_[0];
  for (std::size_t i = 0; i < column_of_.size(); ++i) {
    std::fill(below_.begin(), below_.end(), Vec{});
    std::fill(above_.begin(), above_.end(), Vec{});
    if (column_of_[i] >= 0) {
      below_[static_cast<std::size_t>(column_of_[i])] =
          above_[static_cast<std::size_t>(column_of_[i])] = broadcast(1.0);
    } else {
      below_[width_ - 1] = broadcast(problem_->lower[i]);
      above_[width_ - 1] = broadcast(problem_->upper[i]);
    }
    store(input, i);
  }
}

void ForwardBounder::store(Source& to, std::size_t i) const {
  for (std::size_t k = 0; k < width_; ++k) {
    to.middle[i * width_ + k] = 0.5 * below_[k] + 0.5 * above_[k];
    to.half[i * width_ + k] = 0.5 * above_[k] - 0.5 * below_[k];
  }
  to.reach(i) = reach_of(below_.data(), above_.data());
}

Vec ForwardBounder::reach_of(const Vec* low, const Vec* high) const {
  Vec below = vabs(low[width_ - 1]), above = vabs(high[width_ - 1]);
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    below += vabs(low[k]) * largest_x_[k];
    above += vabs(high[k]) * largest_x_[k];
  }
  return vmax(below, above) * (1.0 + gamma_bound(static_cast<double>(2 * width_ + 8))) + 0x1p-1000;
}

void ForwardBounder::combine(const AffineForm& form, const RowBlock& block) {
  for (auto* array : {&block_middle_, &block_half_, &block_sizes_})
    std::fill(array->begin(), array->end(), Vec{});
  double terms[kBlockRows] = {};
  for (const auto& [source, rows] : form.terms) {
    const Source& from = sources_[static_cast<std::size_t>(source + 1)];
    accumulate_rows(rows, block, RowWeights::coefficients, from.middle.data(), width_,
                    block_middle_.data());
    accumulate_rows(rows, block, RowWeights::sizes, from.half.data(), width_, block_half_.data());
    accumulate_rows(rows, block, RowWeights::sizes, from.sizes.data(), 2, block_sizes_.data());
    for (int r = 0; r < block.count; ++r)
      terms[r] += static_cast<double>(rows.indices(block.first + r).size());
  }
  for (int r = 0; r < block.count; ++r) {
    const auto i = static_cast<std::size_t>(r), element = static_cast<std::size_t>(block.first) + i;
    block_middle_[i * width_ + width_ - 1] += form.constant[element];
    const Vec error = block_sizes_[2 * i],
              bulk = block_sizes_[2 * i + 1] + std::fabs(form.constant[element]);
    // As forward_affine() does for one box: every coefficient of the lower (upper) plane is a sum
    // of products, each of a weight and middle - half
    // (+ half) of a source. Those two are no larger than the larger of the source's planes, so the
    // terms' sizes add up to 2 bulk at most.
    const double gamma = gamma_bound(2.0 * terms[r] + 16.0);
    block_bulk_[r] =
        bulk + error;  // of the sources themselves, which lie within their errors of the planes
    block_error_[r] =
        (error + form.radius[element] + 2.0 * gamma * bulk) * (1.0 + 4.0 * gamma) + underflow_;
  }
}

Vec ForwardBounder::take_row(int r) {
  const std::size_t first = static_cast<std::size_t>(r) * width_;
  for (std::size_t k = 0; k < width_; ++k) {
    low_[k] = block_middle_[first + k] - block_half_[first + k];
    high_[k] = block_middle_[first + k] + block_half_[first + k];
  }
  bulk_ = block_bulk_[r];
  return block_error_[r];
}

void ForwardBounder::activate_element(const Activation& activation, Source& to, std::size_t i,
                                      Vec l, Vec u, Vec error) {
  Vec s_low, t_low, s_high, t_high;
  const Vec zero = {}, one = broadcast(1.0);
  const Vec reach = reach_of(low_.data(), high_.data());
  if (activation.curve == Curve::relu) {
    const Mask active = l >= zero, inactive = u <= zero, unstable = ~(active | inactive);
    const Vec chord = u / (u - l);
    s_low = select(active, one, select(inactive, zero, select(u > -l, one, zero)));
    s_high = select(active, one, select(inactive, zero, chord));
    t_low = zero;
    // relu(z) <= s z + t at both ends, hence between; rounded outward by more than the three
    // roundings can cost.
    t_high = select(
        unstable,
        vmax(-chord * l, u - chord * u) + (vabs(chord * l) + vabs(u)) * 0x1p-49 + 0x1p-1000, zero);
  } else {
    for (int lane = 0; lane < kLanes; ++lane) {
      const LinePair planes = relax(activation, l[lane], u[lane]);
      s_low[lane] = planes.lower_slope;
      t_low[lane] = planes.lower_offset;
      s_high[lane] = planes.upper_slope;
      t_high[lane] = planes.upper_offset;
    }
  }
  to.slope_low[i] = s_low;
  to.offset_low[i] = t_low;
  to.slope_high[i] = s_high;
  to.offset_high[i] = t_high;
  const Vec middle = 0.5 * (l + u), gap = (s_high - s_low) * middle + (t_high - t_low);
  const Vec per_width = gap / (u - l);
  to.looseness[i] = select((per_width > zero) & (per_width < kOverflow), per_width, zero);
  for (std::size_t k = 0; k + 1 < width_; ++k)
    to.sensitivity[i * (width_ - 1) + k] = vabs(low_[k]) + vabs(high_[k]);
  const Mask falling_low = s_low < zero,
             falling_high = s_high < zero;  // a falling line turns z's planes round
  for (std::size_t k = 0; k < width_; ++k) {
    below_[k] = select(s_low == zero, zero, s_low * select(falling_low, high_[k], low_[k]));
    above_[k] = select(s_high == zero, zero, s_high * select(falling_high, low_[k], high_[k]));
  }
  below_[width_ - 1] += t_low;
  above_[width_ - 1] += t_high;
  store(to, i);
  const Vec steepest = vmax(vabs(s_low), vabs(s_high)), offset = vmax(vabs(t_low), vabs(t_high));
  const Vec inherited =
      select(steepest == zero, zero,
             steepest * error + 4.0 * kUnitRoundoff * steepest * reach);  // constants need no z
  to.error(i) = (inherited + 4.0 * kUnitRoundoff * offset) * (1.0 + 0x1p-40) + underflow_;
  silence(to, i, (to.error(i) < kOverflow) & (to.reach(i) < kOverflow));
}

/// Planes that say nothing in lanes that are not sane; no NaN, no infinite coefficient may go on
/// from here.
void ForwardBounder::silence(Source& to, std::size_t i, Mask sane) {
  if (all(sane)) return;
  for (std::size_t k = i * width_; k < (i + 1) * width_; ++k) {
    to.middle[k] = select(sane, to.middle[k], Vec{});
    to.half[k] = select(sane, to.half[k], Vec{});
  }
  to.reach(i) = select(sane, to.reach(i), broadcast(kInfinity));
  to.error(i) = select(sane, to.error(i), broadcast(kInfinity));
}

/// The product of the first factor, kept in first_..., and of the second, whose planes are in low_
/// and high_.
void ForwardBounder::activate_product(const ReducedBounder& lanes, Source& to, std::size_t second,
                                      const LaneFactor& y, Vec error) {
  const std::size_t first = second - 1, N = width_ - 1;
  const LaneFactor x{first_low_.data(), first_high_.data(), first_base_low_,
                     first_base_high_,  first_l_,           first_u_};
  const LaneProduct product = relax_product(x, y, lanes.lower_x.data(), lanes.upper_x.data(), N);
  const Vec zero = {}, a = product.x_slope, b = product.y_slope,
            gap = product.upper - product.lower;
  to.slope_low[first] = to.slope_high[first] = a;
  to.slope_low[second] = to.slope_high[second] = b;
  to.offset_low[first] = product.lower;
  to.offset_high[first] = product.upper;
  to.offset_low[second] = to.offset_high[second] = zero;
  // Halving either factor's range halves the gap.
  const Vec x_loose = gap / (x.u - x.l), y_loose = gap / (y.u - y.l);
  to.looseness[first] = select((x_loose > zero) & (x_loose < kOverflow), x_loose, zero);
  to.looseness[second] = select((y_loose > zero) & (y_loose < kOverflow), y_loose, zero);
  for (std::size_t k = 0; k < N; ++k) {
    to.sensitivity[first * N + k] = vabs(x.low[k]) + vabs(x.high[k]);
    to.sensitivity[second * N + k] = vabs(y.low[k]) + vabs(y.high[k]);
  }
  const Mask x_falls = a < zero, y_falls = b < zero;
  for (std::size_t k = 0; k < width_; ++k) {
    below_[k] =
        a * select(x_falls, first_high_[k], first_low_[k]) + b * select(y_falls, high_[k], low_[k]);
    above_[k] =
        a * select(x_falls, first_low_[k], first_high_[k]) + b * select(y_falls, low_[k], high_[k]);
  }
  below_[N] += product.lower;
  above_[N] += product.upper;
  store(to, first);
  const Vec terms = vabs(a) * reach_of(first_low_.data(), first_high_.data()) +
                    vabs(b) * reach_of(low_.data(), high_.data()) +
                    vmax(vabs(product.lower), vabs(product.upper));
  // Every coefficient rounds three times, the constant four times.
  to.error(first) =
      (vabs(a) * first_error_ + vabs(b) * error + 8.0 * kUnitRoundoff * terms) * (1.0 + 0x1p-40) +
      underflow_;
  silence(to, first, (to.error(first) < kOverflow) & (to.reach(first) < kOverflow));
}

void ForwardBounder::bound_layer(ReducedBounder& lanes, std::size_t k,
                                 const ClipSettings& settings) {
  const AffineForm& form = problem_->system->layers[k];
  for (const RowBlock& block : blocks_[k]) {
    combine(form, block);
    for (int r = 0; r < block.count; ++r)
      bound_element(lanes, k, static_cast<std::size_t>(block.first + r), take_row(r), settings);
  }
}

void ForwardBounder::bound_element(ReducedBounder& lanes, std::size_t k, std::size_t i, Vec error,
                                   const ClipSettings& settings) {
  const AffineForm& form = problem_->system->layers[k];
  const Activation activation = problem_->system->activations[k];
  Source& to = sources_[k + 1];
  const Vec zero = {};
  to.cost[i] = (form.radius[i] + 4.0 * gamma_ * bulk_) * (1.0 + 4.0 * gamma_) + underflow_;
  if (activation.curve == Curve::identity) {
    to.slope_low[i] = to.slope_high[i] = broadcast(1.0);
    below_ = low_;
    above_ = high_;
    store(to, i);
    to.error(i) = error + 4.0 * kUnitRoundoff * to.reach(i);
    return;
  }
  const Vec rounding =
      0x1p-46 * reach_of(low_.data(), high_.data());  // of the concretizations' own sums
  for (std::size_t c = 0; c < width_; ++c) mirrored_[c] = -high_[c];
  const Vec base_low = low_[width_ - 1] - error - rounding,
            base_high = mirrored_[width_ - 1] - error - rounding;
  Vec l = lanes.concretize_lower(low_.data(), base_low),
      u = lanes.concretize_lower(mirrored_.data(), base_high);
  const bool relu = activation.curve == Curve::relu;
  if (settings.neurons && lanes.constraints > 0) {
    if (!relu || any((l < zero) & (u < zero))) {
      l = vmax(lanes.clip_lower(low_.data(), base_low, settings), l);
      u = vmax(lanes.clip_lower(mirrored_.data(), base_high, settings), u);
    }
  }
  u = -u;
  // What is not a number, or has overflowed, is unbounded.
  l = select(vabs(l) < kOverflow, l, broadcast(-kInfinity));
  u = select(vabs(u) < kOverflow, u, broadcast(kInfinity));
  const Mask none = l > u;  // no point of the box satisfies the constraints
  lanes.infeasible_ |= none;
  u = select(none, l, u);
  ranges_[k].lower[i] = l;
  ranges_[k].upper[i] = u;
  if (activation.curve != Curve::product) {
    activate_element(activation, to, i, l, u, error);
  } else if (i % 2 == 1) {
    activate_product(lanes, to, i, {low_.data(), high_.data(), base_low, -base_high, l, u}, error);
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

void ForwardBounder::scatter(const AffineForm& form, std::size_t i, Vec multiplier) {
  for (const auto& [source, rows] : form.terms) {
    std::vector<Vec>& to = sources_[static_cast<std::size_t>(source + 1)].coefficient;
    const auto index = rows.indices(static_cast<std::int64_t>(i));
    const auto value = rows.values(static_cast<std::int64_t>(i));
    for (std::size_t j = 0; j < index.size(); ++j)
      to[static_cast<std::size_t>(index[j])] += multiplier * value[j];
  }
}

Vec ForwardBounder::substitute_row(const ReducedBounder& lanes, std::size_t s) {
  const LayeredSystem& system = *problem_->system;
  const Vec zero = {};
  const AffineForm& row = problem_->rows;
  // The row's own rounding: its terms' sizes were summed by combine().
  Vec error = row.radius[s] + 4.0 * gamma_ * bulk_ + underflow_, sum = broadcast(row.constant[s]),
      intercept = zero, intercept_size = zero;
  scatter(row, s, broadcast(1.0));
  for (Vec& gain : gain_) gain = zero;
  for (std::size_t k = system.layers.size(); k-- > 0;) {
    Source& of = sources_[k + 1];
    const AffineForm& form = system.layers[k];
    const bool pairs = system.activations[k].curve == Curve::product;
    Vec product = zero;  // the coefficient of the last product, which both its factors take
    for (std::size_t i = 0; i < of.coefficient.size(); ++i) {
      const Vec g = pairs && i % 2 == 1 ? product : of.coefficient[i];
      product = g;
      if (!any(g != zero)) continue;
      of.coefficient[i] = zero;
      // g f(z) >= g (slope z + offset); roundings are charged as in ReducedBounder::substitute().
      const Vec loose = vabs(g) * of.looseness[i];
      if (any(loose > zero)) {
        for (std::size_t c = 0; c + 1 < width_; ++c)
          gain_[c] += loose * of.sensitivity[i * (width_ - 1) + c];
      }
      const Mask negative = g < zero;
      const Vec p = g * select(negative, of.slope_high[i], of.slope_low[i]);
      const Vec q =
          select(g == zero, zero, g * select(negative, of.offset_high[i], of.offset_low[i]));
      intercept += q;
      intercept_size += vabs(q);
      error += select(p == zero, zero, vabs(p) * of.cost[i]);
      if (!any(p != zero)) continue;
      sum += p * form.constant[i];
      scatter(form, i, p);
    }
  }
  Vec total = sum + intercept, size = vabs(sum) + intercept_size;
  for (std::size_t i = 0; i < column_of_.size(); ++i) {
    const Vec a = sources_[0].coefficient[i];
    sources_[0].coefficient[i] = zero;
    if (column_of_[i] >= 0) {
      low_[static_cast<std::size_t>(column_of_[i])] = a;
      continue;
    }
    const Vec x = select(a < zero, broadcast(problem_->upper[i]), broadcast(problem_->lower[i]));
    total += a * x;
    size += vabs(a * x);
  }
  for (std::size_t k = 0; k + 1 < width_; ++k) size += vabs(low_[k]) * largest_x_[k];
  low_[width_ - 1] = total - (error + 8.0 * gamma_ * size) * (1.0 + 8.0 * gamma_);
  return lanes.concretize_lower(low_.data(), low_[width_ - 1] - 0x1p-46 * size);
}

void ForwardBounder::bound_rows(ReducedBounder& lanes, const ClipSettings& settings) {
  lanes.refuted = lanes.infeasible_;
  nearest_ = broadcast(-kInfinity);
  for (const RowBlock& block : blocks_.back()) {
    combine(problem_->rows, block);
    for (int r = 0; r < block.count; ++r)
      bound_row(lanes, static_cast<std::size_t>(block.first + r), take_row(r), settings);
  }
}

void ForwardBounder::bound_row(ReducedBounder& lanes, std::size_t s, Vec error,
                               const ClipSettings& settings) {
  const std::size_t N = width_ - 1;
  const Vec reach = reach_of(low_.data(), high_.data());
  const Vec base = low_[N] - error - 0x1p-46 * reach;
  Vec lower = lanes.concretize_lower(low_.data(), base);
  if (settings.neurons && lanes.constraints > 0 && any(!(lower > Vec{})))
    lower = vmax(lanes.clip_lower(low_.data(), base, settings), lower);
  Vec* plane = lanes.row_plane.data() + s * width_;
  for (std::size_t k = 0; k < N; ++k) plane[k] = low_[k];
  plane[N] = base - (vabs(low_[N]) + error) * 0x1p-46;
  Vec backward = substitute_row(lanes, s);
  if (settings.neurons && lanes.constraints > 0 && any(!(backward > Vec{}))) {
    backward =
        vmax(lanes.clip_lower(low_.data(), low_[N] - 0x1p-46 * vabs(low_[N]), settings), backward);
  }
  const Mask tighter = (backward > lower) & (vabs(backward) < kOverflow);
  for (std::size_t k = 0; k < width_; ++k) plane[k] = select(tighter, low_[k], plane[k]);
  lower = select(tighter, backward, lower);
  lanes.row_lower[s] = lower;
  const Mask nearer = lower > nearest_;
  nearest_ = select(nearer, lower, nearest_);
  for (std::size_t k = 0; k < N; ++k) {
    const Vec gain = gain_[k] * (lanes.upper_x[k] -
                                 lanes.lower_x[k]);  // as ReducedBounder::estimate_split_gain()
    lanes.split_gain[k] = s == 0 ? gain : select(nearer, gain, lanes.split_gain[k]);
  }
  const Mask excluded = problem_->strict[s] != 0 ? (lower >= Vec{}) : (lower > Vec{});
  lanes.refuted |= excluded & (lower < kOverflow);
}

/// Second-order bounds of what planes left open; only now and then where they refute little more.
void ForwardBounder::bound_quadratically(ReducedBounder& lanes, const ClipSettings& settings) {
  constexpr double kWorth = 0.125, kMemory = 0.95;  // a share of the open lanes that repays the
                                                    // costs; of a batch's weight after the next
  constexpr int kProbe = 16;
  const bool probe = ++batches_ % kProbe == 0;
  if (tried_ > 4.0 * kLanes && gained_ < kWorth * tried_ && !probe) return;
  const int used = settings.neurons ? std::min(lanes.constraints, settings.most) : 0;
  const Mask before = lanes.refuted;
  quadratic_->bound(lanes.centre_.data(), lanes.half_.data(),
                    {used, lanes.constraint.data(), lanes.constraint_centre_.data(),
                     lanes.constraint_size_.data()},
                    ranges_);
  merge_quadratic(lanes);
  tried_ *= kMemory;
  gained_ *= kMemory;
  for (int lane = 0; lane < kLanes; ++lane) {
    tried_ += before[lane] == 0 ? 1.0 : 0.0;
    gained_ += before[lane] == 0 && lanes.refuted[lane] != 0 ? 1.0 : 0.0;
  }
}

/// What halving an input gains by planes and by polynomials, as shares. Neither alone will do:
/// where boxes are large, remainders say little, and where they are small, planes' losses are not
/// what keeps a box open. Measured on quadrotor2d's boxes, either may need three times as many.
void ForwardBounder::merge_gains(ReducedBounder& lanes) const {
  const Mask judged = (quadratic_->nearest > -kOverflow) & (quadratic_->nearest < kOverflow);
  Vec planes = broadcast(1e-300), polynomials = planes;
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    planes += lanes.split_gain[k];
    polynomials += quadratic_->split_gain[k];
  }
  for (std::size_t k = 0; k + 1 < width_; ++k) {
    lanes.split_gain[k] =
        select(judged, lanes.split_gain[k] / planes + quadratic_->split_gain[k] / polynomials,
               lanes.split_gain[k]);
  }
}

/// The better plane of every row and lane.
void ForwardBounder::merge_quadratic(ReducedBounder& lanes) const {
  lanes.refuted |= quadratic_->refuted;
  merge_gains(lanes);
  for (std::size_t s = 0; s < problem_->strict.size(); ++s) {
    const Vec* from = quadratic_->row_plane.data() + s * width_;
    Mask better =
        (quadratic_->row_lower[s] > lanes.row_lower[s]) & (quadratic_->row_lower[s] < kOverflow);
    for (std::size_t k = 0; k < width_; ++k) better &= vabs(from[k]) < kOverflow;
    Vec* plane = lanes.row_plane.data() + s * width_;
    for (std::size_t k = 0; k < width_; ++k) plane[k] = select(better, from[k], plane[k]);
    lanes.row_lower[s] = select(better, quadratic_->row_lower[s], lanes.row_lower[s]);
  }
}

void ForwardBounder::bound(ReducedBounder& lanes, const ClipSettings& settings) {
  fill_input(lanes);
  for (std::size_t k = 0; k < problem_->system->layers.size(); ++k) bound_layer(lanes, k, settings);
  bound_rows(lanes, settings);
  if (quadratic_ != nullptr && !all(lanes.refuted)) bound_quadratically(lanes, settings);
}

void ForwardBounder::evaluate(const Vec* point, Vec* values) {
  const LayeredSystem& system = *problem_->system;
  values_.resize(system.layers.size() + 1);
  values_[0].resize(column_of_.size());
  for (std::size_t i = 0; i < column_of_.size(); ++i) {
    values_[0][i] = column_of_[i] >= 0
                        ? point[column_of_[i]]
                        : broadcast(0.5 * problem_->lower[i] + 0.5 * problem_->upper[i]);
  }
  const auto value_at = [&](const AffineForm& form, std::size_t i) {
    Vec sum = broadcast(form.constant[i]);
    for (const auto& [source, rows] : form.terms) {
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
  for (std::size_t s = 0; s < problem_->strict.size(); ++s) values[s] = value_at(problem_->rows, s);
}

}  // namespace clipbound::bounds
