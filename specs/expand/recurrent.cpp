#include "specs/expand/recurrent.h"

#include <algorithm>
#include <cctype>

namespace clipbound::specs {

namespace {

/// A function, and whether it takes numbers from the attributes. The last ones are what it takes
/// where there are none; `agreed`: in ONNX Runtime too.
struct FunctionRow {
  const char* name;
  bool takes_alpha, takes_beta, agreed;
  double alpha, beta;
};
constexpr FunctionRow kFunctions[] = {
    {"Relu", false, false, true, 0.0, 0.0},       {"Tanh", false, false, true, 0.0, 0.0},
    {"Sigmoid", false, false, true, 0.0, 0.0},    {"Affine", true, true, false, 1.0, 0.0},
    {"LeakyRelu", true, false, true, 0.01F, 0.0}, {"ThresholdedRelu", true, false, false, 1.0, 0.0},
    {"ScaledTanh", true, true, false, 1.0, 1.0},  {"HardSigmoid", true, true, true, 0.2F, 0.5},
    {"Elu", true, false, true, 1.0, 0.0},         {"Softsign", false, false, true, 0.0, 0.0},
    {"Softplus", false, false, true, 0.0, 0.0},
};

const FunctionRow& row_of(const std::string& name) {
  const auto lower = [](std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
  };
  for (const FunctionRow& row : kFunctions)
    if (lower(row.name) == lower(name)) return row;
  throw Unsupported("the activation '" + name + "'");
}

std::vector<std::string> strings_attribute(const Node& node, const std::string& key) {
  const auto found = node.attributes.find(key);
  if (found == node.attributes.end()) return {};
  const auto* held = std::get_if<std::vector<std::string>>(&found->second);
  if (held == nullptr) throw InputError("attribute '" + key + "' is no list of strings");
  return *held;
}

/// The numbers of an attribute, which functions take in their order; behind the end, the functions'
/// own.
class Numbers {
 public:
  Numbers(const Node& node, const char* key, bool may_end)
      : list_(floats_attribute(node, key)), key_(key), may_end_(may_end) {}
  double next(const FunctionRow& function, double fallback) {
    if (list_ != nullptr && at_ < list_->size()) return (*list_)[at_++];
    if (!may_end_ || !function.agreed)
      throw Unsupported(std::string("the activation ") + function.name + " without its " + key_ +
                        ", which runtimes read differently");
    return fallback;
  }

