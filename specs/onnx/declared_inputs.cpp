#include "specs/onnx/declared_inputs.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"

namespace clipbound::specs {

namespace {

std::string listing(const std::vector<ListedInput>& inputs) {
  std::string text;
  for (const ListedInput& input : inputs)
    text += (text.empty() ? "'" : ", '") + input.name + "'" +
            (input.has_initializer ? " (initialised)" : "");
  return text.empty() ? "none" : text;
}

std::string listing(const std::vector<DeclaredInput>& inputs) {
  std::string text;
  for (const DeclaredInput& input : inputs)
    text += (text.empty() ? "" : ", ") + input.name + (input.initialized ? " (initialized)" : "");
  return text;
}

[[noreturn]] void refuse(const std::vector<DeclaredInput>& declared,
                         const std::vector<ListedInput>& listed) {
  throw InputError("the query declares " + std::to_string(declared.size()) + " inputs (" +
                   listing(declared) + "), the model has " + std::to_string(listed.size()) + " (" +
                   listing(listed) + ")");
}

Shape without_ones(const Shape& shape) {
  Shape kept;
  std::copy_if(shape.begin(), shape.end(), std::back_inserter(kept),
               [](std::int64_t d) { return d != 1; });
  return kept;
}

}  // namespace

bool same_elements(const Shape& a, const Shape& b) {
  return without_ones(a) == without_ones(b);
}

std::vector<std::size_t> assign_inputs(const std::vector<DeclaredInput>& declared,
                                       const std::vector<ListedInput>& listed) {
  std::vector<std::size_t> assigned;
  const bool all = declared.size() == listed.size();
  std::size_t next = 0;
  for (const DeclaredInput& input : declared) {
    // Initialisers that are not declared are skipped; nothing else is.
    while (!all && next < listed.size() && listed[next].has_initializer && !input.initialized)
      ++next;
    if (next == listed.size()) refuse(declared, listed);
    if (input.initialized && !listed[next].has_initializer)
      throw InputError(input.name +
                       " is declared initialized, but the model has no initialiser of '" +
                       listed[next].name + "'");
    assigned.push_back(next++);
  }
  for (; next < listed.size(); ++next)
    if (!listed[next].has_initializer) refuse(declared, listed);
  return assigned;
}

Shape instantiated(const DeclaredInput& declared, const std::string& listed, const Shape& dims) {
  Shape shape = declared.shape;
  const auto fits = [](std::int64_t own, std::int64_t model) { return model == 0 || model == own; };
  if (shape.size() == dims.size() && std::equal(shape.begin(), shape.end(), dims.begin(), fits))
    return shape;
  Shape model = dims;
  std::replace(model.begin(), model.end(), std::int64_t{0}, std::int64_t{1});
  if (same_elements(shape, model)) return model;
  std::string text;
  for (const std::int64_t d : dims)
    text += (text.empty() ? "" : ",") + (d == 0 ? std::string("?") : std::to_string(d));
  throw InputError(declared.name + " is declared with shape " + to_string(declared.shape) +
                   ", but '" + listed + "' of the model has shape [" + text + "]");
}

}  // namespace clipbound::specs
