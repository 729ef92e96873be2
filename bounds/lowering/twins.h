#pragma once
// Idea: finds what two copies of one network inside a graph have in common: activations that are
// reached from the inputs by the same operators, with weights of the same shapes that differ by
// little. They are lowered one after the other, so that backward substitution meets both at once.
// Source: own; equal structure by hashing bottom up, as value numbering does.
// Guarantees: the order is topological. What counts as twins is a free choice: bounds of their
// difference are proved for any two neurons (S14).
#include <cstddef>
#include <map>
#include <vector>

#include "bounds/layered/layered_system.h"
#include "specs/network/network.h"

namespace clipbound::bounds {

struct Twins {
  /// The nodes, each after what it reads; twins are neighbours.
  std::vector<std::size_t> order;
  /// What an activation is applied to -> the value that its twin, later in the order, is applied
  /// to.
  std::map<ValueId, ValueId> second_of;
};

/// Without any, the order is the network's own.
Twins find_twins(const Network& network);

/// Says which neurons are twins (LayeredSystem::twins), after the lowering.
void pair_layers(const Twins& twins, LayeredSystem& system);

}  // namespace clipbound::bounds