 private:
  const std::vector<double>* list_;
  const char* key_;
  bool may_end_;
  std::size_t at_ = 0;
};

}  // namespace

ValueId apply(Expansion& e, const GateFunction& f, ValueId x) {
  if (f.name == "Affine")
    return e.add("Add", {e.add("Mul", {x, e.number(f.alpha, x)}), e.number(f.beta, x)});
  if (f.name == "ScaledTanh")
    return e.add("Mul",
                 {e.add("Tanh", {e.add("Mul", {x, e.number(f.beta, x)})}), e.number(f.alpha, x)});
  const FunctionRow& row = row_of(f.name);
  std::map<std::string, Attribute> attributes;
  if (row.takes_alpha) attributes.emplace("alpha", f.alpha);
  if (row.takes_beta) attributes.emplace("beta", f.beta);
  return e.add(f.name, {x}, std::move(attributes));
}

Recurrence::Recurrence(Expansion& e, std::int64_t gates, std::size_t most_inputs,
                       std::vector<std::string> fallback)
    : e_(e), gates_(gates), direction_(string_attribute(e.node(), "direction", "forward")) {
  if (direction_ != "forward" && direction_ != "reverse" && direction_ != "bidirectional")
    throw InputError("direction '" + direction_ + "'");
  directions_ = direction_ == "bidirectional" ? 2 : 1;
  batch_first_ = e.node().int_attribute("layout", 0) != 0;
  read_shapes(gates, most_inputs);
  read_functions(std::move(fallback));
}

void Recurrence::expect_shape(std::size_t i, const Shape& shape) const {
  if (!e_.has(i)) return;
  if (e_.shape(e_.input(i)) != shape)
    throw InputError("input " + std::to_string(i) + " is " + to_string(e_.shape(e_.input(i))) +
                     ", not " + to_string(shape));
}

void Recurrence::read_shapes(std::int64_t gates, std::size_t most_inputs) {
  constexpr std::int64_t kMostSteps = 4096;
  expect_inputs(e_, 3, most_inputs);
  expect_floating(e_, 0);
  const Shape given = e_.shape(e_.input(0)), weights = e_.shape(e_.input(2));
  if (given.size() != 3) throw InputError("input " + to_string(given) + " is no sequence");
  if (weights.size() != 3) throw InputError("the weights are " + to_string(weights));
  steps_ = given[batch_first_ ? 1 : 0];
  batch_ = given[batch_first_ ? 0 : 1];
  hidden_ = e_.node().int_attribute("hidden_size", weights[2]);
  if (steps_ < 1 || batch_ < 1 || hidden_ < 1)
    throw InputError("input " + to_string(given) + " is empty");
  if (steps_ > kMostSteps) throw Unsupported("a sequence of " + std::to_string(steps_) + " steps");
  const std::int64_t rows = gates * hidden_, d = directions_;
  expect_shape(1, {d, rows, given[2]});
  expect_shape(2, {d, rows, hidden_});
  expect_shape(3, {d, 2 * rows});
  const Shape state = batch_first_ ? Shape{batch_, d, hidden_} : Shape{d, batch_, hidden_};
  expect_shape(5, state);
  if (most_inputs > 6) expect_shape(6, state);
  if (most_inputs > 7) expect_shape(7, {d, 3 * hidden_});
  if (e_.has(4))
    for (const std::int64_t length : constant_ints(e_.network(), e_.node(), 4, "sequence_lens"))
      if (length != steps_) throw Unsupported("sequences that end before the last step");
  x_ = batch_first_ ? transpose(e_, e_.input(0), {1, 0, 2}) : e_.input(0);
}

void Recurrence::read_functions(std::vector<std::string> fallback) {
  per_direction_ = fallback.size();
  std::vector<std::string> names = strings_attribute(e_.node(), "activations");
  if (names.empty()) {
    for (std::int64_t d = 0; d < directions_; ++d)
      names.insert(names.end(), fallback.begin(), fallback.end());
  }
  if (names.size() != per_direction_ * static_cast<std::size_t>(directions_))
    throw InputError("has " + std::to_string(names.size()) + " activations");
  // ONNX Runtime's RNN takes 0 where the standard says the function's own numbers.
  const bool own = e_.node().composite != "RNN";
  Numbers alphas(e_.node(), "activation_alpha", own), betas(e_.node(), "activation_beta", own);
  for (const std::string& name : names) {
    const FunctionRow& row = row_of(name);
    functions_.push_back({row.name, row.takes_alpha ? alphas.next(row, row.alpha) : row.alpha,
                          row.takes_beta ? betas.next(row, row.beta) : row.beta});
  }
}

std::int64_t Recurrence::step(std::int64_t d, std::int64_t t) const {
  return direction_ == "reverse" || d == 1 ? steps_ - 1 - t : t;
}

ValueId Recurrence::from_inputs(std::int64_t d) const {
  const ValueId weights = e_.add("Transpose", {part(d, 1)});
  const ValueId product = e_.add("MatMul", {x_, weights});
  if (!e_.has(3)) return product;
  return e_.add("Add", {product, slice(e_, part(d, 3), 0, 0, gates_ * hidden_)});
}

ValueId Recurrence::recurrent_weights(std::int64_t d) const {
  return e_.add("Transpose", {part(d, 2)});
}

ValueId Recurrence::recurrent_bias(std::int64_t d) const {
  if (!e_.has(3)) return kNoValue;
  return slice(e_, part(d, 3), 0, gates_ * hidden_, 2 * gates_ * hidden_);
}

ValueId Recurrence::initial(std::int64_t d, std::size_t input) const {
  if (e_.has(input)) return element(e_, e_.input(input), batch_first_ ? 1 : 0, d);
  return numbers(e_, {batch_, hidden_},
                 std::vector<double>(static_cast<std::size_t>(batch_ * hidden_), 0.0), x_);
}

ValueId Recurrence::gate(ValueId all, std::int64_t k) const {
  return slice(e_, all, rank_of(e_, all) - 1, k * hidden_, (k + 1) * hidden_);
}

ValueId Recurrence::clipped(ValueId x) const {
  const double limit = e_.node().float_attribute("clip", 0.0);
  if (limit == 0.0) return x;
  return e_.add("Clip", {x, e_.number(-limit, x), e_.number(limit, x)});
}

void Recurrence::finish(const std::vector<std::vector<ValueId>>& states,
                        const std::vector<std::vector<ValueId>>& last) const {
  for (std::size_t o = 0; o < last.size(); ++o) {
    if (!e_.wants(o + 1)) continue;
    std::vector<ValueId> parts;
    for (const ValueId state : last[o])
      parts.push_back(
          reshape(e_, state, batch_first_ ? Shape{batch_, 1, hidden_} : Shape{1, batch_, hidden_}));
    e_.output(o + 1, join(e_, parts, batch_first_ ? 1 : 0));
  }
  if (!e_.wants(0)) return;
  std::vector<ValueId> directions;
  for (const auto& of_direction : states) {
    std::vector<ValueId> parts;
    for (const ValueId state : of_direction)
      parts.push_back(reshape(
          e_, state, batch_first_ ? Shape{batch_, 1, 1, hidden_} : Shape{1, 1, batch_, hidden_}));
    directions.push_back(join(e_, parts, batch_first_ ? 1 : 0));
  }
  e_.output(0, join(e_, directions, batch_first_ ? 2 : 1));
}

}  // namespace clipbound::specs
