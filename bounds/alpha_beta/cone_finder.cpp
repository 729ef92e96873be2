// Which groups and tiles of a sweep network the bound of some rows has to look at.
#include "bounds/alpha_beta/sparse_network.h"

#include <algorithm>
#include <atomic>

namespace clipbound::bounds {

namespace {
/// Unique in the process, since sweeps may meet cones of several finders.
std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}
}  // namespace

void Cone::begin(int count) {
  serial = next_serial();
  layers.resize(static_cast<std::size_t>(count));
  for (Layer& layer : layers) {
    for (auto* places :
         {&layer.unstable, &layer.active, &layer.curved, &layer.unit_sums, &layer.products})
      places->clear();
    for (auto* parts : {&layer.into, &layer.from}) parts->clear();
  }
  inputs.clear();
  into_inputs.clear();
  work = 0;
}

void ConeFinder::number_places() {
  place_mark_.resize(static_cast<std::size_t>(network_.places()), 0);
  while (static_cast<int>(layer_of_place_.size()) < network_.places()) {
    const int place = static_cast<int>(layer_of_place_.size());
    int layer = place < network_.inputs() + 1 ? -1 : layer_of_place_.back();
    while (layer >= 0 && place >= network_.layer(layer).first + network_.layer(layer).count)
      ++layer;
    if (place == network_.inputs()) layer = 0;  // the spare place stands before the first layer
    layer_of_place_.push_back(layer);
  }
}

void ConeFinder::touch(std::int32_t place, Cone& cone) {
  const auto p = static_cast<std::size_t>(place);
  if (place_mark_[p] == stamp_) return;
  place_mark_[p] = stamp_;
  if (place < network_.inputs()) {
    cone.inputs.push_back(place);
    return;
  }
  Cone::Layer& layer = cone.layers[static_cast<std::size_t>(layer_of_place_[p])];
  if (const std::int32_t number = network_.joined_of[p]; number >= 0) {
    const McCormickProduct& product = network_.products[static_cast<std::size_t>(number)];
    layer.products.push_back(place);
    touch(product.a, cone);
    touch(product.b, cone);
    return;
  }
  const std::int32_t curve = network_.curve_of[p];
  (curve >= 0                 ? layer.curved
   : network_.slot_of[p] >= 0 ? layer.unstable
                              : layer.active)
      .push_back(place);
  if (curve < 0) return;
  if (const std::int32_t number = network_.unit_sum_of[static_cast<std::size_t>(curve)];
      number >= 0) {
    const SparseSimplexRow& sum = network_.unit_sums[static_cast<std::size_t>(number)];
    if (place == sum.places.front()) layer.unit_sums.push_back(number);
    for (const std::int32_t other : sum.places) touch(other, cone);
  }
  if (network_.pair_of[static_cast<std::size_t>(curve)] < 0) return;
  // The squares of a product are looked at together.
  const SquarePair& pair =
      network_.pairs[static_cast<std::size_t>(network_.pair_of[static_cast<std::size_t>(curve)])];
  for (const std::int32_t c : {pair.plus, pair.minus})
    touch(
        network_
            .place_of[static_cast<std::size_t>(network_.curved_slots[static_cast<std::size_t>(c)])],
        cone);
}

/// Where much of a layer was touched, its marks are read in order: sorting takes ten times as long.
void ConeFinder::sort(int k, Cone::Layer& layer) const {
  std::vector<std::int32_t>* lists[] = {&layer.unstable, &layer.active, &layer.curved,
                                        &layer.products};
  const SparseNetworkLayer& all = network_.layer(k);
  std::size_t touched = 0;
  for (const auto* list : lists) touched += list->size();
  if (8 * touched < static_cast<std::size_t>(all.count)) {
    for (auto* list : lists) std::sort(list->begin(), list->end());
    return;
  }
  for (auto* list : lists) list->clear();
  for (std::int32_t place = all.first; place < all.first + all.count; ++place) {
    const auto p = static_cast<std::size_t>(place);
    if (place_mark_[p] != stamp_) continue;
    lists[network_.joined_of[p] >= 0  ? 3
          : network_.curve_of[p] >= 0 ? 2
          : network_.slot_of[p] >= 0  ? 0
                                      : 1]
        ->push_back(place);
  }
}

namespace {
/// Sorts the numbers of the groups that have a mark.
void sort_groups(std::vector<std::int32_t>& groups, const std::vector<std::uint32_t>& marks,
                 std::uint32_t stamp) {
  if (8 * groups.size() < marks.size()) return std::sort(groups.begin(), groups.end());
  groups.clear();
  for (std::size_t group = 0; group < marks.size(); ++group) {
    if (marks[group] == stamp) groups.push_back(static_cast<std::int32_t>(group));
  }
}
}  // namespace

