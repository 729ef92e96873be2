#include "specs/vnnlib/declarations.h"

#include <algorithm>
#include <array>
#include <limits>

#include "base/check.h"
#include "base/error.h"
#include "specs/vnnlib/check.h"

namespace clipbound::specs {
namespace {

struct TypeRow {
  const char* name;
  TypeKind kind;
  TypeRange range{nullptr, nullptr};
};

// In the order of DeclaredType.
constexpr TypeRow kTypes[] = {
    {"real", TypeKind::real},
    {"float16", TypeKind::floating},
    {"float32", TypeKind::floating},
    {"float64", TypeKind::floating},
    {"bfloat16", TypeKind::floating},
    {"float8e4m3fn", TypeKind::floating},
    {"float8e4m3fnuz", TypeKind::floating},
    {"float8e5m2", TypeKind::floating},
    {"float8e5m2fnuz", TypeKind::floating},
    {"float4e2m1", TypeKind::floating},
    {"int4", TypeKind::integer, {"-8", "7"}},
    {"int8", TypeKind::integer, {"-128", "127"}},
    {"int16", TypeKind::integer, {"-32768", "32767"}},
    {"int32", TypeKind::integer, {"-2147483648", "2147483647"}},
    {"int64", TypeKind::integer, {"-9223372036854775808", "9223372036854775807"}},
    {"uint4", TypeKind::integer, {"0", "15"}},
    {"uint8", TypeKind::integer, {"0", "255"}},
    {"uint16", TypeKind::integer, {"0", "65535"}},
    {"uint32", TypeKind::integer, {"0", "4294967295"}},
    {"uint64", TypeKind::integer, {"0", "18446744073709551615"}},
    {"bool", TypeKind::integer, {"0", "1"}},
    {"complex64", TypeKind::other},
    {"complex128", TypeKind::other},
    {"string", TypeKind::other}};

const TypeRow& row_of(DeclaredType type) {
  return kTypes[static_cast<std::size_t>(type)];
}

/// Numbers of elements are 32 bits wide; a bit is left for arithmetic.
constexpr std::int64_t kMostElements = std::int64_t{1} << 30;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

const char* keyword_of(DeclaredTensor::Kind kind) {
  switch (kind) {
    case DeclaredTensor::Kind::input: return "declare-input";
    case DeclaredTensor::Kind::hidden: return "declare-hidden";
    case DeclaredTensor::Kind::output: break;
  }
  return "declare-output";
}

std::vector<const DeclaredTensor*> tensors_of(const DeclaredNetwork& network,
                                              DeclaredTensor::Kind kind) {
  std::vector<const DeclaredTensor*> list;
  for (const DeclaredTensor& tensor : network.tensors)
    if (tensor.kind == kind) list.push_back(&tensor);
  return list;
}

std::string described(const DeclaredTensor& tensor) {
  return tensor.name + " " + tensor.type_text + " " + to_string(tensor.shape);
}

/// The tensor, among all networks', that has element `number` of X or of Y.
const DeclaredTensor& tensor_with(const std::vector<DeclaredNetwork>& networks, bool input,
                                  std::int64_t number) {
  for (const DeclaredNetwork& network : networks) {
    for (const DeclaredTensor& tensor : network.tensors) {
      if ((tensor.kind == DeclaredTensor::Kind::input) != input) continue;
      const std::int64_t within = number - tensor.first;
      if (within >= 0 && within < element_count(tensor.shape)) return tensor;
    }
  }
  CLIPBOUND_CHECK(false && "an element of no tensor");
  std::abort();
}

}  // namespace

const char* name_of(DeclaredType type) {
  return row_of(type).name;
}
TypeKind kind_of(DeclaredType type) {
  return row_of(type).kind;
}
TypeRange range_of(DeclaredType type) {
  return row_of(type).range;
}

std::string Declarations::declare_name(const char* what, std::size_t tensor) {
  scanner_.peek();
  const std::uint32_t offset = scanner_.offset();
  std::string name(scanner_.name(what));
  const std::string_view rest = source_.text().substr(offset + name.size(), 1);
  if (rest.find_first_of("-.+*/<>=!'&$#@%:") == 0)
    source_.fail(offset, "a name has letters, digits and '_' alone: " + shown(name) +
                             " is followed by " + shown(rest));
  const auto [known, added] = places_.try_emplace(name, Place{offset, networks_.size(), tensor});
  if (!added) {
    source_.fail(offset, shown(name) + " is declared a second time: the first is at " +
                             source_.place(known->second.offset));
  }
  return name;
}

void Declarations::read_network(std::vector<std::string>& warnings) {
  using Kind = DeclaredTensor::Kind;
  DeclaredNetwork network;
  scanner_.peek();
  const std::uint32_t offset = scanner_.offset();
  network.place = source_.place(offset);
  network.name = declare_name("the network's name", kNone);
  Kind last = Kind::input;
  bool has_output = false;
  while (!scanner_.accept(')')) {
    const char* const wanted = network.tensors.empty() ? "(declare-input ...)"
                               : has_output            ? "(declare-output ...) or ')'"
                                                       : "a declaration of the network's tensors";
    scanner_.expect('(', wanted);
    scanner_.peek();
    const std::uint32_t at = scanner_.offset();
    const std::string_view word = scanner_.keyword(wanted);
    if (word == "equal-to" || word == "isomorphic-to") {
      if (!network.tensors.empty())
        source_.fail(at, shown(word) + " stands before the network's tensors");
      read_likeness(network, word == "equal-to", at);
      continue;
    }
    const Kind kind = word == "declare-input"    ? Kind::input
                      : word == "declare-hidden" ? Kind::hidden
                                                 : Kind::output;
    if (word != keyword_of(kind))
      source_.fail(at, std::string("expected ") + wanted + ", found " + shown(word));
    if (kind < last || (kind != Kind::input && network.tensors.empty()))
      source_.fail(at, "a network has inputs first, then hidden tensors, then outputs: found " +
                           shown(word) +
                           (network.tensors.empty() ? " before any input" : " after others"));
    last = kind;
    has_output = kind == Kind::output;
    read_tensor(network, kind);
  }
  if (!has_output) source_.fail(offset, "the network " + shown(network.name) + " has no output");
  check_likeness(network, offset, warnings);
  networks_.push_back(std::move(network));
  last_ = nullptr;
}

void Declarations::read_likeness(DeclaredNetwork& network, bool equal, std::uint32_t offset) {
  using Like = DeclaredNetwork::Like;
  if (network.like != Like::itself)
    source_.fail(offset, "a network has one equal-to or isomorphic-to, and this is the second");
  network.like = equal ? Like::equal_to : Like::isomorphic_to;
  scanner_.peek();
  const std::uint32_t at = scanner_.offset();
  const std::string name(scanner_.name("the name of a network"));
  const auto found = places_.find(name);
  if (name == network.name) source_.fail(at, "a network cannot be alike to itself");
  if (found == places_.end() || found->second.tensor != kNone)
    source_.fail(at, "no network " + shown(name) + " is declared before this one");
  network.other = found->second.network;
  if (networks_[network.other].like != Like::itself)
    source_.fail(at, "the network " + shown(name) +
                         " has an equal-to or isomorphic-to itself: name the one that it names");
  scanner_.expect(')', "')' after the network's name");
}

void Declarations::read_type(DeclaredTensor& tensor) {
  scanner_.peek();
  const std::uint32_t offset = scanner_.offset();
  tensor.type_text = scanner_.name("an element type");
  std::string name = tensor.type_text;
  std::transform(name.begin(), name.end(), name.begin(), lower);
  if (name == "boolean") name = "bool";
  const auto* const found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                         [&](const TypeRow& row) { return name == row.name; });
  if (found == std::end(kTypes)) {
    const char* const hint = name == "float"    ? ": float32 is meant, perhaps"
                             : name == "double" ? ": float64 is meant, perhaps"
                                                : "";
    source_.fail(offset, shown(tensor.type_text) + " is no element type: real or one of ONNX's, " +
                             "such as float32 and int8" + hint);
  }
  tensor.type = static_cast<DeclaredType>(found - std::begin(kTypes));
}

