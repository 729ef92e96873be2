// clipbound range: intervals, grids, outlines, and what it says of bad input.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;
const std::string kWaves = std::string(CLIPBOUND_SOURCE_DIR) + "/examples/waves.onnx";

/// What the issue that asked for it demands: the largest output that fine sampling finds is 1.6298
/// (examples/make_example.cpp prints it).
TEST(RangeCommand, BothEndsOfWaves) {
  const Ended ended =
      run({"range", kWaves, "--lower", "-2", "--upper", "2", "--timeout", "60", "--json", "-"}, {},
          120.0);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json range = Json::parse(ended.out)["boxes"][0]["ranges"][0];
  EXPECT_GE(range["upper"]["bound"], 1.63);
  EXPECT_LE(range["upper"]["bound"], 1.65);
  EXPECT_GE(range["upper"]["attained"], 1.62);
  EXPECT_TRUE(range["lower"]["done"]);
  EXPECT_TRUE(range["upper"]["done"]);
  EXPECT_LE(range["lower"]["bound"], range["lower"]["attained"]);
  EXPECT_EQ(range["upper"]["point"].size(), 3u);
}

/// relu(x) on [-1, 2] is [0, 2].
TEST(RangeCommand, TextIsRoundedOutward) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", one_node_model("Relu", 1));
  const Ended ended = run({"range", network, "--lower", "-1", "--upper", "2"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  double lower = 1.0, upper = -1.0;
  ASSERT_EQ(std::sscanf(ended.out.c_str(), "Y_0 in [%lf, %lf]", &lower, &upper), 2) << ended.out;
  EXPECT_LE(lower, 0.0);
  EXPECT_GE(lower, -0.02);
  EXPECT_GE(upper, 2.0);
  EXPECT_LE(upper, 2.02);
}

TEST(RangeCommand, AGridCoversTheBox) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", one_node_model("Relu", 2)),
                    csv = scratch / "grid.csv", picture = scratch / "grid.svg";
  const Ended ended =
      run({"range", network, "--lower", "-1,-1", "--upper", "1,1", "--grid", "0", "1", "--cells",
           "4", "3", "--output", "0", "--csv", csv, "--picture", picture});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  std::istringstream lines(contents_of(csv));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "X_0_lower,X_0_upper,X_1_lower,X_1_upper,objective,lower,attained_lower,"
            "attained_upper,upper");
  int cells = 0;
  double area = 0.0;
  for (; std::getline(lines, line); ++cells) {
    double v[9];
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2,
                          v + 3, v + 4, v + 5, v + 6, v + 7, v + 8),
              9)
        << line;
    area += (v[1] - v[0]) * (v[3] - v[2]);
    // relu of the first input.
    EXPECT_LE(v[5], std::max(0.0, v[0]));
    EXPECT_GE(v[8], std::max(0.0, v[1]));
    EXPECT_LE(v[8], std::max(0.0, v[1]) + 0.05);
  }
  EXPECT_EQ(cells, 12);
  EXPECT_NEAR(area, 4.0, 1e-9);
  EXPECT_NE(contents_of(picture).find("</svg>"), std::string::npos);
}

TEST(RangeCommand, AnOutlineOfTwoOutputs) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", one_node_model("Relu", 2)),
                    picture = scratch / "outline.svg";
  const Ended ended = run({"range", network, "--lower", "-1", "--upper", "1", "--dims", "0", "1",
                           "--directions", "8", "--picture", picture, "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json outline = Json::parse(ended.out)["outline"];
  double most = 0.0, least = 0.0;
  for (const Json& corner : outline["corners"]) {
    most = std::max(most, corner[0].get<double>());
    least = std::min(least, corner[0].get<double>());
  }
  EXPECT_GE(most, 1.0);
  EXPECT_LE(most, 1.05);
  EXPECT_GE(least, -0.05);
  EXPECT_NE(contents_of(picture).find("<polygon"), std::string::npos);
}

TEST(RangeCommand, BoxesOfAProperty) {
  const Ended ended =
      run({"range", kWaves, "--query", std::string(CLIPBOUND_SOURCE_DIR) + "/examples/easy.vnnlib",
           "--gap", "0.1", "--timeout", "30", "--json", "-"},
          {}, 120.0);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(Json::parse(ended.out)["boxes"][0]["clauses"][0], 1);
}

TEST(RangeCommand, SaysWhatIsWrong) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  const auto says = [&](std::vector<std::string> more, const std::string& what) {
    more.insert(more.begin(), {"range", network});
    const Ended ended = run(more);
    EXPECT_EQ(ended.exit_code, 2) << what;
    EXPECT_NE(ended.err.find(what), std::string::npos) << ended.err;
  };
  says({}, "a box is needed");
  says({"--lower", "1,2,3", "--upper", "1"}, "--lower: the network has 2 inputs");
  says({"--lower", "1", "--upper", "0"}, "lower > upper");
  says({"--lower", "0", "--upper", "1", "--objective", "1"}, "2 outputs");
  says({"--lower", "0", "--upper", "1", "--objective", "1,x"}, "'x' is not a finite number");
  says({"--lower", "0", "--upper", "1", "--output", "2"}, "--output 2");
  says({"--lower", "0", "--upper", "1", "--grid", "2"}, "--grid 2");
  says({"--lower", "0", "--upper", "1", "--grid", "0", "--cells", "0"}, "--cells 0");
  says({"--lower", "0", "--upper", "1", "--dims", "0", "0"}, "outline");
  says({"--lower", "0", "--upper", "1", "--picture", "x.svg"}, "--grid or --dims");
}

/// An option that would have no effect beside the others is named.
TEST(RangeCommand, OptionsWithoutEffectAreNamed) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  const auto says = [&](std::vector<std::string> more, const std::string& what) {
    more.insert(more.begin(), {"range", network, "--lower", "0", "--upper", "1"});
    const Ended ended = run(more);
    EXPECT_EQ(ended.exit_code, 2) << what;
    EXPECT_NE(ended.err.find(what), std::string::npos) << ended.err;
    EXPECT_EQ(ended.out, "");
  };
  says({"--cells", "4"}, "--cells is of a grid: --grid is needed");
  says({"--dims", "0", "1", "--cells", "4"}, "--cells is of a grid: --grid is needed");
  says({"--grid", "0", "--cells", "4", "4"}, "--cells has 2 numbers, --grid 1 input");
  says({"--directions", "8"}, "--directions is of an outline: --dims is needed");
  says({"--directions", "16"}, "--directions is of an outline");  // the default, but given
  says({"--grid", "0", "--directions", "8"}, "--directions is of an outline");
  says({"--dims", "0", "1", "--grid", "0"}, "--dims is an outline, --grid a grid: one of both");
  says({"--dims", "0", "1", "--objective", "1,1"}, "--objective has no effect on an outline");
  says({"--dims", "0", "1", "--output", "0"}, "--output has no effect on an outline");
  // One number for both inputs of a grid is fine.
  EXPECT_EQ(
      run({"range", network, "--lower", "0", "--upper", "1", "--grid", "0", "1", "--cells", "2"})
          .exit_code,
      0);
}

}  // namespace
}  // namespace clipbound::test
