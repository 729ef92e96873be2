// Convolutions and pools of random shapes against loops over the definition, in batches of every
// size.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/eigen.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Ints = std::vector<std::int64_t>;

struct Setting {
  std::int64_t channels, filters, groups, batch;
  Ints image, kernel, strides, dilations, before, after;
};

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}
std::int64_t product(const Ints& dims) {
  std::int64_t p = 1;
  for (const auto d : dims) p *= d;
  return p;
}
/// Position number -> coordinates, the last axis fastest.
Ints coordinates(std::int64_t number, const Ints& dims) {
  Ints result(dims.size());
  for (std::size_t d = dims.size(); d-- > 0; number /= dims[d]) result[d] = number % dims[d];
  return result;
}
std::int64_t number_of(const Ints& place, const Ints& dims) {
  std::int64_t number = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) number = number * dims[d] + place[d];
  return number;
}
bool inside(const Ints& place, const Ints& dims) {
  for (std::size_t d = 0; d < dims.size(); ++d)
    if (place[d] < 0 || place[d] >= dims[d]) return false;
  return true;
}

class Draw {
 public:
  explicit Draw(unsigned seed) : generator_(seed) {}
  std::int64_t operator()(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(generator_);
  }
  std::vector<float> numbers(std::int64_t count) {
    std::vector<float> values(at(count));
    for (float& v : values) v = static_cast<float>((*this)(-32, 32)) / 8.0f;
    return values;
  }
  Setting setting() {
    Setting s;
    s.groups = (*this)(1, 3);
    s.channels = s.groups * (*this)(1, 3);
    s.filters = s.groups * (*this)(1, 3);
    s.batch = (*this)(1, 9);
    const std::int64_t rank = (*this)(1, 3);
    for (std::int64_t d = 0; d < rank; ++d) {
      s.kernel.push_back((*this)(1, 3));
      s.dilations.push_back((*this)(1, 2));
      s.strides.push_back((*this)(1, 3));
      s.before.push_back((*this)(0, s.kernel.back() - 1));
      s.after.push_back((*this)(0, s.kernel.back() - 1));
      s.image.push_back((*this)(1, 6) + (s.kernel.back() - 1) * s.dilations.back());
    }
    return s;
  }

 private:
  std::mt19937 generator_;
};

Ints joined(Ints a, const Ints& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
std::map<std::string, Attribute> attributes_of(const Setting& s) {
  return {{"strides", s.strides}, {"dilations", s.dilations}, {"pads", joined(s.before, s.after)}};
}
Ints output_of(const Setting& s) {
  Ints output;
  for (std::size_t d = 0; d < s.image.size(); ++d)
    output.push_back(
        (s.image[d] + s.before[d] + s.after[d] - (s.kernel[d] - 1) * s.dilations[d] - 1) /
            s.strides[d] +
        1);
  return output;
}
/// Which image place tap `tap` reads at position `position`.
Ints place_of(const Setting& s, const Ints& position, const Ints& tap) {
  Ints place(position.size());
  for (std::size_t d = 0; d < place.size(); ++d)
    place[d] = position[d] * s.strides[d] - s.before[d] + tap[d] * s.dilations[d];
  return place;
}

/// body(image, image channel, image element, filter, position, tap) for all that a convolution
/// multiplies.
template <class Body>
void for_each_term(const Setting& s, const Ints& output, const Body& body) {
  const std::int64_t c = s.channels / s.groups, m = s.filters / s.groups;
  for (std::int64_t b = 0; b < s.batch; ++b)
    for (std::int64_t f = 0; f < s.filters; ++f)
      for (std::int64_t p = 0; p < product(output); ++p)
        for (std::int64_t i = 0; i < c; ++i)
          for (std::int64_t t = 0; t < product(s.kernel); ++t) {
            const Ints place = place_of(s, coordinates(p, output), coordinates(t, s.kernel));
            if (inside(place, s.image))
              body(b, f / m * c + i, number_of(place, s.image), f, p, i, t);
          }
}

void expect_equal(const Network& network, const std::vector<float>& x,
                  const std::vector<double>& expected) {
  Evaluator<float> evaluator(std::make_shared<const Network>(network));
  std::vector<float> y(expected.size());
  evaluator.forward(x, y);
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], expected[i]) << i;
  const auto n = static_cast<std::size_t>(network.input_size()),
             m = static_cast<std::size_t>(network.output_size());
  evaluator.replay(std::span(x).first(n), SummationOrder::blocked, std::span(y).first(m));
  for (std::size_t i = 0; i < m; ++i) ASSERT_EQ(y[i], expected[i]) << i;
}

