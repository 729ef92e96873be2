// clipbound robustness.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

/// relu of each input: the label is the larger one, wherever an input is positive.
struct Files {
  Scratch scratch;
  std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  std::string point = scratch.write("x.csv", "0.75,\n 0.25\n");
};

TEST(RobustnessCommand, FindsTheRadius) {
  const Files files;
  const Ended ended =
      run({"robustness", files.network, "--input", files.point, "--label", "0", "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json json = Json::parse(ended.out);
  // 0.75 - r against 0.25 + r.
  EXPECT_LT(json["robust_radius"], 0.25);
  EXPECT_GT(json["robust_radius"], 0.2495);
  EXPECT_GE(json["counterexample_radius"], 0.25);
  EXPECT_LT(json["counterexample_radius"], 0.2505);
  EXPECT_EQ(json["counterexample_label"], 1);
  const Ended text = run({"robustness", files.network, "--input", files.point, "--label", "0",
                          "--radius-max", "0.125"});
  EXPECT_EQ(text.out, "robust 0.125\ncounterexample none known\n");
}

/// The largest radii are hard: bounds prove smaller ones before any of these is searched for long.
TEST(RobustnessCommand, ProvesASmallRadiusBeforeItSearchesLargeOnes) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", hard_classifier()),
                    point = scratch.write("x.csv", "1 -1 1 -1 1 -1 1 -1 1 -1 1 -1");
  for (const char* label : {"0", "1"}) {
    const Ended ended = run({"robustness", network, "--input", point, "--label", label,
                             "--tolerance", "0.8", "--timeout", "20", "--json", "-"},
                            {}, 120.0);
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    const Json json = Json::parse(ended.out);
    if (json["robust_radius"] < 0.0) continue;  // the other one's point
    EXPECT_GT(json["robust_radius"], 0.0) << ended.out;
    return;
  }
  ADD_FAILURE() << "the point has no label";
}

TEST(RobustnessCommand, AWrongLabelHasNone) {
  const Files files;
  const Ended ended = run({"robustness", files.network, "--input", files.point, "--label", "1"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.out, "label 0, not 1: no radius\n");
}

TEST(RobustnessCommand, SaysWhatIsWrong) {
  const Files files;
  const auto code = [&](const std::string& point, const std::string& label) {
    return run({"robustness", files.network, "--input", point, "--label", label}).exit_code;
  };
  EXPECT_EQ(code("/no/such/file", "0"), 2);
  EXPECT_EQ(code(files.scratch.write("short.csv", "1"), "0"), 2);
  EXPECT_EQ(code(files.scratch.write("bad.csv", "1, two"), "0"), 2);
  EXPECT_EQ(code(files.scratch.write("nan.csv", "1, nan"), "0"), 2);
  EXPECT_EQ(code(files.point, "2"), 2);
  EXPECT_EQ(code(files.point, "first"), 1);
  EXPECT_EQ(run({"robustness", files.network, "--label", "0"}).exit_code, 1);
  EXPECT_NE(run({"robustness", files.network, "--input", files.scratch / "bad.csv", "--label", "0"})
                .err.find("bad.csv:1"),
            std::string::npos);
}

}  // namespace
}  // namespace clipbound::test
