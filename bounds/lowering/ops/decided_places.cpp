#include "bounds/lowering/ops/decided_places.h"

#include <cmath>

#include "base/error.h"
#include "bounds/lowering/operands.h"

namespace clipbound::bounds {

std::vector<std::int64_t> decided_places(const LowerContext& context, ValueId id,
                                         const IndexedSlices& slices) {
  AffineForm scratch;
  const IntervalVector range = enclose(form_of(context, id, scratch), context.sources());
  std::vector<double> indices;
  for (std::size_t i = 0; i < range.lower.size(); ++i) {
    // Between integers: indices are such, whatever was rounded on the way.
    const double index = std::ceil(range.lower[i]);
    if (!(index == std::floor(range.upper[i])))
      throw Unsupported("bounds need indices that are known");
    indices.push_back(index);
  }
  std::vector<std::int64_t> places;
  for (std::int64_t s = 0; s < slices.count(); ++s) {
    places.push_back(
        slices.place(s, indices.data() + static_cast<std::size_t>(s) * slices.depth()));
    if (places.back() < 0) throw Unsupported("an index is out of range");
  }
  return places;
}

}  // namespace clipbound::bounds
