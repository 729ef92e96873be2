#include "specs/onnx/external_data.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "base/error.h"
#include "specs/onnx/onnx_tensor.h"

namespace clipbound::specs {

namespace {

namespace fs = std::filesystem;

/// What a tensor says about where its data are.
struct Place {
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length;
};

std::uint64_t number_from(const std::string& key, const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end)
    throw InputError("its external data have the " + key + " '" + text + "'");
  return number;
}

Place place_of(const onnx::TensorProto& tensor, std::uint64_t size) {
  Place place{"", 0, size};  // a length that is left out is the tensor's
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = number_from("offset", entry.value());
    if (entry.key() == "length") place.length = number_from("length", entry.value());
  }
  if (place.location.empty()) throw InputError("its external data have no location");
  if (place.length != size)
    throw InputError("it keeps " + std::to_string(place.length) + " bytes in '" + place.location +
                     "', its shape and type are " + std::to_string(size));
  return place;
}

[[noreturn]] void refuse(const std::string& location) {
  throw InputError("it keeps its data in '" + location +
                   "', which leads out of the model's folder: only files in there are read");
}

bool is_inside(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first ==
         folder.end();
}

/// The file itself, where it is an ordinary one inside the folder; empty where there is none.
fs::path find_inside(const fs::path& folder, const std::string& location) {
  std::error_code missing;
  const fs::path file = fs::canonical(folder / location, missing);
  if (missing) return {};
  if (!is_inside(file, folder)) refuse(location);
  if (!fs::is_regular_file(file, missing))
    throw InputError("it keeps its data in '" + location + "', which is no ordinary file");
  return file;
}

void check_range(const Place& place, std::uint64_t file_size) {
  if (place.offset > file_size || file_size - place.offset < place.length)
    throw InputError("it keeps " + std::to_string(place.length) + " bytes from byte " +
                     std::to_string(place.offset) + " of '" + place.location +
                     "', which has only " + std::to_string(file_size) + "; is it truncated?");
}

}  // namespace

bool is_external(const onnx::TensorProto& tensor) {
  return tensor.data_location() == onnx::TensorProto::EXTERNAL || tensor.external_data_size() > 0;
}

ExternalData::ExternalData(fs::path folder)
    : named_(folder.empty() ? fs::path(".") : std::move(folder)) {
  std::error_code missing;
  folder_ = fs::canonical(named_, missing);
  if (missing) folder_.clear();
}

ExternalData ExternalData::beside(const std::string& model) {
  return ExternalData(fs::path(model).parent_path());
}

std::string ExternalData::read(const onnx::TensorProto& tensor, std::uint64_t size) {
  try {
    const Place place = place_of(tensor, size);
    if (folder_.empty() && !named_.empty())
      throw InputError("it keeps its data in the file '" + place.location + "' of the folder '" +
                       named_.string() + "', which is not there");
    if (folder_.empty())
      throw InputError("it keeps its data in the file '" + place.location +
                       "', but the model is no file that it could lie beside (external data)");
    if (place.location.find('\0') != std::string::npos)
      throw InputError("its external data have a location with a zero byte");
    const fs::path relative(place.location);
    const bool leaves = relative.is_absolute() || std::find(relative.begin(), relative.end(),
                                                            fs::path("..")) != relative.end();
    if (leaves) refuse(place.location);
    if (size > kLargestExternalData - total_)
      throw InputError("the model's external data are more than " +
                       std::to_string(kLargestExternalData >> 30) + " GiB");
    total_ += size;
    if (const fs::path file = find_inside(folder_, place.location); !file.empty()) {
      check_range(place, fs::file_size(file));
      return read_part(file, place.offset, size);
    }
    const fs::path packed = find_inside(folder_, place.location + ".gz");
    if (packed.empty())
      throw InputError("it keeps its data in '" + place.location +
                       "', which is not in the folder " + folder_.string() +
                       ": copy it there, beside the model");
    const std::string& bytes = unpacked(packed);
    check_range(place, bytes.size());
    return bytes.substr(place.offset, size);
  } catch (const InputError& e) {
    throw InputError("tensor '" + tensor.name() + "': " + e.what());
  }
}

std::string ExternalData::read_part(const fs::path& file, std::uint64_t offset,
                                    std::uint64_t size) {
  const bool is_new = std::none_of(files_.begin(), files_.end(), [&](const FileInfo& info) {
    return info.path == file.string();
  });
  if (is_new) files_.push_back(info_of_file(file.string(), kLargestExternalData));
  std::string bytes(size, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(offset));
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!stream || static_cast<std::uint64_t>(stream.gcount()) != size)
    throw InputError("its data in '" + file.string() + "' cannot be read");
  return bytes;
}

const std::string& ExternalData::unpacked(const fs::path& file) {
  const auto [at, added] = unpacked_.try_emplace(file.string());
  if (added) {
    FileContents contents = read_file(file.string(), kLargestModel);
    at->second = std::move(contents.bytes);
    files_.push_back(std::move(contents.info));
  }
  return at->second;
}

}  // namespace clipbound::specs
