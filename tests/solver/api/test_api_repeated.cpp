// The library called over and over, from one thread and from many: it neither grows nor mixes
// things up. Under the address sanitizer this looks for leaks, under the thread sanitizer for
// races.
#include <clipbound/clipbound.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace {

using clipbound::Verdict;

/// y = |x0 + x1|, in three layers so that there is something to search.
clipbound::Network network() {
  return clipbound::Network::from_layers(
      2, {{.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
          {.weights = {1, 1, 1, -1, -1, 1}, .bias = {0, 0.25F, 0.25F}, .relu = true},
          {.weights = {1, 0, 0}, .bias = {0}}});
}

clipbound::Query reaches(double value) {
  clipbound::Query query(2, 1);
  query.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, value)});
  return query;
}

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * 4096;
}

/// CLIPBOUND_TEST_CALLS asks for more than are of use every day.
int calls(int usual) {
  const char* asked = std::getenv("CLIPBOUND_TEST_CALLS");
  return asked == nullptr ? usual : std::atoi(asked);
}

TEST(Repeated, SolvesDoNotGrow) {
  const clipbound::Network net = network();
  const clipbound::Query sat = reaches(1.5), unsat = reaches(2.01);
  const clipbound::Options options = clipbound::OptionFields{.time_limit_s = 60, .threads = 1};
  const auto both = [&] {
    ASSERT_EQ(clipbound::solve(net, sat, options).verdict, Verdict::sat);
    ASSERT_EQ(clipbound::solve(net, unsat, options).verdict, Verdict::unsat);
  };
  const int total = calls(400);
  for (int k = 0; k < total / 8; ++k) both();  // what is allocated once is allocated now
  const std::size_t before = resident_bytes();
  for (int k = total / 8; k < total / 2; ++k) both();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(resident_bytes(), before + (std::size_t{4} << 20));
#else
  static_cast<void>(before);
#endif
}

TEST(Repeated, EightThreadsWithQueriesOfTheirOwn) {
  const clipbound::Network net = network();
  const clipbound::Bounder bounder(net, std::vector<double>{-1, -1}, std::vector<double>{1, 1});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < calls(80) / 8; ++k) {
        const double value = 1.05 + 0.25 * t;  // up to 2 it is reached
        const clipbound::Query query = reaches(value);
        const clipbound::Options options =
            clipbound::OptionFields{.time_limit_s = 60, .threads = 1 + t % 2, .seed = k};
        const clipbound::Result result = clipbound::solve(net, query, options);
        EXPECT_EQ(result.verdict, value <= 2.0 ? Verdict::sat : Verdict::unsat)
            << value << ": " << result.reason;
        EXPECT_TRUE(result.verdict != Verdict::sat || result.output[0] >= value);
        const clipbound::Bounds bounds = bounder.bounds(query.box_lower(0), query.box_upper(0));
        EXPECT_GE(bounds.upper[0], 2.0);
      }
    });
  }
}

}  // namespace
