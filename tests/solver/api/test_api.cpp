// The public header, used as a program outside would use it: nothing else of Clipbound is included
// here.
#include <clipbound/clipbound.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>

namespace {

using clipbound::InputError;
using clipbound::Verdict;

// The worked example of clipbound.h, as it stands there (TheHeaderShowsTheExampleThatRuns compares
// the two).
namespace worked_example {
// [example]
int main() {
  const std::vector<clipbound::DenseLayer> layers = {
      {.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
      {.weights = {1, 1}, .bias = {0}},
  };
  const auto network = clipbound::Network::from_layers(2, layers);
  clipbound::Query query(network.input_size(), network.output_size());
  query.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, 1.5)});
  clipbound::Options options;
  options.set("timeout", "10").set("threads", "1");
  const clipbound::Result result = clipbound::solve(network, query, options);
  std::cout << clipbound::name_of(result.verdict) << ": " << result.reason << "\n";
  for (const double x : result.input) std::cout << x << "\n";
  return result.verdict == clipbound::Verdict::sat ? 0 : 1;
}
// [end]
}  // namespace worked_example

/// The lines from "int main() {" to the closing brace, each without `prefix`.
std::string example_in(const std::string& path, const std::string& prefix) {
  std::ifstream file(path);
  std::string line, text;
  bool inside = false;
  while (std::getline(file, line)) {
    if (line == prefix + "int main() {") inside = true;
    if (inside) text += line.substr(std::min(prefix.size(), line.size())) + "\n";
    if (inside && line == prefix + "}") break;
  }
  return text;
}

/// y = |x0 + x1|.
clipbound::Network absolute_sum() {
  return clipbound::Network::from_layers(2,
                                         {{.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
                                          {.weights = {1, 1}, .bias = {0}}});
}

clipbound::Query reaches(double value) {
  clipbound::Query query(2, 1);
  query.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, value)});
  return query;
}

/// A query that takes a search of minutes: a deep random network, and a bound just above what
/// sampling finds.
struct LongSearch {
  clipbound::Network network;
  clipbound::Query query;
};
LongSearch long_search() {
  constexpr std::size_t kInputs = 12, kWidth = 60;
  std::uint64_t state = 5;
  const auto random = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<float>(static_cast<double>(state >> 40) * 0x1p-23 - 1.0);
  };
  std::vector<clipbound::DenseLayer> layers;
  std::size_t below = kInputs;
  for (const std::size_t size : {kWidth, kWidth, kWidth, kWidth, std::size_t{1}}) {
    clipbound::DenseLayer layer{.weights = {}, .bias = {}, .relu = size != 1};
    const float scale = std::sqrt(6.0F / static_cast<float>(below));
    for (std::size_t i = 0; i < size * below; ++i) layer.weights.push_back(scale * random());
    for (std::size_t i = 0; i < size; ++i) layer.bias.push_back(0.1F * random());
    layers.push_back(std::move(layer));
    below = size;
  }
  clipbound::Query query(kInputs, 1);
  const std::vector<double> low(kInputs, -1.0), high(kInputs, 1.0);
  query.add_clause(low, high, std::vector{clipbound::Row::output_at_least(0, 25.0)});
  return {clipbound::Network::from_layers(kInputs, layers), query};
}

TEST(Api, TheWorkedExampleRuns) {
  EXPECT_EQ(worked_example::main(), 0);
}

TEST(Api, TheHeaderShowsTheExampleThatRuns) {
  const std::string shown =
      example_in(CLIPBOUND_SOURCE_DIR "/include/clipbound/clipbound.h", "//   ");
  EXPECT_GT(shown.size(), 300u);
  EXPECT_EQ(shown, example_in(CLIPBOUND_SOURCE_DIR "/tests/solver/api/test_api.cpp", ""));
}

