#include "specs/vnnlib/vnnlib.h"

#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/file_kind.h"
#include "specs/vnnlib/check.h"
#include "specs/vnnlib/declarations.h"
#include "specs/vnnlib/joint_parser.h"
#include "specs/vnnlib/normal_form.h"
#include "specs/vnnlib/parser.h"

namespace clipbound::specs {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw InputError(path + ":1:1: " + message);
}

[[noreturn]] void too_large(const std::string& path, const VnnlibLimits& limits) {
  fail(path, "the file has more than " + std::to_string(limits.max_file_bytes >> 20) + " MiB");
}

std::string read_file(const std::string& path, const VnnlibLimits& limits) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail(path, "no such file");
  if (std::filesystem::is_directory(status)) fail(path, "this is a directory");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) fail(path, "the file cannot be opened");
  const auto expected = std::filesystem::file_size(path, error);
  std::string text;
  std::size_t chunk =
      error
          ? 0
          : static_cast<std::size_t>(std::min<std::uintmax_t>(expected, limits.max_file_bytes)) + 1;
  // Reads to the end whatever the size said, so that pipes work as well.
  for (bool more = true; more; chunk = std::size_t{1} << 20) {
    chunk = std::max<std::size_t>(chunk, 4096);
    const std::size_t before = text.size();
    text.resize(before + chunk);
    const std::size_t got = std::fread(text.data() + before, 1, chunk, file.get());
    more = got == chunk;
    text.resize(before + got);
    if (text.size() > limits.max_file_bytes) too_large(path, limits);
  }
  if (std::ferror(file.get()) != 0) fail(path, "the file cannot be read to its end");
  return text;
}

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B");
}

// How much room to begin with. The last four bytes of a gzip file hold the size of its last member
// modulo 2^32: a hint, limited by what deflate can reach at all (a factor of 1032).
std::size_t first_piece(std::string_view packed, const VnnlibLimits& limits) {
  std::size_t hint = 0;
  if (packed.size() >= 18) {
    for (std::size_t i = 0; i < 4; ++i) {
      hint |= static_cast<std::size_t>(static_cast<unsigned char>(packed[packed.size() - 4 + i]))
              << (8 * i);
    }
  }
  return std::clamp<std::size_t>(std::min(hint + 1, packed.size() * 1032), 4096,
                                 limits.max_file_bytes + 1);
}

std::string unpack(std::string_view packed, const std::string& path, const VnnlibLimits& limits) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) fail(path, "zlib cannot be started");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, &inflateEnd);
  constexpr std::size_t kPiece = std::size_t{1} << 30;  // avail_in and avail_out are 32 bits wide
  std::string text;
  text.resize(first_piece(packed, limits));
  std::size_t read = 0, written = 0;
  int result = Z_OK;
  while (true) {
    if (written == text.size()) text.resize(std::min(text.size() * 2, limits.max_file_bytes + 1));
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data() + read));
    stream.avail_in = static_cast<uInt>(std::min(packed.size() - read, kPiece));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + written);
    stream.avail_out = static_cast<uInt>(std::min(text.size() - written, kPiece));
    const auto in = stream.avail_in, out = stream.avail_out;
    result = inflate(&stream, Z_NO_FLUSH);
    read += in - stream.avail_in;
    written += out - stream.avail_out;
    if (written > limits.max_file_bytes) too_large(path, limits);
    if (result == Z_STREAM_END) {
      // Members may follow each other; anything else after the last one is ignored, as gzip does.
      if (!is_gzip(packed.substr(read))) break;
      if (inflateReset(&stream) != Z_OK) fail(path, "the gzip data are damaged");
    } else if (result == Z_BUF_ERROR ||
               (result == Z_OK && read == packed.size() && stream.avail_out > 0)) {
      fail(path, "the gzip data end too early: the file is truncated");
    } else if (result != Z_OK) {
      fail(path, "the gzip data are damaged");
    }
  }
  text.resize(written);
  return text;
}

