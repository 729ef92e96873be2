// Composite operators (specs/expand) that are networks of their own: quantization, Einsum,
// Attention, recurrent cells.
#include <limits>

#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;
using Type = onnx::TensorProto;

void add_integers(OnnxWriter& w, const std::string& name, const Ints& dims, const Ints& values,
                  int type) {
  onnx::TensorProto& t = *w.graph().add_initializer();
  t.set_name(name);
  t.set_data_type(type);
  for (const auto d : dims) t.add_dims(d);
  for (const auto v : values) t.add_int32_data(static_cast<std::int32_t>(v));
}

/// Quantized and back: scale and zero point as given.
void add_there_and_back(std::vector<OperatorCase>& cases) {
  const auto both = [&](const std::string& name, int type, const Ints& dims,
                        std::vector<float> scale, const Ints& zero, std::int64_t axis, int opset,
                        std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {2, 3}).floats("s", dims, scale).floats("shift", {}, {2.75f});
                       add_integers(w, "z", dims, zero, type);
                       w.node("Sub", {"x", "shift"}, {"t"});
                       auto& q = w.node("QuantizeLinear", {"t", "s", "z"}, {"q"});
                       if (!dims.empty()) set_int(q, "axis", axis);
                       auto& d = w.node("DequantizeLinear", {"q", "s", "z"}, {"y"});
                       if (!dims.empty()) set_int(d, "axis", axis);
                     },
                     opset, std::move(expected)});
  };
  // t = -1.75, -0.75, 0.25, 1.25, 2.25, 3.25; halves go to the even number.
  both("QuantizedInt8", Type::INT8, {}, {0.5f}, {3}, 1, 13, {-2, -1, 0, 1, 2, 3});
  both("QuantizedUint8Saturates", Type::UINT8, {}, {0.25f}, {3}, 1, 10,
       {-0.75, -0.75, 0.25, 1.25, 2.25, 3.25});
  both("QuantizedInt8Saturates", Type::INT8, {}, {0.125f}, {110}, 1, 13,
       {-1.75, -0.75, 0.25, 1.25, 2.125, 2.125});
  both("QuantizedPerAxis", Type::INT8, {3}, {0.5f, 1, 2}, {0, 5, -5}, 1, 13, {-2, -1, 0, 1, 2, 4});
  both("QuantizedPerRow", Type::UINT8, {2}, {0.5f, 1}, {128, 0}, 0, 13, {-2, -1, 0, 1, 2, 3});
  both("QuantizedInt16", Type::INT16, {}, {0.125f}, {-7}, 1, 21,
       {-1.75, -0.75, 0.25, 1.25, 2.25, 3.25});
}

void add_quantized(std::vector<OperatorCase>& cases) {
  cases.push_back({"QuantizedDefault",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3}).floats("s", {}, {0.75f});
                     w.node("QuantizeLinear", {"x", "s"}, {"q"});
                     set_int(w.node("Cast", {"q"}, {"y"}), "to", Type::FLOAT);
                   },
                   13,
                   {1, 3, 4, 5, 7, 8}});
  // As exporters write what was trained for quantization: the zero point is cast, the integers are
  // cut once more.
  cases.push_back({"QuantizedAsTrained",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3}).floats("s", {}, {0.5f});
                     *w.graph().add_initializer() = OnnxWriter::int_tensor("zero", {}, {1});
                     add_integers(w, "low", {}, {0}, Type::UINT8);
                     add_integers(w, "high", {}, {10}, Type::UINT8);
                     set_int(w.node("Cast", {"zero"}, {"z"}), "to", Type::UINT8);
                     w.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
                     w.node("Clip", {"q", "low", "high"}, {"c"});
                     w.node("DequantizeLinear", {"c", "s", "z"}, {"y"});
                   },
                   13,
                   {1, 2, 3, 4, 4.5, 4.5}});
  cases.push_back(
      {"QuantizedOutputType",
       [](OnnxWriter& w) {
         w.input("x", {2, 3}).floats("s", {}, {0.0078125f});
         set_int(w.node("QuantizeLinear", {"x", "s"}, {"q"}), "output_dtype", Type::INT8);
         set_int(w.node("Cast", {"q"}, {"y"}), "to", Type::FLOAT);
       },
       21,
       {127, 127, 127, 127, 127, 127}});
  cases.push_back({"QuantizedDynamically", [](OnnxWriter& w) {
                     w.input("x", {2, 3}).floats("shift", {}, {2.75f});
                     w.node("Sub", {"x", "shift"}, {"t"});
                     w.node("DynamicQuantizeLinear", {"t"}, {"q", "s", "z"});
                     w.node("DequantizeLinear", {"q", "s", "z"}, {"y"});
                   }});
}

