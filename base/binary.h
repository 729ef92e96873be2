#pragma once
// Idea: numbers and texts one after the other as bytes, for files that another process reads.
// Source: own.
// Guarantees: a reader never reads beyond the bytes, nor allocates more than they could hold: what is
// cut off, or counts more than it holds, is an InputError that names the byte.
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/floors.h"

namespace clipbound::base {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

class BinaryWriter {
 public:
  template <typename T>
  void put(T number) {
    static_assert(std::is_arithmetic_v<T>);
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof number);
    std::memcpy(bytes_.data() + at, &number, sizeof number);
  }
  void count(std::size_t number) { put(static_cast<std::uint64_t>(number)); }
  void flag(bool is) { put(static_cast<std::uint8_t>(is ? 1 : 0)); }
  /// With its length.
  void text(std::string_view text) {
    count(text.size());
    append(text);
  }
  void append(std::string_view text) { bytes_ += text; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class BinaryReader {
 public:
  /// `what` the bytes are, in messages: "the saved search". They outlive the reader.
  BinaryReader(std::string what, std::string_view bytes) : what_(std::move(what)), bytes_(bytes) {}

  template <typename T>
  T get() {
    static_assert(std::is_arithmetic_v<T>);
    if (bytes_.size() - at_ < sizeof(T)) fail("is cut off");
    T number;
    std::memcpy(&number, bytes_.data() + at_, sizeof number);
    at_ += sizeof number;
    return number;
  }
  /// How many things of at least so many bytes follow.
  std::size_t count(std::size_t bytes_each) {
    const auto number = get<std::uint64_t>();
    if (number > (bytes_.size() - at_) / bytes_each) fail("counts more than it holds");
    return static_cast<std::size_t>(number);
  }
  bool flag() {
    const auto byte = get<std::uint8_t>();
    if (byte > 1) fail("has a flag that is neither 0 nor 1");
    return byte == 1;
  }
  double number() {
    const auto value = get<double>();
    if (std::isnan(value)) fail("has a number that is none");
    return value;
  }
  std::string_view text() {
    const std::size_t length = count(1);
    const std::string_view text = bytes_.substr(at_, length);
    at_ += length;
    return text;
  }
  void expect_end() const {
    if (at_ != bytes_.size()) fail("goes on after its end");
  }
  [[noreturn]] void fail(const std::string& how) const {
    throw InputError(what_ + " " + how + " (at byte " + std::to_string(at_) + ")");
  }

 private:
  const std::string what_;
  std::string_view bytes_;
  std::size_t at_ = 0;
};

}  // namespace clipbound::base
