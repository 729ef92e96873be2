#pragma once
// Random networks and properties that take a search of some seconds at most, of both splits.
#include <cmath>
#include <memory>
#include <vector>

#include "solver/search/subproblem.h"
#include "specs/evaluate/evaluate.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"
#include "tests/support/random_network.h"

namespace clipbound::test {

/// A property that takes a search: thresholds a little below the least value that samples show.
struct HardSearch {
  std::shared_ptr<const Network> network;
  Query query;
  Options options;
};

inline HardSearch make_hard_search(int number) {
  Dice dice(static_cast<unsigned>(1000 + number));
  const bool by_inputs = number % 2 == 0;
  NetworkTaste taste;
  taste.inputs = by_inputs ? 3 : 6;
  taste.layers = 3;
  taste.width = by_inputs ? 14 : 12;
  taste.scale = 1.6;
  taste.structured = number % 3 == 0;
  taste.nonlinear = number % 5 == 0;
  RandomNetwork random(dice, taste);
  HardSearch search;
  search.network = random.build();
  Property property;
  property.outputs = 2;
  for (int i = 0; i < taste.inputs; ++i) {
    property.lower.push_back(-1.0);
    property.upper.push_back(1.0);
  }
  Evaluator<double> evaluator(search.network);
  std::vector<double> least(2, HUGE_VAL), most(2, -HUGE_VAL);
  for (int k = 0; k < 2000; ++k) {
    std::vector<double> x;
    for (int i = 0; i < taste.inputs; ++i) x.push_back(static_cast<float>(dice.uniform(-1.0, 1.0)));
    std::vector<double> y(2);
    evaluator.forward(x, y);
    for (std::size_t j = 0; j < 2; ++j) {
      least[j] = std::min(least[j], y[j]);
      most[j] = std::max(most[j], y[j]);
    }
  }
  // Some of them lie among the values: these are violated.
  const double margin = number % 7 == 6 ? -0.02 : 0.1;
  property.clauses = {{y_at_most(0, least[0] - margin * (most[0] - least[0]))},
                      {y_at_least(1, most[1] + margin * (most[1] - least[1]))}};
  search.query = parse_vnnlib(property.text(), "test.vnnlib");
  search.options.attack = false;
  search.options.threads = 1 + number % 3;
  search.options.split = by_inputs ? "inputs" : "neurons";
  return search;
}

/// Every clause's closed, unsplittable and open shares, and what is elsewhere, are 1.
inline bool adds_up(const SearchState& state) {
  for (const ClauseState& clause : state.clauses) {
    ShareSum sum = clause.closed;
    sum.add(clause.unsplittable);
    sum.add(clause.elsewhere);
    for (const Subproblem& subproblem : clause.open) sum.add(subproblem.share.depth());
    if (!sum.is_one()) return false;
  }
  return true;
}

}  // namespace clipbound::test