void add_quantized_weights(std::vector<OperatorCase>& cases) {
  cases.push_back({"QuantizedWeights",
                   [](OnnxWriter& w) {
                     add_integers(w, "w", {2, 3}, {-128, 2, 3, 4, 5, 127}, Type::INT8);
                     add_integers(w, "z", {3}, {0, 1, -1}, Type::INT8);
                     w.input("x", {1, 2}).floats("s", {3}, {0.5f, 1, 2});
                     set_int(w.node("DequantizeLinear", {"w", "s", "z"}, {"d"}), "axis", -1);
                     w.node("MatMul", {"x", "d"}, {"y"});
                   },
                   13,
                   {-60, 9, 520}});
  cases.push_back({"QuantizedBias",
                   [](OnnxWriter& w) {
                     add_integers(w, "c", {2}, {70000, -3}, Type::INT32);
                     w.input("x", {1, 2}).floats("s", {}, {0.25f});
                     w.node("DequantizeLinear", {"c", "s"}, {"d"});
                     w.node("Add", {"x", "d"}, {"y"});
                   },
                   13,
                   {17501, 1.25}});
  cases.push_back({"QuantizedInBlocks",
                   [](OnnxWriter& w) {
                     add_integers(w, "w", {2, 5}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, Type::UINT8);
                     add_integers(w, "z", {2, 3}, {0, 1, 2, 3, 4, 5}, Type::UINT8);
                     w.input("x", {2, 5}).floats("s", {2, 3}, {1, 0.5f, 2, 0.25f, 4, 1});
                     auto& n = w.node("DequantizeLinear", {"w", "s", "z"}, {"d"});
                     set_int(n, "axis", 1);
                     set_int(n, "block_size", 2);
                     w.node("Add", {"x", "d"}, {"y"});
                   },
                   21,
                   {2, 4, 4, 5.5, 11, 6.75, 8, 24, 29, 15}});
}