// All numbers are multiples of 1/8 and small: every sum is exact, whatever its order.
void check_conv(const Setting& s, Draw& draw) {
  const std::int64_t c = s.channels / s.groups, taps = product(s.kernel), area = product(s.image);
  const Ints output = output_of(s);
  const std::vector<float> x = draw.numbers(s.batch * s.channels * area),
                           w = draw.numbers(s.filters * c * taps), bias = draw.numbers(s.filters);
  NetworkBuilder b;
  auto attributes = attributes_of(s);
  attributes["group"] = s.groups;
  b.output(b.add("Conv",
                 {b.input("x", joined({1, s.channels}, s.image)),
                  b.constant(joined({s.filters, c}, s.kernel), w), b.constant({s.filters}, bias)},
                 attributes));
  std::vector<double> expected(at(s.batch * s.filters * product(output)));
  for (std::size_t i = 0; i < expected.size(); ++i)
    expected[i] = bias[at(static_cast<std::int64_t>(i) / product(output) % s.filters)];
  for_each_term(
      s, output, [&](auto image, auto channel, auto element, auto f, auto p, auto i, auto t) {
        expected[at((image * s.filters + f) * product(output) + p)] +=
            x[at((image * s.channels + channel) * area + element)] * w[at((f * c + i) * taps + t)];
      });
  expect_equal(b.build(), x, expected);
}

/// The transpose: what Conv would read is written.
void check_transpose(Setting s, Draw& draw) {
  const Ints output = output_of(s);                // the input of the transposed one
  for (std::size_t d = 0; d < output.size(); ++d)  // leave no remainder, so that shapes correspond
    s.image[d] = (output[d] - 1) * s.strides[d] + (s.kernel[d] - 1) * s.dilations[d] + 1 -
                 s.before[d] - s.after[d];
  for (const auto d : s.image)
    if (d < 1) return;
  const std::int64_t c = s.channels / s.groups, taps = product(s.kernel), area = product(s.image);
  const std::vector<float> x = draw.numbers(s.batch * s.filters * product(output)),
                           w = draw.numbers(s.filters * c * taps);
  NetworkBuilder b;
  auto attributes = attributes_of(s);
  attributes["group"] = s.groups;
  b.output(b.add("ConvTranspose",
                 {b.input("x", joined({1, s.filters}, output)),
                  b.constant(joined({s.filters, c}, s.kernel), w)},
                 attributes));
  std::vector<double> expected(at(s.batch * s.channels * area), 0.0);
  for_each_term(
      s, output, [&](auto image, auto channel, auto element, auto f, auto p, auto i, auto t) {
        expected[at((image * s.channels + channel) * area + element)] +=
            x[at((image * s.filters + f) * product(output) + p)] * w[at((f * c + i) * taps + t)];
      });
  expect_equal(b.build(), x, expected);
}

