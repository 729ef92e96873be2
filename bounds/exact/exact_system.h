#pragma once
// Idea: the values of a layered system on a box as rational forms of the inputs and of one variable
// per undecided activation. Equal arguments share their variable, so that what is the same twice
// cancels; a variable's range and lines are those of its function: 0 of a ReLU, 1 of tanh, exactly.
// Source: own; the lines of ReLUs are CROWN's (Zhang et al. 2018), in rational arithmetic.
// Guarantees: every point of the box gives the variables values within their ranges and lines at
// which the forms are the values of the network (S13).
// Legend: N inputs, which are the variables 0 ... N - 1.
#include <map>
#include <vector>

#include "bounds/exact/rational_form.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

/// Whether activations are looked into.
enum class ExactDepth : std::uint8_t {
  ranges,  ///< each is a variable with the range that its bounds give it: costs next to nothing
  forms,   ///< of their arguments
};

class ExactSystem {
 public:
  /// `z` bounds the pre-activations of every layer on the box [lower, upper]. After `most_work`
  /// additions no form is substituted any more: what follows is as with ExactDepth::ranges.
  ExactSystem(const LayeredSystem& system, const std::vector<IntervalVector>& z,
              const std::vector<double>& lower, const std::vector<double>& upper, ExactDepth depth,
              std::int64_t most_work);

  /// From now on input `a` is `factor` times input `b` plus a variable in this range. Before any
  /// form is asked for.
  void relate_inputs(std::int32_t a, std::int32_t b, const mpq_class& factor, RationalRange range);
  const RationalForm& input(std::int32_t i) const { return inputs_[static_cast<std::size_t>(i)]; }
  /// Element i of the outputs.
  const RationalForm& output(std::int64_t i);

  const std::vector<RationalRange>& ranges() const { return ranges_; }
  /// Forms of earlier variables that lie below (above) a variable.
  const std::vector<RationalForm>& below(std::int32_t variable) const {
    return below_[static_cast<std::size_t>(variable)];
  }
  const std::vector<RationalForm>& above(std::int32_t variable) const {
    return above_[static_cast<std::size_t>(variable)];
  }
  /// Forms that are 1 everywhere and whose variables are never negative: those of a softmax.
  std::vector<RationalForm> simplices();
  void work(std::size_t additions) { work_ += static_cast<std::int64_t>(additions); }
  bool is_spent() const { return work_ > most_work_; }

 private:
  /// Arguments of an activation: forms of z, two for a product.
  struct Key {
    Curve curve;
    double parameter;
    RationalForm first, second;
    bool operator<(const Key& b) const;
  };

  RationalForm form_of(const AffineForm& form, std::int64_t i);
  const RationalForm& activation(int layer, std::int64_t v);
  RationalForm make_activation(int layer, std::int64_t v);
  RationalForm make_variable(int layer, std::int64_t v);
  RationalForm product(int layer, std::int64_t v);
  std::int32_t new_variable(RationalRange range);
  /// Lines below and above a variable that is f(z).
  void bound_relu(std::int32_t variable, const RationalForm& z, const RationalRange& range);
  void bound_curve(std::int32_t variable, const Activation& f, const RationalForm& z, double l,
                   double u);
  /// |f(a) - f(b)| <= slope |a - b|, and f increases: a variable against earlier ones of its curve.
  void relate(std::int32_t variable, const Key& key);
  static RationalForm of_variable(std::int32_t variable);

  const LayeredSystem& system_;
  const std::vector<IntervalVector>& z_;
  const ExactDepth depth_;
  const std::int64_t most_work_;
  std::int64_t work_ = 0;
  std::vector<RationalRange> ranges_;
  std::vector<RationalForm> inputs_;
  std::vector<std::vector<RationalForm>> below_, above_;
  std::map<std::pair<int, std::int64_t>, RationalForm> activations_;
  std::map<std::int64_t, RationalForm> outputs_;
  std::map<Key, std::int32_t> variables_;
  std::vector<std::pair<std::int32_t, Key>> related_;  // variables of curves with a slope limit
};

}  // namespace clipbound::bounds
