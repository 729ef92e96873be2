#include "bounds/lowering/undefined_reach.h"

#include <algorithm>
#include <map>
#include <set>

#include "bounds/lowering/operands.h"
#include "specs/network/op_table.h"
#include "specs/network/operation.h"
#include "specs/ops/movement.h"

namespace clipbound::bounds {

namespace {

using Marks = std::vector<NonNumbers>;

/// What c * x is for x of `what`, c of the given sign; 0 leaves anything.
NonNumbers scaled(NonNumbers what, double sign) {
  if (sign == 0.0) return 0;
  if (sign > 0.0) return what;
  return static_cast<NonNumbers>((what & kNaN) |
                                 ((what & kPlusInfinity) != 0 ? kMinusInfinity : 0) |
                                 ((what & kMinusInfinity) != 0 ? kPlusInfinity : 0));
}

/// x + anything: an infinity meets its opposite, perhaps.
NonNumbers plus_anything(NonNumbers what) {
  return what == 0 ? 0 : static_cast<NonNumbers>(what | kNaN);
}

/// x * anything, x / anything: NaN stays; an infinity keeps no sign, and times 0 is NaN.
NonNumbers times_anything(NonNumbers what) {
  if (what == 0 || what == kNaN) return what;
  return kNaN | kPlusInfinity | kMinusInfinity;
}

/// Follows one element through a network.
class Trace {
 public:
  Trace(const Network& network, ValueId id, std::int64_t element, NonNumbers what)
      : network_(network) {
    Marks& marks = marks_[id];
    marks.assign(static_cast<std::size_t>(network.value(id).size()), 0);
    marks[static_cast<std::size_t>(element)] = what;
    for (const Node& node : network.nodes) {
      if (std::any_of(node.inputs.begin(), node.inputs.end(),
                      [&](ValueId input) { return marks_.contains(input); }))
        follow(node);
    }
  }
  std::vector<NonNumbers> outputs() const {
    std::vector<NonNumbers> all;
    for (const ValueId id : network_.outputs) {
      const auto found = marks_.find(id);
      if (found != marks_.end()) {
        all.insert(all.end(), found->second.begin(), found->second.end());
      } else {
        all.resize(all.size() + static_cast<std::size_t>(network_.value(id).size()), 0);
      }
    }
    return all;
  }

 private:
  void follow(const Node& node) {
    for (std::size_t k = 0; k < node.outputs.size(); ++k) {
      if (node.outputs[k] == kNoValue) continue;
      Marks marks = through(node, static_cast<int>(k));
      if (std::any_of(marks.begin(), marks.end(), [](NonNumbers m) { return m != 0; }))
        marks_[node.outputs[k]] = std::move(marks);
    }
  }
  /// The marks of an input, or nullptr.
  const Marks* marks_of(const Node& node, std::size_t k) const {
    const auto found = marks_.find(node.inputs[k]);
    return found == marks_.end() ? nullptr : &found->second;
  }

  Marks through(const Node& node, int output) const {
    if (op_row(node.kind).op_class == OpClass::movement) return moved(node, output);
    switch (node.kind) {
      case OpKind::add:
      case OpKind::sub: return sum(node);
      case OpKind::mul:
      case OpKind::div: return product(node);
      case OpKind::neg: return each(node, [](NonNumbers what) { return scaled(what, -1.0); });
      case OpKind::sqrt:
        return each(node, [](NonNumbers what) {
          return static_cast<NonNumbers>((what & ~kMinusInfinity) |
                                         ((what & kMinusInfinity) != 0 ? kNaN : 0));
        });
      case OpKind::reciprocal:
        return each(node, [](NonNumbers what) { return what == kNaN ? what : NonNumbers{0}; });
      case OpKind::gemm:
      case OpKind::matmul:
      case OpKind::conv:
      case OpKind::conv_transpose:
      case OpKind::batch_normalization:
      case OpKind::average_pool:
      case OpKind::global_average_pool:
      case OpKind::reduce_sum:
      case OpKind::reduce_mean:
      case OpKind::interpolate:
      case OpKind::interpolate_upsample: return weighted(node);
      default: return {};
    }
  }

  Marks moved(const Node& node, int output) const {
    Marks result;
    for (const specs::SourceElement& from : specs::movement_map(network_, node, output)) {
      const Marks* const marks = marks_of(node, static_cast<std::size_t>(from.input));
      result.push_back(marks == nullptr ? NonNumbers{0}
                                        : (*marks)[static_cast<std::size_t>(from.element)]);
    }
    return result;
  }

  template <typename F>
  Marks each(const Node& node, const F& f) const {
    Marks result;
    const Marks* const marks = marks_of(node, 0);
    for (const NonNumbers what : marks == nullptr ? Marks() : *marks)
      result.push_back(what == 0 ? NonNumbers{0} : f(what));
    return result;
  }

