// What every subcommand writes as JSON is what docs/result.schema.json says, and true.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <zlib.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"
#include "tests/support/json_schema.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

const std::string kExamples = CLIPBOUND_SOURCE_DIR "/examples/";

const Json& schema_text() {
  static const Json text =
      Json::parse(contents_of(CLIPBOUND_SOURCE_DIR "/docs/result.schema.json"));
  return text;
}

/// The schema of one kind of result ("verdict", "error", ...), and that of all.
JsonSchema schema_of(const std::string& kind) {
  return JsonSchema(Json{{"$ref", "#/$defs/" + kind}, {"$defs", schema_text()["$defs"]}});
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

void expect_valid(const Json& value, const std::string& kind) {
  EXPECT_EQ(joined(schema_of(kind).problems(value)), "") << kind << ": " << value.dump(1);
  EXPECT_EQ(joined(JsonSchema(schema_text()).problems(value)), "") << "is one kind alone";
}

/// What the system's own program says.
std::string sha256sum(const std::string& path) {
  const Scratch scratch;
  const std::string said = scratch / "said";
  EXPECT_EQ(std::system(("sha256sum '" + path + "' > '" + said + "'").c_str()), 0);
  return contents_of(said).substr(0, 64);
}

void expect_file(const Json& info, const std::string& path) {
  EXPECT_EQ(info["file"], path);
  EXPECT_EQ(info["bytes"], std::filesystem::file_size(path));
  EXPECT_EQ(info["sha256"], sha256sum(path));
}

void expect_machine(const Json& result) {
  EXPECT_NE(result["machine"]["cpu"], "");
  EXPECT_NE(result["machine"]["system"].get<std::string>().find("Linux"), std::string::npos);
  EXPECT_GT(result["peak_memory_bytes"], 1e6);
  EXPECT_LT(result["peak_memory_bytes"], result["machine"]["memory_bytes"]);
  EXPECT_EQ(run({"--version"}).out.rfind(result["version"].get<std::string>() + "\n", 0), 0U);
}

/// Two ReLUs on [-1, 2]^2, and a point in the first's middle.
struct Files {
  Scratch scratch;
  std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  std::string point = scratch.write("x.csv", "0.75,\n 0.25\n");
  std::string json = scratch / "json";

  std::string query(const std::string& asserts, const std::string& name = "q.vnnlib") const {
    return scratch.write(name, declarations(2, 2) + box(2, -1, 2) + asserts);
  }
  Ended run_json(std::vector<std::string> command, int exit_code = 0,
                 const std::function<void(int)>& meanwhile = {}) const {
    command.insert(command.end(), {"--json", json});
    Ended ended = run(command, meanwhile);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    return ended;
  }
  Json result() const { return Json::parse(contents_of(json)); }
};

TEST(ResultFiles, OfVerifyAndAttack) {
  const Files files;
  const std::string sat =
                        files.query("(assert (>= Y_0 1.5))\n(assert (<= Y_1 0.25))", "sat.vnnlib"),
                    unsat = files.query("(assert (>= Y_0 2.5))", "unsat.vnnlib");
  for (const std::string command : {"verify", "attack"}) {
    files.run_json({command, sat, "--network", files.network});
    const Json result = files.result();
    expect_valid(result, "verdict");
    expect_machine(result);
    EXPECT_EQ(result["verdict"], "sat");
    ASSERT_EQ(result["networks"].size(), 1U);
    expect_file(result["networks"][0], files.network);
    expect_file(result["property"], sat);
  }
  files.run_json({"verify", unsat, "--network", files.network});
  EXPECT_EQ(files.result()["verdict"], "unsat");
  EXPECT_TRUE(files.result()["violated"].is_null());
  expect_valid(files.result(), "verdict");
  files.run_json({"attack", unsat, "--network", files.network, "--timeout", "0.3"});
  EXPECT_EQ(files.result()["verdict"], "timeout");
  expect_valid(files.result(), "verdict");
}

TEST(ResultFiles, TheViolatedClauseIsTheOneThatHolds) {
  const Files files;
  files.run_json({"verify",
                  files.query("(assert (or (and (>= Y_0 2.5))\n"
                              "            (and (<= Y_1 -0.5))\n"
                              "            (and (>= (+ Y_0 (* -0.1 Y_1)) 1.5) (< X_1 0.25))))\n"),
                  "--network", files.network});
  const Json result = files.result();
  expect_valid(result, "verdict");
  ASSERT_EQ(result["verdict"], "sat");
  const Json violated = result["violated"];
  const std::string rows = violated["rows"].dump();
  EXPECT_NE(rows.find("Y_0"), std::string::npos) << rows;
  EXPECT_NE(rows.find("0.1 Y_1"), std::string::npos) << rows;
  EXPECT_NE(rows.find("<= -1.5"), std::string::npos) << rows;
  EXPECT_EQ(rows.find("2.5"), std::string::npos) << rows;
  EXPECT_GT(violated["line"], 0);
  // As exact as it is written down.
  const Json x = result["counterexample"]["input"], y = result["counterexample"]["output"];
  EXPECT_GE(y[0].get<double>() - 0.1 * y[1].get<double>(), 1.5 - 1e-15);
  EXPECT_LT(x[1].get<double>(), 0.25);
}

TEST(ResultFiles, WhereNothingIsDecided) {
  const Scratch scratch;
  Files files;
  files.network = scratch.write("hard.onnx", hard_model());
  const std::string query = scratch.write("hard.vnnlib", hard_query());
  for (const char* limit : {"0", "0.01", "0.6"}) {
    files.run_json(
        {"verify", query, "--network", files.network, "--no-attack", "--timeout", limit});
    EXPECT_EQ(files.result()["verdict"], "timeout");
    expect_valid(files.result(), "verdict");
  }
  expect_file(files.result()["networks"][0], files.network);
  const auto interrupt = [](int pid) {
    await_handlers(pid);
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    ::kill(pid, SIGINT);
  };
  files.run_json({"verify", query, "--network", files.network, "--no-attack"}, -1, interrupt);
  EXPECT_EQ(files.result()["verdict"], "unknown");
  expect_valid(files.result(), "verdict");
  // Ended while it reads: the names are known, the files are not.
  const std::string pipe = scratch / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  files.run_json({"verify", pipe, "--network", files.network, "--timeout", "1"});
  expect_valid(files.result(), "verdict");
  EXPECT_EQ(files.result()["networks"][0]["file"], files.network);
  EXPECT_EQ(files.result()["property"]["file"], pipe);
  EXPECT_TRUE(files.result()["property"]["sha256"].is_null());
}

TEST(ResultFiles, OfPackedFilesAndOfStdin) {
  const Files files;
  const std::string query = files.query("(assert (>= Y_0 2.5))"), packed = query + ".gz";
  const std::string text = contents_of(query);
  const gzFile file = gzopen(packed.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  files.run_json({"verify", packed, "--network", files.network});
  expect_file(files.result()["property"], packed);
  const std::string clipbound = std::string(CLIPBOUND_BINARY_DIR) + "/clipbound";
  EXPECT_EQ(std::system((clipbound + " verify - --network " + files.network + " --json - < " +
                         query + " > " + files.json)
                            .c_str()),
            0);
  const Json result = files.result();
  expect_valid(result, "verdict");
  EXPECT_EQ(result["property"]["file"], "stdin");
  EXPECT_EQ(result["property"]["bytes"], text.size());
  EXPECT_EQ(result["property"]["sha256"], sha256sum(query));
}

TEST(ResultFiles, OfBounds) {
  const Files files;
  const std::string query = files.query("(assert (>= Y_0 2.5))");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--linear"}, {"--method", "ibp"}, {"--layer", "0"}}) {
    std::vector<std::string> command = {"bounds", query, "--network", files.network};
    command.insert(command.end(), more.begin(), more.end());
    files.run_json(command);
    expect_valid(files.result(), "bounds");
    expect_machine(files.result());
    expect_file(files.result()["networks"][0], files.network);
    expect_file(files.result()["property"], query);
  }
}

/// exp(1000) is no float64.
TEST(ResultFiles, NumbersThatAreNotFiniteAreNull) {
  const Files files;
  const std::string network = files.scratch.write("exp.onnx", one_node_model("Exp", 1)),
                    query = files.scratch.write("exp.vnnlib", declarations(1, 1) + box(1, 0, 1000) +
                                                                  "(assert (<= Y_0 0))\n");
  files.run_json({"bounds", query, "--network", network});
  const Json result = files.result();
  expect_valid(result, "bounds");
  EXPECT_TRUE(result["boxes"][0]["upper"][0].is_null()) << result["boxes"];
  EXPECT_FALSE(result["boxes"][0]["lower"][0].is_null()) << result["boxes"];
}

TEST(ResultFiles, OfRobustness) {
  const Files files;
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"0"}, {"1"}, {"0", "--radius-max", "0.125"}}) {
    std::vector<std::string> command = {"robustness", files.network, "--input", files.point,
                                        "--label"};
    command.insert(command.end(), more.begin(), more.end());
    files.run_json(command);
    const Json result = files.result();
    expect_valid(result, "robustness");
    expect_machine(result);
    expect_file(result["networks"][0], files.network);
    expect_file(result["input"], files.point);
    EXPECT_TRUE(result["property"].is_null());
  }
}

