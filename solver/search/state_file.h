#pragma once
// Idea: the binary form of a stopped search. Numbers are little-endian; a header with version and
// checksum stands before them.
// Source: own.
// Guarantees: bytes that were not written here, or have changed since, are an InputError and never a
// crash, a hang or a state whose shares do not add up to 1. Whoever computes the checksum anew can
// still lie about what was closed: a file is trusted like the program that wrote it
// (docs/soundness/s10-branch-and-bound.md).
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "solver/search/subproblem.h"
#include "specs/network/network.h"
#include "specs/query/query.h"

namespace clipbound::solver {

inline constexpr std::uint32_t kStateVersion = 2;

/// Says whether a state belongs to this network and query: a hash of all that decides the answer.
std::uint64_t problem_fingerprint(const Network& network, const Query& query);

/// The bytes of a state.
std::string write_state(const SearchState& state);

/// The state in these bytes. Throws InputError where they are not a state of this query: damaged,
/// of another version or problem, subproblems outside their clauses' boxes, shares that do not add
/// up. `input_type` is that of the network's inputs.
SearchState read_state(std::string_view bytes, const Query& query, DataType input_type,
                       std::uint64_t fingerprint);

}  // namespace clipbound::solver
