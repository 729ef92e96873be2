// Solver: whatever came before, a verdict is that of a fresh solve() with the same constraints.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "clipbound/clipbound.h"

namespace {

using namespace clipbound;

struct Problem {
  Network network;
  std::vector<double> lower, upper, least, most;  // of the outputs, as samples show them
};

Problem make_problem(unsigned seed, std::size_t inputs) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const auto layer = [&](std::size_t from, std::size_t to, bool relu) {
    DenseLayer dense{std::vector<float>(from * to), std::vector<float>(to), relu};
    for (float& w : dense.weights) w = normal(random) / std::sqrt(static_cast<float>(from)) * 1.6F;
    for (float& b : dense.bias) b = normal(random) * 0.3F;
    return dense;
  };
  const std::vector<DenseLayer> layers = {layer(inputs, 18, true), layer(18, 18, true),
                                          layer(18, 18, true), layer(18, 2, false)};
  Problem problem{Network::from_layers(inputs, layers), std::vector<double>(inputs, -1.0),
                  std::vector<double>(inputs, 1.0), std::vector<double>(2, HUGE_VAL),
                  std::vector<double>(2, -HUGE_VAL)};
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (int k = 0; k < 3000; ++k) {
    std::vector<double> x(inputs);
    for (double& value : x) value = uniform(random);
    const std::vector<double> y = problem.network.evaluate(x);
    for (std::size_t j = 0; j < 2; ++j) {
      problem.least[j] = std::min(problem.least[j], y[j]);
      problem.most[j] = std::max(problem.most[j], y[j]);
    }
  }
  return problem;
}

Options limited(double seconds) {
  return Options(OptionFields{.time_limit_s = seconds, .time_reserve_s = 0.0, .threads = 1});
}

Verdict fresh(const Problem& problem, const std::vector<Rows>& clauses) {
  Query query(problem.network.input_size(), 2);
  for (const Rows& rows : clauses) query.add_clause(problem.lower, problem.upper, rows);
  return solve(problem.network, query, limited(120.0)).verdict;
}

/// A search is stopped, a row is added, and the tree goes on: nothing is lost, nothing made up.
TEST(Incremental, AStoppedTreeServesMoreConstraints) {
  int resumed = 0, decided[2] = {0, 0};
  for (unsigned seed = 0; seed < 12; ++seed) {
    const Problem problem = make_problem(seed, seed % 2 == 0 ? 3 : 5);
    const double range = problem.most[0] - problem.least[0];
    // Above the highest sample by a little: a search, or a counterexample that is hard to find.
    const Row high = Row::output_at_least(0, problem.most[0] + 0.02 * range);
    const double middle = 0.5 * (problem.least[1] + problem.most[1]);
    const Row more = seed % 3 == 0 ? Row::output_at_least(1, middle)
                                   : Row::output_at_most(1, middle + 0.1 * range);
    Solver solver(problem.network, problem.lower, problem.upper, limited(0.02 * (1 + seed % 4)));
    solver.add({high});
    const Result first = solver.solve();
    solver.set_options(limited(120.0));
    solver.push();
    if (seed % 4 == 3) {
      const std::vector<Rows> either = {{more}, {Row::outputs_in_order(0, 1)}};
      solver.add_any(either);
      EXPECT_EQ(solver.solve().verdict, fresh(problem, {{high, more}, {high, either[1][0]}}));
    } else {
      const Verdict verdict = solver.solve({more}).verdict;
      EXPECT_EQ(verdict, fresh(problem, {{high, more}})) << seed;
      ++decided[verdict == Verdict::sat ? 1 : 0];
    }
    if (first.verdict == Verdict::timeout) {
      EXPECT_STREQ(solver.used(), "tree");
      ++resumed;
    }
    solver.pop();
    EXPECT_EQ(solver.solve().verdict, fresh(problem, {{high}})) << seed;
  }
  RecordProperty("resumed", resumed);
  std::printf("%d trees went on, %d unsat, %d sat\n", resumed, decided[0], decided[1]);
}

