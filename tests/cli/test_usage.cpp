// What the command line accepts, and how it complains.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/options.h"
#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

TEST(Usage, NameAndVersion) {
  const Ended name = run({"--name"});
  EXPECT_EQ(name.exit_code, 0);
  EXPECT_EQ(name.out, "clipbound\n");
  const Ended version = run({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_TRUE(!version.out.empty() && std::isdigit(version.out[0]) != 0) << version.out;
  EXPECT_EQ(version.err, "");
  for (const char* part : {"\ncommit ", "-march=", "\nneeds "})
    EXPECT_NE(version.out.find(part), std::string::npos) << part << " in " << version.out;
}

const std::vector<std::vector<std::string>> kCommandWords = {{},
                                                             {"verify"},
                                                             {"bounds"},
                                                             {"robustness"},
                                                             {"inspect"},
                                                             {"suite"},
                                                             {"suite", "run"},
                                                             {"suite", "merge"},
                                                             {"suite", "compare"},
                                                             {"suite", "report"},
                                                             {"suite", "check"},
                                                             {"attack"},
                                                             {"ablation"},
                                                             {"supports"},
                                                             {"completion"},
                                                             {"manual"}};

TEST(Usage, HelpFitsEightyColumnsAndEndsWithExamples) {
  for (std::vector<std::string> words : kCommandWords) {
    SCOPED_TRACE(testing::PrintToString(words));
    words.push_back("--help");
    const Ended help = run(words);
    EXPECT_EQ(help.exit_code, 0);
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
    if (words.size() == 2) {
      EXPECT_NE(help.out.find("Examples:\n  "), std::string::npos);
    }
  }
}

TEST(Usage, SaysWhatWasProbablyMeant) {
  const std::pair<std::vector<std::string>, std::string> slips[] = {
      {{"verfiy", "q.vnnlib"}, "did you mean verify?"},
      {{"suite", "rnu"}, "did you mean run?"},
      {{"verify", "q.vnnlib", "--network", "n.onnx", "--tiemout", "5"}, "did you mean --timeout?"},
      {{"verify", "q.vnnlib", "--netwrok=n.onnx"}, "did you mean --network?"},
      {{"suite", "run", "x", "--out", "y", "--strde", "3"}, "did you mean --stride?"},
  };
  for (const auto& [arguments, said] : slips) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.exit_code, 1);
    EXPECT_NE(ended.err.find(said), std::string::npos) << ended.err;
  }
  EXPECT_EQ(run({"verify", "q.vnnlib", "--network", "n.onnx", "--xyzzy-plugh"}).err.find("did you"),
            std::string::npos)
      << "nothing is near";
}

TEST(Usage, ManualPageAndCompletionNameEveryCommandAndOption) {
  const std::string manual = run({"manual"}).out;
  EXPECT_EQ(manual.rfind(".TH CLIPBOUND 1", 0), 0U);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ended script = run({"completion", shell});
    EXPECT_EQ(script.exit_code, 0);
    for (const char* word :
         {"verify", "robustness", "report", "timeout", "stride", "onnx-operators"})
      EXPECT_NE(script.out.find(word), std::string::npos) << shell << ": " << word;
    if (std::string(shell) != "bash") continue;
    const Scratch scratch;
    const std::string file = scratch.write("bash", script.out);
    // What bash itself offers for a beginning.
    const std::string ask = "bash -c 'source " + file +
                            "; COMP_WORDS=(clipbound verify --time); COMP_CWORD=2; _clipbound; "
                            "echo ${COMPREPLY[*]}' > " +
                            (scratch / "said");
    EXPECT_EQ(std::system(ask.c_str()), 0);
    EXPECT_EQ(contents_of(scratch / "said"), "--timeout --timeout-reserve\n");
  }
  for (const OptionInfo& row : option_table()) {
    std::string flag;
    for (const char c : row.flag) flag += c == '-' ? std::string("\\-") : std::string(1, c);
    EXPECT_NE(manual.find("\\-\\-" + flag), std::string::npos) << flag;
  }
  EXPECT_EQ(run({"completion", "csh"}).exit_code, 1);
}

