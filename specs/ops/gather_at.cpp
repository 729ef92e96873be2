// Idea: the form of Gather whose indices depend on the input.
// Source: ONNX operator specification, Gather, with indices that are computed.
// Guarantees: copies are exact; an index whose running error leaves it open stands for every
// element that it may mean, and one out of range for a number that has no meaning (S1).
#include <cmath>

#include "specs/network/absent_elements.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

std::size_t axis_of(const Network& network, const Node& node) {
  return static_cast<std::size_t>(
      checked_axis(node.int_attribute("axis", 0), input_of(network, node, 0).shape.size()));
}

class GatherAtOp {
 public:
  GatherAtOp(const Network& network, const Node& node) {
    const Shape& shape = input_of(network, node, 0).shape;
    const std::size_t axis = axis_of(network, node);
    length_ = shape[axis];
    inner_ = strides_of(shape)[axis];
    outer_ = element_count(shape) / (length_ * inner_);
    count_ = input_of(network, node, 1).size();
    data_stride_ = point_stride(network, node.inputs[0]);
    index_stride_ = point_stride(network, node.inputs[1]);
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * data_stride_;
      S* y = a.outputs[0] + b * outer_ * count_ * inner_;
      for (std::int64_t k = 0; k < count_; ++k) {
        const S index = a.inputs[1][b * index_stride_ + k];
        if constexpr (std::is_same_v<S, Enclosed>) {
          take_any(x, lower_end(index), upper_end(index), k, y);
        } else {
          take(x, static_cast<double>(index), k, y);
        }
      }
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const T* from = g.outputs[0] + b * outer_ * count_ * inner_;
      T* to = g.inputs[0] + b * data_stride_;
      for (std::int64_t k = 0; k < count_; ++k) {
        const std::int64_t at = place(static_cast<double>(a.inputs[1][b * index_stride_ + k]));
        for (std::int64_t o = 0; at >= 0 && o < outer_; ++o) {
          for (std::int64_t i = 0; i < inner_; ++i)
            to[(o * length_ + at) * inner_ + i] += from[(o * count_ + k) * inner_ + i];
        }
      }
    }
  }

 private:
  /// The element that an index means; negative where it means none.
  std::int64_t place(double index) const {
    const auto length = static_cast<double>(length_);
    if (!(index >= -length && index < length)) return -1;
    const auto whole = static_cast<std::int64_t>(index);
    return whole < 0 ? whole + length_ : whole;
  }
  template <typename S, typename Put>
  void each(std::int64_t at, std::int64_t k, const S* x, S* y, const Put& put) const {
    for (std::int64_t o = 0; o < outer_; ++o) {
      for (std::int64_t i = 0; i < inner_; ++i)
        put(y[(o * count_ + k) * inner_ + i],
            at < 0 ? undefined<S>() : x[(o * length_ + at) * inner_ + i]);
    }
  }
  template <typename S>
  void take(const S* x, double index, std::int64_t k, S* y) const {
    const std::int64_t at = place(index);
    if (std::is_same_v<S, std::int64_t> && at < 0) throw InputError("an index is out of range");
    each(at, k, x, y, [](S& to, const S& from) { to = from; });
  }
  /// The slice at any whole index in [low, high].
  void take_any(const Enclosed* x, double low, double high, std::int64_t k, Enclosed* y) const {
    const double first = std::ceil(low);
    if (!(high - low <= static_cast<double>(2 * length_)) || first > high)
      return each(-1, k, x, y, [](Enclosed& to, const Enclosed& from) { to = from; });
    take(x, first, k, y);
    for (double index = first + 1.0; index <= high; index += 1.0)
      each(place(index), k, x, y, [](Enclosed& to, const Enclosed& from) { to = hull(to, from); });
  }

  std::int64_t length_, inner_, outer_, count_, data_stride_, index_stride_;
};

void infer(Network& network, Node& node) {
  const auto axis = static_cast<std::ptrdiff_t>(axis_of(network, node));
  const Value& data = input_of(network, node, 0);
  const Value& indices = input_of(network, node, 1);
  if (indices.type != DataType::int64) throw InputError("indices are no integers");
  Shape shape(data.shape.begin(), data.shape.begin() + axis);
  shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
  shape.insert(shape.end(), data.shape.begin() + axis + 1, data.shape.end());
  set_output(network, node, 0, data.type, shape);
}

}  // namespace

OpVerbs verbs_of_gather_at() {
  return {infer, prepare_as<GatherAtOp>};
}

}  // namespace clipbound::specs
