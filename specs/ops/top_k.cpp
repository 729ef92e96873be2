// Idea: TopK: the k largest (smallest) elements of every list along an axis, best first, and where
// they are. Of equal ones the first comes first.
// Source: ONNX operator specification, TopK (opset 1: k is an attribute; 10: an input; 11: largest,
// sorted).
// Guarantees: an enclosed value lies between the order statistics of the lower and of the upper
// ends; an enclosed index reaches to every index that may have its rank (S1).
#include <algorithm>
#include <limits>
#include <numeric>

#include "specs/network/absent_elements.h"
#include "specs/ops/enclosed_functions.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {
namespace {

std::int64_t count_of(const Network& network, const Node& node) {
  if (node.opset < 10) return node.int_attribute("k", -1);
  const std::vector<std::int64_t> given = constant_ints(network, node, 1, "k");
  if (given.size() != 1) throw InputError("k is no single number");
  return given[0];
}

class TopKOp {
 public:
  TopKOp(const Network& network, const Node& node) : k_(count_of(network, node)) {
    const Shape& shape = input_of(network, node, 0).shape;
    const auto axis =
        static_cast<std::size_t>(checked_axis(node.int_attribute("axis", -1), shape.size()));
    length_ = shape[axis];
    inner_ = strides_of(shape)[axis];
    lists_ = element_count(shape) / length_;
    point_stride_ = point_stride(network, node.inputs[0]);
    largest_ = node.int_attribute("largest", 1) != 0;
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    std::vector<S> x(static_cast<std::size_t>(length_));
    std::vector<std::int64_t> order;
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < lists_; ++i) {
        const S* from = a.inputs[0] + b * point_stride_ + first_of(i, length_);
        for (std::size_t j = 0; j < x.size(); ++j)
          x[j] = from[static_cast<std::int64_t>(j) * inner_];
        const std::int64_t to = b * lists_ * k_ + first_of(i, k_);
        S* values = a.outputs[0] + to;
        S* indices = a.outputs.size() > 1 ? a.outputs[1] + to : nullptr;
        if (std::any_of(x.begin(), x.end(), [](S v) { return is_nan(v); })) {
          for (std::int64_t r = 0; r < k_; ++r) {  // ONNX gives it no meaning
            values[r * inner_] = undefined<S>();
            if (indices != nullptr) indices[r * inner_] = undefined<S>();
          }
          continue;
        }
        rank(x, order);
        write(x, order, values, indices);
      }
  }

