// Idea: makes the suite of this folder: small networks whose ranges are known in closed form, so
// that every verdict is known without any verifier. Each network below begins with what it
// computes.
// Source: own.
// Guarantees: the verdicts are closed forms, not the output of a verifier.
//
//   ninja -C build/native make_examples && build/native/benchmarks/make_examples
//   benchmarks/examples
#include <onnx/onnx_pb.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

using Floats = std::vector<float>;
using Dims = std::vector<std::int64_t>;
using Names = std::vector<std::string>;

/// Writes a network node by node; the first input is X, the output Y.
class Net {
 public:
  explicit Net(const Dims& input, const Dims& output = {1, 1}) {
    model_.set_ir_version(7);
    model_.set_producer_name("clipbound benchmarks/examples");
    model_.add_opset_import()->set_version(13);
    graph().set_name("example");
    describe(*graph().add_input(), "X", input);
    describe(*graph().add_output(), "Y", output);
  }
  Net& floats(const std::string& name, const Dims& dims, const Floats& values) {
    onnx::TensorProto& tensor = *graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    for (const auto d : dims) tensor.add_dims(d);
    for (const float v : values) tensor.add_float_data(v);
    return *this;
  }
  onnx::NodeProto& add(const std::string& op, const Names& inputs, const Names& outputs) {
    onnx::NodeProto& node = *graph().add_node();
    node.set_op_type(op);
    node.set_name(op + "_" + outputs.front());
    for (const auto& name : inputs) node.add_input(name);
    for (const auto& name : outputs) node.add_output(name);
    return node;
  }
  /// out = in W^T + b, W [rows, columns] row by row.
  Net& gemm(const std::string& in, const std::string& out, const Floats& weights,
            const Floats& bias) {
    const auto rows = static_cast<std::int64_t>(bias.size());
    floats("W_" + out, {rows, static_cast<std::int64_t>(weights.size()) / rows}, weights)
        .floats("b_" + out, {rows}, bias);
    set_int(add("Gemm", {in, "W_" + out, "b_" + out}, {out}), "transB", 1);
    return *this;
  }
  Net& unary(const std::string& op, const std::string& in, const std::string& out) {
    add(op, {in}, {out});
    return *this;
  }
  static void set_int(onnx::NodeProto& node, const std::string& key, std::int64_t value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(key);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
  static void set_float(onnx::NodeProto& node, const std::string& key, float value) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(key);
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(value);
  }
  static void set_ints(onnx::NodeProto& node, const std::string& key, const Dims& values) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(key);
    attribute.set_type(onnx::AttributeProto::INTS);
    for (const auto v : values) attribute.add_ints(v);
  }
  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  static void describe(onnx::ValueInfoProto& info, const std::string& name, const Dims& dims) {
    info.set_name(name);
    auto& type = *info.mutable_type()->mutable_tensor_type();
    type.set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto d : dims) type.mutable_shape()->add_dim()->set_dim_value(d);
  }

  onnx::ModelProto model_;
};

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  if (!(file << text).flush()) throw std::runtime_error("cannot write " + path.string());
}

/// May the verdict be open? `reach`: it must be settled. `hope`: good if it is, and no fault if
/// not.
enum class Demand { reach, hope };

/// The suite's folder and its lists.
class Suite {
 public:
  explicit Suite(fs::path folder) : folder_(std::move(folder)) {}
  void network(const std::string& name, const Net& net) {
    onnx_ = "onnx/" + name + ".onnx";
    write(folder_ / onnx_, net.bytes());
  }
  /// An instance on the last network: `asserts` after the declarations of so many inputs and
  /// outputs.
  void property(const std::string& name, int inputs, int outputs, const std::string& asserts,
                const std::string& verdict, const std::string& why, Demand demand = Demand::reach,
                const std::string& timeout = "20") {
    std::string text = "; " + why + "\n";
    for (int i = 0; i < inputs; ++i) text += "(declare-const X_" + std::to_string(i) + " Real)\n";
    for (int i = 0; i < outputs; ++i) text += "(declare-const Y_" + std::to_string(i) + " Real)\n";
    const std::string file = "vnnlib/" + name + ".vnnlib";
    write(folder_ / file, text + asserts);
    list_ += onnx_ + "," + file + "," + timeout + "\n";
    truth_ += "examples," + onnx_ + "," + file + "," + timeout + "," + verdict + "," +
              (demand == Demand::hope ? "yes" : "no") + ",\"" + why + "\"\n";
  }
  void finish() const {
    write(folder_ / "instances.csv", list_);
    write(folder_ / "ground_truth.csv",
          "benchmark,onnx,vnnlib,timeout_s,verdict,may_be_open,notes\n" + truth_);
  }