Shape Declarations::read_shape() {
  Shape shape;
  scanner_.expect('[', "the shape in brackets, such as [1,5]");
  const std::uint32_t offset = scanner_.offset() - 1;
  if (scanner_.accept(']')) return shape;
  std::int64_t count = 1;
  do {
    shape.push_back(scanner_.index("a dimension's size"));
    if (shape.back() == 0) source_.fail(offset, "a dimension of size 0: the tensor has no element");
    if (shape.back() > kMostElements / count)
      source_.fail(offset, "a tensor of more than 2^30 elements");
    count *= shape.back();
  } while (scanner_.accept(','));
  scanner_.expect(']', "',' or ']'");
  return shape;
}

void Declarations::read_tensor(DeclaredNetwork& network, DeclaredTensor::Kind kind) {
  DeclaredTensor tensor;
  tensor.kind = kind;
  scanner_.peek();
  tensor.place = source_.place(scanner_.offset());
  tensor.name = declare_name("the tensor's name", network.tensors.size());
  read_type(tensor);
  tensor.shape = read_shape();
  if (kind == DeclaredTensor::Kind::hidden) {
    const std::uint32_t offset = (scanner_.peek(), scanner_.offset());
    tensor.onnx_name = scanner_.string("the tensor's name in the model, in double quotes");
    if (tensor.onnx_name.empty()) source_.fail(offset, "the tensor's name in the model is empty");
  }
  while (kind == DeclaredTensor::Kind::input && scanner_.peek() != ')') {
    const std::uint32_t offset = scanner_.offset();
    const std::string_view option = scanner_.name("'initialized' or ')'");
    if (option != "initialized")
      source_.fail(offset, "expected 'initialized' or ')', found " + shown(option));
    if (tensor.initialized) source_.fail(offset, "'initialized' stands here a second time");
    tensor.initialized = true;
  }
  scanner_.expect(')', "')' after the declaration");
  network.tensors.push_back(std::move(tensor));
}

