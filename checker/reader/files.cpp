// Idea: gzread() reads packed and plain files alike.
// Source: zlib, nettle; docs/certificate.md, "Bytes".
// Guarantees: see the header.
#include "checker/reader/files.h"

#include <zlib.h>

#include <cstring>

#include "checker/kernel/errors.h"

namespace clipcheck {

namespace {
constexpr std::uint32_t kLargestBlock = 1U << 20;
constexpr std::size_t kLargestFile = std::size_t{8} << 30;
}  // namespace

FileBytes read_file(const std::string& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) file = gzopen((path + ".gz").c_str(), "rb");
  if (file == nullptr) throw Unreadable(path + ": cannot be opened");
  FileBytes result;
  std::vector<char> buffer(1U << 20);
  int count = 0;
  while ((count = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()))) > 0) {
    result.bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (result.bytes.size() > kLargestFile) break;
  }
  const bool good = count == 0 && gzclose(file) == Z_OK;
  if (!good) throw Unreadable(path + ": cannot be read to its end");
  sha256_ctx hash;
  sha256_init(&hash);
  sha256_update(&hash, result.bytes.size(),
                reinterpret_cast<const std::uint8_t*>(result.bytes.data()));
  sha256_digest(&hash, result.sha256.size(), result.sha256.data());
  return result;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

CertificateStream::CertificateStream(const std::string& path)
    : Stream(0), path_(path), file_(gzopen(path.c_str(), "rb")) {
  if (file_ == nullptr) throw Unreadable(path + ": cannot be opened");
  sha256_init(&hash_);
  std::array<std::uint8_t, 9> head{};
  read(head, true);
  if (std::memcmp(head.data(), "CLIPCERT", 8) != 0) throw Unreadable(path + ": not a certificate");
  if (head[8] != 1)
    throw Unreadable(path + ": certificates of version " + std::to_string(head[8]) +
                     " are not known");
}

CertificateStream::~CertificateStream() {
  gzclose(static_cast<gzFile>(file_));
}

void CertificateStream::read(std::span<std::uint8_t> into, bool hashed) {
  const int count =
      gzread(static_cast<gzFile>(file_), into.data(), static_cast<unsigned>(into.size()));
  if (count < 0 || static_cast<std::size_t>(count) != into.size())
    throw Unreadable(path_ + ": ends too early");
  if (hashed) sha256_update(&hash_, into.size(), into.data());
}

std::uint32_t CertificateStream::read_u32() {
  std::array<std::uint8_t, 4> raw{};
  read(raw, true);
  return raw[0] | std::uint32_t{raw[1]} << 8 | std::uint32_t{raw[2]} << 16 |
         std::uint32_t{raw[3]} << 24;
}

void CertificateStream::read_to_the_end() {
  while (!refill().empty()) {
  }
}

std::string CertificateStream::digest() const {
  std::string text;
  for (const std::uint8_t byte : digest_)
    for (const int digit : {byte >> 4, byte & 15}) text += "0123456789abcdef"[digit];
  return text;
}

std::vector<std::uint8_t> CertificateStream::refill() {
  if (ended_) return {};
  const std::uint32_t length = read_u32();
  if (length == 0) {
    ended_ = true;
    Digest written{};
    sha256_digest(&hash_, digest_.size(), digest_.data());
    read(written, false);
    if (digest_ != written) throw Unreadable(path_ + ": the SHA-256 at its end differs");
    std::uint8_t more = 0;
    if (gzread(static_cast<gzFile>(file_), &more, 1) != 0)
      throw Unreadable(path_ + ": something follows its end");
    // Of a packed file gzip's own checksum belongs to it.
    int error = Z_OK;
    gzerror(static_cast<gzFile>(file_), &error);
    if (error != Z_OK) throw Unreadable(path_ + ": ends too early");
    return {};
  }
  if (length > kLargestBlock) throw Unreadable(path_ + ": a block is too long");
  std::vector<std::uint8_t> block(length);
  read(block, true);
  if (crc32(crc32(0, nullptr, 0), block.data(), length) != read_u32())
    throw Unreadable(path_ + ": a block's checksum differs");
  return block;
}

}  // namespace clipcheck
