#pragma once
// Idea: two sets of results side by side.
// Source: own.
// Guarantees: a sat against an unsat is always reported.
#include <string>
#include <vector>

#include "benchmarks/suite/results.h"

namespace clipbound::suite {

/// One instance in both.
struct ResultPair {
  const ResultRow* first = nullptr;
  const ResultRow* second = nullptr;
};

/// Where two tables differ, over the instances that both have. Refers to the tables it was made of.
struct Comparison {
  std::vector<ResultPair> disagreements;  ///< sat and unsat: one of them is wrong
  std::vector<ResultPair> gained, lost;   ///< settled by the second alone, by the first alone
  std::vector<ResultPair> other_changes;  ///< neither settles it, in different words
  std::vector<ResultPair> both;           ///< settled by both, alike
  std::size_t common = 0, only_first = 0, only_second = 0;
  /// Mean over par2_over instances: seconds, or twice the limit.
  double par2_first_s = kNotKnown, par2_second_s = kNotKnown;
  std::size_t par2_over = 0;  ///< with a limit and the seconds of what was settled
};

/// Throws InputError where they have no instance in common.
Comparison compare(const ResultTable& first, const ResultTable& second);

/// For people: verdict changes first, then times. Lists have at most `longest` rows, 0 for all.
std::string to_text(const Comparison& comparison, const ResultTable& first,
                    const ResultTable& second, std::size_t longest);

}  // namespace clipbound::suite
