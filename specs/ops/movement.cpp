#include "specs/ops/movement.h"

#include <algorithm>

#include "base/check.h"

namespace clipbound::specs {

void Movement::append(std::size_t output, std::int32_t input, std::int64_t element,
                      std::int64_t length) {
  auto& runs = outputs[output];
  if (length == 0) return;
  if (!runs.empty()) {
    Run& last = runs.back();
    if (last.input == input && last.source + last.length == element) {
      last.length += length;
      return;
    }
  }
  const std::int64_t target = runs.empty() ? 0 : runs.back().target + runs.back().length;
  runs.push_back({input, element, target, length});
}

bool Movement::is_unchanged(std::int64_t size) const {
  if (outputs.size() != 1 || outputs[0].size() != 1) return false;
  const Run& run = outputs[0][0];
  return run.input == 0 && run.source == 0 && run.length == size;
}

namespace {

class MovementOp {
 public:
  MovementOp(const Network& network, const Node& node, Movement map) : map_(std::move(map)) {
    for (const ValueId id : node.inputs) input_stride_.push_back(point_stride(network, id));
    for (const ValueId id : node.outputs) output_size_.push_back(network.value(id).size());
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    for (std::size_t o = 0; o < map_.outputs.size(); ++o) {
      for (std::int64_t b = 0; b < a.batch; ++b) {
        S* to = a.outputs[o] + b * output_size_[o];
        for (const Run& r : map_.outputs[o]) {
          const auto i = static_cast<std::size_t>(r.input);
          const S* from = a.inputs[i] + b * input_stride_[i] + r.source;
          // Runs of one element (transposes, columns) are common; copy() would call memmove for
          // each.
          if (r.length == 1) {
            to[r.target] = *from;
          } else {
            std::copy(from, from + r.length, to + r.target);
          }
        }
      }
    }
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    for (std::size_t o = 0; o < map_.outputs.size(); ++o) {
      if (g.outputs[o] == nullptr) continue;
      for (std::int64_t b = 0; b < a.batch; ++b) {
        const S* from = g.outputs[o] + b * output_size_[o];
        for (const Run& r : map_.outputs[o]) {
          const auto i = static_cast<std::size_t>(r.input);
          if (g.inputs[i] == nullptr) continue;
          S* to = g.inputs[i] + b * input_stride_[i] + r.source;
          for (std::int64_t k = 0; k < r.length; ++k) to[k] += from[r.target + k];
        }
      }
    }
  }

  const Movement* movement() const { return &map_; }

 private:
  Movement map_;
  std::vector<std::int64_t> input_stride_, output_size_;
};

}  // namespace

std::unique_ptr<const Operation> make_movement(const Network& network, const Node& node,
                                               Movement movement) {
  CLIPBOUND_CHECK(movement.outputs.size() == node.outputs.size());
  for (std::size_t o = 0; o < node.outputs.size(); ++o) {
    const auto& runs = movement.outputs[o];
    const std::int64_t covered = runs.empty() ? 0 : runs.back().target + runs.back().length;
    CLIPBOUND_CHECK_NOTE(covered == network.value(node.outputs[o]).size(), node.name);
  }
  return std::make_unique<OperationOf<MovementOp>>(MovementOp(network, node, std::move(movement)));
}

Movement reshaped(const Network& network, const Node& node) {
  return Movement::unchanged(0, input_of(network, node, 0).size());
}

std::vector<SourceElement> movement_map(const Network& network, const Node& node, int output) {
  CLIPBOUND_CHECK_NOTE(op_row(node.kind).op_class == OpClass::movement, node.name);
  const auto operation = op_row(node.kind).verbs.prepare(network, node);
  const Movement* movement = operation->movement();
  CLIPBOUND_CHECK_NOTE(movement != nullptr, node.name);
  std::vector<SourceElement> sources;
  for (const Run& run : movement->outputs.at(static_cast<std::size_t>(output)))
    for (std::int64_t k = 0; k < run.length; ++k) sources.push_back({run.input, run.source + k});
  return sources;
}

}  // namespace clipbound::specs
