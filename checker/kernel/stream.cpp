// Idea: little-endian numbers of a buffer that is refilled.
// Source: docs/certificate.md, "Bytes".
// Guarantees: see the header.
#include "checker/kernel/stream.h"

#include <bit>
#include <cmath>

#include "checker/kernel/errors.h"

namespace clipcheck {

void Stream::refuse(const std::string& why) const {
  throw Refused("record at byte " + std::to_string(record_) + " of the stream: " + why);
}

bool Stream::ended() {
  while (at_ == buffer_.size()) {
    std::vector<std::uint8_t> more = refill();
    if (more.empty()) return true;
    offset_ += buffer_.size();
    buffer_ = std::move(more);
    at_ = 0;
  }
  return false;
}

void Stream::fill() {
  if (ended()) refuse("the stream ends in the middle of the proof");
}

std::uint8_t Stream::byte() {
  if (at_ == buffer_.size()) fill();
  return buffer_[at_++];
}

std::uint64_t Stream::varint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    const std::uint8_t next = byte();
    value |= static_cast<std::uint64_t>(next & 0x7fU) << shift;
    if ((next & 0x80U) == 0) return value;
  }
  refuse("a number has too many bytes");
}

std::size_t Stream::index(std::size_t limit, const char* what) {
  const std::uint64_t value = varint();
  if (value >= limit)
    refuse("there is no such " + std::string(what) + ": " + std::to_string(value));
  return static_cast<std::size_t>(value);
}

template <class U>
U Stream::little_endian() {
  U value = 0;
  for (std::size_t k = 0; k < sizeof(U); ++k)
    value = static_cast<U>(value | static_cast<U>(static_cast<U>(byte()) << (8 * k)));
  return value;
}

double Stream::f64() {
  const auto value = std::bit_cast<double>(little_endian<std::uint64_t>());
  if (!std::isfinite(value)) refuse("a number is not finite");
  return value;
}

float Stream::f32() {
  const auto value = std::bit_cast<float>(little_endian<std::uint32_t>());
  if (!std::isfinite(value)) refuse("a number is not finite");
  return value;
}

float Stream::f16() {
  const auto bits = little_endian<std::uint16_t>();
  const int exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent == 31) refuse("a number is not finite");
  const float size = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                   : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (bits & 0x8000U) != 0 ? -size : size;
}

std::vector<std::uint8_t> Stream::bytes(std::size_t count) {
  std::vector<std::uint8_t> result;
  while (result.size() < count) {
    if (at_ == buffer_.size()) fill();
    const std::size_t take = std::min(count - result.size(), buffer_.size() - at_);
    result.insert(result.end(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_),
                  buffer_.begin() + static_cast<std::ptrdiff_t>(at_ + take));
    at_ += take;
  }
  return result;
}

}  // namespace clipcheck
