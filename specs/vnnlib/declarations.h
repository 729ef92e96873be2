#pragma once
// Idea: the networks that a VNN-LIB 2 file declares, and what the names in its formulas mean.
// Source: the VNN-LIB standard 2.1: scoping, typing of network declarations.
// Guarantees: names are unique, and networks that are said to be alike are declared alike.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "specs/vnnlib/joint_query.h"
#include "specs/vnnlib/scanner.h"

namespace clipbound::specs {

/// How values of an element type behave in formulas.
enum class TypeKind : std::uint8_t { real, floating, integer, other };
TypeKind kind_of(DeclaredType type);
/// The least and the greatest value of an integer type, as decimals.
struct TypeRange {
  const char* least;
  const char* greatest;
};
TypeRange range_of(DeclaredType type);

/// The declarations of one file, while it is read.
class Declarations {
 public:
  Declarations(const SourceText& source, Scanner& scanner) : source_(source), scanner_(scanner) {}

  /// What follows `(declare-network`, up to its closing bracket.
  void read_network(std::vector<std::string>& warnings);
  /// Checks what concerns all networks together, and numbers their elements.
  void finish();

  /// The tensor of that name, or nullptr.
  const DeclaredTensor* tensor(std::string_view name);
  bool is_network(std::string_view name) const;
  std::vector<DeclaredNetwork>& networks() { return networks_; }
  std::int64_t inputs() const { return inputs_; }
  std::int64_t outputs() const { return outputs_; }

 private:
  struct Place {
    std::uint32_t offset = 0;
    std::size_t network = 0;
    std::size_t tensor = kNone;  // none: the network's own name
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::string declare_name(const char* what, std::size_t tensor);
  void read_likeness(DeclaredNetwork& network, bool equal, std::uint32_t offset);
  void read_tensor(DeclaredNetwork& network, DeclaredTensor::Kind kind);
  void read_type(DeclaredTensor& tensor);
  Shape read_shape();
  void check_likeness(const DeclaredNetwork& network, std::uint32_t offset,
                      std::vector<std::string>& warnings) const;
  void check_reals() const;
  void number_elements();

  const SourceText& source_;
  Scanner& scanner_;
  std::vector<DeclaredNetwork> networks_;
  std::unordered_map<std::string, Place> places_;
  std::int64_t inputs_ = 0, outputs_ = 0;
  std::string last_name_;  // most elements follow one of the same tensor
  const DeclaredTensor* last_ = nullptr;
};

/// "X_f[0,2]": how a file writes element `number` of X (or Y) of its networks.
std::string element_name(const std::vector<DeclaredNetwork>& networks, bool input,
                         std::int64_t number);
/// The names of the elements of X and of Y; what comes after those of the tensors is a product.
std::shared_ptr<const VariableNames> names_of(std::vector<DeclaredNetwork> networks);
/// The declared type of element `number` of X.
DeclaredType type_of_input(const std::vector<DeclaredNetwork>& networks, std::int64_t number);
/// Where the input tensor is declared that has element `number` of X.
std::string place_of_input(const std::vector<DeclaredNetwork>& networks, std::int64_t number);

}  // namespace clipbound::specs
