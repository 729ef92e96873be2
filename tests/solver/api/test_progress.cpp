// What solve() says of itself, in whatever stage and split it is ended.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound::test {
namespace {

using clipbound::Progress;
using clipbound::Result;
using clipbound::Stage;
using clipbound::Verdict;

/// 12 inputs, layers of 40 ReLUs, 2 outputs: searches near the middle of what it reaches last.
clipbound::Network deep_network() {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  std::vector<clipbound::DenseLayer> layers;
  const std::size_t sizes[] = {12, 40, 40, 40, 2};
  for (std::size_t k = 1; k < std::size(sizes); ++k) {
    clipbound::DenseLayer layer{.weights = {}, .bias = std::vector<float>(sizes[k], 0.0F)};
    for (std::size_t i = 0; i < sizes[k] * sizes[k - 1]; ++i)
      layer.weights.push_back(normal(random) * std::sqrt(2.0F / static_cast<float>(sizes[k - 1])));
    layer.relu = k + 1 < std::size(sizes);
    layers.push_back(std::move(layer));
  }
  return clipbound::Network::from_layers(12, layers);
}

/// Three clauses on two boxes. What they ask for is far outside of what samples reach, and far
/// inside of what bounds allow.
clipbound::Query far_query() {
  clipbound::Query query(12, 2);
  const std::vector<double> lower(12, -1.0), upper(12, 1.0), low(12, -0.9), high(12, 1.1);
  const std::vector<clipbound::Row> first{clipbound::Row::output_at_least(0, 9.0)},
      second{clipbound::Row::output_at_least(1, 9.0), clipbound::Row::output_at_most(0, 7.0)},
      third{clipbound::Row::output_at_most(0, -9.0)};
  query.add_clause(lower, upper, first).add_clause(lower, upper, second);
  query.add_clause(low, high, third);
  return query;
}

/// Checks every report, and stops the run in a stage.
struct Watch {
  std::optional<Stage> stop_in;
  clipbound::Stopper stopper;
  std::set<Stage> seen;  // by one thread at a time, and after the end
  Progress last;
  int reports = 0;

