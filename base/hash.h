#pragma once
// Idea: a fingerprint of data, for telling whether two processes speak of the same thing.
// Source: FNV-1a (Fowler, Noll, Vo).
// Guarantees: equal data have equal fingerprints; that different data have different ones is likely,
// and no defence against anybody who wants otherwise.
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "base/floors.h"

namespace clipbound::base {

class Hash {
 public:
  void bytes(std::string_view data) {
    for (const char c : data) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  template <typename T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes({reinterpret_cast<const char*>(&value), sizeof value});
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace clipbound::base
