#pragma once
// Idea: SHA-256 of bytes as they come, by which people find the file that a result is about.
// Source: FIPS 180-4; Nettle computes it (decision 52).
// Guarantees: the same digits as sha256sum.
#include <string>
#include <string_view>

#include <nettle/sha2.h>

#include "base/floors.h"

namespace clipbound::base {

class Sha256 {
 public:
  Sha256() { sha256_init(&state_); }
  void update(std::string_view bytes) {
    sha256_update(&state_, bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()));
  }
  /// 64 hexadecimal digits; begins anew.
  std::string digits() {
    std::uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(&state_, sizeof digest, digest);
    std::string text;
    for (const std::uint8_t byte : digest) {
      constexpr const char* kDigits = "0123456789abcdef";
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    return text;
  }

 private:
  sha256_ctx state_{};
};

}  // namespace clipbound::base