void check_pools(Setting s, Draw& draw) {
  s.filters = s.channels;
  s.groups = s.channels;
  const Ints output = output_of(s);
  const std::int64_t area = product(s.image), positions = product(output);
  const std::vector<float> x = draw.numbers(s.batch * s.channels * area);
  std::vector<double> largest(at(s.batch * s.channels * positions), -1e9), sum(largest.size(), 0.0);
  std::vector<double> count(largest.size(), 0.0);
  for_each_term(s, output, [&](auto image, auto channel, auto element, auto f, auto p, auto, auto) {
    const double v = x[at((image * s.channels + channel) * area + element)];
    const std::size_t to = at((image * s.channels + f) * positions + p);
    largest[to] = std::max(largest[to], v);
    sum[to] += v;
    count[to] += 1.0;
  });
  auto attributes = attributes_of(s);
  attributes["kernel_shape"] = s.kernel;
  for (const std::string op : {"MaxPool", "AveragePool"}) {
    NetworkBuilder b(19);
    b.output(b.add(op, {b.input("x", joined({1, s.channels}, s.image))}, attributes));
    std::vector<double> expected = largest;
    if (op == "AveragePool")
      for (std::size_t i = 0; i < sum.size(); ++i)
        expected[i] = static_cast<float>(static_cast<float>(sum[i]) / static_cast<float>(count[i]));
    expect_equal(b.build(), x, expected);
  }
}

TEST(WindowOperators, RandomShapesMatchTheDefinition) {
  Draw draw(42);
  for (int round = 0; round < 300 && !testing::Test::HasFatalFailure(); ++round) {
    const Setting s = draw.setting();
    check_conv(s, draw);
    check_transpose(s, draw);
    check_pools(s, draw);
  }
}

// Large enough for several blocks of columns per image, and small enough for several images per
// block.
TEST(WindowOperators, BlocksOfColumnsMatchTheDefinition) {
  Draw draw(43);
  check_conv({8, 4, 1, 2, {40, 40}, {7, 7}, {1, 1}, {1, 1}, {3, 3}, {3, 3}}, draw);
  check_transpose({8, 4, 1, 2, {40, 40}, {7, 7}, {1, 1}, {1, 1}, {3, 3}, {3, 3}}, draw);
  check_conv({3, 5, 1, 100, {4, 4}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, draw);
  check_transpose({3, 5, 1, 100, {4, 4}, {3, 3}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, draw);
  check_conv({2, 3, 1, 3, {2000}, {5}, {1}, {1}, {2}, {2}}, draw);
  check_conv({6, 3, 1, 3, {30, 30}, {1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}}, draw);
}

/// <W * x, g> = <x, W^T g>: the gradient of a convolution, over blocks of every kind.
TEST(WindowOperators, GradientsAreAdjoint) {
  Draw draw(44);
  for (const Setting& s : {Setting{8, 4, 1, 2, {40, 40}, {7, 7}, {1, 1}, {1, 1}, {3, 3}, {3, 3}},
                           Setting{4, 6, 2, 100, {5, 4}, {3, 3}, {2, 1}, {1, 1}, {1, 1}, {1, 1}}}) {
    for (const std::string op : {"Conv", "ConvTranspose"}) {
      NetworkBuilder b;
      auto attributes = attributes_of(s);
      attributes["group"] = s.groups;
      const bool transposed = op == "ConvTranspose";
      const std::int64_t in = s.channels, out = s.filters;
      const Ints dims = transposed ? joined({in, out / s.groups}, s.kernel)
                                   : joined({out, in / s.groups}, s.kernel);
      b.output(b.add(
          op,
          {b.input("x", joined({1, in}, s.image)), b.constant(dims, draw.numbers(product(dims)))},
          attributes));
      const auto network = std::make_shared<const Network>(b.build());
      const std::vector<float> x = draw.numbers(s.batch * network->input_size()),
                               g = draw.numbers(s.batch * network->output_size());
      std::vector<float> y(g.size()), gx(x.size());
      Evaluator<float> evaluator(network);
      evaluator.forward(x, y);
      evaluator.backward(g, gx);
      const auto product_of = [](const std::vector<float>& u, const std::vector<float>& v) {
        return vector_view(u).cast<double>().dot(vector_view(v).cast<double>());
      };
      EXPECT_EQ(product_of(y, g), product_of(x, gx)) << op;
    }
  }
}

}  // namespace
}  // namespace clipbound::test
