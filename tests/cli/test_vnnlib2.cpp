// VNN-LIB 2 queries from end to end: several networks, inputs and outputs, hidden tensors,
// products; each once with and once without a counterexample, both known by closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <regex>
#include <sstream>

#include "specs/onnx/external_data.h"
#include "specs/onnx/onnx_tensor.h"
#include "tests/cli/child.h"
#include "tests/support/floors.h"
#include "tests/support/onnx_writer.h"

namespace clipbound::test {
namespace {

/// y = relu(x0) + factor relu(x1) on [1, 2]; the ReLUs' arguments are "z", their values "a".
std::string sum_of_relus(float factor) {
  OnnxWriter writer;
  writer.input("x", {1, 2}).output("y");
  writer.floats("W", {2, 2}, {1, 0, 0, 1}).floats("v", {2, 1}, {1, factor});
  writer.node("MatMul", {"x", "W"}, {"z"});
  writer.node("Relu", {"z"}, {"a"});
  writer.node("MatMul", {"a", "v"}, {"y"});
  return writer.bytes();
}

/// y = relu(a0 + b), w = a1 - b: two inputs, two outputs, an open dimension.
std::string two_inputs() {
  OnnxWriter writer;
  writer.input("a", {0, 2}).input("b", {1, 1}).output("y").output("w");
  writer.floats("first", {2, 1}, {1, 0}).floats("second", {2, 1}, {0, 1});
  writer.node("MatMul", {"a", "first"}, {"a0"});
  writer.node("MatMul", {"a", "second"}, {"a1"});
  writer.node("Add", {"a0", "b"}, {"z"});
  writer.node("Relu", {"z"}, {"y"});
  writer.node("Sub", {"a1", "b"}, {"w"});
  return writer.bytes();
}

std::string bounds(const std::string& variable, int size, double low, double high) {
  std::string text;
  for (int i = 0; i < size; ++i) {
    const std::string x = variable + "[0," + std::to_string(i) + "]";
    text += "(assert (>= " + x + " " + std::to_string(low) + "))(assert (<= " + x + " " +
            std::to_string(high) + "))\n";
  }
  return text;
}

std::string network(const std::string& name, const std::string& like, const std::string& x,
                    const std::string& y, const std::string& hidden = "") {
  return "(declare-network " + name + like + " (declare-input " + x + " float32 [1,2]) " + hidden +
         "(declare-output " + y + " float32 [1,1]))\n";
}

using Assignment = std::map<std::string, std::vector<double>>;

/// Headers and numbers of a witness; fails where a line is neither.
Assignment assignment_of(const std::string& text) {
  static const std::regex header(R"(^(\S+)\s+(\S+)\s+\[([0-9,\s]*)\]$)"),
      number(R"(^-?[0-9]+(\.[0-9]+)?$)");
  Assignment found;
  std::istringstream lines(text);
  std::string line, variable;
  std::getline(lines, line);
  EXPECT_EQ(line, "sat");
  while (std::getline(lines, line)) {
    std::smatch parts;
    if (std::regex_match(line, parts, header)) {
      variable = parts[1];
      EXPECT_EQ(parts[2], "float32");
    } else if (std::regex_match(line, number)) {
      found[variable].push_back(static_cast<double>(std::stof(line)));
    } else {
      ADD_FAILURE() << "'" << line << "'";
    }
  }
  return found;
}

struct Asked {
  Scratch scratch;
  std::string query;
  std::vector<std::string> networks;

