// Idea: the part of the file that the tensor names becomes its raw data.
// Source: the ONNX standard, "External Tensor Data".
// Guarantees: see the header.
#include "checker/reader/external.h"

#include <algorithm>

#include "checker/kernel/errors.h"
#include "checker/reader/files.h"

namespace clipcheck {

namespace {

std::size_t number(const std::string& text, const std::string& name) {
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != std::string::npos)
    throw Unreadable("network: " + name + " lies at an offset or has a length that is no number");
  return std::stoul(text);
}

}  // namespace

Tensor ExternalWeights::read(const onnx::TensorProto& proto) {
  if (proto.data_location() != onnx::TensorProto::EXTERNAL) return read_tensor(proto, proto.name());
  std::map<std::string, std::string> entries;
  for (const auto& entry : proto.external_data()) entries[entry.key()] = entry.value();
  const std::string& location = entries["location"];
  if (location.empty() || location.front() == '/' || location.find("..") != std::string::npos)
    throw Unreadable("network: " + proto.name() + " lies outside of the network's folder");
  auto file = files_.find(location);
  if (file == files_.end())
    file = files_.emplace(location, read_file(folder_ + "/" + location).bytes).first;
  const std::string& bytes = file->second;
  const std::size_t offset =
      entries.contains("offset") ? number(entries["offset"], proto.name()) : 0;
  const std::size_t rest = bytes.size() - std::min(offset, bytes.size());
  const std::size_t length =
      entries.contains("length") ? number(entries["length"], proto.name()) : rest;
  if (length > rest) throw Unreadable("network: the file with " + proto.name() + " is too short");
  onnx::TensorProto copy = proto;
  copy.set_data_location(onnx::TensorProto::DEFAULT);
  copy.clear_external_data();
  copy.set_raw_data(bytes.substr(offset, length));
  return read_tensor(copy, proto.name());
}

}  // namespace clipcheck
