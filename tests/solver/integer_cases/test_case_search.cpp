// A patch put somewhere on an image: two inputs say where, and only their whole parts count. All
// places can be enumerated, so the least output is known.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "bounds/layered/input_staircase.h"
#include "solver/integer_cases/case_search.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "specs/simplify/simplify.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {
namespace {

constexpr std::int64_t kToInt = 7;
constexpr int kSide = 4;

struct Patched {
  std::shared_ptr<const Network> network;
  std::vector<double> image;
};

/// y = a small ReLU network of the image [4, 4] with one cell set to a value, at the whole part of
/// p [2].
Patched patched(std::mt19937& random, const char* rounding) {
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  const auto numbers = [&](std::size_t n) {
    std::vector<float> result(n);
    for (float& x : result) x = uniform(random);
    return result;
  };
  NetworkBuilder b;
  const ValueId image = b.input("image", {kSide, kSide}), place = b.input("p", {2});
  const ValueId rounded = rounding[0] == '\0' ? place : b.add(rounding, {place});
  const ValueId at =
      b.add("Unsqueeze", {b.add("Cast", {rounded}, {{"to", kToInt}}), b.integers({0})});
  const ValueId put =
      b.add("ScatterND", {b.constant({kSide, kSide}, std::vector<float>(kSide * kSide, 1.0F)), at,
                          b.constant({1}, {-2.0F})});
  const ValueId flat =
      b.add("Reshape", {b.add("Mul", {image, put}), b.integers({1, kSide * kSide})});
  const ValueId hidden =
      b.add("Relu",
            {b.add("MatMul", {flat, b.constant({kSide * kSide, 8}, numbers(kSide * kSide * 8))})});
  b.output(b.add("MatMul", {hidden, b.constant({8, 1}, numbers(8))}));
  Patched result{std::make_shared<const Network>(b.build()), {}};
  for (const float x : numbers(kSide * kSide)) result.image.push_back(static_cast<double>(x));
  return result;
}

/// The least output over all places, and the largest size of one.
double least_output(const Patched& p) {
  Evaluator<double> evaluator(p.network);
  double least = HUGE_VAL;
  for (int r = 0; r < kSide; ++r) {
    for (int c = 0; c < kSide; ++c) {
      std::vector<double> x = p.image, y(1);
      x.push_back(r);
      x.push_back(c);
      evaluator.forward(x, y);
      least = std::min(least, y[0]);
    }
  }
  return least;
}

TEST(Cases, DecidePatchesAtAllPlaces) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 6; ++trial) {
    const char* rounding = trial % 3 == 0 ? "Floor" : trial % 3 == 1 ? "Ceil" : "";
    const Patched p = patched(random, rounding);
    const double least = least_output(p);
    Property property{p.image, p.image, 1, {}};
    for (int i = 0; i < 2; ++i) {
      property.lower.push_back(0.0);
      property.upper.push_back(kSide - 1);
    }
    for (const int threads : {1, 2}) {
      for (const bool attack : {false, true}) {
        SCOPED_TRACE(std::to_string(trial) + " " + rounding + " threads " +
                     std::to_string(threads));
        const Way way{.threads = threads, .attack = attack, .seconds = 120.0};
        property.clauses = {{y_at_most(0, least - 1e-6)}};
        EXPECT_EQ(name_of(solve_text(p.network, property.text(), way).verdict), "unsat");
        property.clauses = {{y_at_most(0, least + 1e-4)}};
        EXPECT_EQ(name_of(solve_text(p.network, property.text(), way).verdict), "sat");
        property.clauses = {{y_at_most(0, least)}};
        const Way first_search{
            .threads = threads, .attack = attack, .seconds = 0.05};  // nothing can be proved here
        EXPECT_NE(name_of(solve_text(p.network, property.text(), first_search).verdict), "unsat");
      }
    }
  }
}