  /// combine(marks of the first operand's element, of the second's, their positions) by element.
  template <typename F>
  Marks binary(const Node& node, const F& combine) const {
    const Shape& shape = network_.value(node.outputs[0]).shape;
    const auto left = broadcast_map(operand_shape(network_, node, 0), shape),
               right = broadcast_map(operand_shape(network_, node, 1), shape);
    const Marks *const a = marks_of(node, 0), *const b = marks_of(node, 1);
    Marks result;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const auto at_left = static_cast<std::size_t>(left[i]),
                 at_right = static_cast<std::size_t>(right[i]);
      result.push_back(combine(a == nullptr ? NonNumbers{0} : (*a)[at_left],
                               b == nullptr ? NonNumbers{0} : (*b)[at_right], at_left, at_right));
    }
    return result;
  }

  Marks sum(const Node& node) const {
    const double sign = node.kind == OpKind::add ? 1.0 : -1.0;
    return binary(node, [&](NonNumbers a, NonNumbers b, std::size_t, std::size_t) {
      return plus_anything(a != 0 ? a : scaled(b, sign));
    });
  }

  Marks product(const Node& node) const {
    const auto numbers = [&](std::size_t k) {
      const Value& value = network_.value(node.inputs[k]);
      return value.constant ? value.constant->as_float64() : std::vector<double>();
    };
    const std::vector<double> x = numbers(0), y = numbers(1);
    const bool quotient = node.kind == OpKind::div;
    return binary(node, [&](NonNumbers a, NonNumbers b, std::size_t i, std::size_t j) {
      if (a != 0) return y.empty() ? times_anything(a) : scaled(a, y[j]);
      // Anything / infinity is 0, perhaps.
      if (quotient) return b == kNaN ? b : NonNumbers{0};
      return x.empty() ? times_anything(b) : scaled(b, x[i]);
    });
  }

  /// Sums with constant weights, which the operator's gradient tells.
  Marks weighted(const Node& node) const {
    constexpr std::int64_t kMostWork = 1 << 14;
    std::size_t variable = 0;
    std::vector<std::vector<double>> values;
    std::vector<const double*> inputs;
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      const ValueId id = node.inputs[k];
      const bool constant = id == kNoValue || network_.is_constant(id);
      if (!constant) variable = k;
      values.push_back(id == kNoValue ? std::vector<double>()
                       : constant     ? network_.value(id).constant->as_float64()
                                      : std::vector<double>(
                                        static_cast<std::size_t>(network_.value(id).size()), 0.0));
      inputs.push_back(id == kNoValue ? nullptr : values.back().data());
    }
    const bool alone = std::count_if(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
                         return id != kNoValue && !network_.is_constant(id);
                       }) == 1;
    const Marks* const marks = marks_of(node, variable);
    const std::int64_t size = network_.value(node.outputs[0]).size();
    if (!alone || marks == nullptr ||
        size * network_.value(node.inputs[variable]).size() > kMostWork)
      return {};
    const auto operation = op_row(node.kind).verbs.prepare(network_, node);
    std::vector<double> output(static_cast<std::size_t>(size)), cotangent(output.size(), 0.0),
        gradient(marks->size(), 0.0);
    std::vector<double*> gradients(inputs.size(), nullptr);
    gradients[variable] = gradient.data();
    double* y = output.data();
    const double* from = cotangent.data();
    Arguments<double> arguments;
    arguments.inputs = inputs;
    arguments.outputs = {&y, 1};
    Gradients<double> pulled;
    pulled.outputs = {&from, 1};
    pulled.inputs = gradients;
    Marks result;
    for (double& unit : cotangent) {
      std::fill(gradient.begin(), gradient.end(), 0.0);
      unit = 1.0;
      operation->vjp(arguments, pulled);
      unit = 0.0;
      NonNumbers what = 0;
      for (std::size_t i = 0; i < gradient.size() && what == 0; ++i)
        what = plus_anything(scaled((*marks)[i], gradient[i]));
      result.push_back(what);
    }
    return result;
  }

  const Network& network_;
  std::map<ValueId, Marks> marks_;
};

}  // namespace

UndefinedReach::UndefinedReach(const Network& network, std::span<const Clause> clauses)
    : network_(network) {
  std::set<std::vector<Reader>> distinct;
  for (const Clause& clause : clauses) {
    std::set<Reader> readers;
    for (const Row& row : clause.rows) {
      for (const Term& term : row.terms) {
        if (term.of == Term::Of::output) readers.insert({term.index, sgn(term.coefficient.exact)});
      }
    }
    distinct.insert({readers.begin(), readers.end()});
  }
  clauses_.assign(distinct.begin(), distinct.end());
}

bool UndefinedReach::fails(ValueId id, std::int64_t element, NonNumbers what) const {
  const std::tuple key{id, element, what};
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  return known_[key] = compute(id, element, what);
}

bool UndefinedReach::compute(ValueId id, std::int64_t element, NonNumbers what) const {
  const Trace trace(network_, id, element, what);
  const std::vector<NonNumbers> outputs = trace.outputs();
  return std::all_of(clauses_.begin(), clauses_.end(), [&](const std::vector<Reader>& readers) {
    return std::any_of(readers.begin(), readers.end(), [&](const Reader& reader) {
      const NonNumbers left = scaled(outputs[static_cast<std::size_t>(reader.output)], reader.sign);
      // NaN <= t and infinity <= t do not hold, whatever is added to the left side.
      return left != 0 && (left & kMinusInfinity) == 0;
    });
  });
}

}  // namespace clipbound::bounds
