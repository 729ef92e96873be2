// Every row of base/options.def can be set by its field and by its flag, and refuses what is out of
// its range.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "base/error.h"
#include "base/options.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Type = OptionInfo::Type;

/// A value other than the default.
std::string another_value(const OptionInfo& row, const std::string& preset) {
  switch (row.type) {
    case Type::boolean: return preset == "true" ? "false" : "true";
    case Type::word:
      return std::string(row.words.front() == preset ? row.words.back() : row.words.front());
    case Type::integer: return std::to_string(static_cast<long long>(row.max));
    case Type::number: break;
  }
  return preset == "0.5" ? "0.25" : "0.5";
}

TEST(Options, EveryRowIsSettableByFieldAndByFlag) {
  for (const OptionInfo& row : option_table()) {
    SCOPED_TRACE(row.field);
    const std::string preset = get_option(Options{}, row.field), other = another_value(row, preset);
    ASSERT_NE(preset, other);
    for (const std::string& name :
         {std::string(row.field), std::string(row.flag), "--" + std::string(row.flag)}) {
      Options options;
      set_option(options, name, other);
      EXPECT_EQ(get_option(options, row.field), other);
      // Only this one has changed.
      for (const OptionInfo& rest : option_table()) {
        if (rest.field == row.field) continue;
        EXPECT_EQ(get_option(options, rest.field), get_option(Options{}, rest.field));
      }
      set_option(options, name, preset);
      EXPECT_EQ(get_option(options, row.flag), preset);
    }
  }
}

TEST(Options, NamesAreUniqueAndHelpIsThere) {
  std::set<std::string_view> names;
  for (const OptionInfo& row : option_table()) {
    EXPECT_TRUE(names.insert(row.field).second) << row.field;
    EXPECT_FALSE(row.help.empty()) << row.field;
    EXPECT_EQ(row.help.find('\n'), std::string_view::npos) << row.field;
    if (row.flag == row.field) continue;
    EXPECT_TRUE(names.insert(row.flag).second) << row.flag;
  }
}

TEST(Options, DefaultsLieInTheirOwnRange) {
  for (const OptionInfo& row : option_table()) {
    Options options;
    EXPECT_NO_THROW(set_option(options, row.field, get_option(options, row.field))) << row.field;
  }
}

TEST(Options, ValuesOutOfRangeAreRefusedWithNameValueAndRange) {
  for (const OptionInfo& row : option_table()) {
    for (const std::string text :
         {"", "x", "nan", "-1e300", "inf", "1 2", "0x10", "99999999999999999999"}) {
      SCOPED_TRACE(std::string(row.field) + " = " + text);
      if (row.type == Type::number && text == "99999999999999999999" && row.max >= 1e20) continue;
      Options options;
      try {
        set_option(options, row.flag, text);
        ADD_FAILURE() << "accepted";
      } catch (const InputError& error) {
        const std::string message = error.what();
        EXPECT_NE(message.find(row.flag), std::string::npos) << message;
        EXPECT_NE(message.find("'" + text + "'"), std::string::npos) << message;
        EXPECT_NE(message.find(describe_range(row)), std::string::npos) << message;
      }
      EXPECT_EQ(get_option(options, row.field), get_option(Options{}, row.field));
    }
  }
}

TEST(Options, EdgesOfARangeBelongToIt) {
  for (const OptionInfo& row : option_table()) {
    if (row.type != Type::integer) continue;
    Options options;
    EXPECT_NO_THROW(
        set_option(options, row.field, std::to_string(static_cast<long long>(row.min))));
    EXPECT_NO_THROW(
        set_option(options, row.field, std::to_string(static_cast<long long>(row.max))));
    EXPECT_THROW(
        set_option(options, row.field, std::to_string(static_cast<long long>(row.min) - 1)),
        InputError);
    EXPECT_THROW(
        set_option(options, row.field, std::to_string(static_cast<long long>(row.max) + 1)),
        InputError);
  }
}

TEST(Options, WordsAreEnumerators) {
  Options options;
  EXPECT_EQ(split_of(options), SplitOption::auto_);
  EXPECT_EQ(clipping_of(options), ClippingOption::complete);
  set_option(options, "split", "turns");
  set_option(options, "clipping", "none");
  set_option(options, "branching", "sb");
  EXPECT_EQ(split_of(options), SplitOption::turns);
  EXPECT_EQ(clipping_of(options), ClippingOption::none);
  EXPECT_EQ(branching_of(options), BranchingOption::sb);
  options.branching = "auto_";  // an enumerator, no word
  EXPECT_THROW(branching_of(options), InputError);
}

TEST(Options, BlanksAroundAValueDoNotMatter) {
  Options options;
  set_option(options, "timeout", " 2.5\r\n");  // as from a line of a CSV file
  EXPECT_EQ(options.time_limit_s, 2.5);
}

TEST(Options, UnknownNamesAreRefused) {
  Options options;
  EXPECT_THROW(set_option(options, "no-such-option", "1"), InputError);
  EXPECT_THROW(get_option(options, ""), InputError);
}

}  // namespace
}  // namespace clipbound::test
