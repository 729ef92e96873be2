// Idea: the form of Slice whose start depends on the input. Its size must not: the end is the start
// plus a constant, and the step is 1. ONNX cuts a slice at the border; what is cut off does not
// exist here (specs/network/absent_elements.h).
// Source: ONNX operator specification, Slice, with starts that depend on the input.
// Guarantees: copies are exact (S1); elements beyond the border are absent, never another element.
#include <algorithm>
#include <cmath>

#include "specs/network/absent_elements.h"
#include "specs/ops/affine_index.h"
#include "specs/ops/enclosed_functions.h"

namespace clipbound::specs {
namespace {

constexpr std::int64_t kEmpty = -1, kCut = -2;
constexpr double kNowhere = 0x1p60;  // a start that means nothing

/// The axis whose start is computed, and how many elements it takes.
struct ComputedSlice {
  std::size_t axis;
  std::int64_t count;
};

ComputedSlice computed_slice(const Network& network, const Node& node) {
  const Shape& shape = input_of(network, node, 0).shape;
  if (!has_input(node, 1) || !has_input(node, 2)) throw InputError("has no starts or ends");
  if (input_of(network, node, 1).size() != 1 || input_of(network, node, 2).size() != 1)
    throw Unsupported("several computed starts");
  if (has_input(node, 4) &&
      constant_ints(network, node, 4, "the steps") != std::vector<std::int64_t>{1})
    throw Unsupported("a computed start with a step");
  const std::vector<std::int64_t> axes =
      has_input(node, 3) ? checked_axes(constant_ints(network, node, 3, "the axes"), shape.size())
                         : std::vector<std::int64_t>{0};
  if (axes.size() != 1 || shape.empty()) throw InputError("needs one axis");
  const AffineIndex start = affine_index(network, node.inputs[1]),
                    end = affine_index(network, node.inputs[2]);
  const auto axis = static_cast<std::size_t>(axes[0]);
  if (start.root == kNoValue || start.root != end.root)
    throw Unsupported("the number of elements depends on the network's input");
  const std::int64_t count = end.offset - start.offset;
  if (count < 1 || count > shape[axis])
    throw Unsupported("takes " + std::to_string(count) + " elements");
  return {axis, count};
}

class SliceAtOp {
 public:
  SliceAtOp(const Network& network, const Node& node) {
    const Shape& shape = input_of(network, node, 0).shape;
    const ComputedSlice slice = computed_slice(network, node);
    length_ = shape[slice.axis];
    inner_ = strides_of(shape)[slice.axis];
    outer_ = element_count(shape) / (length_ * inner_);
    count_ = slice.count;
    data_stride_ = point_stride(network, node.inputs[0]);
    start_stride_ = point_stride(network, node.inputs[1]);
    whole_ = input_of(network, node, 0).type == DataType::int64;
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * data_stride_;
      S* y = a.outputs[0] + b * size();
      const S start = a.inputs[1][b * start_stride_];
      if constexpr (std::is_same_v<S, Enclosed>) {
        take_any(x, lower_end(start), upper_end(start), y);
      } else {
        take(x, static_cast<double>(start), y);
      }
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const std::int64_t first = first_of(static_cast<double>(a.inputs[1][b * start_stride_]));
      if (first < 0) continue;
      for (std::int64_t o = 0; o < outer_; ++o)
        for (std::int64_t i = 0; i < count_ * inner_; ++i)
          g.inputs[0][b * data_stride_ + (o * length_ + first) * inner_ + i] +=
              g.outputs[0][b * size() + o * count_ * inner_ + i];
    }
  }

 private:
  std::int64_t size() const { return outer_ * count_ * inner_; }
  /// The first element taken, by ONNX's clamping rules; kEmpty where they leave nothing, kCut where
  /// they leave a part.
  std::int64_t first_of(double start) const {
    if (!(std::fabs(start) < 0x1p53)) return kCut;
    const auto clamped = [this](std::int64_t x) {
      return std::clamp<std::int64_t>(x < 0 ? x + length_ : x, 0, length_);
    };
    const auto whole = static_cast<std::int64_t>(start);
    const std::int64_t first = clamped(whole), count = clamped(whole + count_) - first;
    return count == count_ ? first : count <= 0 ? kEmpty : kCut;
  }
  /// A list of integers that is cut loses its last elements: they do not exist, and those before
  /// keep their places whatever the shape becomes. Other slices that are cut have no meaning here.
  template <typename S>
  void take(const S* x, double start, S* y) const {
    const std::int64_t first = first_of(start);
    if (first < 0) {
      if (!std::is_same_v<S, std::int64_t> && first == kCut && whole_ && outer_ * inner_ == 1 &&
          start >= 0.0 && start < static_cast<double>(length_)) {
        const auto begin = static_cast<std::int64_t>(start);
        std::copy_n(x + begin, length_ - begin, y);
        std::fill(y + (length_ - begin), y + count_, S(kAbsentIndex));
        return;
      }
      if (std::is_same_v<S, std::int64_t> && first == kCut)
        throw InputError("a start is out of range");
      std::fill_n(y, size(), first == kEmpty && whole_ ? S(kAbsentIndex) : undefined<S>());
      return;
    }
    for (std::int64_t o = 0; o < outer_; ++o)
      std::copy_n(x + (o * length_ + first) * inner_, count_ * inner_, y + o * count_ * inner_);
  }
  /// The slice at any whole start in [low, high].
  void take_any(const Enclosed* x, double low, double high, Enclosed* y) const {
    if (!(high - low <= static_cast<double>(2 * length_))) return take(x, kNowhere, y);
    std::vector<Enclosed> other(static_cast<std::size_t>(size()));
    bool first = true;
    for (double start = std::ceil(low); start <= high; start += 1.0) {
      take(x, start, first ? y : other.data());
      for (std::size_t i = 0; !first && i < other.size(); ++i) y[i] = hull(y[i], other[i]);
      first = false;
    }
    if (first) take(x, kNowhere, y);
  }

  std::int64_t length_, inner_, outer_, count_, data_stride_, start_stride_;
  bool whole_;  ///< the data are integers
};

void infer(Network& network, Node& node) {
  const ComputedSlice slice = computed_slice(network, node);
  Shape shape = input_of(network, node, 0).shape;
  shape[slice.axis] = slice.count;
  set_output(network, node, 0, input_of(network, node, 0).type, shape);
}

}  // namespace

OpVerbs verbs_of_slice_at() {
  return {infer, prepare_as<SliceAtOp>};
}

}  // namespace clipbound::specs
