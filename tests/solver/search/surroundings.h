#pragma once
// A context for searches that are about nothing.
#include <memory>

#include "solver/search/search_context.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {

/// The identity of one input on [0.1, 0.3], which are no floats; unsafe from 0.2 on.
struct Surroundings {
  std::shared_ptr<const Network> network = TinyNetwork{{1, 1}, {{1.0F}}, {{0.0F}}}.build();
  Query query = parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const Y_0 Real)\n"
      "(assert (>= X_0 0.1))\n(assert (<= X_0 0.3))\n(assert (>= Y_0 0.2))\n",
      "test.vnnlib");
  Options options;
  Deadline deadline;
  Statistics statistics;
  CandidateJudge judge{network, query};

  SearchContext context(int threads) {
    return {.options = options,
            .deadline = deadline,
            .judge = judge,
            .statistics = statistics,
            .threads = threads,
            .attack = {},
            .progress = {},
            .log = {}};
  }
};

}  // namespace clipbound::test
