// Idea: MatMul of two variables: every elementary product apart, then their sums.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include "base/error.h"
#include "bounds/lowering/ops/multiplication.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

std::vector<AffineForm> lower_variable_matmul(LowerContext& context, const Node& node) {
  const Shape a = context.network().value(node.inputs[0]).shape,
              b = context.network().value(node.inputs[1]).shape;
  const Shape y = context.network().value(node.outputs[0]).shape;
  if (a.size() < 2 || b.size() < 2)
    throw Unsupported("products of two variable vectors have no linear bounds");
  const std::int64_t m = a[a.size() - 2], inner = a.back(), n = b.back();
  // Stacks of matrices, broadcast.
  Shape stack(y.begin(), y.end() - 2);
  const auto left = broadcast_map(Shape(a.begin(), a.end() - 2), stack),
             right = broadcast_map(Shape(b.begin(), b.end() - 2), stack);
  AffineForm scratch[2];
  const AffineForm x = as_neurons(context, form_of(context, node.inputs[0], scratch[0])),
                   w = as_neurons(context, form_of(context, node.inputs[1], scratch[1]));
  std::vector<Pick> x_picks, w_picks;
  for (std::size_t s = 0; s < left.size(); ++s) {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t k = 0; k < inner; ++k) {
          x_picks.push_back({0, (left[s] * m + i) * inner + k});
          w_picks.push_back({0, (right[s] * inner + k) * n + j});
        }
      }
    }
  }
  const AffineForm products = multiply(context, gather({&x}, x_picks), gather({&w}, w_picks));
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::int64_t e = 0; e < products.size(); ++e) {
    terms.push_back({0, e, 1.0});
    if ((e + 1) % inner == 0) begin.push_back(e + 1);
  }
  return {linear_map({&products}, begin, terms, std::vector<double>(begin.size() - 1, 0.0),
                     context.magnitudes())};
}

}  // namespace clipbound::bounds
