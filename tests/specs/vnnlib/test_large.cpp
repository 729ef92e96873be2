// Sizes that occur: read in time and memory that grow with the text.
#include <chrono>

#include "base/deadline.h"
#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;

double seconds_to_parse(const std::string& text, Query& query) {
  const auto start = std::chrono::steady_clock::now();
  query = parse(text);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Large, ImageOf150528Inputs) {
  std::string text = "(declare-const Y_0 Real)(declare-const Y_1 Real)\n";
  constexpr int kInputs = 150'528;
  for (int i = 0; i < kInputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
  text += "(assert (or (and (>= Y_0 Y_1)) (and (>= Y_0 3))))\n";  // before the box: it must not be
                                                                  // read once per case
  for (int i = 0; i < kInputs; ++i) {
    const std::string x = "X_" + std::to_string(i);
    text += "(assert (<= " + x + " 0." + std::to_string(500'000 + i) +
            "1234567))\n(assert (>= " + x + " -0.25))\n";
  }
  Query query;
  const double seconds = seconds_to_parse(text, query);
  std::printf("%zu MB in %.3f s\n", text.size() >> 20, seconds);
  ASSERT_EQ(query.clauses.size(), 2U);
  EXPECT_EQ(distinct_boxes(query), 1U);
  EXPECT_EQ(query.input_size, kInputs);
  EXPECT_LT(seconds, 10.0);
}

TEST(Large, OneAssertOfManyBoxes) {
  constexpr int kBoxes = 4000, kInputs = 60;
  std::string text = declarations(kInputs, 1) + "(assert (or\n";
  for (int b = 0; b < kBoxes; ++b) {
    text += "(and";
    for (int i = 0; i < kInputs; ++i) {
      const std::string x = " X_" + std::to_string(i) + " 0.";
      const std::string digits = std::to_string(b / 2) + std::to_string(100 + i);
      text += " (>=" + x + digits + "1234) (<=" + x + digits + "98765)";
    }
    text += b % 2 ? " (>= Y_0 1.5))\n" : " (<= Y_0 -1.5))\n";
  }
  text += "))";
  Query query;
  const double seconds = seconds_to_parse(text, query);
  std::printf("%zu MB in %.3f s, resident %zu MB\n", text.size() >> 20, seconds,
              resident_bytes() >> 20);
  ASSERT_EQ(query.clauses.size(), static_cast<std::size_t>(kBoxes));
  EXPECT_EQ(distinct_boxes(query), static_cast<std::size_t>(kBoxes / 2));
  EXPECT_EQ(query.clauses.back().line, kInputs + 1 + 1 + kBoxes);
  EXPECT_LT(seconds, 20.0);
}

TEST(Large, OneRowOfManyTerms) {
  constexpr int kOutputs = 50'000;
  std::string sum;
  for (int i = kOutputs; i-- > 0;) sum += " (* 0.5 Y_" + std::to_string(i) + ")";
  const Query query = parse(boxed(1, kOutputs, "(assert (<= (+" + sum + sum + ") 1))"));
  ASSERT_EQ(query.clauses.at(0).rows.at(0).terms.size(), static_cast<std::size_t>(kOutputs));
  EXPECT_EQ(query.clauses[0].rows[0].terms[7].coefficient.exact, 1);
}

}  // namespace
