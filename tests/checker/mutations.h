#pragma once
// Idea: changes of a certificate that make it false, each with a name, and others that only may.
// Source: docs/certificate.md: what a file has to have.
// Guarantees: false_mutations() breaks a rule each time, whatever the certificate proves.
#include <random>
#include <string>
#include <vector>

#include "tests/checker/records.h"

namespace clipcheck {

struct Mutation {
  std::string what;
  Writer stream;
};

/// Of each kind at most `each`, at random places. `plain`: no row or constraint is used but in
/// leaves, so that no interval is ever empty.
std::vector<Mutation> false_mutations(const Records& records, std::mt19937_64& random, int each,
                                      bool plain);

/// Some changes that the grammar allows: other slopes, splits, multipliers, records. Where the
/// query has a counterexample, no such file may be verified.
void shake(Records& records, std::mt19937_64& random);

}  // namespace clipcheck
