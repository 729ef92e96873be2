// What solve() says of itself, in whatever stage and split it is ended.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <optional>
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

/// 12 inputs, four layers of 60 ReLUs, one output, which never exceeds 2; bounds see that only
/// after minutes of search.
clipbound::Network deep_network() {
  std::uint64_t state = 5;
  const auto number = [&state](float scale) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return scale * static_cast<float>(static_cast<double>(state >> 40) * 0x1p-23 - 1.0);
  };
  std::vector<clipbound::DenseLayer> layers;
  const std::size_t sizes[] = {12, 60, 60, 60, 60, 1};
  for (std::size_t k = 1; k < std::size(sizes); ++k) {
    const std::size_t inputs = sizes[k - 1], outputs = sizes[k];
    clipbound::DenseLayer layer{.weights = std::vector<float>(inputs * outputs),
                                .bias = std::vector<float>(outputs, 0.0F),
                                .relu = k + 1 < std::size(sizes)};
    for (std::size_t i = 0; i < inputs; ++i) {
      for (std::size_t j = 0; j < outputs; ++j)
        layer.weights[j * inputs + i] = number(std::sqrt(6.0F / static_cast<float>(inputs)));
    }
    layers.push_back(std::move(layer));
  }
  return clipbound::Network::from_layers(12, layers);
}

/// Three clauses on two boxes, one of two rows.
clipbound::Query far_query() {
  clipbound::Query query(12, 1);
  const std::vector<double> lower(12, -1.0), upper(12, 1.0), low(12, -0.9), high(12, 1.1);
  const std::vector<clipbound::Row> first{clipbound::Row::output_at_least(0, 25.0)},
      second{clipbound::Row::output_at_most(0, 1000.0), clipbound::Row::output_at_least(0, 26.0)},
      third{clipbound::Row::output_at_least(0, 25.0)};
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
    if (now.worst_bound && last.worst_bound) {
      EXPECT_GE(*now.worst_bound, *last.worst_bound);
    }
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
    if (now.worst_bound) {
      EXPECT_LE(*now.worst_bound, 0.0);
    }
    if (now.weakest) {
      EXPECT_LT(now.weakest->clause, now.clauses);
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
