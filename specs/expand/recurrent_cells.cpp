// Idea: the equations of one step of RNN, LSTM and GRU.
// Source: ONNX operator specification, RNN, LSTM, GRU.
// Guarantees: the equations of the standard, term by term.
#include "specs/expand/recurrent.h"

namespace clipbound::specs {
namespace {

/// x + y, where y may be missing.
ValueId plus(Expansion& e, ValueId x, ValueId y) {
  return y == kNoValue ? x : e.add("Add", {x, y});
}

using States = std::vector<std::vector<ValueId>>;

/// A cell's step of direction d: reads and replaces the states; `x`: what the inputs say,
/// [batch, gates * hidden].
struct RnnCell {
  const Recurrence& r;
  std::int64_t d;
  ValueId weights, bias;

  RnnCell(Expansion&, const Recurrence& recurrence, std::int64_t direction)
      : r(recurrence), d(direction), weights(r.recurrent_weights(d)), bias(r.recurrent_bias(d)) {}
  void step(Expansion& e, ValueId x, std::vector<ValueId>& states) const {
    const ValueId sum = e.add("Add", {x, e.add("MatMul", {states[0], weights})});
    states[0] = r.activate(d, 0, plus(e, sum, bias));
  }
};

/// Gates i, o, f, c; functions f (of the gates), g, h.
struct LstmCell {
  const Recurrence& r;
  std::int64_t d;
  ValueId weights, bias, peepholes = kNoValue;
  bool coupled;

  LstmCell(Expansion& e, const Recurrence& recurrence, std::int64_t direction)
      : r(recurrence),
        d(direction),
        weights(r.recurrent_weights(d)),
        bias(r.recurrent_bias(d)),
        coupled(e.node().int_attribute("input_forget", 0) != 0) {
    if (e.has(7)) peepholes = r.part(d, 7);
  }
  /// Gate k, which may look at a cell's state: number `looks` of the peepholes (i, o, f).
  ValueId gate(Expansion& e, ValueId all, std::int64_t k, ValueId cell) const {
    ValueId z = r.gate(all, k);
    if (peepholes != kNoValue) z = e.add("Add", {z, e.add("Mul", {r.gate(peepholes, k), cell})});
    return r.activate(d, 0, z);
  }
  void step(Expansion& e, ValueId x, std::vector<ValueId>& states) const {
    const ValueId sum = e.add("Add", {x, e.add("MatMul", {states[0], weights})});
    const ValueId all = plus(e, sum, bias), before = states[1];
    const ValueId input = gate(e, all, 0, before);
    const ValueId forget =
        coupled ? e.add("Sub", {e.number(1.0, input), input}) : gate(e, all, 2, before);
    const ValueId fresh = r.activate(d, 1, r.gate(all, 3));
    states[1] = e.add("Add", {e.add("Mul", {forget, before}), e.add("Mul", {input, fresh})});
    const ValueId output = gate(e, all, 1, states[1]);
    states[0] = e.add("Mul", {output, apply(e, r.function(d, 2), states[1])});
  }
};

/// Gates z, r, h; functions f (of the gates), g.
struct GruCell {
  const Recurrence& r;
  std::int64_t d;
  ValueId weights, bias;
  bool reset_behind;

  GruCell(Expansion& e, const Recurrence& recurrence, std::int64_t direction)
      : r(recurrence),
        d(direction),
        weights(r.recurrent_weights(d)),
        bias(r.recurrent_bias(d)),
        reset_behind(e.node().int_attribute("linear_before_reset", 0) != 0) {}
  /// Gate k of the weights times a state, with its bias.
  ValueId recurrent(Expansion& e, std::int64_t k, ValueId state) const {
    const ValueId product = e.add("MatMul", {state, r.gate(weights, k)});
    return bias == kNoValue ? product : e.add("Add", {product, r.gate(bias, k)});
  }
  void step(Expansion& e, ValueId x, std::vector<ValueId>& states) const {
    const ValueId before = states[0];
    const auto gate = [&](std::int64_t k) {
      return r.activate(d, 0, e.add("Add", {r.gate(x, k), recurrent(e, k, before)}));
    };
    const ValueId update = gate(0), reset = gate(1);
    const ValueId seen = reset_behind ? e.add("Mul", {reset, recurrent(e, 2, before)})
                                      : recurrent(e, 2, e.add("Mul", {reset, before}));
    const ValueId fresh = r.activate(d, 1, e.add("Add", {r.gate(x, 2), seen}));
    const ValueId rest = e.add("Sub", {e.number(1.0, update), update});
    states[0] = e.add("Add", {e.add("Mul", {rest, fresh}), e.add("Mul", {update, before})});
  }
};

/// All steps of all directions. `initial`: the inputs that give the states' beginnings.
template <class Cell>
void unroll(Expansion& e, const Recurrence& r, const std::vector<std::size_t>& initial) {
  States all, last(initial.size());
  for (std::int64_t d = 0; d < r.directions(); ++d) {
    const Cell cell(e, r, d);
    const ValueId inputs = r.from_inputs(d);
    std::vector<ValueId> states;
    for (const std::size_t input : initial) states.push_back(r.initial(d, input));
    auto& of_direction = all.emplace_back(static_cast<std::size_t>(r.steps()), kNoValue);
    for (std::int64_t t = 0; t < r.steps(); ++t) {
      cell.step(e, element(e, inputs, 0, r.step(d, t)), states);
      of_direction[static_cast<std::size_t>(r.step(d, t))] = states[0];
    }
    for (std::size_t k = 0; k < states.size(); ++k) last[k].push_back(states[k]);
  }
  r.finish(all, last);
}

}  // namespace

void expand_rnn(Expansion& e) {
  const Recurrence r(e, 1, 6, {"Tanh"});
  unroll<RnnCell>(e, r, {5});
}

void expand_lstm(Expansion& e) {
  const Recurrence r(e, 4, 8, {"Sigmoid", "Tanh", "Tanh"});
  unroll<LstmCell>(e, r, {5, 6});
}

void expand_gru(Expansion& e) {
  const Recurrence r(e, 3, 6, {"Sigmoid", "Tanh"});
  unroll<GruCell>(e, r, {5});
}

}  // namespace clipbound::specs
