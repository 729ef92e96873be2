// Idea: GatherElements and GatherND: slices of the data at indices. Where the indices are constants
// they only move elements; where they depend on the input they are the forms gather_elements_at and
// gather_nd_at.
// Source: ONNX operator specification, GatherElements, GatherND.
// Guarantees: copies are exact; an index whose running error leaves it open gives the hull of all
// slices that it may mean (S1).
#include "specs/ops/gather_elements.h"

#include <string_view>

#include "specs/network/absent_elements.h"
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

bool is_list_form(const Node& node) {
  return std::string_view(op_row(node.kind).onnx_name) == "GatherND";
}

}  // namespace

IndexedSlices gather_slices_of(const Network& network, const Node& node) {
  const Shape &data = input_of(network, node, 0).shape, &indices = input_of(network, node, 1).shape;
  if (is_list_form(node))
    return slices_of_lists(data, indices, node.int_attribute("batch_dims", 0));
  return slices_along_axis(data, indices, checked_axis(node.int_attribute("axis", 0), data.size()));
}

namespace {

Movement map(const Network& network, const Node& node) {
  const IndexedSlices slices = gather_slices_of(network, node);
  Movement movement{{{}}};
  for (const std::int64_t place :
       constant_places(slices, input_of(network, node, 1).constant->as_int64()))
    movement.append(0, 0, place, slices.slice);
  return movement;
}

class GatherAtOp {
 public:
  GatherAtOp(const Network& network, const Node& node)
      : slices_(gather_slices_of(network, node)),
        data_stride_(point_stride(network, node.inputs[0])),
        index_stride_(point_stride(network, node.inputs[1])) {}

  template <typename S>
  void run(const Arguments<S>& a) const {
    S* y = a.outputs[0];
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t s = 0; s < slices_.count(); ++s, y += slices_.slice)
        read(s, a.inputs[0] + b * data_stride_, index(a, b, s), y);
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    const T* y = g.outputs[0];
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t s = 0; s < slices_.count(); ++s, y += slices_.slice) {
        const std::int64_t at = slices_.place(s, index(a, b, s));
        T* x = g.inputs[0] + b * data_stride_;
        for (std::int64_t i = 0; at >= 0 && i < slices_.slice; ++i) x[at + i] += y[i];
      }
  }

 private:
  template <typename S>
  const S* index(const Arguments<S>& a, std::int64_t b, std::int64_t s) const {
    return a.inputs[1] + b * index_stride_ + s * static_cast<std::int64_t>(slices_.depth());
  }
  template <typename S>
  void read(std::int64_t s, const S* data, const S* index, S* y) const {
    const std::int64_t at = slices_.place(s, index);
    if (at >= 0) {
      std::copy_n(data + at, slices_.slice, y);
      return;
    }
    if (std::is_same_v<S, std::int64_t>) throw InputError("an index is out of range");
    std::fill_n(y, slices_.slice, undefined<S>());  // ONNX gives it no meaning
  }
  void read(std::int64_t s, const Enclosed* data, const Enclosed* index, Enclosed* y) const {
    // The middle first, where it is in range: it is the value.
    const std::int64_t middle = slices_.place(s, index);
    bool found = middle >= 0;
    std::fill_n(y, slices_.slice, undefined<Enclosed>());
    if (found) std::copy_n(data + middle, slices_.slice, y);
    slices_.for_each_place(s, index, [&](std::int64_t at) {
      for (std::int64_t i = 0; i < slices_.slice; ++i)
        y[i] = !found ? data[at + i] : at == middle ? y[i] : hull(y[i], data[at + i]);
      found = true;
    });
  }

  IndexedSlices slices_;
  std::int64_t data_stride_, index_stride_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 2, 2);
  const Value &data = input_of(network, node, 0), &indices = input_of(network, node, 1);
  if (indices.type != DataType::int64) throw InputError("indices are no integers");
  const IndexedSlices slices = gather_slices_of(network, node);
  if (indices.constant) constant_places(slices, indices.constant->as_int64());  // for its checks
  Shape shape = indices.shape;
  if (is_list_form(node)) {
    shape.pop_back();
    const auto walked = node.int_attribute("batch_dims", 0) + indices.shape.back();
    shape.insert(shape.end(), data.shape.begin() + walked, data.shape.end());
    node.kind = indices.constant ? OpKind::gather_nd : OpKind::gather_nd_at;
  } else {
    node.kind = indices.constant ? OpKind::gather_elements : OpKind::gather_elements_at;
  }
  set_output(network, node, 0, data.type, shape);
}

}  // namespace

OpVerbs verbs_of_gather_elements() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_gather_elements_at() {
  return {infer, prepare_as<GatherAtOp>};
}
OpVerbs verbs_of_gather_nd() {
  return {infer, prepare_movement<map>};
}
OpVerbs verbs_of_gather_nd_at() {
  return {infer, prepare_as<GatherAtOp>};
}

}  // namespace clipbound::specs
