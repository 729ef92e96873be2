#pragma once
// Idea: Sparse rows times columns of Vec: what forward bounds of kLanes boxes consist of. One row
// at a time, every multiplication fetches an element of the source from the second-level cache.
// Rows of a dense layer depend on the same elements, so up to kRowsTogether of them share each
// fetch, with all sums in registers.
// Source: own (register blocking, as in Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication", 2008).
// Guarantees: sums to nearest, in the order of the row's terms; whoever uses them adds their
// rounding (S8).
// Legend: from [elements, columns], to [rows or elements, columns] of Vec.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/simd.h"
#include "bounds/layered/enclose.h"

namespace clipbound::bounds {

inline constexpr int kRowsTogether = 4, kBlockRows = 8;

/// Some neighbouring rows of a form, and which of them depend on the same elements (factors of
/// products stand side by side, and depend on different ones).
struct RowBlock {
  struct Group {
    int count = 0;
    int rows[kRowsTogether] = {};  ///< offsets from `first`
  };
  std::int64_t first = 0;
  int count = 0;
  std::vector<Group> groups;
};
std::vector<RowBlock> row_blocks(const AffineForm& form);

/// What a row multiplies the columns with: its coefficients, or their magnitudes.
enum class RowWeights : std::uint8_t { coefficients, magnitudes };

/// to[r * columns + c] += sum over j of weight_(first + r),j * from[index_j * columns + c] for the
/// block's rows first + r, c < columns.
void accumulate_rows(const SparseRows& rows, const RowBlock& block, RowWeights weights,
                     const Vec* from, std::size_t columns, Vec* to);

/// The transposed: to[index_j * columns + c] += sum over r of coefficient_(first + r),j * from[r *
/// columns + c].
void scatter_rows(const SparseRows& rows, const RowBlock& block, const Vec* from,
                  std::size_t columns, Vec* to);

}  // namespace clipbound::bounds
