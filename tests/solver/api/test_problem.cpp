// Queries over several networks in the library: loaded from files, joined in memory, or built by
// hand on networks side by side.
#include <clipbound/clipbound.h>
#include <gtest/gtest.h>

#include <limits>
#include <regex>
#include <string>

namespace {

using clipbound::InputError;
using clipbound::Verdict;

const std::string kExamples = CLIPBOUND_SOURCE_DIR "/examples/";

clipbound::Options limited() {
  clipbound::Options options;
  options.set("timeout", "20").set("threads", "1");
  return options;
}

/// y = |x0 + x1| times a factor.
clipbound::Network absolute_sum(float factor) {
  return clipbound::Network::from_layers(2,
                                         {{.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
                                          {.weights = {factor, factor}, .bias = {0}}});
}

std::string query_text(const std::string& assertion) {
  return "(vnnlib-version <2.0>)"
         "(declare-network f (declare-input X real [1,2]) (declare-output Y real [1,1]))"
         "(declare-network g (declare-input U real [1,2]) (declare-output V real [1,1]))"
         "(assert (>= X[0,0] -1.0))(assert (<= X[0,0] 1.0))"
         "(assert (>= X[0,1] -1.0))(assert (<= X[0,1] 1.0))"
         "(assert (== U[0,0] X[0,0]))(assert (== U[0,1] X[0,1]))(assert " +
         assertion + ")";
}

TEST(Problem, FilesByName) {
  const auto problem = clipbound::Problem::load(
      kExamples + "vnnlib2/isomorphic.vnnlib",
      {{"exact", kExamples + "follow.onnx"}, {"rounded", kExamples + "follow_rounded.onnx"}});
  EXPECT_EQ(problem.network.input_size(), 6U);
  EXPECT_EQ(problem.network.output_size(), 2U);
  ASSERT_EQ(problem.files.size(), 2U);
  EXPECT_EQ(problem.files[1].path, kExamples + "follow_rounded.onnx");
  EXPECT_EQ(problem.query.networks(), (std::vector<std::string>{"exact", "rounded"}));
  const clipbound::Result result = clipbound::solve(problem.network, problem.query, limited());
  EXPECT_EQ(result.verdict, Verdict::unsat) << result.reason;
  EXPECT_EQ(result.networks.size(), 2U);
}

TEST(Problem, EveryExampleOfThePage) {
  const std::string follow = kExamples + "follow.onnx";
  const std::vector<std::pair<std::string, Verdict>> expected = {
      {"several_inputs", Verdict::sat}, {"hidden", Verdict::unsat}, {"polynomial", Verdict::unsat}};
  for (const auto& [name, verdict] : expected) {
    const auto problem =
        clipbound::Problem::load(kExamples + "vnnlib2/" + name + ".vnnlib", {{"", follow}});
    EXPECT_EQ(clipbound::solve(problem.network, problem.query, limited()).verdict, verdict) << name;
  }
  const auto equal =
      clipbound::Problem::load(kExamples + "vnnlib2/equal.vnnlib", {{"near", follow}});
  EXPECT_EQ(clipbound::solve(equal.network, equal.query, limited()).verdict, Verdict::unsat);
}

/// Hidden tensors that nothing reads may hold anything; integers may be beyond int64.
TEST(Problem, WitnessesOfWhatIsNoNumber) {
  const auto query = clipbound::Query::parse(
      "(vnnlib-version <2.0>)(declare-network f (declare-input X float32 [1]) (declare-hidden H "
      "float32 [2] \"h\") (declare-hidden I uint64 [2] \"i\") (declare-output Y float32 [1]))"
      "(assert (and (>= X[0] 0.0) (<= X[0] 1.0)))");
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  clipbound::Result result;
  result.verdict = Verdict::sat;
  result.input = {1.0};
  result.output = {-kNaN, -std::numeric_limits<double>::infinity(), kNaN, 0x1p63, 0.5};
  EXPECT_EQ(to_vnncomp(result, query),
            "sat\nX float32 [1]\n1\nH float32 [2]\nnan\n-inf\nI uint64 [2]\nnan\n"
            "9223372036854775808\nY float32 [1]\n0.5\n");
}

TEST(Problem, NetworksInMemory) {
  const auto decided = [](const std::string& assertion) {
    const auto problem =
        clipbound::Problem::join(clipbound::Query::parse(query_text(assertion)),
                                 {{"f", absolute_sum(1)}, {"g", absolute_sum(1.25F)}});
    const clipbound::Result result = clipbound::solve(problem.network, problem.query, limited());
    const std::string text = to_vnncomp(result, problem.query);
    if (result.verdict == Verdict::sat) {
      EXPECT_TRUE(std::regex_search(text, std::regex("^sat\nX real \\[1,2\\]\n[-0-9.]+\n")))
          << text;
      EXPECT_EQ(serialise_assignments(result, problem.query).size(), 4U);
    }
    return result.verdict;
  };
  // The difference is a quarter of |x0 + x1|, at most 0.5.
  EXPECT_EQ(decided("(> (- V[0,0] Y[0,0]) 0.51)"), Verdict::unsat);
  EXPECT_EQ(decided("(> (- V[0,0] Y[0,0]) 0.45)"), Verdict::sat);
}

TEST(Problem, AQueryOfOneNetworkNeedsNoJoining) {
  const auto query = clipbound::Query::parse(
      "(vnnlib-version <2.0>)(declare-network f (declare-input X real [1,2])"
      "(declare-output Y real [1,1]))(assert (>= X[0,0] 0.0))(assert (<= X[0,0] 1.0))"
      "(assert (>= X[0,1] 0.0))(assert (<= X[0,1] 1.0))(assert (>= (* X[0,0] Y[0,0]) 2.1))");
  EXPECT_EQ(clipbound::solve(absolute_sum(1), query, limited()).verdict, Verdict::unsat);
  const auto several = clipbound::Query::parse(query_text("(>= Y[0,0] 0.0)"));
  EXPECT_THROW(clipbound::solve(absolute_sum(1), several, limited()), InputError);
}

TEST(Problem, SideBySide) {
  const clipbound::Network both =
      clipbound::side_by_side({{"f", absolute_sum(1)}, {"g", absolute_sum(2)}});
  ASSERT_EQ(both.input_size(), 4U);
  EXPECT_EQ(both.evaluate(std::vector<double>{1, 2, 3, 4}), (std::vector<double>{3, 14}));
  EXPECT_THROW(clipbound::side_by_side({{"f", absolute_sum(1)}, {"f", absolute_sum(2)}}),
               InputError);
  // The same inputs in both: g is never below f.
  using clipbound::Term;
  const auto equal = [](std::size_t i, std::size_t j, double sign) {
    return clipbound::Row{{{Term::Of::input, i, sign}, {Term::Of::input, j, -sign}}, 0.0};
  };
  clipbound::Query query(4, 2);
  query.add_clause(
      {-1, -1, -1, -1}, {1, 1, 1, 1},
      {equal(0, 2, 1), equal(0, 2, -1), equal(1, 3, 1), equal(1, 3, -1),
       clipbound::Row{{{Term::Of::output, 1, 1.0}, {Term::Of::output, 0, -1.0}}, -0.01}});
  EXPECT_EQ(clipbound::solve(both, query, limited()).verdict, Verdict::unsat);
}

TEST(Problem, VersionOneHasOneNetwork) {
  const std::string easy = kExamples + "easy.vnnlib", waves = kExamples + "waves.onnx";
  const auto problem = clipbound::Problem::load(easy, {{"any", waves}});
  EXPECT_EQ(clipbound::solve(problem.network, problem.query, limited()).verdict, Verdict::unsat);
  EXPECT_THROW(clipbound::Problem::load(easy, {{"f", waves}, {"g", waves}}),
               clipbound::Unsupported);
  EXPECT_THROW(clipbound::Problem::load(easy, {}), InputError);
}

}  // namespace
