// Idea: operators element by element, with ONNX's broadcasting: affine ones, and those with a kink,
// which are neurons.
// Source: the ONNX standard; docs/certificate.md says what is built of which neurons.
// Guarantees: see operators.h.
#include <algorithm>
#include <cmath>
#include <optional>

#include "checker/reader/operators.h"

namespace clipcheck {

namespace {

/// The tensor with this shape.
Tensor broadcast(Call& call, const Tensor& from, const Shape& shape) {
  if (from.shape == shape) return from;
  Shape old = from.shape;
  while (old.size() < shape.size()) old.insert(old.begin(), 1);
  std::vector<std::size_t> places = {0};
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (old[k] != shape[k] && old[k] != 1) call.fail("shapes do not fit");
    std::vector<std::size_t> next;
    for (const std::size_t base : places)
      for (std::int64_t j = 0; j < shape[k]; ++j)
        next.push_back(base * static_cast<std::size_t>(old[k]) +
                       static_cast<std::size_t>(old[k] == 1 ? 0 : j));
    places = std::move(next);
  }
  return gathered(from, shape, places);
}

Shape common_shape(Call& call, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (const Shape& shape : {a, b}) {
    for (std::size_t k = 0; k < shape.size(); ++k) {
      std::int64_t& extent = result[result.size() - shape.size() + k];
      if (extent != 1 && shape[k] != 1 && extent != shape[k]) call.fail("shapes do not fit");
      if (shape[k] != 1) extent = shape[k];
    }
  }
  return result;
}

/// Adds factor * (element k of the tensor) to the row.
void add(Call& call, AffineRow& row, const Tensor& tensor, std::size_t k, const mpq_class& factor) {
  if (tensor.constant)
    row.bias += factor * exact(call, tensor.values[k]);
  else
    add_term(row, tensor.elements[k], factor);
}

/// Constants: float32's sum of float32 numbers, float64's of float64 numbers; integers of shapes.
Tensor constants(Call& call, const Tensor& a, const Tensor& b, double (*function)(double, double)) {
  if (a.integer != b.integer || a.wide != b.wide) call.fail("types do not fit");
  Tensor result = a;
  for (std::size_t k = 0; k < a.values.size(); ++k) {
    const double value = function(a.values[k], b.values[k]);
    // Of float32 numbers the float64 result, rounded again, is float32's own (+, -, *, /).
    result.values[k] = a.integer ? std::trunc(value)
                       : a.wide  ? value
                                 : static_cast<double>(static_cast<float>(value));
  }
  return result;
}

Tensor sum(Call& call, const Tensor& first, const Tensor& second, double sign) {
  const Shape shape = common_shape(call, first.shape, second.shape);
  const Tensor a = broadcast(call, first, shape), b = broadcast(call, second, shape);
  if (a.constant && b.constant)
    return constants(
        call, a, b,
        sign > 0.0 ? +[](double x, double y) { return x + y; }
                   : +[](double x, double y) { return x - y; });
  if (call.sole_use && !a.constant && b.constant && first.shape == shape) {
    std::vector<mpq_class> more;
    for (const double value : b.values) more.push_back(mpq_class(sign) * exact(call, value));
    if (call.system.add_to_bias(a.elements, more)) return a;
  }
  if (call.sole_use && sign > 0.0 && a.constant && !b.constant && second.shape == shape) {
    std::vector<mpq_class> more;
    for (const double value : a.values) more.push_back(exact(call, value));
    if (call.system.add_to_bias(b.elements, more)) return b;
  }
  std::vector<AffineRow> rows(static_cast<std::size_t>(count_of(shape)));
  for (std::size_t k = 0; k < rows.size(); ++k) {
    add(call, rows[k], a, k, 1);
    add(call, rows[k], b, k, mpq_class(sign));
  }
  return affine(call, shape, rows);
}

std::vector<Tensor> plus(Call& call) {
  return {sum(call, call.input(0), call.input(1), 1.0)};
}
std::vector<Tensor> minus(Call& call) {
  return {sum(call, call.input(0), call.input(1), -1.0)};
}
std::vector<Tensor> sum_of_all(Call& call) {
  Tensor result = call.input(0);
  call.sole_use = false;
  for (std::size_t k = 1; k < call.inputs.size(); ++k)
    result = sum(call, result, call.input(k), 1.0);
  return {result};
}

std::vector<Tensor> scaled(Call& call, bool divided) {
  const Shape shape = common_shape(call, call.input(0).shape, call.input(1).shape);
  const Tensor a = broadcast(call, call.input(0), shape), b = broadcast(call, call.input(1), shape);
  if (a.constant && b.constant)
    return {constants(
        call, a, b, divided ? +[](double x, double y) { return x / y; } : +[](double x, double y) {
          return x * y;
        })};
  if (!b.constant && (!a.constant || divided))
    call.fail("products of elements that vary are not supported");
  const Tensor &factor = a.constant ? a : b, &x = a.constant ? b : a;
  std::vector<AffineRow> rows(x.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const mpq_class c = exact(call, factor.values[k]);
    if (divided && c == 0) call.fail("a division by 0");
    add_term(rows[k], x.elements[k], divided ? mpq_class(1 / c) : c);
  }
  return {affine(call, shape, rows)};
}
std::vector<Tensor> times(Call& call) {
  return scaled(call, false);
}
std::vector<Tensor> over(Call& call) {
  return scaled(call, true);
}

std::vector<Tensor> negated(Call& call) {
  const Tensor& x = call.input(0);
  if (x.constant) call.fail("constants are not supported");
  std::vector<AffineRow> rows(x.size());
  for (std::size_t k = 0; k < rows.size(); ++k) add_term(rows[k], x.elements[k], -1);
  return {affine(call, x.shape, rows)};
}

Tensor neurons(Call& call, const Tensor& z, double negative, double positive) {
  if (z.constant) call.fail("constants are not supported");
  exact(call, negative);
  Tensor result{.shape = z.shape};
  const Index first = call.system.add_neurons(z.elements, negative, positive);
  for (std::size_t k = 0; k < z.elements.size(); ++k)
    result.elements.push_back(first + static_cast<Index>(k));
  return result;
}

std::vector<Tensor> relu(Call& call) {
  return {neurons(call, call.input(0), 0.0, 1.0)};
}
std::vector<Tensor> leaky_relu(Call& call) {
  const double slope =
      call.attribute("alpha") == nullptr ? static_cast<double>(0.01F) : call.real("alpha", 0.0);
  return {neurons(call, call.input(0), slope, 1.0)};
}
std::vector<Tensor> absolute(Call& call) {
  return {neurons(call, call.input(0), -1.0, 1.0)};
}

std::vector<Tensor> extreme(Call& call, double sign) {
  Tensor result = call.input(0);
  call.sole_use = false;
  for (std::size_t k = 1; k < call.inputs.size(); ++k) {
    const Shape shape = common_shape(call, result.shape, call.input(k).shape);
    const Tensor a = broadcast(call, result, shape), b = broadcast(call, call.input(k), shape);
    if (a.constant && b.constant) call.fail("constants are not supported");
    result = larger(call, a, b, sign);
  }
  return {result};
}
std::vector<Tensor> maximum(Call& call) {
  return extreme(call, 1.0);
}
std::vector<Tensor> minimum(Call& call) {
  return extreme(call, -1.0);
}

/// l + relu(z - l) - relu(z - u).
std::vector<Tensor> clip(Call& call) {
  const Tensor& z = call.input(0);
  const auto edge = [&](std::size_t k, const char* key) -> std::optional<double> {
    if (!call.has(k))
      return call.attribute(key) == nullptr ? std::nullopt : std::optional(call.real(key, 0.0));
    if (!call.input(k).constant || call.input(k).size() != 1)
      call.fail("its edges have to be constant");
    return call.input(k).values[0];
  };
  const std::optional<double> low = edge(1, "min"), high = edge(2, "max");
  if (z.constant || (low && high && *low > *high)) call.fail("this form is not supported");
  const auto shifted = [&](double by) {
    std::vector<AffineRow> rows(z.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      add_term(rows[k], z.elements[k], 1);
      rows[k].bias = -exact(call, by);
    }
    return affine(call, z.shape, rows);
  };
  if (!low && !high) return {z};
  std::vector<AffineRow> rows(z.size());
  const Tensor above_low = !low ? z : neurons(call, shifted(*low), 0.0, 1.0);
  const Tensor above_high = !high ? Tensor{} : neurons(call, shifted(*high), 0.0, 1.0);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (low) rows[k].bias = exact(call, *low);
    add_term(rows[k], above_low.elements[k], 1);
    if (high) add_term(rows[k], above_high.elements[k], -1);
  }
  return {affine(call, z.shape, rows)};
}

}  // namespace

Tensor larger(Call& call, const Tensor& a, const Tensor& b, double sign) {
  const std::size_t count = a.size();
  const mpq_class s(sign);
  std::vector<AffineRow> difference(count), result(count);
  for (std::size_t k = 0; k < count; ++k) {
    add(call, difference[k], a, k, s);
    add(call, difference[k], b, k, -s);
  }
  const Tensor over_b = neurons(call, affine(call, a.shape, difference), 0.0, 1.0);
  for (std::size_t k = 0; k < count; ++k) {
    add(call, result[k], b, k, 1);
    add_term(result[k], over_b.elements[k], s);
  }
  return affine(call, a.shape, result);
}

void add_elementwise_operators(Operators& table) {
  table.insert({{"Add", plus},
                {"Sub", minus},
                {"Sum", sum_of_all},
                {"Mul", times},
                {"Div", over},
                {"Neg", negated},
                {"Relu", relu},
                {"LeakyRelu", leaky_relu},
                {"Abs", absolute},
                {"Max", maximum},
                {"Min", minimum},
                {"Clip", clip}});
}

}  // namespace clipcheck
