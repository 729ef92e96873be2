#include "specs/vnnlib/vnnlib.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_kind.h"
#include "specs/vnnlib/check.h"
#include "specs/vnnlib/normal_form.h"
#include "specs/vnnlib/parser.h"

namespace clipbound::specs {
namespace {

Query parse(std::string_view text, const std::string& source, const VnnlibLimits& limits) {
  // Offsets are 32 bits wide.
  if (text.size() > std::min<std::size_t>(limits.max_file_bytes, 0xFFFFFFF0U))
    throw InputError(source + ": the text has more than " +
                     std::to_string(limits.max_file_bytes >> 20) + " MiB");
  const SourceText place(text, source);
  Ast ast = parse_vnnlib_ast(place, limits);
  check_declarations(ast, place);
  Query query = normal_form(std::move(ast), place, limits);
  drop_contradictions(query);
  warn_of_trivial_sets(query);
  return query;
}

}  // namespace

Query parse_vnnlib(std::string_view text, const std::string& source, const VnnlibLimits& limits) {
  Query query = parse(text, source, limits);
  query.file = info_of(source, text);
  return query;
}

Query read_vnnlib(const std::string& path, const VnnlibLimits& limits) {
  FileContents file = read_file(path, limits.max_file_bytes);
  const std::string &text = file.bytes, &found = file.info.path;
  const FileKind kind = text.empty() ? FileKind{} : kind_of_file(text, found);
  if (!kind.name.empty() && kind.name != kVnnlibProperty)
    throw InputError(found + ": is not a VNN-LIB property but " + kind.name + "; " + kind.advice);
  Query query = parse(text, found, limits);
  query.file = std::move(file.info);
  return query;
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
