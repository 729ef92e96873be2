#include "base/file.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"

namespace clipbound::base {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPacked = ".gz";
constexpr std::size_t kLeastPiece = 4096, kPiece = std::size_t{1} << 20;

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw InputError(path + ": " + message);
}

[[noreturn]] void too_large(const std::string& path, std::size_t most_bytes) {
  fail(path, "is larger than " + std::to_string(most_bytes) + " bytes (unpacked, if it is packed)");
}

using Stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Stream open(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) fail(path, "no such file");
  if (fs::is_directory(status)) fail(path, "this is a directory");
  Stream file(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!file) fail(path, std::string("cannot be opened: ") + std::strerror(errno));
  return file;
}

/// Its size; 0 where nobody knows it (pipes).
std::uintmax_t size_on_disk(const std::string& path) {
  std::error_code unknown;
  const std::uintmax_t size = fs::file_size(path, unknown);
  return unknown ? 0 : size;
}

/// Hands a file over piece by piece, to its end whatever its size was before.
template <typename Take>
void read_pieces(std::FILE* file, const std::string& path, std::uintmax_t expected,
                 const Take& take) {
  std::vector<char> piece(std::clamp<std::uintmax_t>(expected + 1, kLeastPiece, kPiece));
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), file))
    take(std::string_view(piece.data(), got));
  if (std::ferror(file) != 0) fail(path, "cannot be read to its end");
}

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B");
}

// How much room to begin with. The last four bytes of a gzip file hold the size of its last member
// modulo 2^32: a hint, limited by what deflate can reach at all (a factor of 1032).
std::size_t first_room(std::string_view packed, std::size_t most_bytes) {
  std::size_t hint = 0;
  if (packed.size() >= 18) {
    for (std::size_t i = 0; i < 4; ++i) {
      hint |= static_cast<std::size_t>(static_cast<unsigned char>(packed[packed.size() - 4 + i]))
              << (8 * i);
    }
  }
  return std::clamp<std::size_t>(std::min(hint + 1, packed.size() * 1032),
                                 std::min(kLeastPiece, most_bytes + 1), most_bytes + 1);
}

std::string unpack(std::string_view packed, const std::string& path, std::size_t most_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) fail(path, "zlib cannot be started");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, &inflateEnd);
  constexpr std::size_t kMost = std::size_t{1} << 30;  // avail_in and avail_out are 32 bits wide
  std::string text;
  text.resize(first_room(packed, most_bytes));
  std::size_t read = 0, written = 0;
  int result = Z_OK;
  while (true) {
    if (written == text.size()) text.resize(std::min(text.size() * 2, most_bytes + 1));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
    stream.avail_in = static_cast<uInt>(std::min(packed.size() - read, kMost));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + written);
    stream.avail_out = static_cast<uInt>(std::min(text.size() - written, kMost));
    const auto in = stream.avail_in, out = stream.avail_out;
    result = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
    if (written > most_bytes) too_large(path, most_bytes);
    if (result == Z_STREAM_END) {
      // Members may follow each other; anything else after the last one is ignored, as gzip does.
      if (!is_gzip(packed.substr(read))) break;
      if (inflateReset(&stream) != Z_OK) fail(path, "the gzip data are damaged");
    } else if (result == Z_BUF_ERROR ||
               (result == Z_OK && read == packed.size() && stream.avail_out > 0)) {
      fail(path, "the gzip data end too early: the file is truncated");
    } else if (result != Z_OK) {
      fail(path, "the gzip data are damaged");
    }
  }
  text.resize(written);
  return text;
}

}  // namespace

std::string find_file(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  // What cannot be looked at may be there; whoever opens it says why it cannot.
  if (status.type() != fs::file_type::not_found && !fs::is_directory(status)) return path;
  const bool is_packed = path.ends_with(kPacked);
  const std::string other =
      is_packed ? path.substr(0, path.size() - kPacked.size()) : path + std::string(kPacked);
  return fs::is_regular_file(other, ignored) ? other : path;
}

FileContents read_file(const std::string& path, std::size_t most_bytes) {
  FileContents contents;
  contents.info.path = find_file(path);
  const std::string& found = contents.info.path;
  const Stream file = open(found);
  const std::uintmax_t expected = size_on_disk(found);
  Sha256 hash;
  // A string that grows by doubling would need three times a large model's size.
  contents.bytes.reserve(std::min<std::uintmax_t>(expected, most_bytes));
  read_pieces(file.get(), found, expected, [&](std::string_view piece) {
    if (piece.size() > most_bytes - contents.bytes.size()) too_large(found, most_bytes);
    hash.update(piece);
    contents.bytes.append(piece);
  });
  contents.info.bytes = contents.bytes.size();
  contents.info.sha256 = hash.digits();
  if (is_gzip(contents.bytes)) contents.bytes = unpack(contents.bytes, found, most_bytes);
  return contents;
}

FileInfo info_of(std::string path, std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return {std::move(path), bytes.size(), hash.digits()};
}

FileInfo info_of_file(const std::string& path, std::uint64_t most_bytes) {
  const Stream file = open(path);
  const std::uintmax_t size = size_on_disk(path);
  FileInfo info{path, size};
  if (size > most_bytes) return info;
  Sha256 hash;
  std::uint64_t read = 0;
  read_pieces(file.get(), path, size, [&](std::string_view piece) {
    hash.update(piece);
    read += piece.size();
  });
  info.bytes = read;
  info.sha256 = hash.digits();
  return info;
}

}  // namespace clipbound::base
