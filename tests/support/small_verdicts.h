#pragma once
// Small networks that a test builds itself, with a verdict that is known by hand. A `sat` must come
// with a point of the box at which the network, evaluated here, satisfies the clause.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {

struct SmallVerdict {
  std::string name;
  std::function<void(NetworkBuilder&)> build;
  std::vector<double> lower, upper;
  std::vector<std::vector<std::string>> clauses;
  std::string expected;
  /// Of a sat one: whether inputs and outputs are a counterexample.
  std::function<bool(const std::vector<double>&, const std::vector<double>&)> holds = {};
};

inline std::shared_ptr<const Network> network_of(const SmallVerdict& v) {
  NetworkBuilder b;
  v.build(b);
  return std::make_shared<const Network>(b.build());
}

/// Decides it with a generous limit, which ends a test that would hang.
inline void expect_verdict(const SmallVerdict& v, const Way& way) {
  SCOPED_TRACE(v.name + ", " + name_of(way));
  const auto network = network_of(v);
  Property property{v.lower, v.upper, static_cast<int>(network->output_size()), v.clauses};
  const SolveResult result = solve_text(network, property.text(), way);
  EXPECT_EQ(name_of(result.verdict), v.expected) << result.reason;
  if (result.verdict != Verdict::sat) return;
  Evaluator<float> evaluator(network);
  const std::vector<float> x(result.input.begin(), result.input.end());
  std::vector<float> y(static_cast<std::size_t>(network->output_size()));
  evaluator.forward(x, y);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_GE(x[i], static_cast<float>(v.lower[i]));
    EXPECT_LE(x[i], static_cast<float>(v.upper[i]));
  }
  const std::vector<double> outputs(y.begin(), y.end());
  EXPECT_TRUE(!v.holds || v.holds(result.input, outputs));
}

/// Elements of a [1, n] value.
inline ValueId part(NetworkBuilder& b, ValueId x, std::int64_t from, std::int64_t to) {
  return b.add("Slice", {x, b.integers({from}), b.integers({to}), b.integers({1})});
}
inline ValueId number(NetworkBuilder& b, double value) {
  return b.constant({1}, {static_cast<float>(value)});
}
inline ValueId as_float(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{1}}});
}
inline ValueId as_integer(NetworkBuilder& b, ValueId x) {
  return b.add("Cast", {x}, {{"to", std::int64_t{7}}});
}
inline std::vector<std::string> y_between(double low, double high) {
  return {y_at_least(0, low), y_at_most(0, high)};
}

}  // namespace clipbound::test