void add_einsums(std::vector<OperatorCase>& cases) {
  const auto one = [&](const std::string& name, const std::string& equation, const Ints& dims,
                       std::vector<float> expected) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", dims);
                       set_string(w.node("Einsum", {"x"}, {"y"}), "equation", equation);
                     },
                     12, std::move(expected)});
  };
  one("EinsumTranspose", "ij->ji", {2, 3}, {1, 4, 2, 5, 3, 6});
  one("EinsumSum", "ij->i", {2, 3}, {6, 15});
  one("EinsumAll", " i j -> ", {2, 3}, {21});
  one("EinsumDiagonal", "ii->i", {3, 3}, {1, 5, 9});
  one("EinsumTrace", "ii", {3, 3}, {15});
  one("EinsumImplied", "ba", {2, 3}, {1, 4, 2, 5, 3, 6});
  one("EinsumEllipsis", "...ij->...ji", {2, 1, 3}, {1, 2, 3, 4, 5, 6});
  const auto two = [&](const std::string& name, const std::string& equation, const Ints& x,
                       const Ints& c, bool constant) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       std::size_t size = 1;
                       for (const auto d : c) size *= static_cast<std::size_t>(d);
                       w.input("x", x);
                       if (constant)
                         w.floats("c", c, some_numbers(size));
                       else
                         w.input("c", c);
                       set_string(w.node("Einsum", {"x", "c"}, {"y"}), "equation", equation);
                     },
                     12});
  };
  two("EinsumLinear", "bi,oi->bo", {2, 3}, {4, 3}, true);
  two("EinsumBatch", "bij,bjk->bik", {2, 2, 3}, {2, 3, 2}, false);
  two("EinsumHeads", "bhqd,bhkd->bhqk", {1, 2, 2, 3}, {1, 2, 2, 3}, false);
  two("EinsumOuter", "i,j->ij", {3}, {2}, false);
  two("EinsumInner", "i,i", {3}, {3}, true);
  two("EinsumInnerOfMatrices", "ij,ij->", {2, 3}, {2, 3}, false);
  two("EinsumHadamard", "ij,ij->ij", {2, 3}, {2, 3}, false);
  two("EinsumSummedApart", "ij,kl->ik", {2, 3}, {2, 2}, true);
  two("EinsumReordered", "abc,cbd->dab", {2, 2, 3}, {3, 2, 2}, true);
  cases.push_back(
      {"EinsumEllipses",
       [](OnnxWriter& w) {
         w.input("x", {2, 2, 3}).floats("c", {3, 2}, some_numbers(6));
         set_string(w.node("Einsum", {"x", "c"}, {"y"}), "equation", "...ij,...jk->...ik");
       },
       12,
       {},
       InRuntime::no});
  cases.push_back(
      {"EinsumOfThree", [](OnnxWriter& w) {
         w.input("x", {2, 3}).floats("c", {3, 2}, some_numbers(6));
         w.floats("d", {2, 2}, some_numbers(4));
         set_string(w.node("Einsum", {"x", "c", "d"}, {"y"}), "equation", "ij,jk,kl->il");
       }});
}

void add_attentions(std::vector<OperatorCase>& cases) {
  using Change = std::function<void(OnnxWriter&, onnx::NodeProto&)>;
  const auto attention = [&](const std::string& name, const Change& change) {
    cases.push_back({name,
                     [=](OnnxWriter& w) {
                       w.input("x", {1, 2, 3, 2}).input("z", {1, 2, 3, 2});
                       w.floats("v", {1, 2, 3, 4}, some_numbers(24));
                       change(w, w.node("Attention", {"x", "z", "v"}, {"y"}));
                     },
                     23,
                     {},
                     InRuntime::no});
  };
  attention("Attention", [](OnnxWriter&, onnx::NodeProto&) {});
  attention("AttentionScaled",
            [](OnnxWriter&, onnx::NodeProto& n) { set_float(n, "scale", 0.5f); });
  attention("AttentionCausal", [](OnnxWriter&, onnx::NodeProto& n) { set_int(n, "is_causal", 1); });
  attention("AttentionSoftcap",
            [](OnnxWriter&, onnx::NodeProto& n) { set_float(n, "softcap", 2.0f); });
  attention("AttentionTruthMask", [](OnnxWriter& w, onnx::NodeProto& n) {
    add_integers(w, "m", {3, 3}, {1, 0, 1, 1, 1, 1, 0, 1, 0}, Type::BOOL);
    n.add_input("m");
  });
  attention("AttentionNumberMask", [](OnnxWriter& w, onnx::NodeProto& n) {
    const float none = -std::numeric_limits<float>::infinity();
    w.floats("m", {1, 1, 3, 3}, {0, none, 0.5f, 1, 0, 0, none, 0, none});
    n.add_input("m");
  });
  cases.push_back({"AttentionJoinedHeads",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 2, 4}).input("z", {1, 3, 2});
                     w.floats("v", {1, 3, 2}, some_numbers(6));
                     auto& n = w.node("Attention", {"x", "z", "v"}, {"y"});
                     set_int(n, "q_num_heads", 2);
                     set_int(n, "kv_num_heads", 1);
                   },
                   23,
                   {},
                   InRuntime::no});
}

