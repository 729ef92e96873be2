#include "specs/ops/broadcast.h"

#include <algorithm>

#include "base/error.h"
#include "specs/ops/op_support.h"

namespace clipbound::specs {

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Shape shape(rank, 1);
  for (std::size_t d = 0; d < rank; ++d) {  // d counts from the last dimension
    const std::int64_t x = d < a.size() ? a[a.size() - 1 - d] : 1,
                       y = d < b.size() ? b[b.size() - 1 - d] : 1;
    if (x != y && x != 1 && y != 1)
      throw InputError("shapes " + to_string(a) + " and " + to_string(b) + " do not fit");
    shape[rank - 1 - d] = x == 1 ? y : x;
  }
  return shape;
}

std::vector<std::int64_t> broadcast_index(const Shape& from, const Shape& to) {
  if (from.size() > to.size() || broadcast_shapes(from, to) != to)
    throw InputError("shape " + to_string(from) + " does not broadcast to " + to_string(to));
  // Strides of `from` seen from `to`: 0 where a dimension repeats.
  std::vector<std::int64_t> strides(to.size(), 0);
  const std::vector<std::int64_t> own = strides_of(from);
  for (std::size_t d = 0; d < from.size(); ++d)
    if (from[d] != 1) strides[to.size() - from.size() + d] = own[d];
  std::vector<std::int64_t> index(static_cast<std::size_t>(element_count(to)));
  std::vector<std::int64_t> at(to.size(), 0);
  std::int64_t element = 0;
  for (std::int64_t& entry : index) {
    entry = element;
    for (std::size_t d = to.size(); d-- > 0;) {  // an odometer
      element += strides[d];
      if (++at[d] < to[d]) break;
      element -= strides[d] * to[d];
      at[d] = 0;
    }
  }
  return index;
}

}  // namespace clipbound::specs
