#include "bounds/layered/selection_map.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace clipbound::bounds {

namespace {

using Parts = std::vector<SelectionMap::Part>;

/// Takes out what cancels. False where two coefficients of a row meet that do not.
bool cancel(Parts& parts) {
  for (std::size_t a = 0; a < parts.size(); ++a) {
    for (std::size_t b = a + 1; b < parts.size(); ++b) {
      std::vector<std::int32_t>&x = parts[a].column, &y = parts[b].column;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i] < 0 || x[i] != y[i]) continue;
        if (parts[a].sign == parts[b].sign) return false;
        x[i] = y[i] = -1;
      }
    }
  }
  return true;
}

}  // namespace

SelectionMap::SelectionMap(std::int64_t cols, std::vector<Part> parts)
    : cols_(cols), parts_(std::move(parts)) {
  CLIPBOUND_CHECK(!parts_.empty());
  for (const Part& part : parts_) {
    CLIPBOUND_CHECK(part.column.size() == parts_.front().column.size());
    CLIPBOUND_CHECK(std::fabs(part.sign) == 1.0);
    for (const std::int32_t c : part.column) CLIPBOUND_CHECK(c < cols_);
  }
  CLIPBOUND_CHECK(cancel(parts_));
  for_each([&](std::size_t, std::size_t, double) { ++entries_; });
}

std::shared_ptr<const SelectionMap> SelectionMap::of_elements(std::int64_t cols, std::int64_t first,
                                                              std::int64_t count) {
  Part part;
  part.column.resize(static_cast<std::size_t>(count));
  std::iota(part.column.begin(), part.column.end(), static_cast<std::int32_t>(first));
  Parts parts;
  parts.push_back(std::move(part));
  return std::make_shared<const SelectionMap>(cols, std::move(parts));
}

void SelectionMap::add_transposed(const double* r, std::int64_t B, double* y) const {
  const auto R = static_cast<std::size_t>(rows()), C = static_cast<std::size_t>(cols_);
  for (std::size_t b = 0; b < static_cast<std::size_t>(B); ++b) {
    const double* const from = r + b * R;
    double* const to = y + b * C;
    for_each([&](std::size_t i, std::size_t c, double sign) { to[c] += sign * from[i]; });
  }
}

void SelectionMap::row(std::int64_t i, std::vector<std::int32_t>& columns,
                       std::vector<double>& values) const {
  columns.clear();
  values.clear();
  for (const Part& part : parts_) {
    const std::int32_t c = part.column[static_cast<std::size_t>(i)];
    if (c < 0) continue;
    // Two parts at most: insertion keeps the order.
    std::size_t at = columns.size();
    while (at > 0 && columns[at - 1] > c) --at;
    columns.insert(columns.begin() + static_cast<std::ptrdiff_t>(at), c);
    values.insert(values.begin() + static_cast<std::ptrdiff_t>(at), part.sign);
  }
}

const SparseRows& SelectionMap::written() const {
  std::call_once(once_, [&] {
    SparseRows all;
    all.cols = cols_;
    std::vector<std::int32_t> columns;
    std::vector<double> values;
    for (std::int64_t i = 0; i < rows(); ++i) {
      row(i, columns, values);
      all.append(columns, values);
      all.end_row();
    }
    written_ = std::move(all);
  });
  return written_;
}

std::shared_ptr<const SelectionMap> select_rows(const std::vector<const SelectionMap*>& maps,
                                                std::span<const std::int32_t> of_map,
                                                std::span<const std::int32_t> picks) {
  const SelectionMap& first = *maps.front();
  Parts parts(first.parts().size());
  for (const SelectionMap* map : maps) {
    if (map->parts().size() != parts.size()) return nullptr;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (map->parts()[p].sign != first.parts()[p].sign) return nullptr;
    }
  }
  for (std::size_t p = 0; p < parts.size(); ++p) {
    parts[p].sign = first.parts()[p].sign;
    parts[p].column.reserve(picks.size());
    for (std::size_t i = 0; i < picks.size(); ++i) {
      parts[p].column.push_back(of_map[i] < 0 ? -1
                                              : maps[static_cast<std::size_t>(of_map[i])]
                                                    ->parts()[p]
                                                    .column[static_cast<std::size_t>(picks[i])]);
    }
  }
  return std::make_shared<const SelectionMap>(first.cols(), std::move(parts));
}

std::shared_ptr<const SelectionMap> sum_of_selections(const std::vector<const SelectionMap*>& maps,
                                                      const std::vector<double>& signs) {
  constexpr std::size_t kMostParts = 2;
  Parts parts;
  for (std::size_t k = 0; k < maps.size(); ++k) {
    for (const SelectionMap::Part& part : maps[k]->parts())
      parts.push_back({signs[k] * part.sign, part.column});
  }
  if (parts.size() > kMostParts || !cancel(parts)) return nullptr;
  return std::make_shared<const SelectionMap>(maps.front()->cols(), std::move(parts));
}

}  // namespace clipbound::bounds
