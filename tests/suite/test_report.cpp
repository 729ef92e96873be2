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
#include "tests/support/browser.h"
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
  EXPECT_EQ(ours["sat"], 0);
  EXPECT_EQ(ours["solved"], 1);
  EXPECT_EQ(ours["timeout"], 1);
  EXPECT_EQ(ours["errors"], 1);
  EXPECT_EQ(ours["wrong"], 1);  // sat where it is known to be unsat
  EXPECT_EQ(ours["not_run"], 0);
  EXPECT_EQ(ours["points"], 10 - 150);
  EXPECT_EQ(ours["percent"], 0.0);
  const Json& theirs = json["suites"][0]["entrants"][2];
  EXPECT_EQ(theirs["results"], 2);
  EXPECT_EQ(theirs["not_run"], 2);
  EXPECT_EQ(theirs["late"], 1);  // 90 s, where these runs had 20
  EXPECT_EQ(theirs["solved"], 1);
  EXPECT_EQ(theirs["points"], 10);
  EXPECT_EQ(theirs["percent"], 100.0);
  EXPECT_EQ(json["suites"][1]["entrants"][0]["points"], 10);
  EXPECT_EQ(json["total"]["entrants"][0]["percent"], 100.0);
  EXPECT_EQ(json["total"]["entrants"][0]["points"], 20 - 150);
  EXPECT_EQ(json["suites"][1]["entrants"][2]["not_run"], 2);
  EXPECT_EQ(json["suites"][1]["entrants"][1]["not_run"], 2) << "its run had no such suite";
  // (unsat + three times 2 * 20) / 4, and ours are quick.
  EXPECT_NEAR(ours["par2_s"].get<double>(), 30.0, 2.0);
  ASSERT_EQ(json["disagreements"].size(), 1u);
  EXPECT_EQ(json["disagreements"][0]["vnnlib"], "vnnlib/sat_000.vnnlib");
  EXPECT_EQ(json["disagreements"][0]["known"], "unsat");
  EXPECT_EQ(json["disagreements"][0]["known_from"], "truth");
  EXPECT_EQ(json["disagreements"][0]["verdicts"]["A"], "sat WRONG");
  EXPECT_EQ(json["disagreements"][0]["verdicts"]["T"], "not run");
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
  // Nothing is loaded from anywhere, and browsers are told to refuse it.
  EXPECT_FALSE(std::regex_search(page, std::regex("<(script|img|iframe|link)[^>]* (src|href)=")));
  EXPECT_TRUE(contains(page, "Content-Security-Policy\" content=\"default-src 'none'"));
  EXPECT_FALSE(std::regex_search(page, std::regex("@import|url\\(")));
  const std::size_t data = page.find("id=\"data\">"), end = page.find("</script>", data);
  const Json json = Json::parse(page.substr(data + 10, end - data - 10));
  ASSERT_EQ(json["instances"].size(), 6u);
  EXPECT_EQ(json["instances"][1]["cells"][0]["v"], "sat");
  EXPECT_EQ(json["instances"][1]["cells"][0]["wrong"], true);
  EXPECT_EQ(json["instances"][2]["cells"][0]["curve"].size(), 5u);  // four on the way and the end
  EXPECT_TRUE(contains(json["instances"][3]["cells"][0]["why"], "signal 11"));
  EXPECT_TRUE(json["instances"][4]["cells"][2].is_null());
}

/// A page without its scripts: what is there where none run.
std::string without_scripts(const std::string& page) {
  std::string text;
  for (std::size_t at = 0; at != std::string::npos;) {
    const std::size_t script = page.find("<script", at);
    text += page.substr(at, script == std::string::npos ? script : script - at);
    at = script == std::string::npos ? script : page.find("</script>", script);
  }
  return text;
}

/// The rows of the table with this id, as HTML.
std::vector<std::string> rows_of(const std::string& page, const std::string& id) {
  const std::size_t table = page.find("id=\"" + id + "\""), body = page.find("<tbody>", table);
  std::vector<std::string> rows;
  const std::size_t end = page.find("</tbody>", body);
  for (std::size_t at = page.find("<tr", body); at < end; at = page.find("<tr", at + 1))
    rows.push_back(page.substr(at, page.find("</tr>", at) - at));
  return rows;
}

