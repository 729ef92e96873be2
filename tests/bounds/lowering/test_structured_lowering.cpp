// Convolutions that stay convolutions bound as well as the rows that they are: random networks with
// strides, groups, shortcuts, normalisation, pools and transposed convolutions are lowered both
// ways, and every engine's bounds hold at samples.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/layered/structured_map.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/output_bounds.h"
#include "bounds/self_check.h"
#include "specs/network/network_builder.h"
#include "tests/support/convolutional_network.h"
#include "tests/support/exact.h"
#include "tests/support/lowered.h"

namespace clipbound::test {
namespace {

LoweringOptions all_structured() {
  LoweringOptions options;
  options.structured_from = 0;
  return options;
}

/// Images through random operators that keep, copy, or read structured maps.
class NetworkOfImages {
 public:
  explicit NetworkOfImages(Dice& dice) : dice_(dice) {}

  std::shared_ptr<const Network> build() {
    ValueId x = b_.input("x", {1, 2, 5, 5});
    x = relu(convolve(x, 1));
    for (int k = dice_.whole(1, 4); k > 0; --k) x = step(x);
    const std::int64_t n = b_.network().value(x).size();
    x = b_.add("Reshape", {x, b_.integers({1, n})});
    b_.output(b_.add("Gemm", {x, b_.constant({n, 2}, numbers(2 * n, 1.0))}));
    return std::make_shared<const Network>(b_.build());
  }

 private:
  using Ints = std::vector<std::int64_t>;

  std::vector<float> numbers(std::int64_t count, double size, double mean = 0.0) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (float& v : values)
      v = dice_.chance(0.1) ? 0.0F : static_cast<float>(mean + dice_.normal() * size);
    return values;
  }
  std::int64_t channels(ValueId x) const { return b_.network().value(x).shape[1]; }
  ValueId relu(ValueId x) { return b_.add("Relu", {x}); }
  ValueId convolve(ValueId x, std::int64_t stride, bool transposed = false) {
    const std::int64_t groups = channels(x) % 2 == 0 && dice_.chance(0.3) ? 2 : 1, in = channels(x),
                       out = 4;
    const Shape shape = transposed ? Shape{in, out / groups, 3, 3} : Shape{out, in / groups, 3, 3};
    std::vector<ValueId> inputs{x, b_.constant(shape, numbers(element_count(shape), 0.4))};
    if (dice_.chance(0.7)) inputs.push_back(b_.constant({out}, numbers(out, 0.3)));
    return b_.add(
        transposed ? "ConvTranspose" : "Conv", inputs,
        {{"pads", Ints{1, 1, 1, 1}}, {"strides", Ints{stride, stride}}, {"group", groups}});
  }
  ValueId normalise(ValueId x) {
    const std::int64_t c = channels(x);
    std::vector<float> variance = numbers(c, 0.3, 1.0);
    for (float& v : variance) v = std::fabs(v) + 0.1F;
    return b_.add("BatchNormalization",
                  {x, b_.constant({c}, numbers(c, 0.5, 1.0)), b_.constant({c}, numbers(c, 0.3)),
                   b_.constant({c}, numbers(c, 0.3)), b_.constant({c}, variance)});
  }
  ValueId pool(const char* name, ValueId x) {
    return b_.add(
        name, {x},
        {{"kernel_shape", Ints{2, 2}}, {"strides", Ints{1, 1}}, {"pads", Ints{1, 0, 0, 1}}});
  }
  ValueId step(ValueId x) {
    switch (dice_.whole(0, 9)) {
      case 0: return relu(normalise(convolve(x, 1)));
      case 1: return relu(b_.add("Add", {convolve(x, 1), convolve(x, 1)}));  // of one source
      case 2: return relu(b_.add("Sub", {convolve(relu(convolve(x, 1)), 1), convolve(x, 1)}));
      case 3: return pool(dice_.chance(0.5) ? "MaxPool" : "AveragePool", convolve(x, 1));
      case 4: return relu(convolve(convolve(x, 1), 1));
      case 5: return b_.add("Concat", {convolve(x, 1), x}, {{"axis", std::int64_t{1}}});
      case 6:
        return b_.add("LeakyRelu", {convolve(x, dice_.whole(1, 2), true)},
                      {{"alpha", dice_.chance(0.5) ? 0.25 : 0.1}});
      case 7:
        return b_.add("Add", {b_.add("Sigmoid", {convolve(x, 1)}),
                              b_.constant({1, 4, 1, 1}, numbers(4, 0.5))});
      case 8:
        return relu(b_.add("Slice",
                           {convolve(x, 1), b_.integers({1}), b_.integers({3}), b_.integers({1})}));
      default: return relu(convolve(x, 2));
    }
  }

