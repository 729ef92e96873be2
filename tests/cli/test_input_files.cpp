// Which files are read, what is said of those that are something else, and in which colours.
#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Files {
  Scratch scratch;
  std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  std::string query =
      scratch.write("q.vnnlib", declarations(2, 2) + box(2, -1, 2) + "(assert (>= Y_0 2.5))\n");

  void pack(const std::string& path) const {
    const std::string bytes = contents_of(path);
    const gzFile file = gzopen((path + ".gz").c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    std::filesystem::remove(path);
  }
};

TEST(InputFiles, QueryAndNetworkSwappedAreNoticedByWhatTheyHold) {
  const Files files;
  // Whatever their names say.
  const std::string odd_network = files.scratch.write("a.txt", contents_of(files.network)),
                    odd_query = files.scratch.write("b.txt", contents_of(files.query));
  for (const auto& [query, network] :
       {std::pair{files.network, files.query}, std::pair{odd_network, odd_query}}) {
    for (const std::string command : {"verify", "attack", "bounds"}) {
      const Ended ended = run({command, query, "--network", network});
      EXPECT_EQ(ended.exit_code, 2);
      EXPECT_EQ(ended.out, "");
      EXPECT_TRUE(contains(ended.err, "query and network swapped")) << ended.err;
      EXPECT_TRUE(contains(ended.err, "a VNN-LIB property")) << ended.err;
    }
  }
  const Ended query_twice = run({"verify", files.network, "--network", files.network});
  EXPECT_EQ(query_twice.exit_code, 2);
  EXPECT_TRUE(contains(query_twice.err, "an ONNX model")) << query_twice.err;
  EXPECT_TRUE(contains(query_twice.err, "query and network swapped")) << query_twice.err;
}

TEST(InputFiles, OtherFormatsOfNetworksAreNamed) {
  using namespace std::string_literals;
  const Files files;
  struct Other {
    const char* name;
    std::string bytes;
    const char *what, *advice;
  };
  const Other others[] = {
      {"n.nnet", "// a comment\n2,1,1,2,\n1,2,1,\n0,\n", ".nnet", "nnet2onnx"},
      {"n.pt", "PK\x03\x04\x14\0archive/data.pkl\x80\x02"s, "PyTorch", "torch.onnx.export"},
      {"n.pth", "\x80\x02\x8a\x0al\xfc\x9c"s, "PyTorch", "torch.onnx.export"},
      {"n.h5", "\x89HDF\r\n\x1a\n\0\0\0"s, "HDF5", "tf2onnx"},
      {"n.onnx.data", "\x01\x02\x03\x04\x05\x06\x07\x08", "external data", "beside it"},
      {"n.html", "<!DOCTYPE html>\n<html>", "page of the web", "download"},
  };
  for (const Other& other : others) {
    const std::string path = files.scratch.write(other.name, other.bytes);
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"verify", files.query, "--network", path},
          {"bounds", files.query, "--network", path},
          {"inspect", path}}) {
      const Ended ended = run(command);
      EXPECT_EQ(ended.exit_code, 2) << other.name;
      EXPECT_TRUE(contains(ended.err, path + ": is not an ONNX model but ")) << ended.err;
      EXPECT_TRUE(contains(ended.err, other.what)) << ended.err;
      EXPECT_TRUE(contains(ended.err, other.advice)) << ended.err;
    }
  }
}

TEST(InputFiles, AMissingFileHasNoLine) {
  const Files files;
  const std::string none = files.scratch / "none.vnnlib", net = files.scratch / "none.onnx",
                    folder = files.scratch / ".";
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"verify", none, "--network", files.network}, none + ": no such file\n"},
      {{"verify", files.query, "--network", net}, net + ": no such file\n"},
      {{"bounds", none, "--network", files.network}, none + ": no such file\n"},
      {{"bounds", files.query, "--network", net}, net + ": no such file\n"},
      {{"inspect", net}, net + ": no such file\n"},
      {{"robustness", files.network, "--input", none, "--label", "0"}, none + ": no such file\n"},
      {{"verify", folder, "--network", files.network}, folder + ": this is a directory\n"},
      {{"verify", files.query, "--network", folder}, folder + ": this is a directory\n"},
  };
  for (const auto& [command, said] : cases) {
    const Ended ended = run(command);
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_EQ(ended.err, "clipbound: " + said);
  }
}

