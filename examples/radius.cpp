// Idea: a robustness radius by bisection: the largest box around a point on which a classifier
// keeps its label.
// Source: bisection.
// Guarantees: the radius that is printed was proved.
//
// `clipbound robustness` and clipbound::robustness() do this with more care for time and limits;
// here is the idea in full.
#include <clipbound/clipbound.h>

#include <iostream>

namespace {

/// Three classes: which of three corners of the plane is nearest, by |x0 - a| + |x1 - b|, negated
/// so that the largest wins.
clipbound::Network make_classifier() {
  const float corners[3][2] = {{0, 0}, {2, 0}, {0, 2}};
  clipbound::DenseLayer first{.relu = true}, second;
  first.weights.clear();
  for (int k = 0; k < 3; ++k) {
    for (int i = 0; i < 2; ++i) {
      for (const float sign : {1.0F, -1.0F}) {  // |z| = relu(z) + relu(-z)
        first.weights.insert(first.weights.end(), {i == 0 ? sign : 0.0F, i == 1 ? sign : 0.0F});
        first.bias.push_back(-sign * corners[k][i]);
      }
    }
    for (int j = 0; j < 12; ++j) second.weights.push_back(j / 4 == k ? -1.0F : 0.0F);
    second.bias.push_back(0.0F);
  }
  return clipbound::Network::from_layers(2, {first, second});
}

/// Is some other output at least as large as `label`'s somewhere within `radius` of x?
clipbound::Result ask(const clipbound::Network& network, const std::vector<double>& x,
                      std::size_t label, double radius) {
  std::vector<double> lower = x, upper = x;
  for (double& value : lower) value -= radius;
  for (double& value : upper) value += radius;
  clipbound::Query query(network.input_size(), network.output_size());
  for (std::size_t j = 0; j < network.output_size(); ++j) {
    if (j == label) continue;
    const clipbound::Row row = clipbound::Row::outputs_in_order(label, j);
    query.add_clause(lower, upper, {&row, 1});
  }
  return clipbound::solve(network, query,
                          clipbound::OptionFields{.time_limit_s = 60, .threads = 1});
}

}  // namespace

int main() {
  const clipbound::Network network = make_classifier();
  const std::vector<double> x{0.25, 0.5};
  const std::size_t label = 0;
  // The label holds within `robust`, and is lost within `broken`.
  double robust = 0.0, broken = 4.0;
  while (broken - robust > 1e-4) {
    const double radius = 0.5 * (robust + broken);
    const clipbound::Result result = ask(network, x, label, radius);
    if (result.verdict == clipbound::Verdict::unsat) {
      robust = radius;
    } else if (result.verdict == clipbound::Verdict::sat) {
      broken = radius;
    } else {
      std::cout << "undecided at " << radius << ": " << result.reason << "\n";
      return 1;
    }
  }
  std::cout.precision(17);  // all digits: rounded to fewer, it might be more than was proved
  std::cout << "robust up to " << robust << ", not at " << broken << "\n";
  // The nearest other corner is (0, 2): where |x1| = |x1 - 2|, at x1 = 1, the label changes.
  return robust <= 0.5 && broken >= 0.5 - 1e-6 ? 0 : 1;
}
