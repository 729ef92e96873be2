#pragma once
// Idea: a network laid out for evaluation at B points in scalar S: one buffer per value, one
// prepared Operation per node.
// Source: own.
// Guarantees: buffers are shared only where one value is another one's reshape; in float32 and
// float64, every value is rounded to its own type, and float32 operators of a float64 network sum
// in float32 (in running error bounds none is: they speak of real numbers); integers are kept in
// the range of their type.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "specs/network/half.h"
#include "specs/network/integer_range.h"
#include "specs/network/op_table.h"
#include "specs/network/operation.h"
#include "specs/simplify/passes.h"

namespace clipbound::specs {

/// The network with its constant subgraphs folded; itself where there are none.
std::shared_ptr<const Network> with_folded_constants(std::shared_ptr<const Network> network);

/// True where the operation hands on input 0 as it is.
bool is_change_of_shape(const Network& network, const Node& node, const Operation& operation);

/// Which values an evaluation keeps: what the outputs depend on, or all.
enum class Keep : std::uint8_t { outputs, all };

template <typename S>
class EvaluationPlan {
 public:
  /// Lays out the values that are kept.
  EvaluationPlan(std::shared_ptr<const Network> network, Keep keep);
  EvaluationPlan(const EvaluationPlan&) = delete;
  EvaluationPlan& operator=(const EvaluationPlan&) = delete;

  const Network& network() const { return *network_; }
  std::int64_t batch() const { return batch_; }
  /// Makes room for B points. Allocates only where B is larger than ever before.
  void resize(std::int64_t batch);
  /// The array of a value: [B, size], or [size] for a constant; nullptr where it is not laid out.
  S* data(ValueId id) { return data_[index_of(id)]; }
  void run(Sums sums);
  /// The number that a value of this type holds where x was computed for it.
  S rounded(const Value& value, S x) const;

  /// The cotangents of a value [B, size]; nullptr for constants. Valid after clear_gradients().
  S* gradient(ValueId id) { return gradient_[index_of(id)]; }
  void clear_gradients();
  void run_backward(double surrogate);

 private:
  using Plain = std::conditional_t<std::is_same_v<S, float>, float, double>;
  struct Step {
    std::unique_ptr<const Operation> operation;
    const Node* node;
    std::vector<const S*> inputs;
    std::vector<S*> outputs;
    std::vector<const S*> output_gradients;
    std::vector<S*> input_gradients;
    std::vector<std::size_t> narrow_outputs;  ///< whose type has fewer numbers than S, or
                                              ///< integers that may wrap around
    bool in_float32 = false;                  ///< a float32 operator of a float64 network
  };
  void lay_out_constant(std::size_t value);
  template <typename T>
  static Plain plain_of(T x);
  void lay_out_nodes(Keep keep);
  void place_buffers(std::vector<S>& arena, std::vector<S*>& places);
  void connect();
  /// Held to 16 bits, or to float32 in a float64 network.
  bool is_narrow(const Value& value) const;
  bool is_to_round(const Node& node, std::size_t o) const;
  bool computes_in_float32(const Node& node) const;
  void run_in_float32(const Step& step, Sums sums);
  void round_narrow_outputs(const Step& step);