TEST(ResultFiles, OfRobustnessWithinADistance) {
  const Files files;
  for (const char* epsilon : {"0.0625", "0.9"}) {
    files.run_json({"robustness", files.network, "--input", files.point, "--label", "0",
                    "--epsilon", epsilon});
    expect_valid(files.result(), "robustness_check");
    EXPECT_EQ(files.result()["epsilon"], std::stod(epsilon));
  }
  const std::string many = files.scratch.write("many.csv", "0.75, 0.25\n0.5, 0.25\n");
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--epsilon", "0.0625"}, {"--tolerance", "0.5"}}) {
    std::vector<std::string> command = {"robustness", files.network, "--input", many};
    command.insert(command.end(), more.begin(), more.end());
    files.run_json(command);
    expect_valid(files.result(), "robustness_table");
    EXPECT_EQ(files.result()["points"], 2);
  }
}

TEST(ResultFiles, OfRange) {
  const Files files;
  const std::vector<std::string> box = {"range", files.network, "--lower", "-1", "--upper", "1"};
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, {"--grid", "0", "--cells", "3", "--csv", "/dev/null"}}) {
    std::vector<std::string> command = box;
    command.insert(command.end(), more.begin(), more.end());
    files.run_json(command);
    expect_valid(files.result(), "range");
    expect_machine(files.result());
    expect_file(files.result()["networks"][0], files.network);
  }
}