// An equal network is declared as the other one is, up to names; an isomorphic one may have other
// types.
void Declarations::check_likeness(const DeclaredNetwork& network, std::uint32_t offset,
                                  std::vector<std::string>& warnings) const {
  if (network.like == DeclaredNetwork::Like::itself) return;
  const bool equal = network.like == DeclaredNetwork::Like::equal_to;
  const DeclaredNetwork& other = networks_[network.other];
  const std::string said = shown(network.name) + " is " + (equal ? "equal-to " : "isomorphic-to ") +
                           shown(other.name) + ", but ";
  for (const auto kind : {DeclaredTensor::Kind::input, DeclaredTensor::Kind::output}) {
    const auto mine = tensors_of(network, kind), theirs = tensors_of(other, kind);
    const std::string what = kind == DeclaredTensor::Kind::input ? " inputs" : " outputs";
    if (mine.size() != theirs.size()) {
      source_.fail(offset, said + "has " + std::to_string(mine.size()) + what + ", and " +
                               shown(other.name) + " has " + std::to_string(theirs.size()));
    }
    for (std::size_t i = 0; i < mine.size(); ++i) {
      if (mine[i]->shape != theirs[i]->shape || mine[i]->initialized != theirs[i]->initialized ||
          (equal && mine[i]->type != theirs[i]->type))
        throw InputError(mine[i]->place + ": " + said + described(*mine[i]) + " differs from " +
                         described(*theirs[i]));
    }
  }
  std::unordered_map<std::string_view, const DeclaredTensor*> hidden;
  for (const DeclaredTensor* theirs : tensors_of(other, DeclaredTensor::Kind::hidden))
    hidden.emplace(theirs->onnx_name, theirs);
  for (const DeclaredTensor* mine : tensors_of(network, DeclaredTensor::Kind::hidden)) {
    const auto found = hidden.find(mine->onnx_name);
    if (found == hidden.end()) continue;
    const DeclaredTensor& theirs = *found->second;
    if (mine->shape == theirs.shape && (!equal || mine->type == theirs.type)) continue;
    const std::string message = said + described(*mine) + " differs from " + described(theirs) +
                                " of the same name in the model";
    if (equal) throw InputError(mine->place + ": " + message);
    // Isomorphic graphs may name their tensors differently.
    add_warning(warnings, source_, offset, message);
  }
}

