// The binary form of a stopped search: what was written is read back; damaged files are refused,
// and files with a right checksum and wrong contents crash nothing.
#include "solver/search/state_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstring>
#include <random>

#include "base/error.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/floors.h"
#include "tests/support/tiny_network.h"

namespace clipbound::test {
namespace {

constexpr std::uint64_t kProblem = 0x1234567890abcdefU;
constexpr std::size_t kBody = 16 + 4 + 4;  // after magic, version, checksum

/// Two clauses on [0, 1] x [-1, 1].
Query two_clauses() {
  return parse_vnnlib(
      "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n"
      "(assert (>= X_0 0.0))\n(assert (<= X_0 1.0))\n"
      "(assert (>= X_1 -1.0))\n(assert (<= X_1 1.0))\n"
      "(assert (or (and (>= Y_0 5.0)) (and (<= Y_0 -5.0))))\n",
      "test.vnnlib");
}

/// The first clause is closed but for two subproblems, the second one is whole.
SearchState some_state() {
  SearchState state;
  state.problem = kProblem;
  state.clauses.resize(2);
  state.clauses[0].lowered = 77;
  Share rest = Share::whole(), half = rest.split();
  half.close(state.clauses[0].closed);
  half = rest.split();
  Subproblem left;
  left.share = std::move(half);
  left.bound = -0.25;
  left.without_rows = true;
  left.box = {{0, 0.25, 0.5, true, false}, {1, -1.0, 0.0, false, true}};
  left.decisions = {{2, 7, -HUGE_VAL, 0.0}, {0, 3, 0.5, 0.75}};
  left.halfspaces = {{1.0, -2.0, 0.5}, {0.0, 1.0, -0.125}};
  state.clauses[0].open.push_back(std::move(left));
  half = rest.split();
  half.close(state.clauses[0].unsplittable);
  half = rest.split();
  half.close(state.clauses[0].elsewhere);
  Subproblem right;
  right.share = std::move(rest);
  right.bound = -HUGE_VAL;
  state.clauses[0].open.push_back(std::move(right));
  Subproblem whole;
  whole.clause = 1;
  whole.share = Share::whole();
  state.clauses[1].open.push_back(std::move(whole));
  return state;
}

void give_checksum(std::string& bytes) {
  const auto sum = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data() + kBody), bytes.size() - kBody));
  std::memcpy(bytes.data() + kBody - 4, &sum, 4);
}

TEST(StateFile, ReadsBackWhatWasWritten) {
  const Query query = two_clauses();
  const std::string bytes = write_state(some_state());
  const SearchState state = read_state(bytes, query, DataType::float32, kProblem);
  ASSERT_EQ(state.clauses.size(), 2U);
  ASSERT_EQ(state.clauses[0].open.size(), 2U);
  const SearchState before = some_state();
  for (std::size_t k = 0; k < 2; ++k) {
    const Subproblem &a = state.clauses[0].open[k], &b = before.clauses[0].open[k];
    EXPECT_EQ(a.share.depth(), b.share.depth());
    EXPECT_EQ(a.bound, b.bound);
    EXPECT_EQ(a.without_rows, b.without_rows);
    EXPECT_EQ(a.box, b.box);
    EXPECT_EQ(a.decisions, b.decisions);
    EXPECT_EQ(a.halfspaces, b.halfspaces);
  }
  EXPECT_EQ(state.clauses[0].lowered, 77U);
  EXPECT_EQ(state.clauses[0].closed.value(), 0.5);
  EXPECT_EQ(state.clauses[0].unsplittable.value(), 0.125);
  EXPECT_EQ(state.clauses[0].elsewhere.value(), 0.0625);
  EXPECT_EQ(write_state(state), bytes);
  EXPECT_LT(bytes.size(), 700U) << "some kB at most";
}

TEST(StateFile, SaysWhatIsWrong) {
  const Query query = two_clauses();
  const std::string bytes = write_state(some_state());
  const auto message = [&](const std::string& of, std::uint64_t problem = kProblem) {
    try {
      (void)read_state(of, query, DataType::float32, problem);
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_NE(message("").find("no saved search"), std::string::npos);
  EXPECT_NE(message(bytes, 1).find("another network or property"), std::string::npos);
  EXPECT_NE(message(bytes + "x").find("damaged"), std::string::npos);
  EXPECT_NE(message(bytes.substr(0, bytes.size() - 1)).find("damaged"), std::string::npos);
  std::string newer = bytes;
  newer[16] = 9;
  EXPECT_NE(message(newer).find("version 9"), std::string::npos);
}

TEST(StateFile, SharesThatDoNotAddUpAreRefused) {
  const Query query = two_clauses();
  for (const int change : {0, 1, 2}) {
    SearchState state = some_state();
    if (change == 0) state.clauses[0].open.pop_back();
    if (change == 1) state.clauses[0].closed.add(30);
    if (change == 2) state.clauses[1].open.clear();
    EXPECT_THROW((void)read_state(write_state(state), query, DataType::float32, kProblem),
                 InputError)
        << change;
  }
  SearchState outside = some_state();
  outside.clauses[0].open[0].box[0].upper = 1.5;
  EXPECT_THROW((void)read_state(write_state(outside), query, DataType::float32, kProblem),
               InputError);
}

TEST(StateFile, AMillionChangedBytesAreRefused) {
  const Query query = two_clauses();
  const std::string bytes = write_state(some_state());
  std::mt19937_64 random(5);
  std::string changed = bytes;
  for (int trial = 0; trial < 1'000'000; ++trial) {
    const std::size_t at = random() % bytes.size();
    changed[at] = static_cast<char>(changed[at] ^ (1 + random() % 255));
    bool refused = false;
    try {
      (void)read_state(changed, query, DataType::float32, kProblem);
    } catch (const InputError&) {
      refused = true;
    }
    ASSERT_TRUE(refused) << "byte " << at;
    changed[at] = bytes[at];
  }
}

/// What a wrong file with a right checksum says may be wrong, but it is a state.
TEST(StateFile, WrongContentsCrashNothing) {
  const Query query = two_clauses();
  const std::string bytes = write_state(some_state());
  std::mt19937_64 random(6);
  int accepted = 0;
  for (int trial = 0; trial < 200'000; ++trial) {
    std::string changed = bytes;
    for (std::uint64_t k = 1 + random() % 3; k > 0; --k)
      changed[kBody + random() % (bytes.size() - kBody)] = static_cast<char>(random() % 256);
    if (random() % 4 == 0) changed.resize(kBody + random() % (bytes.size() - kBody));
    give_checksum(changed);
    try {
      const SearchState state = read_state(changed, query, DataType::float32, kProblem);
      ASSERT_EQ(state.clauses.size(), 2U);
      ++accepted;
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(accepted, 0) << "bounds and numbers may change";
}

TEST(ProblemFingerprint, TellsNetworksAndQueriesApart) {
  const Query query = two_clauses();
  const auto one = TinyNetwork{{2, 1}, {{1.0F, 2.0F}}, {{0.0F}}}.build();
  const auto other = TinyNetwork{{2, 1}, {{1.0F, 2.5F}}, {{0.0F}}}.build();
  Query changed = two_clauses();
  changed.clauses[1].rows[0].strict = !changed.clauses[1].rows[0].strict;
  EXPECT_EQ(problem_fingerprint(*one, query), problem_fingerprint(*one, two_clauses()));
  EXPECT_NE(problem_fingerprint(*one, query), problem_fingerprint(*other, query));
  EXPECT_NE(problem_fingerprint(*one, query), problem_fingerprint(*one, changed));
}

}  // namespace
}  // namespace clipbound::test
