// With one thread and --deterministic a run is the same whenever it is repeated, with attack,
// portfolio, passes over the neurons and refinements.
#include <gtest/gtest.h>

#include "specs/evaluate/evaluate.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"

namespace clipbound::test {
namespace {

/// All counters, in the table's order.
std::vector<std::uint64_t> counters_of(const SolveResult& result) {
  std::vector<std::uint64_t> counters;
  for_each_statistic(result.statistics, [&](std::string_view, const auto& value, std::string_view) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::uint64_t>)
      counters.push_back(value);
  });
  return counters;
}

SolveResult run(int number, const char* split) {
  Dice dice(static_cast<unsigned>(number));
  NetworkTaste taste;
  taste.inputs = 5;
  taste.layers = 3;
  taste.width = 20;
  taste.scale = 1.6;
  const auto network = RandomNetwork(dice, taste).build();
  Property property;
  property.lower.assign(5, -1.0);
  property.upper.assign(5, 1.0);
  Evaluator<double> evaluator(network);
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (int k = 0; k < 2000; ++k) {
    std::vector<double> x, y(2);
    for (int i = 0; i < 5; ++i) x.push_back(static_cast<float>(dice.uniform(-1.0, 1.0)));
    evaluator.forward(x, y);
    least = std::min(least, y[0]);
    most = std::max(most, y[0]);
  }
  property.clauses = {{y_at_most(0, least - 0.4 * (most - least))}};
  property.outputs = 2;
  Options options;
  options.threads = 1;
  options.split = split;
  options.deterministic = true;
  const Deadline deadline(Deadline::Clock::now(), 3.0, 0.0);
  SolveContext context;
  context.deadline = &deadline;
  return solve(network, parse_vnnlib(property.text(), "test.vnnlib"), options, context);
}

TEST(Deterministic, RepeatsItself) {
  int searched = 0;
  for (const char* split : {"inputs", "neurons", "turns", "auto"}) {
    for (int number = 0; number < 5; ++number) {
      SCOPED_TRACE(std::string(split) + " " + std::to_string(number));
      const SolveResult first = run(number, split), second = run(number, split);
      // What the deadline cut is not repeated; an `unknown` attacks until then.
      const auto is_cut = [](const SolveResult& result) {
        return result.verdict == Verdict::timeout || result.verdict == Verdict::unknown;
      };
      if (is_cut(first) || is_cut(second)) continue;
      EXPECT_EQ(name_of(first.verdict), name_of(second.verdict));
      EXPECT_EQ(counters_of(first), counters_of(second));
      EXPECT_EQ(first.input, second.input);
      searched += first.statistics.subproblems > 100 ? 1 : 0;
    }
  }
  EXPECT_GT(searched, 0) << "what takes too long on a slow machine is left out";
}

}  // namespace
}  // namespace clipbound::test
