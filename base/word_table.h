#pragma once
// Idea: the row of a table that a word of an option stands for.
// Source: own.
// Guarantees: the first row with exactly that word, or null.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "base/floors.h"

namespace clipbound::base {

/// Rows have a member `word`.
template <typename Row, std::size_t N>
constexpr const Row* row_of_word(const Row (&table)[N], std::string_view word) {
  const Row* row = std::find_if(std::begin(table), std::end(table),
                                [&](const Row& r) { return r.word == word; });
  return row == std::end(table) ? nullptr : row;
}

}  // namespace clipbound::base
