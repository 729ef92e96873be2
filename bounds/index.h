#pragma once
// Idea: a sparse network numbers its parts in several ways. Each numbering has a type, so that an
//   index of one is not taken for one of another, and `at` uses an index without a cast.
// Source: own.
// Guarantees: an index is a std::int32_t and costs nothing more; nothing is checked.
#include <cstddef>
#include <cstdint>

#include "base/floors.h"

namespace clipbound::bounds {

/// Whatever rows may depend on: the inputs, one spare element, the live neurons layer by layer.
enum class Live : std::int32_t {};
/// The live neurons that have a relaxation: unstable ReLUs and nonlinear neurons.
enum class Unstable : std::int32_t {};
/// The neurons that are neither ReLUs nor identities.
enum class Nonlinear : std::int32_t {};
/// A neuron's number in its layer of the LayeredSystem.
enum class Neuron : std::int32_t {};

template <typename Index>
constexpr std::int32_t raw(Index index) {
  return static_cast<std::int32_t>(index);
}
/// Where there is no index, arrays hold -1.
template <typename Index>
constexpr bool exists(Index index) {
  return raw(index) >= 0;
}
template <typename Array, typename Index>
constexpr decltype(auto) at(Array& array, Index index) {
  return array[static_cast<std::size_t>(index)];
}

}  // namespace clipbound::bounds
