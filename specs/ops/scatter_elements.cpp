// Idea: ScatterElements (Scatter before opset 11): the data with single elements replaced at
// indices, or combined with what is there. Constant indices without a reduction only move elements;
// all else is the form scatter_elements_at.
// Source: ONNX operator specification, ScatterElements, Scatter. Where one element is updated
// several times, the updates come in their order, as in ONNX Runtime.
// Guarantees: an index whose running error leaves it open makes every element that it may mean
// uncertain (S1).
#include "specs/ops/scatter_elements.h"

#include <string_view>
#include <type_traits>

#include "specs/network/absent_elements.h"
#include "specs/ops/extremes.h"
#include "specs/ops/movement.h"

namespace clipbound::specs {

ScatterReduction scatter_reduction_of(const Node& node) {
  const std::string name = string_attribute(node, "reduction", "none");
  if (name == "none") return ScatterReduction::none;
  if (name == "add") return ScatterReduction::add;
  if (name == "mul") return ScatterReduction::mul;
  if (name == "max") return ScatterReduction::max;
  if (name == "min") return ScatterReduction::min;
  throw Unsupported("reduction '" + name + "'");
}

IndexedSlices scatter_slices_of(const Network& network, const Node& node) {
  const Shape& data = input_of(network, node, 0).shape;
  return slices_along_axis(data, input_of(network, node, 1).shape,
                           checked_axis(node.int_attribute("axis", 0), data.size()));
}

namespace {

/// Integers wrap around, as in ONNX Runtime (and overflow is no undefined behaviour of ours).
template <typename S>
using Wrapping = std::conditional_t<std::is_same_v<S, std::int64_t>, std::uint64_t, S>;

template <typename S>
S combined(ScatterReduction reduction, S old, S update) {
  const auto x = static_cast<Wrapping<S>>(old), y = static_cast<Wrapping<S>>(update);
  switch (reduction) {
    case ScatterReduction::add: return static_cast<S>(x + y);
    case ScatterReduction::mul: return static_cast<S>(x * y);
    case ScatterReduction::max: return Largest::of(old, update);
    case ScatterReduction::min: return Smallest::of(old, update);
    default: return update;
  }
}

class ScatterElementsOp {
 public:
  ScatterElementsOp(const Network& network, const Node& node)
      : slices_(scatter_slices_of(network, node)),
        reduction_(scatter_reduction_of(node)),
        size_(input_of(network, node, 0).size()) {
    for (const ValueId id : node.inputs) point_stride_.push_back(point_stride(network, id));
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      S* y = a.outputs[0] + b * size_;
      std::copy_n(a.inputs[0] + b * point_stride_[0], size_, y);
      for (std::int64_t s = 0; s < slices_.count(); ++s)
        if (!write(s, index(a, b, s), update(a, b, s), y)) {
          if (std::is_same_v<S, std::int64_t>) throw InputError("an index is out of range");
          std::fill_n(y, size_, undefined<S>());  // ONNX gives it no meaning
          break;
        }
    }
  }

  /// Backwards through the updates, with what each of them found.
  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    std::vector<T> values(static_cast<std::size_t>(size_)), rest(values.size());
    std::vector<T> found(static_cast<std::size_t>(slices_.count()));
    for (std::int64_t b = 0; b < a.batch; ++b) {
      std::copy_n(a.inputs[0] + b * point_stride_[0], size_, values.begin());
      std::copy_n(g.outputs[0] + b * size_, size_, rest.begin());
      for (std::int64_t s = 0; s < slices_.count(); ++s) {
        const std::int64_t at = slices_.place(s, index(a, b, s));
        if (at < 0) continue;
        T& value = values[static_cast<std::size_t>(at)];
        found[static_cast<std::size_t>(s)] = value;
        value = combined(reduction_, value, update(a, b, s));
      }
      for (std::int64_t s = slices_.count(); s-- > 0;) {
        const std::int64_t at = slices_.place(s, index(a, b, s));
        if (at < 0) continue;
        const T part = pull_one(found[static_cast<std::size_t>(s)], update(a, b, s),
                                rest[static_cast<std::size_t>(at)]);
        if (g.inputs[2] != nullptr) g.inputs[2][b * point_stride_[2] + s] += part;
      }
      if (g.inputs[0] == nullptr) continue;
      for (std::int64_t i = 0; i < size_; ++i)
        g.inputs[0][b * point_stride_[0] + i] += rest[static_cast<std::size_t>(i)];
    }
  }

