// Idea: Gemm and MatMul with a constant operand.
// Source: own.
// Guarantees: exact weights; roundings go into radii (S1).
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/error.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/ops/structured.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// Y[m, n] = sum_k A[m, k] B[k, n] for one pair of matrices: appends the terms of all Y in C order.
struct Product {
  std::int64_t m, k, n;
  bool constant_left;  ///< else right
  /// Strides of the constant operand: element (i, j) at i * row + j * col.
  std::int64_t constant_row, constant_col;
  std::int64_t moving_row, moving_col;
  std::int64_t constant_first, moving_first;
};

/// The nonzero entries of a matrix by one of its axes, in the order of memory: networks hold large
/// matrices that are mostly zero.
struct NonZeros {
  std::vector<std::int64_t> begin;                       ///< [lines + 1]
  std::vector<std::pair<std::int64_t, double>> entries;  ///< (position along the line, value)
};

/// Lines are rows (by_row) or columns of the [rows, cols] matrix with entry (r, c) at first + r *
/// row_step + c * col_step.
template <typename T>
NonZeros non_zeros(const std::vector<T>& values, std::int64_t first, std::int64_t rows,
                   std::int64_t cols, std::int64_t row_step, std::int64_t col_step, bool by_row) {
  NonZeros result;
  result.begin.assign(static_cast<std::size_t>(by_row ? rows : cols) + 1, 0);
  // Walk in the order of memory, twice: count, then fill.
  const bool row_major = col_step == 1;
  const std::int64_t outer = row_major ? rows : cols, inner = row_major ? cols : rows;
  const auto walk = [&](auto&& visit) {
    for (std::int64_t a = 0; a < outer; ++a) {
      const T* line = values.data() + first + a * (row_major ? row_step : col_step);
      const std::int64_t step = row_major ? col_step : row_step;
      for (std::int64_t b = 0; b < inner; ++b) {
        if (line[b * step] != T{})
          visit(row_major ? a : b, row_major ? b : a, static_cast<double>(line[b * step]));
      }
    }
  };
  walk([&](std::int64_t r, std::int64_t c, double) {
    ++result.begin[static_cast<std::size_t>(by_row ? r : c) + 1];
  });
  for (std::size_t k = 1; k < result.begin.size(); ++k) result.begin[k] += result.begin[k - 1];
  result.entries.resize(static_cast<std::size_t>(result.begin.back()));
  std::vector<std::int64_t> next(result.begin.begin(), result.begin.end() - 1);
  walk([&](std::int64_t r, std::int64_t c, double x) {
    result.entries[static_cast<std::size_t>(next[static_cast<std::size_t>(by_row ? r : c)]++)] = {
        by_row ? c : r, x};
  });
  return result;
}

/// Checks that all are finite and lists the nonzero ones by row (constant on the left) or column
/// (on the right).
NonZeros constant_lines(LowerContext& context, const Node& node, ValueId id, const Product& p) {
  const auto scan = [&](const auto& values) -> NonZeros {
    for (const auto x : values) {
      if (!std::isfinite(static_cast<double>(x)))
        throw InputError(context.network().source + ": " + describe(node) +
                         " has a weight that is not finite");
    }
    return non_zeros(values, p.constant_first, p.constant_left ? p.m : p.k,
                     p.constant_left ? p.k : p.n, p.constant_row, p.constant_col, p.constant_left);
  };
  return std::visit(scan, context.network().value(id).constant->values);
}

/// For so many more elements; products of a batch are appended one by one, so at least doubled.
template <typename T>
void make_room(std::vector<T>& list, std::size_t more) {
  if (list.capacity() - list.size() < more)
    list.reserve(std::max(list.size() + more, 2 * list.capacity()));
}