  Dice& dice_;
  NetworkBuilder b_;
};

struct Box {
  std::vector<double> lower, upper;
};

/// Some inputs are fixed: they are constants of the first convolution.
Box random_box(Dice& dice, std::int64_t inputs) {
  Box box;
  for (std::int64_t i = 0; i < inputs; ++i) {
    const double a = dice.normal(), width = dice.chance(0.3) ? 0.0 : dice.uniform(0.0, 0.5);
    box.lower.push_back(a);
    box.upper.push_back(a + width);
  }
  return box;
}

bool is_structured(const LayeredSystem& system) {
  return std::any_of(system.layers.begin(), system.layers.end(),
                     [](const AffineForm& form) { return has_structure(form); });
}

void expect_close(const IntervalVector& a, const IntervalVector& b, double share) {
  ASSERT_EQ(a.lower.size(), b.lower.size());
  for (std::size_t i = 0; i < a.lower.size(); ++i) {
    const double size = 1.0 + std::max(std::fabs(a.lower[i]), std::fabs(a.upper[i]));
    ASSERT_NEAR(a.lower[i], b.lower[i], share * size) << i;
    ASSERT_NEAR(a.upper[i], b.upper[i], share * size) << i;
  }
}

/// The same system with all rows written out.
LayeredSystem written_out(LayeredSystem system) {
  for (AffineForm& form : system.layers) {
    for (auto& [source, coefficients] : form.terms)
      coefficients = Coefficients(SparseRows(coefficients.written()));
  }
  return system;
}

TEST(StructuredLowering, IntervalsAreThoseOfTheRows) {
  Dice dice(11);
  for (int trial = 0; trial < 120; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = NetworkOfImages(dice).build();
    const Box box = random_box(dice, network->input_size());
    const LayeredSystem maps = lower_network(*network, box.lower, box.upper, ProductForm::squares,
                                             all_structured()),
                        rows = written_out(maps);
    ASSERT_TRUE(is_structured(maps));
    ASSERT_FALSE(is_structured(rows));
    ASSERT_FALSE(has_structure(maps.outputs));
    for (std::size_t k = 0; k < maps.layers.size(); ++k) {
      std::vector<double> of_maps, of_rows;
      const IntervalVector z = enclose(maps.layers[k], maps.sources, &of_maps);
      ASSERT_NO_FATAL_FAILURE(
          expect_close(z, enclose(rows.layers[k], rows.sources, &of_rows), 1e-11));
      ASSERT_NO_FATAL_FAILURE(expect_close({of_maps, of_maps}, {of_rows, of_rows}, 1e-11));
      const std::vector<char> a = constant_elements(maps.layers[k]),
                              b = constant_elements(rows.layers[k]);
      ASSERT_EQ(a, b);
    }
  }
}

/// Where no convolution stands right behind another, intervals are those of the lowering that
/// writes rows.
TEST(StructuredLowering, LosesNothingAgainstRows) {
  Dice dice(17);
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = ConvolutionalNetwork(dice, {}).build();
    const Box box = random_box(dice, network->input_size());
    const LayeredSystem rows = lower_network(*network, box.lower, box.upper),
                        maps = lower_network(*network, box.lower, box.upper, ProductForm::squares,
                                             all_structured());
    ASSERT_NO_FATAL_FAILURE(expect_close(enclose(maps.outputs, maps.sources),
                                         enclose(rows.outputs, rows.sources), 1e-9));
  }
}

