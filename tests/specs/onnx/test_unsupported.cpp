// All that is not supported is said at once, with how many nodes, and what helps.
#include "specs/onnx/unsupported_nodes.h"
#include "tests/specs/onnx/reading.h"

namespace clipbound::test {
namespace {

TEST(UnsupportedNodes, OneKindIsOneLine) {
  OnnxWriter w = small_model();
  w.node("NonMaxSuppression", {"y"}, {"z"});
  expect_refused<Unsupported>(w, {"model.onnx: operator NonMaxSuppression is not supported (node "
                                  "'NonMaxSuppression_node3', opset 13)",
                                  "what helps"});
  OnnxWriter custom = small_model();
  custom.node("Relu", {"y"}, {"z"}).set_domain("com.example");
  expect_refused<Unsupported>(custom, {"com.example::Relu"});
}

TEST(UnsupportedNodes, AllAreNamedWithTheirCounts) {
  OnnxWriter w = small_model();
  w.imports("com.microsoft");
  w.node("FusedGemm", {"h"}, {"f1"}).set_domain("com.microsoft");
  w.node("FusedGemm", {"f1"}, {"f2"}).set_domain("com.microsoft");
  w.node("Relu", {"f2"}, {"r"});              // of what is not known, nothing is said
  w.node("NonMaxSuppression", {"r"}, {"n"});  // but that this one is not supported either
  w.node("Unique", {"y"}, {"u"});
  set_int(w.node("Cast", {"y"}, {"c"}), "to", 17);  // float8e4m3fn
  set_int(w.node("Cast", {"h"}, {"d"}), "to", 17);
  w.output("c");
  expect_refused<Unsupported>(
      w,
      {"4 things are not supported",
       "operator com.microsoft::FusedGemm is not supported (2 nodes, first node 'FusedGemm_node3'",
       "operator NonMaxSuppression is not supported (node 'NonMaxSuppression_node6', opset 13)",
       "operator Unique is not supported (node 'Unique_node7', opset 13)",
       "2 nodes, first node 'Cast_node8' (Cast, opset 13): a cast to element type 17",
       "from before its optimisation", "cut the network before them", "supports --onnx-operators"});
}

TEST(UnsupportedNodes, AreFoundInFunctionsAndInBranchesThatNobodyKnows) {
  OnnxWriter w = small_model();
  w.imports("mine");
  auto& f = w.function("mine", "f", {"a"}, {"b"}, 13);
  add_node(f, "NonMaxSuppression", {"a"}, {"b"}).set_name("inner");
  add_node(w.graph(), "f", {"y"}, {"q"}, "mine").set_name("call");
  onnx::GraphProto branch;
  branch.set_name("branch");
  add_node(branch, "Unique", {"y"}, {"u"}).set_name("deep");
  branch.add_output()->set_name("u");
  auto& choice = w.node("If", {"q"}, {"z"});
  set_graph(choice, "then_branch", branch);
  set_graph(choice, "else_branch", branch);
  expect_refused<Unsupported>(w, {"operator NonMaxSuppression is not supported (node 'call/inner'",
                                  "operator Unique is not supported (2 nodes, first node 'deep'"});
}

TEST(UnsupportedNodes, BrokenInputIsSaidBeforeWhatIsNotSupported) {
  OnnxWriter w = small_model();
  w.node("NonMaxSuppression", {"y"}, {"z"});
  w.node("Relu", {"nowhere"}, {"r"});
  expect_refused<InputError>(w, {"'nowhere'"});
}

}  // namespace
}  // namespace clipbound::test
