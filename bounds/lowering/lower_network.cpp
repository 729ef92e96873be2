#include "bounds/lowering/lower_network.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/error.h"
#include "base/rounding.h"
#include "bounds/layered/sharp_ends.h"
#include "bounds/layered/weighted_sum.h"
#include "bounds/limits.h"
#include "bounds/lowering/edges.h"
#include "bounds/lowering/float_limits.h"
#include "bounds/lowering/integers_in_range.h"
#include "bounds/lowering/lower_context.h"
#include "bounds/lowering/operands.h"
#include "bounds/lowering/ops/lower_op.h"
#include "bounds/lowering/twins.h"
#include "specs/network/integer_range.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

/// The elements first, first + 1, ... of the input. Those that do not vary are constants, so that
/// what is multiplied by them stays linear.
AffineForm input_form(const LayeredSystem& system, const std::vector<char>& varies,
                      std::int64_t first, std::int64_t count) {
  IntervalVector constants;
  for (std::int64_t i = first; i < first + count; ++i) {
    const auto k = static_cast<std::size_t>(i);
    constants.lower.push_back(varies[k] ? 0.0 : system.lower[k]);
    constants.upper.push_back(varies[k] ? 0.0 : system.upper[k]);
  }
  AffineForm form = constant_within(constants);
  SparseRows rows;
  rows.cols = static_cast<std::int64_t>(system.lower.size());
  for (std::int64_t i = first; i < first + count; ++i) {
    if (varies[static_cast<std::size_t>(i)]) rows.append(static_cast<std::int32_t>(i), 1.0);
    rows.end_row();
  }
  if (rows.entries() > 0) form.terms.emplace(kInputSource, std::move(rows));
  return form;
}

/// The intervals of a form; constants that are known exactly stay so.
IntervalVector intervals_of(const AffineForm& form, const SourceIntervals& sources) {
  IntervalVector range = enclose(form, sources);
  const std::vector<char> constant = constant_elements(form);
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] != 0 && form.radius[i] == 0.0)
      range.lower[i] = range.upper[i] = form.constant[i];
  }
  return range;
}

/// True where some element's radius is more than roundings: these may be wide too, but what is
/// chosen by an index or not is wider.
bool is_wide(const std::vector<AffineForm>& forms) {
  constexpr double kWidestRounding = 0x1p-20;
  for (const AffineForm& form : forms) {
    for (std::size_t i = 0; i < form.radius.size(); ++i) {
      if (form.radius[i] > kWidestRounding * (1.0 + std::fabs(form.constant[i]))) return true;
    }
  }
  return false;
}

/// What interval arithmetic knows nothing of may be no number: the square root of a negative one,
/// a remainder of a division by 0.
void note_unknown(LowerContext& context, const Node& node, const std::vector<AffineForm>& forms) {
  for (std::size_t k = 0; k < forms.size(); ++k) {
    const ValueId id = node.outputs[k];
    if (id == kNoValue) continue;
    const DataType type = context.network().value(id).type;
    if (type == DataType::boolean || type == DataType::int64) continue;
    const std::vector<double>& radius = forms[k].radius;
    if (std::any_of(radius.begin(), radius.end(), [](double r) { return !(r < kInfinity); }))
      context.note_undefined(id);
  }
}

/// Whether the node divides by what may be infinite, and nothing reads the quotient: the judge
/// takes no point where an output is infinite or no number.
bool is_last_quotient(const LowerContext& context, const Node& node) {
  if (node.kind != OpKind::div) return false;
  const Network& network = context.network();
  const auto is_quotient = [&](ValueId id) { return id == node.outputs[0]; };
  return std::any_of(network.outputs.begin(), network.outputs.end(), is_quotient) &&
         std::none_of(network.nodes.begin(), network.nodes.end(), [&](const Node& reader) {
           return std::any_of(reader.inputs.begin(), reader.inputs.end(), is_quotient);
         });
}
/// Divided by an infinity, a number is 0, wherever in the box that is: an interval with 0 in it, as
/// lines would be tight on small parts of the box, where it may be 0 as well.
AffineForm with_zero(const LowerContext& context, const AffineForm& form) {
  const IntervalVector range = enclose(form, context.sources());
  AffineForm any = AffineForm::of_constant(std::vector<double>(range.lower.size(), 0.0));
  for (std::size_t i = 0; i < any.radius.size(); ++i) {
    if (!std::isfinite(range.lower[i]) || !std::isfinite(range.upper[i])) {
      any.radius[i] = kInfinity;
      continue;
    }
    const double lower = std::min(range.lower[i], 0.0), upper = std::max(range.upper[i], 0.0);
    any.constant[i] = 0.5 * lower + 0.5 * upper;
    any.radius[i] = std::max(add_up(upper, -any.constant[i]), add_up(any.constant[i], -lower));
  }
  return any;
}

