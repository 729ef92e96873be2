#pragma once
// Idea: an outline of two outputs as text, CSV and a picture.
// Source: own.
// Guarantees: corners are written with all their digits.
#include <cstddef>
#include <span>
#include <string>

#include "clipbound/range.h"

namespace clipbound::cli {

/// The corners, one a line, to stdout; how it ended to stderr.
void print_outline(const Outline& outline);
/// A line of names, then the corners.
std::string outline_csv(const Outline& outline);
/// SVG: the polygon, the points that reach it, and outputs at random points of the box.
std::string outline_picture(const Outline& outline, const Network& network,
                            std::span<const double> lower, std::span<const double> upper,
                            std::size_t first, std::size_t second);

}  // namespace clipbound::cli