 private:
  const fs::path folder_;
  std::string onnx_, list_, truth_;
};

std::string at_least(const std::string& variable, const std::string& value) {
  return "(assert (>= " + variable + " " + value + "))\n";
}

/// low <= X_i <= high for all i.
std::string box(int inputs, const std::string& low, const std::string& high) {
  std::string text;
  for (int i = 0; i < inputs; ++i) {
    const std::string name = "X_" + std::to_string(i);
    text += at_least(name, low) + "(assert (<= " + name + " " + high + "))\n";
  }
  return text;
}

void absolute(Suite& suite) {
  // |x0 + x1|
  suite.network("absolute", Net({1, 2})
                                .gemm("X", "z", {1, 1, -1, -1}, {0, 0})
                                .unary("Relu", "z", "h")
                                .gemm("h", "Y", {1, 1}, {0}));
  suite.property("absolute_reaches", 2, 1, box(2, "-1", "1") + at_least("Y_0", "1.5"), "sat",
                 "|x0 + x1| is 2 at (1, 1)");
  suite.property("absolute_stays", 2, 1, box(2, "-1", "1") + at_least("Y_0", "2.01"), "unsat",
                 "|x0 + x1| <= 2 on the box");
}

/// `inputs` tent maps, t(x) = 2x up to 1/2 and 2 - 2x beyond, each applied to its own coordinate
/// `times` times; their sum.
Net tents(int inputs, int times) {
  Net net({1, inputs});
  const auto n = static_cast<std::size_t>(inputs);
  std::string value = "X";
  // First x -> (relu(x), relu(x - 1/2)); a tent is 2 of the first less 4 of the second.
  Floats weights(2 * n * n), bias(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    weights[2 * i * n + i] = weights[(2 * i + 1) * n + i] = 1;
    bias[2 * i + 1] = -0.5F;
  }
  Floats inner(4 * n * n), sum(2 * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t half = 0; half < 2; ++half) {
      inner[(2 * i + half) * 2 * n + 2 * i] = 2;
      inner[(2 * i + half) * 2 * n + 2 * i + 1] = -4;
    }
    sum[2 * i] = 2;
    sum[2 * i + 1] = -4;
  }
  for (int k = 0; k < times; ++k) {
    const std::string id = std::to_string(k);
    net.gemm(value, "z" + id, k == 0 ? weights : inner, bias).unary("Relu", "z" + id, "h" + id);
    value = "h" + id;
  }
  net.gemm(value, "Y", sum, {0});
  return net;
}

void tent_maps(Suite& suite) {
  suite.network("tent_8", tents(1, 8));
  suite.property("tent_8_reaches", 1, 1, box(1, "0", "1") + at_least("Y_0", "0.9"), "sat",
                 "the eightfold tent map has 128 peaks of height 1");
  suite.property("tent_8_stays", 1, 1, box(1, "0", "1") + at_least("Y_0", "1.001"), "unsat",
                 "a tent map stays within [0, 1]");
  suite.network("tents_2x5", tents(2, 5));
  suite.property("tents_2x5_reaches", 2, 1, box(2, "0", "1") + at_least("Y_0", "1.99"), "sat",
                 "two tent maps reach 1 + 1");
  suite.property("tents_2x5_stays", 2, 1, box(2, "0", "1") + at_least("Y_0", "2.01"), "unsat",
                 "two tent maps stay below 2");
  suite.network("tents_9x7", tents(9, 7));
  suite.property("tents_9x7_stays", 9, 1, box(9, "0", "1") + at_least("Y_0", "9.001"), "unsat",
                 "nine tent maps stay below 9, but in 128^9 linear pieces: a time limit ends it",
                 Demand::hope, "1");
}

void total_variation(Suite& suite) {
  // Sum of |difference of horizontal neighbours| of a 4 x 4 image
  Net net({1, 1, 4, 4});
  net.floats("K", {2, 1, 1, 2}, {1, -1, -1, 1}).floats("ones", {24, 1}, Floats(24, 1.0F));
  net.add("Conv", {"X", "K"}, {"d"});
  net.unary("Relu", "d", "a").unary("Flatten", "a", "f").add("MatMul", {"f", "ones"}, {"Y"});
  suite.network("variation", net);
  suite.property("variation_reaches", 16, 1, box(16, "0", "1") + at_least("Y_0", "11.9"), "sat",
                 "columns 0, 1, 0, 1 have 12 differences of 1");
  suite.property("variation_stays", 16, 1, box(16, "0", "1") + at_least("Y_0", "12.01"), "unsat",
                 "12 differences of at most 1");
}

