// Every model of the zoo is read, evaluated as ONNX Runtime does, and bounded.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <random>

#include "clipbound/clipbound.h"
#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "tests/zoo/zoo.h"

namespace clipbound::test {

void PrintTo(const ZooModel& model, std::ostream* out) {
  *out << model.name;
}

namespace {

/// Writes the model, and the file with its data where it has one.
std::string write_to(const TemporaryFolder& folder, const ZooModel& model) {
  OnnxWriter w = model.write();
  const std::string file = model.name + ".onnx";
  if (model.external) folder.file(file + ".data", move_data_out(w.model, file + ".data"));
  return folder.file(file, w.bytes());
}

class Zoo : public testing::TestWithParam<ZooModel> {
 protected:
  Zoo() : folder_("zoo_" + GetParam().name), path_(write_to(folder_, GetParam())) {}

  TemporaryFolder folder_;
  std::string path_;
};

TEST_P(Zoo, IsEvaluatedAsONNXRuntimeDoes) {
  const Network network = Network::load(path_);
  const ZooAnswer answer = answer_of(GetParam().name);
  ASSERT_EQ(network.input_size(), answer.x.size());
  ASSERT_EQ(network.output_size(), answer.y.size());
  const std::vector<double> y = network.evaluate(answer.x);
  double scale = 1.0;
  for (const double v : answer.y) scale = std::max(scale, std::fabs(v));
  for (std::size_t j = 0; j < y.size(); ++j)
    EXPECT_NEAR(y[j], answer.y[j], 2e-6 * scale) << "output " << j << ", " << answer.how;
}

/// Points of the box, most of them with ends for coordinates: what the real-valued network is there
/// lies within the bounds.
TEST_P(Zoo, IsBounded) {
  const Network network = Network::load(path_);
  const specs::Network inner = specs::read_onnx(path_);
  const ZooAnswer answer = answer_of(GetParam().name);
  std::mt19937 generator(7);
  for (const double radius : {1.0 / 64, 0.5}) {
    std::vector<double> low, high;
    for (const double x : answer.x) {
      low.push_back(x - radius);
      high.push_back(x + radius);
    }
    for (const BoundMethod method : {BoundMethod::ibp, BoundMethod::crown}) {
      BoundSettings settings;
      settings.method = method;
      const Bounds bounds = bounds_of(network, low, high, settings);
      std::size_t finite = 0;
      for (std::size_t j = 0; j < bounds.lower.size(); ++j)
        finite += std::isfinite(bounds.lower[j]) && std::isfinite(bounds.upper[j]) ? 1 : 0;
      EXPECT_EQ(finite, bounds.lower.size()) << "radius " << radius;
      for (int k = 0; k < 100; ++k) {
        std::vector<double> x;
        for (std::size_t i = 0; i < low.size(); ++i) {
          const unsigned choice = generator() % 4;
          const double inside = low[i] + (high[i] - low[i]) * (generator() % 1024) / 1024.0;
          x.push_back(choice == 0   ? inside
                      : choice == 1 ? answer.x[i]
                      : choice == 2 ? low[i]
                                    : high[i]);
        }
        const specs::EnclosedOutputs y = specs::evaluate_enclosed(inner, x);
        for (std::size_t j = 0; j < y.value.size(); ++j) {
          EXPECT_GE(y.value[j] + y.error[j], bounds.lower[j])
              << name_of(method) << ", output " << j;
          EXPECT_LE(y.value[j] - y.error[j], bounds.upper[j])
              << name_of(method) << ", output " << j;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Zoo, testing::ValuesIn(zoo()),
                         [](const auto& test) { return test.param.name; });

TEST(ZooItself, HasFortyModelsOfFourExporters) {
  std::size_t dynamo = 0, functions = 0, tf = 0, skl = 0, external = 0;
  for (const ZooModel& model : zoo()) {
    dynamo += model.name.starts_with("dynamo_") ? 1 : 0;
    functions += model.name.starts_with("functions_") ? 1 : 0;
    tf += model.name.starts_with("tf_") ? 1 : 0;
    skl += model.name.starts_with("skl_") ? 1 : 0;
    external += model.external ? 1 : 0;
  }
  EXPECT_GE(zoo().size(), 40u);
  EXPECT_GE(std::min({dynamo, functions, tf, skl}), 8u);
  EXPECT_GE(external, 6u);
}

/// Not a test: leaves the models in a folder, for other tools (CLIPBOUND_ZOO=FOLDER).
TEST(ZooItself, IsWrittenWhereAskedFor) {
  const char* folder = std::getenv("CLIPBOUND_ZOO");
  if (folder == nullptr) GTEST_SKIP() << "CLIPBOUND_ZOO names no folder";
  std::filesystem::create_directories(folder);
  for (const ZooModel& model : zoo()) {
    std::ofstream(std::filesystem::path(folder) / (model.name + ".onnx"), std::ios::binary)
        << model.write().bytes();
  }
  EXPECT_FALSE(std::filesystem::is_empty(folder));
}

}  // namespace
}  // namespace clipbound::test
