#include "bounds/forward/row_blocks.h"

#include <algorithm>
#include <cmath>

namespace clipbound::bounds {

namespace {

constexpr int kMostColumns = 6;  // at once: kRowsTogether times as many sums, and what they are
                                 // made of, fit into 32 registers

/// Rows of one group: the elements that they depend on, with what coefficients, and where their
/// columns begin in the block's.
template <int kRows>
struct Rows {
  const std::int32_t* index;
  std::size_t length;
  const double* value[kRows];
  std::size_t offset[kRows];
};

template <int kRows, int kColumns, RowWeights kWeights>
void accumulate_group(const Rows<kRows>& rows, const Vec* from, std::size_t stride, Vec* to) {
  Vec sum[kRows][kColumns];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) sum[r][c] = to[rows.offset[r] + static_cast<std::size_t>(c)];
  }
  for (std::size_t j = 0; j < rows.length; ++j) {
    const Vec* element = from + static_cast<std::size_t>(rows.index[j]) * stride;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const double weight =
          kWeights == RowWeights::magnitudes ? std::fabs(rows.value[r][j]) : rows.value[r][j];
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) sum[r][c] += weight * element[c];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) to[rows.offset[r] + static_cast<std::size_t>(c)] = sum[r][c];
  }
}

template <int kRows, int kColumns>
void scatter_group(const Rows<kRows>& rows, const Vec* from, std::size_t stride, Vec* to) {
  Vec part[kRows][kColumns];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c)
      part[r][c] = from[rows.offset[r] + static_cast<std::size_t>(c)];
  }
  for (std::size_t j = 0; j < rows.length; ++j) {
    Vec* element = to + static_cast<std::size_t>(rows.index[j]) * stride;
    Vec sum[kColumns];
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) sum[c] = element[c];
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (int c = 0; c < kColumns; ++c) sum[c] += part[r][c] * rows.value[r][j];
    }
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) element[c] = sum[c];
  }
}

template <int kRows>
using Kernel = void (*)(const Rows<kRows>&, const Vec*, std::size_t, Vec*);

struct Gather {
  template <int kRows, int kColumns>
  static constexpr Kernel<kRows> kernel =
      accumulate_group<kRows, kColumns, RowWeights::coefficients>;
};
struct GatherMagnitudes {
  template <int kRows, int kColumns>
  static constexpr Kernel<kRows> kernel = accumulate_group<kRows, kColumns, RowWeights::magnitudes>;
};
struct Scatter {
  template <int kRows, int kColumns>
  static constexpr Kernel<kRows> kernel = scatter_group<kRows, kColumns>;
};

template <typename Way, int kRows>
constexpr Kernel<kRows> kKernels[kMostColumns] = {
    Way::template kernel<kRows, 1>, Way::template kernel<kRows, 2>, Way::template kernel<kRows, 3>,
    Way::template kernel<kRows, 4>, Way::template kernel<kRows, 5>, Way::template kernel<kRows, 6>};

/// Runs a kernel over all columns, a few at a time.
template <typename Way, int kRows>
void run_group(const SparseRows& matrix, std::int64_t first, const RowBlock::Group& group,
               const Vec* from, std::size_t columns, Vec* to) {
  const auto index = matrix.indices(first + group.rows[0]);
  Rows<kRows> rows{index.data(), index.size(), {}, {}};
  for (int r = 0; r < kRows; ++r) {
    rows.value[r] = matrix.values(first + group.rows[r]).data();
    rows.offset[r] = static_cast<std::size_t>(group.rows[r]) * columns;
  }
  const std::size_t parts = (columns + kMostColumns - 1) / kMostColumns;
  for (std::size_t part = 0, c = 0; part < parts; ++part) {
    const std::size_t width = (columns - c + (parts - part) - 1) / (parts - part);
    kKernels<Way, kRows>[width - 1](rows, from + c, columns, to + c);
    c += width;
  }
}

template <typename Way>
void run_block(const SparseRows& rows, const RowBlock& block, const Vec* from, std::size_t columns,
               Vec* to) {
  static_assert(kRowsTogether == 4);
  for (const RowBlock::Group& group : block.groups) {
    switch (group.count) {
      case 1: run_group<Way, 1>(rows, block.first, group, from, columns, to); break;
      case 2: run_group<Way, 2>(rows, block.first, group, from, columns, to); break;
      case 3: run_group<Way, 3>(rows, block.first, group, from, columns, to); break;
      default: run_group<Way, 4>(rows, block.first, group, from, columns, to);
    }
  }
}

bool same_elements(const AffineForm& form, std::int64_t a, std::int64_t b) {
  return std::all_of(form.terms.begin(), form.terms.end(), [&](const auto& term) {
    const SparseRows& rows = term.second.written();
    const auto x = rows.indices(a), y = rows.indices(b);
    return std::equal(x.begin(), x.end(), y.begin(), y.end());
  });
}

}  // namespace

std::vector<RowBlock> row_blocks(const AffineForm& form) {
  std::vector<RowBlock> blocks;
  for (std::int64_t first = 0; first < form.size(); first += kBlockRows) {
    RowBlock& block = blocks.emplace_back(RowBlock{
        first, static_cast<int>(std::min<std::int64_t>(kBlockRows, form.size() - first)), {}});
    for (int r = 0; r < block.count; ++r) {
      auto group =
          std::find_if(block.groups.begin(), block.groups.end(), [&](const RowBlock::Group& g) {
            return g.count < kRowsTogether && same_elements(form, first + g.rows[0], first + r);
          });
      if (group == block.groups.end()) group = block.groups.insert(group, RowBlock::Group{});
      group->rows[group->count++] = r;
    }
  }
  return blocks;
}

void accumulate_rows(const SparseRows& rows, const RowBlock& block, RowWeights weights,
                     const Vec* from, std::size_t columns, Vec* to) {
  if (weights == RowWeights::magnitudes)
    return run_block<GatherMagnitudes>(rows, block, from, columns, to);
  run_block<Gather>(rows, block, from, columns, to);
}

void scatter_rows(const SparseRows& rows, const RowBlock& block, const Vec* from,
                  std::size_t columns, Vec* to) {
  run_block<Scatter>(rows, block, from, columns, to);
}

}  // namespace clipbound::bounds
