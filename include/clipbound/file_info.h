#pragma once
// Idea: which file a network or a property was, for results that are looked at later.
// Source: SHA-256 is that of FIPS 180-4, as sha256sum prints it.
// Guarantees: size and digest are those of the bytes that were read.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clipbound {

/// A file as it was read, packed where it is packed.
struct FileInfo {
  std::string path;  ///< its name; "memory", "stdin" and the like where it is no file
  std::optional<std::uint64_t> bytes = {};  ///< its size; nothing where it was not read
  std::string sha256 = {};  ///< of these bytes, in 64 hexadecimal digits; empty where not known
  std::vector<FileInfo> data = {};  ///< of a model with external data: the files of these
};

}  // namespace clipbound
