#pragma once
// Idea: Folds stable neurons away, row by row: the step that both ways of making a reduced network
// share. Rows arrive in topological order, each as coefficients over old neurons, inputs and a
// constant. Old neurons are unstable (they keep a column), active (their own row is substituted) or
// inactive (they vanish).
// Source: own.
// Guarantees: every new row equals the old one on the set up to its radius, which grows by all
// roundings made here (S7).
// Legend: forms are rows of a ReducedNetwork: [stride], neurons | inputs | constant.
#include <cstdint>
#include <memory>
#include <vector>

#include "bounds/reduced/reduced_network.h"

namespace clipbound::bounds {

/// An input of the old system: kept as a column, or constant at centre +- half (half is tiny and
/// goes into the radius).
struct InputColumn {
  int column = -1;  ///< -1: constant
  double centre = 0.0, half = 0.0;
};

class NeuronFolder {
 public:
  /// phase [old neurons]; layer [old neurons] ascending; largest_source [old neurons] >= |f(z)| on
  /// the set; input_max [kept inputs].
  NeuronFolder(std::vector<Phase> phase, const std::vector<int>& layer,
               const std::vector<Activation>& activations,
               const std::vector<double>& largest_source, std::vector<InputColumn> inputs,
               const std::vector<double>& input_max, int rows);

  /// Begins the row of old neuron v, or of output row s where v = old neurons + s. False where the
  /// neuron is inactive: its row is not needed. `radius` as in the old system; `magnitude` bounds
  /// the sum of the row's |terms| on the set.
  bool begin(int v, double radius, double magnitude);
  void add_neuron(int w, double coefficient);
  void add_input(int i, double coefficient);
  void add_constant(double value);
  void end();

  /// After the last row. twin: of the old neurons, or empty.
  std::shared_ptr<const ReducedNetwork> finish(const std::vector<std::int32_t>& old_neuron,
                                               std::vector<std::uint8_t> strict,
                                               const std::vector<std::int32_t>& twin = {});

 private:
  double magnitude_of(const double* form) const;

  std::shared_ptr<ReducedNetwork> result_;
  std::vector<Phase> phase_;
  std::vector<InputColumn> inputs_;
  std::vector<int> column_, active_form_;
  std::vector<double> active_forms_, active_error_, active_magnitude_, scratch_;
  double* out_ = nullptr;
  int current_ = 0, target_ = 0;
  double error_ = 0.0, magnitude_ = 0.0, underflow_ = 0.0;
  int additions_ = 0;  // to any one coefficient of the current row, at most
};

}  // namespace clipbound::bounds
