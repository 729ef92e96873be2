#pragma once
// Idea: the one place where files of networks and properties are found, read, unpacked and
// fingerprinted.
// Source: RFC 1952 (gzip), by zlib.
// Guarantees: what is returned is the whole file, and its size and SHA-256 are those of the same
// bytes; anything else throws InputError, which names the file.
#include <cstddef>
#include <string>
#include <string_view>

#include "base/floors.h"
#include "include/clipbound/file_info.h"

namespace clipbound::base {

/// What a reader gets of a file.
struct FileContents {
  std::string bytes;  ///< unpacked where it is a gzip file
  FileInfo info;      ///< of the file itself, under the name by which it was found
};

/// The file that `path` means: itself, or where there is none the one beside it that is packed
/// (with .gz after it) or not (without). `path` again where there is none of these.
std::string find_file(const std::string& path);

/// Reads the file that `path` means, unpacked. Throws InputError where there is none, where it
/// cannot be read or unpacked to its end, or where it has more than `most_bytes` bytes.
FileContents read_file(const std::string& path, std::size_t most_bytes);

/// What `bytes` are that came from elsewhere; `path` says from where.
FileInfo info_of(std::string path, std::string_view bytes);
/// The same of a file, which is read for it piece by piece; where it is larger than `most_bytes`
/// its SHA-256 is left out.
FileInfo info_of_file(const std::string& path, std::uint64_t most_bytes);

}  // namespace clipbound::base