TEST(InputFiles, ThePackedOneBesideItIsReadAndSaid) {
  const Files files;
  files.pack(files.query);
  files.pack(files.network);
  const std::string notes = "clipbound: note: there is no " + files.query + ", read " +
                            files.query + ".gz\nclipbound: note: there is no " + files.network +
                            ", read " + files.network + ".gz\n";
  const Ended verified = run({"verify", files.query, "--network", files.network});
  EXPECT_EQ(verified.out, "unsat\n") << verified.err;
  EXPECT_TRUE(contains(verified.err, notes)) << verified.err;
  EXPECT_TRUE(contains(run({"bounds", files.query, "--network", files.network}).err, notes));
  EXPECT_TRUE(contains(run({"inspect", files.network}).err, "read " + files.network + ".gz\n"));
  // And the other way round.
  const Files plain;
  const Ended other = run({"verify", plain.query + ".gz", "--network", plain.network + ".gz"});
  EXPECT_EQ(other.out, "unsat\n") << other.err;
  EXPECT_TRUE(contains(other.err, "there is no " + plain.query + ".gz, read " + plain.query));
  // What is there is what is meant, and nothing is said.
  files.scratch.write("q.vnnlib", contents_of(plain.query) + "(assert (<= Y_1 -1))\n");
  EXPECT_FALSE(contains(run({"verify", files.query, "--network", files.network}).err, "q.vnnlib"));
}

TEST(InputFiles, ADashIsStdinForTheOtherCommandsToo) {
  const Files files;
  const std::string clipbound = std::string(CLIPBOUND_BINARY_DIR) + "/clipbound ",
                    point = files.scratch.write("x.csv", "0.75 0.25");
  const auto same = [&](const std::string& by_name, const std::string& by_dash,
                        const std::string& input) {
    const auto said = [&](const std::string& command) {
      const std::string file = files.scratch / "said";
      EXPECT_EQ(std::system((clipbound + command + " > " + file).c_str()), 0) << command;
      return contents_of(file);
    };
    EXPECT_EQ(said(by_name), said(by_dash + " < " + input)) << by_dash;
    EXPECT_NE(said(by_name), "");
  };
  same("bounds " + files.query + " --network " + files.network,
       "bounds - --network " + files.network, files.query);
  same("bounds " + files.query + " --network " + files.network,
       "bounds " + files.query + " --network -", files.network);
  same("robustness " + files.network + " --input " + point + " --label 0",
       "robustness " + files.network + " --input - --label 0", point);
  EXPECT_EQ(std::system((clipbound + "inspect - < " + files.network + " | grep -q stdin").c_str()),
            0);
  EXPECT_EQ(run({"bounds", "-", "--network", "-"}).exit_code, 2);
  EXPECT_EQ(run({"robustness", "-", "--input", "-", "--label", "0"}).exit_code, 2);
}

/// What it was before, in the end.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old, had_ = true;
    if (value == nullptr) {
      ::unsetenv(name);
    } else {
      ::setenv(name, value, 1);
    }
  }
  ~Environment() {
    if (had_) {
      ::setenv(name_, old_.c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* const name_;
  std::string old_;
  bool had_ = false;
};

/// See no-color.org.
TEST(Colours, AreForTerminalsThatWantThem) {
  const Files files;
  const std::vector<std::string> mistake = {"verify", files.scratch / "none.vnnlib", "--network",
                                            files.network};
  const auto said = [&](const char* no_color, const char* term) {
    const Environment first("NO_COLOR", no_color), second("TERM", term);
    const Ended ended = run_in_terminal(mistake, 100, {});
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_TRUE(contains(ended.err, "no such file")) << ended.err;
    return ended.err;
  };
  constexpr const char* kRed = "\x1b[31m";
  EXPECT_TRUE(contains(said(nullptr, "xterm"), kRed));
  EXPECT_TRUE(contains(said("", "xterm"), kRed)) << "empty is not set";
  EXPECT_FALSE(contains(said("1", "xterm"), kRed));
  EXPECT_FALSE(contains(said(nullptr, "dumb"), kRed));
  const Environment first("NO_COLOR", nullptr), second("TERM", "xterm");
  EXPECT_FALSE(contains(run(mistake).err, "\x1b")) << "a file is no terminal";
}

}  // namespace
}  // namespace clipbound::test