  std::shared_ptr<const Network> network_;
  bool mixed_ = false;  ///< float32 values among float64 ones
  std::vector<Step> steps_;
  /// The value whose buffer a value shares: a change of shape alone costs nothing.
  std::vector<std::size_t> shares_;
  std::vector<bool> used_;
  std::vector<std::vector<S>> converted_;    ///< constants whose type is not S
  std::vector<std::vector<float>> float32_;  ///< scratch: operands and results of one step
  std::vector<S*> data_, gradient_;
  std::vector<S> arena_, gradient_arena_;
  std::int64_t batch_ = 0, capacity_ = 0;
};

template <typename S>
EvaluationPlan<S>::EvaluationPlan(std::shared_ptr<const Network> network, Keep keep)
    : network_(with_folded_constants(std::move(network))) {
  mixed_ = network_->computes_in_float64();
  const std::size_t count = network_->values.size();
  shares_.resize(count);
  for (std::size_t i = 0; i < count; ++i) shares_[i] = i;
  used_.assign(count, keep == Keep::all);
  converted_.resize(count);
  data_.assign(count, nullptr);
  gradient_.assign(count, nullptr);
  lay_out_nodes(keep);
  for (std::size_t i = 0; i < count; ++i)
    if (used_[i] && network_->values[i].constant) lay_out_constant(i);
}

template <typename S>
void EvaluationPlan<S>::lay_out_nodes(Keep keep) {
  const auto use = [this](ValueId id) {
    if (id != kNoValue) used_[index_of(id)] = true;
  };
  for (const ValueId id : network_->inputs) use(id);
  for (const ValueId id : network_->outputs) use(id);
  std::vector<const Node*> needed;
  for (auto node = network_->nodes.rbegin(); node != network_->nodes.rend(); ++node) {
    const bool live = keep == Keep::all ||
                      std::any_of(node->outputs.begin(), node->outputs.end(), [&](ValueId id) {
                        return id != kNoValue && used_[index_of(id)];
                      });
    if (!live) continue;
    needed.push_back(&*node);
    std::for_each(node->inputs.begin(), node->inputs.end(), use);
    std::for_each(node->outputs.begin(), node->outputs.end(), use);
  }
  std::reverse(needed.begin(), needed.end());
  for (const Node* node : needed) {
    auto operation = op_row(node->kind).verbs.prepare(*network_, *node);
    if (op_row(node->kind).op_class == OpClass::movement &&
        is_change_of_shape(*network_, *node, *operation) && !is_to_round(*node, 0)) {
      shares_[index_of(node->outputs[0])] = shares_[index_of(node->inputs[0])];
      continue;
    }
    steps_.push_back({std::move(operation), node, {}, {}, {}, {}, {}, computes_in_float32(*node)});
    for (std::size_t o = 0; o < node->outputs.size(); ++o)
      if (is_to_round(*node, o)) steps_.back().narrow_outputs.push_back(o);
  }
}

/// Whether output o is to be rounded: copies of what is rounded already are not.
template <typename S>
bool EvaluationPlan<S>::is_to_round(const Node& node, std::size_t o) const {
  if (node.outputs[o] == kNoValue) return false;
  const Value& y = network_->value(node.outputs[o]);
  if (y.type == DataType::int64) return may_leave_range(*network_, node);
  if (!is_narrow(y)) return false;
  const bool copies = op_row(node.kind).op_class == OpClass::movement &&
                      std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
                        return id == kNoValue || (network_->value(id).type == y.type &&
                                                  network_->value(id).half == y.half);
                      });
  return !copies;
}

/// Whether the node's sums are float32 sums, though S has more numbers. Indices of other nodes may
/// be too large for that.
template <typename S>
bool EvaluationPlan<S>::computes_in_float32(const Node& node) const {
  if (!std::is_same_v<S, double> || !mixed_) return false;
  if (op_row(node.kind).op_class == OpClass::movement) return false;
  const auto is_of = [&](ValueId id, DataType type) {
    return id == kNoValue || network_->value(id).type == type;
  };
  return std::all_of(node.outputs.begin(), node.outputs.end(),
                     [&](ValueId id) { return is_of(id, DataType::float32); }) &&
         std::all_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
           return is_of(id, DataType::float32) || is_of(id, DataType::boolean) ||
                  network_->is_constant(id);
         });
}

template <typename S>
void EvaluationPlan<S>::run_in_float32(const Step& step, Sums sums) {
  const auto narrowed = [this](const S* from, std::size_t count, std::vector<float>& to) {
    to.resize(count);
    if constexpr (std::is_floating_point_v<S>) {
      for (std::size_t i = 0; from != nullptr && i < count; ++i)
        to[i] = static_cast<float>(from[i]);
    }
    return to.data();
  };
  const std::size_t operands = step.inputs.size(), results = step.outputs.size();
  float32_.resize(std::max(float32_.size(), operands + results));
  std::vector<const float*> inputs(operands, nullptr);
  std::vector<float*> outputs(results, nullptr);
  const auto count_of = [this](const Value& value) {
    return static_cast<std::size_t>(value.size() * (value.constant ? 1 : batch_));
  };
  for (std::size_t k = 0; k < operands; ++k) {
    if (step.inputs[k] == nullptr) continue;
    inputs[k] =
        narrowed(step.inputs[k], count_of(network_->value(step.node->inputs[k])), float32_[k]);
  }
  for (std::size_t o = 0; o < results; ++o) {
    if (step.outputs[o] == nullptr) continue;
    outputs[o] =
        narrowed(nullptr, count_of(network_->value(step.node->outputs[o])), float32_[operands + o]);
  }
  step.operation->eval(Arguments<float>{batch_, inputs, outputs, sums});
  for (std::size_t o = 0; o < results; ++o) {
    if (outputs[o] != nullptr)
      std::copy(float32_[operands + o].begin(), float32_[operands + o].end(), step.outputs[o]);
  }
}

/// The number as a scalar; NaN where it is an integer that the scalar does not hold.
template <typename S>
template <typename T>
typename EvaluationPlan<S>::Plain EvaluationPlan<S>::plain_of(T x) {
  const auto plain = static_cast<Plain>(x);
  if constexpr (std::is_same_v<T, std::int64_t> && std::is_floating_point_v<S>) {
    if (plain >= Plain(0x1p63) || static_cast<std::int64_t>(plain) != x)
      return std::numeric_limits<Plain>::quiet_NaN();
  }
  return plain;
}

