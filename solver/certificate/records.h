#pragma once
// Idea: a certificate's records as bytes, and blocks with their checksums.
// Source: docs/certificate.md, "Bytes".
// Guarantees: none: clipbound-check decides.
#include <zlib.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/floors.h"
#include "base/sha256.h"

namespace clipbound::solver {

class Records {
 public:
  Records& tag(char tag) {
    bytes_ += tag;
    return *this;
  }
  Records& varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>((value & 0x7f) | 0x80);
    bytes_ += static_cast<char>(value);
    return *this;
  }
  Records& f32(float value) { return little_endian(std::bit_cast<std::uint32_t>(value)); }
  Records& f64(double value) { return little_endian(std::bit_cast<std::uint64_t>(value)); }
  Records& append(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  template <class U>
  Records& little_endian(U value) {
    for (std::size_t k = 0; k < sizeof(U); ++k)
      bytes_ += static_cast<char>((value >> (8 * k)) & 0xff);
    return *this;
  }
  std::string bytes_;
};

/// 64 hexadecimal digits as 32 bytes.
inline std::string digest_bytes(std::string_view digits) {
  std::string bytes;
  for (std::size_t k = 0; k + 1 < digits.size(); k += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(k, 2)), nullptr, 16));
  return bytes;
}

/// The file around a stream of records.
inline std::string certificate_file(std::string_view stream) {
  constexpr std::size_t kBlock = std::size_t{1} << 16;
  Records file;
  file.append("CLIPCERT").tag('\1');
  const auto u32 = [&](std::uint32_t value) { file.f32(std::bit_cast<float>(value)); };
  for (std::size_t at = 0; at < stream.size(); at += kBlock) {
    const std::string_view block = stream.substr(at, kBlock);
    u32(static_cast<std::uint32_t>(block.size()));
    file.append(block);
    const auto* data = reinterpret_cast<const Bytef*>(block.data());
    u32(static_cast<std::uint32_t>(
        crc32(crc32(0, nullptr, 0), data, static_cast<uInt>(block.size()))));
  }
  u32(0);
  base::Sha256 hash;
  hash.update(file.bytes());
  file.append(digest_bytes(hash.digits()));
  return file.bytes();
}

}  // namespace clipbound::solver
