// Idea: operators that are affine in one input: each output element is a row.
// Source: the ONNX standard.
// Guarantees: see operators.h. Weights are exact; only a normalisation's root has a radius.
#include <cmath>
#include <limits>

#include "checker/kernel/arithmetic.h"
#include "checker/reader/operators.h"

namespace clipcheck {

namespace {

/// [rows, columns] as it is multiplied, transposed or not.
struct Matrix {
  const Tensor& tensor;
  std::size_t rows, columns;
  bool transposed;
  std::size_t at(std::size_t r, std::size_t c) const {
    return transposed ? c * rows + r : r * columns + c;
  }
};

/// One of a and b is constant.
std::vector<AffineRow> product(Call& call, const Matrix& a, const Matrix& b,
                               const mpq_class& scale) {
  if (a.columns != b.rows) call.fail("shapes do not fit");
  if (a.tensor.constant == b.tensor.constant) call.fail("one factor has to be constant");
  std::vector<AffineRow> result(a.rows * b.columns);
  for (std::size_t r = 0; r < a.rows; ++r) {
    for (std::size_t c = 0; c < b.columns; ++c) {
      AffineRow& row = result[r * b.columns + c];
      for (std::size_t k = 0; k < a.columns; ++k) {
        const std::size_t left = a.at(r, k), right = b.at(k, c);
        const double weight = a.tensor.constant ? a.tensor.values[left] : b.tensor.values[right];
        const Index element =
            a.tensor.constant ? b.tensor.elements[right] : a.tensor.elements[left];
        if (weight == 0.0) continue;
        if (scale == 1)
          add_weight(call, row, element, weight);
        else
          add_term(row, element, scale * exact(call, weight));
      }
    }
  }
  return result;
}

std::vector<Tensor> gemm(Call& call) {
  const Tensor &a = call.input(0), &b = call.input(1);
  if (a.shape.size() != 2 || b.shape.size() != 2) call.fail("not two matrices");
  const auto matrix = [](const Tensor& t, bool transposed) {
    const auto r = static_cast<std::size_t>(t.shape[0]), c = static_cast<std::size_t>(t.shape[1]);
    return Matrix{t, transposed ? c : r, transposed ? r : c, transposed};
  };
  const Matrix left = matrix(a, call.integer("transA", 0) != 0),
               right = matrix(b, call.integer("transB", 0) != 0);
  auto rows = product(call, left, right, exact(call, call.real("alpha", 1.0)));
  if (call.has(2)) {
    const Tensor& c = call.input(2);
    const mpq_class beta = exact(call, call.real("beta", 1.0));
    Shape shape = c.shape;
    while (shape.size() < 2) shape.insert(shape.begin(), 1);
    const auto r = static_cast<std::size_t>(shape[0]), n = static_cast<std::size_t>(shape[1]);
    if (!c.constant || shape.size() != 2 || (r != 1 && r != left.rows) ||
        (n != 1 && n != right.columns))
      call.fail("its third input is not supported");
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const std::size_t i = r == 1 ? 0 : k / right.columns, j = n == 1 ? 0 : k % right.columns;
      rows[k].bias += beta * exact(call, c.values[i * n + j]);
    }
  }
  return {affine(call,
                 {static_cast<std::int64_t>(left.rows), static_cast<std::int64_t>(right.columns)},
                 rows)};
}

std::vector<Tensor> matmul(Call& call) {
  const Tensor &a = call.input(0), &b = call.input(1);
  if (a.shape.empty() || b.shape.empty()) call.fail("not two matrices");
  // A constant of two dimensions may meet a batch on the other side; on the left it is its rows.
  Shape first = a.shape, second = b.shape;
  if (first.size() == 1) first.insert(first.begin(), 1);
  if (second.size() == 1) second.push_back(1);
  if (second.size() != 2) call.fail("batches of matrices on the right are not supported");
  if (a.constant && first.size() != 2) call.fail("batches of constant matrices are not supported");
  const auto inner = static_cast<std::size_t>(first.back());
  const std::size_t outer = inner == 0 ? 0 : a.size() / inner;
  const Matrix left{a, outer, inner, false},
      right{b, static_cast<std::size_t>(second[0]), static_cast<std::size_t>(second[1]), false};
  const auto rows = product(call, left, right, 1);
  Shape shape(first.begin(), first.end() - 1);
  if (a.shape.size() == 1) shape.pop_back();
  if (b.shape.size() > 1) shape.push_back(second[1]);
  return {affine(call, shape, rows)};
}

/// [low, high] around gamma / sqrt(variance + epsilon), in float64 rounded outward step by step.
Enclosed normalising_factor(Call& call, double gamma, double variance, double epsilon) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const mpq_class square = exact(call, variance) + exact(call, epsilon);
  if (square <= 0) call.fail("a variance is not positive");
  const double low = std::nextafter(std::sqrt(down(square)), 0.0),
               high = std::nextafter(std::sqrt(up(square)), kInfinity);
  if (!(low > 0.0) || !std::isfinite(high)) call.fail("a variance is out of range");
  const mpq_class g = exact(call, gamma);
  const mpq_class one = g / mpq_class(low), other = g / mpq_class(high);
  Enclosed factor{down((one + other) / 2), 0.0};
  const mpq_class middle(factor.middle), a = abs(one - middle), b = abs(other - middle);
  factor.radius = up(a < b ? b : a);
  return factor;
}

std::vector<Tensor> batch_normalization(Call& call) {
  const Tensor& x = call.input(0);
  const double epsilon =
      call.attribute("epsilon") == nullptr ? static_cast<double>(1e-5F) : call.real("epsilon", 0.0);
  if (x.constant || x.shape.size() < 2 || x.size() == 0 || call.outputs != 1 ||
      call.integer("training_mode", 0) != 0 || call.integer("spatial", 1) != 1)
    call.fail("this form is not supported");
  const auto channels = static_cast<std::size_t>(x.shape[1]);
  for (std::size_t k = 1; k < 5; ++k)
    if (!call.input(k).constant || call.input(k).size() != channels) call.fail("shapes do not fit");
  const std::size_t inner = x.size() / channels / static_cast<std::size_t>(x.shape[0]);
  std::vector<AffineRow> centred(x.size()), scaled(x.size());
  for (std::size_t e = 0; e < x.size(); ++e) {
    add_term(centred[e], x.elements[e], 1);
    centred[e].bias = -exact(call, call.input(3).values[e / inner % channels]);
  }
  const Tensor middle = affine(call, x.shape, centred);
  std::vector<Enclosed> factors;
  for (std::size_t c = 0; c < channels; ++c)
    factors.push_back(
        normalising_factor(call, call.input(1).values[c], call.input(4).values[c], epsilon));
  for (std::size_t e = 0; e < x.size(); ++e) {
    const std::size_t c = e / inner % channels;
    scaled[e].elements = {middle.elements[e]};
    scaled[e].values = {factors[c].middle};
    scaled[e].radii = {factors[c].radius};
    scaled[e].bias = exact(call, call.input(2).values[c]);
  }
  return {affine(call, x.shape, scaled)};
}

}  // namespace

void add_linear_operators(Operators& table) {
  table.insert({{"Gemm", gemm}, {"MatMul", matmul}, {"BatchNormalization", batch_normalization}});
}

}  // namespace clipcheck
