// Resize against numbers of ONNX Runtime that stand here, so that a machine without it compares
// too. They were asked for once: the models of cases_interpolation.cpp, written by OnnxWriter, with
// x = 1, 2, 3, ..., by tools/ort_replay.mjs (onnxruntime-node 1.22.0).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Recorded {
  std::string name;
  std::vector<double> y;
};

const std::vector<Recorded>& recorded() {
  static const std::vector<Recorded> all = {
      {"Resize_linear_asymmetric",
       {1, 2.66666651, 3.35294104, 5.01960754, 5.70588207, 7.37254906, 8.05882263, 9.72548866, 9,
        10.666667}},
      {"Resize_linear_half_pixel",
       {1.33333325, 3, 2.86274481, 4.52941132, 5.2156868, 6.88235283, 7.56862783, 9.23529434,
        9.33333302, 11}},
      {"Resize_linear_align_corners", {1, 4, 3, 6, 5, 8, 7, 10, 9, 12}},
      {"Resize_linear_pytorch_half_pixel",
       {1.33333325, 3, 2.86274481, 4.52941132, 5.2156868, 6.88235283, 7.56862783, 9.23529434,
        9.33333302, 11}},
      {"Resize_linear_half_pixel_symmetric",
       {1.66666675, 3.33333325, 3.31372571, 4.98039246, 5.66666651, 7.33333302, 8.01960754,
        9.68627453, 9.66666698, 11.333334}},
      {"Resize_linear_crop",
       {0.100000001, 3.5250001,   4.64999962,  5.7750001,   0.100000001, 0.100000001, 4.5250001,
        5.6500001,   6.7750001,   0.100000001, 0.100000001, 5.52499962,  6.64999962,  7.7750001,
        0.100000001, 0.100000001, 6.5250001,   7.6500001,   8.77499962,  0.100000001, 0.100000001,
        7.52499962,  8.64999962,  9.77499962,  0.100000001}},
      {"Resize_linear_antialias",
       {4.27272701, 4.71022749, 5.33522701, 5.96022701, 6.58522701, 7.21022701, 12.09091, 12.52841,
        13.15341, 13.77841, 14.40341, 15.0284081}},
      {"Resize_cubic_asymmetric",
       {1, 2.62962914, 2.96824884, 4.59787846, 5.97089291, 7.60052061, 8.28108788, 9.9107132,
        9.4433136, 11.0729399}},
      {"Resize_cubic_half_pixel",
       {0.869757354, 2.61049747, 2.46221495, 4.20295334, 5.08536148, 6.82610035, 7.84986448,
        9.59060097, 9.58022976, 11.3209658}},
      {"Resize_cubic_align_corners", {1, 4, 2.625, 5.625, 5, 8, 7.375, 10.375, 9, 12}},
      {"Resize_cubic_pytorch_half_pixel",
       {0.869757354, 2.61049747, 2.46221495, 4.20295334, 5.08536148, 6.82610035, 7.84986448,
        9.59060097, 9.58022976, 11.3209658}},
      {"Resize_cubic_half_pixel_symmetric",
       {1.21502733, 3.06688046, 2.87918758, 4.73104143, 5.57407618, 7.42592907, 8.26896572,
        10.1208181, 9.93312454, 11.7849789}},
      {"Resize_cubic_crop",
       {0.100000001, 3.05492353,  4.2408762,   5.45340061,  0.100000001, 0.100000001, 4.10179806,
        5.2877512,   6.50027466,  0.100000001, 0.100000001, 5.42992258,  6.6158762,   7.82839966,
        0.100000001, 0.100000001, 6.75804663,  7.94400167,  9.15652466,  0.100000001, 0.100000001,
        7.80492115,  8.9908762,   10.2033987,  0.100000001}},
      {"Resize_cubic_antialias",
       {3.49954557, 3.91980124, 4.65961266, 5.25824547, 5.98019314, 6.54833364, 12.5002203,
        12.9204769, 13.6602879, 14.2589207, 14.9808674, 15.5490093}},
      {"ResizeCubicExclude",
       {0.933059454, 2.69168019, 2.39493513, 4.15355539, 5.12042475, 6.87904453, 7.84819078,
        9.60681152, 9.47986507, 11.2384872}},
      {"ResizeTrilinear", {1.42857146, 1.67857146, 2.17857146, 2.42857146, 4.28571415, 4.53571415,
                           5.03571415, 5.28571415, 4.4285717,  4.67857122, 5.1785717,  5.42857075,
                           7.28571415, 7.53571415, 8.03571415, 8.28571415, 7.4285717,  7.67857122,
                           8.1785717,  8.42857075, 10.2857141, 10.5357141, 11.0357141, 11.2857151}},
      {"Resize_not_larger",
       {1, 1.4000001, 2, 2.60000014, 3, 2.20000005, 2.60000014, 3.20000029, 3.80000019, 4.19999981,
        4, 4.4000001, 5, 5.60000038, 6}},
      {"Resize_not_smaller",
       {1,    1.25, 1.75, 2.25, 2.75, 3,    1.75, 2,    2.5,  3,    3.5,  3.75,
        3.25, 3.5,  4,    4.5,  5,    5.25, 4,    4.25, 4.75, 5.25, 5.75, 6}},
  };
  return all;
}

const OperatorCase& case_named(const std::string& name) {
  const auto& cases = operator_cases();
  const auto found = std::find_if(cases.begin(), cases.end(),
                                  [&](const OperatorCase& c) { return c.name == name; });
  if (found == cases.end()) throw std::runtime_error("no case " + name);
  return *found;
}

TEST(Interpolation, GivesWhatOnnxRuntimeGave) {
  EXPECT_EQ(recorded().size(), 18u);
  for (const Recorded& known : recorded()) {
    const auto network = std::make_shared<const Network>(
        parse_onnx(model_of(case_named(known.name)).bytes(), known.name));
    std::vector<float> x(static_cast<std::size_t>(network->input_size())),
        y(static_cast<std::size_t>(network->output_size()));
    std::iota(x.begin(), x.end(), 1.0f);
    ASSERT_EQ(y.size(), known.y.size()) << known.name;
    Evaluator<float>(network).forward(x, y);
    double size = 0.0;
    for (const double v : known.y) size = std::max(size, std::fabs(v));
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(static_cast<double>(y[i]), known.y[i], 5e-7 * size) << known.name << " " << i;
  }
}

/// What is interpolated lies between the least and the greatest element (linear), and weights add
/// up to 1: a constant image stays constant, in every mode.
TEST(Interpolation, ConstantImagesStayConstant) {
  for (const OperatorCase& c : operator_cases()) {
    if (c.name.rfind("Resize", 0) != 0 && c.name.rfind("Upsample", 0) != 0) continue;
    if (c.name.find("crop") != std::string::npos || c.name.find("Crop") != std::string::npos)
      continue;  // there is something beyond the image
    const auto network = std::make_shared<const Network>(parse_onnx(model_of(c).bytes(), c.name));
    const std::vector<double> x(static_cast<std::size_t>(network->input_size()), 3.0);
    std::vector<double> y(static_cast<std::size_t>(network->output_size()));
    Evaluator<double>(network).forward(x, y);
    for (const double v : y) EXPECT_NEAR(v, 3.0, 1e-5) << c.name;
  }
}

}  // namespace
}  // namespace clipbound::test
