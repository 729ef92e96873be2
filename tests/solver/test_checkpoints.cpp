// Checkpoints of searches that run: at every cut closed, unsplittable and open shares add up
// exactly, whatever threads and kinds of search; a search that goes on from any of them has the
// verdict of the one that was not interrupted, and with one thread cuts change nothing of it.
#include <gtest/gtest.h>

#include <random>

#include "solver/search/state_file.h"
#include "tests/support/floors.h"
#include "tests/support/hard_searches.h"

namespace clipbound::test {
namespace {

/// Began long ago, so that checkpoints may take whole seconds.
Deadline old_deadline(double seconds) {
  constexpr double kAge_s = 3600.0;
  return {Deadline::Clock::now() - std::chrono::seconds(3600), kAge_s + seconds, 0.0};
}

struct Checkpointed {
  SolveResult result;
  std::vector<std::string> states;
};

Checkpointed run_with_checkpoints(const HardSearch& search, const SearchState* resume,
                                  bool with_checkpoints = true) {
  Checkpointed run;
  const Deadline deadline = old_deadline(1.0);
  SolveContext context;
  context.deadline = &deadline;
  context.resume = resume;
  context.checkpoint_s = 0.002;
  if (with_checkpoints) {
    context.checkpoint = [&](const SearchState& state, const Statistics& so_far) {
      EXPECT_TRUE(adds_up(state));
      EXPECT_GT(so_far.search_s + so_far.root_s + so_far.attack_s, 0.0);
      run.states.push_back(write_state(state));
    };
  }
  run.result = solve(search.network, search.query, search.options, context);
  return run;
}

class Checkpoints : public testing::TestWithParam<const char*> {};

TEST_P(Checkpoints, AnyOfThemLeadsToTheSameVerdict) {
  std::mt19937_64 random(7);
  int resumed = 0;
  for (int number = 0; number < 60 && resumed < 5; ++number) {
    SCOPED_TRACE(number);
    HardSearch search = make_hard_search(number);
    search.options.split = GetParam();
    const Checkpointed first = run_with_checkpoints(search, nullptr);
    if (first.result.verdict == Verdict::timeout || first.states.empty()) continue;
    const std::string& bytes = first.states[random() % first.states.size()];
    const SearchState state = read_state(bytes, search.query, search.network->input_type(),
                                         problem_fingerprint(*search.network, search.query));
    search.options.threads = 1 + static_cast<int>(random() % 3);
    const Checkpointed second = run_with_checkpoints(search, &state);
    if (second.result.verdict == Verdict::timeout) continue;
    EXPECT_EQ(name_of(second.result.verdict), name_of(first.result.verdict));
    ++resumed;
  }
  EXPECT_EQ(resumed, 5);
}
INSTANTIATE_TEST_SUITE_P(Splits, Checkpoints, testing::Values("inputs", "neurons", "turns"),
                         [](const auto& split) { return std::string(split.param); });

TEST(CheckpointsOfOneThread, ChangeNothingOfTheSearch) {
  int compared = 0;
  for (int number = 0; number < 60 && compared < 2; number += 2) {
    HardSearch search = make_hard_search(number);
    search.options.threads = 1;
    search.options.deterministic = true;
    const Checkpointed with = run_with_checkpoints(search, nullptr),
                       without = run_with_checkpoints(search, nullptr, false);
    if (with.states.size() < 2 || with.result.verdict == Verdict::timeout ||
        without.result.verdict == Verdict::timeout)
      continue;
    EXPECT_EQ(name_of(with.result.verdict), name_of(without.result.verdict));
    EXPECT_EQ(with.result.statistics.subproblems, without.result.statistics.subproblems);
    EXPECT_EQ(with.result.statistics.checkpoints, with.states.size());
    ++compared;
  }
  EXPECT_EQ(compared, 2);
}

}  // namespace
}  // namespace clipbound::test