TEST(StructuredLowering, BoundsOfCrownHoldAtSamplesAndAreThoseOfTheRows) {
  Dice dice(12);
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = NetworkOfImages(dice).build();
    const Box box = random_box(dice, network->input_size());
    const auto system = std::make_shared<const LayeredSystem>(
        lower_network(*network, box.lower, box.upper, ProductForm::squares, all_structured()));
    const CrownBounder maps(system),
        rows(std::make_shared<const LayeredSystem>(written_out(*system)));
    const CrownBounder::Bounds bounds = maps.bound_neurons(box.lower, box.upper, Deadline());
    ASSERT_NO_THROW(self_check(*network, *system, bounds));
    const int layers = static_cast<int>(system->layers.size());
    const std::vector<std::int64_t> all{0, 1};
    for (const double sign : {1.0, -1.0}) {
      const auto a = maps.lower_bounds(system->outputs, all, sign, layers, bounds),
                 b = rows.lower_bounds(system->outputs, all, sign, layers, bounds);
      for (std::size_t i = 0; i < 2; ++i) ASSERT_NEAR(a[i], b[i], 1e-9 * (1.0 + std::fabs(b[i])));
    }
  }
}

/// At most 16 inputs vary: forward linear bounds.
TEST(StructuredLowering, ForwardBoundsHoldAtSamples) {
  Dice dice(13);
  for (int trial = 0; trial < 40; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = NetworkOfImages(dice).build();
    Box box = random_box(dice, network->input_size());
    for (std::size_t i = 5; i < box.lower.size(); ++i) box.upper[i] = box.lower[i];
    const LayeredSystem system =
        lower_network(*network, box.lower, box.upper, ProductForm::squares, all_structured());
    CrownBounder::Bounds bounds;
    bounds.lower = box.lower;
    bounds.upper = box.upper;
    bounds.sources[kInputSource] = {box.lower, box.upper};
    ForwardBox forward;
    forward.columns = varying_inputs(box.lower, box.upper);
    for (const int i : forward.columns) {
      forward.lower.push_back(box.lower[static_cast<std::size_t>(i)]);
      forward.upper.push_back(box.upper[static_cast<std::size_t>(i)]);
    }
    std::map<int, LinearBounds> linear;
    linear.emplace(kInputSource, forward_input(forward, box.lower, box.upper));
    for (std::size_t k = 0; k < system.layers.size(); ++k) {
      const LinearBounds z = forward_affine(system.layers[k], forward, linear);
      const IntervalVector range = concretize(z, forward);
      const Activation& f = system.activations[k];
      linear[static_cast<int>(k)] = f.curve == Curve::relu
                                        ? forward_relu(z, range, forward)
                                        : forward_nonlinear(z, relax_layer(f, range), forward);
      bounds.layers.push_back(range);
      bounds.sources[static_cast<int>(k)] = activate(f, range);
    }
    ASSERT_NO_THROW(self_check(*network, system, bounds));
  }
}

