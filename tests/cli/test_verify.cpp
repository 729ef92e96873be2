// Verdicts on stdout, in the result file and in JSON; inputs that are no good.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

/// Y_0 = max(0, X_0), Y_1 = max(0, X_1) on [-1, 2]^2.
struct ReluCase {
  Scratch scratch;
  std::string network = scratch.write("relu.onnx", one_node_model("Relu", 2));

  std::string query(const std::string& asserts) const {
    return scratch.write("q.vnnlib", declarations(2, 2) + box(2, -1, 2) + asserts);
  }
  Ended verify(const std::string& asserts, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"verify", query(asserts),  "--network",
                                          network,  "--result",      scratch / "result",
                                          "--json", scratch / "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  std::string result() const { return contents_of(scratch / "result"); }
  nlohmann::json json() const { return nlohmann::json::parse(contents_of(scratch / "json")); }
};

TEST(Verify, Unsat) {
  const ReluCase relu;
  const Ended ended = relu.verify("(assert (<= Y_0 -0.5))");
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "unsat\n");
  EXPECT_EQ(relu.result(), "unsat\n");
  EXPECT_EQ(relu.json()["verdict"], "unsat");
  EXPECT_TRUE(relu.json()["counterexample"].is_null());
  EXPECT_NE(relu.json()["reason"], "");
}

TEST(Verify, SatWithACounterexample) {
  const ReluCase relu;
  const Ended ended =
      relu.verify("(assert (>= Y_0 1.5))\n(assert (<= Y_1 0.25))\n(assert (>= X_1 0.125))");
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "sat\n");
  const std::string number = R"((-?[0-9.]+(?:e[-+][0-9]+)?))";
  const std::regex format("sat\n\\(\\(X_0 " + number + "\\)\n\\(X_1 " + number + "\\)\n\\(Y_0 " +
                          number + "\\)\n\\(Y_1 " + number + "\\)\\)\n");
  std::smatch found;
  const std::string text = relu.result();
  ASSERT_TRUE(std::regex_match(text, found, format)) << text;
  const double x0 = std::stod(found[1]), x1 = std::stod(found[2]);
  EXPECT_TRUE(x0 >= 1.5 && x0 <= 2.0) << text;
  EXPECT_TRUE(x1 >= 0.125 && x1 <= 0.25) << text;
  EXPECT_EQ(std::stod(found[3]), x0);
  EXPECT_EQ(std::stod(found[4]), x1);
  const auto point = relu.json()["counterexample"];
  EXPECT_EQ(point["type"], "float32");
  EXPECT_EQ(static_cast<float>(point["input"][0].get<double>()), static_cast<float>(x0));
}

TEST(Verify, AttackOnlyLooksForCounterexamples) {
  const ReluCase relu;
  const auto attack = [&](const std::string& asserts) {
    return run({"attack", relu.query(asserts), "--network", relu.network, "--result",
                relu.scratch / "result", "--timeout", "0.3"});
  };
  const Ended found = attack("(assert (>= Y_0 1.5))\n(assert (<= Y_1 0.25))");
  EXPECT_EQ(found.exit_code, 0) << found.err;
  EXPECT_EQ(found.out, "sat\n");
  EXPECT_EQ(relu.result().substr(0, 10), "sat\n((X_0 ");
  // What solve() refutes at once is nothing that an attack could know.
  const Ended none = attack("(assert (<= Y_0 -0.5))");
  EXPECT_EQ(none.exit_code, 0) << none.err;
  EXPECT_EQ(none.out, "timed-out\n");
}

/// The plan goes to stderr; stdout keeps the verdict alone.
TEST(Verify, ExplainsItsPlanOnStderr) {
  const ReluCase relu;
  const Ended ended = relu.verify("(assert (<= Y_0 -0.5))", {"--explain"});
  EXPECT_EQ(ended.out, "unsat\n");
  for (const char* line :
       {"features: 2 inputs vary", "split: portfolio", "products: ", "engine: ", "budgets: "})
    EXPECT_NE(ended.err.find(line), std::string::npos) << line << " in " << ended.err;
  EXPECT_EQ(relu.verify("(assert (<= Y_0 -0.5))").err.find("split: "), std::string::npos);
}

