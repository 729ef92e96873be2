// What the command line accepts, and how it complains.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

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
      {"supports"},
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

TEST(Usage, Supports) {
  EXPECT_EQ(run({"supports", "--vnnlib-versions"}).out, "1.0\n");
  EXPECT_NE(run({"supports", "--onnx-operators"}).out.find("\nGemm\n"), std::string::npos);
  EXPECT_NE(run({"supports", "--onnx-opset-versions"}).out.find("\n13\n"), std::string::npos);
  EXPECT_EQ(run({"supports", "--vnnlib-versions"}).exit_code, 0);
}

}  // namespace
}  // namespace clipbound::test