/// A property that one node decides at once.
struct Small {
  Scratch scratch;
  std::string network = scratch.write("n.onnx", one_node_model("Relu", 1));
  std::string query =
      scratch.write("q.vnnlib", declarations(1, 1) + box(1, -1, 1) + "(assert (>= Y_0 2))\n");
};

TEST(Usage, ADashIsStdinOrStdout) {
  const Small small;
  const std::string clipbound = std::string(CLIPBOUND_BINARY_DIR) + "/clipbound";
  const auto shell = [&](const std::string& command) {
    EXPECT_EQ(std::system(("(" + command + ") > " + (small.scratch / "said")).c_str()), 0)
        << command;
    return contents_of(small.scratch / "said");
  };
  EXPECT_EQ(shell(clipbound + " verify - --network " + small.network + " < " + small.query),
            "unsat\n");
  EXPECT_EQ(shell(clipbound + " verify " + small.query + " --network - < " + small.network),
            "unsat\n");
  const auto json = nlohmann::json::parse(
      shell(clipbound + " verify " + small.query + " --network " + small.network + " --json -"));
  EXPECT_EQ(json["verdict"], "unsat");
  EXPECT_EQ(
      shell(clipbound + " verify " + small.query + " --network " + small.network + " --result -"),
      "unsat\n");
  EXPECT_EQ(run({"verify", "-", "--network", "-"}).exit_code, 2);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"bounds", small.query, "--network", small.network},
        {"inspect", small.network}}) {
    std::vector<std::string> to_stdout = command, to_file = command;
    to_stdout.insert(to_stdout.end(), {"--json", "-"});
    to_file.insert(to_file.end(), {"--json", small.scratch / "j"});
    auto printed = nlohmann::json::parse(run(to_stdout).out);
    EXPECT_EQ(run(to_file).out, run(command).out) << "text as without --json";
    auto written = nlohmann::json::parse(contents_of(small.scratch / "j"));
    for (auto* result : {&printed, &written}) result->erase("peak_memory_bytes");  // of each run
    EXPECT_EQ(written, printed);
  }
}

TEST(Usage, TwoOutputsInOneFileAreRefused) {
  const Small small;
  for (const std::string& other : {small.scratch / "same", small.scratch / "./same"}) {
    const Ended ended = run({"verify", small.query, "--network", small.network, "--result",
                             small.scratch / "same", "--json", other});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_NE(ended.err.find("two outputs"), std::string::npos) << ended.err;
    EXPECT_EQ(ended.out, "");
  }
  EXPECT_EQ(run({"verify", small.query, "--network", small.network, "--result", "-", "--json", "-"})
                .exit_code,
            2);
}

TEST(Usage, AShellsLoopEndsWithTheSignal) {
  const Scratch scratch;
  const std::string network = scratch.write("hard.onnx", hard_model());
  const std::string query = scratch.write("hard.vnnlib", hard_query());
  const std::string clipbound = std::string(CLIPBOUND_BINARY_DIR) + "/clipbound";
  // What a shell's loop looks at: the status of a child that a signal ended. A background child
  // ignores SIGINT until its own handler stands (bit 2 of SigCgt).
  const std::string script =
      scratch.write("loop", "for s in INT:130 TERM:143 INT:130; do echo begin; " + clipbound +
                                " verify " + query + " --network " + network +
                                " --no-attack --timeout 30 & child=$!; "
                                "for k in $(seq 600); do "
                                "m=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' /proc/$child/status); "
                                "[ $((0x${m:-0} & 2)) -ne 0 ] && break; sleep 0.1; done; "
                                "sleep 0.1; kill -${s%:*} $child; "
                                "wait $child; [ $? = ${s#*:} ] || exit 1; done\n");
  EXPECT_EQ(std::system(("bash " + script + " > " + (scratch / "said") + " 2>/dev/null").c_str()),
            0)
      << contents_of(scratch / "said");
}

