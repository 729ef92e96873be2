#include "specs/vnnlib/vnnlib.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/file_kind.h"
#include "specs/vnnlib/check.h"
#include "specs/vnnlib/declarations.h"
#include "specs/vnnlib/integer_arithmetic.h"
#include "specs/vnnlib/joint_parser.h"
#include "specs/vnnlib/normal_form.h"
#include "specs/vnnlib/parser.h"

namespace clipbound::specs {
namespace {

JointQuery version_1(const SourceText& source, const VnnlibLimits& limits) {
  Ast ast = parse_vnnlib_ast(source, limits);
  check_declarations(ast, source);
  JointQuery result;
  result.query = normal_form(std::move(ast), source, limits);
  return result;
}

/// Which of the formula's variables are integers.
void note_integers(const std::vector<DeclaredNetwork>& networks, Formula& formula) {
  for (const DeclaredNetwork& network : networks)
    for (const DeclaredTensor& tensor : network.tensors) {
      if (kind_of(tensor.type) != TypeKind::integer) continue;
      const TypeRange range = range_of(tensor.type);
      const std::int64_t end = tensor.first + element_count(tensor.shape);
      auto& spans = tensor.kind == DeclaredTensor::Kind::input ? formula.integer_inputs
                                                               : formula.integer_outputs;
      spans.push_back({static_cast<std::uint32_t>(tensor.first), static_cast<std::uint32_t>(end),
                       mpz_class(range.least), mpz_class(range.greatest)});
    }
}

JointQuery version_2(const SourceText& source, const VnnlibLimits& limits) {
  JointFile file = parse_joint_file(source, limits);
  // Every input has an interval in the normal form.
  if (static_cast<std::size_t>(file.inputs) > limits.max_form_bytes / sizeof(InputInterval)) {
    throw InputError(source.name() + ":1:1: the inputs have " + std::to_string(file.inputs) +
                     " elements, more than " + std::to_string(limits.max_form_bytes >> 20) +
                     " MiB can hold the bounds of");
  }
  JointQuery result;
  result.networks = std::move(file.networks);
  result.query.input_size = file.inputs;
  result.query.output_size = file.outputs;
  result.query.warnings = std::move(file.ast.warnings);
  if (file.calculates) result.leaves_type = why_integers_leave(file.ast, source, result.networks);
  normal_form(file.ast, source, limits, result);
  result.query.names = names_of(result.networks);
  if (file.calculates || result.leaves_out) {
    const std::shared_ptr<Formula> formula = make_formula(std::move(file.ast), source);
    formula->exactly = result.leaves_out;
    note_integers(result.networks, *formula);
    result.formula = formula;
  }
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

JointQuery parse(std::string_view text, const std::string& source, const VnnlibLimits& limits) {
  // Offsets are 32 bits wide.
  if (text.size() > std::min<std::size_t>(limits.max_file_bytes, 0xFFFFFFF0U))
    throw InputError(source + ": the text has more than " +
                     std::to_string(limits.max_file_bytes >> 20) + " MiB");
  const SourceText place(text, source);
  JointQuery result = is_vnnlib_2(text) ? version_2(place, limits) : version_1(place, limits);
  drop_contradictions(result.query);
  warn_of_trivial_sets(result.query);
  return result;
}

}  // namespace

JointQuery parse_joint_query(std::string_view text, const std::string& source,
                             const VnnlibLimits& limits) {
  JointQuery joint = parse(text, source, limits);
  joint.query.file = info_of(source, text);
  return joint;
}

JointQuery read_joint_query(const std::string& path, const VnnlibLimits& limits) {
  FileContents file = read_file(path, limits.max_file_bytes);
  const std::string &text = file.bytes, &found = file.info.path;
  const FileKind kind = text.empty() ? FileKind{} : kind_of_file(text, found);
  if (!kind.name.empty() && kind.name != kVnnlibProperty)
    throw InputError(found + ": is not a VNN-LIB property but " + kind.name + "; " + kind.advice);
  JointQuery joint = parse(text, found, limits);
  joint.query.file = std::move(file.info);
  return joint;
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
