#include "bounds/alpha_beta/cone.h"

#include <algorithm>
#include <atomic>

namespace clipbound::bounds {

namespace {
/// Unique in the process, since bounders may meet cones of several finders.
std::uint64_t next_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}
}  // namespace

void Cone::begin(int count) {
  serial = next_serial();
  layers.resize(static_cast<std::size_t>(count));
  for (Layer& layer : layers) {
    for (auto* list : {&layer.unstable, &layer.active, &layer.nonlinear, &layer.products})
      list->clear();
    layer.simplex_rows.clear();
    layer.twins.clear();
    for (auto* parts : {&layer.into, &layer.from}) parts->clear();
  }
  inputs.clear();
  into_inputs.clear();
  work = 0;
}

std::vector<std::int32_t> parameters_of(const Cone& cone, const SparseNetwork& network) {
  std::vector<std::int32_t> parameters;
  for (const Cone::Layer& layer : cone.layers) {
    for (const auto* list : {&layer.unstable, &layer.nonlinear}) {
      for (const Live v : *list) parameters.push_back(raw(at(network.unstable_of, v)));
    }
    for (const Live v : layer.products) parameters.push_back(network.parameter_of_product(v));
    for (const std::int32_t i : layer.twins) parameters.push_back(network.parameter_of_twins(i));
  }
  return parameters;
}

void ConeFinder::number_layers() {
  mark_.resize(static_cast<std::size_t>(network_.live_count()), 0);
  while (static_cast<int>(layer_of_.size()) < network_.live_count()) {
    const int element = static_cast<int>(layer_of_.size());
    int layer = element < network_.inputs() + 1 ? -1 : layer_of_.back();
    while (layer >= 0 && element >= network_.layer(layer).first + network_.layer(layer).count)
      ++layer;
    if (element == network_.inputs()) layer = 0;  // the spare one stands before the first layer
    layer_of_.push_back(layer);
  }
}

void ConeFinder::add(Live element, Cone& cone) {
  if (at(mark_, element) == stamp_) return;
  at(mark_, element) = stamp_;
  if (raw(element) < network_.inputs()) {
    cone.inputs.push_back(raw(element));
    return;
  }
  Cone::Layer& layer = at(cone.layers, at(layer_of_, element));
  if (const std::int32_t number = at(network_.product_of, element); number >= 0) {
    const McCormickProduct& product = at(network_.products, number);
    layer.products.push_back(element);
    add(product.a, cone);
    add(product.b, cone);
    return;
  }
  const Nonlinear c = at(network_.nonlinear_of, element);
  if (!exists(c)) {
    (exists(at(network_.unstable_of, element)) ? layer.unstable : layer.active).push_back(element);
    return;
  }
  layer.nonlinear.push_back(element);
  const NonlinearNeuron& neuron = at(network_.nonlinear, c);
  if (neuron.simplex_row >= 0) {
    const SparseSimplexRow& row = at(network_.simplex_rows, neuron.simplex_row);
    if (element == row.elements.front()) layer.simplex_rows.push_back(neuron.simplex_row);
    for (const Live other : row.elements) add(other, cone);
  }
  if (neuron.square_pair < 0) return;
  // The squares of a product are bounded together.
  const SquarePair& pair = at(network_.square_pairs, neuron.square_pair);
  for (const Nonlinear square : {pair.plus, pair.minus})
    add(network_.live_of_nonlinear(square), cone);
}

void ConeFinder::add_twins(int k, Cone::Layer& layer) const {
  for (int i = at(network_.first_twins, k); i < at(network_.first_twins, k + 1); ++i) {
    const SparseTwins& pair = at(network_.twins, i);
    if (at(mark_, pair.first) == stamp_ && at(mark_, pair.second) == stamp_)
      layer.twins.push_back(i);
  }
}

