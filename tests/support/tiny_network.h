#pragma once
// Networks so small that all their activation patterns can be gone through, in exact arithmetic.
#include <memory>

#include "specs/network/network_builder.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// Layers of ReLUs, then one affine layer.
struct TinyNetwork {
  std::vector<int> sizes;                           ///< inputs, ReLUs of each layer, outputs
  std::vector<std::vector<float>> weights, biases;  ///< per layer, [out, in] and [out]

  std::shared_ptr<const Network> build() const {
    NetworkBuilder b;
    ValueId value = b.input("x", {1, sizes[0]});
    for (std::size_t k = 0; k < weights.size(); ++k) {
      if (k > 0) value = b.add("Relu", {value});
      value = b.add("Gemm",
                    {value, b.constant({sizes[k + 1], sizes[k]}, weights[k]),
                     b.constant({sizes[k + 1]}, biases[k])},
                    {{"transB", std::int64_t{1}}});
    }
    b.output(value);
    return std::make_shared<const Network>(b.build());
  }
};

/// Eight weights of 2^-120 and one of 1.5 * 2^-116 in a row: a coefficient of 0.375 * 2^-1074,
/// which rounds to 0.
inline TinyNetwork underflowing_chain() {
  TinyNetwork net;
  net.sizes.assign(10, 1);
  net.weights.assign(9, {0x1p-120F});
  net.weights.back() = {0x1.8p-116F};
  net.biases.assign(9, {0.0F});
  return net;
}

/// `round_numbers`: weights are multiples of 1/8, so that kinks meet in common points now and then.
inline TinyNetwork random_tiny(Dice& dice, std::vector<int> sizes, bool round_numbers) {
  TinyNetwork net;
  net.sizes = std::move(sizes);
  for (std::size_t k = 0; k + 1 < net.sizes.size(); ++k) {
    const auto number = [&](double scale) {
      const double x = dice.normal() * scale;
      return static_cast<float>(round_numbers ? std::round(8.0 * x) / 8.0 : x);
    };
    net.weights.emplace_back(static_cast<std::size_t>(net.sizes[k] * net.sizes[k + 1]));
    for (float& w : net.weights.back()) w = number(1.0);
    net.biases.emplace_back(static_cast<std::size_t>(net.sizes[k + 1]));
    for (float& w : net.biases.back()) w = number(0.4);
  }
  return net;
}

/// The least value of sum_j c_j Y_j over a box, by all activation patterns, and a point where it is
/// taken; of the points with Y_j <= t for some pairs (j, t), where `patterns` stays 0 if there are
/// none.
class PatternSearch {
 public:
  using Threshold = std::pair<std::size_t, Rational>;
  PatternSearch(const TinyNetwork& net, Rationals c, std::vector<Threshold> thresholds = {})
      : net_(net), c_(std::move(c)), thresholds_(std::move(thresholds)) {}

  std::pair<Rational, Rationals> minimum(const Rationals& lower, const Rationals& upper) {
    return minimum(Polytope(lower, upper));
  }
  std::pair<Rational, Rationals> minimum(const Polytope& region) {
    patterns = 0;
    const auto inputs = static_cast<std::size_t>(net_.sizes[0]);
    std::vector<RationalForm> input(inputs, RationalForm{Rationals(inputs), 0});
    for (std::size_t i = 0; i < inputs; ++i) input[i].coefficients[i] = 1;
    layer(0, input, region);
    return best_;
  }
  int patterns = 0;

 private:
  using Forms = std::vector<RationalForm>;

  void layer(std::size_t k, const Forms& values, const Polytope& region) {
    Forms z;
    const auto in = static_cast<std::size_t>(net_.sizes[k]),
               out = static_cast<std::size_t>(net_.sizes[k + 1]);
    for (std::size_t o = 0; o < out; ++o) {
      RationalForm form{Rationals(values[0].coefficients.size()),
                        Rational(static_cast<double>(net_.biases[k][o]))};
      for (std::size_t i = 0; i < in; ++i) {
        const Rational w(static_cast<double>(net_.weights[k][o * in + i]));
        for (std::size_t d = 0; d < form.coefficients.size(); ++d)
          form.coefficients[d] += w * values[i].coefficients[d];
        form.constant += w * values[i].constant;
      }
      z.push_back(form);
    }
    if (k + 1 == net_.weights.size()) return finish(z, region);
    neuron(k, 0, z, region);
  }
  void neuron(std::size_t k, std::size_t v, const Forms& z, const Polytope& region) {
    if (v == z.size()) return layer(k + 1, z, region);
    const Rational low = region.minimum(z[v]).first, high = region.maximum(z[v]);
    RationalForm negative = z[v];
    for (auto& c : negative.coefficients) c = -c;
    negative.constant = -negative.constant;
    if (high > 0 || low == 0) {
      Polytope active = region;
      if (low < 0) active.cut(negative);
      neuron(k, v + 1, z, active);
    }
    if (low < 0) {
      Polytope inactive = region;
      if (high > 0) inactive.cut(z[v]);
      Forms zero = z;
      zero[v] = {Rationals(z[v].coefficients.size()), 0};
      neuron(k, v + 1, zero, inactive);
    }
  }
  void finish(const Forms& y, Polytope region) {
    for (const auto& [j, t] : thresholds_) {
      RationalForm above = y[j];
      above.constant -= t;
      region.cut(above);
      if (region.empty()) return;
    }
    RationalForm row{Rationals(y[0].coefficients.size()), 0};
    for (std::size_t j = 0; j < y.size(); ++j) {
      for (std::size_t d = 0; d < row.coefficients.size(); ++d)
        row.coefficients[d] += c_[j] * y[j].coefficients[d];
      row.constant += c_[j] * y[j].constant;
    }
    auto here = region.minimum(row);
    if (patterns++ == 0 || here.first < best_.first) best_ = std::move(here);
  }

  const TinyNetwork& net_;
  Rationals c_;
  std::vector<Threshold> thresholds_;
  std::pair<Rational, Rationals> best_;
};

}  // namespace clipbound::test