TEST(SuiteReport, ThePageIsReadWithoutScripts) {
  const Reported reported;
  const std::string page = without_scripts(reported.file("report.html"));
  EXPECT_TRUE(contains(page, "<noscript>"));
  EXPECT_TRUE(contains(page, "6 instances of 2 benchmarks"));
  EXPECT_TRUE(contains(page, "settled 1 of 6: 1 unsat, 0 sat; 1 late; 4 not run</div>")) << "T's";
  EXPECT_TRUE(contains(page, "-150 for a wrong one"));
  const std::vector<std::string> sums = rows_of(page, "board");
  ASSERT_EQ(sums.size(), 3u) << "two suites and all";
  EXPECT_TRUE(contains(sums[0], "1 WRONG"));
  const std::vector<std::string> rows = rows_of(page, "instances");
  ASSERT_EQ(rows.size(), 6u);
  // Whom we contradict first, and red; the others in the suites' order.
  EXPECT_TRUE(contains(rows[0], "data-row=\"1\" class=\"disagree\""));
  EXPECT_TRUE(contains(rows[0], "wrong\" title=\"contradicts what is known"));
  EXPECT_TRUE(contains(rows[0], ">sat WRONG</td>"));
  EXPECT_TRUE(contains(rows[1], "data-row=\"0\""));
  EXPECT_TRUE(contains(rows[1], ">unsat</td>"));
  EXPECT_TRUE(contains(rows[2], ">unsat late</td>"));
  EXPECT_TRUE(contains(rows[2], ">90.0</td>"));
  EXPECT_TRUE(contains(rows[3], "signal 11"));
  EXPECT_TRUE(contains(rows[4], ">not run</td>"));
  // Only what needs them is hidden until scripts run.
  EXPECT_TRUE(contains(page, "data-state=\"static\""));
  EXPECT_TRUE(contains(page, "html[data-state=\"static\"] .script { display: none; }"));
  EXPECT_TRUE(contains(page, "@media (prefers-color-scheme: dark)"));
}

TEST(SuiteReport, DisagreementsComeFirstAndCountForNobody) {
  const FakeSuite fake;
  fake.add("one", {"unsat_000", "sat_000", "unsat_001"});
  ASSERT_EQ(fake.run_all().exit_code, 0);
  const auto report = [&](const std::string& third) {
    const std::string name = "one,onnx/net.onnx,vnnlib/";
    const std::string table = fake.scratch.write(
        "T.csv", name + "unsat_000.vnnlib,0,unsat,1\n" + name + "sat_000.vnnlib,0,sat,1\n" + name +
                     "unsat_001.vnnlib,0," + third + ",1\n");
    return run({"suite", "report", "A=" + fake.out(), "--reference", table, "--out",
                fake.scratch / "report"});
  };
  const auto page = [&] {
    return without_scripts(contents_of(fake.scratch / "report/report.html"));
  };
  const Ended agree = report("unsat");
  EXPECT_EQ(agree.exit_code, 0);
  EXPECT_FALSE(contains(agree.err, "DISAGREEMENT")) << agree.err;
  EXPECT_TRUE(contains(page(), "No disagreements"));
  EXPECT_FALSE(contains(page(), "class=\"alarm\""));

  const Ended planted = report("sat");
  EXPECT_EQ(planted.exit_code, 0);
  EXPECT_TRUE(contains(planted.err, "DISAGREEMENTS on 1 instances")) << planted.err;
  const Json json = Json::parse(contents_of(fake.scratch / "report/summary.json"));
  for (const Json& sums : json["total"]["entrants"]) {
    EXPECT_EQ(sums["disputed"], 1);
    EXPECT_EQ(sums["solved"], 2);
    EXPECT_EQ(sums["points"], 20) << "of three verdicts";
  }
  ASSERT_EQ(json["disagreements"].size(), 1u);
  EXPECT_TRUE(json["disagreements"][0]["known"].is_null());
  EXPECT_EQ(json["disagreements"][0]["verdicts"]["A"], "unsat disputed");
  EXPECT_EQ(json["disagreements"][0]["verdicts"]["T"], "sat disputed");
  const std::string text = page();
  const std::size_t section = text.find("<section id=\"disagreements\" class=\"alarm\"");
  ASSERT_NE(section, std::string::npos);
  EXPECT_LT(section, text.find("id=\"entrants\""));
  EXPECT_LT(section, text.find("id=\"board\""));
  ASSERT_EQ(rows_of(text, "disagreements").size(), 1u);
  EXPECT_TRUE(contains(rows_of(text, "disagreements")[0], ">unsat disputed</td>"));
  EXPECT_TRUE(contains(rows_of(text, "instances")[0], "vnnlib/unsat_001.vnnlib"));
  EXPECT_TRUE(contains(rows_of(text, "instances")[0], "class=\"disagree\""));
  // The class is red, and so is the section.
  EXPECT_TRUE(contains(text, ".error, .wrong, .disputed { color: var(--bad)"));
  EXPECT_TRUE(contains(text, ".alarm { border: 2px solid var(--bad)"));
}

