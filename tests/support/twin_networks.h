#pragma once
// Two tiny networks of one shape over the same inputs: as one graph of two copies, and as one
// network whose layers hold the neurons of both, for going through all activation patterns.
#include <memory>
#include <vector>

#include "tests/support/tiny_network.h"

namespace clipbound::test {

struct TwinNetworks {
  TinyNetwork f, g;

  /// g's weights are f's, each moved by at most `share` of its size, some set to 0.
  static TwinNetworks random(Dice& dice, const std::vector<int>& sizes, bool round_numbers,
                             double share) {
    TwinNetworks pair{random_tiny(dice, sizes, round_numbers), {}};
    pair.g = pair.f;
    for (auto* lists : {&pair.g.weights, &pair.g.biases}) {
      for (std::vector<float>& list : *lists) {
        for (float& w : list) {
          w = dice.chance(0.05) ? 0.0F : w * static_cast<float>(1.0 + dice.uniform(-share, share));
        }
      }
    }
    return pair;
  }

  /// Outputs: those of f, then those of g.
  std::shared_ptr<const Network> build(const std::string& activation = "Relu") const {
    NetworkBuilder b;
    for (const ValueId value : add_to(b, activation)) b.output(value);
    return std::make_shared<const Network>(b.build());
  }
  /// Outputs: g - f.
  std::shared_ptr<const Network> build_difference() const {
    NetworkBuilder b;
    const std::vector<ValueId> both = add_to(b, "Relu");
    b.output(b.add("Sub", {both[1], both[0]}));
    return std::make_shared<const Network>(b.build());
  }

  TinyNetwork joined() const {
    TinyNetwork net;
    net.sizes = f.sizes;
    for (std::size_t k = 1; k < net.sizes.size(); ++k) net.sizes[k] *= 2;
    for (std::size_t k = 0; k < f.weights.size(); ++k) {
      const auto out = static_cast<std::size_t>(f.sizes[k + 1]),
                 in = static_cast<std::size_t>(f.sizes[k]);
      std::vector<float> weights, biases;
      for (const TinyNetwork* half : {&f, &g}) {
        for (std::size_t o = 0; o < out; ++o) {
          const std::vector<float> zeros(in, 0.0F),
              row(half->weights[k].begin() + static_cast<std::ptrdiff_t>(o * in),
                  half->weights[k].begin() + static_cast<std::ptrdiff_t>((o + 1) * in));
          if (k > 0 && half == &g) weights.insert(weights.end(), zeros.begin(), zeros.end());
          weights.insert(weights.end(), row.begin(), row.end());
          if (k > 0 && half == &f) weights.insert(weights.end(), zeros.begin(), zeros.end());
          biases.push_back(half->biases[k][o]);
        }
      }
      net.weights.push_back(std::move(weights));
      net.biases.push_back(std::move(biases));
    }
    return net;
  }

 private:
  std::vector<ValueId> add_to(NetworkBuilder& b, const std::string& activation) const {
    const ValueId x = b.input("x", {1, f.sizes[0]});
    std::vector<ValueId> outputs;
    for (const TinyNetwork* net : {&f, &g}) {
      ValueId value = x;
      for (std::size_t k = 0; k < net->weights.size(); ++k) {
        if (k > 0) value = b.add(activation, {value});
        value = b.add("Gemm",
                      {value, b.constant({net->sizes[k + 1], net->sizes[k]}, net->weights[k]),
                       b.constant({net->sizes[k + 1]}, net->biases[k])},
                      {{"transB", std::int64_t{1}}});
      }
      outputs.push_back(value);
    }
    return outputs;
  }
};

}  // namespace clipbound::test
