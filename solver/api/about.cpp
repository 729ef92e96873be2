// Idea: what this build is and understands, and what it runs on.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"

#include <algorithm>
#include <numeric>

#include "base/file.h"
#include "base/machine.h"
#include "base/parallel.h"
#include "base/version.h"
#include "solver/api/json.h"
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

Machine machine() {
  return {base::cpu_name(), base::available_threads(), base::machine_memory_bytes(),
          base::system_name()};
}

double peak_memory_bytes() {
  return base::peak_memory_bytes();
}

FileInfo file_info(const std::string& path, std::string_view bytes) {
  return base::info_of(path, bytes);
}

namespace {

Json json_of(const FileInfo& info) {
  Json json = {{"file", info.path}, {"bytes", nullptr}, {"sha256", nullptr}};
  if (info.bytes) json["bytes"] = *info.bytes;
  if (!info.sha256.empty()) json["sha256"] = info.sha256;
  for (const FileInfo& part : info.data) json["data"].push_back(json_of(part));
  return json;
}

}  // namespace

void append_header(Json& json, std::span<const FileInfo> networks, const FileInfo* property) {
  const Machine here = machine();
  json["version"] = version();
  json["machine"] = {{"cpu", here.cpu},
                     {"cores", here.cores},
                     {"memory_bytes", here.memory_bytes},
                     {"system", here.system}};
  json["peak_memory_bytes"] = peak_memory_bytes();
  json["networks"] = Json::array();
  for (const FileInfo& network : networks) json["networks"].push_back(json_of(network));
  json["property"] = property == nullptr ? Json(nullptr) : json_of(*property);
}

std::string header_json(std::span<const FileInfo> networks, const FileInfo* property) {
  Json json;
  append_header(json, networks, property);
  return dump(json);
}

}  // namespace clipbound
