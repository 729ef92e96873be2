#include "cli/points.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <sstream>

#include "cli/numbers.h"

namespace clipbound::cli {

namespace {

namespace fs = std::filesystem;
constexpr char kLabels[] = "labels.csv";

/// Whether the network wants the three channels one after the other.
bool wants_channels_first(const Network& network) {
  const Inspection inspection = inspect(network);
  const std::vector<std::int64_t>& shape = inspection.inputs.at(0).shape;
  return shape.empty() || shape.back() != 3;
}

/// Pixel by pixel to channel by channel, or back.
std::vector<double> reordered(const std::vector<double>& values, std::size_t pixels, bool back) {
  std::vector<double> to(values.size());
  for (std::size_t p = 0; p < pixels; ++p) {
    for (std::size_t c = 0; c < 3; ++c) {
      const std::size_t by_pixel = 3 * p + c, by_channel = c * pixels + p;
      (back ? to[by_pixel] : to[by_channel]) = values[back ? by_channel : by_pixel];
    }
  }
  return to;
}

std::size_t label_of(double number, std::size_t outputs, const std::string& where) {
  if (!(number >= 0.0) || number != std::floor(number) || number > 1e9)
    throw InputError(where + ": a label is a whole number from 0 on");
  const auto label = static_cast<std::size_t>(number);
  if (label >= outputs) {
    throw InputError(where + ": there is no label " + std::to_string(label) + ": the network has " +
                     std::to_string(outputs) + " outputs");
  }
  return label;
}

/// The shape of a point that can be drawn: that of an image, or [height, width(, 3)] of an array.
std::vector<std::size_t> drawn_shape(std::vector<std::size_t> shape, std::size_t size) {
  while (!shape.empty() && shape.front() == 1) shape.erase(shape.begin());
  if (shape.size() == 2 && shape[0] * shape[1] == size) return shape;
  if (shape.size() == 3 && shape[2] == 3 && shape[0] * shape[1] * 3 == size) return shape;
  return {};
}

std::vector<Point> points_of(const Array& array, const std::string& path, const Network& network) {
  const std::size_t inputs = network.input_size();
  if (array.values.empty() || array.values.size() % inputs != 0 ||
      (array.is_image && array.values.size() != inputs)) {
    throw InputError(path + ": " + std::to_string(array.values.size()) +
                     " numbers are no points of a network with " + std::to_string(inputs) +
                     " inputs");
  }
  const std::size_t count = array.values.size() / inputs;
  std::vector<std::size_t> shape = array.shape;
  if (count > 1 && !shape.empty() && shape[0] == count) shape.erase(shape.begin());
  const std::vector<std::size_t> picture = drawn_shape(shape, inputs);
  std::vector<Point> points;
  for (std::size_t k = 0; k < count; ++k) {
    const auto from = array.values.begin() + static_cast<std::ptrdiff_t>(k * inputs);
    Point point{count == 1 ? fs::path(path).filename().string() : std::to_string(k),
                count == 1 ? path : path + ": point " + std::to_string(k),
                {from, from + static_cast<std::ptrdiff_t>(inputs)},
                picture,
                {}};
    if (array.is_image && array.shape.size() == 3 && wants_channels_first(network))
      point.values = reordered(point.values, inputs / 3, false);
    points.push_back(std::move(point));
  }
  return points;
}

/// Lines NAME,LABEL.
std::map<std::string, std::size_t> named_labels(const std::string& path, std::size_t outputs) {
  std::map<std::string, std::size_t> labels;
  std::istringstream text(read_text(path));
  std::string line;
  for (int number = 1; std::getline(text, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = path + ":" + std::to_string(number);
    const std::size_t comma = line.rfind(',');
    if (comma == std::string::npos) throw InputError(where + ": a line is NAME,LABEL");
    const std::vector<double> label = numbers_of(line.substr(comma + 1), where);
    if (label.size() != 1) throw InputError(where + ": a line is NAME,LABEL");
    labels[line.substr(0, comma)] = label_of(label[0], outputs, where);
  }
  return labels;
}

/// What a folder has for us.
struct Folder {
  std::vector<std::string> points;  ///< names of files, sorted
  std::string labels;               ///< path of its labels; empty: it has none
};

Folder files_of(const std::string& path) {
  Folder folder;
  for (const auto& item : fs::directory_iterator(path)) {
    if (!item.is_regular_file()) continue;
    const std::string name = item.path().filename().string(), ending = ending_of(name);
    if (in_small_letters(name) == kLabels) {
      if (!folder.labels.empty())
        throw InputError(item.path().string() + ": the folder has labels in " + folder.labels +
                         ", too");
      folder.labels = (fs::path(path) / name).string();
    } else if (is_image_file(name) || ending == ".npy" || ending == ".csv") {
      folder.points.push_back(name);
    }
  }
  std::sort(folder.points.begin(), folder.points.end());
  return folder;
}

std::vector<Point> read_folder(const std::string& path, const std::string& labels,
                               const Network& network) {
  const Folder folder = files_of(path);
  const std::string& from = labels.empty() ? folder.labels : labels;
  const auto known = from.empty() ? std::map<std::string, std::size_t>()
                                  : named_labels(from, network.output_size());
  std::vector<Point> points;
  for (const std::string& name : folder.points) {
    const std::string file = (fs::path(path) / name).string();
    std::vector<Point> found = points_of(read_array(file), file, network);
    if (found.size() != 1) throw InputError(file + ": a file of a folder has one point");
    found[0].name = name;
    if (!from.empty()) {
      const auto label = known.find(name);
      if (label == known.end()) throw InputError(file + ": no line of " + from + " names it");
      found[0].label = label->second;
    }
    points.push_back(std::move(found[0]));
  }
  if (points.empty()) throw InputError(path + ": the folder has no image, .npy or .csv file");
  return points;
}

}  // namespace

std::vector<Point> read_points(const std::string& path, const std::string& labels,
                               const Network& network) {
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) return read_folder(path, labels, network);
  std::vector<Point> points = points_of(read_array(path), path, network);
  if (labels.empty()) return points;
  const std::vector<double> known = read_array(labels).values;
  if (known.size() != points.size()) {
    throw InputError(labels + ": " + std::to_string(known.size()) + " labels for " +
                     std::to_string(points.size()) + " points of " + path);
  }
  for (std::size_t k = 0; k < points.size(); ++k) {
    points[k].label =
        label_of(known[k], network.output_size(), labels + ": label of point " + std::to_string(k));
  }
  return points;
}

Array picture_of(const std::vector<double>& values, const std::vector<std::size_t>& picture,
                 const Network& network) {
  Array image{picture, values, true};
  if (picture.size() == 3 && wants_channels_first(network))
    image.values = reordered(values, values.size() / 3, true);
  return image;
}

}  // namespace clipbound::cli
