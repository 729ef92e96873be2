#pragma once
// Idea: one search as parts that any scheduler runs as jobs of their own, and what their results come
// to.
// Source: cube and conquer (Heule, Kullmann, Wieringa and Biere, HVC 2011); ours searches breadth-first
// until there are enough subproblems, and deals them out by their shares.
// Guarantees: parts and what was refuted on the way add up to the whole of every clause, exactly, or
// merge() does not say `unsat` (docs/soundness/s10-branch-and-bound.md).
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "clipbound/checkpoint.h"
#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/query.h"
#include "clipbound/solve.h"

namespace clipbound {

/// A search in parts.
struct Division {
  Result result;      ///< `sat` and `unsat` where no part is needed
  SavedSearch whole;  ///< what was refuted on the way, and which the parts are
  std::vector<SavedSearch>
      parts;  ///< fewer than asked for where less is open; none after a verdict
};

/// Searches until enough is open, and divides that into up to `parts` parts of similar shares. Each
/// is a SavedSearch: solve() with Callbacks::resume and part_alone gives the verdict of that part
/// alone (`sat` is one of the whole). Of callbacks.checkpoint only the question is used. Throws as
/// solve() does, and InputError for no parts, more than 100,000, or where Callbacks::resume is set.
CLIPBOUND_API Division divide(const Network& network, const Query& query, std::size_t parts,
                              const Options& options = {}, const Callbacks& callbacks = {});

/// What parts' results come to.
struct Merged {
  Result result;                     ///< of the whole query; `unknown` where something is missing
  std::size_t proved = 0;            ///< parts whose results prove them
  std::vector<std::size_t> missing;  ///< numbers of parts without a result that decides them
  std::vector<std::string> refused;  ///< what belongs to nothing here, or was changed, in words
};

/// `unsat` where every part's result proves it and all add up to the whole of every clause; `sat`
/// where a result has a counterexample, which is replayed. `parts` and `results` in any order;
/// whatever is foreign, changed or there twice is refused, and there is no `unsat` then. Throws
/// InputError where `whole` is of another network or query, or no division.
CLIPBOUND_API Merged merge(const Network& network, const Query& query, const SavedSearch& whole,
                           std::span<const SavedSearch> parts,
                           std::span<const SavedSearch> results);

}  // namespace clipbound