  /// To the elements that were taken.
  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr || g.outputs[0] == nullptr) return;
    std::vector<T> x(static_cast<std::size_t>(length_));
    std::vector<std::int64_t> order;
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (std::int64_t i = 0; i < lists_; ++i) {
        const std::int64_t from = b * point_stride_ + first_of(i, length_);
        for (std::size_t j = 0; j < x.size(); ++j)
          x[j] = a.inputs[0][from + static_cast<std::int64_t>(j) * inner_];
        if (std::any_of(x.begin(), x.end(), [](T v) { return is_nan(v); })) continue;
        rank(x, order);
        const T* y = g.outputs[0] + b * lists_ * k_ + first_of(i, k_);
        for (std::int64_t r = 0; r < k_; ++r)
          g.inputs[0][from + order[static_cast<std::size_t>(r)] * inner_] += y[r * inner_];
      }
  }

 private:
  static double middle(Enclosed x) { return x.value; }
  template <typename S>
  static S middle(S x) {
    return x;
  }
  template <typename S>
  static bool is_nan(S x) {
    return middle(x) != middle(x);
  }

  /// Where list i begins in a tensor whose lists have `length` elements.
  std::int64_t first_of(std::int64_t i, std::int64_t length) const {
    return i / inner_ * inner_ * length + i % inner_;
  }

  /// order becomes the first k elements of the list by rank.
  template <typename S>
  void rank(const std::vector<S>& x, std::vector<std::int64_t>& order) const {
    order.resize(x.size());
    std::iota(order.begin(), order.end(), 0);
    const auto before = [&](std::int64_t i, std::int64_t j) {
      const auto u = middle(x[static_cast<std::size_t>(i)]),
                 v = middle(x[static_cast<std::size_t>(j)]);
      return u == v ? i < j : largest_ ? u > v : u < v;
    };
    std::partial_sort(order.begin(), order.begin() + k_, order.end(), before);
  }

  template <typename S>
  void write(const std::vector<S>& x, const std::vector<std::int64_t>& order, S* values,
             S* indices) const {
    for (std::int64_t r = 0; r < k_; ++r) {
      const std::int64_t j = order[static_cast<std::size_t>(r)];
      values[r * inner_] = x[static_cast<std::size_t>(j)];
      if (indices != nullptr) indices[r * inner_] = static_cast<S>(j);
    }
  }
  void write(const std::vector<Enclosed>& x, const std::vector<std::int64_t>& order,
             Enclosed* values, Enclosed* indices) const {
    std::vector<double> low, high;
    bool exact = true;
    for (const Enclosed& v : x) {
      low.push_back(lower_end(v));
      high.push_back(upper_end(v));
      if (!(low.back() <= v.value)) low.back() = -std::numeric_limits<double>::infinity();
      if (!(high.back() >= v.value)) high.back() = std::numeric_limits<double>::infinity();
      exact = exact && v.error == 0.0;
    }
    std::vector<double> sorted_low = low, sorted_high = high;
    sort_by_rank(sorted_low);
    sort_by_rank(sorted_high);
    for (std::int64_t r = 0; r < k_; ++r) {
      const auto place = static_cast<std::size_t>(r);
      const std::int64_t j = order[place];
      const double v = x[static_cast<std::size_t>(j)].value;
      const double reach = std::max(sorted_high[place] - v, v - sorted_low[place]);
      values[r * inner_] = with_error(v, reach == 0.0 ? 0.0 : inflate(reach, 2));
      if (indices == nullptr) continue;
      const double far = exact ? 0.0 : farthest(low, high, r, j);
      indices[r * inner_] = {static_cast<double>(j), far};
    }
  }
  void sort_by_rank(std::vector<double>& list) const {
    std::sort(list.begin(), list.end(),
              [this](double u, double v) { return largest_ ? u > v : u < v; });
  }
  /// How far from index j another one is that may have rank r too.
  double farthest(const std::vector<double>& low, const std::vector<double>& high, std::int64_t r,
                  std::int64_t j) const {
    const auto n = low.size();
    const auto certainly_before = [&](std::size_t p, std::size_t q) {
      if (low[p] == high[p] && low[q] == high[q] && low[p] == low[q]) return p < q;
      return largest_ ? low[p] > high[q] : high[p] < low[q];
    };
    std::int64_t far = 0;
    for (std::size_t i = 0; i < n; ++i) {
      std::int64_t before = 0, behind = 0;
      for (std::size_t p = 0; p < n; ++p) {
        if (p == i) continue;
        before += certainly_before(p, i) ? 1 : 0;
        behind += certainly_before(i, p) ? 1 : 0;
      }
      if (before <= r && r <= static_cast<std::int64_t>(n) - 1 - behind)
        far = std::max(far, std::abs(static_cast<std::int64_t>(i) - j));
    }
    return static_cast<double>(far);
  }

  std::int64_t k_, length_, inner_, lists_, point_stride_;
  bool largest_;
};

void infer(Network& network, Node& node) {
  expect_arity(node, node.opset < 10 ? 1 : 2, node.opset < 10 ? 1 : 2, 2);
  if (node.outputs.size() > 1 && node.outputs[1] == kNoValue) node.outputs.pop_back();
  const Value& x = input_of(network, node, 0);
  if (x.type == DataType::boolean) throw InputError("input is boolean");
  Shape shape = x.shape;
  const auto axis =
      static_cast<std::size_t>(checked_axis(node.int_attribute("axis", -1), shape.size()));
  const std::int64_t k = count_of(network, node);
  if (k < 0 || k > shape[axis])
    throw InputError("the best " + std::to_string(k) + " of " + std::to_string(shape[axis]));
  if (k == 0) throw Unsupported("the best 0 elements");
  if (k > 1 && node.int_attribute("sorted", 1) == 0)
    throw Unsupported("sorted = 0, where any order will do");
  shape[axis] = k;
  const DataType type = x.type;
  set_output(network, node, 0, type, shape);
  if (node.outputs.size() > 1) set_output(network, node, 1, DataType::int64, shape);
}

}  // namespace

OpVerbs verbs_of_top_k() {
  return {infer, prepare_as<TopKOp>};
}

}  // namespace clipbound::specs