TEST(Api, SatComesWithAPointThatDoesIt) {
  const auto result = clipbound::solve(absolute_sum(), reaches(1.5));
  ASSERT_EQ(result.verdict, Verdict::sat) << result.reason;
  ASSERT_EQ(result.input.size(), 2u);
  ASSERT_EQ(result.output.size(), 1u);
  for (const double x : result.input) {
    EXPECT_LE(std::abs(x), 1.0);
    EXPECT_EQ(x, static_cast<double>(static_cast<float>(x)));
  }
  // One sum and its absolute value: float32 rounds once.
  EXPECT_EQ(result.output[0],
            std::abs(static_cast<float>(result.input[0]) + static_cast<float>(result.input[1])));
  EXPECT_GE(result.output[0], 1.5);
  EXPECT_FALSE(result.float64);
}

TEST(Api, UnsatAboveTheMaximum) {
  const auto result = clipbound::solve(absolute_sum(), reaches(2.5));
  EXPECT_EQ(result.verdict, Verdict::unsat) << result.reason;
  EXPECT_TRUE(result.input.empty());
  EXPECT_FALSE(result.statistics.empty());
}

TEST(Api, AClauseWithoutRowsIsSatisfiedByAnyPointOfItsBox) {
  clipbound::Query query(2, 1);
  query.add_clause({0.25, 0.5}, {0.25, 0.5}, {});
  const auto result = clipbound::solve(absolute_sum(), query);
  ASSERT_EQ(result.verdict, Verdict::sat) << result.reason;
  EXPECT_EQ(result.input, (std::vector<double>{0.25, 0.5}));
}

TEST(Api, AQueryWithoutClausesIsUnsat) {
  EXPECT_EQ(clipbound::solve(absolute_sum(), clipbound::Query(2, 1)).verdict, Verdict::unsat);
}

TEST(Api, AnyClauseWillDo) {
  clipbound::Query query = reaches(2.5);
  query.add_clause({-1, -1}, {0, 0}, {clipbound::Row::output_at_least(0, 1.75)});
  EXPECT_EQ(query.clause_count(), 2u);
  const auto result = clipbound::solve(absolute_sum(), query);
  ASSERT_EQ(result.verdict, Verdict::sat) << result.reason;
  EXPECT_LE(result.input[0] + result.input[1], -1.75);
}

TEST(Api, QueriesFromTextMeanTheSame) {
  const std::string text =
      "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)\n"
      "(assert (>= X_0 -1))(assert (<= X_0 1))(assert (>= X_1 -1))(assert (<= X_1 1))\n";
  const auto network = absolute_sum();
  const auto sat =
      clipbound::solve(network, clipbound::Query::parse(text + "(assert (>= Y_0 1.5))"));
  EXPECT_EQ(sat.verdict, Verdict::sat) << sat.reason;
  const auto unsat =
      clipbound::solve(network, clipbound::Query::parse(text + "(assert (>= Y_0 2.5))"));
  EXPECT_EQ(unsat.verdict, Verdict::unsat) << unsat.reason;
}

TEST(Api, CopiesOfAQueryAreIndependent) {
  const clipbound::Query original = reaches(2.5);
  clipbound::Query copy = original;
  copy.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, 1.0)});
  EXPECT_EQ(original.clause_count(), 1u);
  EXPECT_EQ(copy.clause_count(), 2u);
}

TEST(Api, CopiesOfOptionsAreIndependent) {
  const clipbound::Options original;
  clipbound::Options copy = original;
  copy.set("seed", "77");
  EXPECT_EQ(copy.get("seed"), "77");
  EXPECT_NE(original.get("seed"), "77");
  for (const auto& option : clipbound::Options::list()) {
    EXPECT_EQ(original.get(option.name), option.value);
    EXPECT_EQ(original.get(option.flag), option.value);
  }
}

