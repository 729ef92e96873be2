#pragma once
// Idea: the judge: is this point a counterexample? Links nothing of bounds or solver; S11 says what
// it shares with the prover.
// Source: the rules of VNN-COMP for counterexamples; ours asks three orders of summation and zero
// tolerance.
// Guarantees: a point that holds is a counterexample of the network as read (S11).
#include <span>
#include <string>
#include <vector>

#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::specs {

/// What the judge found.
struct Judgement {
  bool holds = false;             ///< a counterexample, in every order that was tried
  bool inside_exact_box = false;  ///< inside the decimals' own interval too
  std::size_t clause = 0;         ///< which clause it satisfies (where holds)
  std::vector<double> outputs;  ///< of the natural order, as float32 (float64 networks: as float64)
  std::string why_not;          ///< where it does not hold
};

/// Replays `point` (values on the network's input type's grid) on the network as read, in natural,
/// reversed and blocked order, and tests it against the query exactly. Holds only where one and the
/// same clause is satisfied in all three.
Judgement judge(const Network& network, const Query& query, std::span<const double> point);

}  // namespace clipbound::specs
