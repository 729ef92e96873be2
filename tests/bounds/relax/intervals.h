#pragma once
// Intervals that are meant to break a relaxation, and points in them.
#include <gtest/gtest.h>

#include <ostream>
#include <random>
#include <string>
#include <vector>

#include "bounds/relax/activation.h"
#include "tests/support/floors.h"

namespace clipbound::reference {

struct Case {
  Activation activation;
  std::vector<double> anchors;  ///< inflection points, kinks, jumps: places to begin, end or lie in
  double lowest, highest;       ///< positions to try
};
/// Every curve, powers and ELUs with several parameters.
std::vector<Case> cases();
std::string to_string(const Activation& activation);
inline void PrintTo(const Case& c, std::ostream* out) {
  *out << to_string(c.activation);
}
/// For INSTANTIATE_TEST_SUITE_P.
inline std::string name(const testing::TestParamInfo<Case>& c) {
  return std::string(name_of(c.param.activation.curve)) + std::to_string(c.index);
}

/// An interval of any width from nothing to 1e6 within [lowest, highest]: both ends, one end or
/// neither at an anchor.
Range random_interval(const Case& c, std::mt19937_64& random);
/// Ends, their neighbours, the middle, anchors inside with their neighbours, random points, many
/// near the ends.
std::vector<double> points_in(const Case& c, Range interval, std::mt19937_64& random);

}  // namespace clipbound::reference
