#pragma once
// Idea: statistics as a plain value, generated from the one table in base/stats.def.
// Source: own.
// Guarantees: every statistic has one row.
#include <cstdint>
#include <string_view>

#include "base/floors.h"

namespace clipbound::base {

namespace statistic_types {
using type_counter = std::uint64_t;
using type_timer = double;
}  // namespace statistic_types

/// Counters (uint64) and timers (seconds). Not synchronised: give every worker its own and add them
/// up.
struct Statistics {
#define CLIPBOUND_STAT(kind, field, help) statistic_types::type_##kind field = 0;
#include "base/stats.def"

  /// Adds every counter and timer.
  Statistics& operator+=(const Statistics& other);
  friend Statistics operator+(Statistics a, const Statistics& b) {
    return a += b;
  }
  friend bool operator==(const Statistics&, const Statistics&) = default;
};

/// Calls visit(name, value, help) for every row in the table's order; value is a std::uint64_t
/// (counter) or a double (timer, seconds), by reference: const for a const `statistics`.
template <typename Stats, typename Visitor>
void for_each_statistic(Stats& statistics, Visitor&& visit) {
#define CLIPBOUND_STAT(kind, field, help) \
  visit(std::string_view(#field), statistics.field, std::string_view(help));
#include "base/stats.def"
}

}  // namespace clipbound::base
