// The public interface beyond solve(): graphs, parts of networks, evaluation, bounds, inspection,
// robustness.
#include <clipbound/clipbound.h>
#include <gtest/gtest.h>

#include <cmath>
#include <thread>

namespace {

using clipbound::GraphBuilder;
using clipbound::InputError;
using clipbound::Network;
using clipbound::Unsupported;
using clipbound::Verdict;

/// y = |x0 + x1|.
Network absolute_sum() {
  return Network::from_layers(2, {{.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
                                  {.weights = {1, 1}, .bias = {0}}});
}

/// y0 = relu(x0) - x1, y1 = 2 x1: with a Split and a Concat.
Network graph_network(bool float64 = false) {
  GraphBuilder graph;
  const auto x = graph.input("x", {1, 2}, float64);
  const auto parts = graph.add("Split", {x, graph.constant({2}, std::vector<std::int64_t>{1, 1})},
                               {{"axis", std::int64_t{1}}}, 2);
  const auto two = float64 ? graph.constant({1, 1}, std::vector<double>{2.0})
                           : graph.constant({1, 1}, std::vector<float>{2.0F});
  const auto first = graph.add("Sub", {graph.add("Relu", {parts[0]}), parts[1]});
  const auto both =
      graph.add("Concat", {first, graph.add("Mul", {parts[1], two})}, {{"axis", std::int64_t{1}}});
  EXPECT_EQ(graph.shape(both), (std::vector<std::int64_t>{1, 2}));
  graph.output(both);
  return graph.build();
}

TEST(Graph, BuildsWhatItSays) {
  const Network network = graph_network();
  EXPECT_EQ(network.input_size(), 2u);
  EXPECT_EQ(network.output_size(), 2u);
  EXPECT_FALSE(network.is_float64());
  EXPECT_EQ(network.evaluate(std::vector<double>{3, 1, -3, 0.5}),
            (std::vector<double>{2, 2, -0.5, 1}));
  const Network wide = graph_network(true);
  EXPECT_TRUE(wide.is_float64());
  EXPECT_EQ(wide.evaluate(std::vector<double>{-1, 0.1}), (std::vector<double>{-0.1, 0.2}));
}

TEST(Graph, IsSolvedLikeAnyNetwork) {
  const Network network = graph_network();
  clipbound::Query reached(2, 2), beyond(2, 2);
  using clipbound::Row;
  reached.add_clause({-1, -1}, {1, 1}, {Row::output_at_least(0, 1.75)});
  beyond.add_clause({-1, -1}, {1, 1}, {Row::output_at_least(0, 2.25)});
  EXPECT_EQ(clipbound::solve(network, reached).verdict, Verdict::sat);
  EXPECT_EQ(clipbound::solve(network, beyond).verdict, Verdict::unsat);
}

TEST(Graph, MistakesAreErrorsAndChangeNothing) {
  EXPECT_THROW(GraphBuilder(0), InputError);
  GraphBuilder graph;
  EXPECT_THROW(graph.build(), InputError);
  EXPECT_THROW(graph.input("x", {0}), InputError);
  const auto x = graph.input("x", {1, 2});
  EXPECT_THROW(graph.constant({3}, std::vector<float>{1.0F}), InputError);
  EXPECT_THROW(graph.add("NoSuchOperator", {x}), Unsupported);
  EXPECT_THROW(graph.add("Relu", {GraphBuilder::Value{77}}), InputError);
  EXPECT_THROW(graph.add("Relu", {x}, {}, 0), InputError);
  EXPECT_THROW(graph.shape(GraphBuilder::Value::none), InputError);
  EXPECT_THROW(graph.output(GraphBuilder::Value{5}), InputError);
  graph.output(graph.add("Relu", {x}));
  EXPECT_EQ(graph.build().evaluate(std::vector<double>{-1, 2}), (std::vector<double>{0, 2}));
  EXPECT_THROW(graph.build(), InputError);  // empty again
}

TEST(Network, PartsByNameOrPosition) {
  const Network network = absolute_sum();
  const auto nodes = clipbound::inspect(network).nodes;
  ASSERT_EQ(nodes.size(), 3u);
  const Network part = network.up_to(nodes[1].output.name);
  EXPECT_EQ(part.output_size(), 2u);
  EXPECT_EQ(part.evaluate(std::vector<double>{1, 0.5}), (std::vector<double>{1.5, 0}));
  EXPECT_EQ(network.up_to(nodes[1].name).output_size(), 2u);
  EXPECT_EQ(network.up_to("0").evaluate(std::vector<double>{1, 0.5}),
            (std::vector<double>{1.5, -1.5}));
  EXPECT_THROW(network.up_to("3"), InputError);
  EXPECT_THROW(network.up_to("nowhere"), InputError);
  EXPECT_THROW(network.up_to("layer0_W"), InputError);
}

TEST(Network, EvaluatesWholePointsOnly) {
  EXPECT_THROW(absolute_sum().evaluate(std::vector<double>{1}), InputError);
  EXPECT_THROW(absolute_sum().evaluate({}), InputError);
}

TEST(Options, FieldsAndNamesAreTheSameOptions) {
  const clipbound::Options options(clipbound::OptionFields{.time_limit_s = 2.5, .threads = 3});
  EXPECT_EQ(options.get("timeout"), "2.5");
  EXPECT_EQ(options.get("threads"), "3");
  clipbound::Options other;
  other.set("clipping", "relaxed");
  EXPECT_EQ(other.fields().clipping, "relaxed");
  EXPECT_EQ(clipbound::Options(other.fields()).get("clipping"), "relaxed");
  EXPECT_THROW(clipbound::Options(clipbound::OptionFields{.threads = -1}), InputError);
  EXPECT_THROW(clipbound::Options(clipbound::OptionFields{.clipping = "sometimes"}), InputError);
  for (const auto& option : clipbound::Options::list()) {
    EXPECT_EQ(clipbound::Options(clipbound::OptionFields{}).get(option.name), option.value);
  }
}

TEST(Query, BoxesEncloseTheDecimals) {
  const auto query = clipbound::Query::parse(
      "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 0.1))(assert (<= X_0 "
      "0.3))(assert (>= Y_0 1))");
  ASSERT_EQ(query.clause_count(), 1u);
  EXPECT_LE(query.box_lower(0)[0], 0.1);
  EXPECT_GE(query.box_upper(0)[0], 0.3);
  EXPECT_NEAR(query.box_lower(0)[0], 0.1, 1e-7);
  EXPECT_THROW(query.box_lower(1), InputError);
}

TEST(Bounds, OfAnAbsoluteValue) {
  const Network network = absolute_sum();
  const std::vector<double> lower{-1, -1}, upper{1, 1};
  const clipbound::Bounds crown = clipbound::bounds_of(network, lower, upper, {.linear = true});
  EXPECT_EQ(crown.method, clipbound::BoundMethod::crown);
  ASSERT_EQ(crown.lower.size(), 1u);
  EXPECT_LE(crown.lower[0], 0.0);
  EXPECT_GE(crown.upper[0], 2.0);
  EXPECT_LT(crown.upper[0], 2.0 + 1e-9);  // both chords together are the constant 2
  ASSERT_EQ(crown.linear.upper_A.size(), 2u);
  const clipbound::Bounds intervals = clipbound::bounds_of(
      network, lower, upper, {.method = clipbound::BoundMethod::ibp, .linear = true});
  EXPECT_NEAR(intervals.upper[0], 4.0, 1e-9);  // relu(z) + relu(-z), each up to 2
  EXPECT_EQ(intervals.linear.upper_b, intervals.upper);
  EXPECT_TRUE(clipbound::bounds_of(network, lower, upper).linear.lower_b.empty());
}

TEST(Bounds, OneBounderManyBoxesManyThreads) {
  const Network network = absolute_sum();
  const std::vector<double> hull_lower{-4, -4}, hull_upper{4, 4};
  const clipbound::Bounder bounder(network, hull_lower, hull_upper);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 50; ++k) {
        const double centre = 0.05 * k - 1.0 + 0.1 * t;
        const std::vector<double> lower{centre - 0.5, centre - 0.5},
            upper{centre + 0.5, centre + 0.5};
        const clipbound::Bounds found = bounder.bounds(lower, upper);
        const clipbound::Bounds alone = clipbound::bounds_of(network, lower, upper);
        const double highest = std::max(std::fabs(2 * centre - 1), std::fabs(2 * centre + 1));
        EXPECT_GE(found.upper[0], highest);
        EXPECT_LE(found.lower[0], std::max(0.0, std::fabs(2 * centre) - 1));
        EXPECT_NEAR(found.upper[0], alone.upper[0], 1e-12);
      }
    });
  }
}

