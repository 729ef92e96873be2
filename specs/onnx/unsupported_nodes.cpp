#include "specs/onnx/unsupported_nodes.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace clipbound::specs {

namespace {

/// What helps against operators of a name that begins so.
struct Advice {
  std::string_view prefix;
  const char* text;
};

constexpr const char* kControl =
    "If, Loop, Scan: export with fixed shapes and in evaluation mode, then simplify the model "
    "(onnxsim NET.onnx OUT.onnx): that writes loops out and takes the branch";
constexpr const char* kRandom = "random numbers: export in evaluation mode (model.eval())";
constexpr const char* kCut =
    "sizes that depend on the input, sequences and strings: cut the network before them "
    "(onnx.utils.extract_model)";

constexpr std::array kAdvice = {
    Advice{"com.microsoft::",
           "com.microsoft:: has ONNX Runtime's fused operators: take the model from before its "
           "optimisation"},
    Advice{"ai.onnx.ml::",
           "ai.onnx.ml:: has operators of classical machine learning: cut the network out of the "
           "pipeline (onnx.utils.extract_model), and write scalers and linear models as Gemm"},
    Advice{"If", kControl},
    Advice{"Loop", kControl},
    Advice{"Scan", kControl},
    Advice{"Random", kRandom},
    Advice{"Bernoulli", kRandom},
    Advice{"Multinomial", kRandom},
    Advice{"NonZero", kCut},
    Advice{"NonMaxSuppression", kCut},
    Advice{"Unique", kCut},
    Advice{"Compress", kCut},
    Advice{"Sequence", kCut},
    Advice{"SplitToSequence", kCut},
    Advice{"ConcatFromSequence", kCut},
    Advice{"Optional", kCut},
    Advice{"String", kCut},
};

constexpr const char* kGeneralAdvice =
    "simplify the model (onnxsim NET.onnx OUT.onnx), or export it otherwise (another opset, "
    "without "
    "these layers); 'clipbound supports --onnx-operators' lists what is supported";

const char* advice_for(const std::string& op, const std::string& why) {
  if (!why.empty()) return kGeneralAdvice;
  const auto found = std::find_if(kAdvice.begin(), kAdvice.end(),
                                  [&](const Advice& a) { return op.starts_with(a.prefix); });
  return found == kAdvice.end() ? kGeneralAdvice : found->text;
}

}  // namespace

void UnsupportedNodes::add(const std::string& op, const std::string& node, int opset,
                           const std::string& why) {
  const auto same = std::find_if(kinds_.begin(), kinds_.end(), [&](const UnsupportedKind& k) {
    return k.op == op && k.why == why;
  });
  if (same != kinds_.end()) {
    ++same->nodes;
  } else {
    kinds_.push_back({op, why, node, opset, 1});
  }
}

std::string UnsupportedNodes::message() const {
  std::vector<std::string> lines, advice;
  for (const UnsupportedKind& kind : kinds_) {
    const std::string which =
        (kind.nodes == 1 ? "" : std::to_string(kind.nodes) + " nodes, first ") +
        std::string("node '") + kind.first_node + "'";
    lines.push_back(kind.why.empty() ? "operator " + kind.op + " is not supported (" + which +
                                           ", opset " + std::to_string(kind.opset) + ")"
                                     : which + " (" + kind.op + ", opset " +
                                           std::to_string(kind.opset) + "): " + kind.why);
    const char* helps = advice_for(kind.op, kind.why);
    if (std::find(advice.begin(), advice.end(), helps) == advice.end()) advice.push_back(helps);
  }
  if (lines.size() == 1) return lines[0] + "; what helps: " + advice[0];
  std::string text = std::to_string(lines.size()) + " things are not supported:";
  for (const std::string& line : lines) text += "\n  " + line;
  for (const std::string& helps : advice) text += "\n  what helps: " + helps;
  return text;
}

}  // namespace clipbound::specs
