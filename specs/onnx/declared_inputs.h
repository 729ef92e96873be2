#pragma once
// Idea: a model's inputs as a query declares them: which of the model's they are, the sizes of
// dimensions that the model leaves open, and what becomes of initialisers.
// Source: the VNN-LIB standard 2.0 and 2.1.
// Guarantees: what does not fit is an InputError that names both sides.
#include <string>
#include <vector>

#include "specs/network/tensor.h"

namespace onnx {
class ValueInfoProto;
}

namespace clipbound::specs {

/// One input of a query's network.
struct DeclaredInput {
  std::string name;          ///< for messages: "input 'X' of network 'f'"
  Shape shape;               ///< as declared
  bool initialized = false;  ///< its values are the model's initialiser
  bool integers = false;     ///< of an integer type or bool; else the model's may not be either
};

/// An input that a model lists.
struct ListedInput {
  std::string name;
  bool has_initializer = false;
};

/// [declared] the number of the listed input that each is. An initialiser may be left out of the
/// declarations; where all listed inputs are declared, one that is not `initialized` takes the
/// place of its initialiser.
std::vector<std::size_t> assign_inputs(const std::vector<DeclaredInput>& declared,
                                       const std::vector<ListedInput>& listed);

/// The shape of an input whose dimensions the model may leave open: those are the declared ones.
/// Where the shapes differ by dimensions of size 1 alone, the elements and their order are the
/// same, and the model's is taken. `dims`: 0 where open.
Shape instantiated(const DeclaredInput& declared, const std::string& listed, const Shape& dims);
/// Whether two shapes differ by dimensions of size 1 alone.
bool same_elements(const Shape& a, const Shape& b);

}  // namespace clipbound::specs
