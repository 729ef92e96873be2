// clipbound robustness.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/cli/child.h"
#include "tests/cli/networks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Json = nlohmann::json;

/// relu of each input: the label is the larger one, wherever an input is positive.
struct Files {
  Scratch scratch;
  std::string network = scratch.write("n.onnx", one_node_model("Relu", 2));
  std::string point = scratch.write("x.csv", "0.75,\n 0.25\n");
};

TEST(RobustnessCommand, FindsTheRadius) {
  const Files files;
  const Ended ended =
      run({"robustness", files.network, "--input", files.point, "--label", "0", "--json", "-"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json json = Json::parse(ended.out);
  // 0.75 - r against 0.25 + r.
  EXPECT_LT(json["robust_radius"], 0.25);
  EXPECT_GT(json["robust_radius"], 0.2495);
  EXPECT_GE(json["counterexample_radius"], 0.25);
  EXPECT_LT(json["counterexample_radius"], 0.2505);
  EXPECT_EQ(json["counterexample_label"], 1);
  const Ended text = run({"robustness", files.network, "--input", files.point, "--label", "0",
                          "--radius-max", "0.125"});
  EXPECT_EQ(text.out, "robust 0.125\ncounterexample none known\n");
}

/// The largest radii are hard: bounds prove smaller ones before any of these is searched for long.
TEST(RobustnessCommand, ProvesASmallRadiusBeforeItSearchesLargeOnes) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", hard_classifier()),
                    point = scratch.write("x.csv", "1 -1 1 -1 1 -1 1 -1 1 -1 1 -1");
  for (const char* label : {"0", "1"}) {
    const Ended ended = run({"robustness", network, "--input", point, "--label", label,
                             "--tolerance", "0.8", "--timeout", "20", "--json", "-"},
                            {}, 120.0);
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    const Json json = Json::parse(ended.out);
    if (json["robust_radius"] < 0.0) continue;  // the other one's point
    EXPECT_GT(json["robust_radius"], 0.0) << ended.out;
    return;
  }
  ADD_FAILURE() << "the point has no label";
}

/// With its defaults it proves what verify proves, and finds what verify finds.
TEST(RobustnessCommand, DefaultsProveWhatVerifyProves) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", small_classifier()),
                    point = scratch.write("x.csv", "0.5, -0.25, 0.75");
  const auto found = [&](const std::string& label) {
    const Ended ended =
        run({"robustness", network, "--input", point, "--label", label, "--json", "-"}, {}, 300.0);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return Json::parse(ended.out);
  };
  const auto verdict_within = [&](double radius, const std::string& label) {
    std::string text = declarations(3, 2);
    const double x[] = {0.5, -0.25, 0.75};
    for (int i = 0; i < 3; ++i) {
      const std::string name = " X_" + std::to_string(i) + " ";
      text += "(assert (>=" + name + std::to_string(x[i] - radius) + "))\n(assert (<=" + name +
              std::to_string(x[i] + radius) + "))\n";
    }
    const std::string other = label == "0" ? "1" : "0";
    text += "(assert (<= Y_" + label + " Y_" + other + "))\n";
    return run({"verify", scratch.write("q.vnnlib", text), "--network", network}, {}, 300.0).out;
  };
  Json json = found("0");
  const std::string label = json["robust_radius"] < 0.0 ? "1" : "0";
  if (label == "1") json = found("1");
  const double robust = json["robust_radius"], violated = json["counterexample_radius"];
  EXPECT_GT(robust, 0.0) << json;
  EXPECT_LT(robust, violated) << json;
  EXPECT_GE(robust, 0.998 * violated) << "the default tolerance";
  EXPECT_EQ(verdict_within(0.999 * robust, label), "unsat\n");
  EXPECT_EQ(verdict_within(1.001 * violated, label), "sat\n");
}

/// With its defaults this one would take minutes.
TEST(RobustnessCommand, ASignalEndsItWithWhatIsKnown) {
  const Scratch scratch;
  const std::string network = scratch.write("n.onnx", hard_classifier()),
                    point = scratch.write("x.csv", "1 -1 1 -1 1 -1 1 -1 1 -1 1 -1");
  for (const int number : {SIGINT, SIGTERM}) {
    const Ended ended =
        run({"robustness", network, "--input", point, "--label", "0", "--json", "-"}, [&](int pid) {
          await_handlers(pid);
          std::this_thread::sleep_for(std::chrono::milliseconds(700));
          ::kill(pid, number);
        });
    EXPECT_EQ(ended.signal, number) << ended.err;
    const Json json = Json::parse(ended.out);
    EXPECT_EQ(json["reason"], "interrupted");
    EXPECT_GE(json["robust_radius"], 0.0) << "what was known by then";
    if (!json["counterexample_radius"].is_null()) {
      EXPECT_GT(json["counterexample_radius"], json["robust_radius"]);
    }
  }
}

