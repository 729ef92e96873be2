#pragma once
// What the hunt plants, as files' contents.
#include <cstdint>
#include <optional>
#include <string>

namespace clipbound::test {

struct Hunted {
  std::string network;   ///< bytes of an ONNX file
  std::string property;  ///< VNN-LIB 1.0; some point of its box satisfies it, in real arithmetic
};
/// Nothing where the seed makes no network or none that a file can hold.
std::optional<Hunted> hunted(std::uint64_t seed);

}  // namespace clipbound::test
