#pragma once
// Idea: what a VNN-LIB 2 file asks: networks with the tensors that it declares, and one query over
// all their elements together.
// Source: the VNN-LIB standard 2.0 and 2.1 (VNNLIB/VNNLIB-Standard).
// Guarantees: the query has the same counterexamples as the file, in real arithmetic (S11).
// Legend: X: the elements of all networks' inputs, Y: first those of all networks' hidden tensors
// and outputs, then the products that the rows name.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "specs/network/tensor.h"
#include "specs/query/query.h"
#include "specs/vnnlib/formula.h"
#include "specs/vnnlib/linear_form.h"

namespace clipbound::specs {

/// An element type as declared. `real` is the consent to real arithmetic.
enum class DeclaredType : std::uint8_t {
  real,
  float16,
  float32,
  float64,
  bfloat16,
  float8e4m3fn,
  float8e4m3fnuz,
  float8e5m2,
  float8e5m2fnuz,
  float4e2m1,
  int4,
  int8,
  int16,
  int32,
  int64,
  uint4,
  uint8,
  uint16,
  uint32,
  uint64,
  boolean,
  complex64,
  complex128,
  string
};
/// As the standard writes it.
const char* name_of(DeclaredType type);

/// One tensor of a network, by the name that formulas use.
struct DeclaredTensor {
  enum class Kind : std::uint8_t { input, hidden, output } kind = Kind::input;
  std::string name;
  DeclaredType type = DeclaredType::real;
  std::string type_text;     ///< as the file has it
  Shape shape;               ///< empty: a scalar
  bool initialized = false;  ///< an input whose values are the model's initialiser (2.1)
  std::string onnx_name;     ///< of a hidden tensor: its name in the model
  std::int64_t first = 0;    ///< number of its first element: of X for inputs, else of Y
  std::string place;         ///< "file:line:column"
};

struct DeclaredNetwork {
  std::string name;
  enum class Like : std::uint8_t { itself, equal_to, isomorphic_to } like = Like::itself;
  std::size_t other = 0;                ///< the network that it is equal or isomorphic to
  std::vector<DeclaredTensor> tensors;  ///< inputs, hidden ones, outputs, each in the file's order
  std::string place;
};

/// A product of two or more linear forms over X and Y (without products): one more Y, after those
/// of the tensors. The coefficients of the factors are integers below 2^53.
struct Product {
  std::vector<LinearForm> factors;
};

/// A query over the networks that it declares.
struct JointQuery {
  std::vector<DeclaredNetwork> networks;  ///< empty: VNN-LIB 1.0, one network, X and Y flat
  Query query;                            ///< Y has the tensors' elements, then the products
  std::vector<Product> products;
  /// To be evaluated in the declared type as the competition does; nothing where no assertion
  /// calculates (then exact comparison says the same) and none is left out.
  std::shared_ptr<const Formula> formula;
  /// Some `!=` is left out of the clauses, which else were too many: the formula asks it.
  bool leaves_out = false;
  /// Why some calculation of integers is not what the query has of it (integer_arithmetic.h), with
  /// its place; empty: all are.
  std::string leaves_type;

  std::int64_t tensor_outputs() const {
    return query.output_size - static_cast<std::int64_t>(products.size());
  }
};

}  // namespace clipbound::specs
