// Random VNN-LIB 2 files and mutated ones: an error, or the meaning that the slow reader finds.
// CLIPBOUND_FUZZ_FILES sets how many mutated files there are, CLIPBOUND_FUZZ_SEED where they begin.
#include <cmath>
#include <optional>

#include "specs/vnnlib/formula.h"
#include "tests/specs/vnnlib/joint_compare.h"
#include "tests/specs/vnnlib/joint_generator.h"

namespace {

using namespace joint_fuzz;

constexpr int kPointsPerFile = 12;

struct Counts {
  int files = 0, read = 0, refused_alone = 0, too_large = 0, points = 0, hits = 0;
};

class Fuzz {
 public:
  explicit Fuzz(std::uint64_t seed) : generator_(seed) {}

  // The program's reading; nothing where it refuses with a place in the file.
  std::optional<JointQuery> read(const std::string& text) {
    VnnlibLimits limits;
    limits.max_clauses = 5000;
    limits.max_form_bytes = std::size_t{1} << 28;
    try {
      return parse_joint_query(text, "fuzz.vnnlib", limits);
    } catch (const InputError& error) {
      said_ = error.what();
    } catch (const Unsupported& error) {
      said_ = error.what();
    }
    EXPECT_EQ(said_.find("fuzz.vnnlib"), 0U) << said_ << "\n" << text;
    return std::nullopt;
  }

  void compare(const std::string& text, Counts& counts) {
    ++counts.files;
    const std::optional<JointQuery> joint = read(text);
    meaning::JointFile expected;
    try {
      expected = meaning::read_joint(text);
    } catch (const meaning::TooLarge&) {
      ++counts.too_large;
      return;
    } catch (const meaning::Meaningless& why) {
      ASSERT_FALSE(joint.has_value()) << "read, though it means nothing: " << why.what() << "\n"
                                      << text;
      return;
    }
    counts.refused_alone += !joint.has_value();
    if (!joint) return;
    ++counts.read;
    ASSERT_EQ(expected.inputs, joint->query.input_size) << text;
    ASSERT_EQ(expected.outputs, joint->tensor_outputs()) << text;
    check_tensors(expected, *joint, text);
    // Values of the model itself have no bounds in the file.
    if (text.find("initialized") == std::string::npos) check_invariants(joint->query);
    if (expected.inputs > 40 || expected.outputs > 40) return;
    for (int k = 0; k < kPointsPerFile; ++k) compare_at_a_point(expected, *joint, text, counts);
  }

  JointGenerator& generator() { return generator_; }
  const std::string& said() const { return said_; }

 private:
  void check_tensors(const meaning::JointFile& expected, const JointQuery& joint,
                     const std::string& text) {
    ASSERT_EQ(expected.networks.size(), joint.networks.size()) << text;
    for (std::size_t n = 0; n < joint.networks.size(); ++n) {
      const DeclaredNetwork& network = joint.networks[n];
      const meaning::JointNetwork& wanted = expected.networks[n];
      ASSERT_EQ(wanted.name, network.name) << text;
      ASSERT_EQ(wanted.like.empty(), network.like == DeclaredNetwork::Like::itself) << text;
      if (!wanted.like.empty()) {
        ASSERT_EQ(wanted.like, joint.networks.at(network.other).name) << text;
      }
      ASSERT_EQ(wanted.tensors.size(), network.tensors.size()) << text;
      for (std::size_t t = 0; t < network.tensors.size(); ++t) {
        ASSERT_EQ(wanted.tensors[t].name, network.tensors[t].name) << text;
        ASSERT_EQ(wanted.tensors[t].first, network.tensors[t].first) << text;
        ASSERT_EQ(wanted.tensors[t].input, network.tensors[t].kind == DeclaredTensor::Kind::input)
            << text;
      }
    }
  }