TEST(Usage, SupportsAloneSaysAll) {
  const Ended all = run({"supports"});
  EXPECT_EQ(all.exit_code, 0);
  for (const char* part : {"VNN-LIB versions:\n  1.0", "opsets", "ONNX operators:\n", "Softmax"})
    EXPECT_NE(all.out.find(part), std::string::npos) << part;
}

TEST(Usage, HelpNamesEveryOption) {
  EXPECT_NE(run({"--help"}).out.find("verify"), std::string::npos);
  const Ended help = run({"verify", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const OptionInfo& row : option_table()) {
    EXPECT_NE(help.out.find("--" + std::string(row.flag)), std::string::npos) << row.flag;
  }
}

TEST(Usage, MistakesExitWithOneAndSayNothingOnStdout) {
  const std::vector<std::vector<std::string>> mistakes = {
      {},
      {"no-such-command"},
      {"verify"},
      {"verify", "q.vnnlib"},
      {"verify", "--network", "n.onnx"},
      {"verify", "q.vnnlib", "--network", "n.onnx", "--no-such-flag"},
      {"verify", "q.vnnlib", "--network", "n.onnx", "--timeout", "soon"},
      {"verify", "q.vnnlib", "--network", "n.onnx", "--timeout", "-1"},
      {"verify", "q.vnnlib", "--network", "n.onnx", "--timeout", "nan"},
      {"verify", "q.vnnlib", "--network", "n.onnx", "--threads", "1.5"},
      {"verify", "q.vnnlib", "--network", "n.onnx", "--clipping", "sometimes"},
      {"verify", "q.vnnlib", "another.vnnlib", "--network", "n.onnx"},
      {"supports", "--everything"},
  };
  for (const auto& arguments : mistakes) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.exit_code, 1) << testing::PrintToString(arguments);
    EXPECT_EQ(ended.out, "") << testing::PrintToString(arguments);
    EXPECT_NE(ended.err, "") << testing::PrintToString(arguments);
  }
  EXPECT_NE(run(mistakes[6]).err.find("--timeout"), std::string::npos);
}

TEST(Usage, EveryOptionReachesTheJson) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", one_node_model("Relu", 1));
  const std::string query =
      scratch.write("q.vnnlib", declarations(1, 1) + box(1, -1, 1) + "(assert (>= Y_0 2))\n");
  for (const OptionInfo& row : option_table()) {
    SCOPED_TRACE(row.field);
    Options options;
    std::vector<std::string> arguments = {"verify", query,    "--network",
                                          network,  "--json", scratch / "j"};
    const std::string flag = "--" + std::string(row.flag);
    std::string value;
    if (row.type == OptionInfo::Type::boolean) {
      value = get_option(options, row.field) == "true" ? "false" : "true";
      arguments.push_back(value == "true" ? flag : "--no-" + std::string(row.flag));
    } else {
      value = row.type == OptionInfo::Type::word ? std::string(row.words.back())
                                                 : std::to_string(static_cast<int>(row.min + 2));
      if (row.max < row.min + 2 && row.words.empty())
        value = std::to_string(static_cast<int>(row.max));
      arguments.insert(arguments.end(), {flag, value});
    }
    set_option(options, row.field, value);
    const Ended ended = run(arguments);
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_EQ(ended.out, "unsat\n");
    const auto json = nlohmann::json::parse(contents_of(scratch / "j"));
    for_each_option(options, [&](std::string_view field, const auto& expected) {
      EXPECT_EQ(json["options"][std::string(field)], expected) << field;
    });
  }
}