  explicit Asked(const std::string& text,
                 const std::vector<std::pair<std::string, std::string>>& models) {
    query = scratch.write("q.vnnlib", "(vnnlib-version <2.0>)\n" + text);
    for (const auto& [name, bytes] : models) {
      networks.push_back("--network");
      networks.push_back((name.empty() ? "" : name + "=") +
                         scratch.write("net" + name + ".onnx", bytes));
    }
  }
  Ended run(const std::string& command = "verify", std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {command, query};
    arguments.insert(arguments.end(), networks.begin(), networks.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    const bool limited = std::find(more.begin(), more.end(), "--timeout") != more.end();
    if (command != "bounds" && !limited) arguments.insert(arguments.end(), {"--timeout", "20"});
    return test::run(arguments);
  }
  void expect_unsat() const {
    const Ended ended = run();
    EXPECT_EQ(ended.out, "unsat\n") << ended.err;
    EXPECT_EQ(ended.exit_code, 0);
  }
  Assignment expect_sat() const {
    const Ended ended = run();
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return ended.out.starts_with("sat\n") ? assignment_of(ended.out)
                                          : (ADD_FAILURE() << ended.out << ended.err, Assignment{});
  }
};

double relu(double x) {
  return std::max(x, 0.0);
}

Asked monotone(const std::string& last) {
  return Asked(network("f", "", "X", "Y") + network("g", " (equal-to f)", "U", "V") +
                   bounds("X", 2, -1, 1) + bounds("U", 2, -1, 1) +
                   "(assert (<= X[0,0] U[0,0]))(assert (== X[0,1] U[0,1]))\n" + last,
               {{"f", sum_of_relus(1)}});
}
TEST(VnnLib2, EqualNetworks) {
  monotone("(assert (> Y[0,0] V[0,0]))").expect_unsat();
  Assignment at = monotone("(assert (< Y[0,0] V[0,0]))").expect_sat();
  ASSERT_EQ(at["X"].size(), 2U);
  ASSERT_EQ(at["U"].size(), 2U);
  EXPECT_LE(at["X"][0], at["U"][0]);
  EXPECT_EQ(at["X"][1], at["U"][1]);
  EXPECT_LT(relu(at["X"][0]), relu(at["U"][0]));
  EXPECT_EQ(at["Y"].size(), 1U);
}

Asked isomorphic(double difference) {
  return Asked(network("f", "", "X", "Y") + network("g", " (isomorphic-to f)", "U", "V") +
                   bounds("X", 2, 0, 1) +
                   "(assert (== X[0,0] U[0,0]))(assert (== X[0,1] U[0,1]))\n"
                   "(assert (or (> (- V[0,0] Y[0,0]) " +
                   std::to_string(difference) + ") (> (- Y[0,0] V[0,0]) " +
                   std::to_string(difference) + ")))",
               {{"f", sum_of_relus(1)}, {"g", sum_of_relus(1.25F)}});
}
TEST(VnnLib2, IsomorphicNetworks) {
  isomorphic(0.26).expect_unsat();
  Assignment at = isomorphic(0.2).expect_sat();
  ASSERT_EQ(at["X"].size(), 2U);
  EXPECT_EQ(at["X"], at["U"]);
  EXPECT_GT(at["X"][1], 0.79);
}

Asked hidden(double least) {
  return Asked(network("f", "", "X", "Y", "(declare-hidden H float32 [1,2] \"z\")") +
                   bounds("X", 2, -1, 1) + "(assert (<= H[0,0] -0.5))(assert (>= Y[0,0] " +
                   std::to_string(least) + "))",
               {{"", sum_of_relus(1)}});
}
TEST(VnnLib2, HiddenTensors) {
  hidden(1.25).expect_unsat();
  Assignment at = hidden(0.75).expect_sat();
  ASSERT_EQ(at["X"].size(), 2U);
  ASSERT_EQ(at["H"].size(), 2U);
  EXPECT_LE(at["X"][0], -0.5);
  EXPECT_GE(at["X"][1], 0.75);
  EXPECT_EQ(at["H"], at["X"]);
}

Asked several_inputs(double least) {
  return Asked(
      "(declare-network f (declare-input A float32 [1,2]) (declare-input B float32 [1,1])"
      "(declare-output Y float32 [1,1]) (declare-output W float32 [1,1]))\n" +
          bounds("A", 2, -1, 1) + bounds("B", 1, -1, 1) + "(assert (>= (+ Y[0,0] W[0,0]) " +
          std::to_string(least) + "))",
      {{"f", two_inputs()}});
}
TEST(VnnLib2, SeveralInputsAndOutputs) {
  // relu(a0 + b) + a1 - b is at most 2, and 2.5 nowhere.
  several_inputs(2.125).expect_unsat();
  Assignment at = several_inputs(1.75).expect_sat();
  ASSERT_EQ(at["A"].size(), 2U);
  ASSERT_EQ(at["B"].size(), 1U);
  EXPECT_GE(relu(at["A"][0] + at["B"][0]) + at["A"][1] - at["B"][0], 1.75);
}

Asked polynomial(double least) {
  return Asked(network("f", "", "X", "Y") + bounds("X", 2, 0, 1) + "(assert (> (* X[0,0] Y[0,0]) " +
                   std::to_string(least) + "))",
               {{"f", sum_of_relus(1)}});
}
TEST(VnnLib2, Products) {
  polynomial(2.05).expect_unsat();
  Assignment at = polynomial(1.9).expect_sat();
  ASSERT_EQ(at["X"].size(), 2U);
  EXPECT_GT(at["X"][0] * (at["X"][0] + at["X"][1]), 1.9);
}

Asked mixed(double low) {
  return Asked(network("f", "", "X", "Y") + bounds("X", 2, low, 1) +
                   "(assert (<= (+ X[0,0] Y[0,0]) -0.125))"
                   "(assert (or (and (!= X[0,1] 0.5) (>= Y[0,0] 0.0)) (and (> Y[0,0] 9.0))))",
               {{"f", sum_of_relus(1)}});
}
TEST(VnnLib2, InputsAndOutputsInOneRow) {
  mixed(0.0).expect_unsat();
  Assignment at = mixed(-1.0).expect_sat();
  ASSERT_EQ(at["X"].size(), 2U);
  EXPECT_LE(at["X"][0] + relu(at["X"][0]) + relu(at["X"][1]), -0.125);
}

/// Where the two rows meet, the output is largest.
Asked polytope(const std::string& threshold) {
  return Asked(network("f", "", "X", "Y") + bounds("X", 2, 0, 1) +
                   "(assert (<= (+ X[0,0] (* 2.0 X[0,1])) 1.0))"
                   "(assert (<= (+ (* 2.0 X[0,0]) X[0,1]) 1.25))\n(assert (>= Y[0,0] " +
                   threshold + "))",
               {{"f", sum_of_relus(1)}});
}
TEST(VnnLib2, RowsOverInputs) {
  // x0 + x1 is largest at (0.5, 0.25).
  polytope("0.7501").expect_unsat();
  Assignment at = polytope("0.745").expect_sat();
  ASSERT_EQ(at["X"].size(), 2U);
  const double x0 = at["X"][0], x1 = at["X"][1];
  EXPECT_LE(x0 + 2.0 * x1, 1.0);
  EXPECT_LE(2.0 * x0 + x1, 1.25);
  EXPECT_GE(x0 + x1, 0.745);
  // The one point that is left is a counterexample.
  const Ended corner = polytope("0.75").run("verify", {"--timeout", "3"});
  EXPECT_FALSE(corner.out.starts_with("unsat")) << corner.err;
}

TEST(VnnLib2, AnEmptyInputSetIsUnsat) {
  Asked(network("f", "", "X", "Y") + bounds("X", 2, 0, 1) +
            "(assert (>= (+ X[0,0] X[0,1]) 2.5))(assert (>= Y[0,0] 0.0))",
        {{"f", sum_of_relus(1)}})
      .expect_unsat();
}

TEST(VnnLib2, WitnessesInEveryForm) {
  const Asked asked = hidden(0.75);
  const std::string result = asked.scratch / "result", folder = asked.scratch / "deep/assignments";
  const Ended files = asked.run("verify", {"--result", result});
  EXPECT_EQ(files.out, "sat\n") << files.err;
  const Assignment second = assignment_of(contents_of(result));
  EXPECT_EQ(second.size(), 3U);
  const Ended old = asked.run("verify", {"--result", result, "--witness", "v1"});
  EXPECT_EQ(old.out, "sat\n") << old.err;
  EXPECT_TRUE(contents_of(result).starts_with("sat\n((X_0 ")) << contents_of(result);
  const Ended folded = asked.run("verify", {"--serialise-assignments", folder});
  EXPECT_EQ(folded.out, "sat\n") << folded.err;
  for (const auto& [variable, size] : {std::pair("X", 2), std::pair("H", 2), std::pair("Y", 1)}) {
    onnx::TensorProto proto;
    ASSERT_TRUE(proto.ParseFromString(contents_of(folder + "/" + variable + ".pb"))) << variable;
    specs::ExternalData none;
    const specs::Tensor tensor = specs::tensor_from(proto, none);
    EXPECT_EQ(tensor.shape, (specs::Shape{1, size}));
    EXPECT_EQ(tensor.type(), specs::DataType::float32);
  }
  EXPECT_NE(asked.run("verify", {"--witness", "v3"}).exit_code, 0);
}

TEST(VnnLib2, OtherCommandsTakeTheNetworks) {
  const Asked asked = isomorphic(0.2);
  EXPECT_TRUE(asked.run("attack").out.starts_with("sat\n"));
  const Ended bounded = asked.run("bounds");
  EXPECT_EQ(bounded.exit_code, 0) << bounded.err;
  EXPECT_NE(bounded.out.find("Y_1 in ["), std::string::npos) << bounded.out;
  std::vector<std::string> arguments = {"inspect", "--query", asked.query};
  arguments.insert(arguments.end(), asked.networks.begin(), asked.networks.end());
  const Ended inspected = run(arguments);
  EXPECT_EQ(inspected.exit_code, 0) << inspected.err;
  EXPECT_NE(inspected.out.find("g/x"), std::string::npos) << inspected.out;
}

TEST(VnnLib2, WhatIsDecidedInRealsIsSaid) {
  EXPECT_NE(polynomial(2.5).run().err.find("decided in real arithmetic"), std::string::npos);
}

TEST(VnnLib2, WrongNetworksAreBadInput) {
  const Asked asked = isomorphic(0.2);
  const Ended missing = run({"verify", asked.query, asked.networks[0], asked.networks[1]});
  EXPECT_EQ(missing.exit_code, 2);
  EXPECT_NE(missing.err.find("'g'"), std::string::npos) << missing.err;
  EXPECT_EQ(missing.out, "");
}

}  // namespace
}  // namespace clipbound::test
