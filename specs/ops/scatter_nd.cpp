// ScatterND: the data with slices replaced at indices, which may depend on the input.
#include <algorithm>
#include <limits>

#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound {
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
      const S* updates = a.inputs[2] + b * point_stride_[2];
      std::copy_n(a.inputs[0] + b * point_stride_[0], size_, y);
      for (std::int64_t s = 0; s < slices_; ++s) {
        const std::int64_t at = place(a.inputs[1] + b * point_stride_[1] + s * depth_);
        if (at < 0) {
          not_defined(y);
          break;
        }
        std::copy_n(updates + s * slice_, slice_, y + at);
      }
    }
  }
  void run(const Arguments<Enclosed>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      Enclosed* y = a.outputs[0] + b * size_;
      const Enclosed* updates = a.inputs[2] + b * point_stride_[2];
      std::copy_n(a.inputs[0] + b * point_stride_[0], size_, y);
      for (std::int64_t s = 0; s < slices_; ++s) {
        const Enclosed* index = a.inputs[1] + b * point_stride_[1] + s * depth_;
        if (!is_exact(index)) {  // the slice may lie anywhere
          for (std::int64_t i = 0; i < size_; ++i) y[i] = hull(y[i], updates[s * slice_ + i % slice_]);
          continue;
        }
        const std::int64_t at = place(index);
        if (at < 0) {
          not_defined(y);
          break;
        }
        std::copy_n(updates + s * slice_, slice_, y + at);
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
          if (g.inputs[2] != nullptr) g.inputs[2][b * point_stride_[2] + s * slice_ + i] += cotangent;
          cotangent = T(0);
        }
      }
      if (g.inputs[0] == nullptr) continue;
      for (std::int64_t i = 0; i < size_; ++i)
        g.inputs[0][b * point_stride_[0] + i] += rest[static_cast<std::size_t>(i)];
    }
  }

 private:
  bool is_exact(const Enclosed* index) const {
    return std::all_of(index, index + depth_, [](Enclosed x) { return x.error == 0.0; });
  }
  /// Where the slice of an index begins; -1 where it is out of range, or no number.
  template <typename S>
  std::int64_t place(const S* index) const {
    std::int64_t at = 0;
    for (std::int64_t d = 0; d < depth_; ++d) {
      const auto length = static_cast<double>(shape_[static_cast<std::size_t>(d)]);
      double i;
      if constexpr (std::is_same_v<S, Enclosed>)
        i = index[d].value;
      else
        i = static_cast<double>(index[d]);
      if (i < 0.0) i += length;
      if (!(i >= 0.0 && i < length)) return -1;
      at += static_cast<std::int64_t>(i) * strides_[static_cast<std::size_t>(d)];
    }
    return at;
  }
  /// ONNX gives no meaning to an index out of range.
  template <typename S>
  void not_defined(S* y) const {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      throw InputError("an index is out of range");
    } else {
      const double nothing = std::numeric_limits<double>::quiet_NaN();
      S value = static_cast<S>(nothing);
      if constexpr (std::is_same_v<S, Enclosed>) value = with_error(nothing, 0.0);
      std::fill_n(y, size_, value);
    }
  }

  Shape shape_;
  std::int64_t depth_, slices_, slice_, size_;
  std::vector<std::int64_t> strides_, point_stride_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, 3, 3);
  expect_same_type(network, node, 0, 2);
  if (string_attribute(node, "reduction", "none") != "none") throw Unsupported("a reduction other than none");
  const Value& data = input_of(network, node, 0);
  const Shape& indices = input_of(network, node, 1).shape;
  if (input_of(network, node, 1).type != DataType::int64) throw InputError("indices are no integers");
  if (indices.empty() || indices.back() < 1 || indices.back() > static_cast<std::int64_t>(data.shape.size()))
    throw InputError("indices of shape " + to_string(indices) + " do not fit " + to_string(data.shape));
  Shape expected(indices.begin(), indices.end() - 1);
  expected.insert(expected.end(), data.shape.begin() + indices.back(), data.shape.end());
  if (input_of(network, node, 2).shape != expected)
    throw InputError("updates of shape " + to_string(input_of(network, node, 2).shape) + " instead of " +
                     to_string(expected));
  set_output(network, node, 0, data.type, data.shape);
}

}  // namespace

OpVerbs verbs_of_scatter_nd() {
  return {infer, prepare_as<ScatterNDOp>};
}

}  // namespace clipbound
