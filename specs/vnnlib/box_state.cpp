#include "specs/vnnlib/box_state.h"

#include <algorithm>
#include <bit>

#include "base/rounding.h"

namespace clipbound::specs {
namespace {

std::uint64_t mix(std::uint64_t hash, double value) {
  hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 0x9E3779B97F4A7C15ULL;
  return hash ^ (hash >> 32);
}

}  // namespace

std::int64_t BoxState::unbounded_sides(std::uint32_t input, const InputInterval& interval) const {
  if (!exempt_.empty() && exempt_[input]) return 0;
  return std::int64_t{interval.hull.lower == -kInfinity} +
         std::int64_t{interval.hull.upper == kInfinity};
}

void BoxState::exempt(std::size_t begin, std::size_t end) {
  exempt_.resize(box_.size());
  for (std::size_t i = begin; i < end; ++i) {
    unbounded_ -= exempt_[i] ? 0 : 2;
    exempt_[i] = true;
  }
}

void BoxState::undo(std::size_t mark) {
  if (trail_.size() > mark) current_.reset();
  for (; trail_.size() > mark; trail_.pop_back()) {
    InputInterval& interval = box_[trail_.back().input];
    const std::uint32_t input = trail_.back().input;
    unbounded_ += unbounded_sides(input, trail_.back().before) - unbounded_sides(input, interval);
    interval = trail_.back().before;
  }
}

bool BoxState::tighten(std::uint32_t input, const InputInterval& bound) {
  InputInterval& interval = box_[input];
  const InputInterval tighter = intersection(interval, bound);
  if (tighter != interval) {
    if (recording_) {
      if (base_.empty()) base_ = box_;
      trail_.push_back({input, interval});
    }
    current_.reset();
    unbounded_ += unbounded_sides(input, tighter) - unbounded_sides(input, interval);
    interval = tighter;
  }
  return !interval.is_empty();
}

std::uint32_t BoxState::first_unbounded() const {
  std::uint32_t input = 0;
  while (input < box_.size() && unbounded_sides(input, box_[input]) == 0) ++input;
  return input;
}

std::shared_ptr<const Box> BoxState::make(std::size_t& added_bytes) {
  added_bytes += box_.size() * sizeof(InputInterval);
  return std::make_shared<const Box>(box_);
}

std::shared_ptr<const Box> BoxState::shared(std::size_t& added_bytes) {
  if (current_) return current_;
  // Only what differs from the base enters the hash: a case that bounds few of many inputs costs
  // little.
  std::vector<std::uint32_t> changed;
  for (const Change& change : trail_) changed.push_back(change.input);
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  std::erase_if(changed, [&](std::uint32_t i) { return box_[i] == base_[i]; });
  if (changed.empty()) {
    if (!base_box_) base_box_ = make(added_bytes);
    return current_ = base_box_;
  }
  std::uint64_t hash = 0;
  for (const std::uint32_t i : changed) {
    // What is equal here is nearly always equal in all types.
    const InputInterval& x = box_[i];
    hash = mix(mix(hash ^ i, x.hull.lower), x.hull.upper);
    hash = mix(mix(hash, x.exact.lower), x.exact.upper);
  }
  const auto [begin, end] = pool_.equal_range(hash);
  for (auto it = begin; it != end; ++it) {
    if (box_ == *it->second) return current_ = it->second;
  }
  current_ = make(added_bytes);
  pool_.emplace(hash, current_);
  return current_;
}

}  // namespace clipbound::specs
