// `clipbound suite report`: the competition's csv, the sums, and the page in a real browser.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "benchmarks/report/board.h"
#include "benchmarks/suite/csv.h"
#include "tests/suite/fake.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A run of two suites, a second one of the first suite alone, and references: what is true, and a
/// tool with times.
class Reported {
 public:
  Reported() {
    fake.add("one", {"unsat_000", "sat_000", "progress", "crash"}, "20");
    EXPECT_EQ(fake.run_all({}, "first").exit_code, 0);
    EXPECT_EQ(fake.run_all({"--timeout", "10"}, "second").exit_code, 0);
    fake.add("two", {"unknown_000", "unsat_000"}, "20");
    EXPECT_EQ(fake.run_all({}, "both").exit_code, 0);
    const std::string name = "one,onnx/net.onnx,vnnlib/";
    truth = fake.scratch.write("truth.csv", "suite,onnx,vnnlib,verdict\n" + name +
                                                "unsat_000.vnnlib,unsat\n" + name +
                                                "sat_000.vnnlib,unsat\n");
    tool = fake.scratch.write(
        "tool.csv",
        "one,benchmarks/one/onnx/net.onnx,benchmarks/one/vnnlib/unsat_000.vnnlib,1,holds,2.5\n"
        "one,benchmarks/one/onnx/net.onnx,benchmarks/one/vnnlib/progress.vnnlib,1,unsat,90\n");
    const Ended ended =
        run({"suite", "report", "A=" + fake.out("both"), fake.out("second"), "--reference", truth,
             "--reference", "T=" + tool, "--out", fake.scratch / "report"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
  }
  std::string file(const std::string& name) const {
    return contents_of(fake.scratch / ("report/" + name));
  }

  FakeSuite fake;
  std::string truth, tool;
};

TEST(SuiteReport, ResultsAreInTheCompetitionsFormat) {
  const Reported reported;
  const std::vector<std::string> lines =
      suite::lines_of(reported.fake.scratch / "report/results.csv");
  ASSERT_EQ(lines.size(), 6u);
  const char* words[] = {"unsat", "sat", "timeout", "error", "unknown", "unsat"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto fields = suite::csv_fields(lines[i]);
    ASSERT_EQ(fields.size(), 6u) << lines[i];
    EXPECT_EQ(fields[0], i < 4 ? "one" : "two");
    EXPECT_EQ(fields[1], "benchmarks/" + fields[0] + "/onnx/net.onnx");
    EXPECT_TRUE(fields[2].starts_with("benchmarks/" + fields[0] + "/vnnlib/"));
    EXPECT_EQ(fields[4], words[i]);
    EXPECT_GE(std::stod(fields[3]), 0.0);
    EXPECT_GT(std::stod(fields[5]), 0.0);
  }
  EXPECT_EQ(suite::lines_of(reported.fake.scratch / "report/results.second.csv").size(), 4u);
  // What we write we read: nothing differs from the run itself.
  const Ended same = run({"suite", "compare", reported.fake.out("both"),
                          reported.fake.scratch / "report/results.csv"});
  EXPECT_EQ(same.exit_code, 0);
  EXPECT_TRUE(contains(same.out, "6 instances in common, 0 only in both, 0 only in results"))
      << same.out;
  EXPECT_TRUE(contains(same.out, "settled by both, alike: 3")) << same.out;
}

TEST(SuiteReport, SumsAndScores) {
  const Reported reported;
  const Json json = Json::parse(reported.file("summary.json"));
  ASSERT_EQ(json["entrants"].size(), 3u);
  EXPECT_EQ(json["entrants"][0]["name"], "A");
  EXPECT_EQ(json["entrants"][1]["name"], "second");
  EXPECT_EQ(json["entrants"][2]["kind"], "reference");
  ASSERT_EQ(json["suites"].size(), 2u);
  const Json& ours = json["suites"][0]["entrants"][0];
  EXPECT_EQ(json["suites"][0]["instances"], 4);
  EXPECT_EQ(ours["unsat"], 1);
  EXPECT_EQ(ours["sat"], 1);
  EXPECT_EQ(ours["timeout"], 1);
  EXPECT_EQ(ours["errors"], 1);
  EXPECT_EQ(ours["wrong"], 1);  // sat where it is known to be unsat
  EXPECT_EQ(ours["points"], 10 - 150);
  EXPECT_EQ(ours["percent"], 0.0);
  const Json& theirs = json["suites"][0]["entrants"][2];
  EXPECT_EQ(theirs["results"], 2);
  EXPECT_EQ(theirs["points"], 20);  // at 90 s it may have been in time: its limit is not ours
  EXPECT_EQ(theirs["percent"], 100.0);
  EXPECT_EQ(json["suites"][1]["entrants"][0]["points"], 10);
  EXPECT_EQ(json["total"]["entrants"][0]["percent"], 100.0);
  EXPECT_EQ(json["total"]["entrants"][0]["points"], 20 - 150);
  // (unsat + sat + 2 * 20 + 2 * 20) / 4, and ours are quick.
  EXPECT_NEAR(ours["par2_s"].get<double>(), 20.0, 2.0);
  EXPECT_TRUE(contains(json["rule"], "-150"));
}

TEST(SuiteReport, ThePageNeedsNothingElseAndHoldsAnyName) {
  const FakeSuite fake;
  fake.add("odd", {"unsat_000_<script>&'"});
  ASSERT_EQ(fake.run_all().exit_code, 0);
  ASSERT_EQ(run({"suite", "report", fake.out()}).exit_code, 0);
  EXPECT_FALSE(contains(contents_of(fake.out() + "/report/report.html"), "unsat_000_<"));
  const Reported reported;
  const std::string page = reported.file("report.html");
  EXPECT_TRUE(contains(page, "Permission is hereby granted, free of charge"));
  EXPECT_TRUE(contains(page, "Chart.js v3"));
  // Nothing is loaded from anywhere.
  EXPECT_FALSE(std::regex_search(page, std::regex("<(script|img|iframe|link)[^>]* (src|href)=")));
  const std::size_t data = page.find("id=\"data\">"), end = page.find("</script>", data);
  const Json json = Json::parse(page.substr(data + 10, end - data - 10));
  ASSERT_EQ(json["instances"].size(), 6u);
  EXPECT_EQ(json["instances"][1]["cells"][0]["v"], "sat");
  EXPECT_EQ(json["instances"][1]["cells"][0]["wrong"], true);
  EXPECT_EQ(json["instances"][2]["cells"][0]["curve"].size(), 5u);  // four on the way and the end
  EXPECT_TRUE(contains(json["instances"][3]["cells"][0]["why"], "signal 11"));
  EXPECT_TRUE(json["instances"][4]["cells"][2].is_null());
}

TEST(SuiteReport, Mistakes) {
  const FakeSuite fake;
  fake.add("a", {"unsat_000"});
  ASSERT_EQ(fake.run_all().exit_code, 0);
  EXPECT_EQ(run({"suite", "report", fake.out("absent")}).exit_code, 2);
  EXPECT_EQ(run({"suite", "report", fake.out(), fake.out()}).exit_code, 2) << "two of one name";
  EXPECT_EQ(
      run({"suite", "report", fake.out(), "--reference", fake.scratch / "absent.csv"}).exit_code,
      2);
  EXPECT_EQ(run({"suite", "report"}).exit_code, 1);
  ASSERT_EQ(run({"suite", "report", fake.out()}).exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(fake.out() + "/report/report.html"));
}

/// The path of a Chromium; empty where there is none.
std::string browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    for (const char* folder : {"/usr/bin/", "/usr/local/bin/", "/snap/bin/"}) {
      if (std::filesystem::exists(std::string(folder) + name)) return std::string(folder) + name;
    }
  }
  return "";
}