void pooled(Suite& suite) {
  // Mean over 2 x 2 windows' maxima of max(0, 2 (average over 3 x 3) - 1)
  Net net({1, 1, 6, 6});
  net.floats("K", {1, 1, 3, 3}, Floats(9, 1.0F / 9)).floats("bias", {1}, {0});
  net.add("Conv", {"X", "K", "bias"}, {"c"});
  net.floats("scale", {1}, {2})
      .floats("shift", {1}, {0})
      .floats("mean", {1}, {0.5F})
      .floats("var", {1}, {0.75F});
  Net::set_float(net.add("BatchNormalization", {"c", "scale", "shift", "mean", "var"}, {"n"}),
                 "epsilon", 0.25F);
  net.unary("Relu", "n", "r");
  onnx::NodeProto& pool = net.add("MaxPool", {"r"}, {"p"});
  Net::set_ints(pool, "kernel_shape", {2, 2});
  Net::set_ints(pool, "strides", {2, 2});
  net.unary("GlobalAveragePool", "p", "g").unary("Flatten", "g", "Y");
  suite.network("pooled", net);
  suite.property("pooled_reaches", 36, 1, box(36, "0", "1") + at_least("Y_0", "0.99"), "sat",
                 "it is 1 where all inputs are 1");
  suite.property("pooled_stays", 36, 1, box(36, "0", "1") + at_least("Y_0", "1.01"), "unsat",
                 "averages and maxima of at most 1", Demand::hope, "2");
}

void residual(Suite& suite) {
  // Two residual blocks: h = x + relu(-2x) = |x|, then h + relu(1/2 - h) = max(h, 1/2); Y is the
  // sum of five
  constexpr std::size_t n = 5;
  Floats minus_two(n * n), minus_one(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    minus_two[i * n + i] = -2;
    minus_one[i * n + i] = -1;
  }
  Net net({1, n});
  net.gemm("X", "z0", minus_two, Floats(n))
      .unary("Relu", "z0", "r0")
      .add("Add", {"X", "r0"}, {"h"});
  net.gemm("h", "z1", minus_one, Floats(n, 0.5F))
      .unary("Relu", "z1", "r1")
      .add("Add", {"h", "r1"}, {"m"});
  net.gemm("m", "Y", Floats(n, 1.0F), {0});
  suite.network("residual", net);
  suite.property("residual_reaches", 5, 1, box(5, "-1", "1") + "(assert (<= Y_0 2.51))\n", "sat",
                 "it is 2.5 around 0");
  suite.property("residual_stays", 5, 1, box(5, "-1", "1") + "(assert (<= Y_0 2.49))\n", "unsat",
                 "each of five maxima is at least 1/2");
  suite.property("residual_below", 5, 1, box(5, "-1", "1") + at_least("Y_0", "5.01"), "unsat",
                 "each of five maxima is at most 1");
}

void smooth(Suite& suite) {
  // sigmoid(4x) - sigmoid(4x - 4)
  suite.network("bump", Net({1, 1})
                            .gemm("X", "z", {4, 4}, {0, -4})
                            .unary("Sigmoid", "z", "s")
                            .gemm("s", "Y", {1, -1}, {0}));
  suite.property("bump_reaches", 1, 1, box(1, "-1", "2") + at_least("Y_0", "0.76"), "sat",
                 "its peak is tanh(1) = 0.76159 at 1/2");
  suite.property("bump_stays", 1, 1, box(1, "-1", "2") + at_least("Y_0", "0.77"), "unsat",
                 "its peak is tanh(1) = 0.76159");
  // tanh(x0 + x1)
  suite.network("tanh_sum", Net({1, 2}).gemm("X", "z", {1, 1}, {0}).unary("Tanh", "z", "Y"));
  suite.property("tanh_sum_reaches", 2, 1, box(2, "-1", "1") + at_least("Y_0", "0.96"), "sat",
                 "tanh(2) = 0.96403 at (1, 1)");
  suite.property("tanh_sum_stays", 2, 1, box(2, "-1", "1") + at_least("Y_0", "0.97"), "unsat",
                 "at most tanh(2) = 0.96403");
}

/// "(and (>= X_0 a) (<= X_0 b) ... MORE)".
std::string corner(const std::vector<std::pair<std::string, std::string>>& bounds,
                   const std::string& more) {
  std::string text = "(and";
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const std::string name = " X_" + std::to_string(i) + " ";
    text += " (>=" + name + bounds[i].first + ") (<=" + name + bounds[i].second + ")";
  }
  return text + (more.empty() ? ")" : " " + more + ")");
}