JointQuery version_1(const SourceText& source, const VnnlibLimits& limits) {
  Ast ast = parse_vnnlib_ast(source, limits);
  check_declarations(ast, source);
  JointQuery result;
  result.query = normal_form(std::move(ast), source, limits);
  return result;
}

JointQuery version_2(const SourceText& source, const VnnlibLimits& limits) {
  JointFile file = parse_joint_file(source, limits);
  // Every input has an interval in the normal form.
  if (static_cast<std::size_t>(file.inputs) > limits.max_form_bytes / sizeof(InputInterval)) {
    fail(source.name(), "the inputs have " + std::to_string(file.inputs) + " elements, more than " +
                            std::to_string(limits.max_form_bytes >> 20) +
                            " MiB can hold the bounds of");
  }
  JointQuery result;
  result.networks = std::move(file.networks);
  result.query.input_size = file.inputs;
  result.query.output_size = file.outputs;
  result.query.warnings = std::move(file.ast.warnings);
  normal_form(file.ast, source, limits, result);
  if (file.calculates) result.formula = make_formula(std::move(file.ast), source);
  return result;
}

Query query_of_one(JointQuery&& joint) {
  const auto is_plain = [](const DeclaredNetwork& network) {
    return network.tensors.size() == 2 && !network.tensors[0].initialized &&
           std::all_of(network.tensors.begin(), network.tensors.end(), [](const auto& tensor) {
             const TypeKind kind = kind_of(tensor.type);
             return kind == TypeKind::real || kind == TypeKind::floating;
           });
  };
  if (joint.networks.size() > 1)
    throw Unsupported(joint.networks[1].place +
                      ": queries over several networks are not known here");
  if (!joint.networks.empty() && !is_plain(joint.networks[0])) {
    throw Unsupported(
        joint.networks[0].place +
        ": networks with more than one input and one output of floating-point numbers "
        "are not known here");
  }
  if (!joint.products.empty())
    throw Unsupported(joint.query.source + ": products of variables are not known here");
  return std::move(joint.query);
}

}  // namespace

JointQuery parse_joint_query(std::string_view text, const std::string& source,
                             const VnnlibLimits& limits) {
  // Offsets are 32 bits wide.
  if (text.size() > std::min<std::size_t>(limits.max_file_bytes, 0xFFFFFFF0U))
    too_large(source, limits);
  const SourceText place(text, source);
  JointQuery result = is_vnnlib_2(text) ? version_2(place, limits) : version_1(place, limits);
  drop_contradictions(result.query);
  warn_of_trivial_sets(result.query);
  return result;
}

JointQuery read_joint_query(const std::string& path, const VnnlibLimits& limits) {
  std::string text = read_file(path, limits);
  if (is_gzip(text)) text = unpack(text, path, limits);
  const FileKind kind = text.empty() ? FileKind{} : kind_of_file(text, path);
  if (!kind.name.empty() && kind.name != kVnnlibProperty)
    throw InputError(path + ": is not a VNN-LIB property but " + kind.name + "; " + kind.advice);
  return parse_joint_query(text, path, limits);
}

Query parse_vnnlib(std::string_view text, const std::string& source, const VnnlibLimits& limits) {
  return query_of_one(parse_joint_query(text, source, limits));
}

Query read_vnnlib(const std::string& path, const VnnlibLimits& limits) {
  return query_of_one(read_joint_query(path, limits));
}

void check_against(const Query& query, std::int64_t network_inputs, std::int64_t network_outputs) {
  const auto complain = [&](const char* letter, std::int64_t declared, std::int64_t wanted,
                            const char* what) {
    throw InputError(query.source + ": " + std::to_string(declared) + " variables " + letter +
                     " are declared, but the network has " + std::to_string(wanted) + " " + what);
  };
  if (query.input_size != network_inputs) complain("X", query.input_size, network_inputs, "inputs");
  if (query.output_size != network_outputs)
    complain("Y", query.output_size, network_outputs, "outputs");
}

}  // namespace clipbound::specs
