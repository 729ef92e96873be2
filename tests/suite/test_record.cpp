// One line of records.jsonl: what is written, what is read back, what is refused.
#include "benchmarks/suite/record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::Ending;
using suite::Outcome;
using suite::parse_record;
using suite::Record;
using suite::to_json_line;

constexpr double kInf64 = std::numeric_limits<double>::infinity();

Record small() {
  Record record;
  record.suite = "s";
  record.onnx = "n.onnx";
  record.vnnlib = "p.vnnlib";
  record.timeout_s = 10.0;
  record.outcome = Outcome::unsat;
  record.seconds = 1.5;
  record.cpu_s = 0.25;
  record.peak_memory_mb = 8.0;
  record.threads = 2;
  record.last = {1.0, -kInf64, 0.5, 7, 3};
  return record;
}

const std::string kSmall =
    R"({"suite":"s","onnx":"n.onnx","vnnlib":"p.vnnlib","repeat":1,"timeout_s":10.0,)"
    R"("verdict":"unsat","reason":"","seconds":1.5,"cpu_s":0.25,"peak_memory_mb":8.0,)"
    R"("ending":"exited","exit_code":0,"threads":2,"last":[1.0,"-inf",0.5,7,3],"curve":[],)"
    R"("counterexample":"","started":"","networks":[],"property":null,"violated":null,)"
    R"("command":"","messages":"","statistics":{},"trace":""})";