/// What the page is after its scripts have run.
std::string rendered(const std::string& path, const std::string& address, const Scratch& scratch) {
  const std::string command =
      "timeout 120 " + browser() +
      " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=1400,1600 "
      "--user-data-dir=" +
      (scratch / "profile") + " --dump-dom 'file://" + path + address + "' >" + (scratch / "dom") +
      " 2>" + (scratch / "browser.err");
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(WEXITSTATUS(status), 0) << contents_of(scratch / "browser.err");
  return contents_of(scratch / "dom");
}

/// The value of an attribute of the page's root, where its scripts leave what they drew.
std::string attribute(const std::string& dom, const std::string& name) {
  const std::string root = dom.substr(0, dom.find("<head>"));
  std::smatch found;
  return std::regex_search(root, found, std::regex(name + "=\"([^\"]*)\"")) ? found[1].str() : "";
}

TEST(SuiteReport, InARealBrowser) {
  if (browser().empty())
    GTEST_SKIP() << "*** NOT TESTED: there is no Chromium to open the report in ***";
  const Reported reported;
  const std::string page = reported.fake.scratch / "report/report.html";
  const std::string dom = rendered(page, "#sort=-vnnlib", reported.fake.scratch);
  ASSERT_EQ(attribute(dom, "data-state"), "ready") << dom.substr(0, 400);
  EXPECT_EQ(attribute(dom, "data-rows"), "6");
  EXPECT_EQ(attribute(dom, "data-cactus"), "5");  // A: 2 (one is wrong), second: 1, T: 2
  EXPECT_EQ(attribute(dom, "data-scatter"),
            "2");  // A and second: the two that are unsat and not known to be wrong
  EXPECT_EQ(attribute(dom, "data-curves"), "20");  // of two runs, two lines each
  for (const char* chart : {"cactus", "scatter", "curves"}) {
    EXPECT_GT(std::stol("0" + attribute(dom, std::string("data-") + chart + "-pixels")), 2000)
        << chart;
  }
  std::string order;
  const std::regex row("data-row=\"([0-9]+)\"");
  for (std::sregex_iterator it(dom.begin(), dom.end(), row), end; it != end; ++it)
    order += (*it)[1].str();
  EXPECT_EQ(order, "054123")
      << "by property, backwards: unsat (two of them, in order), unknown, sat, progress, crash";
  EXPECT_TRUE(contains(dom, "1 WRONG"));
  const std::string filtered = rendered(page, "#suite=one&find=crash%20net", reported.fake.scratch);
  EXPECT_EQ(attribute(filtered, "data-rows"), "1");
}

}  // namespace
}  // namespace clipbound::test
