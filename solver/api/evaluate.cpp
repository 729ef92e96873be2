// Idea: Network::evaluate() computes values in the summation order of the file.
// Source: own.
// Guarantees: those of what it calls.
#include "specs/evaluate/evaluate.h"
#include "solver/api/implementation.h"

namespace clipbound {

namespace {

template <typename T>
std::vector<double> replay_all(const std::shared_ptr<const specs::Network>& network,
                               std::span<const double> x, std::size_t points) {
  specs::Evaluator<T> evaluator(network);
  const auto n = static_cast<std::size_t>(network->input_size()),
             m = static_cast<std::size_t>(network->output_size());
  std::vector<T> point(n), value(m);
  std::vector<double> y;
  y.reserve(points * m);
  for (std::size_t b = 0; b < points; ++b) {
    for (std::size_t i = 0; i < n; ++i) point[i] = static_cast<T>(x[b * n + i]);
    evaluator.replay(point, specs::SummationOrder::natural, value);
    y.insert(y.end(), value.begin(), value.end());
  }
  return y;
}

}  // namespace

std::vector<double> Network::evaluate(std::span<const double> x) const {
  const std::size_t n = input_size();
  if (x.empty() || x.size() % n != 0) {
    throw InputError("points of this network have " + std::to_string(n) + " inputs, got " +
                     std::to_string(x.size()) + " numbers");
  }
  return implementation_->network->computes_in_float64()
             ? replay_all<double>(implementation_->network, x, x.size() / n)
             : replay_all<float>(implementation_->network, x, x.size() / n);
}

}  // namespace clipbound