/// What becomes of each radius is a message; bounds come before searches.
TEST(RobustnessCommand, SaysWhatBecameOfEachRadius) {
  const Scratch scratch;
  const Ended ended = run(
      {"robustness", scratch.write("n.onnx", small_classifier()), "--input",
       scratch.write("x.csv", "0.5, -0.25, 0.75"), "--label", "0", "--verbose", "1", "--json", "-"},
      {}, 300.0);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const int queries = Json::parse(ended.out)["queries"];
  std::size_t told = 0;
  for (std::size_t at = 0; (at = ended.err.find("radius ", at)) != std::string::npos; ++at) ++told;
  EXPECT_EQ(told, static_cast<std::size_t>(queries)) << ended.err;
  const std::size_t search = ended.err.find(" by a search: "),
                    bounds = ended.err.rfind(" by bounds: ");
  ASSERT_NE(bounds, std::string::npos) << ended.err;
  EXPECT_TRUE(search == std::string::npos || bounds < search) << ended.err;
}

TEST(RobustnessCommand, AWrongLabelHasNone) {
  const Files files;
  const Ended ended = run({"robustness", files.network, "--input", files.point, "--label", "1"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ(ended.out, "label 0, not 1: no radius\n");
}

/// 0.75 - r against 0.25 + r: they meet at r = 0.25.
TEST(RobustnessCommand, YesOrNoWithTheCounterexample) {
  const Files files;
  const std::string written = files.scratch / "counterexample.csv";
  const auto ask = [&](const std::string& epsilon) {
    return run({"robustness", files.network, "--input", files.point, "--label", "0", "--epsilon",
                epsilon, "--counterexample", written});
  };
  EXPECT_EQ(ask("0.2").out, "yes\n");
  EXPECT_EQ(contents_of(written), "");
  const Ended no = ask("0.3");
  EXPECT_EQ(no.exit_code, 0);
  EXPECT_EQ(no.out.substr(0, 18), "no\ncounterexample ");
  double x0 = 0.0, x1 = 1.0;
  ASSERT_EQ(std::sscanf(contents_of(written).c_str(), "%lf %lf", &x0, &x1), 2);
  EXPECT_GE(std::fmax(x1, 0.0), std::fmax(x0, 0.0));
  EXPECT_LE(std::fabs(x0 - 0.75), 0.3 + 1e-6);
  EXPECT_LE(std::fabs(x1 - 0.25), 0.3 + 1e-6);
  // Clipped to [0.3, 1]: the second input cannot fall, but both can still meet.
  const Ended clipped = run({"robustness", files.network, "--input", files.point, "--label", "0",
                             "--epsilon", "0.3", "--clip", "0.6", "1"});
  EXPECT_EQ(clipped.out, "yes\n");
}

/// As numpy.save() writes it: float32 numbers, and what stands for their shape.
std::string npy_with(const std::vector<float>& values, const std::string& shape) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += {'\x01', '\0', static_cast<char>(header.size()), '\0'};
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  return bytes;
}

/// So many numbers in rows of `columns`.
std::string npy_of(const std::vector<float>& values, std::size_t columns) {
  return npy_with(
      values, "(" + std::to_string(values.size() / columns) + ", " + std::to_string(columns) + ")");
}

/// Lines that are there are not done again, and a line that was cut off is.
TEST(RobustnessCommand, ATableIsResumed) {
  const Files files;
  const std::string points = files.scratch.write(
                        "points.npy", npy_of({0.75F, 0.25F, 0.5F, 0.45F, 0.1F, 0.9F}, 2)),
                    labels = files.scratch.write("labels.csv", "0\n0\n0\n"),
                    table = files.scratch / "table.csv";
  const std::vector<std::string> command = {"robustness", files.network, "--input",   points,
                                            "--labels",   labels,        "--epsilon", "0.1",
                                            "--table",    table};
  const Ended first = run(command);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  EXPECT_NE(first.out.find("certified accuracy 0.3333 (1 of 3)"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("accuracy 0.6667, not robust 2, unknown 0"), std::string::npos);
  const std::string whole = contents_of(table);
  const std::size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  files.scratch.write("table.csv", whole.substr(0, last + 5));
  const Ended again = run(command);
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(again.out.find("0 label 0"), std::string::npos) << "it was done already";
  EXPECT_EQ(again.out.find("2 label 0: not robust"), 0u) << again.out;
  EXPECT_EQ(contents_of(table).substr(0, last), whole.substr(0, last));
  EXPECT_NE(again.out.find("certified accuracy 0.3333 (1 of 3)"), std::string::npos);
  // The first two points alone are two lines.
  std::vector<std::string> fewer = command;
  fewer.insert(fewer.end(), {"--count", "2"});
  EXPECT_NE(run(fewer).out.find("(1 of 2)"), std::string::npos);
  // Other points are not these, whatever their names are; nor is a line that says anything.
  files.scratch.write("points.npy", npy_of({0.75F, 0.25F, 0.5F, 0.44F, 0.1F, 0.9F}, 2));
  const Ended others = run(command);
  EXPECT_EQ(others.exit_code, 2);
  EXPECT_NE(others.err.find("has other numbers now"), std::string::npos) << others.err;
  files.scratch.write("table.csv", whole + "3,3,0,0,0,banana,0,-1,0\n");
  const Ended damaged = run(command);
  EXPECT_EQ(damaged.exit_code, 2);
  EXPECT_NE(damaged.err.find("table.csv:6: this is no line of such a table"), std::string::npos)
      << damaged.err;
  files.scratch.write("table.csv", whole);
  // Another epsilon is another table.
  std::vector<std::string> other = command;
  other[7] = "0.2";
  const Ended wrong = run(other);
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("no table of the same network and settings"), std::string::npos);
}

/// A file in a folder of its own: `scratch` has no folders.
std::string write_in(const std::string& folder, const std::string& name,
                     const std::string& contents) {
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/" + name;
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

TEST(RobustnessCommand, EndingsOfAFolderInLettersOfAnySize) {
  const Files files;
  const std::string folder = files.scratch / "points";
  write_in(folder, "a.CSV", "0.75, 0.25");
  write_in(folder, "b.Npy", npy_of({0.25F, 0.75F}, 2));
  write_in(folder, "c.csv", "0.5, 0.125");
  write_in(folder, "Labels.CSV", "a.CSV,0\nb.Npy,1\nc.csv,0\n");
  const std::vector<std::string> command = {"robustness", files.network, "--input", folder,
                                            "--epsilon",  "0.1",         "--json",  "-"};
  const Ended ended = run(command);
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const Json json = Json::parse(ended.out);
  ASSERT_EQ(json["points"], 3) << ended.out;
  EXPECT_EQ(json["table"][0]["name"], "a.CSV");
  EXPECT_EQ(json["table"][1]["name"], "b.Npy");
  EXPECT_EQ(json["table"][1]["label"], 1);
  EXPECT_EQ(json["certified_accuracy"], 1.0);
  // An image is one whatever its ending's letters are: read as such, and refused as damaged.
  write_in(folder, "d.PNG", "no image");
  const Ended image = run(command);
  EXPECT_EQ(image.exit_code, 2);
  EXPECT_NE(image.err.find("d.PNG: "), std::string::npos) << image.err;
  std::filesystem::remove(folder + "/d.PNG");
  write_in(folder, "labels.csv", "a.CSV,0\n");
  const Ended twice = run(command);
  EXPECT_EQ(twice.exit_code, 2);
  EXPECT_NE(twice.err.find("the folder has labels in "), std::string::npos) << twice.err;
}

/// Every message about a label says which file it is of.
TEST(RobustnessCommand, WrongLabelsAreNamedWithTheirFile) {
  const Files files;
  const std::string folder = files.scratch / "points", table = files.scratch / "table.csv";
  write_in(folder, "a.csv", "0.75, 0.25");
  write_in(folder, "b.csv", "0.5, 0.25");
  const auto says = [&](std::vector<std::string> more, const std::vector<std::string>& what) {
    more.insert(more.begin(), {"robustness", files.network, "--epsilon", "0.1"});
    const Ended ended = run(more);
    EXPECT_EQ(ended.exit_code, 2) << ended.out;
    for (const std::string& part : what)
      EXPECT_NE(ended.err.find(part), std::string::npos) << part << " in " << ended.err;
    EXPECT_EQ(ended.out, "");
  };
  write_in(folder, "labels.csv", "a.csv,0\nb.csv,2\n");
  says({"--input", folder}, {"labels.csv:2: there is no label 2: the network has 2 outputs"});
  says({"--input", folder, "--table", table}, {"labels.csv:2: there is no label 2"});
  write_in(folder, "labels.csv", "a.csv,0\nb.csv,-1\n");
  says({"--input", folder}, {"labels.csv:2: a label is a whole number"});
  write_in(folder, "labels.csv", "a.csv,0\n");
  says({"--input", folder}, {"b.csv: no line of ", "labels.csv names it"});
  const std::string points = files.scratch.write("points.npy", npy_of({0.75F, 0.25F, 0, 1}, 2)),
                    labels = files.scratch.write("mine.txt", "0\n7\n"),
                    few = files.scratch.write("few.txt", "0\n");
  says({"--input", points, "--labels", labels},
       {"mine.txt: label of point 1: there is no label 7"});
  says({"--input", points, "--labels", few}, {"few.txt: 1 labels for 2 points of ", "points.npy"});
  says({"--input", folder, "--label", "2"}, {"--label 2: the network has 2 outputs"});
  // What the network cannot read of a point is said of its file, too.
  write_in(folder, "labels.csv", "a.csv,0\nb.csv,0\n");
  write_in(folder, "b.csv", "1e39, 0");
  says({"--input", folder, "--table", table, "--std", "1e-300"}, {"a.csv: ", "too large"});
}

TEST(RobustnessCommand, DamagedFilesAreNamed) {
  const Files files;
  const std::string good = npy_of({0.75F, 0.25F}, 2);
  const auto says = [&](const std::string& name, const std::string& bytes) {
    const std::string path = files.scratch.write(name, bytes);
    const Ended ended = run({"robustness", files.network, "--input", path, "--label", "0"});
    EXPECT_EQ(ended.exit_code, 2) << name;
    EXPECT_NE(ended.err.find(name), std::string::npos) << ended.err;
  };
  for (std::size_t size : {0u, 5u, 11u, 60u, 130u}) says("cut.npy", good.substr(0, size));
  std::string huge = good;
  huge.replace(huge.find("(1, 2)"), 6, "(99999999999, 99999999999)");
  says("huge.npy", huge.substr(0, 128) + std::string(64, ' '));
  for (const char* shape : {"(-1, 2)", "(1, -2)", "(1 2)", "(1, 2", "1, 2)", "[1, 2]", "(1,, 2)",
                            "(1.0, 2)", "(0x2,)", "(, 2)", ""}) {
    SCOPED_TRACE(shape);
    says("shape.npy", npy_with({0.75F, 0.25F}, shape));
  }
  std::string none = good;
  none.replace(none.find("shape"), 5, "shapf");
  says("none.npy", none);
  std::string complex = good;
  complex.replace(complex.find("<f4"), 3, "<c8");
  says("complex.npy", complex);
  says("no.png", "\x89PNG\r\n\x1a\n nothing more");
  says("no.jpg", std::string("\xff\xd8\xff\xe0 nothing", 12));
  says("text.png", "0.75, 0.25");
}

TEST(RobustnessCommand, SaysWhatIsWrong) {
  const Files files;
  const auto code = [&](const std::string& point, const std::string& label) {
    return run({"robustness", files.network, "--input", point, "--label", label}).exit_code;
  };
  EXPECT_EQ(code("/no/such/file", "0"), 2);
  EXPECT_EQ(code(files.scratch.write("short.csv", "1"), "0"), 2);
  EXPECT_EQ(code(files.scratch.write("bad.csv", "1, two"), "0"), 2);
  EXPECT_EQ(code(files.scratch.write("nan.csv", "1, nan"), "0"), 2);
  EXPECT_EQ(code(files.point, "2"), 2);
  EXPECT_EQ(code(files.point, "first"), 1);
  EXPECT_EQ(run({"robustness", files.network, "--label", "0"}).exit_code, 1);
  EXPECT_NE(run({"robustness", files.network, "--input", files.scratch / "bad.csv", "--label", "0"})
                .err.find("bad.csv:1"),
            std::string::npos);
}

}  // namespace
}  // namespace clipbound::test