  void take(const Progress& now) {
    ++reports;
    seen.insert(now.stage);
    EXPECT_GE(now.elapsed_s, last.elapsed_s);
    EXPECT_GE(now.bounded, last.bounded);
    EXPECT_GE(now.refuted, last.refuted);
    EXPECT_GE(now.subproblems, last.subproblems);
    EXPECT_GE(now.settled_share, last.settled_share);
    check(now);
    EXPECT_FALSE(now.statistics.empty());
    last = now;
    if (stop_in == now.stage) stopper.stop();
  }
  static void check(const Progress& now) {
    EXPECT_EQ(now.clauses, 3U);
    EXPECT_LE(now.bounded, now.clauses);
    EXPECT_LE(now.refuted, now.bounded);
    EXPECT_GE(now.settled_share, 0.0);
    EXPECT_LE(now.settled_share, 1.0);
    if (now.open.value_or(1) > 0) {
      EXPECT_LT(now.settled_share, 1.0);
    }
    EXPECT_EQ(now.worst_bound.has_value(), now.weakest.has_value());
    if (now.weakest) {
      EXPECT_LT(now.weakest->clause, now.clauses);
      EXPECT_EQ(now.weakest->bound, *now.worst_bound);
      EXPECT_FALSE(now.weakest->text.empty());
    } else {
      EXPECT_EQ(now.subproblems, 0U);
    }
  }
};

Result run(Watch& watch, const std::string& split, double seconds, bool attack = true) {
  clipbound::Options options;
  options.set("split", split)
      .set("timeout", std::to_string(seconds))
      .set("attack", attack ? "true" : "false")
      .set("threads", "2");
  clipbound::Callbacks callbacks;
  callbacks.stopper = watch.stopper;
  callbacks.progress = [&](const Progress& now) { watch.take(now); };
  return clipbound::solve(deep_network(), far_query(), options, callbacks);
}

void expect_truth(const Result& result, const Watch& watch) {
  SCOPED_TRACE(result.reason);
  Watch::check(result.progress);
  EXPECT_GT(watch.reports, 0);
  EXPECT_GE(result.progress.subproblems, watch.last.subproblems);
  EXPECT_GE(result.progress.settled_share, watch.last.settled_share);
  if (result.verdict == Verdict::unsat) {
    EXPECT_EQ(result.progress.open, 0U);
    EXPECT_EQ(result.progress.settled_share, 1.0);
    return;
  }
  ASSERT_NE(result.verdict, Verdict::sat);
  EXPECT_GT(result.progress.open, 0U);
  EXPECT_GE(*result.progress.open, 3U - result.progress.refuted);
  EXPECT_NE(result.reason.find("what would help"), std::string::npos);
  if (result.progress.weakest) {
    EXPECT_NE(result.reason.find("lacks"), std::string::npos);
    EXPECT_LE(*result.progress.worst_bound, 0.0);
  }
}

TEST(Progress, IsTrueInWhateverStageAndSplitARunIsStopped) {
  for (const char* split : {"auto", "inputs", "neurons", "turns"}) {
    for (const Stage stage : {Stage::attack, Stage::lowering, Stage::root, Stage::search}) {
      SCOPED_TRACE(std::string(split) + ", " + clipbound::name_of(stage));
      Watch watch;
      watch.stop_in = stage;
      // Short stages may pass without a report: then the time ends it.
      const Result result = run(watch, split, 1.0);
      expect_truth(result, watch);
      if (watch.seen.contains(stage) && result.verdict != Verdict::unsat) {
        EXPECT_EQ(result.verdict, Verdict::unknown);
        EXPECT_TRUE(result.reason.starts_with("interrupted ")) << result.reason;
      }
    }
  }
}

TEST(Progress, IsTrueWheneverTheTimeEnds) {
  for (const char* split : {"inputs", "neurons", "turns"}) {
    for (const double seconds : {0.0, 0.11, 0.13, 0.2, 0.5}) {
      SCOPED_TRACE(std::string(split) + ", " + std::to_string(seconds));
      Watch watch;
      expect_truth(run(watch, split, seconds), watch);
    }
  }
}

/// Between two searches of the activation split, when better bounds are under way.
TEST(Progress, IsTrueWhereAPassOverTheNeuronsIsStopped) {
  Watch watch;
  clipbound::Options options;
  options.set("split", "neurons").set("attack", "false").set("verbose", "2").set("timeout", "60");
  clipbound::Callbacks callbacks;
  callbacks.stopper = watch.stopper;
  callbacks.progress = [&](const Progress& now) { watch.take(now); };
  callbacks.log = [&](int, const std::string& message) {
    if (message.starts_with("search interrupted")) watch.stopper.stop();
  };
  const Result result = clipbound::solve(deep_network(), far_query(), options, callbacks);
  expect_truth(result, watch);
  EXPECT_EQ(result.verdict, Verdict::unknown) << result.reason;
  EXPECT_LT(result.progress.settled_share, 1.0);
  EXPECT_TRUE(result.progress.worst_bound.has_value());
}

TEST(Progress, NothingIsSaidWhereNothingIsKnown) {
  Watch watch;
  const Result none = run(watch, "auto", 0.0);
  EXPECT_EQ(none.verdict, Verdict::timeout);
  EXPECT_FALSE(none.progress.worst_bound.has_value());
  EXPECT_EQ(none.progress.settled_share, 0.0);
  const std::string json = clipbound::to_json(none, {});
  EXPECT_NE(json.find("\"worst_bound\": null"), std::string::npos) << json;
  EXPECT_NE(json.find("\"weakest\": null"), std::string::npos) << json;
  EXPECT_EQ(none.statistics.size(), clipbound::all_statistics().size());
  const Result attacked =
      clipbound::attack(deep_network(), far_query(), clipbound::OptionFields{.time_limit_s = 0.2});
  EXPECT_EQ(attacked.progress.stage, Stage::attack);
  EXPECT_FALSE(attacked.progress.worst_bound.has_value());
}

}  // namespace
}  // namespace clipbound::test
