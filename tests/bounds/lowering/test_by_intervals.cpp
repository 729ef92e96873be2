// The floor under all operators: with every node of every operator form enclosed by intervals
// alone, on boxes from next to no width to far too wide, the proven value [v - e, v + e] at
// endpoint-heavy points must meet the interval, with no other slack.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>

#include "bounds/lowering/ops/lower_op.h"
#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

class Intervals : public testing::TestWithParam<OperatorCase> {};

/// Interval forms of all values, the inputs numbers within [centre - half, centre + half].
std::map<ValueId, AffineForm> enclose_all(const Network& network, const std::vector<double>& centre,
                                          const std::vector<double>& half) {
  std::map<ValueId, AffineForm> forms;
  LowerContext context(network, {}, {}, ProductForm::squares);
  std::size_t first = 0;
  for (const ValueId id : network.inputs) {
    AffineForm& form = forms[id];
    const auto size = static_cast<std::size_t>(network.value(id).size());
    form.constant.assign(centre.begin() + static_cast<std::ptrdiff_t>(first),
                         centre.begin() + static_cast<std::ptrdiff_t>(first + size));
    form.radius.assign(half.begin() + static_cast<std::ptrdiff_t>(first),
                       half.begin() + static_cast<std::ptrdiff_t>(first + size));
    first += size;
    context.set_form(id, form);
  }
  for (const Node& node : network.nodes) {
    std::vector<AffineForm> results = lower_by_intervals(context, node);
    for (std::size_t k = 0; k < results.size(); ++k) {
      context.set_form(node.outputs[k], results[k]);
      forms[node.outputs[k]] = std::move(results[k]);
    }
  }
  return forms;
}

void check_box(const Network& network, std::mt19937_64& random) {
  const auto n = static_cast<std::size_t>(network.input_size());
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  const double scale = std::exp2(static_cast<double>(random() % 40) - 34.0);
  std::vector<double> centre(n), half(n);
  for (std::size_t i = 0; i < n; ++i) {
    // Whole and half numbers often: indices, and jumps on the ends of the box.
    centre[i] = random() % 2 == 0 ? std::round(4.0 * uniform(random)) * 0.5 : 4.0 * uniform(random);
    half[i] = random() % 4 == 0   ? 0.0
              : random() % 2 == 0 ? scale
                                  : std::fabs(uniform(random)) * scale;
  }
  const auto forms = enclose_all(network, centre, half);
  for (int k = 0; k < 40; ++k) {
    std::vector<double> x(n);
    for (std::size_t i = 0; i < n; ++i) {
      const double side = random() % 2 == 0 ? uniform(random) : random() % 2 == 0 ? 1.0 : -1.0;
      x[i] = std::clamp(centre[i] + side * half[i], centre[i] - half[i], centre[i] + half[i]);
      if (std::fabs(x[i] - centre[i]) > half[i])
        x[i] = centre[i];  // the sum was rounded out of the box
    }
    const std::vector<EnclosedOutputs> all = evaluate_all_enclosed(network, x);
    for (const auto& [id, form] : forms) {
      const EnclosedOutputs& truth = all[index_of(id)];
      for (std::size_t i = 0; i < form.constant.size() && i < truth.value.size(); ++i) {
        const double away = std::fabs(truth.value[i] - form.constant[i]);
        ASSERT_FALSE(away * (1.0 - 0x1p-50) - truth.error[i] > form.radius[i] * (1.0 + 0x1p-50))
            << "element " << i << " of '" << network.value(id).name << "' is " << truth.value[i]
            << " +- " << truth.error[i] << ", enclosed by " << form.constant[i] << " +- "
            << form.radius[i];
      }
    }
  }
}

TEST_P(Intervals, EncloseTheTruth) {
  const Network network = parse_onnx(model_of(GetParam()).bytes(), GetParam().name);
  if (network.input_type() != DataType::float32 && network.input_type() != DataType::float64)
    GTEST_SKIP() << "not of real numbers";
  std::mt19937_64 random(11);
  for (int boxes = 0; boxes < 40; ++boxes) check_box(network, random);
}

INSTANTIATE_TEST_SUITE_P(Operators, Intervals, testing::ValuesIn(operator_cases()),
                         [](const auto& one) {
                           return std::to_string(one.index) + "_" + [&] {
                             std::string name = one.param.name;
                             for (char& c : name)
                               c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                             return name;
                           }();
                         });

}  // namespace
}  // namespace clipbound::test
