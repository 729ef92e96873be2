#include "bounds/reduced/fold_neurons.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/rounding.h"

namespace clipbound::bounds {

NeuronFolder::NeuronFolder(std::vector<Phase> phase, const std::vector<int>& layer,
                           const std::vector<Activation>& activations,
                           const std::vector<double>& largest_source,
                           std::vector<InputColumn> inputs, const std::vector<double>& input_max,
                           int rows)
    : result_(std::make_shared<ReducedNetwork>()),
      phase_(std::move(phase)),
      inputs_(std::move(inputs)) {
  ReducedNetwork& to = *result_;
  const std::size_t old = phase_.size();
  column_.assign(old, -1);
  active_form_.assign(old, -1);
  int last_layer = -1;
  for (std::size_t v = 0; v < old; ++v) {
    if (phase_[v] != Phase::unstable) continue;
    if (layer[v] != last_layer) {
      to.layer_begin.push_back(to.neurons);
      last_layer = layer[v];
    }
    column_[v] = to.neurons++;
    CLIPBOUND_CHECK(!std::isnan(largest_source[v]));
    to.largest_source.push_back(std::fmax(0.0, largest_source[v]));
    to.activation.push_back(activations[v]);
  }
  to.layer_begin.push_back(to.neurons);
  to.inputs = static_cast<int>(input_max.size());
  to.rows = rows;
  to.largest_source.insert(to.largest_source.end(), input_max.begin(), input_max.end());
  to.stride = ReducedNetwork::padded(to.neurons + to.inputs + 1);
  const auto total = static_cast<std::size_t>(to.neurons + rows);
  to.coefficients.assign(total * static_cast<std::size_t>(to.stride), 0.0);
  to.radius.assign(total, 0.0);
  scratch_.assign(static_cast<std::size_t>(to.stride), 0.0);
  double largest = 1.0;
  for (const double source : to.largest_source) largest = std::fmax(largest, source);
  for (const InputColumn& input : inputs_) largest = std::fmax(largest, std::fabs(input.centre));
  underflow_ = 0x1p-1030 * largest;
}

double NeuronFolder::magnitude_of(const double* form) const {
  const ReducedNetwork& to = *result_;
  double sum = std::fabs(form[to.constant()]);
  for (int j = 0; j < to.neurons + to.inputs; ++j)
    sum += std::fabs(form[j]) * to.largest_source[static_cast<std::size_t>(j)];
  return sum;
}

bool NeuronFolder::begin(int v, double radius, double magnitude) {
  const auto i = static_cast<std::size_t>(v);
  current_ = v;
  const bool is_row = i >= phase_.size();
  if (!is_row && phase_[i] == Phase::inactive) return false;
  if (is_row || phase_[i] == Phase::unstable) {
    target_ = is_row ? result_->neurons + (v - static_cast<int>(phase_.size())) : column_[i];
    out_ = result_->row(target_);
  } else {
    target_ = -1;
    out_ = scratch_.data();
  }
  std::fill(out_, out_ + result_->stride, 0.0);
  error_ = radius;
  additions_ = 0;
  magnitude_ = magnitude;
  return true;
}

void NeuronFolder::add_neuron(int w, double coefficient) {
  const auto j = static_cast<std::size_t>(w);
  if (coefficient == 0.0 || phase_[j] == Phase::inactive) return;
  if (phase_[j] == Phase::unstable) {
    out_[column_[j]] += coefficient;
    ++additions_;
    return;
  }
  additions_ += 2;
  const auto active = static_cast<std::size_t>(active_form_[j]),
             stride = static_cast<std::size_t>(result_->stride);
  const double* __restrict form = active_forms_.data() + active * stride;
  double* __restrict out = out_;
  for (std::size_t k = 0; k < stride; ++k) out[k] += coefficient * form[k];
  error_ += std::fabs(coefficient) * active_error_[active];
  magnitude_ += std::fabs(coefficient) * active_magnitude_[active];
}

void NeuronFolder::add_input(int i, double coefficient) {
  const InputColumn& input = inputs_[static_cast<std::size_t>(i)];
  additions_ += 2;
  if (input.column >= 0) {
    out_[result_->first_input() + input.column] += coefficient;
  } else {
    out_[result_->constant()] += coefficient * input.centre;
    error_ += std::fabs(coefficient) * input.half;
  }
}

void NeuronFolder::add_constant(double value) {
  out_[result_->constant()] += value;
  ++additions_;
}

void NeuronFolder::end() {
  // Every coefficient is a sum of at most additions_ roundings; magnitude_ holds the
  // magnitude of the row's own terms and of the multiples of active forms that were added. The last
  // factor covers the rounding of the error's own sums.
  const double here = magnitude_of(out_);
  const double gamma = gamma_bound(additions_ + 8.0);
  const double inflate = 1.0 + 4.0 * gamma_bound(2.0 * result_->stride + additions_ + 16.0);
  const double error = (error_ + gamma * magnitude_) * inflate + underflow_;
  if (target_ >= 0) {
    result_->radius[static_cast<std::size_t>(target_)] = error;
    return;
  }
  active_form_[static_cast<std::size_t>(current_)] = static_cast<int>(active_error_.size());
  active_error_.push_back(error);
  active_magnitude_.push_back(here);
  active_forms_.insert(active_forms_.end(), scratch_.begin(), scratch_.end());
}

std::shared_ptr<const ReducedNetwork> NeuronFolder::finish(
    const std::vector<std::int32_t>& old_neuron, std::vector<std::uint8_t> strict,
    const std::vector<std::int32_t>& twin) {
  for (std::size_t v = 0; v < phase_.size(); ++v) {
    if (phase_[v] != Phase::unstable) continue;
    result_->original_neuron.push_back(old_neuron[v]);
    if (twin.empty()) continue;
    result_->twin.push_back(twin[v] < 0 ? -1 : column_[static_cast<std::size_t>(twin[v])]);
  }
  result_->strict = std::move(strict);
  result_->finish();
  return result_;
}

}  // namespace clipbound::bounds
