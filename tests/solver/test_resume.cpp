// Searches of both splits and of integer cases, stopped at some moment, written, read in a new
// process and finished there: the verdict is that of the uninterrupted search, and shares add up
// exactly. CLIPBOUND_STOPS says how many (12; 40 where CLIPBOUND_THOROUGH=1).
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "solver/search/state_file.h"
#include "tests/support/floors.h"
#include "tests/support/hard_searches.h"
#include "tests/support/thorough.h"

namespace clipbound::test {
namespace {

SolveResult run(const HardSearch& search, const Deadline& deadline, const SearchState* resume,
                SearchState* left) {
  SolveContext context;
  context.deadline = &deadline;
  context.resume = resume;
  context.left = left;
  return solve(search.network, search.query, search.options, context);
}

std::string file_of(int number) {
  return (std::filesystem::temp_directory_path() /
          ("clipbound_state_" + std::to_string(::getpid()) + "_" + std::to_string(number)))
      .string();
}

/// What the new process does: CLIPBOUND_RESUME says which search, and its file.
TEST(Resume, DISABLED_FinishesWhatAnotherProcessBegan) {
  const char* const what = std::getenv("CLIPBOUND_RESUME");
  ASSERT_NE(what, nullptr);
  std::istringstream words(what);
  int number = 0;
  std::string file;
  words >> number >> file;
  const HardSearch search = make_hard_search(number);
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  const SearchState state = read_state(bytes, search.query, search.network->input_type(),
                                       problem_fingerprint(*search.network, search.query));
  ASSERT_TRUE(adds_up(state));
  SearchState left;
  const SolveResult result =
      run(search, Deadline(Deadline::Clock::now(), 120.0, 0.0), &state, &left);
  bool all_closed = true;
  for (const ClauseState& clause : left.clauses) all_closed = all_closed && clause.closed.is_one();
  std::ofstream(file + ".verdict") << name_of(result.verdict) << (all_closed ? " closed" : " open");
}

/// In a new process. "unsat closed": proved, and all shares of all clauses are closed.
std::string finished_elsewhere(int number, const SearchState& state) {
  const std::string file = file_of(number);
  std::ofstream(file, std::ios::binary) << write_state(state);
  const std::string command = "CLIPBOUND_RESUME='" + std::to_string(number) + " " + file +
                              "' /proc/self/exe --gtest_also_run_disabled_tests "
                              "--gtest_filter=Resume.DISABLED_FinishesWhatAnotherProcessBegan >" +
                              file + ".log 2>&1";
  // /proc/self is the shell's there: name this program.
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  std::string named = command;
  named.replace(named.find("/proc/self/exe"), 14, self);
  const int status = std::system(named.c_str());
  std::string verdict = "exit " + std::to_string(status), rest;
  if (std::ifstream in(file + ".verdict"); in) std::getline(in, verdict);
  for (const char* end : {"", ".verdict", ".log"}) std::filesystem::remove(file + end);
  return verdict;
}

int how_many() {
  const char* const asked = std::getenv("CLIPBOUND_STOPS");
  return asked != nullptr ? std::atoi(asked) : amount("searches that are stopped", 12, 40);
}

TEST(Resume, StoppedSearchesAreFinishedInANewProcess) {
  std::mt19937_64 random(3);
  int compared = 0, finished = 0, slow = 0;
  const int count = how_many();
  for (int number = 0; compared < count && number < 20 * count; ++number) {
    SCOPED_TRACE(number);
    const HardSearch search = make_hard_search(number);
    SearchState whole;
    const auto begin = std::chrono::steady_clock::now();
    const SolveResult expected =
        run(search, Deadline(Deadline::Clock::now(), 5.0, 0.0), nullptr, &whole);
    if (expected.verdict == Verdict::timeout) continue;  // nothing to compare with
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (expected.verdict != Verdict::sat) {
      EXPECT_TRUE(adds_up(whole));
    }
    Deadline deadline;
    SearchState left;
    std::jthread stopper([&] {
      std::this_thread::sleep_for(std::chrono::duration<double>(
          seconds * std::uniform_real_distribution<double>(0.0, 1.0)(random)));
      deadline.interrupt();
    });
    const SolveResult result = run(search, deadline, nullptr, &left);
    stopper.join();
    if (result.verdict == Verdict::unsat || result.verdict == Verdict::sat) {
      ++finished;
      EXPECT_EQ(name_of(result.verdict), name_of(expected.verdict));
      continue;
    }
    ASSERT_TRUE(adds_up(left));
    const std::string verdict = finished_elsewhere(number, left);
    // No contradiction, but nothing to compare with either: another search takes its place.
    if (verdict.starts_with("timeout")) {
      ++slow;
      continue;
    }
    ++compared;
    if (expected.verdict == Verdict::unsat) {
      EXPECT_EQ(verdict, "unsat closed");
    } else {
      EXPECT_EQ(verdict.substr(0, verdict.find(' ')), name_of(expected.verdict));
    }
  }
  RecordProperty("compared", compared);
  std::printf(
      "%d searches were stopped and finished elsewhere, %d had ended before, %d were not done in "
      "time\n",
      compared, finished, slow);
  EXPECT_EQ(compared, count);
}

/// Wrong states with right checksums, taken as they are: solve() ends, and crashes nowhere.
TEST(Resume, WrongStatesHangNothing) {
  std::mt19937_64 random(4);
  int taken = 0;
  for (int number = 0; number < 60; ++number) {
    const HardSearch search = make_hard_search(number % 20);
    SearchState left;
    Deadline at_once(Deadline::Clock::now(), 0.003, 0.0);
    run(search, at_once, nullptr, &left);
    if (left.clauses.empty()) continue;  // a counterexample was found
    for (ClauseState& clause : left.clauses) {
      if (random() % 4 == 0) clause.lowered = random();
      for (Subproblem& subproblem : clause.open) {
        const auto any = [&] {
          return std::ldexp(std::uniform_real_distribution<double>(-1.0, 1.0)(random),
                            static_cast<int>(random() % 2000) - 1000);
        };
        for (int k = 0; k < 3; ++k) {
          double a = any(), b = any();
          if (a > b) std::swap(a, b);
          subproblem.decisions.push_back({static_cast<std::uint32_t>(random() % 5),
                                          static_cast<std::uint32_t>(random() % 20), a, b});
        }
        subproblem.halfspaces.push_back({any(), any(), any(), any()});
        subproblem.halfspaces.push_back({any()});
        if (random() % 2 == 0) subproblem.without_rows = !subproblem.without_rows;
      }
    }
    ++taken;
    run(search, Deadline(Deadline::Clock::now(), 0.1, 0.0), &left, nullptr);
  }
  EXPECT_GT(taken, 30);
}

}  // namespace
}  // namespace clipbound::test
