#include "cli/images.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>

// jpeglib.h needs what <cstdio> declares.
#include <jpeglib.h>
#include <png.h>

#include <csetjmp>

#include "cli/input_file.h"
#include "cli/numbers.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

namespace {

constexpr std::size_t kMostPixels = std::size_t{1} << 28;

Array image_of(const std::vector<unsigned char>& bytes, std::size_t height, std::size_t width,
               std::size_t channels) {
  Array image;
  image.is_image = true;
  image.shape = {height, width};
  if (channels > 1) image.shape.push_back(channels);
  for (const unsigned char byte : bytes) image.values.push_back(byte / 255.0);
  return image;
}

void check_size(std::size_t height, std::size_t width, const std::string& path) {
  if (height == 0 || width == 0 || height > kMostPixels / width)
    throw InputError(path + ": an image of " + std::to_string(width) + " x " +
                     std::to_string(height) + " pixels is not read");
}

}  // namespace

std::string ending_of(const std::string& path) {
  return in_small_letters(std::filesystem::path(path).extension().string());
}

bool is_image_file(const std::string& path) {
  const std::string ending = ending_of(path);
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

Array decode_png(const std::string& bytes, const std::string& path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0)
    throw InputError(path + ": " + png.message);
  const bool coloured = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
  if (png.height == 0 || png.width == 0 || png.height > kMostPixels / png.width) {
    png_image_free(&png);
    check_size(png.height, png.width, path);
  }
  png.format = coloured ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  std::vector<unsigned char> pixels(PNG_IMAGE_SIZE(png));
  const png_color black{};
  if (png_image_finish_read(&png, &black, pixels.data(), 0, nullptr) == 0)
    throw InputError(path + ": " + png.message);
  return image_of(pixels, png.height, png.width, coloured ? 3 : 1);
}

std::string encode_png(const Array& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.height = static_cast<png_uint_32>(image.shape.at(0));
  png.width = static_cast<png_uint_32>(image.shape.at(1));
  png.format = image.shape.size() > 2 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  std::vector<unsigned char> pixels;
  for (const double value : image.values)
    pixels.push_back(static_cast<unsigned char>(std::lround(255.0 * std::clamp(value, 0.0, 1.0))));
  png_alloc_size_t size = 0;
  if (png_image_write_to_memory(&png, nullptr, &size, 0, pixels.data(), 0, nullptr) == 0)
    throw InputError(std::string("the picture cannot be written: ") + png.message);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0)
    throw InputError(std::string("the picture cannot be written: ") + png.message);
  bytes.resize(size);
  return bytes;
}

namespace {

/// libjpeg's own handler ends the process.
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

void leave(j_common_ptr jpeg) {
  auto* errors = reinterpret_cast<JpegErrors*>(jpeg->err);
  (*jpeg->err->format_message)(jpeg, errors->message);
  std::longjmp(errors->jump, 1);
}

/// Nothing in it has a destructor between setjmp and longjmp. False: errors.message says why.
bool read_jpeg(jpeg_decompress_struct& jpeg, JpegErrors& errors, const std::string& bytes,
               std::vector<unsigned char>& pixels) {
  if (setjmp(errors.jump) != 0) return false;
  jpeg_create_decompress(&jpeg);
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&jpeg, TRUE);
  if (jpeg.image_height == 0 || jpeg.image_width == 0 ||
      jpeg.image_height > kMostPixels / jpeg.image_width) {
    std::snprintf(errors.message, sizeof errors.message, "the image is too large");
    return false;
  }
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&jpeg);
  const std::size_t stride =
      std::size_t{jpeg.output_width} * static_cast<std::size_t>(jpeg.output_components);
  pixels.resize(stride * jpeg.output_height);
  while (jpeg.output_scanline < jpeg.output_height) {
    unsigned char* row = pixels.data() + stride * jpeg.output_scanline;
    jpeg_read_scanlines(&jpeg, &row, 1);
  }
  jpeg_finish_decompress(&jpeg);
  return true;
}

}  // namespace

Array decode_jpeg(const std::string& bytes, const std::string& path) {
  jpeg_decompress_struct jpeg{};
  JpegErrors errors{};
  jpeg.err = jpeg_std_error(&errors.manager);
  errors.manager.error_exit = leave;
  errors.manager.emit_message = [](j_common_ptr, int) {};
  std::vector<unsigned char> pixels;
  const bool read = read_jpeg(jpeg, errors, bytes, pixels);
  const bool warned = errors.manager.num_warnings > 0;
  const std::size_t height = jpeg.output_height, width = jpeg.output_width,
                    channels = static_cast<std::size_t>(jpeg.output_components);
  jpeg_destroy_decompress(&jpeg);
  if (!read) throw InputError(path + ": " + errors.message);
  if (warned) throw InputError(path + ": the JPEG file is damaged");
  return image_of(pixels, height, width, channels);
}

