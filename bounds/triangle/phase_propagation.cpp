#include "bounds/triangle/phase_propagation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/rounding.h"

namespace clipbound::bounds {

namespace {

/// A bound is tightened only by so much of what its interval is wide at the box, or to its other
/// end's side of 0: else it creeps for ever.
constexpr double kLeastGain = 0.02;

}  // namespace

PhasePropagation::PhasePropagation(std::shared_ptr<const ClauseConstraints> constraints)
    : constraints_(std::move(constraints)),
      lower_(constraints_->lower),
      upper_(constraints_->upper) {
  const base::LinearRows& rows = constraints_->rows;
  const std::size_t columns = constraints_->columns();
  latest_.assign(2 * columns, -1);
  first_row_.assign(columns + 1, 0);
  for (const std::int32_t j : rows.column) ++at(first_row_, j + 1);
  for (std::size_t j = 0; j < columns; ++j) first_row_[j + 1] += first_row_[j];
  rows_of_.resize(rows.column.size());
  std::vector<std::int64_t> next(first_row_.begin(), first_row_.end() - 1);
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    for (auto e = at(rows.start, i); e < at(rows.start, i + 1); ++e)
      at(rows_of_, at(next, at(rows.column, e))++) = static_cast<std::int32_t>(i);
  }
  in_queue_.assign(static_cast<std::size_t>(rows.count()), 0);
  neuron_in_queue_.assign(static_cast<std::size_t>(constraints_->neurons()), 0);
}

double PhasePropagation::take_work() {
  return std::exchange(work_, 0.0);
}

bool PhasePropagation::begin() {
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(constraints_->rows.count()); ++i) {
    queue_.push_back(i);
    at(in_queue_, i) = 1;
  }
  for (std::int32_t u = 0; u < constraints_->neurons(); ++u) {
    queue_.push_back(-1 - u);
    at(neuron_in_queue_, u) = 1;
  }
  const bool possible = propagate();
  if (!possible) return false;
  // What holds without any decision is nobody's consequence.
  changes_.clear();
  std::fill(latest_.begin(), latest_.end(), -1);
  return true;
}

bool PhasePropagation::set_phase(DecidedPhase phase) {
  decisions_.push_back({phase, changes_.size()});
  const std::int32_t z = at(constraints_->z, phase.neuron);
  if (phase.phase == ReluPhase::active)
    return is_active(phase.neuron) || tighten(z, Side::lower, 0.0, kOfDecision);
  return is_inactive(phase.neuron) ||
         (tighten(z, Side::upper, 0.0, kOfDecision) &&
          tighten(at(constraints_->a, phase.neuron), Side::upper, 0.0, kOfReLU));
}

bool PhasePropagation::decide(DecidedPhase phase) {
  return decide_all({&phase, 1});
}

bool PhasePropagation::decide_all(std::span<const DecidedPhase> phases) {
  for (const DecidedPhase& phase : phases) {
    if (set_phase(phase)) continue;
    clear_queue(0);
    return false;
  }
  return propagate();
}

void PhasePropagation::take_back(std::size_t decisions) {
  if (decisions >= decisions_.size()) return;
  const std::size_t first = decisions_[decisions].first_change;
  for (std::size_t c = changes_.size(); c-- > first;) {
    const Change& change = changes_[c];
    bound(change.column, change.side) = change.before;
    latest(change.column, change.side) = change.earlier;
  }
  changes_.resize(first);
  decisions_.resize(decisions);
  failed_ = false;
}

void PhasePropagation::wake_rows_of(std::int32_t column) {
  for (auto k = at(first_row_, column); k < at(first_row_, column + 1); ++k) {
    const std::int32_t row = at(rows_of_, k);
    if (at(in_queue_, row) != 0) continue;
    at(in_queue_, row) = 1;
    queue_.push_back(row);
  }
  const std::int32_t u = at(constraints_->unstable, column);
  if (u < 0 || at(neuron_in_queue_, u) != 0) return;
  at(neuron_in_queue_, u) = 1;
  queue_.push_back(-1 - u);
}

void PhasePropagation::fail(std::int32_t column, Side side) {
  failed_ = true;
  failed_column_ = column;
  failed_side_ = side;
}