/// A search that is stopped and goes on again and again says what a single one does: nothing is
/// refuted while a point is left, and what no point has is refuted.
TEST(Cases, SearchedByMomentsLoseNothing) {
  std::mt19937 random(9);
  int stopped = 0;
  for (int trial = 0; trial < 12; ++trial) {
    const Patched p = patched(random, trial % 2 == 0 ? "Floor" : "");
    Property property{p.image, p.image, 1, {}};
    for (int i = 0; i < 2; ++i) {
      property.lower.push_back(0.0);
      property.upper.push_back(kSide - 1);
    }
    const bool violated = trial % 3 != 0;
    property.clauses = {{y_at_most(0, least_output(p) + (violated ? 1e-4 : -1e-4))}};
    const Query query = parse_vnnlib(property.text(), "test.vnnlib");
    CaseProblem problem{simplify(p.network).network, {{}, {}, {&query.clauses[0]}}};
    for (const InputInterval& edge : *query.clauses[0].box) {
      problem.box.lower.push_back(edge.proof_in(DataType::float32).lower);
      problem.box.upper.push_back(edge.proof_in(DataType::float32).upper);
    }
    const Deadline deadline(Deadline::Clock::now(), 120.0, 0.0);
    CandidateJudge judge(p.network, query);
    Statistics statistics;
    const Options options;
    const SearchContext context{.options = options,
                                .deadline = deadline,
                                .judge = judge,
                                .statistics = statistics,
                                .threads = 1 + trial % 2,
                                .attack = {},
                                .progress = {},
                                .log = {}};
    CaseSearch search(problem, context);
    SearchOutcome outcome;
    while (!outcome.exhausted && !judge.found() && !deadline.expired()) {
      outcome = search.run({.seconds = 1e-5, .times = 1.0});
      if (!outcome.exhausted && !judge.found()) ++stopped;
    }
    EXPECT_EQ(judge.found(), violated) << trial;
    EXPECT_EQ(outcome.exhausted, !violated) << trial;
  }
  EXPECT_GT(stopped, 0);
}

/// An image that varies, beside the place: each case is a network that has to be searched.
TEST(Cases, AreSearchedWhereImagesVary) {
  std::mt19937 random(6);
  for (int trial = 0; trial < 4; ++trial) {
    const Patched p = patched(random, "");
    Evaluator<double> evaluator(p.network);
    Property property{p.image, p.image, 1, {}};
    for (std::size_t i = 0; i < p.image.size(); ++i) {
      property.lower[i] -= 0.05;
      property.upper[i] += 0.05;
    }
    for (int i = 0; i < 2; ++i) {
      property.lower.push_back(0.0);
      property.upper.push_back(kSide - 1);
    }
    double least = HUGE_VAL;
    std::vector<double> x(p.image.size() + 2), y(1);
    for (int k = 0; k < 20000; ++k) {
      for (std::size_t i = 0; i < p.image.size(); ++i)
        x[i] = random() % 2 == 0 ? property.lower[i] : property.upper[i];
      for (std::size_t i = p.image.size(); i < x.size(); ++i)
        x[i] = static_cast<double>(random() % kSide);
      evaluator.forward(x, y);
      least = std::min(least, y[0]);
    }
    const Way way{.threads = 2, .attack = true, .seconds = 120.0};
    property.clauses = {{y_at_most(0, least + 1e-4)}};
    EXPECT_EQ(name_of(solve_text(p.network, property.text(), way).verdict), "sat") << trial;
    property.clauses = {{y_at_most(0, least - 1.0)}};
    EXPECT_EQ(name_of(solve_text(p.network, property.text(), way).verdict), "unsat") << trial;
  }
}

