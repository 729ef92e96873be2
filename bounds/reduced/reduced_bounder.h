#pragma once
// Idea: The engine of input splits for networks of few unstable neurons: CROWN by backward
// substitution on the reduced network, for kLanes boxes at once, clipped by half-spaces.
// Source: Zhang et al., "Efficient neural network robustness certification with general activation
// functions", NeurIPS 2018 (CROWN); clipping: bounds/clip. Ours differs by the reduced network, by
// sharing each weight among lanes, and by outward rounding.
// Guarantees: the bounds of neurons and rows hold at every point of a lane's box that satisfies its
// half-spaces; slopes are free, offsets are proved (S3, S5, S7, S9).
// Legend: U neurons, S rows, N inputs, K half-spaces. Arrays are [item] of Vec, one number per
// lane.
#include <memory>
#include <vector>

#include "bounds/batch_bounder.h"
#include "bounds/clip/complete_clipping.h"
#include "bounds/reduced/reduced_network.h"

namespace clipbound::bounds {

class ReducedBounder final : public BatchBounder {
 public:
  /// Sizes the scratch memory for `network`, which must outlive the use.
  void attach(const ReducedNetwork& network, int most_halfspaces);

  /// Bounds every neuron that is unstable in some lane, then every row.
  void bound(BoxBatch& boxes, const Clipping& clipping, RowBounds& rows) override;
  void evaluate(const Vec* point, Vec* values) override;

 private:
  /// The widest step of a substitution: arrays of linear bounds have room for one more.
  static constexpr int kMostColumns = 8;
  struct Side;
  template <bool kAbove>
  Vec relax_relu(int w, Vec g, Side& side) const;
  template <bool kAbove>
  Vec relax_nonlinear(int w, Vec g, Side& side) const;
  Vec relaxation_gap(int w, Vec g) const;
  /// Neurons that are not inactive in all lanes, of the layers done so far.
  struct LiveNeurons {
    std::vector<int> neurons, begin;  ///< begin: [layers + 1]
    void clear() {
      neurons.clear();
      begin.assign(1, 0);
    }
    void end_layer() { begin.push_back(static_cast<int>(neurons.size())); }
  };
  template <bool kUpper>
  void substitute(int v, int layer);
  template <bool kUpper, bool kTwins>
  void substitute_row(const double* start, double slack, int layer, const LiveNeurons& live);
  template <bool kAbove>
  Vec relax_any(int w, Vec g, Side& side) const;
  template <bool kUpper>
  void relax_layer_of_twins(const LiveNeurons& live, int layer, Side& below, Side& above);
  template <bool kAbove>
  void take_difference(int w, Vec* g, Vec* extra, Side& side) const;
  template <bool kUpper>
  void relax_twins(int w, Side& below, Side& above);
  void attach_twins();
  int first_twin(int v) const {
    return twins_.empty() ? -1 : twins_[static_cast<std::size_t>(v)].first;
  }
  int second_twin(int v) const { return network_->twin[static_cast<std::size_t>(v)]; }
  void bound_twins(BoxBatch& boxes, int second, int layer, const Clipping& clipping);
  void bound_difference(const BoxBatch& boxes, int first, int layer, const Clipping& clipping);
  void bound_second(BoxBatch& boxes, int first, int layer, const Clipping& clipping);
  void relax_difference(const BoxBatch& boxes, int first);
  void end_layer_of_twins(const BoxBatch& boxes, int layer);
  bool is_open(const BoxBatch& boxes, std::size_t v) const;
  void narrow(BoxBatch& boxes, std::size_t v, Vec lower, Vec upper);
  LinePair own_lines(int v, int lane) const;
  void choose_relu_slopes(const BoxBatch& boxes, int v);
  void relax_neuron(const BoxBatch& boxes, int v);
  void relax_factors(const BoxBatch& boxes, int first);
  bool is_product(int v) const {
    return network_->activation[static_cast<std::size_t>(v)].curve == Curve::product;
  }
  bool is_second_factor(int v) const {
    return bounds::is_second_factor(network_->activation[static_cast<std::size_t>(v)]);
  }
  bool is_relu(int v) const {
    return network_->activation[static_cast<std::size_t>(v)].curve == Curve::relu;
  }
  void bound_neuron(BoxBatch& boxes, int v, int layer, const Clipping& clipping);
  void bound_rows(const BoxBatch& boxes, const Clipping& clipping, RowBounds& rows);
  void score_inputs(const BoxBatch& boxes, std::vector<Vec>& score) const;

  const ReducedNetwork* network_ = nullptr;
  CompleteClipping clipping_;
  // [U] relaxation of each neuron in each lane. ReLU: slopes below and above on [low, high] (0
  // where it is stable), intercepts follow from the coefficient. Others: slopes and offsets below
  // and above, and the mean gap between these lines.
  std::vector<Vec> lower_slope_, upper_slope_, low_, high_;
  std::vector<Vec> lower_offset_, upper_offset_, gap_;
  std::vector<Vec> lower_coefficient_, upper_coefficient_;  // [U] p of the row being substituted
  std::vector<Vec> linear_lower_, linear_upper_;            // [N + 1]
  std::vector<char> reads_neurons_;                         // [S] others are over inputs alone
  Vec intercept_lower_, intercept_upper_;                   // sum of q
  Vec error_lower_, error_upper_;
  Mask infeasible_ = {};
  LiveNeurons live_, live_apart_;  // all of them, and those that depend on no second twin
  std::vector<Vec> mirrored_;      // [N + 1]
  // [N + 1] linear bounds of a product's first factor, errors in their constants.
  std::vector<Vec> first_lower_, first_upper_;
  /// Of neurons in a network that has twins. A first one's difference f(y) - f(x), y - x being that
  /// of the pre-activations, between two lines; 0 in lanes that take no line.
  struct TwinState {
    int first = -1;        ///< of a second one
    bool apart = false;    ///< depends on no second one
    bool bounded = false;  ///< in this batch
    bool taken = false;    ///< in this batch, some lane takes a line of the difference
    Vec low{}, high{};     ///< of y - x
    Vec lower_slope{}, lower_y{}, lower_offset{}, upper_slope{}, upper_x{}, upper_offset{}, gap{};
    Mask below{}, above{};
  };
  std::vector<TwinState> twins_;        // [U]; empty without any
  std::vector<double> difference_row_;  // [stride]
  std::vector<Vec> sensitivity_;        // [U, N] mean |slope| of the neuron's two linear bounds
  std::vector<Vec> row_gap_, nearest_row_gap_;  // [U] what the relaxation loses in a row's bound
};

}  // namespace clipbound::bounds
