#pragma once
// Idea: files as bytes, unpacked where they are gzip's; SHA-256 (nettle).
// Source: zlib, nettle.
// Guarantees: Unreadable where a file cannot be read to its end.
#include <nettle/sha2.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checker/kernel/stream.h"

namespace clipcheck {

using Digest = std::array<std::uint8_t, SHA256_DIGEST_SIZE>;

struct FileBytes {
  std::string bytes;
  Digest sha256;
};
/// The file, or where there is none the packed one beside it (with .gz after its name).
FileBytes read_file(const std::string& path);
/// Where it lies; "." for a bare name.
std::string folder_of(const std::string& path);

/// The records of a certificate, block by block. Compares every checksum before what it covers is
/// handed out, and at the end the file's SHA-256.
class CertificateStream : public Stream {
 public:
  explicit CertificateStream(const std::string& path);
  ~CertificateStream() override;
  /// Reads what is left, so that damage anywhere is found, whatever the records say.
  void read_to_the_end();
  /// At its end: the file's SHA-256 as hexadecimal digits.
  std::string digest() const;

 private:
  std::vector<std::uint8_t> refill() override;
  void read(std::span<std::uint8_t> into, bool hashed);
  std::uint32_t read_u32();

  std::string path_;
  void* file_;  // gzFile
  sha256_ctx hash_{};
  Digest digest_{};
  bool ended_ = false;
};

}  // namespace clipcheck
