// Idea: ReduceSum, ReduceMean, ReduceMax, ReduceMin; GlobalAveragePool and GlobalMaxPool, which
// reduce all spatial axes.
// Source: ONNX operator specification, ReduceSum, ReduceMean, ReduceMax, ReduceMin,
// GlobalAveragePool, GlobalMaxPool.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include <algorithm>

#include "specs/ops/extremes.h"
#include "specs/ops/op_support.h"
#include "specs/ops/ordered_sum.h"

namespace clipbound::specs {
namespace {

bool is_global_pool(const Node& node) {
  return node.kind == OpKind::global_average_pool || node.kind == OpKind::global_max_pool;
}

/// For each axis whether it is reduced.
std::vector<bool> reduced_axes(const Network& network, const Node& node) {
  const std::size_t rank = input_of(network, node, 0).shape.size();
  std::vector<bool> reduced(rank, false);
  if (is_global_pool(node)) {
    if (rank < 3)
      throw InputError("input " + to_string(input_of(network, node, 0).shape) +
                       " has no spatial axes");
    std::fill(reduced.begin() + 2, reduced.end(), true);
    return reduced;
  }
  const auto axes = ints_from(network, node, "axes", 1);
  if (!axes || axes->empty()) {
    if (node.int_attribute("noop_with_empty_axes", 0) == 0) reduced.assign(rank, true);
    return reduced;
  }
  for (const std::int64_t axis : checked_axes(*axes, rank))
    reduced[static_cast<std::size_t>(axis)] = true;
  return reduced;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, is_global_pool(node) ? 1 : 2);
  const Value& x = input_of(network, node, 0);
  if (x.type == DataType::boolean) throw InputError("input is boolean");
  const bool mean = node.kind == OpKind::reduce_mean || node.kind == OpKind::global_average_pool;
  // Cut to an integer, and not by all runtimes.
  if (mean && x.type == DataType::int64) throw Unsupported("a mean of integers");
  const std::vector<bool> reduced = reduced_axes(network, node);
  const bool keep = is_global_pool(node) || node.int_attribute("keepdims", 1) != 0;
  Shape shape;
  for (std::size_t d = 0; d < reduced.size(); ++d) {
    if (reduced[d] && x.shape[d] == 0)
      throw Unsupported("nothing is reduced: input " + to_string(x.shape));
    if (!reduced[d] || keep) shape.push_back(reduced[d] ? 1 : x.shape[d]);
  }
  set_output(network, node, 0, x.type, shape);
}

/// Element offsets of a shape whose axes are either walked or stay 0.
std::vector<std::int64_t> offsets_along(const Shape& shape, const std::vector<bool>& walked) {
  const std::vector<std::int64_t> strides = strides_of(shape);
  std::vector<std::int64_t> offsets{0};
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (!walked[d]) continue;
    std::vector<std::int64_t> longer;
    for (const std::int64_t offset : offsets)
      for (std::int64_t i = 0; i < shape[d]; ++i) longer.push_back(offset + i * strides[d]);
    offsets = std::move(longer);
  }
  return offsets;
}

/// Output o reads the elements first_[o] + within_[j].
class Reduction {
 public:
  Reduction(const Network& network, const Node& node)
      : x_stride_(point_stride(network, node.inputs[0])) {
    const Shape& shape = input_of(network, node, 0).shape;
    std::vector<bool> reduced = reduced_axes(network, node);
    within_ = offsets_along(shape, reduced);
    reduced.flip();
    first_ = offsets_along(shape, reduced);
  }

 protected:
  std::int64_t count() const { return static_cast<std::int64_t>(within_.size()); }
  /// body(where the elements begin in x, output element) for all.
  template <typename Body>
  void for_each_output(std::int64_t batch, const Body& body) const {
    const auto outputs = static_cast<std::int64_t>(first_.size());
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t o = 0; o < outputs; ++o)
        body(b * x_stride_ + first_[static_cast<std::size_t>(o)], b * outputs + o);
  }

  std::int64_t x_stride_;
  std::vector<std::int64_t> first_, within_;
};

template <bool kMean>
class SumOp : public Reduction {
 public:
  using Reduction::Reduction;

  template <typename S>
  void run(const Arguments<S>& a) const {
    const S divisor = static_cast<S>(static_cast<double>(count()));
    for_each_output(a.batch, [&](std::int64_t from, std::int64_t to) {
      const S* x = a.inputs[0] + from;
      const S sum = ordered_sum<S>(
          count(), [&](std::int64_t j) { return x[within_[static_cast<std::size_t>(j)]]; }, a.sums);
      a.outputs[0][to] = kMean ? sum / divisor : sum;
    });
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    for_each_output(a.batch, [&](std::int64_t from, std::int64_t to) {
      const T part = kMean ? g.outputs[0][to] / static_cast<T>(count()) : g.outputs[0][to];
      for (const std::int64_t offset : within_) g.inputs[0][from + offset] += part;
    });
  }
};

template <class F>
class ExtremeReduceOp : public Reduction {
 public:
  using Reduction::Reduction;

  template <typename S>
  void run(const Arguments<S>& a) const {
    for_each_output(a.batch, [&](std::int64_t from, std::int64_t to) {
      S y = a.inputs[0][from + within_[0]];
      for (std::size_t j = 1; j < within_.size(); ++j) y = F::of(y, a.inputs[0][from + within_[j]]);
      a.outputs[0][to] = y;
    });
  }

  /// To the first element that has the extreme value.
  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    for_each_output(a.batch, [&](std::int64_t from, std::int64_t to) {
      for (const std::int64_t offset : within_) {
        if (a.inputs[0][from + offset] != a.outputs[0][to]) continue;
        g.inputs[0][from + offset] += g.outputs[0][to];
        break;
      }
    });
  }
};

}  // namespace

OpVerbs verbs_of_reduce_sum() {
  return {infer, prepare_as<SumOp<false>>};
}
OpVerbs verbs_of_reduce_mean() {
  return {infer, prepare_as<SumOp<true>>};
}
OpVerbs verbs_of_reduce_max() {
  return {infer, prepare_as<ExtremeReduceOp<Largest>>};
}
OpVerbs verbs_of_reduce_min() {
  return {infer, prepare_as<ExtremeReduceOp<Smallest>>};
}
OpVerbs verbs_of_global_average_pool() {
  return {infer, prepare_as<SumOp<true>>};
}
OpVerbs verbs_of_global_max_pool() {
  return {infer, prepare_as<ExtremeReduceOp<Largest>>};
}

}  // namespace clipbound::specs
