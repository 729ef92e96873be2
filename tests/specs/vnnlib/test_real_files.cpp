// Real competition properties, where they are at hand: all sampled files parse, and agree with the
// slow evaluator.
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <random>

#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;
namespace fs = std::filesystem;

constexpr std::size_t kPerSuite = 6;
constexpr std::size_t kSlowLimit =
    250'000;  // bytes of text that the slow evaluator is asked to read

std::string text_of(const fs::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string text(1 << 16, '\0'), all;
  for (int got = 0; (got = gzread(file, text.data(), 1 << 16)) > 0;)
    all.append(text, 0, static_cast<std::size_t>(got));
  gzclose(file);
  return all;
}

// Points in and around the clauses' boxes, outputs on and around thresholds.
struct Sampler {
  std::mt19937_64 random{11};
  const Query& query;

  double near(double value) {
    switch (random() % 5) {
      case 0: return std::nextafter(value, 1e9);
      case 1: return std::nextafter(value, -1e9);
      default: return value;
    }
  }
  std::vector<double> input() {
    const Box& box = *query.clauses[random() % query.clauses.size()].box;
    std::vector<double> x(box.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double f = static_cast<double>(random() % 1001) / 1000;
      x[i] = std::clamp(box[i].exact.lower + f * (box[i].exact.upper - box[i].exact.lower),
                        box[i].exact.lower, box[i].exact.upper);
    }
    if (random() % 4 == 0) {
      const std::size_t i = random() % x.size();
      x[i] = random() % 2 ? near(box[i].exact.upper) : near(box[i].exact.lower);
    }
    return x;
  }
  std::vector<double> output() {
    std::vector<double> y(static_cast<std::size_t>(query.output_size));
    for (double& value : y) value = std::uniform_real_distribution<double>(-3, 3)(random);
    const Clause& clause = query.clauses[random() % query.clauses.size()];
    for (const Row& row : clause.rows) {  // tries to satisfy the clause
      const Term& term = row.terms.back();
      if (term.of != Term::Of::output || random() % 4 == 0) continue;
      const double other = row.terms.size() == 2 && row.terms[0].of == Term::Of::output
                               ? y[static_cast<std::size_t>(row.terms[0].index)]
                               : row.threshold.lower;
      const double sign = row.terms.size() == 1 ? term.coefficient.lower : 1.0;
      y[static_cast<std::size_t>(term.index)] =
          near(sign * other) - static_cast<double>(random() % 3) * term.coefficient.lower;
    }
    return y;
  }
};

struct Tally {
  int files = 0, points = 0, hits = 0;
};

void compare(const fs::path& path, const Query& query, Tally& tally) {
  const std::string text = text_of(path);
  if (text.size() > kSlowLimit || query.clauses.empty()) return;
  const auto formulas = slow::assertions(text);
  Sampler sampler{.query = query};
  for (int k = 0; k < 12; ++k) {
    const std::vector<double> x = sampler.input(), y = sampler.output();
    const bool expected = slow::all_hold(formulas, point_of(x, y), slow::Reading::exact);
    ++tally.points;
    tally.hits += expected;
    ASSERT_EQ(query_holds(query, x, y, slow::Reading::exact), expected) << path << " point " << k;
  }
}

TEST(RealFiles, ParseAndAgree) {
  const fs::path root = fs::path(CLIPBOUND_SOURCE_DIR) / ".." / "shared" / "vnncomp";
  if (!fs::is_directory(root)) GTEST_SKIP() << "the competition's properties are not at " << root;
  Tally tally;
  for (const auto& suite : fs::directory_iterator(root)) {
    if (!suite.is_directory()) continue;
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(suite)) {
      if (entry.path().string().find(".vnnlib") != std::string::npos && entry.is_regular_file())
        files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::size_t step = std::max<std::size_t>(1, files.size() / kPerSuite);
    if (suite.path().filename() == "acasxu_2023") step = 1;
    for (std::size_t i = 0; i < files.size(); i += step) {
      SCOPED_TRACE(files[i]);
      const Query query = read_vnnlib(files[i].string());
      ++tally.files;
      EXPECT_FALSE(query.clauses.empty());
      for (const std::string& warning : query.warnings) std::printf("%s\n", warning.c_str());
      check_invariants(query);
      compare(files[i], query, tally);
      if (HasFatalFailure()) return;
    }
  }
  std::printf("%d files, %d points, %d of them true\n", tally.files, tally.points, tally.hits);
  EXPECT_GT(tally.hits, tally.points / 10);
  EXPECT_LT(tally.hits, tally.points * 9 / 10);
}

}  // namespace
