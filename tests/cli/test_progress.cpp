// What the program says of a run that is under way, or was ended: true numbers in every stage.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Files {
  Scratch scratch;
  std::string network = scratch.write("hard.onnx", hard_model());
  std::string query = scratch.write("hard.vnnlib", hard_query());
  std::string json = scratch / "json";

  std::vector<std::string> verify(const std::vector<std::string>& more) const {
    std::vector<std::string> all = {"verify", query, "--network", network, "--json", json};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Nobody writes to it: reading never ends.
  void block_reading() {
    query = scratch / "pipe";
    ASSERT_EQ(::mkfifo(query.c_str(), 0600), 0);
  }
  Json result() const { return Json::parse(contents_of(json)); }
};

std::function<void(int)> signal_after(int milliseconds, int number) {
  return [=](int pid) {
    await_handlers(pid);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
    ::kill(pid, number);
  };
}

void expect_nothing_known(const Json& progress) {
  EXPECT_TRUE(progress["worst_bound"].is_null()) << progress;
  EXPECT_TRUE(progress["weakest"].is_null()) << progress;
  EXPECT_EQ(progress["settled_share"], 0.0) << progress;
  EXPECT_EQ(progress["subproblems"], 0) << progress;
}

/// What a search says that was ended before it was done.
void expect_open(const Json& result) {
  const Json progress = result["progress"];
  EXPECT_GT(progress["elapsed_s"], 0.0) << progress;
  EXPECT_GT(progress["open"], 0) << progress;
  EXPECT_LT(progress["settled_share"], 1.0) << progress;
  EXPECT_GE(progress["settled_share"], 0.0) << progress;
  EXPECT_EQ(progress["clauses"], 1) << progress;
  EXPECT_FALSE(result["statistics"].empty());
  EXPECT_GE(result["statistics"]["subproblems"], progress["subproblems"]) << progress;
  if (progress["stage"] == "search") {
    EXPECT_LT(progress["worst_bound"], 0.0) << progress;
    EXPECT_LT(progress["weakest"]["bound"], 0.0) << progress;
    EXPECT_EQ(progress["weakest"]["clause"], 0) << progress;
    EXPECT_TRUE(contains(result["reason"], "weakest: the clause of line")) << result["reason"];
    EXPECT_TRUE(contains(result["reason"], "(-Y_0 <= -25), lacks ")) << result["reason"];
  }
  EXPECT_TRUE(contains(result["reason"], "what would help: ")) << result["reason"];
  EXPECT_FALSE(contains(result["reason"], "arithmetic can tell")) << result["reason"];
}

TEST(ProgressCommand, ALimitOfNothingKnowsNothing) {
  const Files files;
  const Ended ended = run(files.verify({"--timeout", "0"}));
  EXPECT_EQ(ended.out, "timed-out\n");
  const Json result = files.result();
  expect_nothing_known(result["progress"]);
  EXPECT_FALSE(result["statistics"].empty());
  EXPECT_TRUE(contains(result["reason"], "what would help")) << result["reason"];
  EXPECT_FALSE(contains(ended.err, "worst")) << ended.err;
}

TEST(ProgressCommand, AnAttackKnowsNoBound) {
  const Files files;
  const Ended ended = run({"attack", files.query, "--network", files.network, "--json", files.json,
                           "--timeout", "0.5"});
  EXPECT_EQ(ended.out, "timed-out\n");
  const Json result = files.result();
  expect_nothing_known(result["progress"]);
  // On a loaded machine it may not have come so far.
  const bool attacked = result["progress"]["stage"] == "attack";
  EXPECT_EQ(contains(result["reason"], "in the attack"), attacked) << result["reason"];
}

TEST(ProgressCommand, ReadingIsAStageOfItsOwn) {
  for (const int number : {0, SIGINT, SIGTERM}) {
    Files files;
    files.block_reading();
    const Ended ended = number == 0 ? run(files.verify({"--timeout", "0.7"}))
                                    : run(files.verify({}), signal_after(300, number));
    const Json result = files.result();
    EXPECT_EQ(result["verdict"], number == 0 ? "timeout" : "unknown");
    EXPECT_TRUE(contains(result["reason"],
                         number == 0 ? "out of time while reading" : "interrupted while reading"))
        << result["reason"];
    EXPECT_EQ(result["progress"]["stage"], "reading");
    EXPECT_GT(result["progress"]["elapsed_s"], 0.1);
    EXPECT_TRUE(result["progress"]["open"].is_null());
    expect_nothing_known(result["progress"]);
    EXPECT_EQ(result["statistics"]["subproblems"], 0) << "all that there are, and all 0";
  }
}

