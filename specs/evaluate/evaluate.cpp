#include "specs/evaluate/evaluate.h"

#include "specs/evaluate/evaluation_plan.h"
#include "specs/ops/movement.h"

namespace clipbound::specs {

std::shared_ptr<const Network> with_folded_constants(std::shared_ptr<const Network> network) {
  if (!has_constant_nodes(*network)) return network;
  auto folded = std::make_shared<Network>(*network);
  fold_constants(*folded);
  return folded;
}

bool is_change_of_shape(const Network& network, const Node& node, const Operation& operation) {
  const Movement* movement = operation.movement();
  return movement != nullptr && !node.inputs.empty() && !network.is_constant(node.inputs[0]) &&
         movement->is_unchanged(network.value(node.inputs[0]).size());
}

template <typename T>
struct Evaluator<T>::Implementation {
  explicit Implementation(std::shared_ptr<const Network> network)
      : plan(std::move(network), Keep::outputs),
        input_size(plan.network().input_size()),
        output_size(plan.network().output_size()) {}

  /// Points [B, n] into the buffers of the inputs.
  void load(std::span<const T> points, std::int64_t batch) {
    plan.resize(batch);
    copy_columns(plan.network().inputs, input_size, batch,
                 [&](ValueId id, std::int64_t size, std::int64_t b, std::int64_t at) {
                   const Value& value = plan.network().value(id);
                   std::transform(points.data() + at, points.data() + at + size,
                                  plan.data(id) + b * size,
                                  [&](T x) { return plan.rounded(value, x); });
                 });
  }
  void store(std::span<T> outputs) {
    copy_columns(plan.network().outputs, output_size, plan.batch(),
                 [&](ValueId id, std::int64_t size, std::int64_t b, std::int64_t at) {
                   const std::int64_t stride = plan.network().is_constant(id) ? 0 : size;
                   std::copy_n(plan.data(id) + b * stride, size, outputs.data() + at);
                 });
  }
  /// body(value, its size, point, where the value's part of that point begins in the concatenation)
  /// for all.
  template <typename Body>
  void copy_columns(const std::vector<ValueId>& ids, std::int64_t row, std::int64_t batch,
                    const Body& body) {
    std::int64_t column = 0;
    for (const ValueId id : ids) {
      const std::int64_t size = plan.network().value(id).size();
      for (std::int64_t b = 0; b < batch; ++b) body(id, size, b, b * row + column);
      column += size;
    }
  }

  EvaluationPlan<T> plan;
  std::int64_t input_size, output_size;
  std::int64_t forward_batch = 0;  ///< points that the buffers hold
};

template <typename T>
Evaluator<T>::Evaluator(std::shared_ptr<const Network> network)
    : implementation_(std::make_unique<Implementation>(std::move(network))) {}
template <typename T>
Evaluator<T>::~Evaluator() = default;
template <typename T>
Evaluator<T>::Evaluator(Evaluator&&) noexcept = default;
template <typename T>
Evaluator<T>& Evaluator<T>::operator=(Evaluator&&) noexcept = default;

template <typename T>
void Evaluator<T>::forward(std::span<const T> points, std::span<T> outputs) {
  Implementation& self = *implementation_;
  const auto n = static_cast<std::size_t>(self.input_size),
             m = static_cast<std::size_t>(self.output_size);
  CLIPBOUND_CHECK(n > 0 && points.size() % n == 0);
  CLIPBOUND_CHECK(outputs.size() == points.size() / n * m);
  const auto batch = static_cast<std::int64_t>(points.size() / n);
  if (batch == 0) return;
  self.load(points, batch);
  self.plan.run(Sums::fast);
  self.forward_batch = batch;
  self.store(outputs);
}

template <typename T>
void Evaluator<T>::replay(std::span<const T> point, SummationOrder order, std::span<T> outputs) {
  Implementation& self = *implementation_;
  CLIPBOUND_CHECK(point.size() == static_cast<std::size_t>(self.input_size));
  CLIPBOUND_CHECK(outputs.size() == static_cast<std::size_t>(self.output_size));
  self.forward_batch = 0;
  self.load(point, 1);
  switch (order) {
    case SummationOrder::natural: self.plan.run(Sums::natural); break;
    case SummationOrder::reversed: self.plan.run(Sums::reversed); break;
    case SummationOrder::blocked: self.plan.run(Sums::blocked); break;
  }
  self.store(outputs);
}

template <typename T>
void Evaluator<T>::backward(std::span<const T> cotangents, std::span<T> gradients,
                            double surrogate) {
  Implementation& self = *implementation_;
  const std::int64_t batch = self.forward_batch;
  CLIPBOUND_CHECK_NOTE(batch > 0, "backward() without forward()");
  CLIPBOUND_CHECK(cotangents.size() == static_cast<std::size_t>(batch * self.output_size));
  CLIPBOUND_CHECK(gradients.size() == static_cast<std::size_t>(batch * self.input_size));
  EvaluationPlan<T>& plan = self.plan;
  plan.clear_gradients();
  self.copy_columns(plan.network().outputs, self.output_size, batch,
                    [&](ValueId id, std::int64_t size, std::int64_t b, std::int64_t at) {
                      if (plan.gradient(id) == nullptr) return;  // a constant output
                      T* to = plan.gradient(id) + b * size;
                      for (std::int64_t i = 0; i < size; ++i)
                        to[i] += cotangents[static_cast<std::size_t>(at + i)];
                    });
  plan.run_backward(surrogate);
  self.copy_columns(plan.network().inputs, self.input_size, batch,
                    [&](ValueId id, std::int64_t size, std::int64_t b, std::int64_t at) {
                      std::copy_n(plan.gradient(id) + b * size, size, gradients.data() + at);
                    });
}

template class Evaluator<float>;
template class Evaluator<double>;

}  // namespace clipbound::specs