bool PhasePropagation::tighten(std::int32_t column, Side side, double value, std::int32_t reason) {
  double& now = bound(column, side);
  const bool gains = side == Side::lower ? value > now : value < now;
  if (!gains || std::isnan(value)) return true;
  const double other = side == Side::lower ? at(upper_, column) : at(lower_, column);
  const bool empty = side == Side::lower ? value > other : value < other;
  const bool decides = side == Side::lower ? now < 0.0 && value >= 0.0 : now > 0.0 && value <= 0.0;
  const double width = at(constraints_->upper, column) - at(constraints_->lower, column);
  if (!empty && !decides && !(std::fabs(value - now) > kLeastGain * width)) return true;
  const std::int32_t u = at(constraints_->unstable, column);
  const bool sets_phase = decides && u >= 0 && at(constraints_->z, u) == column;
  changes_.push_back({now, column, latest(column, side), reason, side, sets_phase});
  latest(column, side) = static_cast<std::int32_t>(changes_.size()) - 1;
  now = value;
  if (empty) {
    fail(column, side);
    return false;
  }
  wake_rows_of(column);
  return true;
}

bool PhasePropagation::propagate() {
  // A queue in the order of waking; it ends because every step gains a part of a width.
  for (std::size_t next = 0; next < queue_.size(); ++next) {
    const std::int32_t one = queue_[next];
    bool possible = true;
    if (one >= 0) {
      at(in_queue_, one) = 0;
      possible = propagate_row(one);
    } else {
      at(neuron_in_queue_, -1 - one) = 0;
      possible = propagate_relu(-1 - one);
    }
    if (possible) continue;
    clear_queue(next + 1);
    return false;
  }
  queue_.clear();
  return true;
}

void PhasePropagation::clear_queue(std::size_t from) {
  for (std::size_t k = from; k < queue_.size(); ++k) {
    const std::int32_t one = queue_[k];
    (one >= 0 ? at(in_queue_, one) : at(neuron_in_queue_, -1 - one)) = 0;
  }
  queue_.clear();
}

bool PhasePropagation::propagate_relu(std::int32_t u) {
  const std::int32_t z = at(constraints_->z, u), a = at(constraints_->a, u);
  return tighten(a, Side::upper, std::max(at(upper_, z), 0.0), kOfReLU) &&
         tighten(a, Side::lower, std::max(at(lower_, z), 0.0), kOfReLU) &&
         tighten(z, Side::upper, at(upper_, a), kOfReLU) &&
         (!(at(lower_, a) > 0.0) || tighten(z, Side::lower, at(lower_, a), kOfReLU));
}

// least <= sum of c_j x_j <= most: each x_k is what the ends leave when all others take their least
// or their largest part.
bool PhasePropagation::propagate_row(std::int32_t row) {
  const base::LinearRows& rows = constraints_->rows;
  const auto first = at(rows.start, row), end = at(rows.start, row + 1);
  work_ += 4.0 * static_cast<double>(end - first);
  double least = 0.0, most = 0.0, magnitude = 0.0, widest = 0.0;
  for (auto e = first; e < end; ++e) {
    const double c = at(rows.value, e);
    const double l = c * at(lower_, at(rows.column, e)), h = c * at(upper_, at(rows.column, e));
    least += std::min(l, h);
    most += std::max(l, h);
    magnitude += std::max(std::fabs(l), std::fabs(h));
    widest = std::max(widest, std::fabs(h - l));
  }
  const double low = at(rows.lower, row), high = at(rows.upper, row);
  const double ends = std::max(std::isfinite(low) ? std::fabs(low) : 0.0,
                               std::isfinite(high) ? std::fabs(high) : 0.0);
  const auto terms = static_cast<double>(end - first);
  // Products, sums, two operations a column with the ends of the row, and two where it is updated
  // below; no partial sum is larger than three times the magnitudes.
  const double error = base::add_up(
      base::mul_up(base::gamma_bound(6.0 * terms + 8.0),
                   base::add_up(base::mul_up(4.0, magnitude), base::mul_up(2.0, ends))),
      0x1p-1000 * (terms + 1.0));
  if (!std::isfinite(error)) return true;
  // Where every part fits into what its row leaves, nothing follows. Long rows mostly say nothing.
  if (high - least >= widest && most - low >= widest) return true;
  for (auto e = first; e < end; ++e) {
    const double c = at(rows.value, e);
    if (c == 0.0) continue;
    const std::int32_t column = at(rows.column, e);
    const double l = c * at(lower_, column), h = c * at(upper_, column);
    const double mine_least = std::min(l, h), mine_most = std::max(l, h);
    // c x_k <= high - (least of the others), and >= low - (most of the others).
    const double above =
        std::isfinite(high) ? base::add_up((high - least) + mine_least, error) : base::kInfinity;
    const double below =
        std::isfinite(low) ? base::add_down((low - most) + mine_most, -error) : -base::kInfinity;
    const double upper = c > 0.0 ? base::next_up(above / c) : base::next_up(below / c);
    const double lower = c > 0.0 ? base::next_down(below / c) : base::next_down(above / c);
    const std::size_t before = changes_.size();
    if (!tighten(column, Side::upper, upper, row) || !tighten(column, Side::lower, lower, row))
      return false;
    if (changes_.size() == before) continue;
    // The sums go on with the new ends; the error covers these steps, too.
    const double new_l = c * at(lower_, column), new_h = c * at(upper_, column);
    least += std::min(new_l, new_h) - mine_least;
    most += std::max(new_l, new_h) - mine_most;
  }
  return true;
}