  // Near and on the numbers of the file; some coordinates are those of others.
  double coordinate(const meaning::JointFile& expected, const std::vector<double>& before) {
    if (!before.empty() && pick(4) == 0) return before[pick(before.size())];
    if (pick(3) == 0 || expected.numbers.empty())
      return static_cast<double>(pick(4401)) / 1000.0 - 2.2;
    double value = expected.numbers[pick(expected.numbers.size())].get_d();
    if (!std::isfinite(value)) value = 1.0;
    const double around[] = {value,
                             value,
                             std::nextafter(value, 9.0),
                             std::nextafter(value, -9.0),
                             -value,
                             static_cast<double>(static_cast<float>(value))};
    const double chosen = around[pick(6)];
    return std::isfinite(chosen) ? chosen : value;
  }

  void compare_at_a_point(const meaning::JointFile& expected, const JointQuery& joint,
                          const std::string& text, Counts& counts) {
    std::vector<double> x, y;
    while (x.size() < expected.inputs.get_ui()) x.push_back(coordinate(expected, x));
    while (y.size() < expected.outputs.get_ui()) y.push_back(coordinate(expected, y));
    if (!in_types(joint, x)) return;
    const bool holds = meaning::all_hold(expected, exact(x), exact(y));
    ++counts.points;
    counts.hits += holds;
    std::string where;
    for (const double value : x) where += " " + std::to_string(value);
    for (const double value : y) where += " " + std::to_string(value);
    ASSERT_EQ(compiled_holds(joint, x, y), holds) << text << "\nat" << where;
    if (joint.formula != nullptr) {
      ASSERT_EQ(holds_exactly(*joint.formula, x, y), holds) << text << "\nat" << where;
    }
  }

  // Inputs of integer types have their values only.
  static bool in_types(const JointQuery& joint, const std::vector<double>& x) {
    for (const DeclaredNetwork& network : joint.networks) {
      for (const DeclaredTensor& tensor : network.tensors) {
        if (tensor.kind == DeclaredTensor::Kind::input && tensor.type > DeclaredType::float64 &&
            !x.empty()) {
          return false;
        }
      }
    }
    return true;
  }

  std::size_t pick(std::size_t n) { return generator_.pick(n); }

  JointGenerator generator_;
  std::string said_;
};

TEST(JointMutations, GrownFilesMeanWhatTheySay) {
  Counts counts;
  for (int i = 0; i < 400 && !testing::Test::HasFatalFailure(); ++i) {
    Fuzz fuzz(100000 + static_cast<std::uint64_t>(i));
    const std::string text = fuzz.generator().file();
    const int before = counts.read;
    fuzz.compare(text, counts);
    ASSERT_EQ(counts.read, before + 1) << fuzz.said() << "\n" << text;
  }
  std::printf("%d files, %d points, %.1f %% of them true\n", counts.files, counts.points,
              100.0 * counts.hits / counts.points);
  EXPECT_GT(counts.hits, counts.points / 50);
}

TEST(JointMutations, MutatedFilesAreRefusedOrMeanWhatTheySay) {
  const int files = from_environment("CLIPBOUND_FUZZ_FILES", 800);
  const auto seed = static_cast<std::uint64_t>(from_environment("CLIPBOUND_FUZZ_SEED", 1));
  Counts counts;
  for (int i = 0; i < files && !testing::Test::HasFatalFailure(); ++i) {
    Fuzz fuzz(seed * 1000003 + static_cast<std::uint64_t>(i));
    const std::string text = fuzz.generator().file();
    const int changes = 1 + static_cast<int>(fuzz.generator().pick(3));
    fuzz.compare(fuzz.generator().mutated(text, changes), counts);
    if (testing::Test::HasFailure()) FAIL() << "file " << i;
  }
  std::printf(
      "%d files, %d read, %d refused though the slow reader reads them, %d too large, "
      "%d points, %.1f %% of them true\n",
      counts.files, counts.read, counts.refused_alone, counts.too_large, counts.points,
      100.0 * counts.hits / std::max(1, counts.points));
  EXPECT_GT(counts.read, files / 20);
}

}  // namespace