/// Those of a group's elements that stand in the cone's tiles. Where these are most of all, or in
/// shreds, all are read: outside the cone they are 0 (docs/soundness.md, "Cones").
void ConeFinder::add_segments(const GroupedMatrix& matrix, std::int32_t group,
                              const BlockMarks& marks,
                              std::vector<GroupedMatrix::Segment>& segments) const {
  constexpr std::int32_t kShortest = 16;
  const GroupedMatrix::Segment whole = matrix.whole(group);
  const std::size_t first = segments.size();
  std::int32_t begin = whole.begin, used = 0;
  for (const GroupedMatrix::Part& part : matrix.parts(group)) {
    const auto tile = static_cast<std::size_t>(part.tile);
    if (tile < marks.tile.size() && marks.tile[tile] == stamp_ && part.end > begin) {
      used += part.end - begin;
      if (segments.size() > first && segments.back().end == begin) {
        segments.back().end = part.end;
      } else {
        segments.push_back({group, begin, part.end});
      }
    }
    begin = part.end;
  }
  const auto count = static_cast<std::int32_t>(segments.size() - first);
  if (8 * used >= 7 * (whole.end - whole.begin) || used < kShortest * count) {
    segments.resize(first);
    segments.push_back(whole);
  }
}

void ConeFinder::follow(int k, const SparseNetworkBlock& block, BlockMarks& marks, Cone& cone) {
  marks.forward.resize(static_cast<std::size_t>(block.forward.groups()), 0);
  marks.backward.resize(static_cast<std::size_t>(block.backward.groups()), 0);
  Cone::Part from{&block.forward, {}}, into{&block.backward, {}};
  Cone::Layer& here = cone.layers[static_cast<std::size_t>(k)];
  forward_groups_.clear();
  backward_groups_.clear();
  tile_groups_.clear();
  for (const auto* list : {&here.unstable, &here.active, &here.curved}) {
    for (const std::int32_t place : *list) {
      const std::int32_t group = block.forward.group_of(place);
      if (group < 0 || marks.forward[static_cast<std::size_t>(group)] == stamp_) continue;
      marks.forward[static_cast<std::size_t>(group)] = stamp_;
      forward_groups_.push_back(group);
      // Groups of one tile read the same elements.
      const auto tile = static_cast<std::size_t>(block.forward.parts(group).front().tile);
      if (tile >= marks.tile.size()) marks.tile.resize(tile + 1, 0);
      if (marks.tile[tile] == stamp_) continue;
      marks.tile[tile] = stamp_;
      tile_groups_.push_back(group);
      for (const GroupedMatrix::Ref& ref : block.forward.refs(group)) {
        const std::int32_t back = block.backward.group_of(ref.column);
        if (marks.backward[static_cast<std::size_t>(back)] == stamp_) continue;
        marks.backward[static_cast<std::size_t>(back)] = stamp_;
        backward_groups_.push_back(back);
      }
    }
  }
  if (forward_groups_.empty()) return;
  for (const std::int32_t group : tile_groups_) {
    for (const GroupedMatrix::Ref& ref : block.forward.refs(group)) touch(ref.column, cone);
  }
  sort_groups(forward_groups_, marks.forward, stamp_);
  sort_groups(backward_groups_, marks.backward, stamp_);
  for (const std::int32_t group : forward_groups_)
    from.segments.push_back(block.forward.whole(group));
  for (const std::int32_t group : backward_groups_)
    add_segments(block.backward, group, marks, into.segments);
  for (const GroupedMatrix::Segment& segment : into.segments)
    cone.work += block.backward.work(segment);
  here.from.push_back(std::move(from));
  (block.source == kInputSource ? cone.into_inputs
                                : cone.layers[static_cast<std::size_t>(block.source)].into)
      .push_back(std::move(into));
}

void ConeFinder::find(const SparseNetworkRows& rows, const std::vector<std::int64_t>& which,
                      Cone& cone) {
  cone.begin(rows.layer);
  number_places();
  ++stamp_;
  for (const std::int64_t r : which) {
    const auto row = static_cast<std::size_t>(r);
    for (auto j = rows.start[row]; j < rows.start[row + 1]; ++j)
      touch(rows.index[static_cast<std::size_t>(j)], cone);
  }
  block_marks_.resize(static_cast<std::size_t>(network_.layers()));
  for (int k = rows.layer - 1; k >= 0; --k) {
    const SparseNetworkLayer& layer = network_.layer(k);
    auto& marks = block_marks_[static_cast<std::size_t>(k)];
    marks.resize(layer.blocks.size());
    for (std::size_t b = 0; b < layer.blocks.size(); ++b)
      follow(k, layer.blocks[b], marks[b], cone);
  }
  for (std::size_t k = 0; k < cone.layers.size(); ++k) sort(static_cast<int>(k), cone.layers[k]);
  std::sort(cone.inputs.begin(), cone.inputs.end());
}

}  // namespace clipbound::bounds