void nearest(Suite& suite) {
  // Y_k: minus the L1 distance to the k-th of the centres (0, 0), (4, 0), (0, 4)
  Net net({1, 2}, {1, 3});
  net.gemm("X", "z", {1, 0, -1, 0, 0, 1, 0, -1, 1, 0, -1, 0, 0, 1, 0, -1, 1, 0, -1, 0, 0, 1, 0, -1},
           {0, 0, 0, 0, -4, 4, 0, 0, 0, 0, -4, 4});
  Floats sum(3 * 12);
  for (std::size_t k = 0; k < 3; ++k) {
    for (std::size_t i = 0; i < 4; ++i) sum[k * 12 + 4 * k + i] = -1;
  }
  net.unary("Relu", "z", "h").gemm("h", "Y", sum, {0, 0, 0});
  suite.network("nearest", net);
  const std::string other = "(assert (or (and (>= Y_1 Y_0)) (and (>= Y_2 Y_0))))\n";
  suite.property("nearest_robust", 2, 3, box(2, "-1", "0.9") + other, "unsat",
                 "the box is nearer to (0, 0) than to the others");
  suite.property("nearest_attacked", 2, 3, box(2, "-1", "2.5") + other, "sat",
                 "(2.5, 0) is nearer to (4, 0)");
  const std::string near = corner({{"-1", "0.9"}, {"-1", "1"}}, ""),
                    above = corner({{"-1", "1"}, {"-3", "-1"}}, ""),
                    far = corner({{"0", "1"}, {"2.5", "3"}}, "");
  suite.property("nearest_two_boxes_robust", 2, 3,
                 "(assert (or " + near + " " + above + "))\n" + other, "unsat",
                 "both boxes are nearer to (0, 0) than to the others");
  suite.property("nearest_two_boxes_attacked", 2, 3,
                 "(assert (or " + near + " " + far + "))\n" + other, "sat",
                 "(0, 3) of the second box is nearer to (0, 4); one clause of four");
  suite.property("nearest_mixed", 2, 3,
                 "(assert (or " + corner({{"-1", "1"}, {"-1", "1"}}, "(<= Y_0 -2.1)") + " " +
                     corner({{"3", "4"}, {"0", "0"}}, "(<= Y_1 -1.1)") + "))\n",
                 "unsat",
                 "the distance to (0, 0) is at most 2 in the first box, that to (4, 0) at most 1 "
                 "in the second");
}

void leaky(Suite& suite) {
  // leaky(x0) + leaky(-x0) - x1 / 2 = 0.9 |x0| - x1 / 2
  Net net({1, 2});
  Net::set_int(net.add("Split", {"X"}, {"a", "b"}), "axis", 1);
  net.unary("Neg", "a", "minus").floats("two", {1}, {2});
  Net::set_int(net.add("Concat", {"a", "minus"}, {"both"}), "axis", 1);
  Net::set_float(net.add("LeakyRelu", {"both"}, {"l"}), "alpha", 0.1F);
  net.floats("ones", {2, 1}, {1, 1}).add("MatMul", {"l", "ones"}, {"sum"});
  net.add("Div", {"b", "two"}, {"half"});
  net.add("Sub", {"sum", "half"}, {"Y"});
  suite.network("leaky", net);
  suite.property("leaky_reaches", 2, 1, box(2, "-1", "1") + at_least("Y_0", "1.39"), "sat",
                 "0.9 + 0.5 at (1, -1)");
  suite.property("leaky_stays", 2, 1, box(2, "-1", "1") + at_least("Y_0", "1.41"), "unsat",
                 "at most 0.9 + 0.5");
}

void steps(Suite& suite) {
  // clip(3 x0 - 1, 0, 1) + clip(2 - 3 x1, 0, 1)
  Net net({1, 2});
  net.floats("zero", {}, {0}).floats("one", {}, {1}).gemm("X", "z", {3, 0, 0, -3}, {-1, 2});
  net.add("Clip", {"z", "zero", "one"}, {"c"});
  net.gemm("c", "Y", {1, 1}, {0});
  suite.network("steps", net);
  suite.property("steps_reach_exactly", 2, 1, box(2, "0", "1") + at_least("Y_0", "2"), "sat",
                 "exactly 2 where x0 >= 2/3, x1 <= 1/3");
  suite.property("steps_stay", 2, 1, box(2, "0", "1") + at_least("Y_0", "2.001"), "unsat",
                 "two numbers of at most 1");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_examples FOLDER\n");
    return 1;
  }
  try {
    Suite suite(argv[1]);
    for (const auto make :
         {absolute, tent_maps, total_variation, pooled, residual, smooth, nearest, leaky, steps})
      make(suite);
    suite.finish();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