TEST(Api, WrongSizesAreInputErrors) {
  using clipbound::Network;
  EXPECT_THROW(Network::from_layers(0, {{.weights = {}, .bias = {1}}}), InputError);
  EXPECT_THROW(Network::from_layers(2, {}), InputError);
  EXPECT_THROW(Network::from_layers(2, {{.weights = {1}, .bias = {1}}}), InputError);
  EXPECT_THROW(Network::from_layers(2, {{.weights = {1, 2, 3}, .bias = {1}}}), InputError);
  EXPECT_THROW(Network::from_layers(2, {{.weights = {}, .bias = {}}}), InputError);
  EXPECT_THROW(Network::from_layers(1, {{.weights = {std::nanf("")}, .bias = {1}}}), InputError);
  clipbound::Query query(2, 1);
  using clipbound::Row;
  EXPECT_THROW(query.add_clause({0}, {1}, {}), InputError);
  EXPECT_THROW(query.add_clause({0, 0}, {1, -1}, {}), InputError);
  EXPECT_THROW(query.add_clause({0, std::nan("")}, {1, 1}, {}), InputError);
  EXPECT_THROW(query.add_clause({0, 0}, {1, 1e39}, {}), InputError);
  EXPECT_THROW(query.add_clause({0, 0}, {1, 1}, {Row::output_at_most(1, 0)}), InputError);
  EXPECT_THROW(query.add_clause({0, 0}, {1, 1}, {Row::output_at_most(0, INFINITY)}), InputError);
  EXPECT_THROW(query.add_clause({0, 0}, {1, 1}, {Row{}}), InputError);
  EXPECT_THROW(query.add_clause({0, 0}, {1, 1}, {Row::outputs_in_order(0, 0)}), InputError);
  EXPECT_EQ(query.clause_count(), 0u);
  EXPECT_THROW(clipbound::Query(0, 1), InputError);
  EXPECT_THROW(clipbound::solve(absolute_sum(), clipbound::Query(3, 1)), InputError);
  EXPECT_THROW(Network::load("/no/such/file.onnx"), InputError);
  EXPECT_THROW(Network::parse("nonsense"), InputError);
  EXPECT_THROW(clipbound::Query::parse("(assert"), InputError);
}

TEST(Api, RowsOnInputsAndSumsCount) {
  clipbound::Query query(2, 1);
  // |x0 + x1| >= 1.5 with x0 - x1 >= 0.25, written with a term that appears twice.
  using clipbound::Term;
  const clipbound::Row row{
      .terms = {{Term::Of::input, 0, -2.0}, {Term::Of::input, 1, 1.0}, {Term::Of::input, 0, 1.0}},
      .threshold = -0.25};
  query.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, 1.5), row});
  const auto result = clipbound::solve(absolute_sum(), query);
  ASSERT_EQ(result.verdict, Verdict::sat) << result.reason;
  EXPECT_GE(result.input[0] - result.input[1], 0.25);
}

TEST(Api, TheTimeLimitIsKept) {
  const auto [network, query] = long_search();
  clipbound::Options options;
  options.set("timeout", "0.5").set("attack", "false");
  const auto before = std::chrono::steady_clock::now();
  const auto result = clipbound::solve(network, query, options);
  EXPECT_EQ(result.verdict, Verdict::timeout) << result.reason;
  EXPECT_FALSE(result.reason.empty());
  // A limit that is ignored would cost a minute; what little a loaded machine adds is none of this
  // test's business.
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count(), 10.0);
}

TEST(Api, AnotherThreadStopsTheSearch) {
  const auto [network, query] = long_search();
  clipbound::Callbacks callbacks;
  callbacks.stopper.emplace();
  std::atomic<bool> seen{false};
  callbacks.progress = [&](const clipbound::Progress& progress) {
    EXPECT_GE(progress.settled_share, 0.0);
    EXPECT_LE(progress.settled_share, 1.0);
    seen = true;
  };
  std::jthread other([&seen, stopper = *callbacks.stopper] {
    for (int k = 0; k < 600 && !seen; ++k)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stopper.stop();
  });
  clipbound::Options options;
  // Where the stopper does nothing, the verdict is another one.
  options.set("timeout", "120").set("attack", "false");
  const auto result = clipbound::solve(network, query, options, callbacks);
  EXPECT_EQ(result.verdict, Verdict::unknown) << result.reason;
  EXPECT_TRUE(seen);
  // A stopper stays stopped.
  EXPECT_EQ(clipbound::solve(network, query, options, callbacks).verdict, Verdict::unknown);
}

TEST(Api, SolvesInManyThreadsAtOnceWithOneStopper) {
  const auto network = absolute_sum();
  const auto sat = reaches(1.5), unsat = reaches(2.5);
  const clipbound::Callbacks callbacks{
      .progress = {}, .log = {}, .stopper = clipbound::Stopper(), .start = {}};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5; ++i) {
        const auto result = clipbound::solve(network, t % 2 == 0 ? sat : unsat, {}, callbacks);
        EXPECT_EQ(result.verdict, t % 2 == 0 ? Verdict::sat : Verdict::unsat) << result.reason;
      }
    });
  }
}