/// What the solver database asks for, and what its reader makes of the answers.
TEST(Usage, Supports) {
  const auto answer = [](const std::string& flag) {
    const Ended ended = run({"supports", flag});
    EXPECT_EQ(ended.exit_code, 0) << flag;
    std::vector<std::string> lines;
    std::istringstream text(ended.out);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  };
  using Lines = std::vector<std::string>;
  EXPECT_EQ(answer("--vnnlib-versions"), (Lines{"1.0", "2.1"}));
  EXPECT_EQ(answer("--onnx-opset-versions").size(), 2u);
  const Lines operators = answer("--onnx-operators"), types = answer("--onnx-element-types");
  EXPECT_NE(std::find(operators.begin(), operators.end(), "Gemm"), operators.end());
  EXPECT_EQ(types.front(), "real");
  for (const std::string& type : types)
    EXPECT_TRUE(type == "real" || type.find(" * ") != std::string::npos) << type;
  EXPECT_EQ(answer("--hidden-node-theories"), (Lines{"NH", "H"}));
  EXPECT_EQ(answer("--multiple-input-output-theories"), (Lines{"SIO", "MIO"}));
  EXPECT_EQ(answer("--multiple-network-theories"), (Lines{"SNET", "MENET", "MINET", "MNET"}));
  EXPECT_EQ(answer("--multiple-node-comparison-theories"), (Lines{"SNC", "MNC"}));
  EXPECT_EQ(answer("--arithmetic-complexity-theories"), (Lines{"BND", "OUTC", "LIN", "POLY"}));
  for (const char* flag : {"--optimised-disjunctive-reasoning", "--serialise-assignments"}) {
    const Lines lines = answer(flag);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_TRUE(lines[0] == "true" || lines[0] == "false");
  }
}

/// Each theory that is claimed has a query that is decided; no query of tests/cli/test_vnnlib2.cpp
/// is outside of them.
TEST(Usage, SupportedTheoriesAreRead) {
  const Scratch scratch;
  const std::string relu = scratch.write("relu.onnx", one_node_model("Relu", 2));
  const auto decided = [&](const std::string& version, const std::string& type,
                           const std::string& hidden, const std::string& assertion) {
    const std::string query = scratch.write(
        "q.vnnlib", "(vnnlib-version <" + version + ">)(declare-network f (declare-input X " +
                        type + " [1,2]) " + hidden + "(declare-output Y " + type + " [1,2]))" +
                        "(assert (>= X[0,0] 0.0))(assert (<= X[0,0] 1.0))"
                        "(assert (>= X[0,1] 0.0))(assert (<= X[0,1] 1.0))(assert " +
                        assertion + ")");
    const Ended ended = run({"verify", query, "--network", relu, "--timeout", "20"});
    return ended.exit_code == 0 && (ended.out == "unsat\n" || ended.out.starts_with("sat\n"));
  };
  for (const char* version : {"2.0", "2.1"})
    EXPECT_TRUE(decided(version, "real", "", "(>= Y[0,0] 2.0)"));
  const std::string bnd = "(>= Y[0,0] 2.0)", outc = "(> Y[0,0] Y[0,1])",
                    lin = "(>= (+ X[0,0] X[0,1] Y[0,0]) 3.5)", poly = "(>= (* X[0,0] Y[0,1]) 1.5)";
  for (const std::string& assertion : {bnd, outc, lin, poly}) {
    EXPECT_TRUE(decided("2.0", "real", "", assertion)) << assertion;
    EXPECT_TRUE(decided("2.0", "float32", "", assertion)) << assertion;
  }
  EXPECT_TRUE(decided("2.0", "real", "(declare-hidden H real [1,2] \"Y\")", "(> H[0,0] 1.5)"));
  // What is not claimed is refused by name.
  EXPECT_FALSE(decided("2.0", "int8", "", bnd));
  EXPECT_FALSE(decided("3.0", "real", "", bnd));
}

}  // namespace
}  // namespace clipbound::test
