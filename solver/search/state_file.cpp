#include "solver/search/state_file.h"

#include <zlib.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "base/binary.h"
#include "base/error.h"
#include "base/hash.h"
#include "specs/network/op_table.h"

namespace clipbound::solver {

namespace {

constexpr std::string_view kMagic = "CLIPBOUND STATE\n";
constexpr const char* kName = "the saved search";

// No state that a search can reach is larger: a reader must not allocate what a few bytes claim.
constexpr std::uint32_t kDeepest = 1U << 20U;
constexpr std::uint64_t kMostTimes = std::uint64_t{1} << 60U;  // sums of some such do not overflow

std::uint32_t checksum(std::string_view bytes) {
  return static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

void write_sum(BinaryWriter& to, const ShareSum& sum) {
  to.count(sum.counts().size());
  for (const std::uint64_t times : sum.counts()) to.put(times);
}

ShareSum read_sum(BinaryReader& from) {
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

void write_subproblem(BinaryWriter& to, const Subproblem& subproblem) {
  to.put(subproblem.share.depth());
  to.put(subproblem.bound);
  to.flag(subproblem.without_rows);
  to.count(subproblem.box.size());
  for (const InputRange& range : subproblem.box) {
    to.put(range.input);
    to.put(range.lower);
    to.put(range.upper);
    to.flag(range.lower_open);
    to.flag(range.upper_open);
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

InputRange read_range(BinaryReader& from, const Box& box, DataType input_type, std::int64_t after) {
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

Subproblem read_subproblem(BinaryReader& from, std::uint32_t clause, const Box& box,
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

ClauseState read_clause(BinaryReader& from, std::uint32_t number, const Clause& clause,
                        DataType input_type) {
  ClauseState state;
  state.lowered = from.get<std::uint64_t>();
  state.closed = read_sum(from);
  state.unsplittable = read_sum(from);
  state.elsewhere = read_sum(from);
  ShareSum all = state.closed;
  all.add(state.unsplittable);
  all.add(state.elsewhere);
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
  BinaryWriter body;
  body.put(state.problem);
  body.count(state.clauses.size());
  for (const ClauseState& clause : state.clauses) {
    body.put(clause.lowered);
    write_sum(body, clause.closed);
    write_sum(body, clause.unsplittable);
    write_sum(body, clause.elsewhere);
    body.count(clause.open.size());
    for (const Subproblem& subproblem : clause.open) write_subproblem(body, subproblem);
  }
  BinaryWriter file;
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
  BinaryReader header(kName, rest);
  const auto version = header.get<std::uint32_t>();
  if (version != kStateVersion)
    header.fail("is of version " + std::to_string(version) + "; this program reads version " +
                std::to_string(kStateVersion));
  const auto sum = header.get<std::uint32_t>();
  const std::string_view body = rest.substr(2 * sizeof(std::uint32_t));
  if (checksum(body) != sum) throw InputError("the saved search is damaged: its checksum is wrong");
  BinaryReader from(kName, body);
  SearchState state;
  state.problem = from.get<std::uint64_t>();
  if (state.problem != fingerprint) from.fail("belongs to another network or property");
  if (from.count(40) != query.clauses.size()) from.fail("has another number of clauses");
  for (std::uint32_t k = 0; k < query.clauses.size(); ++k)
    state.clauses.push_back(read_clause(from, k, query.clauses[k], input_type));
  from.expect_end();
  return state;
}

}  // namespace clipbound::solver
