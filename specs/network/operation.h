#pragma once
// Idea: a node made ready for evaluation at B points.
// Source: own; reverse mode differentiation (vjp).
// Guarantees: eval() and vjp() change nothing but their outputs; one object serves many threads.
// Legend: Scalars S: float and double (evaluation), Enclosed (value and error), int64 (shape
// arithmetic, element ids). An operator's file writes its meaning once, as a template on S. Layout:
// the array of a value that is not constant is [B, size]; that of a constant is [size], not
// repeated. The ONNX batch dimension stays part of the shape.
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "specs/network/enclosed.h"
#include "specs/network/network.h"

namespace clipbound::specs {

/// How sums are taken: `fast` as BLAS likes it, the others in a given order without BLAS.
enum class Sums : std::uint8_t { fast, natural, reversed, blocked };

template <typename S>
struct Arguments {
  std::int64_t batch = 1;
  std::span<const S* const> inputs;  ///< as the node's inputs; nullptr where left out
  std::span<S* const> outputs;       ///< as the node's outputs
  Sums sums = Sums::fast;
};

/// Cotangents of the outputs and what they are pulled back to. Gradients are ADDED to `inputs`.
template <typename S>
struct Gradients {
  std::span<const S* const> outputs;
  std::span<S* const> inputs;  ///< nullptr where the input is constant or left out
  /// Above 0, step functions pull back a stand-in for their derivative, which is 0: Sign a hat of
  /// this width (times the root mean square of its arguments at the point), roundings the identity.
  /// Directions for a search, no derivatives.
  double surrogate = 0.0;
};

struct Movement;  // specs/ops/movement.h

/// Stateless while it evaluates: one object may serve many threads.
class Operation {
 public:
  virtual ~Operation() = default;
  virtual void eval(const Arguments<float>& arguments) const = 0;
  virtual void eval(const Arguments<double>& arguments) const = 0;
  virtual void eval(const Arguments<Enclosed>& arguments) const = 0;
  virtual void eval(const Arguments<std::int64_t>& arguments) const = 0;
  virtual void vjp(const Arguments<float>& arguments, const Gradients<float>& gradients) const = 0;
  virtual void vjp(const Arguments<double>& arguments,
                   const Gradients<double>& gradients) const = 0;
  /// The index map of a movement operator, else nullptr.
  virtual const Movement* movement() const { return nullptr; }
};

/// Makes an Operation of a class with templates  run(const Arguments<S>&)  and  pull(const
/// Arguments<S>&, const Gradients<S>&).
template <class Op>
class OperationOf final : public Operation {
 public:
  explicit OperationOf(Op op) : op_(std::move(op)) {}
  void eval(const Arguments<float>& a) const override { op_.run(a); }
  void eval(const Arguments<double>& a) const override { op_.run(a); }
  void eval(const Arguments<Enclosed>& a) const override { op_.run(a); }
  void eval(const Arguments<std::int64_t>& a) const override { op_.run(a); }
  void vjp(const Arguments<float>& a, const Gradients<float>& g) const override { op_.pull(a, g); }
  void vjp(const Arguments<double>& a, const Gradients<double>& g) const override {
    op_.pull(a, g);
  }
  const Movement* movement() const override {
    if constexpr (requires { op_.movement(); }) return op_.movement();
    return nullptr;
  }

 private:
  Op op_;
};

/// prepare() of an operator whose class is constructed from (network, node).
template <class Op>
std::unique_ptr<const Operation> prepare_as(const Network& network, const Node& node) {
  return std::make_unique<OperationOf<Op>>(Op(network, node));
}

}  // namespace clipbound::specs