TEST(ResultFiles, OfInspect) {
  const Files files;
  for (const std::string& network : {files.network, kExamples + "waves.onnx"}) {
    files.run_json({"inspect", network});
    expect_valid(files.result(), "inspection");
    expect_machine(files.result());
    expect_file(files.result()["networks"][0], network);
  }
}

/// The same form for all, whatever went wrong and however far it got.
TEST(ResultFiles, OfErrors) {
  const Files files;
  const std::string query = files.query("(assert (>= Y_0 2.5))"), absent = files.scratch / "absent",
                    strange = files.scratch.write("s.onnx", one_node_model("Bernoulli", 2)),
                    broken = files.scratch.write("b.vnnlib", "(assert (>= X_0");
  struct Case {
    std::vector<std::string> command;
    int exit_code;
    bool network_is_read;
  };
  const std::vector<Case> cases = {
      {{"verify", query, "--network", absent}, 2, false},
      {{"verify", broken, "--network", files.network}, 2, false},
      {{"attack", absent, "--network", files.network}, 2, false},
      {{"verify", query, "--network", strange}, 3, false},
      {{"bounds", absent, "--network", files.network}, 2, false},
      {{"bounds", query, "--network", strange}, 3, false},
      {{"bounds", query, "--network", files.network, "--layer", "none"}, 2, true},
      {{"robustness", absent, "--input", files.point, "--label", "0"}, 2, false},
      {{"robustness", files.network, "--input", absent, "--label", "0"}, 2, true},
      {{"robustness", files.network, "--input", files.point, "--label", "7"}, 2, true},
      {{"inspect", absent}, 2, false},
      {{"inspect", strange}, 3, false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(testing::PrintToString(one.command));
    files.scratch.write("json", "of an earlier run");
    const Ended ended = files.run_json(one.command, one.exit_code);
    EXPECT_EQ(ended.out, "");
    const Json result = files.result();
    expect_valid(result, "error");
    expect_machine(result);
    EXPECT_NE(result["reason"], "");
    EXPECT_EQ(result["networks"][0]["sha256"].is_null(), !one.network_is_read) << result;
  }
  EXPECT_NE(files.result()["reason"].get<std::string>().find("Bernoulli"), std::string::npos);
}

TEST(ResultFiles, OfSuitesAndAblation) {
  const Files files;
  files.query("(assert (>= Y_0 1.5))", "sat.vnnlib");
  files.query("(assert (>= Y_0 2.5))", "unsat.vnnlib");
  files.scratch.write("instances.csv",
                      "n.onnx,sat.vnnlib,20\nn.onnx,unsat.vnnlib,20\nn.onnx,none.vnnlib,20\n");
  const std::string folder = std::filesystem::path(files.network).parent_path().string(),
                    out = files.scratch / "run";
  EXPECT_EQ(run({"suite", "run", folder, "--out", out}, {}, 120.0).exit_code, 0);
  expect_valid(Json::parse(contents_of(out + "/run.json")), "run");
  std::istringstream lines(contents_of(out + "/records.jsonl"));
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Json record = Json::parse(line);
    expect_valid(record, "record");
    if (record["verdict"] == "error") continue;
    EXPECT_EQ(record["networks"][0]["sha256"], sha256sum(files.network));
    EXPECT_EQ(record["property"]["sha256"],
              sha256sum(folder + "/" + record["vnnlib"].get<std::string>()));
    EXPECT_EQ(record["violated"].is_null(), record["verdict"] != "sat");
  }
  EXPECT_EQ(count, 3U);
  const auto ablate = [&] {
    return run({"ablation", folder, "--configs", "none,relaxed", "--json", files.json}, {}, 120.0)
        .exit_code;
  };
  EXPECT_EQ(ablate(), 2) << "one property is missing";
  expect_valid(files.result(), "error");
  files.scratch.write("instances.csv", "n.onnx,sat.vnnlib,20\nn.onnx,unsat.vnnlib,20\n");
  EXPECT_EQ(ablate(), 0);
  expect_valid(files.result(), "ablation");
  EXPECT_NE(files.result()["machine"]["cpu"], "");
}

