#pragma once
// Idea: thresholds that more than one room depends on, each defined once.
// Source: own measurements; "decision 28" is a row of docs/decisions.md.
// Guarantees: none; whatever they are, bounds hold.
#include <cstddef>
#include <cstdint>

namespace clipbound::bounds {

/// Boxes in which more inputs vary are not split by halving inputs, outputs are bounded on sparse
/// rows, and square pairs need no common scale (decisions 14 and 29).
inline constexpr std::size_t kMostSplitInputs = 40;

/// A reduced network has at most so many unstable neurons (decision 28).
inline constexpr std::int64_t kMostReducedNeurons = 400;

/// CROWN computes forward bounds beside its own where at most so many inputs vary (decision 3).
/// Taylor models have room for as many.
inline constexpr std::size_t kMostForwardPassInputs = 16;
/// Boxes that are split are bounded by forward bounds where at most so many inputs vary. Not
/// measured.
inline constexpr std::size_t kMostForwardSplitInputs = 10;
/// Zonotopes are carried through large networks where at most so many inputs vary (decision 57).
inline constexpr std::size_t kMostZonotopeInputs = 48;
/// Forward bounds are accompanied by Taylor models, whose polynomials of degree 2 have
/// (N + 1) (N + 2) / 2 coefficients, where at most so many inputs vary. Not measured; that they pay
/// there is decision 18.
inline constexpr std::size_t kMostTaylorInputs = 8;
static_assert(kMostTaylorInputs <= kMostForwardPassInputs);

/// A layer's matrix is dense from this density on (decision 1).
inline constexpr double kDenseFrom = 0.1;
/// Affine maps are composed where that makes at most so many times the coefficients of both. Not
/// measured.
inline constexpr double kWorthComposing = 1.5;
/// In a network whose convolutions have so many coefficients, those of kLeastStructured stay
/// convolutions; others are written out as rows (decision 55).
inline constexpr std::int64_t kStructuredFrom = 100'000'000;
inline constexpr double kLeastStructured = 1e6;

}  // namespace clipbound::bounds
