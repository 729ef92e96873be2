// Idea: ArgMax and ArgMin: the sum of j times whether x_j beats all others. Where several are
// equal, each of their steps may be 0 or 1, which covers whichever ONNX Runtime chooses.
// Source: own.
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <algorithm>

#include "base/error.h"
#include "bounds/lowering/ops/integers.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

constexpr std::int64_t kMostChoices = 64;

/// max(a, b) = a + max(b - a, 0), element by element.
AffineForm larger_of(LowerContext& context, const AffineForm& a, const AffineForm& b) {
  return extreme_of(context, {a, b}, Extreme::maximum);
}

/// The largest of all candidates but j, for every j: of those before it and of those behind it.
std::vector<AffineForm> rivals_of(LowerContext& context,
                                  const std::vector<AffineForm>& candidates) {
  const std::size_t n = candidates.size();
  std::vector<AffineForm> before{candidates.front()}, behind{candidates.back()};
  for (std::size_t j = 1; j + 1 < n; ++j) {
    before.push_back(larger_of(context, before.back(), candidates[j]));
    behind.push_back(larger_of(context, behind.back(), candidates[n - 1 - j]));
  }
  std::vector<AffineForm> rivals{behind.back()};
  for (std::size_t j = 1; j + 1 < n; ++j)
    rivals.push_back(larger_of(context, before[j - 1], behind[n - 2 - j]));
  rivals.push_back(before.back());
  return rivals;
}

}  // namespace

std::vector<AffineForm> lower_arg_max(LowerContext& context, const Node& node) {
  const Shape& shape = context.network().value(node.inputs[0]).shape;
  const auto rank = static_cast<std::int64_t>(shape.size());
  std::int64_t axis = node.int_attribute("axis", 0);
  if (axis < 0) axis += rank;
  const std::int64_t n = shape[static_cast<std::size_t>(axis)];
  const std::int64_t inner = element_count(Shape(shape.begin() + axis + 1, shape.end())),
                     lists = element_count(shape) / n;
  if (n > kMostChoices) throw Unsupported("it has too many candidates");
  AffineForm scratch;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const AffineForm nothing =
      AffineForm::of_constant(std::vector<double>(static_cast<std::size_t>(lists), 0.0));
  if (n == 1) return {nothing};
  const double sign = node.kind == OpKind::arg_max ? 1.0 : -1.0;
  std::vector<AffineForm> candidates;
  for (std::int64_t j = 0; j < n; ++j) {
    std::vector<Pick> picks;
    for (std::int64_t i = 0; i < lists; ++i)
      picks.push_back({0, (i / inner * n + j) * inner + i % inner});
    const AffineForm picked = gather({&x}, picks);
    candidates.push_back(combine(context, {&picked}, {sign}));
  }
  const std::vector<AffineForm> rivals = rivals_of(context, candidates);
  const std::vector<char> real(static_cast<std::size_t>(lists), 0);
  AffineForm index = nothing;
  for (std::size_t j = 1; j < candidates.size(); ++j) {
    const AffineForm wins =
        is_positive(context, combine(context, {&candidates[j], &rivals[j]}, {1.0, -1.0}), real,
                    context.next_steps());
    index = combine(context, {&index, &wins}, {1.0, static_cast<double>(j)});
  }
  return {std::move(index)};
}

}  // namespace clipbound::bounds