// Who consents to real arithmetic consents for all.
void Declarations::check_reals() const {
  const DeclaredTensor* real = nullptr;
  const DeclaredTensor* typed = nullptr;
  for (const DeclaredNetwork& network : networks_) {
    for (const DeclaredTensor& tensor : network.tensors) {
      const DeclaredTensor*& first = tensor.type == DeclaredType::real ? real : typed;
      if (first == nullptr) first = &tensor;
    }
  }
  if (real == nullptr || typed == nullptr) return;
  throw InputError(typed->place + ": a query over reals has no other type: " + described(*typed) +
                   " beside " + described(*real));
}

void Declarations::number_elements() {
  for (DeclaredNetwork& network : networks_) {
    for (DeclaredTensor& tensor : network.tensors) {
      std::int64_t& next = tensor.kind == DeclaredTensor::Kind::input ? inputs_ : outputs_;
      tensor.first = next;
      next += element_count(tensor.shape);
      if (next > kMostElements)
        throw InputError(tensor.place + ": the tensors have more than 2^30 elements in all");
    }
  }
}

void Declarations::finish() {
  check_reals();
  number_elements();
  last_ = nullptr;
}

const DeclaredTensor* Declarations::tensor(std::string_view name) {
  if (last_ != nullptr && name == last_name_) return last_;
  const auto found = places_.find(std::string(name));
  if (found == places_.end() || found->second.tensor == kNone) return nullptr;
  last_name_ = name;
  return last_ = &networks_[found->second.network].tensors[found->second.tensor];
}

bool Declarations::is_network(std::string_view name) const {
  const auto found = places_.find(std::string(name));
  return found != places_.end() && found->second.tensor == kNone;
}

std::string element_name(const std::vector<DeclaredNetwork>& networks, bool input,
                         std::int64_t number) {
  const DeclaredTensor& tensor = tensor_with(networks, input, number);
  std::int64_t within = number - tensor.first;
  std::string indices;
  for (std::size_t d = tensor.shape.size(); d-- > 0; within /= tensor.shape[d]) {
    const std::string index = std::to_string(within % tensor.shape[d]);
    indices = indices.empty() ? index : index + "," + indices;
  }
  return tensor.shape.empty() ? tensor.name : tensor.name + "[" + indices + "]";
}

namespace {

class DeclaredNames final : public VariableNames {
 public:
  explicit DeclaredNames(std::vector<DeclaredNetwork> networks) : networks_(std::move(networks)) {
    for (const DeclaredNetwork& network : networks_)
      for (const DeclaredTensor& tensor : network.tensors)
        if (tensor.kind != DeclaredTensor::Kind::input) outputs_ += element_count(tensor.shape);
  }
  std::string name_of(Term::Of of, std::int64_t index) const override {
    const bool is_input = of == Term::Of::input;
    if (!is_input && index >= outputs_) return "product " + std::to_string(index - outputs_ + 1);
    return element_name(networks_, is_input, index);
  }

 private:
  const std::vector<DeclaredNetwork> networks_;
  std::int64_t outputs_ = 0;
};

}  // namespace

std::shared_ptr<const VariableNames> names_of(std::vector<DeclaredNetwork> networks) {
  return std::make_shared<const DeclaredNames>(std::move(networks));
}

DeclaredType type_of_input(const std::vector<DeclaredNetwork>& networks, std::int64_t number) {
  return tensor_with(networks, true, number).type;
}

std::string place_of_input(const std::vector<DeclaredNetwork>& networks, std::int64_t number) {
  return tensor_with(networks, true, number).place;
}

}  // namespace clipbound::specs
