// `clipbound view`: what is no trace is refused with file and line, and never crashes; the page of
// a large search is small, quick, and shows nothing as markup.
#include "benchmarks/report/view.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <regex>

#include "base/error.h"
#include "tests/cli/child.h"
#include "tests/support/browser.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::parse_trace;
using suite::TraceFile;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string kHeader =
    R"({"clipbound_trace":1,"version":"0.2.0","command":"clipbound verify '<b>&.vnnlib'"})"
    "\n"
    R"({"inputs":{"shapes":[[1,3]]}})"
    "\n"
    R"({"box":{"lower":[0,0,0],"upper":[1,2,0],"clauses":[0]}})"
    "\n"
    R"({"progress":[0.5,-1.5,0.25,10,4,"search"]})"
    "\n"
    R"({"layers":{"at_s":0.1,"neurons":[4,4],"undecided":[1,2],"functions":["Relu","Relu"]}})"
    "\n"
    R"({"search":{"kind":"input","clauses":[0]}})"
    "\n";
const std::string kNodes =
    R"({"node":[1,0,"lower",0,0,0,0,0.1,0.2,-1.5,1,"split",["input",0,0.5]]})"
    "\n"
    R"({"node":[2,1,"lower",1,0,0,1,0.2,0.3,0.5,0.5,"refuted",null]})"
    "\n"
    R"({"node":[3,1,"upper",1,0,0,0,0.2,0.4,-0.5,1,"split",["neuron",1,3,0],[4,2,1,0,9]]})"
    "\n";
const std::string kResult =
    R"({"result":{"verdict":"sat","reason":"</script><script>alert(1)</script>","counterexample":)"
    R"({"input":[0.5,1,0],"output":[-1]},"violated":{"clause":0,"line":3,"rows":["Y_0 <= 0"]},)"
    R"("progress":{"elapsed_s":1},"statistics":{"splits":5,"search_s":0.5}}})"
    "\n";
const std::string kWhole = kHeader + kNodes + kResult;

