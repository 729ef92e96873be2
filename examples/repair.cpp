// Idea: a counterexample-guided loop: verify, repair, verify again, until nothing is left to
// repair.
// Source: counterexample-guided repair.
// Guarantees: the last verdict is a proof.
//
// A network is to stay below its specification: Y <= 1 on [-1, 1]^2. It is a sum of hats; while a
// counterexample is found, the hat that is highest there is lowered to fit. Every repair is exact
// for its counterexample, and the last verdict is a proof.
#include <clipbound/clipbound.h>

#include <cmath>
#include <iostream>

namespace {

struct Hat {
  float x, y, height;
};

/// Y = sum over hats of height * relu(1 - 4 (|x0 - x| + |x1 - y|)), as operators.
clipbound::Network build(const std::vector<Hat>& hats) {
  clipbound::GraphBuilder graph;
  const auto x = graph.input("x", {1, 2});
  clipbound::GraphBuilder::Value sum = clipbound::GraphBuilder::Value::none;
  for (const Hat& hat : hats) {
    const auto centre = graph.constant({1, 2}, std::vector<float>{hat.x, hat.y});
    const auto distances = graph.add("Abs", {graph.add("Sub", {x, centre})});
    const auto slopes = graph.constant({2, 1}, std::vector<float>{-4, -4});
    const auto slope = graph.add("Add", {graph.add("MatMul", {distances, slopes}),
                                         graph.constant({1}, std::vector<float>{1})});
    const auto scaled = graph.add(
        "Mul", {graph.add("Relu", {slope}), graph.constant({1}, std::vector<float>{hat.height})});
    sum = sum == clipbound::GraphBuilder::Value::none ? scaled : graph.add("Add", {sum, scaled});
  }
  graph.output(sum);
  return graph.build();
}

float value_of(const Hat& hat, const std::vector<double>& point) {
  const double distance = std::fabs(point[0] - hat.x) + std::fabs(point[1] - hat.y);
  return static_cast<float>(hat.height * std::max(0.0, 1.0 - 4.0 * distance));
}

}  // namespace

int main() {
  std::vector<Hat> hats = {
      {0.5F, 0.5F, 2.5F}, {-0.5F, 0.5F, 0.7F}, {-0.5F, -0.4F, 1.8F}, {0.4F, 0.4F, 0.6F}};
  for (int round = 1; round <= 50; ++round) {
    const clipbound::Network network = build(hats);
    clipbound::Query query(2, 1);
    query.add_clause(
        {-1, -1}, {1, 1},
        {clipbound::Row{.terms = {{.coefficient = -1.0}}, .threshold = -1.0, .strict = true}});
    const clipbound::Result result =
        clipbound::solve(network, query, clipbound::OptionFields{.time_limit_s = 60, .threads = 1});
    std::cout << "round " << round << ": " << clipbound::name_of(result.verdict) << "\n";
    // It had to be repaired.
    if (result.verdict == clipbound::Verdict::unsat) return round > 2 ? 0 : 1;
    if (result.verdict != clipbound::Verdict::sat) return 1;
    std::cout << "  Y(" << result.input[0] << ", " << result.input[1] << ") = " << result.output[0]
              << "\n";
    // Lower the highest hat by what is too much there, and a little more, at the counterexample.
    Hat* highest = &hats[0];
    for (Hat& hat : hats) {
      if (value_of(hat, result.input) > value_of(*highest, result.input)) highest = &hat;
    }
    const float here = value_of(*highest, result.input),
                wanted = here - static_cast<float>(result.output[0] - 0.98);
    highest->height *= std::max(0.0F, wanted / here);
  }
  return 1;
}