std::string error_of(const std::string& line) {
  try {
    parse_record(line);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// The small record with one field replaced.
std::string with(const std::string& field, const nlohmann::ordered_json& value) {
  nlohmann::ordered_json json = suite::to_json(small());
  json[field] = value;
  return json.dump();
}

TEST(SuiteRecord, WordsAreThoseOfResultFiles) {
  std::string words;
  for (const Outcome outcome : suite::kOutcomes)
    words += std::string(name_of(outcome)) + (solved(outcome) ? "! " : " ");
  EXPECT_EQ(words, "unsat! sat! unknown timeout error ");
  EXPECT_STREQ(name_of(Ending::exited), "exited");
  EXPECT_STREQ(name_of(Ending::crashed), "crashed");
  EXPECT_STREQ(name_of(Ending::time), "killed: time");
  EXPECT_STREQ(name_of(Ending::memory), "killed: memory");
  EXPECT_STREQ(name_of(Ending::not_run), "not run");
}

TEST(SuiteRecord, BeginsAsAnErrorOfItsTask) {
  suite::Task task;
  task.suite = "s";
  task.instance.onnx = "n.onnx";
  task.instance.vnnlib = "p.vnnlib";
  task.instance.timeout_s = 5.0;
  task.repeat = 3;
  task.timeout_s = 20.0;
  const Record record = suite::record_of(task);
  EXPECT_EQ(record.key(), "s\tn.onnx\tp.vnnlib\t3");
  EXPECT_EQ(record.timeout_s, 20.0) << "the one that counts";
  EXPECT_EQ(record.outcome, Outcome::error);
  EXPECT_EQ(record.ending, Ending::exited);
}

TEST(SuiteRecord, KeysDifferWhereInstancesDo) {
  Record record = small();
  EXPECT_EQ(record.key(), "s\tn.onnx\tp.vnnlib");
  record.repeat = 2;
  EXPECT_EQ(record.key(), "s\tn.onnx\tp.vnnlib\t2");
}

TEST(SuiteRecord, IsOneLine) {
  EXPECT_EQ(to_json_line(small()), kSmall);
  Record record = small();
  record.reason = "one\ntwo \"three\"\t\\";
  const std::string line = to_json_line(record);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(parse_record(line).reason, record.reason);
}

TEST(SuiteRecord, IsReadBackTheSame) {
  Record record = small();
  record.repeat = 2;
  record.outcome = Outcome::timeout;
  record.reason = "time is over";
  record.seconds = 0.1;
  record.ending = Ending::time;
  record.exit_code = 9;
  record.last = {1e-300, -2.5, 1.0, std::numeric_limits<std::uint64_t>::max(), 0};
  record.curve = {{0.5, -kInf64, 0.0, 1, 1}, {1.0, -0.1, 0.75, 20, 4}};
  record.counterexample = "counterexamples/a";
  record.started = "2026-01-31T12:34:56Z";
  const Record read = parse_record(to_json_line(record));
  EXPECT_EQ(to_json_line(read), to_json_line(record));
  EXPECT_EQ(read.key(), record.key());
  EXPECT_EQ(read.outcome, Outcome::timeout);
  EXPECT_EQ(read.ending, Ending::time);
  EXPECT_EQ(read.exit_code, 9);
  EXPECT_EQ(read.seconds, 0.1);
  EXPECT_EQ(read.last.elapsed_s, 1e-300);
  EXPECT_EQ(read.last.subproblems, std::numeric_limits<std::uint64_t>::max());
  ASSERT_EQ(read.curve.size(), 2u);
  EXPECT_EQ(read.curve[0].worst_bound, -kInf64);
  EXPECT_EQ(read.curve[1].worst_bound, -0.1);
  EXPECT_EQ(read.curve[1].open, 4u);
}

TEST(SuiteRecord, EveryBoundIsReadBackTheSame) {
  Record record = small();
  for (const double bound : {-kInf64, -1e-300, 0.0, kInf64}) {
    record.last.worst_bound = bound;
    record.curve = {{0.5, bound, 0.0, 1, 1}};
    const Record read = parse_record(to_json_line(record));
    EXPECT_EQ(read.last.worst_bound, bound);
    EXPECT_EQ(read.curve[0].worst_bound, bound);
  }
  record.last.worst_bound = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(parse_record(to_json_line(record)).last.worst_bound));
  std::string line = to_json_line(record);
  line.replace(line.find("0.5,"), 3, "0.5,\"-infinite\"");
  EXPECT_THROW(parse_record(line), InputError);
}

TEST(SuiteRecord, EveryWordIsReadBackTheSame) {
  Record record = small();
  for (const Outcome outcome : suite::kOutcomes) {
    record.outcome = outcome;
    EXPECT_EQ(parse_record(to_json_line(record)).outcome, outcome);
  }
  for (const Ending ending :
       {Ending::exited, Ending::crashed, Ending::time, Ending::memory, Ending::not_run}) {
    record.ending = ending;
    EXPECT_EQ(parse_record(to_json_line(record)).ending, ending);
  }
}

TEST(SuiteRecord, BytesThatAreNoTextDoNotStopARun) {
  Record record = small();
  record.reason = "a\xFFz";
  EXPECT_EQ(parse_record(to_json_line(record)).reason, "a\xEF\xBF\xBDz");
}

TEST(SuiteRecord, NoPartOfALineIsARecord) {
  ASSERT_EQ(error_of(kSmall), "");
  for (std::size_t length = 0; length < kSmall.size(); ++length) {
    EXPECT_TRUE(error_of(kSmall.substr(0, length)).starts_with("not a record: ")) << length;
  }
  EXPECT_TRUE(error_of(kSmall + "x").starts_with("not a record: "));
  EXPECT_TRUE(error_of(kSmall + kSmall).starts_with("not a record: "));
}

TEST(SuiteRecord, NoFieldMayBeMissing) {
  const nlohmann::ordered_json whole = suite::to_json(small());
  EXPECT_EQ(whole.size(), 24u);
  for (const auto& [name, value] : whole.items()) {
    nlohmann::ordered_json part = whole;
    part.erase(name);
    // Records of older versions are without these.
    if (name == "networks" || name == "property" || name == "violated" || name == "command" ||
        name == "messages" || name == "statistics" || name == "trace") {
      EXPECT_EQ(error_of(part.dump()), "");
      continue;
    }
    EXPECT_TRUE(error_of(part.dump()).starts_with("not a record: ")) << name;
  }
  for (const char* other : {"{}", "[]", "null", "7", "\"unsat\""})
    EXPECT_TRUE(error_of(other).starts_with("not a record: ")) << other;
}

TEST(SuiteRecord, FilesAndTheViolatedClauseAreReadBackTheSame) {
  Record record = small();
  record.networks = {{"n.onnx.gz", 7, "ab", {{"w.bin", 9, "cd"}}}, {"g.onnx"}};
  record.property = FileInfo{"p.vnnlib", 0, "ef"};
  record.violated = {3, 12, {"Y_0 <= 1", "-X_1 < 0"}};
  record.command = "clipbound verify 'a b.vnnlib'";
  record.messages = "note: one";
  record.statistics = {{"splits", 7.0}, {"search_s", 0.25}};
  record.trace = "traces/s/n_p.trace.gz";
  const Record read = parse_record(to_json_line(record));
  EXPECT_EQ(to_json_line(read), to_json_line(record));
  ASSERT_EQ(read.networks.size(), 2u);
  EXPECT_EQ(read.networks[0].data.at(0).sha256, "cd");
  EXPECT_EQ(read.statistics, record.statistics);
  EXPECT_EQ(read.trace, record.trace);
  EXPECT_FALSE(read.networks[1].bytes.has_value());
  EXPECT_EQ(read.property->bytes, 0u);
  EXPECT_EQ(read.violated->rows, record.violated->rows);
}

TEST(SuiteRecord, NoFieldMayBeOfAnotherType) {
  for (const char* name : {"networks", "property", "violated"})
    EXPECT_TRUE(error_of(with(name, 7)).starts_with("not a record: ")) << name;
  for (const char* text : {"suite", "onnx", "vnnlib", "reason", "counterexample", "started"})
    EXPECT_TRUE(error_of(with(text, 7)).starts_with("not a record: ")) << text;
  for (const char* number : {"repeat", "timeout_s", "seconds", "exit_code", "threads"})
    EXPECT_TRUE(error_of(with(number, "7")).starts_with("not a record: ")) << number;
  EXPECT_TRUE(error_of(with("last", {1, 2, 3, 4})).starts_with("not a record: "));
  EXPECT_TRUE(error_of(with("last", nullptr)).starts_with("not a record: "));
  EXPECT_TRUE(error_of(with("curve", {7})).starts_with("not a record: "));
}

TEST(SuiteRecord, UnknownWordsAreNamed) {
  EXPECT_EQ(error_of(with("verdict", "holds")), "'holds' is no word of a record");
  EXPECT_EQ(error_of(with("verdict", "")), "'' is no word of a record");
  EXPECT_EQ(error_of(with("ending", "unsat")), "'unsat' is no word of a record");
}

TEST(SuiteRecord, MemoryRanOutWhoeverSaysSo) {
  Record record = small();
  EXPECT_FALSE(record.out_of_memory());
  record.reason = "out of memory: more than 8 GB";
  EXPECT_TRUE(record.out_of_memory());
  record.reason = "it ran out of memory";
  EXPECT_FALSE(record.out_of_memory());
  record.ending = Ending::memory;
  EXPECT_TRUE(record.out_of_memory());
}

}  // namespace
}  // namespace clipbound::test