/// Rows over inputs alone change the boxes: the tree is not taken.
TEST(Incremental, RowsOverInputsBeginAnew) {
  const Problem problem = make_problem(100, 3);
  Solver solver(problem.network, problem.lower, problem.upper, limited(0.02));
  const Row high = Row::output_at_least(0, problem.most[0] - 0.02);
  solver.add({high});
  solver.solve();
  solver.set_options(limited(60.0));
  const Row half{{{Term::Of::input, 0, 1.0}}, 0.0};
  const Verdict verdict = solver.solve({half}).verdict;
  EXPECT_STRNE(solver.used(), "tree");
  EXPECT_EQ(verdict, fresh(problem, {{high, half}}));
}

TEST(Incremental, WhatIsKnownIsForgottenWithItsConstraints) {
  const Network network =
      Network::from_layers(2, {{.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
                               {.weights = {1, 1}, .bias = {0}}});  // |x0 + x1|
  Solver solver(network, {-1, -1}, {1, 1}, limited(30.0));
  solver.push();
  solver.add({Row::output_at_least(0, 2.5)});
  EXPECT_EQ(solver.solve().verdict, Verdict::unsat);
  EXPECT_EQ(solver.solve({Row::output_at_most(0, 9.0)}).verdict, Verdict::unsat);
  EXPECT_STREQ(solver.used(), "unsat");
  solver.pop();
  solver.add({Row::output_at_least(0, 1.5)});
  const Result found = solver.solve();
  EXPECT_EQ(found.verdict, Verdict::sat);
  const Result again = solver.solve();
  EXPECT_STREQ(solver.used(), "counterexample");
  EXPECT_EQ(again.input, found.input);
  EXPECT_EQ(again.output, found.output);
  EXPECT_TRUE(again.violated.has_value());
  // The old point does not satisfy this.
  EXPECT_EQ(solver.solve({Row::output_at_most(0, found.output[0] - 0.1)}).verdict, Verdict::sat);
  EXPECT_EQ(solver.solve({Row::output_at_most(0, 1.0)}).verdict, Verdict::unsat);
  EXPECT_EQ(solver.constraint_count(), 1u);
}

/// What a call finds is of the constraints that it was asked with.
TEST(Incremental, NothingChangesWhileItSolves) {
  const Problem problem = make_problem(3, 3);
  Solver solver(problem.network, problem.lower, problem.upper, limited(20.0));
  const Row beyond{.terms = {{Term::Of::output, 0, -1.0}}, .threshold = -problem.most[0] - 50.0};
  solver.push();
  solver.add({beyond});
  int refused = 0;
  const auto expect_refusal = [&](const auto& call) {
    try {
      call();
    } catch (const InputError&) {
      ++refused;
    }
  };
  Callbacks callbacks;
  callbacks.progress = [&](const Progress&) {
    expect_refusal([&] { solver.pop(); });
    expect_refusal([&] { solver.add(Rows{}); });
    expect_refusal([&] { (void)solver.solve(); });
  };
  EXPECT_EQ(solver.solve({}, callbacks).verdict, Verdict::unsat);
  EXPECT_GT(refused, 0);
  EXPECT_EQ(refused % 3, 0);
  solver.pop();
  const Row anywhere{.terms = {{Term::Of::output, 0, -1.0}}, .threshold = 1e6};
  EXPECT_EQ(solver.solve({anywhere}).verdict, Verdict::sat);
}

TEST(Incremental, MistakesChangeNothing) {
  const Network network = Network::from_layers(1, {{.weights = {1}, .bias = {0}}});
  EXPECT_THROW(Solver(network, {1}, {0}), InputError);
  EXPECT_THROW(Solver(network, {1, 2}, {3, 4}), InputError);
  Solver solver(network, {0}, {1});
  EXPECT_THROW(solver.pop(), InputError);
  EXPECT_THROW(solver.add({Row::output_at_least(1, 0.0)}), InputError);
  EXPECT_THROW(solver.add_any({}), InputError);
  EXPECT_THROW(solver.solve({Row::output_at_least(0, HUGE_VAL)}), InputError);
  EXPECT_EQ(solver.constraint_count(), 0u);
  const std::vector<Rows> many(400, Rows{Row::output_at_least(0, 0.5)});
  solver.add_any(many);
  EXPECT_THROW(solver.add_any(many), InputError);
  EXPECT_EQ(solver.constraint_count(), 1u);
  EXPECT_EQ(solver.solve({Row::output_at_least(0, 0.0)}).verdict, Verdict::sat);
}

}  // namespace