/// At most five inputs vary: layers are cut to zonotopes, and every engine's bounds with them.
TEST(StructuredLowering, ZonotopesHoldAtSamples) {
  Dice dice(18);
  int narrower = 0;
  for (int trial = 0; trial < 60; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = NetworkOfImages(dice).build();
    Box box = random_box(dice, network->input_size());
    for (std::size_t i = 5; i < box.lower.size(); ++i) box.upper[i] = box.lower[i];
    LoweringOptions options = all_structured();
    const LayeredSystem plain =
        lower_network(*network, box.lower, box.upper, ProductForm::squares, options);
    options.zonotopes = true;
    const auto system = std::make_shared<const LayeredSystem>(
        lower_network(*network, box.lower, box.upper, ProductForm::squares, options));
    CrownBounder::Bounds lowered;
    lowered.lower = box.lower;
    lowered.upper = box.upper;
    lowered.layers = system->intervals;
    lowered.sources = system->sources;
    ASSERT_NO_THROW(self_check(*network, *system, lowered));
    const CrownBounder bounder(system);
    ASSERT_NO_THROW(
        self_check(*network, *system, bounder.bound_neurons(box.lower, box.upper, Deadline())));
    ASSERT_EQ(plain.intervals.size(), system->intervals.size());
    for (std::size_t k = 0; k < plain.intervals.size(); ++k) {
      for (std::size_t i = 0; i < plain.intervals[k].lower.size(); ++i) {
        const double width = plain.intervals[k].upper[i] - plain.intervals[k].lower[i],
                     cut = system->intervals[k].upper[i] - system->intervals[k].lower[i];
        ASSERT_LE(cut, width * (1.0 + 1e-9) + 1e-9) << k << " " << i;
        narrower += cut < 0.5 * width ? 1 : 0;
      }
    }
  }
  EXPECT_GT(narrower, 100);
}

/// A pool of what is 0 wherever the box is has no neurons, and takes no errors away from layers
/// that are read again behind it: more ReLUs than there are noises for, whose errors are large.
TEST(StructuredLowering, PoolsOfConstantsLeaveZonotopesTheirErrors) {
  Dice dice(19);
  NetworkBuilder b;
  const auto numbers = [&](Shape shape, double size) {
    std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
    for (float& v : values) v = static_cast<float>(dice.normal() * size);
    return b.constant(std::move(shape), std::move(values));
  };
  using Ints = std::vector<std::int64_t>;
  const ValueId x = b.input("x", {1, 1, 4, 4});
  const std::map<std::string, Attribute> same{{"pads", Ints{1, 1, 1, 1}}};
  ValueId h = b.add("Relu", {b.add("Conv", {x, numbers({40, 1, 3, 3}, 0.5)}, same)});
  h = b.add("Relu", {b.add("Conv", {h, numbers({40, 40, 3, 3}, 0.1)}, same)});
  const ValueId zeros = b.add("MaxPool", {b.add("Sub", {h, h})}, {{"kernel_shape", Ints{2, 2}}});
  const ValueId y = b.add("Conv", {h, numbers({4, 40, 2, 2}, 0.1)});
  b.output(b.add("Concat", {zeros, y}, {{"axis", std::int64_t{1}}}));
  const Network network = b.build();
  const std::vector<double> lower(16, -1.0), upper(16, 1.0);
  LoweringOptions options = all_structured();
  options.zonotopes = true;
  const LayeredSystem system = lower_network(network, lower, upper, ProductForm::squares, options);
  const OutputBounds bounds = bound_outputs_by_intervals(system, lower, upper);
  for (int sample = 0; sample < 200; ++sample) {
    std::vector<double> point;
    for (std::size_t i = 0; i < lower.size(); ++i) point.push_back(dice.endpoint(-1.0, 1.0));
    const EnclosedOutputs truth = evaluate_enclosed(network, point);
    for (std::size_t i = 0; i < truth.value.size(); ++i) {
      ASSERT_LE(bounds.lower[i], truth.value[i] + truth.error[i]) << i;
      ASSERT_GE(bounds.upper[i], truth.value[i] - truth.error[i]) << i;
    }
  }
}

