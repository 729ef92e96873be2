#include "solver/search/state_file.h"

#include <zlib.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/error.h"
#include "base/hash.h"
#include "specs/network/op_table.h"

namespace clipbound::solver {

namespace {

constexpr std::string_view kMagic = "CLIPBOUND STATE\n";
static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

// No state that a search can reach is larger: a reader must not allocate what a few bytes claim.
constexpr std::uint32_t kDeepest = 1U << 20U;
constexpr std::uint64_t kMostTimes = std::uint64_t{1} << 60U;  // sums of some such do not overflow

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

class Writer {
 public:
  template <typename T>
  void put(T number) {
    static_assert(std::is_arithmetic_v<T>);
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof number);
    std::memcpy(bytes_.data() + at, &number, sizeof number);
  }
  void count(std::size_t number) { put(static_cast<std::uint64_t>(number)); }
  void append(std::string_view text) { bytes_ += text; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T get() {
    static_assert(std::is_arithmetic_v<T>);
    if (bytes_.size() - at_ < sizeof(T)) fail("is cut off");
    T number;
    std::memcpy(&number, bytes_.data() + at_, sizeof number);
    at_ += sizeof number;
    return number;
  }
  /// How many things of at least so many bytes follow.
  std::size_t count(std::size_t bytes_each) {
    const auto number = get<std::uint64_t>();
    if (number > (bytes_.size() - at_) / bytes_each) fail("counts more than it holds");
    return static_cast<std::size_t>(number);
  }
  bool flag() {
    const auto byte = get<std::uint8_t>();
    if (byte > 1) fail("has a flag that is neither 0 nor 1");
    return byte == 1;
  }
  double number() {
    const double value = get<double>();
    if (std::isnan(value)) fail("has a number that is none");
    return value;
  }
  void expect_end() const {
    if (at_ != bytes_.size()) fail("goes on after its end");
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError("the saved search " + what + " (at byte " + std::to_string(at_) + ")");
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

void write_sum(Writer& to, const ShareSum& sum) {
  to.count(sum.counts().size());
  for (const std::uint64_t times : sum.counts()) to.put(times);
}

ShareSum read_sum(Reader& from) {
  ShareSum sum;
  const std::size_t depths = from.count(sizeof(std::uint64_t));
  if (depths > kDeepest) from.fail("has shares that are too small");
  for (std::size_t d = 0; d < depths; ++d) {
    const auto times = from.get<std::uint64_t>();
    if (times > kMostTimes) from.fail("has more shares than can be");
    if (times != 0) sum.add(static_cast<std::uint32_t>(d), times);
  }
  return sum;
}

void write_subproblem(Writer& to, const Subproblem& subproblem) {
  to.put(subproblem.share.depth());
  to.put(subproblem.bound);
  to.put(static_cast<std::uint8_t>(subproblem.without_rows ? 1 : 0));
  to.count(subproblem.box.size());
  for (const InputRange& range : subproblem.box) {
    to.put(range.input);
    to.put(range.lower);
    to.put(range.upper);
    to.put(static_cast<std::uint8_t>(range.lower_open ? 1 : 0));
    to.put(static_cast<std::uint8_t>(range.upper_open ? 1 : 0));
  }
  to.count(subproblem.decisions.size());
  for (const Decision& decision : subproblem.decisions) {
    to.put(decision.layer);
    to.put(decision.neuron);
    to.put(decision.lower);
    to.put(decision.upper);
  }
  to.count(subproblem.halfspaces.size());
  for (const std::vector<double>& halfspace : subproblem.halfspaces) {
    to.count(halfspace.size());
    for (const double g : halfspace) to.put(g);
  }
}

InputRange read_range(Reader& from, const Box& box, DataType input_type, std::int64_t after) {
  InputRange range;
  range.input = from.get<std::uint32_t>();
  if (range.input >= box.size() || static_cast<std::int64_t>(range.input) <= after)
    from.fail("restricts an input that does not exist, or one twice");
  range.lower = from.number();
  range.upper = from.number();
  const Ends whole = box[range.input].proof_in(input_type);
  if (!(whole.lower <= range.lower && range.lower <= range.upper && range.upper <= whole.upper))
    from.fail("has a box that is not inside its clause's");
  range.lower_open = from.flag();
  range.upper_open = from.flag();
  return range;
}

Subproblem read_subproblem(Reader& from, std::uint32_t clause, const Box& box,
                           DataType input_type) {
  Subproblem subproblem;
  subproblem.clause = clause;
  const auto depth = from.get<std::uint32_t>();
  if (depth > kDeepest) from.fail("has shares that are too small");
  subproblem.share = Share::restored(depth);
  subproblem.bound = from.number();
  subproblem.without_rows = from.flag();
  std::int64_t last = -1;
  for (std::size_t k = from.count(22); k > 0; --k) {
    subproblem.box.push_back(read_range(from, box, input_type, last));
    last = subproblem.box.back().input;
  }
  for (std::size_t k = from.count(24); k > 0; --k) {
    Decision decision;
    decision.layer = from.get<std::uint32_t>();
    decision.neuron = from.get<std::uint32_t>();
    decision.lower = from.number();
    decision.upper = from.number();
    if (!(decision.lower <= decision.upper)) from.fail("restricts a neuron to nothing");
    subproblem.decisions.push_back(decision);
  }
  for (std::size_t k = from.count(8); k > 0; --k) {
    std::vector<double> halfspace(from.count(8));
    for (double& g : halfspace) {
      g = from.number();
      if (std::isinf(g)) from.fail("has a half-space that is none");
    }
    subproblem.halfspaces.push_back(std::move(halfspace));
  }
  return subproblem;
}

ClauseState read_clause(Reader& from, std::uint32_t number, const Clause& clause,
                        DataType input_type) {
  ClauseState state;
  state.lowered = from.get<std::uint64_t>();
  state.closed = read_sum(from);
  state.unsplittable = read_sum(from);
  ShareSum all = state.closed;
  all.add(state.unsplittable);
  for (std::size_t k = from.count(37); k > 0; --k) {
    state.open.push_back(read_subproblem(from, number, *clause.box, input_type));
    all.add(state.open.back().share.depth());
  }
  if (all.sum_is() != ShareSum::Is::one) from.fail("has shares that do not add up to a clause");
  return state;
}

void hash_tensor(Hash& hash, const Tensor& tensor) {
  for (std::int64_t k = 0; k < tensor.size(); ++k) hash.number(tensor.at(k));
}

void hash_attribute(Hash& hash, const Attribute& attribute) {
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, Tensor>) {
          hash_tensor(hash, value);
        } else if constexpr (std::is_arithmetic_v<T>) {
          hash.number(value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          hash.bytes(value);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          for (const std::string& text : value) hash.bytes(text + "\n");
        } else {
          for (const auto& number : value) hash.number(number);
        }
      },
      attribute);
}

void hash_row(Hash& hash, const Row& row) {
  hash.number(row.terms.size());
  for (const Term& term : row.terms) {
    hash.number(static_cast<std::uint8_t>(term.of));
    hash.number(term.index);
    hash.bytes(term.coefficient.exact.get_str() + " ");
  }
  hash.bytes(row.strict ? "<" : "<=");
  hash.bytes(row.threshold.exact.get_str());
  hash.number(row.defines);
}

}  // namespace

std::uint64_t problem_fingerprint(const Network& network, const Query& query) {
  Hash hash;
  const auto ids = [&](const std::vector<ValueId>& list) {
    hash.number(list.size());
    for (const ValueId id : list) hash.number(static_cast<std::int32_t>(id));
  };
  ids(network.inputs);
  ids(network.outputs);
  for (const Value& value : network.values) {
    hash.number(static_cast<std::int32_t>(value.type));
    hash.number(static_cast<std::int32_t>(value.half));
    hash.number(value.shape.size());
    for (const std::int64_t size : value.shape) hash.number(size);
    if (value.constant) hash_tensor(hash, *value.constant);
  }
  for (const Node& node : network.nodes) {
    hash.bytes(op_row(node.kind).onnx_name);
    ids(node.inputs);
    ids(node.outputs);
    hash.number(node.opset);
    hash.number(node.attributes.size());
    for (const auto& [key, attribute] : node.attributes) {
      hash.bytes(key);
      hash_attribute(hash, attribute);
    }
  }
  if (query.ball) {
    hash.number(static_cast<std::uint8_t>(query.ball->norm));
    hash.number(query.ball->radius);
    for (const auto* list : {&query.ball->centre, &query.ball->scale})
      for (const double value : *list) hash.number(value);
  }
  for (const Clause& clause : query.clauses) {
    for (const InputInterval& interval : *clause.box) {
      const Ends ends = interval.proof_in(network.input_type());
      hash.number(ends.lower);
      hash.number(ends.upper);
    }
    for (const Row& row : clause.rows) hash_row(hash, row);
    hash.number(clause.rows.size());
  }
  return hash.value();
}

std::string write_state(const SearchState& state) {
  Writer body;
  body.put(state.problem);
  body.count(state.clauses.size());
  for (const ClauseState& clause : state.clauses) {
    body.put(clause.lowered);
    write_sum(body, clause.closed);
    write_sum(body, clause.unsplittable);
    body.count(clause.open.size());
    for (const Subproblem& subproblem : clause.open) write_subproblem(body, subproblem);
  }
  Writer file;
  file.append(kMagic);
  file.put(kStateVersion);
  file.put(checksum(body.bytes()));
  file.append(body.bytes());
  return file.bytes();
}

SearchState read_state(std::string_view bytes, const Query& query, DataType input_type,
                       std::uint64_t fingerprint) {
  if (!bytes.starts_with(kMagic)) throw InputError("this is no saved search");
  const std::string_view rest = bytes.substr(kMagic.size());
  Reader header(rest);
  const auto version = header.get<std::uint32_t>();
  if (version != kStateVersion)
    header.fail("is of version " + std::to_string(version) + "; this program reads version " +
                std::to_string(kStateVersion));
  const auto sum = header.get<std::uint32_t>();
  const std::string_view body = rest.substr(2 * sizeof(std::uint32_t));
  if (checksum(body) != sum) throw InputError("the saved search is damaged: its checksum is wrong");
  Reader from(body);
  SearchState state;
  state.problem = from.get<std::uint64_t>();
  if (state.problem != fingerprint) from.fail("belongs to another network or property");
  if (from.count(32) != query.clauses.size()) from.fail("has another number of clauses");
  for (std::uint32_t k = 0; k < query.clauses.size(); ++k)
    state.clauses.push_back(read_clause(from, k, query.clauses[k], input_type));
  from.expect_end();
  return state;
}

}  // namespace clipbound::solver
