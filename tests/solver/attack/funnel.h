#pragma once
// A network and a property that attacks find easy to understand.
#include <memory>
#include <vector>

#include "specs/network/network_builder.h"
#include "tests/support/floors.h"
#include "tests/support/properties.h"

namespace clipbound::test {

using Floats = std::vector<float>;

inline Property unit_box(int inputs, std::vector<std::vector<std::string>> clauses,
                         int outputs = 1) {
  return {std::vector<double>(static_cast<std::size_t>(inputs), 0.0),
          std::vector<double>(static_cast<std::size_t>(inputs), 1.0), outputs, std::move(clauses)};
}

/// y = sum_i |x_i - c_i|.
inline std::shared_ptr<const Network> funnel(const Floats& centre) {
  const auto n = static_cast<std::int64_t>(centre.size());
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, n});
  const ValueId distance = b.add("Abs", {b.add("Sub", {x, b.constant({1, n}, centre)})});
  b.output(b.add("MatMul", {distance, b.constant({n, 1}, Floats(centre.size(), 1.0F))}));
  return std::make_shared<const Network>(b.build());
}

}  // namespace clipbound::test
