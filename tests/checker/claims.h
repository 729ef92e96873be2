#pragma once
// Idea: small claims whose truth is known, and a writer of records for them.
// Source: docs/certificate.md.
// Guarantees: none.
#include <bit>
#include <cstring>
#include <string>

#include "checker/kernel/certificate.h"
#include "checker/kernel/errors.h"

namespace clipcheck {

class Writer {
 public:
  Writer& tag(char c) {
    bytes_.push_back(static_cast<std::uint8_t>(c));
    return *this;
  }
  Writer& varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) bytes_.push_back(static_cast<std::uint8_t>(value | 128));
    bytes_.push_back(static_cast<std::uint8_t>(value));
    return *this;
  }
  Writer& f64(double value) { return raw(value); }
  Writer& f32(float value) { return raw(value); }
  Writer& append(const Writer& more) {
    bytes_.insert(bytes_.end(), more.bytes_.begin(), more.bytes_.end());
    return *this;
  }
  Writer& zeros(std::size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  template <class T>
  Writer& raw(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof value);
    std::memcpy(bytes_.data() + at, &value, sizeof value);
    return *this;
  }
  std::vector<std::uint8_t> bytes_;
};

/// Y_0 = relu(x) + relu(-x) = |x| for x in [-1, 2], and the clause Y_0 <= threshold. Its least
/// value is 0, so the query is unsat exactly for thresholds below 0.
struct AbsoluteValue {
  System system{1};
  Claim claim;

  explicit AbsoluteValue(const mpq_class& threshold, double coefficient = 1.0)
      : system(make(coefficient)), claim{system, {5}, {}, {}, {}} {
    Row row{{{0, 1}}, threshold, false};
    claim.clauses.push_back({{-1.0}, {2.0}, {row}});
  }
  static System make(double coefficient) {
    System result(1);
    const Index z = result.add_affine({{{0}, {coefficient}, {}, 0}, {{0}, {-coefficient}, {}, 0}});
    const Index y = result.add_neurons({z, z + 1}, 0.0, 1.0);
    result.add_affine({{{y, y + 1}, {1.0, 1.0}, {}, 0}});
    result.seal();
    return result;
  }
  Writer header() const {
    return Writer().tag('R').zeros(64).varint(1).varint(1).varint(1).varint(2).varint(1);
  }
  Writer clause() const {
    Writer writer;
    writer.tag('C').f64(-1.0).f64(2.0).varint(1).tag('\0').varint(1).varint(0).f64(1.0);
    return writer.f64(claim.clauses[0].rows[0].threshold.get_d());
  }
  Writer file(const Writer& tree) const { return header().append(clause()).append(tree).tag('Z'); }
};

/// Interval arithmetic, then the row.
inline Writer leaf(float multiplier = 1.0F) {
  return Writer().tag('I').tag('L').varint(1).varint(0).f32(multiplier);
}
inline Writer split(double at, const Writer& left, const Writer& right) {
  return Writer().tag('X').varint(0).f64(at).append(left).append(right);
}

/// What a check says: "" where verified.
inline std::string verdict(const Claim& claim, const Writer& file, const Checking& how = {}) {
  MemoryStream stream(file.bytes(), 0);
  try {
    check_certificate(claim, stream, how);
    return "";
  } catch (const Refused& refused) {
    return refused.what();
  }
}

}  // namespace clipcheck