/// The validator itself, on a real result with one thing wrong.
TEST(ResultFiles, TheSchemaRefusesWhatIsWrong) {
  const Files files;
  files.run_json({"verify", files.query("(assert (>= Y_0 1.5))"), "--network", files.network});
  const Json good = files.result();
  const JsonSchema schema = schema_of("verdict");
  ASSERT_TRUE(schema.problems(good).empty());
  for (const auto& [name, unused] : good.items()) {
    Json without = good, other = good;
    without.erase(name);
    other[name] = Json::array({Json::object()});
    EXPECT_EQ(schema.problems(without).size(), 1U) << name;
    EXPECT_FALSE(schema.problems(other).empty()) << name;
  }
  const std::pair<const char*, Json> wrong[] = {
      {"/more", 1},
      {"/verdict", "true"},
      {"/version", "new"},
      {"/machine/cores", 0},
      {"/machine/cores", 1.5},
      {"/networks/0/sha256", std::string(63, 'a')},
      {"/networks/0/bytes", -1},
      {"/progress/settled_share", 1.5},
      {"/progress/open", "none"},
      {"/counterexample/input/0", nullptr},
      {"/violated/rows/0", 7},
      {"/statistics/more", "some"},
  };
  for (const auto& [place, value] : wrong) {
    Json bad = good;
    bad[Json::json_pointer(place)] = value;
    EXPECT_FALSE(schema.problems(bad).empty()) << place;
  }
  EXPECT_THROW(JsonSchema(Json{{"maxLength", 3}}).problems("long"), std::logic_error);
  EXPECT_FALSE(JsonSchema(schema_text()).problems(Json::object()).empty());
}

}  // namespace
}  // namespace clipbound::test