TEST(Verify, TheJsonTellsAll) {
  const ReluCase relu;
  relu.verify("(assert (>= Y_0 2.5))");
  const auto json = relu.json();
  for (const char* key :
       {"verdict", "reason", "counterexample", "progress", "statistics", "options", "version"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_TRUE(json["statistics"].contains("subproblems"));
}

TEST(Verify, AnOldResultIsReplacedAndNoTemporaryFileStays) {
  const ReluCase relu;
  relu.scratch.write("result", "unsat from another run, and a long line to be gone\n");
  EXPECT_EQ(relu.verify("(assert (>= Y_0 1.5))").out, "sat\n");
  EXPECT_EQ(relu.result().rfind("sat\n", 0), 0u);
  EXPECT_EQ(relu.result().find("another"), std::string::npos);
  EXPECT_EQ(relu.scratch.file_count(), 4u);  // network, query, result, JSON
}

TEST(Verify, NetworksMayBeNamed) {
  const ReluCase relu;
  const std::string query = relu.query("(assert (>= Y_0 2.5))");
  EXPECT_EQ(run({"verify", query, "--network", "f=" + relu.network}).out, "unsat\n");
  EXPECT_EQ(run({"verify", "--network=" + relu.network, query}).out, "unsat\n");
  // VNN-LIB 1.0 speaks of one network only.
  const Ended two =
      run({"verify", query, "--network", "f=" + relu.network, "--network", "g=" + relu.network});
  EXPECT_EQ(two.exit_code, 3) << two.err;
}

TEST(Verify, CompressedFiles) {
  const ReluCase relu;
  const auto compress = [](const std::string& path) {
    const std::string contents = contents_of(path);
    gzFile file = gzopen((path + ".gz").c_str(), "wb");
    gzwrite(file, contents.data(), static_cast<unsigned>(contents.size()));
    gzclose(file);
    return path + ".gz";
  };
  const std::string query = compress(relu.query("(assert (>= Y_0 2.5))"));
  EXPECT_EQ(run({"verify", query, "--network", compress(relu.network)}).out, "unsat\n");
}

/// Exit code, nothing on stdout, something on stderr, `error` in the files.
void expect_error(const ReluCase& relu, const std::string& query, const std::string& network,
                  int code, const std::string& message) {
  SCOPED_TRACE(query + " on " + network);
  const Ended ended = run({"verify", query, "--network", network, "--result",
                           relu.scratch / "result", "--json", relu.scratch / "json"});
  EXPECT_EQ(ended.exit_code, code) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_NE(ended.err.find(message), std::string::npos) << ended.err;
  EXPECT_EQ(relu.result(), "error\n");
  EXPECT_EQ(relu.json()["verdict"], "error");
}

TEST(Verify, BadInputIsAnErrorAndNoVerdict) {
  const ReluCase relu;
  const auto& scratch = relu.scratch;
  const std::string good =
      scratch.write("good.vnnlib", declarations(2, 2) + box(2, -1, 1) + "(assert (>= Y_0 9))\n");
  const std::string model = contents_of(relu.network);
  expect_error(relu, scratch / "absent.vnnlib", relu.network, 2, "absent.vnnlib");
  expect_error(relu, good, scratch / "absent.onnx", 2, "absent.onnx");
  expect_error(relu, good, scratch.write("garbage.onnx", "\x08\xff\xff garbage"), 2,
               "garbage.onnx");
  expect_error(relu, good, scratch.write("empty.onnx", ""), 2, "empty.onnx");
  expect_error(relu, good, scratch.write("cut.onnx", model.substr(0, model.size() / 2)), 2,
               "cut.onnx");
  expect_error(relu, good, scratch / ".", 2, "");
  expect_error(relu, scratch.write("open.vnnlib", "(declare-const X_0 Real)\n(assert (>= X_0"),
               relu.network, 2, "open.vnnlib:2:");
  expect_error(relu, scratch.write("binary.vnnlib", std::string("\0\xff\xfe", 3)), relu.network, 2,
               "binary.vnnlib");
  expect_error(
      relu,
      scratch.write("three.vnnlib", declarations(3, 2) + box(3, -1, 1) + "(assert (>= Y_0 9))\n"),
      relu.network, 2, "3");
  // Each verdict of an earlier run is gone after an error.
  scratch.write("result", "unsat\n");
  expect_error(relu, scratch / "absent.vnnlib", relu.network, 2, "absent.vnnlib");
}

TEST(Verify, WhatIsNotSupportedNamesItself) {
  const ReluCase relu;
  const auto& scratch = relu.scratch;
  const std::string good =
      scratch.write("good.vnnlib", declarations(2, 2) + box(2, -1, 1) + "(assert (>= Y_0 9))\n");
  expect_error(relu, good, scratch.write("strange.onnx", one_node_model("Bernoulli", 2)), 3,
               "Bernoulli");
  expect_error(relu, scratch.write("v2.vnnlib", "(vnnlib-version <3.0>)\n(declare-network f)\n"),
               relu.network, 3, "v2.vnnlib");
  expect_error(relu,
               scratch.write("square.vnnlib",
                             declarations(2, 2) + box(2, -1, 1) + "(assert (>= (* Y_0 Y_1) 9))\n"),
               relu.network, 3, "square.vnnlib");
}

TEST(Verify, AResultThatCannotBeWrittenIsNoticedAtOnce) {
  const ReluCase relu;
  const std::string query = relu.query("(assert (>= Y_0 2.5))");
  const std::vector<std::string> start = {"verify", query, "--network", relu.network, "--result"};
  auto arguments = start;
  arguments.push_back(relu.scratch / "no/such/folder/result");
  Ended ended = run(arguments);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_NE(ended.err.find("no/such/folder"), std::string::npos) << ended.err;
  arguments = start;
  arguments.insert(arguments.end(), {relu.scratch / "result", "--json", relu.scratch / "no/json"});
  ended = run(arguments);
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(relu.result(), "error\n");
  // A device is written to, not replaced.
  arguments = start;
  arguments.push_back("/dev/null");
  EXPECT_EQ(run(arguments).out, "unsat\n");
  struct stat status {};
  ASSERT_EQ(::stat("/dev/null", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode));
}

TEST(Verify, TheSameVerdictForAnyNumberOfThreadsAndSeed) {
  const ReluCase relu;
  for (const char* threads : {"1", "2", "8"}) {
    for (const char* seed : {"0", "1", "2147483647"}) {
      EXPECT_EQ(relu.verify("(assert (>= Y_0 1.5))", {"--threads", threads, "--seed", seed}).out,
                "sat\n");
      EXPECT_EQ(relu.verify("(assert (>= Y_0 2.5))", {"--threads", threads, "--seed", seed}).out,
                "unsat\n");
    }
  }
}

}  // namespace
}  // namespace clipbound::test
