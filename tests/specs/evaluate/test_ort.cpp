// float32 evaluation against ONNX Runtime: every operator form, and real networks of the
// competition.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/simplify/simplify.h"
#include "tests/specs/evaluate/ort.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

std::vector<std::vector<float>> random_rows(std::size_t count, std::int64_t size, float low,
                                            float high) {
  std::mt19937 generator(11);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<std::vector<float>> rows(count, std::vector<float>(static_cast<std::size_t>(size)));
  for (auto& row : rows)
    for (float& v : row) v = uniform(generator);
  return rows;
}

void expect_same(const Network& network, const std::vector<std::vector<float>>& xs,
                 const std::vector<std::vector<double>>& ys, const std::string& name) {
  const auto shared = std::make_shared<const Network>(network);
  Evaluator<float> read(shared), simplified(simplify(shared).network);
  std::vector<float> points, flat(xs.size() * static_cast<std::size_t>(network.output_size()));
  for (const auto& x : xs) points.insert(points.end(), x.begin(), x.end());
  std::vector<float> rewritten(flat.size()),
      replayed(static_cast<std::size_t>(network.output_size()));
  read.forward(points, flat);
  simplified.forward(points, rewritten);
  ASSERT_EQ(ys.size(), xs.size()) << name;
  for (std::size_t p = 0; p < xs.size(); ++p) {
    ASSERT_EQ(ys[p].size(), replayed.size()) << name;
    double scale = 1e-30;
    for (const double v : ys[p]) scale = std::max(scale, std::fabs(v));
    read.replay(xs[p], SummationOrder::natural, replayed);
    for (std::size_t j = 0; j < replayed.size(); ++j) {
      EXPECT_NEAR(flat[p * replayed.size() + j], ys[p][j], 1e-5 * scale)
          << name << ", output " << j;
      EXPECT_NEAR(rewritten[p * replayed.size() + j], ys[p][j], 1e-5 * scale)
          << name << ", output " << j;
      EXPECT_NEAR(replayed[j], ys[p][j], 1e-5 * scale) << name << ", output " << j;
    }
  }
}

TEST(OnnxRuntime, AgreesOnEveryOperatorForm) {
  if (const auto why = oracle_missing(); !why.empty()) GTEST_SKIP() << why;
  const TemporaryFolder folder("ort_cases");
  const auto& cases = operator_cases();
  std::vector<Network> networks;
  std::vector<OracleRequest> requests;
  for (const OperatorCase& c : cases) {
    const std::string bytes = model_of(c).bytes();
    networks.push_back(parse_onnx(bytes, c.name));
    requests.push_back({folder.file(c.name + ".onnx", bytes),
                        random_rows(2, networks.back().input_size(), 0.5f, 2.0f)});
  }
  const auto replies = ask_oracle(requests);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!replies[i].ys) {
      // ONNX Runtime has dropped operators of the oldest opsets; anything else is ours to explain.
      EXPECT_TRUE(cases[i].opset < 7 || cases[i].runtime == InRuntime::no)
          << cases[i].name << ": " << replies[i].error;
      continue;
    }
    expect_same(networks[i], requests[i].xs, *replies[i].ys, cases[i].name);
    ++compared;
  }
  EXPECT_GT(compared, 100u);
}

struct RealNetwork {
  const char* file;
  float low, high;
};

void PrintTo(const RealNetwork& network, std::ostream* out) {
  *out << network.file;
}

class OnnxRuntimeReal : public testing::TestWithParam<RealNetwork> {};

TEST_P(OnnxRuntimeReal, Agrees) {
  if (const auto why = oracle_missing(); !why.empty()) GTEST_SKIP() << why;
  const std::string path =
      std::string(CLIPBOUND_SOURCE_DIR) + "/../shared/vnncomp/" + GetParam().file;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const Network network = read_onnx(path);
  const auto xs = random_rows(8, network.input_size(), GetParam().low, GetParam().high);
  const auto replies = ask_oracle({{path, xs}});
  ASSERT_TRUE(replies[0].ys) << replies[0].error;
  expect_same(network, xs, *replies[0].ys, GetParam().file);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, OnnxRuntimeReal,
    testing::Values(
        RealNetwork{"acasxu_2023/onnx/ACASXU_run2a_1_1_batch_2000.onnx.gz", -0.5f, 0.5f},
        RealNetwork{"acasxu_2023/onnx/ACASXU_run2a_5_9_batch_2000.onnx.gz", -0.5f, 0.5f},
        RealNetwork{"rl_benchmarks/onnx/cartpole.onnx.gz", -1.0f, 1.0f},
        RealNetwork{"rl_benchmarks/onnx/lunarlander.onnx.gz", -1.0f, 1.0f},
        RealNetwork{"rl_benchmarks/onnx/dubinsrejoin.onnx.gz", -1.0f, 1.0f},
        RealNetwork{"linearizenn_2024/onnx/AllInOne_10_10.onnx.gz", -1.0f, 1.0f},
        RealNetwork{"linearizenn_2024/onnx/AllInOne_120_120.onnx.gz", -1.0f, 1.0f},
        RealNetwork{"nn4sys/onnx/lindex.onnx.gz", 0.0f, 1.0f},
        RealNetwork{"nn4sys/onnx/lindex_deep.onnx.gz", 0.0f, 1.0f},
        RealNetwork{"tllverifybench_2023/onnx/tllBench_n=2_N=M=8_m=1_instance_0_0.onnx.gz", -2.0f,
                    2.0f},
        RealNetwork{"tllverifybench_2023/onnx/tllBench_n=2_N=M=24_m=1_instance_2_1.onnx.gz", -2.0f,
                    2.0f}),
    [](const auto& test) {
      std::string name = std::filesystem::path(test.param.file).stem().stem().string();
      for (char& c : name)
        if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
      return name;
    });

}  // namespace
}  // namespace clipbound::test
