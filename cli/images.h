#pragma once
// Idea: images and arrays as points of a network: PNG, JPEG, NumPy's .npy, numbers as text.
// Source: libpng, libjpeg; NEP 1 (the format of .npy).
// Guarantees: a file that is damaged or of another kind is an InputError that names it; sizes are
// held against the file before memory is taken.
#include <cstdint>
#include <string>
#include <vector>

namespace clipbound::cli {

/// Numbers with a shape, in C order. Bytes (of images too) are divided by 255.
struct Array {
  std::vector<std::size_t> shape;
  std::vector<double> values;
  bool is_image = false;  ///< [height, width] or [height, width, 3]
};

/// By the ending: .png, .jpg, .jpeg, .npy, else numbers as text. "-" is text from stdin. Throws
/// InputError.
Array read_array(const std::string& path);
/// The ending in small letters: ".png" of "a.PNG".
std::string ending_of(const std::string& path);
/// Whether the ending is that of an image.
bool is_image_file(const std::string& path);
Array decode_png(const std::string& bytes, const std::string& path);
Array decode_jpeg(const std::string& bytes, const std::string& path);
Array decode_npy(const std::string& bytes, const std::string& path);

/// Grey or, with three channels, coloured pixels from 0 to 1 ([height, width(, 3)]) as a PNG file's
/// bytes; rounded to whole 255ths.
std::string encode_png(const Array& image);

}  // namespace clipbound::cli