TEST(SuiteReport, LongNamesLoseTheirMiddleAndAreWholeInTheTitle) {
  const FakeSuite fake;
  const std::string name = "unsat_000_" + std::string(60, 'm') + "_the_end";
  fake.add("one", {name});
  ASSERT_EQ(fake.run_all().exit_code, 0);
  const std::string label = "begin" + std::string(40, 'x') + "finish";
  ASSERT_EQ(run({"suite", "report", label + "=" + fake.out()}).exit_code, 0);
  const std::string page = without_scripts(contents_of(fake.out() + "/report/report.html"));
  const std::string row = rows_of(page, "instances").at(0);
  EXPECT_TRUE(contains(row, "title=\"vnnlib/" + name + ".vnnlib\">unsat_000_mmmmm…mmmmmm_the_end<"))
      << row;
  EXPECT_TRUE(contains(page, "title=\"" + label + "\">beginxxxxxxx…xxxxxfinish<"));
}

TEST(SuiteReport, TheSearchFindsWhatItSays) {
  if (std::system("node --version >/dev/null 2>&1") != 0)  // NOLINT(concurrency-mt-unsafe)
    GTEST_SKIP() << "*** NOT TESTED: there is no node to run the page's search with ***";
  const Reported reported;
  const std::string command = "timeout 60 node " CLIPBOUND_SOURCE_DIR
                              "/tests/suite/find_check.mjs '" +
                              (reported.fake.scratch / "report/report.html") + "' >'" +
                              (reported.fake.scratch / "found") + "' 2>&1";
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(WEXITSTATUS(status), 0) << contents_of(reported.fake.scratch / "found");
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

/// What the page is after its scripts have run.
std::string rendered(const std::string& path, const std::string& address, const Scratch& scratch,
                     const std::string& flags = "") {
  const std::string command =
      "timeout 120 " + browser() +
      " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --window-size=1400,1600 "
      "--user-data-dir=" +
      (scratch / "profile") + " " + flags + " --dump-dom 'file://" + path + address + "' >" +
      (scratch / "dom") + " 2>" + (scratch / "browser.err");
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
  EXPECT_EQ(attribute(dom, "data-cactus"), "4");  // A: 2, second: 1 (one is wrong), T: 1 (late)
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
  const std::string only_sat = rendered(page, "#find=sat", reported.fake.scratch);
  EXPECT_EQ(attribute(only_sat, "data-rows"), "1") << "and none of the unsat";
}

/// The report with a script of our own at its end, which leaves what it saw in data-seen.
std::string with_script(const Reported& reported, const std::string& script) {
  std::string page = reported.file("report.html");
  const std::size_t end = page.rfind("</body>");
  return reported.fake.scratch.write(
      "watched.html", page.substr(0, end) + "<script>\nconst seen = [];\n" + script +
                          "\ndocument.documentElement.dataset.seen = seen.join(' ');\n</script>" +
                          page.substr(end));
}

TEST(SuiteReport, ByKeyboardAlone) {
  if (browser().empty())
    GTEST_SKIP() << "*** NOT TESTED: there is no Chromium to open the report in ***";
  const Reported reported;
  const std::string page = with_script(reported, R"JS(
    const at = () => document.activeElement;
    const press = (...keys) => keys.forEach((key) =>
      at().dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
    const rows = () => document.querySelectorAll("#instances tbody tr:not([hidden])").length;
    const type = (text) => { at().value = text; at().dispatchEvent(new Event("input")); };
    press("/"); seen.push(at().id);
    type("sat"); seen.push(rows());
    press("j"); seen.push(at().id);  // a letter in the field, no command
    press("Escape"); seen.push(at().id, rows());
    press("Escape"); seen.push(at().tagName);
    press("Home", "j", "ArrowDown", "k", "Enter"); seen.push(chosen.row);  // rows: 1 0 2 3 4 5
    press("End", " "); seen.push(chosen.row);
    press("ArrowDown", "Enter"); seen.push(chosen.row);
    press("PageUp", "Enter"); seen.push(chosen.row);
    seen.push(document.querySelectorAll('#instances tbody tr[tabindex="0"]').length);
    seen.push(getComputedStyle(at()).outlineStyle, getComputedStyle(at()).outlineWidth);
    press("d"); seen.push(at().id);
    press("?"); seen.push($("keys").open);
    press("?"); seen.push($("keys").open);
    press("b"); seen.push(at().id);
    const head = document.querySelector('th[data-column="vnnlib"]'), button = head.querySelector("button");
    button.focus(); seen.push(at() === button, head.getAttribute("aria-sort"));
    button.click(); seen.push(head.getAttribute("aria-sort"));
    button.click(); seen.push(head.getAttribute("aria-sort"), at() === button);
    choose({ find: "timeout" });
    document.querySelector("a[data-goto]").click(); seen.push(at().id, rows());
  )JS");
  const std::string dom = rendered(page, "", reported.fake.scratch);
  ASSERT_EQ(attribute(dom, "data-state"), "ready") << dom.substr(0, 400);
  EXPECT_EQ(attribute(dom, "data-seen"),
            "find 1 find find 6 TR 0 5 5 1 1 solid 3px disagreements true false suite true none "
            "ascending descending true row-1 6");
}

TEST(SuiteReport, InTheDark) {
  if (browser().empty())
    GTEST_SKIP() << "*** NOT TESTED: there is no Chromium to open the report in ***";
  const Reported reported;
  // How light a colour is, from 0 to 255; contrast of text to paper after WCAG.
  const std::string page = with_script(reported, R"JS(
    const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map((c) => c / 255);
    const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    const light = (color) => { const [r, g, b] = channels(color).map(linear); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const paper = (node) => { for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (!/, 0\)$/.test(color)) return color; } return "rgb(255, 255, 255)"; };
    const contrast = (selector) => { const node = document.querySelector(selector);
      const [a, b] = [light(getComputedStyle(node).color), light(paper(node))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05); };
    seen.push(light(getComputedStyle(document.body).backgroundColor) < 0.2 ? "dark" : "light");
    for (const selector of ["body", ".small", "td.wrong", "td.unsat", "td.timeout", "td.late", "td.absent", ".alarm h2",
                            "th button", "select", "a[data-goto]"])
      if (contrast(selector) < 4.5) seen.push(selector, contrast(selector).toFixed(2));
  )JS");
  for (const auto& [flags, expected] :
       {std::pair("", "light"), std::pair("--force-dark-mode", "dark")}) {
    const std::string dom = rendered(page, "", reported.fake.scratch, flags);
    ASSERT_EQ(attribute(dom, "data-state"), "ready") << dom.substr(0, 400);
    EXPECT_EQ(attribute(dom, "data-seen"), expected) << "contrasts below 4.5 follow";
  }
}

}  // namespace
}  // namespace clipbound::test