std::int32_t PhasePropagation::latest_before(std::int32_t column, Side side,
                                             std::int32_t change) const {
  std::int32_t c = at(latest_, 2 * column + (side == Side::upper ? 1 : 0));
  while (c >= change) c = at(changes_, c).earlier;
  return c;
}

void PhasePropagation::mark_used(std::int32_t reason, std::int32_t column, Side side,
                                 std::int32_t change, std::vector<char>& marked) const {
  const auto mark = [&](std::int32_t of, Side end) {
    const std::int32_t c = latest_before(of, end, change);
    if (c >= 0) at(marked, c) = 1;
  };
  if (reason == kOfReLU) {
    const std::int32_t u = at(constraints_->unstable, column);
    const bool is_z = at(constraints_->z, u) == column;
    mark(is_z ? at(constraints_->a, u) : at(constraints_->z, u), side);
    return;
  }
  const base::LinearRows& rows = constraints_->rows;
  double mine = 0.0;
  for (auto e = at(rows.start, reason); e < at(rows.start, reason + 1); ++e) {
    if (at(rows.column, e) == column) mine = at(rows.value, e);
  }
  // An upper end of c x_k comes from the others' least parts.
  const bool from_least = (side == Side::upper) == (mine > 0.0);
  for (auto e = at(rows.start, reason); e < at(rows.start, reason + 1); ++e) {
    if (at(rows.column, e) == column) continue;
    const bool positive = at(rows.value, e) > 0.0;
    mark(at(rows.column, e), positive == from_least ? Side::lower : Side::upper);
  }
}

std::vector<DecidedPhase> PhasePropagation::decided_behind(std::vector<char> marked) const {
  std::vector<DecidedPhase> phases;
  for (auto c = static_cast<std::int32_t>(marked.size()) - 1; c >= 0; --c) {
    if (at(marked, c) == 0) continue;
    const Change& change = at(changes_, c);
    if (change.reason == kOfDecision) {
      phases.push_back(phase_of(change));
    } else {
      mark_used(change.reason, change.column, change.side, c, marked);
    }
  }
  return phases;
}

std::vector<DecidedPhase> PhasePropagation::conflict() const {
  if (!failed_ || changes_.empty()) return {};
  std::vector<char> marked(changes_.size(), 0);
  // The bound that went too far, and the one it went past.
  const auto last = static_cast<std::int32_t>(changes_.size()) - 1;
  const std::int32_t past =
      latest_before(failed_column_, failed_side_ == Side::lower ? Side::upper : Side::lower, last);
  at(marked, last) = 1;
  if (past >= 0) at(marked, past) = 1;
  return decided_behind(std::move(marked));
}

std::vector<DecidedPhase> PhasePropagation::reasons_of(Unstable neuron) const {
  for (std::size_t c = 0; c < changes_.size(); ++c) {
    if (!changes_[c].sets_phase || phase_of(changes_[c]).neuron != neuron) continue;
    std::vector<char> marked(c + 1, 0);
    marked[c] = 1;
    return decided_behind(std::move(marked));
  }
  return {};
}

std::vector<DecidedPhase> PhasePropagation::phases_set() const {
  std::vector<DecidedPhase> phases;
  for (const Change& change : changes_) {
    if (change.sets_phase) phases.push_back(phase_of(change));
  }
  return phases;
}

}  // namespace clipbound::bounds
