#include "bounds/alpha_beta/grouped_matrix.h"

#include <algorithm>

#include "base/check.h"

namespace clipbound::bounds {

std::int64_t GroupedMatrix::add_weights(std::size_t count) {
  const std::size_t at = weights_.size();
  weights_.resize(at + (count + 7) / 8, Line{});
  return static_cast<std::int64_t>(8 * at);
}

void GroupedMatrix::add_group(const Group& group, std::int32_t spare) {
  CLIPBOUND_CHECK(refs_.size() < 0x7fffffff && weights_.size() < 0x7fffffff);
  for (int k = 0; k < group.width; ++k) {
    if (group.out[k] != spare) group_of_[static_cast<std::size_t>(group.out[k])] = groups();
  }
  groups_.push_back(group);
}

/// kParts partial sums per output, so that always eight additions are in flight.
template <int kWidth>
void GroupedMatrix::accumulate_width(const Group& group, const Segment& segment, const Vec* x,
                                     Vec* y) const {
  constexpr int kParts = 8 / kWidth;
  Vec sum[kParts][kWidth] = {};
  const Ref* refs = refs_.data() + segment.begin;
  const double* weights = weights_[static_cast<std::size_t>(group.weights / 8)].of;
  const std::int32_t length = segment.end - segment.begin;
  const auto add = [&](const Ref& ref, Vec* to) {
    const Vec element = x[ref.column];
    const double* row = weights + static_cast<std::ptrdiff_t>(ref.weights) * kWidth;
#pragma GCC unroll 8
    for (int k = 0; k < kWidth; ++k) to[k] += element * row[k];
  };
  // Weights come from the second cache, and which ones is known long before.
  constexpr std::int32_t kAhead = 8;
  std::int32_t j = 0;
  if constexpr (kWidth == 8) {
    for (; j + kAhead < length; ++j) {
      const Ref& later = refs[j + kAhead];
      __builtin_prefetch(weights + static_cast<std::ptrdiff_t>(later.weights) * kWidth);
      __builtin_prefetch(x + later.column);
      add(refs[j], sum[0]);
    }
  }
  for (; j + kParts <= length; j += kParts) {
#pragma GCC unroll 8
    for (int part = 0; part < kParts; ++part) add(refs[j + part], sum[part]);
  }
  for (; j < length; ++j) add(refs[j], sum[0]);
#pragma GCC unroll 8
  for (int k = 0; k < kWidth; ++k) {
    Vec total = sum[0][k];
    for (int part = 1; part < kParts; ++part) total += sum[part][k];
    y[group.out[k]] += total;
  }
}

void GroupedMatrix::accumulate(const Segment& segment, const Vec* x, Vec* y) const {
  const Group& group = groups_[static_cast<std::size_t>(segment.group)];
  switch (group.width) {
    case 1: return accumulate_width<1>(group, segment, x, y);
    case 2: return accumulate_width<2>(group, segment, x, y);
    case 4: return accumulate_width<4>(group, segment, x, y);
    default: return accumulate_width<8>(group, segment, x, y);
  }
}

/// A block of sums: outputs first_out .. of the group, vecs first_vec .. of its elements. Its size
/// leaves registers for what is multiplied, and each load serves several sums.
template <int kWidth, int kOutputs, int kVecs>
void GroupedMatrix::accumulate_block(const Group& group, const Segment& segment, int first_out,
                                     int first_vec, const Wide* x, Wide* y) const {
  Vec sum[kOutputs][kVecs] = {};
  const Ref* refs = refs_.data();
  const double* weights = weights_[static_cast<std::size_t>(group.weights / 8)].of + first_out;
  for (std::int32_t j = segment.begin; j < segment.end; ++j) {
    const Vec* element = x[refs[j].column].of + first_vec;
    const double* row = weights + static_cast<std::ptrdiff_t>(refs[j].weights) * kWidth;
#pragma GCC unroll 8
    for (int k = 0; k < kOutputs; ++k) {
#pragma GCC unroll 4
      for (int i = 0; i < kVecs; ++i) sum[k][i] += element[i] * row[k];
    }
  }
#pragma GCC unroll 8
  for (int k = 0; k < kOutputs; ++k) {
#pragma GCC unroll 4
    for (int i = 0; i < kVecs; ++i) y[group.out[first_out + k]].of[first_vec + i] += sum[k][i];
  }
}

template <int kWidth>
void GroupedMatrix::accumulate_width(const Group& group, const Segment& segment, const Wide* x,
                                     Wide* y) const {
  constexpr int kSums = kLanes == 8 ? 16 : 8;  // half of the registers
  constexpr int kVecs = kWidth <= 2 ? Wide::kVecs : 2, kOutputs = std::min(kWidth, kSums / kVecs);
  for (int vec = 0; vec < Wide::kVecs; vec += kVecs) {
    for (int out = 0; out < kWidth; out += kOutputs)
      accumulate_block<kWidth, kOutputs, kVecs>(group, segment, out, vec, x, y);
  }
}

void GroupedMatrix::accumulate(const Segment& segment, const Wide* x, Wide* y) const {
  const Group& group = groups_[static_cast<std::size_t>(segment.group)];
  switch (group.width) {
    case 1: return accumulate_width<1>(group, segment, x, y);
    case 2: return accumulate_width<2>(group, segment, x, y);
    case 4: return accumulate_width<4>(group, segment, x, y);
    default: return accumulate_width<8>(group, segment, x, y);
  }
}

}  // namespace clipbound::bounds