template <typename S>
void EvaluationPlan<S>::lay_out_constant(std::size_t value) {
  const Tensor& tensor = *network_->values[value].constant;
  if constexpr (std::is_floating_point_v<S>) {
    if (const auto* same = std::get_if<std::vector<S>>(&tensor.values)) {
      data_[value] = const_cast<S*>(same->data());  // nothing writes to the buffer of a constant
      return;
    }
  }
  std::visit(
      [&](const auto& held) {
        converted_[value].reserve(held.size());
        for (const auto x : held) converted_[value].push_back(S(plain_of(x)));
      },
      tensor.values);
  data_[value] = converted_[value].data();
}

template <typename S>
void EvaluationPlan<S>::place_buffers(std::vector<S>& arena, std::vector<S*>& places) {
  // 64-byte steps, so that rows of SIMD width begin on cache lines.
  const auto room = [this](std::size_t i) {
    return static_cast<std::size_t>((network_->values[i].size() * capacity_ + 15) / 16 * 16);
  };
  const auto own = [this](std::size_t i) {
    return used_[i] && shares_[i] == i && !network_->values[i].constant;
  };
  std::size_t total = 0;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (own(i)) total += room(i);
  arena.assign(total, S{});
  std::size_t at = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!own(i)) continue;
    places[i] = arena.data() + at;
    at += room(i);
  }
  for (std::size_t i = 0; i < places.size(); ++i)
    if (used_[i] && shares_[i] != i) places[i] = places[shares_[i]];
}

template <typename S>
void EvaluationPlan<S>::resize(std::int64_t batch) {
  batch_ = batch;
  if (batch <= capacity_) return;
  capacity_ = batch;
  gradient_arena_.clear();
  std::fill(gradient_.begin(), gradient_.end(), nullptr);
  place_buffers(arena_, data_);
  connect();
}

template <typename S>
void EvaluationPlan<S>::connect() {
  const auto fill = [](const std::vector<ValueId>& ids, const std::vector<S*>& places,
                       auto& pointers) {
    pointers.clear();
    for (const ValueId id : ids)
      pointers.push_back(id == kNoValue ? nullptr : places[index_of(id)]);
  };
  for (Step& step : steps_) {
    fill(step.node->inputs, data_, step.inputs);
    fill(step.node->outputs, data_, step.outputs);
    fill(step.node->inputs, gradient_, step.input_gradients);
    fill(step.node->outputs, gradient_, step.output_gradients);
  }
}

template <typename S>
void EvaluationPlan<S>::run(Sums sums) {
  for (const Step& step : steps_) {
    if (step.in_float32)
      run_in_float32(step, sums);
    else
      step.operation->eval(Arguments<S>{batch_, step.inputs, step.outputs, sums});
    if (!step.narrow_outputs.empty()) round_narrow_outputs(step);
  }
}

template <typename S>
void EvaluationPlan<S>::round_narrow_outputs(const Step& step) {
  for (const std::size_t o : step.narrow_outputs) {
    const Value& v = network_->value(step.node->outputs[o]);
    S *x = step.outputs[o], *end = x + v.size() * batch_;
    if (v.type == DataType::int64) {
      for (; x != end; ++x) *x = kept_in_range(v, *step.node, *x);
    } else {
      for (; x != end; ++x) *x = rounded(v, *x);
    }
  }
}

template <typename S>
S EvaluationPlan<S>::rounded(const Value& value, S x) const {
  if constexpr (std::is_floating_point_v<S>) {
    if (is_narrow(value)) return nearest_half(value.half, static_cast<float>(x));
  }
  return x;
}

template <typename S>
bool EvaluationPlan<S>::is_narrow(const Value& value) const {
  return std::is_floating_point_v<S> && value.type == DataType::float32 &&
         (value.half != Half::none || (std::is_same_v<S, double> && mixed_));
}

template <typename S>
void EvaluationPlan<S>::clear_gradients() {
  if (gradient_arena_.empty()) {
    place_buffers(gradient_arena_, gradient_);
    connect();
    return;
  }
  for (std::size_t i = 0; i < gradient_.size(); ++i)
    if (gradient_[i] != nullptr && shares_[i] == i)
      std::fill_n(gradient_[i], network_->values[i].size() * batch_, S{});
}

template <typename S>
void EvaluationPlan<S>::run_backward(double surrogate) {
  if constexpr (std::is_floating_point_v<S>) {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
      step->operation->vjp(Arguments<S>{batch_, step->inputs, step->outputs, Sums::fast},
                           Gradients<S>{step->output_gradients, step->input_gradients, surrogate});
  }
}

}  // namespace clipbound::specs
