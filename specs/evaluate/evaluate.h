#pragma once
// Idea: the concrete meaning of a network at points.
// Source: ONNX Runtime's semantics: every operation's result is rounded to its type.
// Guarantees: replay() takes sums in exactly the order asked for; enclosed values contain the exact
// ones (S11).
// Legend: B points, n inputs (Network::input_size), m outputs (Network::output_size). All arrays
// row-major [B, n], [B, m].
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "specs/network/network.h"

namespace clipbound::specs {

/// In which order sums are taken; the three must agree before `sat` is said.
enum class SummationOrder : std::uint8_t { natural, reversed, blocked };

/// Evaluates one network at many points and takes gradients. Owns its scratch memory, so one object
/// serves one thread at a time; copies of the shared_ptr'd network are cheap. T = float rounds as
/// ONNX Runtime does (float32 after every operation), T = double everything in float64; but in
/// either, what is float16 (or float32 in a float64 network) is rounded to that after its
/// operation.
template <typename T>
class Evaluator {
 public:
  explicit Evaluator(std::shared_ptr<const Network> network);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  /// outputs[b] = f(points[b]) for B = points.size() / n points. Fast order (GEMM over the batch).
  void forward(std::span<const T> points, std::span<T> outputs);
  /// The same for one point with every sum taken in the given order, without BLAS.
  void replay(std::span<const T> point, SummationOrder order, std::span<T> outputs);
  /// After forward() on the same B points: gradients[b] = cotangents[b] * df/dx at points[b]  ([B,
  /// m] -> [B, n]). Where an operator has a kink, the derivative of one side. With `surrogate` > 0,
  /// step functions (Sign, Floor, ...) count as slopes: Gradients::surrogate in
  /// specs/network/operation.h.
  void backward(std::span<const T> cotangents, std::span<T> gradients, double surrogate = 0.0);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};
extern template class Evaluator<float>;
extern template class Evaluator<double>;

/// Values and running error bounds: |exact real value - value[i]| <= error[i] for the real-valued
/// function that the network's weights define, at the exact point.
struct EnclosedOutputs {
  std::vector<double> value, error;
  /// Of evaluate_enclosed(): every floating-point value on the way, not only the outputs, is
  /// certainly a finite number of its type, and none that is not 0 may underflow to it.
  bool ordinary_inside = true;
};
EnclosedOutputs evaluate_enclosed(const Network& network, std::span<const double> point);
/// The same for all points of the box [lower, upper]: interval arithmetic, operator by operator.
EnclosedOutputs evaluate_enclosed(const Network& network, std::span<const double> lower,
                                  std::span<const double> upper);
/// At a point, for every value of the network (indexed by ValueId; constants have error 0, and
/// integers and truth values where they are certain): for tests of intermediate bounds.
std::vector<EnclosedOutputs> evaluate_all_enclosed(const Network& network,
                                                   std::span<const double> point);

}  // namespace clipbound::specs
