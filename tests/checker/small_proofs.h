#pragma once
// Idea: a small network of random ReLUs with a proof that is written here, with records that the
// program's own files may not have: half-spaces, cut edges, decisions of neurons, bounds with rows.
// Source: docs/certificate.md.
// Guarantees: `counterexample` is a point of the box with exactly the value `reached`.
#include <cmath>
#include <memory>
#include <random>

#include "tests/checker/records.h"

namespace clipcheck {

/// Two inputs in [-1, 1]^2, two layers of four ReLUs, one output.
class SmallNetwork {
 public:
  explicit SmallNetwork(std::uint64_t seed) : random_(seed) {
    std::vector<Index> before = {0, 1};
    for (int layer = 0; layer < 2; ++layer) {
      const Index z = affine(before, 4);
      const Index y = system.add_neurons({z, z + 1, z + 2, z + 3}, 0.0, 1.0);
      before = {y, y + 1, y + 2, y + 3};
    }
    output = affine(before, 1);
    system.seal();
  }
  /// The output at a point, exactly.
  mpq_class at(double x0, double x1) const {
    std::vector<mpq_class> values = {mpq_class(x0), mpq_class(x1)};
    for (const Group& group : system.groups()) {
      for (Index k = 0; k < group.count; ++k) {
        mpq_class value = 0;
        if (group.kind == Group::Kind::neurons) {
          value = values[group.pre[k]] > 0 ? values[group.pre[k]] : mpq_class(0);
        } else {
          value = group.bias[k];
          for (std::size_t t = group.begin[k]; t < group.begin[k + 1]; ++t)
            value += mpq_class(group.values[t]) * values[group.elements[t]];
        }
        values.push_back(value);
      }
    }
    return values[output];
  }
  /// The least value on a grid.
  mpq_class least() const {
    mpq_class result = at(0.0, 0.0);
    for (int i = -16; i <= 16; ++i)
      for (int j = -16; j <= 16; ++j) result = std::min(result, at(i / 16.0, j / 16.0));
    return result;
  }
  /// "Y_0 <= threshold", `clauses` times on parts of the box, with a second row that always holds.
  Claim claim(const mpq_class& threshold, int clauses = 1) const {
    Claim claim{system, {output}, {}, {}, {}};
    for (int k = 0; k < clauses; ++k) {
      const double low = -1.0 + 2.0 * k / clauses, high = -1.0 + 2.0 * (k + 1) / clauses;
      claim.clauses.push_back(
          {{low, -1.0}, {high, 1.0}, {{{{0, 1}}, threshold, false}, {{{0, -1}}, 1000, true}}});
    }
    return claim;
  }
  /// Certificates for claim(threshold, clauses): the header and clauses, trees of `depth` splits.
  Records proof(const Claim& claim, int depth) {
    Records records;
    records.network = records.property = std::vector<std::uint8_t>(32, 0);
    records.sizes = {2, 1, 2, 4, 4};
    records.clause_count = claim.clauses.size();
    for (const Clause& clause : claim.clauses) {
      ClauseText& text = records.clauses.emplace_back();
      for (std::size_t i = 0; i < 2; ++i) {
        text.edges.push_back(clause.lower[i]);
        text.edges.push_back(clause.upper[i]);
      }
      text.rows = {{0, {{0, 1.0}}, clause.rows[0].threshold.get_d()}, {1, {{0, -1.0}}, 1000.0}};
      text.tree = tree(text.edges, depth, 2);
    }
    return records;
  }

  System system{2};
  Index output = 0;

 private:
  double weight() { return static_cast<double>(random_() % 4097) / 2048.0 - 1.0; }
  Index affine(const std::vector<Index>& before, int count) {
    std::vector<AffineRow> rows;
    for (int k = 0; k < count; ++k) {
      AffineRow row{before, {}, {}, mpq_class(weight() / 2.0)};
      for (std::size_t i = 0; i < before.size(); ++i) row.values.push_back(weight());
      rows.push_back(row);
    }
    return system.add_affine(rows);
  }
  static Step layer(std::uint64_t k) {
    Step step{.tag = 'B'};
    step.layer = k;
    return step;
  }
  /// `constraints`: how many there are.
  Tree tree(const std::vector<double>& box, int depth, std::uint64_t constraints) {
    Tree result;
    if (random_() % 4 == 0) result.steps.push_back({.tag = 'J'});
    result.steps.push_back({.tag = 'I'});
    if (random_() % 3 == 0) {
      Step slopes{.tag = 'a'};
      slopes.layer = random_() % 2;
      slopes.form = static_cast<std::uint8_t>(1 + random_() % 2);
      slopes.slopes = {{1, 0.5F, 0x3800}, {0, 0.25F, 0x3400}};
      result.steps.push_back(slopes);
    }
    result.steps.push_back(layer(0));
    result.steps.push_back(layer(1));
    if (random_() % 2 == 0) {  // what the row says of the box cuts an edge of it
      Step half_space{.tag = 'H'}, edges{.tag = 'e'}, bound{.tag = 'b'};
      half_space.mults = {{0, 1.0F}};
      edges.constraint = constraints++;
      bound.layer = 1;
      bound.bounds = {{random_() % 4,
                       static_cast<std::uint8_t>(random_() % 2),
                       {{edges.constraint, 0.5F}, {0, 0.125F}}}};
      result.steps.insert(result.steps.end(), {half_space, edges, bound});
    }
    result.mults = {{0, 1.0F}};
    if (depth == 0) return result;
    if (random_() % 3 == 0) {
      result.end = 'N';
      result.layer = random_() % 2;
      result.neuron = random_() % 4;
      result.at = random_() % 2 == 0 ? 0.0 : 0.0625;
      result.first = std::make_unique<Tree>(tree(box, depth - 1, constraints + 1));
      result.second = std::make_unique<Tree>(tree(box, depth - 1, constraints + 1));
      return result;
    }
    const std::size_t i = box[1] - box[0] >= box[3] - box[2] ? 0 : 1;
    result.end = 'X';
    result.input = i;
    result.at = (box[2 * i] + box[2 * i + 1]) / 2;
    std::vector<double> low = box, high = box;
    low[2 * i + 1] = high[2 * i] = result.at;
    result.first = std::make_unique<Tree>(tree(low, depth - 1, constraints));
    result.second = std::make_unique<Tree>(tree(high, depth - 1, constraints));
    return result;
  }

  std::mt19937_64 random_;
};

}  // namespace clipcheck
