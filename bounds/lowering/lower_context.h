#pragma once
// Idea: what an operator sees and may do while a network is lowered node by node.
//
// An operator computes the affine forms of its outputs from those of its inputs. Where it is not
// affine it makes a form a layer of neurons (add_layer) and goes on with their activations. All
// state of a lowering is here: the layers so far, and the forms of the values before the node.
// Source: own.
// Guarantees: a form that an operation returns encloses the named function of the given form on the
// box (S1, S2).
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "bounds/layered/layered_system.h"
#include "bounds/layered/zonotope_pass.h"
#include "bounds/lowering/edge_facts.h"
#include "bounds/lowering/lowering_options.h"
#include "specs/network/network.h"

namespace clipbound::bounds {

class LowerContext {
 public:
  /// A system of no layers yet, on the box [lower, upper].
  LowerContext(const Network& network, std::span<const double> lower, std::span<const double> upper,
               ProductForm products, const LoweringOptions& options = {});
  LowerContext(const LowerContext&) = delete;
  LowerContext& operator=(const LowerContext&) = delete;

  // What an operator may look at.
  const Network& network() const { return network_; }
  /// Of a value before the node; nullptr for constants.
  const AffineForm* form(ValueId id) const;
  const SourceMagnitudes& magnitudes() const { return system_.magnitudes; }
  const SourceIntervals& sources() const { return system_.sources; }
  const SourceSamples& samples() const { return system_.samples; }
  const std::vector<AffineForm>& layers() const { return system_.layers; }
  const std::vector<Activation>& activations() const { return system_.activations; }
  ProductForm products() const { return products_; }
  /// Ends of the inputs' box that do not belong to it.
  const OpenEnds& open() const { return open_; }
  /// Whether convolutions of so many coefficients (about), all together, stay what they are.
  bool stays_structured(double coefficients) const {
    return coefficients >= static_cast<double>(structured_from_);
  }
  /// Whether layers keep elements that are constants (keep_layers_whole()).
  bool keeps_layers_whole() const { return keeps_layers_whole_; }
  /// What is known where functions end.
  const EdgeFacts& edges() const { return edges_; }
  /// The values that a step is to take; nullptr: any.
  const Range* decision(const StepId& step) const;

  // What an operator may do.
  /// Makes a form a layer of neurons and returns their activations f(form); elements that depend on
  /// no source, or have one value only, become constants instead. `value` names the form for the
  /// user, kNoValue where it is a helper inside an operator.
  AffineForm add_layer(const AffineForm& form, const Activation& activation, ValueId value);
  /// The same for activations that are known to lie in `known` as well (infinite ends: no more than
  /// f says).
  AffineForm add_layer_within(const AffineForm& form, const Activation& activation, ValueId value,
                              const IntervalVector& known);
  /// The same for pre-activations that cannot leave `limits` (of all elements).
  AffineForm add_layer_inside(const AffineForm& form, const Activation& activation, ValueId value,
                              const LayerLimits& limits);
  AffineForm add_relu(const AffineForm& form, ValueId value) {
    return add_layer(form, {Curve::relu}, value);
  }
  /// Tells that some elements of a form add up to exactly 1 (a hint: it is used where each of them
  /// is one neuron's activation of one and the same layer).
  void note_sum_is_one(const AffineForm& form, const std::vector<std::int64_t>& elements);
  /// Tells of a staircase of an input that takes several values.
  void note_staircase(const InputStaircase& staircase) { system_.staircases.push_back(staircase); }
  /// A number for the next of the node's step functions: to be taken in the same order in every
  /// lowering, so that decisions find it again.
  StepId next_steps() { return {node_, calls_++, 0}; }
  void note_open_step(const OpenStep& step) { system_.open_steps.push_back(step); }
  /// Elements that are at most 0 at every point at which the steps take their decided values.
  void note_conditions(const AffineForm& conditions);
  /// No point of the box takes the decided values.
  void note_impossible() { system_.is_impossible = true; }

  /// Tells that some elements of a value may be no finite real numbers, on the box, at points that
  /// may be counterexamples.
  void note_undefined(ValueId id) { edges_.undefined.insert(id); }
  /// The same for elements that are numbers or -infinity.
  void note_masked(ValueId id) {
    edges_.undefined.insert(id);
    edges_.masked.insert(id);
  }

  // What happens between operators.
  EdgeFacts& edges() { return edges_; }
  void begin_node(std::int32_t node) {
    node_ = node;
    calls_ = 0;
  }
  void set_form(ValueId id, AffineForm form) { forms_[id] = std::move(form); }
  /// From now on ReLUs and identities of elements that are constant on the box are neurons like
  /// others: all pixels of a convolution behind them have one kernel.
  void keep_layers_whole();
  /// Around the steps of maxima of elements of x, which end in add_maxima(): [taps][maxima] picks.
  void begin_maxima(const AffineForm& x) {
    if (zonotopes_) zonotopes_->begin_maxima(x);
  }
  AffineForm add_maxima(const AffineForm& largest, ValueId value, const LayerLimits& limits,
                        const std::vector<std::vector<Pick>>& taps);
  void drop_form(ValueId id);
  void note_interval_only(IntervalOnlyOperator op) {
    system_.interval_only.push_back(std::move(op));
  }
  const LayeredSystem& system() const { return system_; }
  /// The system with its outputs; the end of the lowering.
  LayeredSystem finish(AffineForm outputs);

 private:
  /// A layer to be. z: intervals of the pre-activations; range: those of the activations.
  struct Draft {
    const Activation& activation;
    ValueId value;
    IntervalVector z, range;
    LayerLimits limits;
  };
  AffineForm add_draft(const AffineForm& form, Draft draft, const IntervalVector& known);
  /// Appends a layer all of whose neurons vary.
  AffineForm append_layer(const AffineForm& form, Draft draft, std::vector<std::int64_t> elements);
  void add_source(int source, IntervalVector interval);
  /// Cuts a layer to what a zonotope says of it, for every box inside as well.
  void cut_to_zonotope(int layer, const AffineForm& form, Draft& draft);

  const Network& network_;
  const ProductForm products_;
  const OpenEnds open_;
  const StepDecisions* const decisions_;
  const std::int64_t structured_from_;
  const bool wants_zonotopes_;
  bool keeps_layers_whole_ = false;
  std::optional<ZonotopePass> zonotopes_;
  std::vector<std::vector<std::int64_t>> maxima_;  // of the layer to come; empty: of no maxima
  std::int32_t node_ = 0, calls_ = 0;
  LayeredSystem system_;
  EdgeFacts edges_;
  std::map<ValueId, AffineForm> forms_;
};

/// Constants that are known within an interval, as a form without sources.
AffineForm constant_within(const IntervalVector& interval);

}  // namespace clipbound::bounds