/// A recurrent node of 2 hidden units over 3 steps of 2 numbers, 2 points at once.
struct Cell {
  std::string op;
  std::int64_t gates;
  std::size_t last_states;
};

void write_cell(OnnxWriter& w, const Cell& cell, std::int64_t directions, bool with_bias,
                const std::function<void(onnx::NodeProto&)>& change) {
  constexpr std::int64_t kHidden = 2, kInputs = 2;
  const std::int64_t rows = cell.gates * kHidden;
  const auto numbers = [](std::int64_t n, float scale) {
    std::vector<float> values = some_numbers(static_cast<std::size_t>(n));
    for (float& v : values) v *= scale;
    return values;
  };
  w.input("x", {3, 2, kInputs});
  w.floats("W", {directions, rows, kInputs}, numbers(directions * rows * kInputs, 0.25f));
  w.floats("R", {directions, rows, kHidden}, numbers(directions * rows * kHidden, -0.125f));
  w.floats("B", {directions, 2 * rows}, numbers(directions * 2 * rows, 0.0625f));
  std::vector<std::string> outputs{"Y", "Yh"};
  if (cell.last_states > 1) outputs.push_back("Yc");
  auto& n = w.node(cell.op, {"x", "W", "R"}, outputs);
  if (with_bias) n.add_input("B");
  set_int(n, "hidden_size", kHidden);
  if (directions == 2) set_string(n, "direction", "bidirectional");
  change(n);
  // All outputs, one after the other.
  w.ints("flat", {-1});
  std::vector<std::string> parts;
  for (const std::string& name : outputs) {
    w.node("Reshape", {name, "flat"}, {name + "_flat"});
    parts.push_back(name + "_flat");
  }
  set_int(w.node("Concat", parts, {"y"}), "axis", 0);
}

const Cell kCells[] = {{"RNN", 1, 1}, {"LSTM", 4, 2}, {"GRU", 3, 1}};

void add_recurrent(std::vector<OperatorCase>& cases) {
  for (const Cell& cell : kCells) {
    const auto plain = [](onnx::NodeProto&) {};
    cases.push_back({cell.op, [=](OnnxWriter& w) { write_cell(w, cell, 1, true, plain); }, 14});
    cases.push_back(
        {cell.op + "NoBias", [=](OnnxWriter& w) { write_cell(w, cell, 1, false, plain); }, 7});
    cases.push_back(
        {cell.op + "BothWays", [=](OnnxWriter& w) { write_cell(w, cell, 2, true, plain); }, 14});
    cases.push_back({cell.op + "Reverse",
                     [=](OnnxWriter& w) {
                       write_cell(w, cell, 1, true,
                                  [](auto& n) { set_string(n, "direction", "reverse"); });
                     },
                     14});
    cases.push_back({cell.op + "Clipped",
                     [=](OnnxWriter& w) {
                       write_cell(w, cell, 1, true, [](auto& n) { set_float(n, "clip", 0.375f); });
                     },
                     14});
    cases.push_back({cell.op + "Initial",
                     [=](OnnxWriter& w) {
                       w.floats("h", {1, 2, 2}, {0.5f, -0.25f, 0.125f, 1});
                       add_integers(w, "lengths", {2}, {3, 3}, Type::INT32);
                       write_cell(w, cell, 1, true, [&](auto& n) {
                         n.add_input("lengths");
                         n.add_input("h");
                         if (cell.op == "LSTM") n.add_input("h");
                       });
                     },
                     14});
  }
}

void set_strings(onnx::NodeProto& n, const std::string& key,
                 const std::vector<std::string>& values) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::STRINGS);
  for (const std::string& v : values) a->add_strings(v);
}

