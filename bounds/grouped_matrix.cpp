#include "bounds/grouped_matrix.h"

#include <algorithm>

#include "base/check.h"

namespace clipbound {

namespace {

std::uint64_t hash_columns(const Entry* begin, const Entry* end) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ULL;
  for (const Entry* e = begin; e != end; ++e) {
    hash ^= static_cast<std::uint64_t>(static_cast<std::uint32_t>(e->column)) + 0x9e3779b97f4a7c15ULL + (hash << 6U) + (hash >> 2U);
    hash *= 0xff51afd7ed558ccdULL;
  }
  return hash;
}

bool same_columns(const Entry* a, const Entry* a_end, const Entry* b, const Entry* b_end) {
  return std::equal(a, a_end, b, b_end, [](const Entry& x, const Entry& y) { return x.column == y.column; });
}

}  // namespace

GroupedMatrix::GroupedMatrix(const std::vector<Entry>& entries, std::int32_t rows, std::int32_t spare)
    : group_of_(static_cast<std::size_t>(rows), -1) {
  struct RowKey {
    std::uint64_t hash;
    std::int32_t row;
  };
  std::vector<RowKey> keys;
  std::vector<std::int64_t> start(static_cast<std::size_t>(rows) + 1, 0);
  for (const Entry& e : entries) ++start[static_cast<std::size_t>(e.row) + 1];
  for (std::size_t r = 1; r < start.size(); ++r) start[r] += start[r - 1];
  for (std::int32_t r = 0; r < rows; ++r) {
    const auto i = static_cast<std::size_t>(r);
    if (start[i] < start[i + 1]) keys.push_back({hash_columns(entries.data() + start[i], entries.data() + start[i + 1]), r});
  }
  std::sort(keys.begin(), keys.end(), [](const RowKey& a, const RowKey& b) { return a.hash != b.hash ? a.hash < b.hash : a.row < b.row; });
  std::vector<std::vector<std::int32_t>> together;
  const auto of = [&](std::int32_t r, int more) { return entries.data() + start[static_cast<std::size_t>(r + more)]; };
  std::uint64_t hash = 0;
  for (const RowKey& key : keys) {
    const bool joins = !together.empty() && hash == key.hash && together.back().size() < 8 &&
                       same_columns(of(together.back().front(), 0), of(together.back().front(), 1), of(key.row, 0), of(key.row, 1));
    if (!joins) together.emplace_back();
    together.back().push_back(key.row);
    hash = key.hash;
  }
  // Neighbours in the network stay neighbours in memory.
  std::sort(together.begin(), together.end(), [](const auto& a, const auto& b) { return a.front() < b.front(); });
  for (const auto& list : together) add_group(entries, start, list.data(), static_cast<int>(list.size()), spare);
}

void GroupedMatrix::add_group(const std::vector<Entry>& entries, const std::vector<std::int64_t>& start, const std::int32_t* rows, int count,
                              std::int32_t spare) {
  Group group{};
  group.width = count > 4 ? 8 : count > 2 ? 4 : count;
  const auto first = static_cast<std::size_t>(start[static_cast<std::size_t>(rows[0])]);
  const auto length = static_cast<std::size_t>(start[static_cast<std::size_t>(rows[0]) + 1]) - first;
  group.begin = static_cast<std::int32_t>(index_.size());
  group.end = group.begin + static_cast<std::int32_t>(length);
  group.value = static_cast<std::int64_t>(value_.size());
  for (std::size_t j = 0; j < length; ++j) index_.push_back(entries[first + j].column);
  value_.resize(value_.size() + length * static_cast<std::size_t>(group.width), 0.0);
  for (int k = 0; k < 8; ++k) {
    group.out[k] = k < count ? rows[k] : spare;
    if (k >= count) continue;
    group_of_[static_cast<std::size_t>(rows[k])] = groups();
    const Entry* from = entries.data() + start[static_cast<std::size_t>(rows[k])];
    for (std::size_t j = 0; j < length; ++j) {
      value_[static_cast<std::size_t>(group.value) + j * static_cast<std::size_t>(group.width) + static_cast<std::size_t>(k)] = from[j].value;
    }
  }
  groups_.push_back(group);
}

/// kParts partial sums per output, so that always eight additions are in flight.
template <int kWidth>
void GroupedMatrix::accumulate_width(const Group& group, const Vec* x, Vec* y) const {
  constexpr int kParts = 8 / kWidth;
  Vec sum[kParts][kWidth] = {};
  const std::int32_t* index = index_.data() + group.begin;
  const double* value = value_.data() + group.value;
  const std::int32_t length = group.end - group.begin;
  std::int32_t j = 0;
  for (; j + kParts <= length; j += kParts) {
#pragma GCC unroll 8
    for (int part = 0; part < kParts; ++part) {
      const Vec element = x[index[j + part]];
#pragma GCC unroll 8
      for (int k = 0; k < kWidth; ++k) sum[part][k] += element * value[(j + part) * kWidth + k];
    }
  }
  for (; j < length; ++j) {
    const Vec element = x[index[j]];
#pragma GCC unroll 8
    for (int k = 0; k < kWidth; ++k) sum[0][k] += element * value[j * kWidth + k];
  }
#pragma GCC unroll 8
  for (int k = 0; k < kWidth; ++k) {
    Vec total = sum[0][k];
    for (int part = 1; part < kParts; ++part) total += sum[part][k];
    y[group.out[k]] += total;
  }
}

void GroupedMatrix::accumulate(std::int32_t number, const Vec* x, Vec* y) const {
  const Group& group = groups_[static_cast<std::size_t>(number)];
  switch (group.width) {
    case 1: return accumulate_width<1>(group, x, y);
    case 2: return accumulate_width<2>(group, x, y);
    case 4: return accumulate_width<4>(group, x, y);
    default: return accumulate_width<8>(group, x, y);
  }
}

}  // namespace clipbound
