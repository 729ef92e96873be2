#include "specs/ops/indexed_slices.h"

namespace clipbound::specs {

IndexedSlices slices_along_axis(const Shape& data, const Shape& indices, std::int64_t axis) {
  const auto along = static_cast<std::size_t>(axis);
  bool fits = data.size() == indices.size();
  for (std::size_t d = 0; fits && d < data.size(); ++d) fits = d == along || indices[d] <= data[d];
  if (!fits)
    throw InputError("indices of shape " + to_string(indices) + " do not fit " + to_string(data));
  const std::vector<std::int64_t> strides = strides_of(data);
  IndexedSlices slices;
  slices.length = {data[along]};
  slices.stride = {strides[along]};
  slices.base.assign(1, 0);
  for (std::size_t d = 0; d < data.size(); ++d) {
    std::vector<std::int64_t> longer;
    for (const std::int64_t base : slices.base)
      for (std::int64_t i = 0; i < indices[d]; ++i)
        longer.push_back(d == along ? base : base + i * strides[d]);
    slices.base = std::move(longer);
  }
  return slices;
}

IndexedSlices slices_of_lists(const Shape& data, const Shape& indices, std::int64_t batch) {
  const auto rank = static_cast<std::int64_t>(data.size()),
             index_rank = static_cast<std::int64_t>(indices.size());
  const std::int64_t depth = indices.empty() ? 0 : indices.back();
  bool fits = batch >= 0 && batch < index_rank && depth >= 1 && batch + depth <= rank;
  for (std::size_t d = 0; fits && d < static_cast<std::size_t>(batch); ++d)
    fits = data[d] == indices[d];
  if (!fits)
    throw InputError("indices of shape " + to_string(indices) + " do not fit " + to_string(data) +
                     " with " + std::to_string(batch) + " batch dimensions");
  const std::vector<std::int64_t> strides = strides_of(data);
  IndexedSlices slices;
  for (std::int64_t d = batch; d < batch + depth; ++d) {
    slices.length.push_back(data[static_cast<std::size_t>(d)]);
    slices.stride.push_back(strides[static_cast<std::size_t>(d)]);
  }
  slices.slice = element_count(Shape(data.begin() + batch + depth, data.end()));
  const std::int64_t batches = element_count(Shape(data.begin(), data.begin() + batch)),
                     each = element_count(Shape(indices.begin() + batch, indices.end() - 1)),
                     size = element_count(Shape(data.begin() + batch, data.end()));
  for (std::int64_t b = 0; b < batches; ++b)
    slices.base.insert(slices.base.end(), static_cast<std::size_t>(each), b * size);
  return slices;
}

std::vector<std::int64_t> constant_places(const IndexedSlices& slices,
                                          const std::vector<std::int64_t>& indices) {
  std::vector<std::int64_t> places;
  for (std::int64_t s = 0; s < slices.count(); ++s) {
    const std::int64_t* index = indices.data() + static_cast<std::size_t>(s) * slices.depth();
    places.push_back(slices.place(s, index));
    if (places.back() < 0) throw InputError("an index is out of range");
  }
  return places;
}

}  // namespace clipbound::specs
