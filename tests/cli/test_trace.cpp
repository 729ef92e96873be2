// `verify --trace` and `view`: what is recorded is whole, and a page of it is made.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/child.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

const std::string kExamples = CLIPBOUND_SOURCE_DIR "/examples/";

std::vector<std::string> traced(const std::string& query, const std::string& trace) {
  return {"verify",    kExamples + query,
          "--network", kExamples + "waves.onnx",
          "--timeout", "60",
          "--threads", "2",
          "--trace",   trace};
}

std::vector<Json> lines_of(const std::string& path) {
  std::istringstream file(contents_of(path));
  std::vector<Json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(Json::parse(line));
  return lines;
}

TEST(TraceCommand, ASearchIsRecordedWhole) {
  const Scratch scratch;
  const std::string path = scratch / "t.jsonl";
  const Ended ended = run(traced("hard.vnnlib", path));
  ASSERT_EQ(ended.out, "unsat\n") << ended.err;
  const std::vector<Json> lines = lines_of(path);
  ASSERT_GT(lines.size(), 5U);
  EXPECT_EQ(lines.front()["clipbound_trace"], 1);
  EXPECT_NE(lines.front()["command"].get<std::string>().find("hard.vnnlib"), std::string::npos);
  std::uint64_t nodes = 0, splits = 0, ends = 0;
  double settled = 0.0, worst = -1e300;
  for (const Json& line : lines) {
    if (line.contains("node")) {
      ++nodes;
      (line["node"][11] == "split" ? splits : ends) += 1;
      EXPECT_NE(line["node"][11], "open") << line;
    }
    if (line.contains("progress")) {
      EXPECT_GE(line["progress"][2], settled);
      settled = line["progress"][2];
      if (line["progress"][1].is_null()) continue;
      EXPECT_GE(line["progress"][1], worst) << "a bound of the whole query";
      worst = line["progress"][1];
    }
  }
  EXPECT_EQ(nodes, splits + ends);
  EXPECT_GE(nodes, 1U);
  const Json& result = lines.back()["result"];
  EXPECT_EQ(result["verdict"], "unsat");
  EXPECT_GE(result["statistics"]["subproblems"], 1);
}

TEST(TraceCommand, APageIsMadeOfAPackedTrace) {
  const Scratch scratch;
  const std::string path = scratch / "t.gz", page = scratch / "page.html";
  ASSERT_EQ(run(traced("violated.vnnlib", path)).exit_code, 0);
  EXPECT_EQ(contents_of(path).substr(0, 2), "\x1f\x8b");
  const Ended ended = run({"view", path, "--output", page});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, page + "\n");
  const std::string html = contents_of(page);
  EXPECT_NE(html.find("<h1>sat"), std::string::npos);
  EXPECT_NE(html.find("\"counterexample\":{"), std::string::npos);
}

TEST(TraceCommand, WhatIsNoTraceIsRefused) {
  const Scratch scratch;
  const std::string path = scratch.write("no.jsonl", "{\"clipbound_trace\":1}\nx\n");
  const Ended ended = run({"view", path, "--output", scratch / "page.html"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find(path + ":1: "), std::string::npos) << ended.err;
  EXPECT_EQ(contents_of(scratch / "page.html"), "");
  EXPECT_EQ(run({"view", scratch / "absent"}).exit_code, 2);
  EXPECT_EQ(run({"view"}).exit_code, 1);
  // Two outputs in one file.
  std::vector<std::string> twice = traced("easy.vnnlib", path);
  twice.insert(twice.end(), {"--json", path});
  EXPECT_EQ(run(twice).exit_code, 2);
}

}  // namespace
}  // namespace clipbound::test
