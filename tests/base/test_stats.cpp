// Statistics add up row by row.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "base/log.h"
#include "base/stats.h"
#include "base/version.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Statistics, EveryRowAddsUp) {
  Statistics a, b;
  int next = 1;
  for_each_statistic(a, [&](auto, auto& value, auto) {
    value = static_cast<std::remove_reference_t<decltype(value)>>(next++);
  });
  for_each_statistic(b, [&](auto, auto& value, auto) {
    value = static_cast<std::remove_reference_t<decltype(value)>>(10 * next++);
  });
  std::vector<double> expected;
  for_each_statistic(
      a, [&](auto, const auto& value, auto) { expected.push_back(static_cast<double>(value)); });
  std::size_t i = 0;
  for_each_statistic(
      b, [&](auto, const auto& value, auto) { expected[i++] += static_cast<double>(value); });
  const Statistics sum = a + b;
  i = 0;
  for_each_statistic(sum, [&](std::string_view name, const auto& value, auto) {
    EXPECT_EQ(static_cast<double>(value), expected[i++]) << name;
  });
  EXPECT_EQ(i, expected.size());
  a += b;
  EXPECT_EQ(a, sum);
}

TEST(Statistics, NamesAreUniqueAndStartAtZero) {
  std::set<std::string_view> names;
  const Statistics none;
  for_each_statistic(none, [&](std::string_view name, const auto& value, std::string_view help) {
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(value, 0) << name;
    EXPECT_FALSE(help.empty()) << name;
  });
}

TEST(Log, PassesOnWhatIsWanted) {
  std::vector<std::string> heard;
  const Log log(1, [&](int level, const std::string& message) {
    heard.push_back(std::to_string(level) + message);
  });
  log.say(0, "a");
  log.say(1, "b");
  log.say(2, "c");
  EXPECT_EQ(heard, (std::vector<std::string>{"0a", "1b"}));
  EXPECT_TRUE(log.wants(1));
  EXPECT_FALSE(log.wants(2));
  EXPECT_FALSE(Log().wants(0));
  EXPECT_NO_THROW(Log().say(0, "nobody hears"));
}

TEST(Version, IsThreeNumbers) {
  int major = -1, minor = -1, patch = -1;
  char rest = 0;
  EXPECT_EQ(std::sscanf(version_text(), "%d.%d.%d%c", &major, &minor, &patch, &rest), 3)
      << version_text();
}

}  // namespace
}  // namespace clipbound::test