void append_product(const Product& p, const NonZeros& lines, std::vector<WeightedTerm>& terms,
                    std::vector<std::int64_t>& begin, std::int32_t input) {
  // Each line of the constant is read once per line of the other operand. Growing a list of
  // millions of terms step by step took as long as filling it.
  const std::int64_t times = p.constant_left ? p.n : p.m;
  make_room(terms, static_cast<std::size_t>(times) * lines.entries.size());
  make_room(begin, static_cast<std::size_t>(p.m * p.n));
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      const auto line = static_cast<std::size_t>(p.constant_left ? i : j);
      for (auto e = lines.begin[line]; e < lines.begin[line + 1]; ++e) {
        const auto& [k, weight] = lines.entries[static_cast<std::size_t>(e)];
        const std::int64_t v =
            p.moving_first + (p.constant_left ? k * p.moving_row + j * p.moving_col
                                              : i * p.moving_row + k * p.moving_col);
        terms.push_back({input, v, weight});
      }
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
  }
}

/// Which operand is the constant one; throws Unsupported where neither is.
bool constant_is_left(LowerContext& context, const Node& node) {
  if (context.network().is_constant(node.inputs[1])) return false;
  if (context.network().is_constant(node.inputs[0])) return true;
  throw Unsupported("products of two variables are not bounded here");
}

/// The matrix [k, n] (transposed: [n, k]) of one line of a moving operand: a convolution of images
/// of one element, k channels wide.
ConvolutionMap dense_map(LowerContext& context, const Node& node, ValueId id, bool transposed) {
  const Shape& b = context.network().value(id).shape;
  const std::int64_t k = b[transposed ? 1 : 0], n = b[transposed ? 0 : 1];
  const Shape one{1}, zero{0};
  const WindowShape windows{one, one, one, one, zero, zero, one};
  if (transposed)
    return {ConvolutionMap::Direction::conv, windows, {k, n, 1}, weights_of(context, node, id)};
  return {
      ConvolutionMap::Direction::conv_transpose, windows, {n, k, 1}, weights_of(context, node, id)};
}

/// The product where its matrix is large in a network of large convolutions, whose layers are
/// whole; nullopt elsewhere. `lines`: of the moving operand, which is on the left.
std::optional<AffineForm> structured_product(LowerContext& context, const Node& node,
                                             std::int64_t lines, bool transposed) {
  const Network& network = context.network();
  const bool biased = node.inputs.size() > 2 && node.inputs[2] != kNoValue &&
                      node.float_attribute("beta", 1.0) != 0.0;
  if (lines != 1 || !context.keeps_layers_whole() ||
      network.value(node.inputs[1]).shape.size() != 2 ||
      !pays_structured(context, static_cast<double>(network.value(node.inputs[1]).size())) ||
      node.float_attribute("alpha", 1.0) != 1.0 ||
      (biased &&
       (node.float_attribute("beta", 1.0) != 1.0 || !network.is_constant(node.inputs[2]))))
    return std::nullopt;
  std::vector<double> bias;
  if (biased) {
    const std::vector<double> given = constant_of(context, node, node.inputs[2]);
    for (const std::int64_t e :
         broadcast_map(network.value(node.inputs[2]).shape, network.value(node.outputs[0]).shape))
      bias.push_back(given[static_cast<std::size_t>(e)]);
  }
  return apply_map(context, dense_map(context, node, node.inputs[1], transposed), node.inputs[0],
                   bias);
}

}  // namespace

