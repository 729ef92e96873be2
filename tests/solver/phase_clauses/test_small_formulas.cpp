// Formulas of three literals a clause as networks of ReLUs, in three encodings of 0/1: whether one
// has a model is known by trying all values of its few variables. Y_0 >= 1 says that no clause
// lacks anything, Y_1 <= 0 that all inputs are 0 or 1.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

using Formula = std::vector<std::array<int, 3>>;  // +-(1 + variable)

Formula random_formula(Dice& dice, int variables, int clauses) {
  Formula formula;
  for (int c = 0; c < clauses; ++c) {
    std::array<int, 3> clause{};
    for (std::size_t k = 0; k < 3; ++k) {
      int variable = 0;
      do {
        variable = dice.whole(1, variables);
      } while ((k > 0 && std::abs(clause[0]) == variable) ||
               (k > 1 && std::abs(clause[1]) == variable));
      clause[k] = dice.chance(0.5) ? variable : -variable;
    }
    formula.push_back(clause);
  }
  return formula;
}

bool has_model(const Formula& formula, int variables) {
  for (unsigned values = 0; values < 1U << static_cast<unsigned>(variables); ++values) {
    const auto holds = [&](int literal) {
      return ((values >> static_cast<unsigned>(std::abs(literal) - 1) & 1U) != 0) == (literal > 0);
    };
    if (std::all_of(formula.begin(), formula.end(), [&](const std::array<int, 3>& clause) {
          return std::any_of(clause.begin(), clause.end(), holds);
        }))
      return true;
  }
  return false;
}

/// A sum of weighted elements of the layer before, plus a constant.
struct Affine {
  std::map<int, double> weights;
  double constant = 0.0;
  void add(const Affine& other, double factor) {
    for (const auto& [k, w] : other.weights) weights[k] += factor * w;
    constant += factor * other.constant;
  }
};
Affine combine(double constant, const std::vector<std::pair<const Affine*, double>>& parts) {
  Affine sum;
  sum.constant = constant;
  for (const auto& [part, factor] : parts) sum.add(*part, factor);
  return sum;
}
Affine element(std::size_t k) {
  return {{{static_cast<int>(k), 1.0}}, 0.0};
}

using Layer = std::vector<Affine>;
TinyNetwork written(int inputs, const std::vector<Layer>& layers) {
  TinyNetwork net;
  net.sizes = {inputs};
  for (const Layer& layer : layers) {
    const auto in = static_cast<std::size_t>(net.sizes.back());
    std::vector<float>& w = net.weights.emplace_back(in * layer.size(), 0.0F);
    std::vector<float>& b = net.biases.emplace_back();
    for (std::size_t o = 0; o < layer.size(); ++o) {
      for (const auto& [k, x] : layer[o].weights)
        w[o * in + static_cast<std::size_t>(k)] = static_cast<float>(x);
      b.push_back(static_cast<float>(layer[o].constant));
    }
    net.sizes.push_back(static_cast<int>(layer.size()));
  }
  return net;
}

enum class Encoding { minimum, absolute, mixed };

struct Encoded {
  TinyNetwork net;
  std::vector<double> lower, upper;
};

/// x as the network reads it: the inputs, or for `mixed` sums of neighbours (x_i = sum of y_k,
/// k <= i), where a step y lies between -1 and 1.
std::vector<Affine> variables_of(int variables, Encoding encoding, Encoded& to) {
  std::vector<Affine> x;
  for (int i = 0; i < variables; ++i) {
    Affine sum = element(static_cast<std::size_t>(i));
    if (encoding == Encoding::mixed && i > 0) sum.add(x.back(), i % 2 == 0 ? 1.0 : 0.5);
    x.push_back(sum);
    to.lower.push_back(encoding == Encoding::mixed ? -1.0 : 0.0);
    to.upper.push_back(1.0);
  }
  return x;
}

Encoded encode(const Formula& formula, int variables, Encoding encoding) {
  Encoded result;
  const std::vector<Affine> x = variables_of(variables, encoding, result);
  Layer first, second;
  for (std::size_t c = 0; c < formula.size(); ++c) {
    Affine lack;
    lack.constant = 1.0;
    for (const int literal : formula[c]) {
      lack.add(x[static_cast<std::size_t>(std::abs(literal) - 1)], literal > 0 ? -1.0 : 1.0);
      lack.constant -= literal > 0 ? 0.0 : 1.0;
    }
    first.push_back(lack);
    second.push_back(element(c));
  }
  Affine lacks, far;
  for (std::size_t c = 0; c < formula.size(); ++c) lacks.add(element(c), 1.0);
  for (const Affine& value : x) {
    const Affine a = element(first.size()), b = element(first.size() + 1);
    if (encoding == Encoding::minimum) {  // min(x, 1 - x) = relu(x) - relu(2 x - 1)
      first.push_back(value);
      first.push_back(combine(-1.0, {{&value, 2.0}}));
      far.add(element(second.size()), 1.0);
      second.push_back(combine(0.0, {{&a, 1.0}, {&b, -1.0}}));
      continue;
    }
    first.push_back(combine(-0.5, {{&value, 1.0}}));
    first.push_back(combine(0.5, {{&value, -1.0}}));
    far.add(element(second.size()), 1.0);
    second.push_back(combine(0.5, {{&a, -1.0}, {&b, -1.0}}));
    if (encoding == Encoding::absolute) continue;
    far.add(element(second.size()), 1.0);
    second.push_back(combine(-0.5, {{&a, 1.0}, {&b, 1.0}}));
  }
  result.net = written(variables, {first, second, {combine(1.0, {{&lacks, -1.0}}), far}});
  return result;
}

void expect_truth(Encoding encoding, std::uint64_t seed, const std::string& split, int threads) {
  Dice dice(seed);
  // Propagation sees less of what is mixed.
  const int most = encoding == Encoding::mixed ? 5 : 8;
  int models = 0, none = 0;
  for (int trial = 0; trial < 16; ++trial) {
    const int variables = dice.whole(3, most);
    const Formula formula =
        random_formula(dice, variables, static_cast<int>(dice.uniform(3.0, 8.0) * variables));
    const Encoded encoded = encode(formula, variables, encoding);
    Property property{encoded.lower, encoded.upper, 2, {{y_at_least(0, 1.0), y_at_most(1, 0.0)}}};
    Way way;
    way.split = split;
    way.threads = threads;
    way.seconds = 60.0;
    way.attack = true;
    const bool possible = has_model(formula, variables);
    const SolveResult result = solve_text(encoded.net.build(), property.text(), way);
    EXPECT_EQ(name_of(result.verdict), possible ? "sat" : "unsat")
        << "trial " << trial << ", " << variables << " variables, " << formula.size()
        << " clauses: " << result.reason;
    ++(possible ? models : none);
  }
  EXPECT_GT(models, 2);
  EXPECT_GT(none, 2);
}

TEST(SmallFormulas, AreDecidedAsMinima) {
  expect_truth(Encoding::minimum, 7301, "neurons", 1);
}
TEST(SmallFormulas, AreDecidedAsAbsoluteValues) {
  expect_truth(Encoding::absolute, 7302, "neurons", 2);
}
TEST(SmallFormulas, AreDecidedWhereInputsAreMixed) {
  expect_truth(Encoding::mixed, 7303, "neurons", 1);
}
TEST(SmallFormulas, AreDecidedByTurns) {
  expect_truth(Encoding::minimum, 7304, "turns", 2);
}

}  // namespace
}  // namespace clipbound::test