void add_recurrent_forms(std::vector<OperatorCase>& cases) {
  const Cell &rnn = kCells[0], &lstm = kCells[1];
  cases.push_back({"RNNScaledTanh",
                   [=](OnnxWriter& w) {
                     write_cell(w, rnn, 1, true, [](auto& n) {
                       set_strings(n, "activations", {"ScaledTanh"});
                       set_floats(n, "activation_alpha", {0.75f});
                       set_floats(n, "activation_beta", {1.5f});
                     });
                   },
                   14});
  const auto parameters = [](auto& n, float alpha, float beta) {
    set_floats(n, "activation_alpha", {alpha});
    set_floats(n, "activation_beta", {beta});
  };
  for (const std::string name : {"Affine", "LeakyRelu", "HardSigmoid", "Relu", "Softplus"})
    cases.push_back({"RNN" + name,
                     [=](OnnxWriter& w) {
                       write_cell(w, rnn, 1, true, [&](auto& n) {
                         set_strings(n, "activations", {name});
                         if (name != "Relu" && name != "Softplus") parameters(n, 0.25f, 0.375f);
                       });
                     },
                     14});
  // Without numbers, the functions' own.
  for (const std::string name : {"LeakyRelu", "Elu", "HardSigmoid"})
    cases.push_back({"LSTM" + name + "Defaults",
                     [=](OnnxWriter& w) {
                       write_cell(w, lstm, 1, true, [&](auto& n) {
                         set_strings(n, "activations", {"Sigmoid", name, name});
                       });
                     },
                     14});
  cases.push_back({"LSTMPeepholes",
                   [=](OnnxWriter& w) {
                     w.floats("P", {1, 6}, {0.5f, -0.5f, 0.25f, 1, -1, 0.125f});
                     write_cell(w, lstm, 1, true, [](auto& n) {
                       for (const char* name : {"", "", "", "P"}) n.add_input(name);
                     });
                   },
                   14});
  cases.push_back({"LSTMHardSigmoid",
                   [=](OnnxWriter& w) {
                     write_cell(w, lstm, 1, true, [](auto& n) {
                       set_strings(n, "activations", {"HardSigmoid", "Tanh", "Softsign"});
                       set_floats(n, "activation_alpha", {0.25f});
                       set_floats(n, "activation_beta", {0.375f});
                     });
                   },
                   14});
}

void add_other_recurrent_forms(std::vector<OperatorCase>& cases) {
  const Cell& gru = kCells[2];
  cases.push_back({"GRULinearBeforeReset",
                   [=](OnnxWriter& w) {
                     write_cell(w, gru, 1, true,
                                [](auto& n) { set_int(n, "linear_before_reset", 1); });
                   },
                   14});
  cases.push_back({"LSTMOnlyTheLastState",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 1, 1}).floats("W", {1, 4, 1}, {1, 2, 3, 4});
                     w.floats("R", {1, 4, 1}, {0.5f, 0.25f, -0.5f, 1});
                     set_int(w.node("LSTM", {"x", "W", "R"}, {"", "y"}), "hidden_size", 1);
                   },
                   14});
}

/// Points first: ONNX Runtime does not have this layout.
void add_batch_first(std::vector<OperatorCase>& cases) {
  cases.push_back({"GRUBatchFirst",
                   [](OnnxWriter& w) {
                     w.input("x", {2, 3, 1}).floats("W", {1, 3, 1}, {1, 2, 3});
                     w.floats("R", {1, 3, 1}, {0.5f, 0.25f, -0.5f});
                     auto& n = w.node("GRU", {"x", "W", "R"}, {"y", "h"});
                     set_int(n, "hidden_size", 1);
                     set_int(n, "layout", 1);
                   },
                   14,
                   {},
                   InRuntime::no});
}

}  // namespace

void add_network_cases(std::vector<OperatorCase>& cases) {
  add_there_and_back(cases);
  add_quantized(cases);
  add_quantized_weights(cases);
  add_einsums(cases);
  add_attentions(cases);
  add_recurrent(cases);
  add_recurrent_forms(cases);
  add_other_recurrent_forms(cases);
  add_batch_first(cases);
}

}  // namespace clipbound::test
