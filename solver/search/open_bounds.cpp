#include "solver/search/open_bounds.h"

#include <bit>
#include <cmath>
#include <limits>

namespace clipbound::solver {

namespace {
// Of a float's 31 bits without its sign: the exponent and five bits of the fraction stay.
constexpr unsigned kDropped = 18;
constexpr auto kTop = static_cast<std::uint32_t>(kBoundLevels - 1);
constexpr float kEnd = std::numeric_limits<float>::infinity();
}  // namespace

std::uint16_t level_of(double bound) {
  if (!(bound < 0.0)) return std::isnan(bound) ? std::uint16_t{0} : std::uint16_t{kTop};
  auto size = static_cast<float>(-bound);
  if (static_cast<double>(size) < -bound) size = std::nextafter(size, kEnd);
  if (!(size < kEnd)) return 0;
  return static_cast<std::uint16_t>(kTop - (std::bit_cast<std::uint32_t>(size) >> kDropped));
}

double lower_end(std::uint16_t level) {
  const std::uint32_t above = (kTop - level + 1) << kDropped;
  const float size =
      above < std::bit_cast<std::uint32_t>(kEnd) ? std::bit_cast<float>(above) : kEnd;
  return -static_cast<double>(size);
}

OpenBounds::OpenBounds(std::int64_t unknown)
    : count_(std::make_unique<std::atomic<std::int64_t>[]>(kBoundLevels)) {
  count_[0].store(unknown);
}

void OpenBounds::take(OpenBoundsChanges& changes) {
  for (const bool increments : {true, false}) {
    for (const std::uint16_t level : changes.touched_) {
      std::int32_t& change = changes.change_[level];
      if (change == 0 || (change > 0) != increments) continue;
      count_[level].fetch_add(change);
      change = 0;
    }
  }
  changes.touched_.clear();
}

double OpenBounds::worst() const {
  for (std::size_t level = 0; level < kBoundLevels; ++level) {
    if (count_[level].load() > 0) return lower_end(static_cast<std::uint16_t>(level));
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace clipbound::solver
