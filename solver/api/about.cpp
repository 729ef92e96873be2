// Idea: what this build is and understands.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"

#include <algorithm>
#include <numeric>

#include "base/version.h"
#include "specs/onnx/onnx_reader.h"

namespace clipbound {

const char* version() noexcept {
  return base::version_text();
}

const char* commit() noexcept {
  return base::commit_text();
}

const char* compiler() noexcept {
  return base::compiler_text();
}

CLIPBOUND_ANY_CPU const char* needed_cpu_features() noexcept {
  return base::needed_cpu_features();
}

CLIPBOUND_ANY_CPU const char* missing_cpu_feature() noexcept {
  return base::missing_cpu_feature();
}

std::vector<std::string> supported_onnx_operators() {
  std::vector<std::string> names = {
#define CLIPBOUND_OP(id, onnx_name, ...) onnx_name,
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP
#define CLIPBOUND_COMPOSITE(id, onnx_name) onnx_name,
#include "specs/network/composite_list.def"
#undef CLIPBOUND_COMPOSITE
  };
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int> supported_onnx_opsets() {
  std::vector<int> opsets(specs::kNewestOpset - specs::kOldestOpset + 1);
  std::iota(opsets.begin(), opsets.end(), specs::kOldestOpset);
  return opsets;
}

std::vector<std::string> supported_vnnlib_versions() {
  return {"1.0", "2.0", "2.1"};
}

std::chrono::steady_clock::time_point process_start() {
  return base::process_start();
}

}  // namespace clipbound
