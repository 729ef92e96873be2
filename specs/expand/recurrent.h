#pragma once
// Idea: what RNN, LSTM and GRU share: inputs, directions, activations, and the loop over steps,
// which is unrolled.
// Source: ONNX operator specification, RNN, LSTM, GRU.
// Guarantees: every step adds the nodes of the standard's equations, in the order of the direction.
#include <string>
#include <vector>

#include "specs/expand/steps.h"

namespace clipbound::specs {

/// One function of the attribute `activations`.
struct GateFunction {
  std::string name;
  double alpha, beta;
};
ValueId apply(Expansion& e, const GateFunction& f, ValueId x);

/// A recurrent node's checked inputs, and what does not depend on the direction.
class Recurrence {
 public:
  /// gates: rows of the weights per hidden unit; functions: per direction, by default `fallback`.
  Recurrence(Expansion& e, std::int64_t gates, std::size_t most_inputs,
             std::vector<std::string> fallback);

  std::int64_t steps() const { return steps_; }
  std::int64_t batch() const { return batch_; }
  std::int64_t hidden() const { return hidden_; }
  std::int64_t directions() const { return directions_; }
  /// The step that direction d takes as number t.
  std::int64_t step(std::int64_t d, std::int64_t t) const;
  const GateFunction& function(std::int64_t d, std::size_t k) const {
    return functions_[static_cast<std::size_t>(d) * per_direction_ + k];
  }

  // Per direction.
  /// X W^T + (first half of the bias), for all steps: [steps, batch, gates * hidden].
  ValueId from_inputs(std::int64_t d) const;
  /// R^T, [hidden, gates * hidden].
  ValueId recurrent_weights(std::int64_t d) const;
  /// The second half of the bias, [gates * hidden]; kNoValue where there is none.
  ValueId recurrent_bias(std::int64_t d) const;
  /// Initial state number `input`, or zeros: [batch, hidden].
  ValueId initial(std::int64_t d, std::size_t input) const;
  /// The part of direction d of an input that is there.
  ValueId part(std::int64_t d, std::size_t input) const {
    return element(e_, e_.input(input), 0, d);
  }

  /// Gate k of [batch, gates * hidden] (or of a list of gates * hidden numbers).
  ValueId gate(ValueId all, std::int64_t k) const;
  /// The attribute `clip`: cuts what goes into a function.
  ValueId clipped(ValueId x) const;
  ValueId activate(std::int64_t d, std::size_t k, ValueId x) const {
    return apply(e_, function(d, k), clipped(x));
  }

  /// Output 0 of hidden states [d][step], output 1 and further ones of last states [output][d].
  void finish(const std::vector<std::vector<ValueId>>& states,
              const std::vector<std::vector<ValueId>>& last) const;

 private:
  void read_shapes(std::int64_t gates, std::size_t most_inputs);
  void expect_shape(std::size_t i, const Shape& shape) const;
  void read_functions(std::vector<std::string> fallback);

  Expansion& e_;
  ValueId x_ = kNoValue;  ///< [steps, batch, inputs]
  std::int64_t steps_ = 0, batch_ = 0, hidden_ = 0, directions_ = 1, gates_;
  std::string direction_;
  bool batch_first_ = false;
  std::size_t per_direction_ = 0;
  std::vector<GateFunction> functions_;
};

}  // namespace clipbound::specs
