#include "bounds/lowering/ops/share_of_exponentials.h"

#include <map>

#include "base/rounding.h"
#include "bounds/layered/linear_map.h"

namespace clipbound::bounds {

namespace {

/// factor * exp(z), z a neuron of a layer.
struct Exponential {
  int layer = kInputSource;
  std::int32_t neuron = 0;
  double factor = 0.0;
};

/// The terms of an element that is a sum of such and a constant >= 0, all factors positive and
/// nothing rounded; empty where it is none.
std::vector<Exponential> exponentials_of(const LowerContext& context, const AffineForm& form,
                                         std::int64_t i) {
  const auto e = static_cast<std::size_t>(i);
  if (form.radius[e] != 0.0 || !(form.constant[e] >= 0.0)) return {};
  std::vector<Exponential> result;
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    const auto index = rows.indices(i);
    const auto value = rows.values(i);
    for (std::size_t j = 0; j < index.size(); ++j) {
      if (source < 0 || !(value[j] > 0.0) ||
          context.activations()[static_cast<std::size_t>(source)].curve != Curve::exp)
        return {};
      result.push_back({source, index[j], value[j]});
    }
  }
  return result;
}

/// The exponents z_j - z_i, and the sums of their exponentials.
class Shares {
 public:
  explicit Shares(LowerContext& context) : context_(context) {}

  /// False where an element is not of the form.
  bool add(const AffineForm& x, const AffineForm& y, std::int64_t i) {
    const std::vector<Exponential> own = exponentials_of(context_, x, i),
                                   all = exponentials_of(context_, y, i);
    if (own.size() != 1 || x.constant[static_cast<std::size_t>(i)] != 0.0) return false;
    double self = 0.0;
    for (const Exponential& term : all) {
      if (term.layer == own[0].layer && term.neuron == own[0].neuron) {
        self = term.factor;
      } else {
        add_exponent(&term, own[0], term.factor);
      }
    }
    const double constant = y.constant[static_cast<std::size_t>(i)];
    if (constant > 0.0) add_exponent(nullptr, own[0], constant);
    sum_begin_.push_back(static_cast<std::int64_t>(weights_.size()));
    self_.push_back(self);
    factor_.push_back(own[0].factor);
    constexpr std::size_t kMostExponents = 1 << 16;
    return self > 0.0 && weights_.size() <= kMostExponents;
  }

  AffineForm lower() {
    if (weights_.empty()) return of_constants();
    std::vector<const AffineForm*> layers(number_.size());
    for (const auto& [layer, number] : number_)
      layers[static_cast<std::size_t>(number)] =
          &context_.layers()[static_cast<std::size_t>(layer)];
    const AffineForm exponents =
        linear_map(layers, begin_, differences_, std::vector<double>(weights_.size(), 0.0),
                   context_.magnitudes());
    const AffineForm powers = context_.add_layer(exponents, {Curve::exp}, kNoValue);
    std::vector<WeightedTerm> terms;
    for (std::size_t k = 0; k < weights_.size(); ++k)
      terms.push_back({0, static_cast<std::int64_t>(k), weights_[k]});
    const AffineForm sums = linear_map({&powers}, sum_begin_, terms, self_, context_.magnitudes());
    const LayerLimits at_least_self{{self_, std::vector<double>(self_.size(), kInfinity)}, false};
    const AffineForm inverse =
        context_.add_layer_inside(sums, {Curve::reciprocal}, kNoValue, at_least_self);
    return scaled(inverse);
  }

 private:
  std::int32_t number_of(int layer) {
    return number_.emplace(layer, static_cast<std::int32_t>(number_.size())).first->second;
  }
  /// weight * exp(z - z of own); z = 0 where there is none.
  void add_exponent(const Exponential* term, const Exponential& own, double weight) {
    if (term != nullptr) differences_.push_back({number_of(term->layer), term->neuron, 1.0});
    differences_.push_back({number_of(own.layer), own.neuron, -1.0});
    begin_.push_back(static_cast<std::int64_t>(differences_.size()));
    weights_.push_back(weight);
  }
  AffineForm scaled(const AffineForm& inverse) const {
    std::vector<std::int64_t> begin{0};
    std::vector<WeightedTerm> terms;
    for (std::size_t i = 0; i < factor_.size(); ++i) {
      terms.push_back({0, static_cast<std::int64_t>(i), factor_[i]});
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
    return linear_map({&inverse}, begin, terms, std::vector<double>(factor_.size(), 0.0),
                      context_.magnitudes());
  }
  /// Every share is factor / self.
  AffineForm of_constants() const {
    IntervalVector quotient;
    for (std::size_t i = 0; i < factor_.size(); ++i) {
      quotient.lower.push_back(div_down(factor_[i], self_[i]));
      quotient.upper.push_back(div_up(factor_[i], self_[i]));
    }
    return constant_within(quotient);
  }

  LowerContext& context_;
  std::map<int, std::int32_t> number_;  // of the layers that exponents are made of
  std::vector<std::int64_t> begin_{0}, sum_begin_{0};
  std::vector<WeightedTerm> differences_;
  std::vector<double> weights_, self_, factor_;
};

}  // namespace

std::optional<AffineForm> share_of_exponentials(LowerContext& context, const AffineForm& x,
                                                const AffineForm& y) {
  Shares shares(context);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    if (!shares.add(x, y, i)) return std::nullopt;
  }
  return shares.lower();
}

}  // namespace clipbound::bounds
