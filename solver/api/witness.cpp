// Idea: counterexamples as text and as tensors, in the query's own variables.
// Source: VNN-COMP's result files; the VNN-LIB standard 2.0, chapter on the solver's interface.
// Guarantees: a number is written with the digits that name it, without an exponent.
#include <gmpxx.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "solver/api/implementation.h"
#include "specs/onnx/tensor_writer.h"

namespace clipbound {

namespace {

/// A variable of the query and where its values stand.
struct Variable {
  std::string name, type_text;  ///< as declared
  std::string element_type;     ///< as ONNX has it
  specs::Shape shape;
  std::span<const double> values;
};

std::vector<Variable> variables_of(const Result& result, const Query& query) {
  const char* computed = result.float64 ? "float64" : "float32";
  const std::span<const double> x = result.input, y = result.output;
  const auto& joint = query.implementation().joint;
  if (!joint) {
    const auto size = [](std::span<const double> v) { return static_cast<std::int64_t>(v.size()); };
    return {{"X", "real", computed, {size(x)}, x}, {"Y", "real", computed, {size(y)}, y}};
  }
  std::vector<Variable> variables;
  for (const specs::DeclaredNetwork& network : joint->networks)
    for (const specs::DeclaredTensor& tensor : network.tensors) {
      const bool is_input = tensor.kind == specs::DeclaredTensor::Kind::input;
      const auto values =
          (is_input ? x : y)
              .subspan(static_cast<std::size_t>(tensor.first),
                       static_cast<std::size_t>(specs::element_count(tensor.shape)));
      variables.push_back(
          {tensor.name, tensor.type_text,
           tensor.type == specs::DeclaredType::real ? computed : name_of(tensor.type), tensor.shape,
           values});
    }
  return variables;
}

/// The shortest decimal that is this number of the type.
template <typename T>
void append_number(std::string& text, T value) {
  char digits[400];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
  text.append(digits, end.ptr);
}

void append_value(std::string& text, const Variable& variable, double value) {
  if (!std::isfinite(value)) {
    // NaN has no sign here; of integers it is one that is not known.
    text += std::isnan(value) ? "nan" : value < 0.0 ? "-inf" : "inf";
  } else if (variable.element_type == "bool") {
    text += value != 0.0 ? "true" : "false";
  } else if (variable.element_type.find("int") != std::string::npos) {
    text += mpz_class(value).get_str();
  } else if (variable.element_type == "float64") {
    append_number(text, value);
  } else {
    append_number(text, static_cast<float>(value));
  }
}

std::string version_2(const Result& result, const Query& query) {
  std::string text = std::string(name_of(result.verdict)) + "\n";
  if (result.verdict != Verdict::sat) return text;
  for (const Variable& variable : variables_of(result, query)) {
    text +=
        variable.name + " " + variable.type_text + " " + specs::to_string(variable.shape) + "\n";
    for (const double value : variable.values) {
      append_value(text, variable, value);
      text += '\n';
    }
  }
  return text;
}

}  // namespace

Witness witness_of(std::string_view text) {
  if (text == "v1") return Witness::v1;
  if (text == "v2") return Witness::v2;
  if (text == "by_query") return Witness::by_query;
  throw InputError("'" + std::string(text) + "' is no form of a witness: v1, v2 or by_query");
}

std::string to_vnncomp(const Result& result, const Query& query, Witness witness) {
  const bool is_2 = witness == Witness::v2 ||
                    (witness == Witness::by_query && query.implementation().joint != nullptr);
  return is_2 ? version_2(result, query) : to_vnncomp(result);
}

std::vector<SerialisedTensor> serialise_assignments(const Result& result, const Query& query) {
  std::vector<SerialisedTensor> tensors;
  if (result.verdict != Verdict::sat) return tensors;
  for (const Variable& variable : variables_of(result, query))
    tensors.push_back(
        {variable.name, specs::serialised_tensor(variable.name, variable.shape,
                                                 variable.element_type, variable.values)});
  return tensors;
}

}  // namespace clipbound
