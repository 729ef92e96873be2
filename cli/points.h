#pragma once
// Idea: the points that a command is asked about: one or many, from a file or a folder, with labels.
// Source: own.
// Guarantees: every point has the network's size, and a label where labels were given.
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/images.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// A point and its name: the file, or its number in the file.
struct Point {
  std::string name;
  std::string where;           ///< its file, and its number there: for messages
  std::vector<double> values;  ///< in the order of the network's inputs
  std::vector<std::size_t>
      picture;  ///< [height, width(, 3)] of a point that can be drawn; else empty
  std::optional<std::size_t> label;
};

/// From a folder: its images, .npy and .csv files by name (endings in letters of any size), labels
/// from `labels` or the folder's labels.csv (lines NAME,LABEL). From a file: one point, or as many
/// as it has numbers for, labels from `labels` (one number each). Images of three channels go into
/// the order that the network's input has. Throws InputError, for a label that is none of the
/// network's too; it names the file.
std::vector<Point> read_points(const std::string& path, const std::string& labels,
                               const Network& network);
/// A point's values as pixels, for drawing.
Array picture_of(const std::vector<double>& values, const std::vector<std::size_t>& picture,
                 const Network& network);

}  // namespace clipbound::cli
