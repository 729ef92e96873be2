#include "specs/onnx/onnx_reader.h"

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx_pb.h>

#include "base/error.h"
#include "base/file.h"
#include "base/file_kind.h"
#include "specs/onnx/external_data.h"
#include "specs/onnx/functions.h"
#include "specs/onnx/graph_reader.h"
#include "specs/onnx/onnx_tensor.h"
#include "specs/onnx/unsupported_nodes.h"

namespace clipbound::specs {

namespace {

int opset_of(const onnx::ModelProto& model) {
  // Models from before IR version 3 name no opset. It stands at the end of the file, so it is what
  // a cut takes first.
  if (model.opset_import_size() == 0 && model.ir_version() >= 3)
    throw InputError("names no opset; is it truncated?");
  std::int64_t opset = 1;
  for (const auto& import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx") opset = import.version();
  if (opset < kOldestOpset || opset > kNewestOpset)
    throw Unsupported("opset " + std::to_string(opset) + " is not supported (supported: " +
                      std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) + ")");
  return static_cast<int>(opset);
}

[[noreturn]] void fail_to_parse(std::string_view bytes, const std::string& source) {
  const FileKind kind = kind_of_file(bytes, source);
  if (kind.name.empty()) throw InputError("is not an ONNX model, or is truncated");
  throw InputError("is not an ONNX model but " + kind.name +
                   "; networks are read as ONNX alone: " + kind.advice);
}

/// Takes the bytes, so that a large model is not in memory twice while its graph is read.
DeclaredModel parse(std::string bytes, const std::string& source, ExternalData external,
                    const std::vector<DeclaredInput>* declared) {
  const google::protobuf::LogSilencer silent;  // what is wrong is said once, by the exception
  try {
    onnx::ModelProto model;
    // Some other files parse, too, as models without a graph.
    const bool parsed = model.ParseFromString(bytes);
    if (!parsed || !model.has_graph()) {
      if (parsed && kind_of_file(bytes, source).name.empty()) throw InputError("holds no graph");
      fail_to_parse(bytes, source);
    }
    std::string().swap(bytes);
    const int opset = opset_of(model);
    const FunctionTable functions(model, opset);
    GraphReader reader(*model.mutable_graph(), functions, opset, std::move(external), source);
    DeclaredModel read;
    read.network = reader.read(declared);
    read.network.validate();
    read.initial = reader.initial();
    return read;
  } catch (const InputError& e) {
    throw InputError(source + ": " + e.what());
  } catch (const UnsupportedModel& e) {
    throw UnsupportedModel(source + ": " + e.what(), e.kinds());
  } catch (const Unsupported& e) {
    throw Unsupported(source + ": " + e.what());
  }
}

DeclaredModel parse_model(const std::string& bytes, const std::string& source,
                          const std::vector<DeclaredInput>* declared,
                          const std::string& folder = "") {
  ExternalData external = folder.empty() ? ExternalData() : ExternalData(folder);
  DeclaredModel model = parse(bytes, source, std::move(external), declared);
  FileInfo info = info_of(source, bytes);
  info.data = std::move(model.network.file.data);
  model.network.file = std::move(info);
  return model;
}

DeclaredModel read_model(const std::string& path, const std::vector<DeclaredInput>* declared) {
  FileContents file = read_file(path, kLargestModel);
  const std::string found = file.info.path;
  DeclaredModel model = parse(std::move(file.bytes), found, ExternalData::beside(found), declared);
  file.info.data = std::move(model.network.file.data);
  model.network.file = std::move(file.info);
  return model;
}

}  // namespace

Network parse_onnx(const std::string& bytes, const std::string& source, const std::string& folder) {
  return parse_model(bytes, source, nullptr, folder).network;
}

Network read_onnx(const std::string& path) {
  return read_model(path, nullptr).network;
}

DeclaredModel parse_onnx(const std::string& bytes, const std::string& source,
                         const std::vector<DeclaredInput>& declared) {
  return parse_model(bytes, source, &declared);
}

DeclaredModel read_onnx(const std::string& path, const std::vector<DeclaredInput>& declared) {
  return read_model(path, &declared);
}

}  // namespace clipbound::specs