/// Operators that a structured map may enter: they make layers of it, weighted sums, or copies.
bool takes_structure(OpKind kind) {
  switch (kind) {
    case OpKind::relu:
    case OpKind::leaky_relu:
    case OpKind::abs:
    case OpKind::clip:
    case OpKind::sigmoid:
    case OpKind::tanh:
    case OpKind::softplus:
    case OpKind::erf:
    case OpKind::add:
    case OpKind::sub:
    case OpKind::batch_normalization: return true;
    default: return op_row(kind).op_class == OpClass::movement && kind != OpKind::convert;
  }
}

/// Operators throw Unsupported, with their reason, where they have no linear bounds of a node; it
/// is caught here and nowhere else.
std::vector<AffineForm> lower_node(LowerContext& context, const Node& node) {
  const bool undefined = std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    return context.edges().undefined.contains(id);
  });
  const bool endless = !keeps_endless(context, node);
  const bool divides = endless && is_last_quotient(context, node);
  const bool kept = (!endless || divides) && (!undefined || keeps_undefined(context, node));
  const bool unknown = undefined || !kept;
  std::string reason = "what it is applied to may be NaN or infinite";
  const WidenedInputs widened(context, node);
  try {
    if (kept) {
      std::vector<AffineForm> forms = lower_function(node.kind)(context, node);
      if (!divides) return forms;
      context.note_interval_only({node.name, operator_name(node), "the divisor may be infinite"});
      return {with_zero(context, forms[0])};
    }
  } catch (const Unsupported& refusal) {
    reason = refusal.what();
  }
  std::vector<AffineForm> results =
      unknown ? unknown_outputs(context.network(), node) : lower_by_intervals(context, node);
  if (!unknown) note_unknown(context, node, results);
  if (is_wide(results))
    context.note_interval_only({node.name, operator_name(node), std::move(reason)});
  return results;
}

/// Lowers one network, node by node.
class Lowering {
 public:
  Lowering(const Network& network, std::span<const double> lower, std::span<const double> upper,
           ProductForm products, const LoweringOptions& options)
      : network_(network),
        options_(options),
        context_(network, lower, upper, products, options),
        wanted_ends_(values_before_edges(network)) {
    CLIPBOUND_CHECK(static_cast<std::int64_t>(lower.size()) == network.input_size());
    context_.edges().undefined_reach = options.undefined_reach;
    Judges judges = judges_of(network);
    context_.edges().before_jumps = std::move(judges.jumps);
    context_.edges().before_divisions = std::move(judges.divisions);
    if (std::any_of(network.nodes.begin(), network.nodes.end(),
                    [&](const Node& node) { return stays_structured(context_, node); }))
      context_.keep_layers_whole();
    add_inputs();
    if (options.differences) twins_ = find_twins(network);
    for (std::size_t i = 0; i < network.nodes.size(); ++i) {
      for (const ValueId id : network.nodes[node_at(i)].inputs) last_use_[id] = i;
    }
    for (const ValueId id : network.outputs) last_use_[id] = network.nodes.size();
  }

  LayeredSystem run() {
    for (std::size_t i = 0; i < network_.nodes.size(); ++i) {
      if (options_.deadline != nullptr && options_.deadline->expired()) throw LoweringInterrupted();
      lower(i);
    }
    LayeredSystem system = context_.finish(joined_outputs());
    pair_layers(twins_, system);
    return system;
  }

