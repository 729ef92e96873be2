// clipbound inspect and clipbound bounds.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

const std::string kExamples = CLIPBOUND_SOURCE_DIR "/examples/";

TEST(Inspect, SaysWhatTheExampleIs) {
  const Ended ended = run({"inspect", kExamples + "waves.onnx", "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json json = Json::parse(ended.out);
  EXPECT_EQ(json["inputs"][0]["shape"], Json({1, 3}));
  EXPECT_EQ(json["outputs"][0]["name"], "Y");
  EXPECT_EQ(json["parameters"], 3 * 24 + 24 + 2 * (24 * 24 + 24) + 24 + 1);
  EXPECT_EQ(json["neurons"], Json::parse(R"([{"operator": "Relu", "neurons": 72}])"));
  EXPECT_EQ(json["nodes"].size(), 7u);
  ASSERT_EQ(json["layers"].size(), 3u);
  EXPECT_EQ(json["layers"][0]["most_inputs"], 3);
  for (const Json& op : json["operators"]) EXPECT_EQ(op["support"], "bounded") << op;
  EXPECT_GT(json["order_points"], 0);
  EXPECT_LT(json["order_difference"], 1e-4);
  const Ended text = run({"inspect", kExamples + "waves.onnx"});
  EXPECT_EQ(text.exit_code, 0);
  EXPECT_NE(text.out.find("72 Relu"), std::string::npos) << text.out;
}

TEST(Inspect, AnElementwiseOperatorSeesOneInput) {
  const Scratch scratch;
  const Ended ended =
      run({"inspect", scratch.write("n.onnx", one_node_model("Relu", 5)), "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json layer = Json::parse(ended.out)["layers"][0];
  EXPECT_EQ(layer["neurons"], 5);
  EXPECT_EQ(layer["least_inputs"], 1);
  EXPECT_EQ(layer["most_inputs"], 1);
}

TEST(Inspect, WithoutAFileThereIsNoAnswer) {
  EXPECT_EQ(run({"inspect", "/no/such/file.onnx"}).exit_code, 2);
  EXPECT_EQ(run({"inspect"}).exit_code, 1);
}

/// relu on [-1, 2] x [-1, 2]: the outputs' range is known.
struct OneRelu {
  Scratch scratch;
  std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  std::string query =
      scratch.write("q.vnnlib", declarations(2, 2) + box(2, -1, 2) + "(assert (>= Y_0 2.5))\n");
};

TEST(BoundsCommand, RangesOfARelu) {
  const OneRelu files;
  for (const std::string method : {"ibp", "crown"}) {
    const Ended ended =
        run({"bounds", files.query, "--network", files.network, "--method", method, "--json", "-"});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    const Json json = Json::parse(ended.out);
    EXPECT_EQ(json["method"], method);
    ASSERT_EQ(json["boxes"].size(), 1u);
    const Json& found = json["boxes"][0];
    EXPECT_EQ(found["box"]["lower"], Json({-1.0, -1.0}));
    for (int m = 0; m < 2; ++m) {
      EXPECT_LE(found["upper"][m], 2.0 + 1e-12);
      EXPECT_GE(found["upper"][m], 2.0);
      EXPECT_NEAR(found["lower"][m].get<double>(), 0.0, 1e-12);
    }
  }
}

TEST(BoundsCommand, PlanesOfARelu) {
  const OneRelu files;
  const Ended ended =
      run({"bounds", files.query, "--network", files.network, "--linear", "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json linear = Json::parse(ended.out)["boxes"][0]["linear"];
  // The chord of relu on [-1, 2] is 2/3 (x + 1); below it CROWN takes x itself, because 2 > 1.
  EXPECT_NEAR(linear["upper_A"][0].get<double>(), 2.0 / 3.0, 1e-9);
  EXPECT_NEAR(linear["upper_b"][0].get<double>(), 2.0 / 3.0, 1e-9);
  EXPECT_NEAR(linear["lower_A"][0].get<double>(), 1.0, 1e-9);
  EXPECT_EQ(linear["lower_A"][1].get<double>(), 0.0);
  EXPECT_NEAR(linear["lower_b"][0].get<double>(), 0.0, 1e-9);
}

TEST(BoundsCommand, AnyLayerByNameOrPosition) {
  const std::string query = kExamples + "easy.vnnlib", network = kExamples + "waves.onnx";
  const Ended by_name = run({"bounds", query, "--network", network, "--layer", "z1"});
  const Ended by_position = run({"bounds", query, "--network", network, "--layer", "2"});
  ASSERT_EQ(by_name.exit_code, 0) << by_name.err;
  ASSERT_EQ(by_position.exit_code, 0) << by_position.err;
  EXPECT_NE(by_name.out.find("z1[23] in ["), std::string::npos) << by_name.out;
  const auto numbers = [](const std::string& text) {
    return text.substr(text.find(" in "), text.find('\n') - text.find(" in "));
  };
  EXPECT_EQ(numbers(by_name.out), numbers(by_position.out));
  const Ended nowhere = run({"bounds", query, "--network", network, "--layer", "z9"});
  EXPECT_EQ(nowhere.exit_code, 2);
  EXPECT_NE(nowhere.err.find("z9"), std::string::npos);
}

TEST(BoundsCommand, BoxesOfDifferentClausesApart) {
  const OneRelu files;
  const std::string two = files.scratch.write(
      "two.vnnlib",
      declarations(2, 2) +
          "(assert (or (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1) (>= Y_0 3))"
          "            (and (>= X_0 2) (<= X_0 4) (>= X_1 0) (<= X_1 1) (>= Y_0 5))))\n");
  const Ended ended = run({"bounds", two, "--network", files.network, "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json boxes = Json::parse(ended.out)["boxes"];
  ASSERT_EQ(boxes.size(), 2u);
  EXPECT_NEAR(boxes[0]["upper"][0].get<double>(), 1.0, 1e-9);
  EXPECT_NEAR(boxes[1]["lower"][0].get<double>(), 2.0, 1e-9);
}

TEST(BoundsCommand, SaysWhatIsWrong) {
  const OneRelu files;
  EXPECT_EQ(run({"bounds", files.query, "--network", files.network, "--method", "magic"}).exit_code,
            2);
  EXPECT_EQ(run({"bounds", files.query}).exit_code, 1);
  EXPECT_EQ(run({"bounds", kExamples + "easy.vnnlib", "--network", files.network}).exit_code, 2);
}

}  // namespace
}  // namespace clipbound::test