TEST(ProgressCommand, ASignalFindsTrueNumbersInEverySplit) {
  for (const char* split : {"auto", "inputs", "neurons", "turns"}) {
    for (const int milliseconds : {150, 400, 900}) {
      for (const int number : {SIGINT, SIGTERM}) {
        SCOPED_TRACE(std::string(split) + ", signal " + std::to_string(number) + " after " +
                     std::to_string(milliseconds) + " ms");
        const Files files;
        const Ended ended = run(files.verify({"--split", split, "--no-attack", "--threads", "1"}),
                                signal_after(milliseconds, number));
        EXPECT_EQ(ended.out, "unknown\n") << ended.err;
        const Json result = files.result();
        EXPECT_TRUE(contains(result["reason"], "interrupted ")) << result["reason"];
        if (result["progress"]["stage"] != "reading") expect_open(result);
        EXPECT_FALSE(contains(ended.err, "settled 100")) << ended.err;
      }
    }
  }
}

TEST(ProgressCommand, ATimeLimitFindsTrueNumbersInEverySplit) {
  for (const char* split : {"auto", "inputs", "neurons", "turns"}) {
    for (const char* limit : {"0.15", "0.5", "1.2"}) {
      SCOPED_TRACE(std::string(split) + ", " + limit + " s");
      const Files files;
      const Ended ended = run(files.verify({"--split", split, "--no-attack", "--timeout", limit}));
      EXPECT_EQ(ended.out, "timed-out\n") << ended.err;
      const Json result = files.result();
      EXPECT_TRUE(contains(result["reason"], "out of time ")) << result["reason"];
      if (result["progress"]["stage"] != "reading") expect_open(result);
    }
  }
}

/// Seconds, worst bound, settled share, subproblems and open ones, as another program reads them.
TEST(ProgressCommand, TheLinesForAnotherProgramNeverFallBack) {
  const Files files;
  const std::string command = std::string(CLIPBOUND_BINARY_DIR) + "/clipbound verify " +
                              files.query + " --network " + files.network +
                              " --no-attack --timeout 3 --progress-to 3 3> " +
                              (files.scratch / "lines") + " > /dev/null 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::istringstream lines(contents_of(files.scratch / "lines"));
  int count = 0;
  double last_seconds = 0.0, last_share = 0.0, last_subproblems = 0.0;
  for (std::string line; std::getline(lines, line); ++count) {
    std::istringstream words(line);
    std::string seconds, worst, share, subproblems, open;
    ASSERT_TRUE(words >> seconds >> worst >> share >> subproblems >> open) << line;
    EXPECT_GE(std::stod(seconds), last_seconds) << line;
    EXPECT_TRUE(worst == "nan" || std::stod(worst) < 0.0) << line;
    EXPECT_GE(std::stod(share), last_share) << line;
    EXPECT_LT(std::stod(share), 1.0) << line;
    EXPECT_GE(std::stod(subproblems), last_subproblems) << line;
    last_seconds = std::stod(seconds);
    last_share = std::stod(share);
    last_subproblems = std::stod(subproblems);
  }
  EXPECT_GE(count, 1);
}

/// (x - 1)^2 written out is 0 at 1; below 0 by less than roundings nothing can be told.
TEST(ProgressCommand, OnlyATinyMarginIsBelowTheArithmetic) {
  const Files files;
  const std::string network = files.scratch.write("square.onnx", written_out_square());
  const auto reason = [&](const char* threshold) {
    const std::string query =
        files.scratch.write("square.vnnlib", declarations(1, 1) + box(1, 0, 2) + "(assert (< Y_0 " +
                                                 threshold + "))\n");
    run({"verify", query, "--network", network, "--no-attack", "--json", files.json}, {}, 300.0);
    return files.result()["reason"].get<std::string>();
  };
  EXPECT_TRUE(contains(reason("-1e-30"), "less than the arithmetic can tell"));
  EXPECT_TRUE(contains(reason("-1e-30"), "what would help: a property with a wider margin"));
  EXPECT_FALSE(contains(reason("-1e-3"), "arithmetic"));
}