 private:
  /// The node that is lowered at a position.
  std::size_t node_at(std::size_t position) const {
    return twins_.order.empty() ? position : twins_.order[position];
  }
  void set_form(ValueId id, AffineForm form) {
    if (options_.intervals != nullptr && id != kNoValue) {
      IntervalVector& range = (*options_.intervals)[id] = intervals_of(form, context_.sources());
      // What may be no number, or an infinite one, is in no interval.
      if (context_.edges().undefined.contains(id) || context_.edges().endless.contains(id)) {
        std::fill(range.lower.begin(), range.lower.end(), -kInfinity);
        std::fill(range.upper.begin(), range.upper.end(), kInfinity);
      }
    }
    context_.set_form(id, std::move(form));
  }
  void add_inputs() {
    const LayeredSystem& system = context_.system();
    std::vector<char> varies(system.lower.size(), 0);
    for (const int i : varying_inputs(system.lower, system.upper))
      varies[static_cast<std::size_t>(i)] = 1;
    for (std::size_t i = 0; options_.narrow_inputs == NarrowInputs::variables && i < varies.size();
         ++i)
      varies[i] = system.lower[i] < system.upper[i] ? 1 : 0;
    std::int64_t first = 0;
    for (const ValueId id : network_.inputs) {
      const std::int64_t size = network_.value(id).size();
      set_form(id, input_form(system, varies, first, size));
      if (wanted_ends_[index_of(id)] != 0) {
        context_.edges().certain[id] = {
            {system.lower.begin() + first, system.lower.begin() + first + size},
            {system.upper.begin() + first, system.upper.begin() + first + size}};
      }
      first += size;
    }
  }
  void lower(std::size_t position) {
    const Node& node = network_.nodes[node_at(position)];
    check_attributes(network_, node);
    context_.begin_node(static_cast<std::int32_t>(node_at(position)));
    for (std::size_t k = 0; k < node.inputs.size(); ++k) {
      if (!takes_structure(node.kind) || shares_structure(node, k)) make_plain(node.inputs[k]);
    }
    std::vector<AffineForm> results = lower_node(context_, node);
    CLIPBOUND_CHECK(results.size() == node.outputs.size());
    if (may_leave_range(network_, node)) keep_in_range(context_, node, results[0]);
    for (std::size_t k = 0; k < results.size(); ++k) {
      charge_type(context_, node, k, results[k]);
      keep_edges(node, k, results[k]);
      set_form(node.outputs[k], std::move(results[k]));
    }
    // Forms are dropped after their last use: on deep networks they would add up.
    for (const ValueId id : node.inputs) {
      if (last_use_[id] == position) context_.drop_form(id);
    }
  }
  /// Whether input k reads a source through a structured map that another input reads, too: in a
  /// sum or a list of both there would be rows.
  bool shares_structure(const Node& node, std::size_t k) const {
    const auto form_at = [&](std::size_t input) {
      const ValueId id = node.inputs[input];
      return id == kNoValue ? nullptr : context_.form(id);
    };
    const AffineForm* const form = form_at(k);
    if (form == nullptr || !has_structure(*form)) return false;
    for (std::size_t other = 0; other < node.inputs.size(); ++other) {
      if (other == k || form_at(other) == nullptr) continue;
      for (const auto& [source, coefficients] : form->terms) {
        if (coefficients.structure() != nullptr && form_at(other)->terms.contains(source))
          return true;
      }
    }
    return false;
  }
  /// An identity layer stands between a structured map and an operator that would read its rows.
  void make_plain(ValueId id, ValueId name = kNoValue) {
    const AffineForm* form = id == kNoValue ? nullptr : context_.form(id);
    if (form != nullptr && has_structure(*form))
      context_.set_form(id, context_.add_layer(*form, {Curve::identity}, name));
  }
  /// What stays known of output k of a node for functions with an edge behind it.
  void keep_edges(const Node& node, std::size_t k, const AffineForm& form) {
    const ValueId id = node.outputs[k];
    if (id == kNoValue) return;
    pass_undefined(context_, node, k);
    note_overflow(context_, node, k, form);
    if (wanted_ends_[index_of(id)] == 0) return;
    IntervalVector ends = ends_by_operator(context_, node, k);
    sharpen(form, context_.sources(), ends);
    context_.edges().certain[id] = std::move(ends);
  }
  AffineForm joined_outputs() {
    std::vector<AffineForm> scratch(network_.outputs.size());
    std::vector<const AffineForm*> outputs;
    std::vector<Pick> picks;
    for (const ValueId id : network_.outputs) make_plain(id, id);
    for (std::size_t k = 0; k < network_.outputs.size(); ++k) {
      outputs.push_back(&form_of(context_, network_.outputs[k], scratch[k]));
      for (std::int64_t i = 0; i < outputs.back()->size(); ++i)
        picks.push_back({static_cast<std::int32_t>(k), i});
    }
    return gather(outputs, picks);
  }

  const Network& network_;
  const LoweringOptions& options_;
  LowerContext context_;
  Twins twins_;                              // empty where none are looked for
  std::map<ValueId, std::size_t> last_use_;  // position of the node
  const std::vector<char> wanted_ends_;      // by value
};

}  // namespace

LayeredSystem lower_network(const Network& network, std::span<const double> lower,
                            std::span<const double> upper, ProductForm products,
                            const LoweringOptions& options) {
  LayeredSystem system = Lowering(network, lower, upper, products, options).run();
  system.ball = options.ball;
  return system;
}

bool suits_zonotopes(const LayeredSystem& system, const std::vector<double>& lower,
                     const std::vector<double>& upper) {
  // A noise for every input, and as many copies of it as a layer has neurons: gigabytes elsewhere.
  constexpr std::size_t kMostNumbers = std::size_t{1} << 24;
  const std::size_t inputs = varying_inputs(lower, upper).size();
  std::size_t widest = 0;
  for (const AffineForm& form : system.layers) widest = std::max(widest, form.constant.size());
  return inputs <= kMostZonotopeInputs && widest * (inputs + 1) <= kMostNumbers &&
         std::any_of(system.layers.begin(), system.layers.end(),
                     [](const AffineForm& form) { return has_structure(form); });
}

}  // namespace clipbound::bounds
