#include "base/file_kind.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace clipbound::base {

namespace {

constexpr std::size_t kLook = 4096;  // how far magic numbers and first lines are looked for

constexpr const char* kExportTorch =
    "export the model with torch.onnx.export(model, example_input, 'net.onnx')";
constexpr const char* kConvertKeras =
    "convert the model with tf2onnx (python3 -m tf2onnx.convert --keras MODEL --output net.onnx)";
constexpr const char* kDownload = "download the file itself";

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  const char *name, *advice;
};

using namespace std::string_view_literals;
constexpr std::array kMagics = {
    Magic{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras, .h5)", kConvertKeras},
    Magic{0, "\x93NUMPY"sv, "a NumPy array (.npy)", "give the network that it belongs to, as ONNX"},
    Magic{4, "TFL3"sv, "a TensorFlow Lite model (.tflite)",
          "convert the model with tf2onnx (python3 -m tf2onnx.convert --tflite MODEL --output "
          "net.onnx)"},
    Magic{4, "ORTM"sv, "a model in ONNX Runtime's own format (.ort)",
          "take the .onnx file that it was made of"},
    Magic{0, "GGUF"sv, "a GGUF file", "export the model as ONNX"},
    Magic{257, "ustar"sv, "a tar archive", "unpack it"},
    Magic{0, "\xFD\x37zXZ"sv, "a file packed with xz", "unpack it, or pack it with gzip"},
    Magic{0, "BZh"sv, "a file packed with bzip2", "unpack it, or pack it with gzip"},
    Magic{0, "\x28\xB5\x2F\xFD"sv, "a file packed with zstd", "unpack it, or pack it with gzip"},
    Magic{0, "version https://git-lfs"sv, "a pointer of Git LFS",
          "fetch the file itself with 'git lfs pull'"},
    Magic{0, "<!DOCTYPE html"sv, "a page of the web", kDownload},
    Magic{0, "<!doctype html"sv, "a page of the web", kDownload},
    Magic{0, "<html"sv, "a page of the web", kDownload},
};

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

/// The first line that is neither blank nor begins with `comment`.
std::string_view first_line(std::string_view text, std::string_view comment) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
    line.remove_prefix(begin);
    if (!line.empty() && !line.starts_with(comment)) return line;
  }
  return {};
}

/// Numbers of layers and sizes, each followed by a comma, after comments with //.
bool is_nnet(std::string_view text) {
  const std::string_view line = first_line(text, "//");
  return std::count(line.begin(), line.end(), ',') >= 3 &&
         std::all_of(line.begin(), line.end(), [](unsigned char c) {
           return std::isdigit(c) != 0 || c == ',' || c == ' ' || c == '\r';
         });
}

bool is_vnnlib(std::string_view text) {
  const std::string_view line = first_line(text, ";");
  return line.starts_with('(') && (contains(text, "declare-const") || contains(text, "(assert") ||
                                   contains(text, "vnnlib-version"));
}

/// The field ir_version, a small number, and another field of a ModelProto.
bool is_onnx(std::string_view bytes) {
  constexpr std::string_view kTags = "\x12\x1a\x22\x28\x32\x3a\x42\x72"sv;
  return bytes.size() > 3 && bytes[0] == '\x08' && bytes[1] > 0 && bytes[1] < 32 &&
         kTags.find(bytes[2]) != std::string_view::npos;
}

bool is_pickle(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
}

/// A header of JSON after its length.
bool is_safetensors(std::string_view bytes) {
  return bytes.size() > 10 && bytes.substr(4, 4) == "\0\0\0\0"sv && bytes.substr(8, 2) == "{\"";
}

FileKind kind_of_zip(std::string_view bytes) {
  if (contains(bytes, "data.pkl") || contains(bytes, "constants.pkl"))
    return {"a PyTorch file (.pt, .pth)", kExportTorch};
  if (contains(bytes, ".npy")) return {"a NumPy archive (.npz)", "export the network as ONNX"};
  if (contains(bytes, "model.weights.h5") || contains(bytes, "metadata.json"))
    return {"a Keras file (.keras)", kConvertKeras};
  return {"a zip archive",
          "unpack it; where it is a PyTorch file (.pt), " + std::string(kExportTorch)};
}

bool is_named_as_data(std::string_view path) {
  constexpr std::array kEndings = {".onnx.data"sv, ".onnx_data"sv, ".onnx.data.gz"sv,
                                   ".onnx_data.gz"sv, ".weights"sv};
  return std::any_of(kEndings.begin(), kEndings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}

}  // namespace

FileKind kind_of_file(std::string_view bytes, std::string_view path) {
  const std::string_view begin = bytes.substr(0, kLook);
  if (bytes.empty()) return {"an empty file", "was it written to its end?"};
  for (const Magic& magic : kMagics)
    if (begin.size() > magic.offset && begin.substr(magic.offset).starts_with(magic.bytes))
      return {magic.name, magic.advice};
  if (begin.starts_with("PK\x03\x04")) return kind_of_zip(begin);
  if (is_pickle(begin)) return {"a pickle file (PyTorch, .pt)", kExportTorch};
  if (is_safetensors(begin))
    return {"a file of weights alone (.safetensors)",
            "export the model that they belong to as ONNX"};
  if (is_onnx(begin))
    return {"an ONNX model", "are query and network swapped? (verify QUERY.vnnlib --network NET)"};
  if (is_nnet(begin))
    return {"a network in the format .nnet",
            "convert it to ONNX (NNet's own tools have nnet2onnx.py)"};
  if (is_vnnlib(bytes.substr(0, std::size_t{1} << 16)))
    return {std::string(kVnnlibProperty),
            "are query and network swapped? (verify QUERY.vnnlib --network NET)"};
  if (is_named_as_data(path))
    return {"the external data of a model", "give the .onnx file that lies beside it"};
  return {};
}

}  // namespace clipbound::base
