#pragma once
// Idea: where few inputs vary, the linear bounds in the inputs that gave a neuron its bounds are
//   kept: two lines per neuron. On a smaller box they give new bounds of all neurons for one
//   product each, where a backward pass takes as long as on the whole box.
// Source: own; lines as in Singh et al., "DeepPoly", POPL 2019, but over the inputs.
// Guarantees: range() holds at every point of the network's box that lies in the smaller one (S6).
// Legend: n varying inputs.
#include <cstdint>
#include <optional>
#include <vector>

#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

/// A part of the network's box.
struct InputBox {
  std::vector<double> lower, upper;  ///< [N]
};

/// z >= lower . x + lower_offset and z <= upper . x + upper_offset, x the varying inputs.
struct NeuronLines {
  std::vector<double> lower, upper;  ///< [n]; empty: not known
  double lower_offset = 0.0, upper_offset = 0.0;
};

/// What a pass over the layers leaves, by layer and neuron.
using LinesOfLayers = std::vector<std::vector<NeuronLines>>;

class InputLines {
 public:
  /// No lines where more than this vary.
  static constexpr std::size_t kMostInputs = 40;

  /// The lines of a network's unstable ReLUs; those that read inputs alone have them anyway.
  InputLines(const SparseNetwork& network, LinesOfLayers lines);

  /// Whether some neuron has lines.
  bool any() const { return any_; }
  /// What is known of a neuron's z on a part of the box; infinite ends where there is no line.
  Range range(Unstable u, const InputBox& box) const;
  /// How far a neuron's lines move while an input goes from its lower to its upper end.
  double influence(Unstable u, std::int32_t input, const InputBox& box) const;
  const std::vector<std::int32_t>& inputs() const { return inputs_; }

 private:
  void add_first_layers(const SparseNetwork& network);

  std::vector<std::int32_t> inputs_;    // that vary
  std::vector<NeuronLines> lines_;      // [U]
  std::vector<std::int32_t> position_;  // [N] in inputs_, or -1
  bool any_ = false;
};

/// The line that a bounder's last bound of a lane is, without the inputs that are fixed: from
/// below (sign 1) or from above (sign -1).
void keep_line(const AlphaBetaBounder& bounder, const Cone& cone, int lane, double sign,
               NeuronLines& lines);

}  // namespace clipbound::bounds