/// Where much of a layer is in the cone, its marks are visited in order (decision 11).
void ConeFinder::sort(int k, Cone::Layer& layer) const {
  std::vector<Live>* lists[] = {&layer.unstable, &layer.active, &layer.nonlinear, &layer.products};
  const SparseNetworkLayer& all = network_.layer(k);
  std::size_t marked = 0;
  for (const auto* list : lists) marked += list->size();
  if (8 * marked < static_cast<std::size_t>(all.count)) {
    for (auto* list : lists) std::sort(list->begin(), list->end());
    return;
  }
  for (auto* list : lists) list->clear();
  for (std::int32_t i = all.first; i < all.first + all.count; ++i) {
    const Live element{i};
    if (at(mark_, element) != stamp_) continue;
    lists[at(network_.product_of, element) >= 0        ? 3
          : exists(at(network_.nonlinear_of, element)) ? 2
          : exists(at(network_.unstable_of, element))  ? 0
                                                       : 1]
        ->push_back(element);
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
/// shreds, the segment is the whole group: outside the cone its elements are 0 (S6).
void ConeFinder::add_segments(const GroupedMatrix& matrix, std::int32_t group,
                              const BlockMarks& marks,
                              std::vector<GroupedMatrix::Segment>& segments) const {
  constexpr std::int32_t kShortest = 16;
  const GroupedMatrix::Segment whole = matrix.whole(group);
  const std::size_t first = segments.size();
  std::int32_t begin = whole.begin, used = 0;
  for (const GroupedMatrix::Part& part : matrix.parts(group)) {
    const bool is_marked = part.tile < static_cast<std::int32_t>(marks.tile.size()) &&
                           at(marks.tile, part.tile) == stamp_;
    if (is_marked && part.end > begin) {
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

void ConeFinder::mark_group(const SparseNetworkBlock& block, std::int32_t group,
                            BlockMarks& marks) {
  if (at(marks.forward, group) == stamp_) return;
  at(marks.forward, group) = stamp_;
  forward_groups_.push_back(group);
  // Groups of one tile depend on the same elements.
  const std::int32_t tile = block.forward.parts(group).front().tile;
  if (tile >= static_cast<std::int32_t>(marks.tile.size()))
    marks.tile.resize(static_cast<std::size_t>(tile) + 1, 0);
  if (at(marks.tile, tile) == stamp_) return;
  at(marks.tile, tile) = stamp_;
  tile_groups_.push_back(group);
  for (const GroupedMatrix::Ref& ref : block.forward.refs(group)) {
    const std::int32_t back = block.backward.group_of(ref.column);
    if (at(marks.backward, back) == stamp_) continue;
    at(marks.backward, back) = stamp_;
    backward_groups_.push_back(back);
  }
}

void ConeFinder::follow(int k, const SparseNetworkBlock& block, BlockMarks& marks, Cone& cone) {
  marks.forward.resize(static_cast<std::size_t>(block.forward.groups()), 0);
  marks.backward.resize(static_cast<std::size_t>(block.backward.groups()), 0);
  Cone::Part from{&block.forward, {}}, into{&block.backward, {}};
  Cone::Layer& here = at(cone.layers, k);
  forward_groups_.clear();
  backward_groups_.clear();
  tile_groups_.clear();
  for (const auto* list : {&here.unstable, &here.active, &here.nonlinear}) {
    for (const Live element : *list) {
      const std::int32_t group = block.forward.group_of(raw(element));
      if (group >= 0) mark_group(block, group, marks);
    }
  }
  if (forward_groups_.empty()) return;
  for (const std::int32_t group : tile_groups_) {
    for (const GroupedMatrix::Ref& ref : block.forward.refs(group)) add(Live{ref.column}, cone);
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
  (block.source == kInputSource ? cone.into_inputs : at(cone.layers, block.source).into)
      .push_back(std::move(into));
}

void ConeFinder::find(const SparseNetworkRows& rows, const std::vector<std::int64_t>& which,
                      Cone& cone) {
  cone.begin(rows.layer);
  number_layers();
  ++stamp_;
  for (const std::int64_t row : which) {
    for (std::int64_t j = at(rows.start, row); j < at(rows.start, row + 1); ++j)
      add(at(rows.index, j), cone);
  }
  block_marks_.resize(static_cast<std::size_t>(network_.layers()));
  for (int k = rows.layer - 1; k >= 0; --k) {
    const SparseNetworkLayer& layer = network_.layer(k);
    auto& marks = at(block_marks_, k);
    marks.resize(layer.blocks.size());
    for (std::size_t b = 0; b < layer.blocks.size(); ++b)
      follow(k, layer.blocks[b], marks[b], cone);
  }
  for (int k = 0; k < rows.layer; ++k) {
    sort(k, at(cone.layers, k));
    add_twins(k, at(cone.layers, k));
  }
  std::sort(cone.inputs.begin(), cone.inputs.end());
}

}  // namespace clipbound::bounds
