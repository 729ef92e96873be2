// Model-local functions, and branches that a constant chooses.
#include "specs/onnx/functions.h"

#include "specs/network/op_table.h"
#include "tests/specs/onnx/reading.h"

namespace clipbound::test {
namespace {

using Proto = onnx::AttributeProto;
using Numbers = std::vector<float>;

Proto float_attribute(const std::string& name, float value) {
  Proto a;
  a.set_name(name);
  a.set_type(Proto::FLOAT);
  a.set_f(value);
  return a;
}

onnx::NodeProto& call(OnnxWriter& w, const std::string& function,
                      const std::vector<std::string>& inputs,
                      const std::vector<std::string>& outputs, const std::string& name = "call") {
  onnx::NodeProto& n = add_node(w.graph(), function, inputs, outputs, "mine");
  n.set_name(name);
  return n;
}

/// A model x [2] whose functions are of domain `mine`.
OnnxWriter model_with_functions(int opset = 18) {
  OnnxWriter w(opset);
  w.imports("mine").input("x", {2});
  return w;
}

TEST(Functions, ArePutInThePlaceOfTheirCalls) {
  OnnxWriter w = model_with_functions();
  w.floats("c", {2}, {10, 20});
  auto& f = w.function("mine", "shifted_relu", {"a", "b"}, {"r"}, 18);
  add_node(f, "Relu", {"s"}, {"r"});  // the body is sorted as a graph is
  add_node(f, "Add", {"a", "b"}, {"s"});
  call(w, "shifted_relu", {"x", "c"}, {"h"}, "first");
  call(w, "shifted_relu", {"h", "x"}, {"y"}, "second");
  w.output("y");
  const Network network = parse(w);
  ASSERT_EQ(network.nodes.size(), 4u);
  EXPECT_EQ(network.nodes[0].name, "first/Add_1");
  EXPECT_EQ(network.nodes[3].name, "second/Relu_0");
  EXPECT_EQ(network.value(network.outputs[0]).name, "y");
  EXPECT_EQ(evaluate(network, {1, -30}), (Numbers{12, 0}));
}

TEST(Functions, CallOthers) {
  OnnxWriter w = model_with_functions();
  auto& inner = w.function("mine", "twice", {"a"}, {"b"}, 18);
  add_node(inner, "Add", {"a", "a"}, {"b"});
  auto& outer = w.function("mine", "fourfold", {"a"}, {"b", "half"}, 18);
  add_node(outer, "twice", {"a"}, {"half"}, "mine");
  add_node(outer, "twice", {"half"}, {"b"}, "mine");
  call(w, "fourfold", {"x"}, {"y", "z"});
  w.output("y").output("z");
  EXPECT_EQ(evaluate(parse(w), {1, 2}), (Numbers{4, 8, 2, 4}));
}

TEST(Functions, TakeAttributesFromTheirCallsAndDefaults) {
  OnnxWriter w = model_with_functions();
  auto& leaky = w.function("mine", "leaky", {"a"}, {"b"}, 18);
  set_default(leaky, float_attribute("slope", 0.5f));
  set_reference(add_node(leaky, "LeakyRelu", {"a"}, {"b"}), "alpha", "slope", Proto::FLOAT);
  auto& through = w.function("mine", "through", {"a"}, {"b"}, 18);
  through.add_attribute("steepness");
  set_reference(add_node(through, "leaky", {"a"}, {"b"}, "mine"), "slope", "steepness",
                Proto::FLOAT);
  call(w, "leaky", {"x"}, {"by_default"}, "a");
  set_float(call(w, "leaky", {"x"}, {"given"}, "b"), "slope", 0.25f);
  set_float(call(w, "through", {"x"}, {"handed"}, "c"), "steepness", 0.125f);
  call(w, "through", {"x"}, {"left_out"}, "d");
  w.output("by_default").output("given").output("handed").output("left_out");
  EXPECT_EQ(evaluate(parse(w), {-8, 1}), (Numbers{-4, 1, -2, 1, -1, 1, -4, 1}));
}

TEST(Functions, LeaveOutAttributesThatNobodyGives) {
  OnnxWriter w = model_with_functions();
  auto& f = w.function("mine", "leaky", {"a"}, {"b"}, 18);
  f.add_attribute("slope");
  set_reference(add_node(f, "LeakyRelu", {"a"}, {"b"}), "alpha", "slope", Proto::FLOAT);
  call(w, "leaky", {"x"}, {"y"});
  w.output("y");
  EXPECT_EQ(evaluate(parse(w), {-100, 1}), (Numbers{-1, 1})) << "LeakyRelu's own default is 0.01";
}

TEST(Functions, HandOnAttributesOfEveryType) {
  OnnxWriter w = model_with_functions();
  auto& f = w.function("mine", "shuffle", {"a"}, {"b"}, 18);
  for (const char* name : {"order", "table", "direction"}) f.add_attribute(name);
  set_reference(add_node(f, "Constant", {}, {"t"}), "value", "table", Proto::TENSOR);
  add_node(f, "Reshape", {"a", "t"}, {"m"});
  set_reference(add_node(f, "Transpose", {"m"}, {"u"}), "perm", "order", Proto::INTS);
  auto& last = add_node(f, "DepthToSpace", {"u"}, {"b"});
  set_reference(last, "mode", "direction", Proto::STRING);
  set_int(last, "blocksize", 1);
  auto& node = call(w, "shuffle", {"x"}, {"y"});
  set_ints(node, "order", {0, 3, 1, 2});
  set_tensor(node, "table", OnnxWriter::int_tensor("", {4}, {1, 1, 2, 1}));
  set_string(node, "direction", "CRD");
  w.output("y");
  const Network network = parse(w);
  EXPECT_EQ(network.value(network.outputs[0]).shape, (Shape{1, 1, 1, 2}));
}

TEST(Functions, HaveTheirOwnOpset) {
  OnnxWriter w = model_with_functions(18);
  auto& old = w.function("mine", "sum_old", {"a"}, {"b"}, 11);  // axes are an attribute until 12
  set_ints(add_node(old, "ReduceSum", {"a"}, {"b"}), "axes", {0});
  call(w, "sum_old", {"x"}, {"y"});
  w.output("y");
  const Network network = parse(w);
  EXPECT_EQ(network.nodes[0].opset, 11);
  EXPECT_EQ(evaluate(network, {1, 2}), (Numbers{3}));
  OnnxWriter none = model_with_functions(11);
  auto& f = none.function("mine", "sum", {"a"}, {"b"}, 11);
  f.clear_opset_import();  // then it is the model's
  set_ints(add_node(f, "ReduceSum", {"a"}, {"b"}), "axes", {0});
  call(none, "sum", {"x"}, {"y"});
  none.output("y");
  EXPECT_EQ(evaluate(parse(none), {1, 2}), (Numbers{3}));
  OnnxWriter future = model_with_functions();
  add_node(future.function("mine", "f", {"a"}, {"b"}, 99), "Relu", {"a"}, {"b"});
  call(future, "f", {"x"}, {"y"});
  future.output("y");
  expect_refused<Unsupported>(future, {"mine::f", "opset 99"});
}

TEST(Functions, HaveOverloads) {
  OnnxWriter w = model_with_functions();
  auto& relu = w.function("mine", "f", {"a"}, {"b"}, 18);
  set_overload(relu, "relu");
  add_node(relu, "Relu", {"a"}, {"b"});
  auto& negated = w.function("mine", "f", {"a"}, {"b"}, 18);
  set_overload(negated, "neg");
  add_node(negated, "Neg", {"a"}, {"b"});
  set_overload(call(w, "f", {"x"}, {"p"}, "one"), "relu");
  set_overload(call(w, "f", {"x"}, {"q"}, "two"), "neg");
  w.output("p").output("q");
  EXPECT_EQ(evaluate(parse(w), {-1, 2}), (Numbers{0, 2, 1, -2}));
  call(w, "f", {"x"}, {"r"}, "three");
  expect_refused<Unsupported>(w, {"mine::f"});
  OnnxWriter twice = model_with_functions();
  for (int k = 0; k < 2; ++k)
    add_node(twice.function("mine", "f", {"a"}, {"b"}, 18), "Relu", {"a"}, {"b"});
  call(twice, "f", {"x"}, {"y"});
  twice.output("y");
  expect_refused<InputError>(twice, {"mine::f", "twice"});
}

TEST(Functions, LeaveOutInputsAndOutputs) {
  OnnxWriter w = model_with_functions();
  w.floats("one", {}, {1});
  auto& f = w.function("mine", "clamp", {"a", "low", "high"}, {"b", "same"}, 18);
  add_node(f, "Clip", {"a", "low", "high"}, {"b"});
  add_node(f, "Identity", {"a"}, {"same"});
  call(w, "clamp", {"x", "", "one"}, {"upper"}, "a");
  call(w, "clamp", {"x", "one"}, {"", "kept"}, "b");
  w.output("upper").output("kept");
  EXPECT_EQ(evaluate(parse(w), {-5, 5}), (Numbers{-5, 1, -5, 5}));
}

TEST(Functions, MayHandTheirInputsOut) {
  OnnxWriter w = model_with_functions();
  w.function("mine", "nothing", {"a"}, {"a"}, 18);
  call(w, "nothing", {"x"}, {"y"});
  w.output("y");
  EXPECT_EQ(evaluate(parse(w), {3, 4}), (Numbers{3, 4}));
}

TEST(Functions, DoNotSeeTheirCallersNames) {
  OnnxWriter w = model_with_functions();
  w.floats("c", {2}, {1, 1});
  add_node(w.function("mine", "f", {"a"}, {"b"}, 18), "Add", {"a", "c"}, {"b"});
  call(w, "f", {"x"}, {"y"});
  w.output("y");
  expect_refused<InputError>(w, {"'c'", "nothing defines"});
}

TEST(Functions, ThatCallThemselvesAreRefused) {
  OnnxWriter w = model_with_functions();
  add_node(w.function("mine", "f", {"a"}, {"b"}, 18), "g", {"a"}, {"b"}, "mine");
  add_node(w.function("mine", "g", {"a"}, {"b"}, 18), "f", {"a"}, {"b"}, "mine");
  call(w, "f", {"x"}, {"y"});
  w.output("y");
  expect_refused<InputError>(w, {"calls itself"});
  OnnxWriter hidden = model_with_functions();  // in a branch of a branch
  onnx::GraphProto branch;
  add_node(branch, "f", {"a"}, {"b"}, "mine");
  branch.add_output()->set_name("b");
  auto& f = hidden.function("mine", "f", {"a"}, {"b"}, 18);
  auto& choice = add_node(f, "If", {"a"}, {"b"});
  set_graph(choice, "then_branch", branch);
  set_graph(choice, "else_branch", branch);
  call(hidden, "f", {"x"}, {"y"});
  hidden.output("y");
  expect_refused<InputError>(hidden, {"calls itself"});
}

TEST(Functions, ThatGrowWithoutEndAreRefused) {
  OnnxWriter w = model_with_functions();  // 2^40 nodes
  for (int k = 0; k < 40; ++k) {
    auto& f = w.function("mine", "f" + std::to_string(k), {"a"}, {"b"}, 18);
    const bool last = k == 39;
    const std::string next = last ? "Relu" : "f" + std::to_string(k + 1);
    add_node(f, next, {"a"}, {"h"}, last ? "" : "mine");
    add_node(f, next, {"h"}, {"b"}, last ? "" : "mine");
  }
  call(w, "f0", {"x"}, {"y"});
  w.output("y");
  expect_refused<InputError>(w, {"too large"});
  OnnxWriter deep = model_with_functions();
  for (int k = 0; k < 20000; ++k)
    add_node(deep.function("mine", "f" + std::to_string(k), {"a"}, {"b"}, 18),
             "f" + std::to_string(k + 1), {"a"}, {"b"}, "mine");
  call(deep, "f0", {"x"}, {"y"});
  deep.output("y");
  expect_refused<InputError>(deep, {"nested more than 100 deep"});
}

TEST(Functions, BrokenCallsAreRefused) {
  const auto broken = [](const std::function<void(OnnxWriter&, onnx::FunctionProto&)>& spoil,
                         const std::vector<std::string>& words) {
    OnnxWriter w = model_with_functions();
    auto& f = w.function("mine", "f", {"a"}, {"b"}, 18);
    add_node(f, "Relu", {"a"}, {"b"});
    spoil(w, f);
    w.output("y");
    expect_refused<InputError>(w, words);
  };
  broken([](auto& w, auto&) { call(w, "f", {"x", "x"}, {"y"}); }, {"2 inputs", "mine::f"});
  broken([](auto& w, auto&) { call(w, "f", {"x"}, {"y", "z"}); }, {"2 outputs"});
  broken([](auto& w, auto&) { call(w, "f", {"nowhere"}, {"y"}); }, {"'nowhere'"});
  broken(
      [](auto& w, auto& f) {
        f.add_output("c");
        call(w, "f", {"x"}, {"z", "y"});
      },
      {"'c'"});
  broken(
      [](auto& w, auto& f) {
        add_node(f, "Neg", {"a"}, {"b"});
        call(w, "f", {"x"}, {"y"});
      },
      {"'b'", "twice"});
}

/// If(condition) ? x + c : x - c, where c is the branch's own constant.
onnx::GraphProto branch_of(const std::string& op, float c) {
  onnx::GraphProto branch;
  branch.set_name("branch_" + op);
  *branch.add_initializer() = OnnxWriter::float_tensor("c", {}, {c});
  add_node(branch, op, {"h", "c"}, {"r"}).set_name("inside");
  branch.add_output()->set_name("r");
  return branch;
}

OnnxWriter model_with_branches(bool condition) {
  OnnxWriter w(13);
  w.input("x", {2});
  onnx::TensorProto truth;
  truth.set_name("truth");
  truth.set_data_type(onnx::TensorProto::BOOL);
  truth.add_int32_data(condition ? 1 : 0);
  *w.graph().add_initializer() = truth;
  auto& choice = w.node("If", {"truth"}, {"y"});
  choice.set_name("choice");
  set_graph(choice, "then_branch", branch_of("Add", 1));
  set_graph(choice, "else_branch", branch_of("Sub", 2));
  w.node("Neg", {"x"}, {"h"});  // after the node whose branches read it
  w.output("y");
  return w;
}

TEST(Branches, OfConstantConditionsAreTaken) {
  EXPECT_EQ(evaluate(parse(model_with_branches(true)), {1, 2}), (Numbers{0, -1}));
  const Network other = parse(model_with_branches(false));
  EXPECT_EQ(evaluate(other, {1, 2}), (Numbers{-3, -4}));
  EXPECT_EQ(other.nodes.back().name, "choice/inside");
  EXPECT_EQ(other.value(other.outputs[0]).name, "y");
}

TEST(Branches, AreChosenByShapesToo) {
  // What torch.squeeze(x, 1) becomes where the exporter does not know the size.
  OnnxWriter w(13);
  w.input("h", {2, 1}).ints("one", {1});
  w.node("Shape", {"h"}, {"shape"});
  set_int(w.node("Gather", {"shape", "one"}, {"size"}), "axis", 0);
  w.node("Equal", {"size", "one"}, {"is_one"});
  onnx::GraphProto squeeze, keep;
  add_node(squeeze, "Squeeze", {"h", "one"}, {"s"});
  squeeze.add_output()->set_name("s");
  add_node(keep, "Identity", {"h"}, {"k"});
  keep.add_output()->set_name("k");
  auto& choice = w.node("If", {"is_one"}, {"y"});
  set_graph(choice, "then_branch", squeeze);
  set_graph(choice, "else_branch", keep);
  w.output("y");
  const Network network = parse(w);
  EXPECT_EQ(network.value(network.outputs[0]).shape, (Shape{2}));
}

TEST(Branches, OfFunctionsSeeTheirNamesAndAttributes) {
  OnnxWriter w = model_with_functions();
  auto& f = w.function("mine", "f", {"a", "truth"}, {"b"}, 18);
  f.add_attribute("slope");
  onnx::GraphProto leaky, other;
  set_reference(add_node(leaky, "LeakyRelu", {"a"}, {"r"}), "alpha", "slope", Proto::FLOAT);
  leaky.add_output()->set_name("r");
  other.add_output()->set_name("a");
  auto& choice = add_node(f, "If", {"truth"}, {"b"});
  set_graph(choice, "then_branch", leaky);
  set_graph(choice, "else_branch", other);
  for (const int truth : {0, 1}) {
    onnx::TensorProto t;
    t.set_name("t" + std::to_string(truth));
    t.set_data_type(onnx::TensorProto::BOOL);
    t.add_int32_data(truth);
    *w.graph().add_initializer() = t;
    set_float(call(w, "f", {"x", t.name()}, {"y" + t.name()}, t.name()), "slope", 0.5f);
    w.output("y" + t.name());
  }
  EXPECT_EQ(evaluate(parse(w), {-2, 2}), (Numbers{-2, 2, -1, 2}));
}

TEST(Branches, OfConditionsOfTheInputAreNotSupported) {
  OnnxWriter w = model_with_branches(true);
  w.floats("zero", {2}, {0, 0});
  w.node("Greater", {"x", "zero"}, {"both"});
  w.graph().mutable_node(0)->set_input(0, "both");
  expect_refused<Unsupported>(w, {"'choice' (If, opset 13)", "depends on the network's input"});
}

TEST(Branches, ThatAreBrokenAreRefused) {
  OnnxWriter number = model_with_branches(true);
  number.ints("three", {3});
  number.graph().mutable_node(0)->set_input(0, "three");
  expect_refused<InputError>(number, {"no truth value"});
  OnnxWriter half = model_with_branches(true);
  half.graph().mutable_node(0)->mutable_attribute()->RemoveLast();
  expect_refused<InputError>(half, {"not both branches"});
  OnnxWriter few = model_with_branches(true);
  few.graph().mutable_node(0)->add_output("z");
  expect_refused<InputError>(few, {"too few outputs"});
  OnnxWriter lost = model_with_branches(true);
  lost.graph().mutable_node(0)->mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(
      0, "nowhere");
  expect_refused<InputError>(lost, {"'nowhere'"});
  OnnxWriter circle = model_with_branches(true);
  circle.graph().mutable_node(1)->set_input(0, "y");
  expect_refused<InputError>(circle, {"cycle"});
}

}  // namespace
}  // namespace clipbound::test