/// Two neighbours in a list that varies, from where an input says on: behind a layer of next to no
/// width, start and end of the slice are inputs of the network's tail, which cannot be lowered
/// then.
TEST(Cases, SlicesOfListsThatVary) {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const auto part = [&](std::int64_t from) {
    return b.add("Slice", {x, b.integers({from}), b.integers({from + 1}), b.integers({1})});
  };
  const ValueId start =
                    b.add("Cast", {b.add("Reshape", {part(0), b.integers({1})})}, {{"to", kToInt}}),
                end = b.add("Add", {start, b.integers({2})});
  const ValueId list =
      b.add("Relu", {b.add("Gemm", {part(1), b.constant({1, 4}, {1.0F, -2.0F, 3.0F, 0.5F}),
                                    b.constant({4}, {0.5F, 0.25F, -1.0F, 2.0F})})});
  const ValueId taken = b.add(
      "Reshape",
      {b.add("Slice", {b.add("Reshape", {list, b.integers({4})}), start, end, b.integers({0})}),
       b.integers({1, 2})});
  b.output(b.add("MatMul", {b.add("Sigmoid", {taken}), b.constant({2, 1}, {1.0F, 1.0F})}));
  const auto network = std::make_shared<const Network>(b.build());
  Evaluator<double> evaluator(network);
  Property property{{0.0, -1.0}, {2.5, 1.0}, 1, {}};
  double least = HUGE_VAL;
  std::vector<double> y(1);
  for (double place = 0.0; place <= 2.5; place += 0.5) {
    for (double z = -1.0; z <= 1.0; z += 1e-3) {
      evaluator.forward(std::vector<double>{place, z}, y);
      least = std::min(least, y[0]);
    }
  }
  property.clauses = {{y_at_most(0, least - 0.1)}};
  EXPECT_EQ(name_of(solve_text(network, property.text(), {.seconds = 120.0}).verdict), "unsat");
  property.clauses = {{y_at_most(0, least + 0.1)}};
  EXPECT_EQ(
      name_of(solve_text(network, property.text(), {.attack = true, .seconds = 120.0}).verdict),
      "sat");
  EXPECT_NE(name_of(solve_text(network, property.text(), {.seconds = 0.5}).verdict), "unsat");
}

/// Where nothing can be proved the search of the cases ends by itself: each is taken once.
TEST(Cases, EndWhereNothingCanBeProved) {
  std::mt19937 random(7);
  for (int trial = 0; trial < 4; ++trial) {
    const Patched p = patched(random, "");
    Property property{p.image, p.image, 1, {}};
    for (int i = 0; i < 2; ++i) {
      property.lower.push_back(0.0);
      property.upper.push_back(kSide - 1);
    }
    // Nothing is below the least output in real arithmetic, but by less than anything could tell.
    property.clauses = {{y_at_most(0, std::nextafter(least_output(p), -HUGE_VAL))}};
    const Query query = parse_vnnlib(property.text(), "test.vnnlib");
    CaseProblem problem{simplify(p.network).network, {{}, {}, {&query.clauses[0]}}};
    for (const InputInterval& edge : *query.clauses[0].box) {
      problem.box.lower.push_back(edge.proof_in(DataType::float32).lower);
      problem.box.upper.push_back(edge.proof_in(DataType::float32).upper);
    }
    const Deadline deadline(Deadline::Clock::now(), 30.0, 0.0);
    CandidateJudge judge(p.network, query);
    ProgressBook book(query);
    Statistics statistics;
    const Options options;
    const SearchContext context{.options = options,
                                .deadline = deadline,
                                .judge = judge,
                                .statistics = statistics,
                                .threads = 2,
                                .attack = {},
                                .progress = &book,
                                .log = {}};
    const SearchOutcome outcome = search_cases(problem, context);
    EXPECT_FALSE(deadline.expired());
    EXPECT_FALSE(outcome.exhausted);
    EXPECT_TRUE(judge.found() || outcome.unsplittable > 0);
    EXPECT_LE(statistics.subproblems, 2U * kSide * kSide);
    const SearchProgress progress = book.now(deadline.elapsed_s());
    EXPECT_EQ(progress.subproblems, statistics.subproblems);
    EXPECT_GT(progress.open, 0U);
    EXPECT_LT(progress.settled_share, 1.0);
    if (!judge.found()) {
      ASSERT_TRUE(book.given_up().has_value());
      EXPECT_LE(book.given_up()->bound, 0.0);
    }
  }
}

