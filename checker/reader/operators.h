#pragma once
// Idea: what each ONNX operator makes of elements (kernel/system.h) and of constants.
// Source: the ONNX standard, opset 7 and later.
// Guarantees: elements are what the operator computes in real arithmetic for the weights as stored;
// arithmetic on constants is rounded as their type is.
// Unreadable for everything else, by name. To be called while numbers are rounded to nearest.
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "checker/kernel/system.h"

namespace clipcheck {

using Shape = std::vector<std::int64_t>;

/// Elements, or values that do not depend on the input, in C order.
struct Tensor {
  Shape shape = {};
  bool constant = false, integer = false;
  std::vector<double> values = {};   ///< of a constant
  std::vector<Index> elements = {};  ///< else
  bool left_out = false;             ///< an optional input
  bool wide = false;                 ///< float64; else float32 where not integer

  std::size_t size() const { return constant ? values.size() : elements.size(); }
};

std::int64_t count_of(const Shape& shape);
Tensor read_tensor(const onnx::TensorProto& proto, const std::string& name);
/// The tensor's elements or values at these places.
Tensor gathered(const Tensor& from, Shape shape, const std::vector<std::size_t>& places);

/// One application of an operator.
struct Call {
  System& system;
  const onnx::NodeProto& node;
  std::vector<Tensor> inputs = {};
  int opset = 0;
  bool sole_use = false;  ///< of the first input that is no constant
  std::size_t outputs = 1;

  std::string name() const { return node.op_type() + " " + node.name(); }
  [[noreturn]] void fail(const std::string& why) const;
  const Tensor& input(std::size_t k) const;
  bool has(std::size_t k) const { return k < inputs.size() && !inputs[k].left_out; }
  /// The input's integers; it has to be constant.
  std::vector<std::int64_t> integers(std::size_t k) const;
  const onnx::AttributeProto* attribute(const std::string& key) const;
  std::int64_t integer(const std::string& key, std::int64_t fallback) const;
  double real(const std::string& key, double fallback) const;
  std::vector<std::int64_t> list(const std::string& key, std::vector<std::int64_t> fallback) const;
};

using Operator = std::vector<Tensor> (*)(Call&);
using Operators = std::map<std::string, Operator>;
void add_shape_operators(Operators& table);
void add_linear_operators(Operators& table);
void add_window_operators(Operators& table);
void add_elementwise_operators(Operators& table);

/// The exact value of a weight; Unreadable where it is no number.
mpq_class exact(const Call& call, double value);
/// Adds a term with an exact coefficient.
void add_term(AffineRow& row, Index element, const mpq_class& coefficient);
/// The same for a weight as it is stored; Unreadable where it is no number.
void add_weight(const Call& call, AffineRow& row, Index element, double weight);
/// New elements of this shape.
Tensor affine(Call& call, Shape shape, const std::vector<AffineRow>& rows);
/// Axis from the back where negative; Unreadable where there is none.
std::size_t axis_of(const Call& call, std::int64_t axis, std::size_t rank);

/// Element by element max(a, b), both already of one size: b + relu(a - b).
Tensor larger(Call& call, const Tensor& a, const Tensor& b, double sign);

}  // namespace clipcheck