TEST(StructuredLowering, AlphaCrownIsThatOfTheRows) {
  Dice dice(14);
  for (int trial = 0; trial < 20; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = ConvolutionalNetwork(dice, {}).build();
    const Box box = random_box(dice, network->input_size());
    OutputBounds of[2];
    for (const bool structured : {false, true}) {
      const CrownBounder bounder(std::make_shared<const LayeredSystem>(
          lower_network(*network, box.lower, box.upper, ProductForm::squares,
                        structured ? all_structured() : LoweringOptions())));
      of[structured ? 1 : 0] = bound_outputs(bounder, {bounder.shared_system(), 3}, box.lower,
                                             box.upper, false, Deadline());
    }
    ASSERT_NO_FATAL_FAILURE(
        expect_close({of[0].lower, of[0].upper}, {of[1].lower, of[1].upper}, 1e-6));
  }
}

TEST(StructuredLowering, IntermediateBoundsHoldAtSamples) {
  Dice dice(15);
  for (int trial = 0; trial < 30; ++trial) {
    SCOPED_TRACE(trial);
    const auto network = NetworkOfImages(dice).build();
    const Box box = random_box(dice, network->input_size());
    const auto system = std::make_shared<const LayeredSystem>(
        lower_network(*network, box.lower, box.upper, ProductForm::squares, all_structured()));
    IntermediateBoundsBudget budget;
    budget.iterations = 2;
    const auto sparse =
        bound_intermediate_layers(system, box.lower, box.upper, nullptr, budget, Deadline(),
                                  needed_neurons(*system, {&system->outputs}));
    CrownBounder::Bounds bounds;
    bounds.lower = box.lower;
    bounds.upper = box.upper;
    bounds.sources[kInputSource] = {box.lower, box.upper};
    for (int k = 0; k < sparse->layers(); ++k) {
      bounds.layers.push_back(sparse->bounds_of(k));
      bounds.sources[k] =
          activate(system->activations[static_cast<std::size_t>(k)], sparse->bounds_of(k));
    }
    ASSERT_NO_THROW(self_check(*network, *system, bounds));
  }
}

/// Forms and their radii against the network's values.
TEST(StructuredLowering, FormsHoldAtSamples) {
  Dice dice(16);
  for (int trial = 0; trial < 20; ++trial) {
    const auto network = ConvolutionalNetwork(dice, {}).build();
    const Box box = random_box(dice, network->input_size());
    const LayeredSystem system =
        lower_network(*network, box.lower, box.upper, ProductForm::squares, all_structured());
    std::vector<double> x;
    for (std::size_t i = 0; i < box.lower.size(); ++i)
      x.push_back(dice.endpoint(box.lower[i], box.upper[i]));
    const std::vector<EnclosedOutputs> all = evaluate_all_enclosed(*network, x);
    const auto value = [&](std::size_t k, std::size_t i) {
      const EnclosedOutputs& of = all[index_of(system.layer_values[k])];
      return Enclosed(of.value[i], of.error[i]);
    };
    for (std::size_t k = 0; k < system.layers.size(); ++k) {
      const AffineForm& form = system.layers[k];
      ASSERT_NE(system.layer_values[k], kNoValue);
      for (std::int64_t i = 0; i < form.size(); ++i) {
        const auto e = static_cast<std::size_t>(i);
        Enclosed sum(form.constant[e]);
        for (const auto& [source, coefficients] : form.terms) {
          const auto index = coefficients.indices(i);
          for (std::size_t j = 0; j < index.size(); ++j) {
            const auto c = static_cast<std::size_t>(index[j]);
            sum += Enclosed(coefficients.values(i)[j]) *
                   (source == kInputSource ? Enclosed(x[c])
                                           : relu(value(static_cast<std::size_t>(source), c)));
          }
        }
        ASSERT_FALSE(exceeds(sum - value(k, e), form.radius[e])) << k << " " << i;
        // Weights are exact, and layers are whole: constants stay out of it.
        if (k > 0 && has_structure(form) && form.terms.size() == 1) {
          ASSERT_EQ(form.radius[e], 0.0) << k << " " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace clipbound::test