/// A deadline that has passed, or comes in the middle: the search ends at once, with all that is
/// open counted.
TEST(Cases, EndAtTheDeadline) {
  std::mt19937 random(8);
  const Patched p = patched(random, "");
  Property property{p.image, p.image, 1, {}};
  for (std::size_t i = 0; i < p.image.size(); ++i) property.upper[i] += 0.5;
  for (int i = 0; i < 2; ++i) {
    property.lower.push_back(0.0);
    property.upper.push_back(kSide - 1);
  }
  property.clauses = {{y_at_most(0, least_output(p) - 1e-3)}};
  const Query query = parse_vnnlib(property.text(), "test.vnnlib");
  CaseProblem problem{simplify(p.network).network, {{}, {}, {&query.clauses[0]}}};
  for (const InputInterval& edge : *query.clauses[0].box) {
    problem.box.lower.push_back(edge.proof_in(DataType::float32).lower);
    problem.box.upper.push_back(edge.proof_in(DataType::float32).upper);
  }
  for (const double seconds : {0.0, 0.001, 0.003, 0.01}) {
    const Deadline deadline(Deadline::Clock::now(), seconds, 0.0);
    CandidateJudge judge(p.network, query);
    Statistics statistics;
    const Options options;
    const SearchOutcome outcome = search_cases(problem, {.options = options,
                                                         .deadline = deadline,
                                                         .judge = judge,
                                                         .statistics = statistics,
                                                         .threads = 2,
                                                         .attack = {},
                                                         .progress = {},
                                                         .log = {}});
    EXPECT_LT(deadline.elapsed_s(), 3.0);
    if (outcome.exhausted || judge.found()) continue;
    EXPECT_GT(outcome.open, 0U);
    EXPECT_GT(outcome.open_share, 0.0);
    if (seconds == 0.0) {
      EXPECT_EQ(outcome.open_share, 1.0);
    }
  }
}

/// Every point of a box is in exactly one part, and the parts' values are those of the function
/// there.
TEST(Cases, CutsLoseNoPoint) {
  const auto value = [](Curve curve, double x) {
    return curve == Curve::floor  ? std::floor(x)
           : curve == Curve::ceil ? std::ceil(x)
                                  : std::trunc(x);
  };
  for (const Curve curve : {Curve::floor, Curve::ceil, Curve::trunc}) {
    for (double l = -3.0; l <= 3.0; l += 0.25) {
      for (double u = l; u <= 3.0; u += 0.25) {
        const Range range = staircase_range(curve, l, u, false, false);
        EXPECT_EQ(range.lower, value(curve, l));
        EXPECT_EQ(range.upper, value(curve, u));
        if (range.lower == range.upper) continue;
        const StaircaseCut cut = cut_staircase({0, curve, range.lower, range.upper});
        EXPECT_TRUE(l <= cut.at && cut.at <= u);
        const Range left = staircase_range(curve, l, cut.at, false, cut.right_has_it),
                    right = staircase_range(curve, cut.at, u, !cut.right_has_it, false);
        EXPECT_GT(right.lower, left.upper);  // something has been decided
        for (double x = l; x <= u; x += 0.125) {
          for (const double at : {x, std::nextafter(x, u), std::nextafter(x, l)}) {
            const bool in_right = cut.right_has_it ? at >= cut.at : at > cut.at;
            const Range& part = in_right ? right : left;
            EXPECT_GE(value(curve, at), part.lower) << at;
            EXPECT_LE(value(curve, at), part.upper) << at;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
