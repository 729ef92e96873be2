#pragma once
// Idea: a certificate's records as a stream of bytes, wherever they come from.
// Source: docs/certificate.md, "Bytes".
// Guarantees: a number is as the format says, or Refused is thrown; so is reading past the end.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clipcheck {

class Stream {
 public:
  virtual ~Stream() = default;

  std::uint8_t byte();
  std::uint64_t varint();
  /// A varint below `limit`; `what` is for the message.
  std::size_t index(std::size_t limit, const char* what);
  double f64();
  float f32();
  float f16();
  std::vector<std::uint8_t> bytes(std::size_t count);
  /// Bytes read so far, counted from the beginning of the file's stream.
  std::uint64_t offset() const { return offset_ + at_; }
  /// True where nothing follows.
  bool ended();
  /// Throws Refused with the offset of the record that is read.
  [[noreturn]] void refuse(const std::string& why) const;
  /// A record begins here.
  void mark() { record_ = offset(); }

 protected:
  explicit Stream(std::uint64_t offset) : offset_(offset) {}
  /// More bytes, or none at the end.
  virtual std::vector<std::uint8_t> refill() = 0;

 private:
  void fill();  // some byte is there, or throws
  template <class U>
  U little_endian();

  std::vector<std::uint8_t> buffer_;
  std::size_t at_ = 0;
  std::uint64_t offset_, record_ = 0;  // offset_: of buffer_[0]
};

/// Bytes in memory.
class MemoryStream : public Stream {
 public:
  MemoryStream(std::vector<std::uint8_t> bytes, std::uint64_t offset)
      : Stream(offset), bytes_(std::move(bytes)) {}

 private:
  std::vector<std::uint8_t> refill() override { return std::move(bytes_); }
  std::vector<std::uint8_t> bytes_;
};

}  // namespace clipcheck