std::string error_of(const std::string& text) {
  try {
    parse_trace(text, "t.gz");
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// The whole trace with one part replaced.
std::string with(const std::string& part, const std::string& by) {
  std::string text = kWhole;
  const std::size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return text.replace(at, part.size(), by);
}

TEST(View, ATraceIsRead) {
  const TraceFile trace = parse_trace(kWhole, "t");
  ASSERT_EQ(trace.nodes.size(), 3U);
  EXPECT_EQ(trace.nodes[1].parent, 1U);
  EXPECT_EQ(trace.nodes[1].end, 'r');
  EXPECT_EQ(trace.nodes[2].layer, 1);
  EXPECT_EQ(trace.nodes[2].below.size(), 5U);
  EXPECT_EQ(trace.boxes.at(0).upper.at(1), 2.0);
  EXPECT_EQ(trace.result["verdict"], "sat");
}

TEST(View, WhatIsNoTraceIsRefusedByItsLine) {
  EXPECT_EQ(error_of(""), "t.gz:0: this is no trace of `clipbound verify --trace`: it is empty");
  EXPECT_EQ(error_of("hello\n"), "t.gz:1: this is no JSON");
  EXPECT_TRUE(error_of("{\"a\":1}\n").starts_with("t.gz:1: this is no trace"));
  EXPECT_EQ(error_of(with("trace\":1", "trace\":7")),
            "t.gz:1: version 7 of traces is not known here");
  EXPECT_EQ(error_of(kHeader + kNodes), "t.gz:9: the trace ends without a result: it was cut off");
  EXPECT_EQ(error_of(kWhole + "{\"node\":[]}\n"), "t.gz:11: there is more after the result");
  EXPECT_EQ(error_of(with("[2,1,", "[2,7,")), "t.gz:8: a node comes before its parent");
  EXPECT_EQ(error_of(with("[2,1,", "[2,2,")), "t.gz:8: a node comes before its parent");
  EXPECT_EQ(error_of(with("[2,1,", "[4,1,")), "t.gz:8: nodes are not numbered in order");
  EXPECT_EQ(error_of(with("\"upper\",1", "\"lower\",1")),
            "t.gz:9: a half of a node is there twice");
  EXPECT_EQ(error_of(with("[3,1,", "[3,2,")), "t.gz:9: a node's parent is not split");
  EXPECT_EQ(error_of(with("[\"input\",0,", "[\"input\",3,")), "t.gz:7: there is no such input");
  EXPECT_EQ(error_of(with("\"refuted\"", "\"rotten\"")), "t.gz:8: an end is unknown");
  EXPECT_EQ(error_of(with("[4,2,1,0,9]", "[4,2,1,0]")),
            "t.gz:9: there are five counts below a node");
  EXPECT_EQ(error_of(with("[0.5,1,0]", "[0.5,1]")),
            "t.gz:10: the counterexample has another size than a box");
  EXPECT_EQ(error_of(with("[1,2],\"f", "[1],\"f")), "t.gz:5: lists of layers differ in length");
  EXPECT_EQ(error_of(with("\"search\":{", "\"sorch\":{")), "t.gz:6: 'sorch' is no kind of line");
}

/// Bytes, tokens and lines of a trace are changed, dropped and doubled: it is read, and then it has
/// a page, or refused with its line.
TEST(View, MalformedTracesAreErrors) {
  std::mt19937_64 random(1);
  const std::vector<std::string> tokens = {
      "null", "-1",        "1e400", "[]", "{}", "\"x\"", "99999999999999999999",
      "true", "\"split\"", "0.5"};
  int refused = 0;
  for (int round = 0; round < 4000; ++round) {
    std::string text = kWhole;
    for (std::uint64_t k = random() % 3 + 1; k > 0; --k) {
      const std::size_t at = random() % text.size();
      switch (random() % 4) {
        case 0: text[at] = static_cast<char>(random()); break;
        case 1: text.erase(at, random() % 20); break;
        case 2: text.insert(at, text.substr(random() % text.size(), random() % 90)); break;
        default: {
          const std::size_t begin = text.find_first_of(",[:", at),
                            end = text.find_first_of(",]}", begin + 1);
          if (end == std::string::npos) break;
          text.replace(begin + 1, end - begin - 1, tokens[random() % tokens.size()]);
        }
      }
      if (text.empty()) break;
    }
    try {
      const std::string page = suite::view_page(parse_trace(text, "t.gz"), "t.gz");
      EXPECT_FALSE(page.empty());
    } catch (const InputError& error) {
      ++refused;
      EXPECT_TRUE(std::regex_search(error.what(), std::regex("^t\\.gz:[0-9]+: "))) << error.what();
    }
  }
  EXPECT_GT(refused, 2000);
}

TEST(View, LargeTracesLoseTheirDeepestLevelsAndCountThem) {
  TraceFile trace = parse_trace(kHeader + kResult, "t");
  // A whole tree of depth 9, and a chain below its last leaf.
  for (std::uint32_t n = 1; n < 1024; ++n) {
    suite::TraceFileNode node;
    node.parent = n / 2;
    node.upper = n % 2 == 1;
    while ((n >> (node.depth + 1U)) != 0) ++node.depth;
    node.end = n < 512 ? 's' : 'r';
    trace.nodes.push_back(node);
  }
  const TraceFile same = suite::thinned(trace, 1023);
  EXPECT_EQ(same.nodes.size(), 1023U);
  const TraceFile less = suite::thinned(trace, 300);
  ASSERT_EQ(less.nodes.size(), 255U) << "eight levels";
  std::uint64_t refuted = 0, splits = 0;
  for (const suite::TraceFileNode& node : less.nodes) {
    splits += node.end == 's' ? 1 : 0;
    if (node.below.empty()) continue;
    splits += node.below[0];
    refuted += node.below[1];
    EXPECT_EQ(node.below[4], 9U);
  }
  EXPECT_EQ(splits, 511U);
  EXPECT_EQ(refuted, 512U);
}

TEST(View, NothingIsReadAsMarkup) {
  const std::string page = suite::view_page(parse_trace(kWhole, "t"), "<img src=x>");
  EXPECT_FALSE(contains(page, "<img src=x>"));
  EXPECT_FALSE(contains(page, "<script>alert"));
  EXPECT_FALSE(contains(page, "'<b>"));
  EXPECT_TRUE(contains(page, "&lt;b&gt;&amp;.vnnlib"));
  EXPECT_TRUE(contains(page, "&lt;img src=x&gt;"));
  EXPECT_FALSE(contains(page, "src=\"http")) << "nothing from elsewhere";
  EXPECT_FALSE(contains(page, "/*DATA*/"));
}

/// What a page leaves at its root after its scripts have run.
std::string attribute(const std::string& dom, const std::string& name) {
  const std::string root = dom.substr(0, dom.find("<head>"));
  std::smatch found;
  return std::regex_search(root, found, std::regex("data-" + name + "=\"([^\"]*)\""))
             ? found[1].str()
             : "";
}

std::string rendered(const Scratch& scratch, const std::string& page) {
  const std::string path = scratch.write("page.html", page);
  const std::string command =
      "timeout 120 " + browser() +
      " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=1200,1600 "
      "--user-data-dir=" +
      (scratch / "profile") + " --dump-dom 'file://" + path + "' >" + (scratch / "dom") + " 2>" +
      (scratch / "browser.err");
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(WEXITSTATUS(status), 0) << contents_of(scratch / "browser.err");
  return contents_of(scratch / "dom");
}

/// A search of `count` subproblems that splits two inputs, 20 levels and more deep.
TraceFile synthetic(std::size_t count) {
  TraceFile trace = parse_trace(kHeader + kResult, "t");
  std::mt19937_64 random(5);
  struct Open {
    std::uint32_t parent, depth;
    bool upper;
    double lower[2], end[2];
  };
  std::vector<Open> open = {{0, 0, false, {0.0, 0.0}, {1.0, 2.0}}};
  while (!open.empty()) {
    const Open one = open.back();
    open.pop_back();
    suite::TraceFileNode node;
    node.parent = one.parent;
    node.depth = one.depth;
    node.upper = one.upper;
    node.thread = static_cast<std::uint32_t>(random() % 2);
    node.begin_s = 1e-4 * static_cast<double>(trace.nodes.size());
    node.end_s = node.begin_s + 1e-4;
    node.bound = -1.0 / (1.0 + static_cast<double>(random() % 1000));
    node.end = "rco"[random() % 3];
    if (trace.nodes.size() + 2 * open.size() + 3 < count &&
        (one.depth < 14 || random() % 100 < 55)) {
      node.end = 's';
      node.split = suite::TraceFileNode::Split::input;
      const std::size_t input = random() % 2;
      node.index = static_cast<std::int64_t>(input);
      node.at = 0.5 * (one.lower[input] + one.end[input]);
      const auto number = static_cast<std::uint32_t>(trace.nodes.size() + 1);
      for (const bool upper : {false, true}) {
        Open child = one;
        child.parent = number;
        ++child.depth;
        child.upper = upper;
        (upper ? child.lower : child.end)[input] = node.at;
        open.push_back(child);
      }
    }
    trace.nodes.push_back(node);
  }
  return trace;
}

TEST(View, TheLargestPageIsSmallAndQuickInARealBrowser) {
  const TraceFile trace = synthetic(100000);
  ASSERT_GT(trace.nodes.size(), 60000U);
  const std::string page = suite::view_page(trace, "synthetic");
  EXPECT_LT(page.size(), 5000000U);
  if (browser().empty())
    GTEST_SKIP() << "*** NOT TESTED: there is no Chromium to open the page in ***";
  const Scratch scratch;
  const std::string dom = rendered(scratch, page);
  ASSERT_EQ(attribute(dom, "state"), "ready") << dom.substr(0, 400);
  EXPECT_EQ(attribute(dom, "nodes"), std::to_string(trace.nodes.size()));
  EXPECT_GT(std::stol("0" + attribute(dom, "tree-parts")), 500);
  EXPECT_GT(std::stol("0" + attribute(dom, "cut-parts")), 100);
  // Two seconds on an idle machine; tests run beside others.
  EXPECT_LT(std::stol("0" + attribute(dom, "milliseconds")), 20000);
}

TEST(View, ASmallPageShowsItsPartsInARealBrowser) {
  if (browser().empty())
    GTEST_SKIP() << "*** NOT TESTED: there is no Chromium to open the page in ***";
  const Scratch scratch;
  const std::string dom = rendered(scratch, suite::view_page(parse_trace(kWhole, "t"), "small"));
  ASSERT_EQ(attribute(dom, "state"), "ready") << dom.substr(0, 400);
  EXPECT_EQ(attribute(dom, "tree-parts"), "3");
  EXPECT_EQ(attribute(dom, "cut-parts"), "2");
  EXPECT_TRUE(contains(dom, "It satisfies clause 0 (line 3): Y_0 &lt;= 0"));
  EXPECT_FALSE(contains(dom, "id=\"image-section\"")) << "three inputs are no image";
  // Three inputs and nothing recorded of a search: parts without anything to show are gone.
  const std::string bare =
      rendered(scratch, suite::view_page(parse_trace(kHeader + kResult, "t"), "bare"));
  ASSERT_EQ(attribute(bare, "state"), "ready") << bare.substr(0, 400);
  EXPECT_FALSE(contains(bare, "id=\"tree-section\""));
  EXPECT_FALSE(contains(bare, "id=\"cut-section\""));
}

}  // namespace
}  // namespace clipbound::test
