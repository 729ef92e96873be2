// divide() and merge(), and searches that are saved and resumed, by the public interface: the
// parts' verdicts come to that of the whole, for both splits and several clauses; a planted
// counterexample is found in some part; what does not belong is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound {
namespace {

/// A random network on [-1, 1]^n and the largest value of its first output: at most `top`, and not
/// much less.
struct Hill {
  Network network;
  std::size_t inputs;
  double top;
  std::vector<double> lower() const { return std::vector<double>(inputs, -1.0); }
  std::vector<double> upper() const { return std::vector<double>(inputs, 1.0); }
};

Hill random_hill(unsigned seed, std::size_t inputs) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const auto layer = [&](std::size_t from, std::size_t to, bool relu) {
    DenseLayer dense{std::vector<float>(from * to), std::vector<float>(to), relu};
    for (float& w : dense.weights) w = normal(random) / std::sqrt(static_cast<float>(from)) * 1.6F;
    for (float& b : dense.bias) b = normal(random) * 0.3F;
    return dense;
  };
  Hill hill{Network::from_layers(
                inputs, {layer(inputs, 14, true), layer(14, 14, true), layer(14, 2, false)}),
            inputs, 0.0};
  RangeSettings settings;
  settings.lower = false;
  hill.top =
      range_of(hill.network, hill.lower(), hill.upper(), {}, settings).ranges.at(0).upper.bound;
  return hill;
}

/// Two clauses: Y_0 >= top + margin, and more.
Query near_top(const Hill& hill, double margin) {
  Query query(hill.network.input_size(), hill.network.output_size());
  const std::vector<double> lower = hill.lower(), upper = hill.upper();
  for (const double times : {1.0, 2.0}) {
    const Row row = Row::output_at_least(0, hill.top + times * margin);
    query.add_clause(lower, upper, std::span<const Row>(&row, 1));
  }
  return query;
}

Options by(const char* split) {
  Options options;
  options.set("attack", "false").set("split", split).set("threads", "2").set("timeout", "60");
  return options;
}

class Divided : public testing::TestWithParam<const char*> {};

TEST_P(Divided, PartsComeToTheWhole) {
  const Options options = by(GetParam());
  const double margin = GetParam() == std::string("neurons") ? 0.4 : 0.05;
  int divided = 0;
  for (unsigned seed = 0; seed < 12 && divided < 2; ++seed) {
    const Hill hill = random_hill(seed, 4);
    const Query query = near_top(hill, margin);
    const Division division = divide(hill.network, query, 3, options);
    if (division.parts.size() < 2) continue;
    ++divided;
    ASSERT_EQ(division.whole.parts().size(), division.parts.size());
    std::vector<SavedSearch> results;
    for (const SavedSearch& part : division.parts) {
      EXPECT_TRUE(part.is_part());
      EXPECT_EQ(merge(hill.network, query, division.whole, division.parts, results).result.verdict,
                Verdict::unknown);
      Callbacks callbacks;
      callbacks.resume = part;
      callbacks.part_alone = true;
      std::string saved;
      callbacks.checkpoint.emplace().write = [&](const std::string& bytes) { saved = bytes; };
      const Result result = solve(hill.network, query, options, callbacks);
      ASSERT_EQ(result.verdict, Verdict::unsat);
      EXPECT_NE(result.reason.find("this part alone"), std::string::npos);
      EXPECT_EQ(result.part, part.sha256());
      results.push_back(SavedSearch::parse(saved));
      EXPECT_EQ(results.back().part(), part.sha256());
    }
    const Merged merged = merge(hill.network, query, division.whole, division.parts, results);
    EXPECT_EQ(merged.result.verdict, Verdict::unsat) << merged.result.reason;
    EXPECT_EQ(merged.proved, division.parts.size());
    // Without a part, with one twice, or with another query there is no proof.
    const std::span<const SavedSearch> all(division.parts);
    EXPECT_EQ(merge(hill.network, query, division.whole, all.subspan(1), results).result.verdict,
              Verdict::unknown);
    std::vector<SavedSearch> twice = division.parts;
    twice.push_back(twice.front());
    EXPECT_EQ(merge(hill.network, query, division.whole, twice, results).result.verdict,
              Verdict::unknown);
    results.back() = results.front();
    EXPECT_EQ(merge(hill.network, query, division.whole, all, results).result.verdict,
              Verdict::unknown);
    EXPECT_THROW(
        (void)merge(hill.network, near_top(hill, 2.0 * margin), division.whole, all, results),
        InputError);
    EXPECT_THROW((void)merge(hill.network, query, division.parts[0], all, results), InputError);
  }
  EXPECT_EQ(divided, 2);
}

