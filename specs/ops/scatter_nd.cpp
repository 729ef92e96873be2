// Idea: ScatterND: the data with slices replaced at indices, which may depend on the input.
// Source: ONNX operator specification, ScatterND.
// Guarantees: an index whose running error leaves it open makes every slice that it may mean
// uncertain (S1).
#include <algorithm>

#include "specs/network/absent_elements.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

class ScatterNDOp {
 public:
  ScatterNDOp(const Network& network, const Node& node) : shape_(input_of(network, node, 0).shape) {
    const Shape& indices = input_of(network, node, 1).shape;
    depth_ = indices.back();
    slices_ = element_count(Shape(indices.begin(), indices.end() - 1));
    size_ = element_count(shape_);
    slice_ = element_count(Shape(shape_.begin() + depth_, shape_.end()));
    strides_ = strides_of(shape_);
    for (const ValueId id : node.inputs) point_stride_.push_back(point_stride(network, id));
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      S* y = a.outputs[0] + b * size_;
      std::copy_n(a.inputs[0] + b * point_stride_[0], size_, y);
      for (std::int64_t s = 0; s < slices_; ++s)
        if (!write(a.inputs[1] + b * point_stride_[1] + s * depth_,
                   a.inputs[2] + b * point_stride_[2] + s * slice_, y)) {
          if (std::is_same_v<S, std::int64_t>) throw InputError("an index is out of range");
          std::fill_n(y, size_, undefined<S>());  // ONNX gives it no meaning
          break;
        }
    }
  }

  /// What has been overwritten passes nothing on; the last update of an element gets its cotangent.
  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    std::vector<T> rest(static_cast<std::size_t>(size_));
    for (std::int64_t b = 0; b < a.batch; ++b) {
      std::copy_n(g.outputs[0] + b * size_, size_, rest.begin());
      for (std::int64_t s = slices_; s-- > 0;) {
        const std::int64_t at = place(a.inputs[1] + b * point_stride_[1] + s * depth_);
        for (std::int64_t i = 0; at >= 0 && i < slice_; ++i) {
          T& cotangent = rest[static_cast<std::size_t>(at + i)];
          if (g.inputs[2] != nullptr)
            g.inputs[2][b * point_stride_[2] + s * slice_ + i] += cotangent;
          cotangent = T(0);
        }
      }
      if (g.inputs[0] == nullptr) continue;
      for (std::int64_t i = 0; i < size_; ++i)
        g.inputs[0][b * point_stride_[0] + i] += rest[static_cast<std::size_t>(i)];
    }
  }

 private:
  static constexpr std::int64_t kOutside = -1, kAbsent = -2;

  /// Writes one slice; false where its index is out of range.
  template <typename S>
  bool write(const S* index, const S* update, S* y) const {
    const std::int64_t at = place(index);
    if (at >= 0) std::copy_n(update, slice_, y + at);
    return at != kOutside;
  }
  bool write(const Enclosed* index, const Enclosed* update, Enclosed* y) const {
    if (is_absent(index)) return true;
    if (std::all_of(index, index + depth_, [](Enclosed x) { return x.error == 0.0; })) {
      const std::int64_t at = place(index);
      if (at >= 0) std::copy_n(update, slice_, y + at);
      return at != kOutside;
    }
    // It may lie anywhere, or nowhere.
    for (std::int64_t i = 0; i < size_; ++i) y[i] = hull(y[i], update[i % slice_]);
    return true;
  }

  static double highest(double x) { return x; }
  static double highest(Enclosed x) { return upper_end(x); }
  static double middle(double x) { return x; }
  static double middle(Enclosed x) { return x.value; }
  /// Integers become float64 on the way, which is exact for all that are in range.
  template <typename S>
  static auto plain(S x) {
    if constexpr (std::is_same_v<S, Enclosed>)
      return x;
    else
      return static_cast<double>(x);
  }
  template <typename S>
  bool is_absent(const S* index) const {
    return std::any_of(index, index + depth_, [](S x) { return highest(plain(x)) < kAbsentBelow; });
  }
  /// Where the slice of an index begins, or kOutside, or kAbsent.
  template <typename S>
  std::int64_t place(const S* index) const {
    if (is_absent(index)) return kAbsent;
    std::int64_t at = 0;
    for (std::int64_t d = 0; d < depth_; ++d) {
      const auto length = static_cast<double>(shape_[static_cast<std::size_t>(d)]);
      double i = middle(plain(index[d]));
      if (i < 0.0) i += length;
      if (!(i >= 0.0 && i < length)) return kOutside;
      at += static_cast<std::int64_t>(i) * strides_[static_cast<std::size_t>(d)];
    }
    return at;
  }

  Shape shape_;
  std::int64_t depth_, slices_, slice_, size_;
  std::vector<std::int64_t> strides_, point_stride_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 3, 3);
  expect_same_type(network, node, 0, 2);
  if (string_attribute(node, "reduction", "none") != "none")
    throw Unsupported("a reduction other than none");
  const Value& data = input_of(network, node, 0);
  const Shape& indices = input_of(network, node, 1).shape;
  if (input_of(network, node, 1).type != DataType::int64)
    throw InputError("indices are no integers");
  if (indices.empty() || indices.back() < 1 ||
      indices.back() > static_cast<std::int64_t>(data.shape.size()))
    throw InputError("indices of shape " + to_string(indices) + " do not fit " +
                     to_string(data.shape));
  Shape expected(indices.begin(), indices.end() - 1);
  expected.insert(expected.end(), data.shape.begin() + indices.back(), data.shape.end());
  if (input_of(network, node, 2).shape != expected)
    throw InputError("updates of shape " + to_string(input_of(network, node, 2).shape) +
                     " instead of " + to_string(expected));
  set_output(network, node, 0, data.type, data.shape);
}

}  // namespace

OpVerbs verbs_of_scatter_nd() {
  return {infer, prepare_as<ScatterNDOp>};
}

}  // namespace clipbound::specs