TEST(Api, ResultsAsText) {
  clipbound::Result result;
  result.verdict = Verdict::sat;
  result.reason = "a \"quoted\" reason";
  result.input = {0.1F, -2.0};
  result.output = {std::numeric_limits<double>::infinity()};
  result.statistics = {{.name = "splits", .value = 3, .timer = false, .help = ""}};
  EXPECT_EQ(clipbound::to_vnncomp(result), "sat\n((X_0 0.100000001)\n(X_1 -2)\n(Y_0 inf))\n");
  const std::string json = clipbound::to_json(result, {});
  for (const char* part : {"\"verdict\": \"sat\"", "a \\\"quoted\\\" reason", "\"splits\": 3",
                           "\"time_limit_s\"", "\"version\"", "\"settled_share\"", "null"}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
  }
  result.float64 = true;
  result.input = {0.1};
  EXPECT_NE(clipbound::to_vnncomp(result).find("(X_0 0.10000000000000001)"), std::string::npos);
  result.verdict = Verdict::timeout;
  EXPECT_EQ(clipbound::to_vnncomp(result), "timeout\n");
  EXPECT_NE(clipbound::error_to_json("bad \xff byte", {}).find("\"error\""), std::string::npos);
}

TEST(Api, ResultsSayWhatTheyAreAbout) {
  const auto network =
      clipbound::Network::from_layers(1, {{.weights = {1, -1}, .bias = {0, 0}, .relu = true}});
  EXPECT_EQ(network.file().path, "memory");
  EXPECT_FALSE(network.file().bytes.has_value());
  const std::string text =
      "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n"
      "(assert (>= X_0 -1))\n(assert (<= X_0 1))\n"
      "(assert (or (and (>= Y_0 3))\n (and (>= Y_1 0.5) (<= (* 0.25 Y_1) 0.2))))\n";
  const auto query = clipbound::Query::parse(text, "here");
  EXPECT_EQ(query.file().path, "here");
  EXPECT_EQ(query.file().bytes, text.size());
  EXPECT_EQ(query.file().sha256, clipbound::file_info("", text).sha256);
  for (const auto how : {&clipbound::solve, &clipbound::attack}) {
    const clipbound::Result result = how(network, query, {}, {});
    ASSERT_EQ(result.verdict, Verdict::sat) << result.reason;
    EXPECT_EQ(result.networks.at(0).path, "memory");
    EXPECT_EQ(result.property.value().sha256, query.file().sha256);
    ASSERT_TRUE(result.violated.has_value());
    EXPECT_EQ(result.violated->clause, 1u);
    EXPECT_GT(result.violated->line, 0);
    EXPECT_EQ(result.violated->rows, (std::vector<std::string>{"-Y_1 <= -0.5", "0.25 Y_1 <= 0.2"}));
  }
  clipbound::Query none(1, 2);
  none.add_clause({-1}, {1}, {clipbound::Row::output_at_least(0, 3)});
  EXPECT_FALSE(clipbound::solve(network, none).violated.has_value());
  const clipbound::FileInfo read = clipbound::file_info("n.onnx", "abc");
  const std::string json = clipbound::error_to_json("gone", {}, {&read, 1});
  for (const char* part : {"\"n.onnx\"", "ba7816bf8f01cfea", "\"property\": null", "\"cores\""})
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
}

TEST(Api, SaysWhatItSupports) {
  const auto operators = clipbound::supported_onnx_operators();
  EXPECT_NE(std::find(operators.begin(), operators.end(), "Gemm"), operators.end());
  EXPECT_TRUE(std::is_sorted(operators.begin(), operators.end()));
  const auto opsets = clipbound::supported_onnx_opsets();
  EXPECT_NE(std::find(opsets.begin(), opsets.end(), 13), opsets.end());
  EXPECT_EQ(clipbound::supported_vnnlib_versions(),
            (std::vector<std::string>{"1.0", "2.0", "2.1"}));
}

}  // namespace