TEST_P(Divided, APlantedCounterexampleIsInSomePart) {
  const Options options = by(GetParam());
  int divided = 0;
  for (unsigned seed = 20; seed < 30 && divided < 2; ++seed) {
    const Hill hill = random_hill(seed, 4);
    const Query query = near_top(hill, -0.3);
    const Division division = divide(hill.network, query, 4, options);
    if (division.result.verdict == Verdict::sat) continue;
    ++divided;
    std::vector<SavedSearch> results;
    bool found = false;
    for (const SavedSearch& part : division.parts) {
      if (found) break;
      Callbacks callbacks;
      callbacks.resume = part;
      callbacks.part_alone = true;
      callbacks.checkpoint.emplace().write = [&](const std::string& bytes) {
        results.push_back(SavedSearch::parse(bytes));
      };
      found = solve(hill.network, query, options, callbacks).verdict == Verdict::sat;
    }
    EXPECT_TRUE(found);
    const Merged merged = merge(hill.network, query, division.whole, division.parts, results);
    EXPECT_EQ(merged.result.verdict, Verdict::sat);
    EXPECT_EQ(merged.result.input.size(), 4U);
  }
  EXPECT_GE(divided, 1);
}
INSTANTIATE_TEST_SUITE_P(Splits, Divided, testing::Values("inputs", "neurons"),
                         [](const auto& split) { return std::string(split.param); });

/// Every way to have others' parts taken for settled is an error.
TEST(SavedSearches, NothingOfADivisionPassesForTheWhole) {
  const Options options = by("inputs");
  const Hill hill = random_hill(1, 4);
  const Query query = near_top(hill, 0.05);
  const Division division = divide(hill.network, query, 3, options);
  ASSERT_GE(division.parts.size(), 2U);
  std::string result;
  Callbacks alone;
  alone.resume = division.parts[0];
  alone.part_alone = true;
  alone.checkpoint.emplace().write = [&](const std::string& bytes) { result = bytes; };
  ASSERT_EQ(solve(hill.network, query, options, alone).verdict, Verdict::unsat);
  for (const SavedSearch& saved :
       {division.whole, division.parts[0], division.parts[1], SavedSearch::parse(result)}) {
    Callbacks callbacks;
    callbacks.resume = saved;
    EXPECT_THROW((void)solve(hill.network, query, options, callbacks), InputError);
    EXPECT_THROW((void)attack(hill.network, query, options, callbacks), InputError);
    Solver session(hill.network, std::vector<double>(4, -1.0), std::vector<double>(4, 1.0));
    EXPECT_THROW((void)session.solve({}, callbacks), InputError);
  }
  Callbacks callbacks;
  callbacks.part_alone = true;
  callbacks.resume = division.whole;
  EXPECT_THROW((void)solve(hill.network, query, options, callbacks), InputError);
}

TEST(SavedSearches, DividingLeavesTheCallersStopperAlone) {
  const Hill hill = random_hill(1, 4);
  const Query query = near_top(hill, 0.05);
  Callbacks callbacks;
  callbacks.stopper = Stopper();
  ASSERT_GE(divide(hill.network, query, 3, by("inputs"), callbacks).parts.size(), 2U);
  EXPECT_EQ(solve(hill.network, query, by("inputs"), callbacks).verdict, Verdict::unsat);
}

TEST(SavedSearches, StatisticsAndSettledShareGoOn) {
  const Hill hill = random_hill(3, 4);
  const Query query = near_top(hill, 0.02);
  Options options = by("inputs");
  std::string saved;
  Callbacks callbacks;
  const Stopper stopper;
  callbacks.stopper = stopper;
  callbacks.checkpoint.emplace().write = [&](const std::string& bytes) { saved = bytes; };
  callbacks.progress = [&](const Progress& progress) {
    if (progress.subproblems > 20) stopper.stop();
  };
  const Result first = solve(hill.network, query, options, callbacks);
  Callbacks go_on;
  go_on.resume = SavedSearch::parse(saved);
  go_on.checkpoint.emplace().write = [&](const std::string& bytes) { saved = bytes; };
  double least_share = 1.0;
  go_on.progress = [&](const Progress& progress) {
    least_share = std::min(least_share, progress.settled_share);
  };
  const Result second = solve(hill.network, query, options, go_on);
  EXPECT_EQ(second.verdict, Verdict::unsat);
  EXPECT_GE(second.progress.subproblems, first.progress.subproblems);
  EXPECT_GE(least_share, first.progress.settled_share - 1e-12);
  // A search that is over is not searched again.
  Callbacks again;
  again.resume = SavedSearch::parse(saved);
  const Result third = solve(hill.network, query, options, again);
  EXPECT_EQ(third.verdict, Verdict::unsat);
  EXPECT_EQ(third.progress.subproblems, second.progress.subproblems);
  EXPECT_THROW((void)SavedSearch::parse(saved.substr(0, saved.size() / 2)), InputError);
  EXPECT_THROW((void)divide(hill.network, query, 2, options, again), InputError);
  EXPECT_THROW((void)divide(hill.network, query, 0, options), InputError);
}

}  // namespace
}  // namespace clipbound