 private:
  template <typename S>
  const S* index(const Arguments<S>& a, std::int64_t b, std::int64_t s) const {
    return a.inputs[1] + b * point_stride_[1] + s;
  }
  template <typename S>
  S update(const Arguments<S>& a, std::int64_t b, std::int64_t s) const {
    return a.inputs[2][b * point_stride_[2] + s];
  }

  /// Writes one element; false where its index is out of range.
  template <typename S>
  bool write(std::int64_t s, const S* index, S update, S* y) const {
    const std::int64_t at = slices_.place(s, index);
    if (at >= 0) y[at] = combined(reduction_, y[at], update);
    return at >= 0;
  }
  bool write(std::int64_t s, const Enclosed* index, Enclosed update, Enclosed* y) const {
    if (index->error == 0.0) {
      const std::int64_t at = slices_.place(s, index);
      if (at >= 0) y[at] = combined(reduction_, y[at], update);
      return at >= 0;
    }
    const std::int64_t middle = slices_.place(s, index);
    bool found = false;
    slices_.for_each_place(s, index, [&](std::int64_t at) {
      const Enclosed written = combined(reduction_, y[at], update);
      y[at] = at == middle ? hull(written, y[at]) : hull(y[at], written);
      found = true;
    });
    return found;
  }

  /// The cotangent of one update; `rest` becomes that of what it found.
  template <typename T>
  T pull_one(T found, T update, T& rest) const {
    const T cotangent = rest;
    switch (reduction_) {
      case ScatterReduction::add: return cotangent;
      case ScatterReduction::mul: rest = cotangent * update; return cotangent * found;
      case ScatterReduction::max:
      case ScatterReduction::min: {
        const bool taken = reduction_ == ScatterReduction::max ? update > found : update < found;
        if (taken) rest = T(0);
        return taken ? cotangent : T(0);
      }
      default: rest = T(0); return cotangent;
    }
  }

  IndexedSlices slices_;
  ScatterReduction reduction_;
  std::int64_t size_;
  std::vector<std::int64_t> point_stride_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 3, 3);
  expect_same_type(network, node, 0, 2);
  const Value &data = input_of(network, node, 0), &indices = input_of(network, node, 1);
  if (indices.type != DataType::int64) throw InputError("indices are no integers");
  if (input_of(network, node, 2).shape != indices.shape)
    throw InputError("updates of shape " + to_string(input_of(network, node, 2).shape) +
                     " and indices of shape " + to_string(indices.shape));
  const ScatterReduction reduction = scatter_reduction_of(node);
  if (reduction != ScatterReduction::none && data.type == DataType::boolean)
    throw Unsupported("a reduction of truth values");
  const IndexedSlices slices = scatter_slices_of(network, node);
  if (indices.constant) constant_places(slices, indices.constant->as_int64());  // for its checks
  const bool moves = indices.constant && reduction == ScatterReduction::none;
  if (std::string_view(op_row(node.kind).onnx_name) == "Scatter")
    node.kind = moves ? OpKind::scatter : OpKind::scatter_at;
  else
    node.kind = moves ? OpKind::scatter_elements : OpKind::scatter_elements_at;
  set_output(network, node, 0, data.type, data.shape);
}

/// Element i comes from the data, or is the last update that is written there.
Movement map(const Network& network, const Node& node) {
  const std::vector<std::int64_t> places = constant_places(
      scatter_slices_of(network, node), input_of(network, node, 1).constant->as_int64());
  std::vector<std::int64_t> update(static_cast<std::size_t>(input_of(network, node, 0).size()), -1);
  for (std::size_t s = 0; s < places.size(); ++s)
    update[static_cast<std::size_t>(places[s])] = static_cast<std::int64_t>(s);
  Movement movement{{{}}};
  for (std::size_t i = 0; i < update.size(); ++i)
    movement.append(0, update[i] < 0 ? 0 : 2,
                    update[i] < 0 ? static_cast<std::int64_t>(i) : update[i]);
  return movement;
}

}  // namespace

OpVerbs verbs_of_scatter_elements() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_scatter_elements_at() {
  return {infer, prepare_as<ScatterElementsOp>};
}
OpVerbs verbs_of_scatter() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_scatter_at() {
  return {infer, prepare_as<ScatterElementsOp>};
}

}  // namespace clipbound::specs