TEST(Bounds, WrongBoxesAreInputErrors) {
  const Network network = absolute_sum();
  const std::vector<double> lower{0, 0}, upper{1, 1}, three{1, 1, 1}, wide{2, 1}, odd{NAN, 1};
  EXPECT_THROW(clipbound::bounds_of(network, lower, three), InputError);
  EXPECT_THROW(clipbound::bounds_of(network, upper, lower), InputError);
  EXPECT_THROW(clipbound::bounds_of(network, lower, odd), InputError);
  EXPECT_THROW(clipbound::Bounder(network, lower, upper).bounds(lower, wide), InputError);
  EXPECT_THROW(clipbound::bound_method("magic"), InputError);
  EXPECT_EQ(clipbound::bound_method("ibp"), clipbound::BoundMethod::ibp);
}

TEST(Inspect, SaysWhatIsThere) {
  const auto found = clipbound::inspect(graph_network());
  EXPECT_EQ(found.inputs.at(0).shape, (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(found.neurons.at(0).op, "Relu");
  EXPECT_EQ(found.neurons.at(0).neurons, 1);
  EXPECT_TRUE(found.no_bounds_because.empty());
  ASSERT_EQ(found.layers.size(), 1u);
  EXPECT_EQ(found.layers[0].most_inputs, 1);
  EXPECT_EQ(found.order_difference, 0.0);
  EXPECT_NE(clipbound::to_json(found).find("\"support\": \"bounded\""), std::string::npos);
}

/// Labels: 0 where x0 > x1. The label of (a, b) with a > b holds up to radius (a - b) / 2, exactly.
Network comparison() {
  return Network::from_layers(
      2, {{.weights = {1, 0, 0, 1, -1, 0, 0, -1}, .bias = {0, 0, 0, 0}, .relu = true},
          {.weights = {1, 0, -1, 0, 0, 1, 0, -1}, .bias = {0, 0}}});
}

TEST(Robustness, FindsTheRadiusOfALinearClassifier) {
  const std::vector<double> x{0.75, 0.25};
  const auto found =
      clipbound::robustness(comparison(), x, 0, {.radius_max = 10, .tolerance = 1e-3});
  EXPECT_LT(found.robust_radius, 0.25);
  EXPECT_GT(found.robust_radius, 0.25 * (1 - 2e-3));
  ASSERT_TRUE(found.counterexample_radius.has_value());
  EXPECT_GE(*found.counterexample_radius, 0.25);
  EXPECT_LT(*found.counterexample_radius, 0.25 * (1 + 2e-3));
  EXPECT_EQ(found.counterexample_label, 1u);
  const std::vector<double> y = comparison().evaluate(found.counterexample);
  EXPECT_GE(y[1], y[0]);
}

TEST(Robustness, KeepsToLimits) {
  const std::vector<double> x{0.75, 0.25};
  // Within [0.6, 1] the first input never falls below 0.6, the second starts at 0.25: it may stay
  // there or enter the limits.
  const auto robust =
      clipbound::robustness(comparison(), x, 0, {.radius_max = 10, .lowest = 0.6, .highest = 0.7});
  EXPECT_NEAR(robust.robust_radius, 0.35, 0.01);
  const auto whole = clipbound::robustness(comparison(), x, 0, {.radius_max = 0.2});
  EXPECT_EQ(whole.robust_radius, 0.2);
  EXPECT_FALSE(whole.counterexample_radius.has_value());
  EXPECT_EQ(whole.queries, 1);
}

TEST(Robustness, AWrongLabelHasNoRadius) {
  const std::vector<double> x{0.75, 0.25};
  const auto found = clipbound::robustness(comparison(), x, 1);
  EXPECT_LT(found.robust_radius, 0.0);
  EXPECT_EQ(found.counterexample, x);
  EXPECT_EQ(found.counterexample_label, 0u);
  EXPECT_THROW(clipbound::robustness(comparison(), x, 2), InputError);
  EXPECT_THROW(clipbound::robustness(comparison(), std::vector<double>{1}, 0), InputError);
}

TEST(Robustness, StopsWhenToldTo) {
  const std::vector<double> x{0.75, 0.25};
  clipbound::Callbacks callbacks;
  callbacks.stopper.emplace().stop();
  const auto found = clipbound::robustness(comparison(), x, 0, {}, {}, callbacks);
  EXPECT_EQ(found.reason, "interrupted");
  EXPECT_EQ(found.queries, 0);
}

}  // namespace