/// 1 + 1e8 - 1e8 is 0 in one order of summation and 1 in the other.
TEST(ProgressCommand, PointsThatDoNotReplaySayWhy) {
  const Files files;
  const std::string network = files.scratch.write("sum.onnx", sum_model());
  std::string text = declarations(3, 1);
  const char* values[] = {"1", "100000000", "-100000000"};
  for (int i = 0; i < 3; ++i) {
    const std::string x = " X_" + std::to_string(i) + " " + values[i] + "))\n";
    text += "(assert (>=" + x + "(assert (<=" + x;
  }
  const std::string query = files.scratch.write("sum.vnnlib", text + "(assert (<= Y_0 0.5))\n");
  const Ended ended =
      run({"attack", query, "--network", network, "--json", files.json, "--timeout", "3",
           "--timeout-reserve", "2"});  // so that it is not the watchdog that ends it
  EXPECT_EQ(ended.out, "timed-out\n") << ended.err;
  const std::string reason = files.result()["reason"];
  EXPECT_TRUE(contains(reason, "did not replay")) << reason;
  EXPECT_TRUE(contains(reason, "the orders of summation disagree")) << reason;
  EXPECT_TRUE(contains(ended.err, "the orders of summation disagree")) << ended.err;
}

/// What stood on the terminal last, without the codes that clear a line.
std::string last_line(const std::string& text) {
  const std::size_t begin = text.rfind('\r');
  const std::string line = begin == std::string::npos ? text : text.substr(begin + 1);
  return line.substr(0, line.find('\x1b'));
}

/// Interrupts the child once its terminal shows `part`; every line fits the terminal.
struct Onlooker {
  std::string part;
  bool seen = false;
  void operator()(int pid, const std::string& text) {
    const std::string line = last_line(text);
    EXPECT_LT(line.size(), 60U) << line;
    if (seen || !contains(line, part)) return;
    seen = true;
    ::kill(pid, SIGINT);
  }
};

TEST(ProgressCommand, ATerminalShowsReadingAndTheSearch) {
  Files files;
  Onlooker search{" s  search  settled "};
  run_in_terminal(files.verify({"--no-attack"}), 60, std::ref(search));
  EXPECT_TRUE(search.seen);
  files.block_reading();
  Onlooker reading{" s  reading"};
  const Ended ended = run_in_terminal(files.verify({}), 60, std::ref(reading));
  EXPECT_TRUE(reading.seen);
  EXPECT_EQ(ended.out, "unknown\n");
  EXPECT_TRUE(contains(ended.err, "interrupted while reading")) << ended.err;
}

/// Thousands of boxes, bounded one after the other.
TEST(ProgressCommand, RootBoundsAreAStageThatCounts) {
  Files files;
  constexpr int kBoxes = 16'000;
  files.query = files.scratch.write("many.vnnlib", many_boxes_query(kBoxes));
  Onlooker root{" of " + std::to_string(kBoxes) + " clauses"};
  const Ended ended =
      run_in_terminal(files.verify({"--no-attack", "--threads", "1"}), 60, std::ref(root), 300.0);
  EXPECT_TRUE(root.seen) << ended.err;
  EXPECT_EQ(ended.out, "unknown\n");
  const Json result = files.result(), progress = result["progress"];
  EXPECT_EQ(progress["clauses"], kBoxes) << progress;
  EXPECT_LE(progress["bounded"], kBoxes) << progress;
  EXPECT_LE(progress["refuted"], progress["bounded"]) << progress;
  EXPECT_LT(progress["settled_share"], 1.0) << progress;
  if (progress["stage"] == "root bounds") {
    const std::string said = "in the root bounds (" +
                             std::to_string(progress["bounded"].get<int>()) + " of " +
                             std::to_string(kBoxes) + " clauses bounded";
    EXPECT_TRUE(contains(result["reason"], said)) << result["reason"];
  }
}

TEST(ProgressCommand, NoTerminalNoProgressLine) {
  const Files files;
  const Ended ended = run(files.verify({"--timeout", "0.7", "--no-attack"}));
  EXPECT_FALSE(contains(ended.err, "\r")) << ended.err;
}

}  // namespace
}  // namespace clipbound::test
