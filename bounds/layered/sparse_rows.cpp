#include "bounds/layered/sparse_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace clipbound::bounds {

namespace {

constexpr std::int32_t kNone = -1;

/// Of bytes in multiples of four. Four sums at once: one would wait for its own multiplications.
std::uint64_t hash_of(const void* data, std::size_t bytes) {
  constexpr std::uint64_t kFactor = 0xff51afd7ed558ccdULL;
  const auto* at = static_cast<const unsigned char*>(data);
  std::uint64_t sum[4] = {bytes, 0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL,
                          0x165667b19e3779f9ULL};
  for (; bytes >= 32; bytes -= 32, at += 32) {
    for (int k = 0; k < 4; ++k) {
      std::uint64_t word;
      std::memcpy(&word, at + 8 * k, 8);
      sum[k] = (sum[k] ^ word) * kFactor;
      sum[k] ^= sum[k] >> 29U;
    }
  }
  for (; bytes >= 4; bytes -= 4, at += 4) {
    std::uint32_t word;
    std::memcpy(&word, at, 4);
    sum[0] = (sum[0] ^ word) * kFactor;
    sum[0] ^= sum[0] >> 29U;
  }
  std::uint64_t all = 0;
  for (const std::uint64_t part : sum) all = (all ^ part ^ (part >> 32U)) * kFactor;
  return all ^ (all >> 32U);
}

/// The hash of a list; of a long one, of parts of it: dense rows of megabytes differ everywhere,
/// and what has the same hash is compared.
std::uint64_t list_hash(const void* data, std::size_t bytes) {
  constexpr std::size_t kWhole = 4096, kParts = 32, kPart = 32;
  if (bytes <= kWhole) return hash_of(data, bytes);
  unsigned char parts[kParts * kPart];
  const std::size_t stride = (bytes - kPart) / (kParts - 1) / 4 * 4;
  for (std::size_t k = 0; k < kParts; ++k)
    std::memcpy(parts + k * kPart, static_cast<const unsigned char*>(data) + k * stride, kPart);
  return hash_of(parts, sizeof parts) ^ bytes;
}

}  // namespace

template <typename T, std::int64_t SparseRows::Row::*kPosition>
void SparseRows::enlarge(Table& table, const std::vector<T>& all) const {
  Table larger(std::max<std::size_t>(16, 4 * rows_.size()), kNone);
  for (const std::int32_t r : table) {
    if (r == kNone) continue;
    const Row& of = rows_[static_cast<std::size_t>(r)];
    std::size_t cell =
        list_hash(all.data() + of.*kPosition, static_cast<std::size_t>(of.length) * sizeof(T)) %
        larger.size();
    while (larger[cell] != kNone) cell = cell + 1 == larger.size() ? 0 : cell + 1;
    larger[cell] = r;
  }
  table = std::move(larger);
}

template <typename T, std::int64_t SparseRows::Row::*kPosition>
std::int64_t SparseRows::share(Table& table, std::vector<T>& all, std::size_t begin) {
  const std::size_t length = all.size() - begin;
  if (2 * (rows_.size() + 1) > table.size()) enlarge<T, kPosition>(table, all);
  std::size_t cell = list_hash(all.data() + begin, length * sizeof(T)) % table.size();
  for (; table[cell] != kNone; cell = cell + 1 == table.size() ? 0 : cell + 1) {
    const Row& of = rows_[static_cast<std::size_t>(table[cell])];
    if (static_cast<std::size_t>(of.length) != length ||
        std::memcmp(all.data() + of.*kPosition, all.data() + begin, length * sizeof(T)) != 0)
      continue;
    all.resize(begin);
    return of.*kPosition;
  }
  table[cell] = static_cast<std::int32_t>(rows_.size());
  return static_cast<std::int64_t>(begin);
}

void SparseRows::end_row() {
  const std::size_t length = value_.size() - value_end_;
  Row row{0, 0, static_cast<std::int32_t>(length)};
  if (length > 0) {
    row.index = share<std::int32_t, &Row::index>(by_indices_, index_, index_end_);
    row.value = share<double, &Row::value>(by_values_, value_, value_end_);
  }
  rows_.push_back(row);
  index_end_ = index_.size();
  value_end_ = value_.size();
  entries_ += row.length;
}

std::int64_t SparseRows::add_indices(std::span<const std::int32_t> columns) {
  const std::size_t begin = index_end_;
  index_.insert(index_.end(), columns.begin(), columns.end());
  index_end_ = index_.size();
  return static_cast<std::int64_t>(begin);
}

std::int64_t SparseRows::add_values(std::span<const double> values) {
  const std::size_t begin = value_end_;
  value_.insert(value_.end(), values.begin(), values.end());
  value_end_ = value_.size();
  return static_cast<std::int64_t>(begin);
}

void SparseRows::add_row(std::int64_t indices, std::int64_t values, std::int32_t length) {
  rows_.push_back({indices, values, length});
  entries_ += length;
}

bool SparseRows::is_unit() const {
  return std::all_of(value_.begin(), value_.end(), [](double x) { return std::fabs(x) == 1.0; });
}

}  // namespace clipbound::bounds