namespace {

/// What stands behind 'key': in the header of a .npy file, up to the next comma outside brackets.
std::string entry(const std::string& header, const std::string& key) {
  const std::size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) return {};
  std::size_t from = header.find(':', at);
  if (from == std::string::npos) return {};
  from = header.find_first_not_of(' ', from + 1);
  if (from == std::string::npos) return {};
  const bool bracket = header[from] == '(';
  const std::size_t to = header.find_first_of(bracket ? ")" : ",}", from);
  return to == std::string::npos ? "" : header.substr(from, to - from + (bracket ? 1 : 0));
}

template <typename T>
void append(const char* from, std::size_t count, double scale, std::vector<double>& to) {
  for (std::size_t k = 0; k < count; ++k) {
    T value;
    std::memcpy(&value, from + k * sizeof value, sizeof value);
    to.push_back(static_cast<double>(value) / scale);
  }
}

struct NpyType {
  const char* name;
  std::size_t size;
  void (*read)(const char*, std::size_t, double, std::vector<double>&);
  double scale;
};
constexpr NpyType kNpyTypes[] = {
    {"'|u1'", 1, append<std::uint8_t>, 255.0}, {"'<f4'", 4, append<float>, 1.0},
    {"'<f8'", 8, append<double>, 1.0},         {"'|i1'", 1, append<std::int8_t>, 1.0},
    {"'<i2'", 2, append<std::int16_t>, 1.0},   {"'<i4'", 4, append<std::int32_t>, 1.0},
    {"'<i8'", 8, append<std::int64_t>, 1.0}};

/// "(100, 14, 14)", "(3,)" or "()". Anything else, a minus sign say, is no shape.
std::vector<std::size_t> shape_of(const std::string& text, const std::string& path) {
  const auto fail = [&] { throw InputError(path + ": '" + text + "' is no shape of an array"); };
  std::vector<std::size_t> shape;
  std::size_t at = 0;
  const auto skip_blanks = [&] {
    while (at < text.size() && text[at] == ' ') ++at;
  };
  const auto is_digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  if (text.empty() || text[at++] != '(') fail();
  for (;;) {
    skip_blanks();
    if (at + 1 == text.size() && text[at] == ')') return shape;
    if (!is_digit()) fail();
    std::size_t size = 0;
    for (; is_digit(); ++at) {
      size = 10 * size + static_cast<std::size_t>(text[at] - '0');
      if (size > kMostPixels) throw InputError(path + ": the array is too large");
    }
    shape.push_back(size);
    skip_blanks();
    if (at < text.size() && text[at] == ',')
      ++at;
    else if (at + 1 != text.size() || text[at] != ')')
      fail();
  }
}

}  // namespace

Array decode_npy(const std::string& bytes, const std::string& path) {
  const auto fail = [&](const std::string& why) { throw InputError(path + ": " + why); };
  if (bytes.size() < 12 || bytes.compare(0, 6, "\x93NUMPY") != 0) fail("this is no .npy file");
  const auto byte = [&](std::size_t k) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[k]));
  };
  const bool old = byte(6) == 1;
  const std::size_t begin = old ? 10 : 12, length = byte(8) + (byte(9) << 8) +
                                                    (old ? 0 : (byte(10) << 16) + (byte(11) << 24));
  if (length > bytes.size() - begin) fail("the file ends in its header");
  const std::string header = bytes.substr(begin, length), type = entry(header, "descr");
  if (entry(header, "fortran_order") != "False") fail("the array is not in C order");
  const auto known = std::find_if(std::begin(kNpyTypes), std::end(kNpyTypes),
                                  [&](const NpyType& row) { return type == row.name; });
  if (known == std::end(kNpyTypes)) {
    fail("numbers of type " + type +
         " are not read; float32, float64, uint8 and signed integers are");
  }
  Array array;
  array.shape = shape_of(entry(header, "shape"), path);
  std::size_t count = 1;
  for (const std::size_t size : array.shape) {
    if (size != 0 && count > kMostPixels / size) fail("the array is too large");
    count *= size;
  }
  if (count > (bytes.size() - begin - length) / known->size) fail("the file ends in its numbers");
  known->read(bytes.data() + begin + length, count, known->scale, array.values);
  for (const double value : array.values) {
    if (!std::isfinite(value)) fail("the array has a number that is not finite");
  }
  return array;
}

Array read_array(const std::string& path) {
  const std::string ending = ending_of(path), bytes = read_text(path);
  if (ending == ".png") return decode_png(bytes, path);
  if (ending == ".jpg" || ending == ".jpeg") return decode_jpeg(bytes, path);
  if (ending == ".npy") return decode_npy(bytes, path);
  Array array;
  array.values = numbers_of(bytes, named(path).path);
  array.shape = {array.values.size()};
  return array;
}

}  // namespace clipbound::cli