/// Gemm: alpha * op(A) op(B) + beta * C.
std::vector<AffineForm> lower_gemm(LowerContext& context, const Node& node) {
  const bool left = constant_is_left(context, node);
  const bool ta = node.int_attribute("transA", 0) != 0, tb = node.int_attribute("transB", 0) != 0;
  const double alpha = node.float_attribute("alpha", 1.0), beta = node.float_attribute("beta", 1.0);
  const Shape &a = context.network().value(node.inputs[0]).shape,
              &b = context.network().value(node.inputs[1]).shape;
  Product p{};
  p.m = ta ? a[1] : a[0];
  p.k = ta ? a[0] : a[1];
  p.n = tb ? b[0] : b[1];
  p.constant_left = left;
  const std::int64_t a_row = ta ? 1 : a[1], a_col = ta ? a[1] : 1, b_row = tb ? 1 : b[1],
                     b_col = tb ? b[1] : 1;
  p.constant_row = left ? a_row : b_row, p.constant_col = left ? a_col : b_col;
  p.moving_row = left ? b_row : a_row, p.moving_col = left ? b_col : a_col;
  if (!left) {
    if (std::optional<AffineForm> product = structured_product(context, node, p.m, tb))
      return {std::move(*product)};
  }
  const ValueId constant = node.inputs[left ? 0 : 1], moving = node.inputs[left ? 1 : 0];
  AffineForm scratch_moving, scratch_bias;
  std::vector<const AffineForm*> forms = {
      &form_to_compose(context, moving, p.m * p.n, p.k, scratch_moving)};
  // A scale that is not a power of two would round the weights: scale the product afterwards
  // instead.
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  append_product(p, constant_lines(context, node, constant, p), terms, begin, 0);
  std::vector<double> zero(begin.size() - 1, 0.0);
  AffineForm product = linear_map(forms, begin, terms, zero, context.magnitudes());
  const bool has_bias = node.inputs.size() > 2 && node.inputs[2] != kNoValue && beta != 0.0;
  if (alpha == 1.0 && !has_bias) return {std::move(product)};
  forms = {&product};
  const Shape& shape = context.network().value(node.outputs[0]).shape;
  std::vector<std::int64_t> from;
  if (has_bias) {
    forms.push_back(&form_of(context, node.inputs[2], scratch_bias));
    from = broadcast_map(context.network().value(node.inputs[2]).shape, shape);
  }
  begin.assign(1, 0);
  terms.clear();
  for (std::size_t i = 0; i < zero.size(); ++i) {
    terms.push_back({0, static_cast<std::int64_t>(i), alpha});
    if (has_bias) terms.push_back({1, from[i], beta});
    begin.push_back(static_cast<std::int64_t>(terms.size()));
  }
  return {linear_map(forms, begin, terms, zero, context.magnitudes())};
}

/// MatMul by the rules of numpy: 1-D operands get a row or column, leading dimensions are
/// broadcast.
std::vector<AffineForm> lower_matmul(LowerContext& context, const Node& node) {
  if (!context.network().is_constant(node.inputs[0]) &&
      !context.network().is_constant(node.inputs[1]))
    return lower_variable_matmul(context, node);
  const bool left = constant_is_left(context, node);
  if (!left) {
    const Shape& moving = context.network().value(node.inputs[0]).shape;
    if (std::optional<AffineForm> product =
            structured_product(context, node, element_count(moving) / moving.back(), false))
      return {std::move(*product)};
  }
  Shape a = context.network().value(node.inputs[0]).shape,
        b = context.network().value(node.inputs[1]).shape;
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  Product p{};
  p.m = a[a.size() - 2], p.k = a.back(), p.n = b.back();
  p.constant_left = left;
  p.constant_row = left ? p.k : p.n, p.constant_col = 1;
  p.moving_row = left ? p.n : p.k, p.moving_col = 1;
  const Shape a_batch(a.begin(), a.end() - 2), b_batch(b.begin(), b.end() - 2);
  Shape batch(std::max(a_batch.size(), b_batch.size()), 1);
  for (std::size_t d = 0; d < batch.size(); ++d) {
    const auto at = [&](const Shape& s) {
      return d + s.size() < batch.size() ? 1 : s[d + s.size() - batch.size()];
    };
    batch[d] = std::max(at(a_batch), at(b_batch));
  }
  const auto a_map = broadcast_map(a_batch, batch), b_map = broadcast_map(b_batch, batch);
  AffineForm scratch;
  const std::vector<const AffineForm*> forms = {
      &form_to_compose(context, node.inputs[left ? 1 : 0],
                       context.network().value(node.outputs[0]).size(), p.k, scratch)};
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> terms;
  for (std::size_t i = 0; i < a_map.size(); ++i) {
    const std::int64_t a_first = a_map[i] * p.m * p.k, b_first = b_map[i] * p.k * p.n;
    p.constant_first = left ? a_first : b_first;
    p.moving_first = left ? b_first : a_first;
    append_product(p, constant_lines(context, node, node.inputs[left ? 0 : 1], p), terms, begin, 0);
  }
  std::vector<double> zero(begin.size() - 1, 0.0);
  return {linear_map(forms, begin, terms, zero, context.magnitudes())};
}

}  // namespace clipbound::bounds
