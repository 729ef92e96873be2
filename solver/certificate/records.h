#pragma once
// Idea: a certificate's records as bytes.
// Source: docs/certificate.md, "Bytes".
// Guarantees: none: clipbound-check decides.
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/floors.h"

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
  Records& u32(std::uint32_t value) { return little_endian(value); }
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

}  // namespace clipbound::solver
