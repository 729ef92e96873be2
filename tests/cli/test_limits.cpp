// Time limits and signals: the process ends when it should, with one verdict in every place.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct HardCase {
  Scratch scratch;
  std::string network = scratch.write("hard.onnx", hard_model());
  std::string query = scratch.write("hard.vnnlib", hard_query());

  std::vector<std::string> arguments(std::vector<std::string> more) const {
    std::vector<std::string> all = {
        "verify",           query,    "--network",      network,      "--result",
        scratch / "result", "--json", scratch / "json", "--no-attack"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// A pipe that nobody writes to in place of the query: reading never ends, and polls no deadline.
  void block_reading() {
    query = scratch / "pipe";
    ASSERT_EQ(::mkfifo(query.c_str(), 0600), 0);
  }
  void expect_verdict(const std::string& word) const {
    EXPECT_EQ(contents_of(scratch / "result"), word + "\n");
    EXPECT_EQ(nlohmann::json::parse(contents_of(scratch / "json"))["verdict"], word);
    EXPECT_NE(nlohmann::json::parse(contents_of(scratch / "json"))["reason"], "");
  }
};

/// The process has said `printed`, and the files the same. A signal that asked it to end it passes
/// on: it ends by it, like a process that had not caught it.
void expect_end(const HardCase& hard, const Ended& ended, const std::string& printed,
                const std::string& verdict, int signal = 0) {
  EXPECT_EQ(ended.signal, signal) << ended.err;
  EXPECT_EQ(ended.exit_code, signal == 0 ? 0 : -1) << ended.err;
  EXPECT_EQ(ended.out, printed + "\n");
  hard.expect_verdict(verdict);
}

std::function<void(int)> signal_after(int milliseconds, int number, int times = 1) {
  return [=](int pid) {
    await_handlers(pid);
    for (int i = 0; i < times; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
      ::kill(pid, number);
    }
  };
}

/// Seconds that a loaded machine may add; a limit that is ignored would cost a minute. How exactly
/// limits are kept is the benchmarks' business.
constexpr double kPatience = 5.0;

TEST(Limits, TheTimeLimitIsKept) {
  for (const char* limit : {"0.4", "1", "1.5"}) {
    const HardCase hard;
    const Ended ended = run(hard.arguments({"--timeout", limit}));
    expect_end(hard, ended, "timed-out", "timeout");
    EXPECT_NE(ended.err.find("timed-out"), std::string::npos) << ended.err;
    EXPECT_LT(ended.seconds, std::stod(limit) + kPatience);
    EXPECT_GT(ended.seconds, std::stod(limit) - 0.25);
    const auto json = nlohmann::json::parse(contents_of(hard.scratch / "json"));
    EXPECT_FALSE(json["statistics"].empty());
    if (json["progress"]["stage"] != "reading") {
      EXPECT_GT(json["progress"]["open"], 0);
    }
  }
}

TEST(Limits, ALimitOfNothingIsKeptToo) {
  for (const char* limit : {"0", "0.01"}) {
    const HardCase hard;
    const Ended ended = run(hard.arguments({"--timeout", limit}));
    expect_end(hard, ended, "timed-out", "timeout");
    EXPECT_LT(ended.seconds, kPatience);
  }
}

TEST(Limits, ReadingThatNeverEndsIsEndedAtTheLimit) {
  HardCase hard;
  hard.block_reading();
  const Ended ended = run(hard.arguments({"--timeout", "0.7"}));
  expect_end(hard, ended, "timed-out", "timeout");
  EXPECT_LT(ended.seconds, 0.7 + kPatience);
  EXPECT_GT(ended.seconds, 0.5);
}

/// Some MB take a while to be read: the limit holds there, too, and in whatever comes next.
TEST(Limits, ALargePropertyIsNoExcuse) {
  HardCase hard;
  hard.query = hard.scratch.write("large.vnnlib", many_boxes_query(16'000));
  ASSERT_GT(std::filesystem::file_size(hard.query), 7'000'000U);
  for (const char* limit : {"0.3", "1"}) {
    const Ended ended = run(hard.arguments({"--timeout", limit}), {}, 300.0);
    expect_end(hard, ended, "timed-out", "timeout");
    EXPECT_LT(ended.seconds, std::stod(limit) + kPatience);
    EXPECT_NE(ended.err.find("out of time "), std::string::npos) << ended.err;
  }
}

TEST(Limits, ASignalEndsTheSearchWithUnknownAndStatistics) {
  for (const int number : {SIGINT, SIGTERM}) {
    const HardCase hard;
    const Ended ended = run(hard.arguments({"--timeout", "60"}), signal_after(500, number));
    expect_end(hard, ended, "unknown", "unknown", number);
    EXPECT_LT(ended.seconds, 1.0 + kPatience);
    EXPECT_NE(ended.err.find("statistics"), std::string::npos) << ended.err;
    const auto json = nlohmann::json::parse(contents_of(hard.scratch / "json"));
    EXPECT_TRUE(json["statistics"].contains("subproblems"));
  }
}

TEST(Limits, ASignalEndsReadingToo) {
  HardCase hard;
  hard.block_reading();
  const Ended ended = run(hard.arguments({}), signal_after(200, SIGINT));
  expect_end(hard, ended, "unknown", "unknown", SIGINT);
  EXPECT_LT(ended.seconds, 1.0 + kPatience);
}

TEST(Limits, ASecondSignalKills) {
  HardCase hard;
  hard.block_reading();
  const Ended ended = run(hard.arguments({}), signal_after(200, SIGINT, 2));
  EXPECT_EQ(ended.signal, SIGINT);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(contents_of(hard.scratch / "result"), "");
}

}  // namespace
}  // namespace clipbound::test
