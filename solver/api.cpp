// The public classes of include/clipbound/clipbound.h over the inner ones.
#define CLIPBOUND_INSIDE
#include "clipbound/clipbound.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>
#include <list>
#include <mutex>
#include <new>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/log.h"
#include "base/version.h"
#include "solver/solve.h"
#include "specs/number.h"
#include "specs/onnx_reader.h"
#include "specs/op_table.h"
#include "specs/vnnlib.h"

namespace clipbound::v1 {

// ---- Network

struct Network::Implementation {
  std::shared_ptr<const ::clipbound::Network> network;
};

namespace {

constexpr std::size_t kMostVariables = std::numeric_limits<std::int32_t>::max();

ValueId add_value(::clipbound::Network& network, std::string name, Shape shape,
                  std::optional<std::vector<float>> data) {
  Value value{.name = std::move(name), .type = DataType::float32, .shape = std::move(shape), .constant = std::nullopt};
  if (data) value.constant = Tensor{value.shape, std::move(*data)};
  network.values.push_back(std::move(value));
  return ValueId(static_cast<std::int32_t>(network.values.size() - 1));
}

void check_layer(const DenseLayer& layer, std::size_t inputs, const std::string& name) {
  const std::size_t outputs = layer.bias.size();
  if (outputs == 0) throw InputError(name + " has no outputs: its bias is empty");
  if (layer.weights.size() / outputs != inputs || layer.weights.size() % outputs != 0) {
    throw InputError(name + " has " + std::to_string(layer.weights.size()) + " weights, but " +
                     std::to_string(outputs) + " outputs of " + std::to_string(inputs) + " inputs each need " +
                     std::to_string(outputs * inputs));
  }
  const auto finite = [](float x) { return std::isfinite(x); };
  if (!std::all_of(layer.weights.begin(), layer.weights.end(), finite) ||
      !std::all_of(layer.bias.begin(), layer.bias.end(), finite)) {
    throw InputError(name + " has a weight or bias that is not finite");
  }
}

/// Appends a node and the [1, size] value that it computes; returns that value.
ValueId add_node(::clipbound::Network& network, OpKind kind, const std::string& name, std::vector<ValueId> inputs,
                 std::int64_t size, std::map<std::string, Attribute> attributes = {}) {
  constexpr int kOpset = 13;
  const ValueId output = add_value(network, name, {1, size}, std::nullopt);
  network.nodes.push_back({kind, name, kOpset, std::move(inputs), {output}, std::move(attributes)});
  return output;
}

/// Appends Gemm (and Relu) for one layer; returns the value that it computes.
ValueId add_layer(::clipbound::Network& network, const DenseLayer& layer, ValueId input, const std::string& name) {
  const std::int64_t inputs = network.value(input).shape.back();
  const auto outputs = static_cast<std::int64_t>(layer.bias.size());
  const ValueId weights = add_value(network, name + "_W", {outputs, inputs}, layer.weights);
  const ValueId bias = add_value(network, name + "_b", {outputs}, layer.bias);
  const ValueId affine =
      add_node(network, OpKind::gemm, name + "_gemm", {input, weights, bias}, outputs, {{"transB", std::int64_t{1}}});
  return layer.relu ? add_node(network, OpKind::relu, name + "_relu", {affine}, outputs) : affine;
}

template <typename Implementation>
std::shared_ptr<const Implementation> share(::clipbound::Network network) {
  return std::make_shared<const Implementation>(
      Implementation{std::make_shared<const ::clipbound::Network>(std::move(network))});
}

}  // namespace

Network Network::load(const std::string& path) {
  return Network(share<Implementation>(read_onnx(path)));
}

Network Network::parse(const std::string& bytes, const std::string& source) {
  return Network(share<Implementation>(parse_onnx(bytes, source)));
}

Network Network::from_layers(std::size_t inputs, std::span<const DenseLayer> layers) {
  if (inputs == 0 || inputs > kMostVariables) throw InputError("a network needs between 1 and 2^31 - 1 inputs");
  if (layers.empty()) throw InputError("a network needs at least one layer");
  ::clipbound::Network network;
  network.source = "memory";
  ValueId value = add_value(network, "X", {1, static_cast<std::int64_t>(inputs)}, std::nullopt);
  network.inputs = {value};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = "layer" + std::to_string(i);
    check_layer(layers[i], static_cast<std::size_t>(network.value(value).shape.back()), name);
    value = add_layer(network, layers[i], value, name);
  }
  network.outputs = {value};
  network.validate();
  return Network(share<Implementation>(std::move(network)));
}

std::size_t Network::input_size() const {
  return static_cast<std::size_t>(implementation_->network->input_size());
}
std::size_t Network::output_size() const {
  return static_cast<std::size_t>(implementation_->network->output_size());
}
bool Network::is_float64() const {
  return implementation_->network->input_type() == DataType::float64;
}

// ---- Query

struct Query::Implementation {
  ::clipbound::Query query;
};

namespace {

InputInterval interval_of(double lower, double upper, std::size_t index) {
  const auto refuse = [&](const std::string& why) {
    throw InputError("the box of input " + std::to_string(index) + " " + why);
  };
  const float lower32 = static_cast<float>(lower), upper32 = static_cast<float>(upper);
  if (!std::isfinite(lower32) || !std::isfinite(upper32)) refuse("has a bound that is not finite in float32");
  if (lower > upper) refuse("is empty: lower > upper");
  InputInterval edges = lower_edges({lower, lower, lower32});
  const InputInterval above = upper_edges({upper, upper, upper32});
  edges.proof_upper = above.proof_upper;
  edges.attack_upper = above.attack_upper;
  edges.exact_upper = above.exact_upper;
  return edges;
}

::clipbound::Row inner_row(const Row& row, std::size_t inputs, std::size_t outputs) {
  if (!std::isfinite(row.threshold)) throw InputError("a row's threshold is not finite");
  std::vector<std::pair<std::pair<int, std::size_t>, mpq_class>> sums;
  for (const Term& term : row.terms) {
    const bool is_input = term.of == Term::Of::input;
    if (term.index >= (is_input ? inputs : outputs)) {
      throw InputError(std::string("a row speaks of ") + (is_input ? "X_" : "Y_") + std::to_string(term.index) +
                       ", which the query does not have");
    }
    if (!std::isfinite(term.coefficient)) throw InputError("a row's coefficient is not finite");
    const std::pair<int, std::size_t> key{is_input ? 0 : 1, term.index};
    const auto found = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == key; });
    if (found == sums.end()) {
      sums.emplace_back(key, term.coefficient);
    } else {
      found->second += mpq_class(term.coefficient);
    }
  }
  std::sort(sums.begin(), sums.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  ::clipbound::Row inner;
  for (auto& [key, sum] : sums) {
    if (sum == 0) continue;
    inner.terms.push_back({.of = key.first == 0 ? ::clipbound::Term::Of::input : ::clipbound::Term::Of::output,
                           .index = static_cast<std::int32_t>(key.second),
                           .coefficient = make_number(std::move(sum))});
  }
  if (inner.terms.empty()) throw InputError("a row has no term with a coefficient other than zero");
  inner.threshold = make_number(mpq_class(row.threshold));
  inner.strict = row.strict;
  return inner;
}

}  // namespace

Query Query::load(const std::string& path) {
  return Query(std::make_shared<Implementation>(Implementation{read_vnnlib(path)}));
}

Query Query::parse(std::string_view text, const std::string& source) {
  return Query(std::make_shared<Implementation>(Implementation{parse_vnnlib(text, source)}));
}

Query::Query(std::size_t inputs, std::size_t outputs) : implementation_(std::make_shared<Implementation>()) {
  if (inputs == 0 || outputs == 0 || inputs > kMostVariables || outputs > kMostVariables) {
    throw InputError("a query needs between 1 and 2^31 - 1 inputs and outputs");
  }
  implementation_->query.input_size = static_cast<std::int64_t>(inputs);
  implementation_->query.output_size = static_cast<std::int64_t>(outputs);
  implementation_->query.source = "memory";
}

Query& Query::add_clause(std::span<const double> lower, std::span<const double> upper, std::span<const Row> rows) {
  const std::size_t inputs = input_size(), outputs = output_size();
  if (lower.size() != inputs || upper.size() != inputs) {
    throw InputError("a clause's box needs " + std::to_string(inputs) + " lower and upper bounds, got " +
                     std::to_string(lower.size()) + " and " + std::to_string(upper.size()));
  }
  Clause clause;
  Box box;
  box.reserve(inputs);
  for (std::size_t i = 0; i < inputs; ++i) box.push_back(interval_of(lower[i], upper[i], i));
  for (const Row& row : rows) clause.rows.push_back(inner_row(row, inputs, outputs));
  clause.box = std::make_shared<const Box>(std::move(box));
  // Copies are independent: whoever writes first takes a copy of what is shared.
  if (implementation_.use_count() > 1) implementation_ = std::make_shared<Implementation>(*implementation_);
  implementation_->query.clauses.push_back(std::move(clause));
  return *this;
}

std::size_t Query::input_size() const {
  return static_cast<std::size_t>(implementation_->query.input_size);
}
std::size_t Query::output_size() const {
  return static_cast<std::size_t>(implementation_->query.output_size);
}
std::size_t Query::clause_count() const {
  return implementation_->query.clauses.size();
}
const std::vector<std::string>& Query::warnings() const {
  return implementation_->query.warnings;
}

// ---- Options

struct Options::Implementation {
  ::clipbound::Options values;
};

Options::Options() : implementation_(std::make_shared<Implementation>()) {}

Options& Options::set(std::string_view name, std::string_view value) {
  ::clipbound::Options changed = implementation_->values;
  set_option(changed, name, value);
  implementation_ = std::make_shared<Implementation>(Implementation{std::move(changed)});
  return *this;
}

std::string Options::get(std::string_view name) const {
  return get_option(implementation_->values, name);
}

std::vector<OptionDescription> Options::list() {
  const ::clipbound::Options defaults;
  std::vector<OptionDescription> rows;
  for (const OptionInfo& row : option_table()) {
    rows.push_back({std::string(row.field), std::string(row.flag), get_option(defaults, row.field), describe_range(row),
                    std::string(row.help), row.type == OptionInfo::Type::boolean});
  }
  return rows;
}

// ---- Stopper

/// Deadlines of the running solves. They live as long as the state and are only ever appended, so that stop(), which
/// may run in a signal handler, walks the list without a lock; ended solves leave theirs to the next.
struct Stopper::Implementation {
  struct Entry {
    Deadline deadline;
    Entry* next = nullptr;
    bool busy = true;  // guarded by mutex
  };
  std::atomic<bool> stopped{false};
  std::atomic<Entry*> first{nullptr};
  std::mutex mutex;
  std::list<Entry> entries;  // guarded by mutex

  static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<Entry*>::is_always_lock_free);

  Entry& enter(const Deadline& deadline) {
    const std::lock_guard lock(mutex);
    auto free = std::find_if(entries.begin(), entries.end(), [](const Entry& entry) { return !entry.busy; });
    if (free == entries.end()) {
      Entry& entry = entries.emplace_back();
      entry.next = first.load(std::memory_order_relaxed);
      entry.deadline = deadline;
      first.store(&entry, std::memory_order_release);
      free = std::prev(entries.end());
    } else {
      free->deadline = deadline;
      free->busy = true;
    }
    // Either stop() sees this entry, or this sees its flag: the fence pairs with the one in stop().
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (stopped.load(std::memory_order_relaxed)) free->deadline.interrupt();
    return *free;
  }

  void leave(Entry& entry) {
    const std::lock_guard lock(mutex);
    entry.busy = false;
  }
};

Stopper::Stopper() : implementation_(std::make_shared<Implementation>()) {}

void Stopper::stop() const noexcept {
  implementation_->stopped.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (auto* entry = implementation_->first.load(std::memory_order_acquire); entry != nullptr; entry = entry->next) {
    entry->deadline.interrupt();
  }
}

bool Stopper::stopped() const noexcept {
  return implementation_->stopped.load(std::memory_order_relaxed);
}

// ---- solve

namespace {

Progress outer(const SearchProgress& inner) {
  return {inner.elapsed_s, inner.subproblems, inner.open, inner.worst_bound, inner.settled_share};
}

Verdict outer(::clipbound::Verdict verdict) {
  using Inner = ::clipbound::Verdict;
  return verdict == Inner::sat       ? Verdict::sat
         : verdict == Inner::unsat   ? Verdict::unsat
         : verdict == Inner::timeout ? Verdict::timeout
                                     : Verdict::unknown;
}

std::vector<Statistic> outer(const Statistics& statistics) {
  std::vector<Statistic> rows;
  for_each_statistic(statistics, [&]<typename T>(std::string_view name, const T& value, std::string_view help) {
    rows.push_back({std::string(name), static_cast<double>(value), std::is_floating_point_v<T>, std::string(help)});
  });
  return rows;
}

/// Gives the stopper's entry back however solve() ends.
class Registration {
 public:
  Registration(const Stopper& stopper, const Deadline& deadline)
      : state_(stopper.implementation()), entry_(state_.enter(deadline)) {}
  ~Registration() { state_.leave(entry_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  const Deadline& deadline() const { return entry_.deadline; }

 private:
  Stopper::Implementation& state_;
  Stopper::Implementation::Entry& entry_;
};

}  // namespace

Result solve(const Network& network, const Query& query, const Options& options, const Callbacks& callbacks) {
  const ::clipbound::Query& inner_query = query.implementation().query;
  const ::clipbound::Options& values = options.implementation().values;
  const auto& inner_network = network.implementation().network;
  check_against(inner_query, inner_network->input_size(), inner_network->output_size());

  const auto start = callbacks.start.value_or(Deadline::Clock::now());
  const Stopper stopper = callbacks.stopper.value_or(Stopper());
  const Registration registration(stopper, Deadline(start, values.time_limit_s, values.time_reserve_s));
  const Log log(values.verbose, callbacks.log);
  SolveContext context;
  context.deadline = &registration.deadline();
  if (callbacks.progress) context.progress = [&](const SearchProgress& inner) { callbacks.progress(outer(inner)); };
  if (callbacks.log) context.log = [&](int level, const std::string& message) { log.say(level, message); };

  Result result;
  result.float64 = network.is_float64();
  try {
    SolveResult inner = ::clipbound::solve(inner_network, inner_query, values, context);
    result.verdict = outer(inner.verdict);
    result.reason = std::move(inner.reason);
    result.input = std::move(inner.input);
    result.output = std::move(inner.output);
    result.progress = outer(inner.progress);
    result.statistics = outer(inner.statistics);
  } catch (const std::bad_alloc&) {
    result.verdict = Verdict::unknown;
    result.reason = "out of memory";
    result.progress.elapsed_s = registration.deadline().elapsed_s();
    result.statistics = outer(Statistics{});
  }
  return result;
}

// ---- Results as text

const char* name_of(Verdict verdict) noexcept {
  constexpr const char* kNames[] = {"unknown", "timeout", "sat", "unsat"};
  return kNames[static_cast<std::size_t>(verdict)];
}

std::string to_vnncomp(const Result& result) {
  std::string text = std::string(name_of(result.verdict)) + "\n";
  if (result.verdict != Verdict::sat) return text;
  text += "(";
  const auto append = [&](const char* letter, const std::vector<double>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      char number[64];
      // 9 digits identify a float32, 17 a float64. "C" locale or not, a decimal comma would be read wrongly.
      std::snprintf(number, sizeof number, result.float64 ? "%.17g" : "%.9g", values[i]);
      std::replace(number, number + sizeof number, ',', '.');
      text += std::string(text.back() == '(' ? "(" : "\n(") + letter + "_" + std::to_string(i) + " " + number + ")";
    }
  };
  append("X", result.input);
  append("Y", result.output);
  return text + ")\n";
}

namespace {

using Json = nlohmann::ordered_json;

Json header_json(std::string_view verdict, std::string_view reason) {
  Json json;
  json["verdict"] = verdict;
  json["reason"] = reason;
  json["version"] = version();
  return json;
}

Json options_json(const ::clipbound::Options& values) {
  Json json;
  for_each_option(values, [&](std::string_view field, const auto& value) { json[std::string(field)] = value; });
  return json;
}

/// A message may quote bytes of a file that are no UTF-8: they are replaced, never refused.
std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json(const Result& result, const Options& options) {
  Json json = header_json(name_of(result.verdict), result.reason);
  // Numbers that are not finite become null, JSON has none.
  json["counterexample"] = nullptr;
  if (result.verdict == Verdict::sat) {
    json["counterexample"] = {
        {"type", result.float64 ? "float64" : "float32"}, {"input", result.input}, {"output", result.output}};
  }
  json["progress"] = {{"elapsed_s", result.progress.elapsed_s},
                      {"subproblems", result.progress.subproblems},
                      {"open", result.progress.open},
                      {"worst_bound", result.progress.worst_bound},
                      {"settled_share", result.progress.settled_share}};
  Json statistics = Json::object();
  for (const Statistic& row : result.statistics) {
    if (row.timer) {
      statistics[row.name] = row.value;
    } else {
      statistics[row.name] = static_cast<std::uint64_t>(row.value);
    }
  }
  json["statistics"] = std::move(statistics);
  json["options"] = options_json(options.implementation().values);
  return dump(json);
}

std::string error_to_json(std::string_view message, const Options& options) {
  Json json = header_json("error", message);
  json["options"] = options_json(options.implementation().values);
  return dump(json);
}

// ---- About

const char* version() noexcept {
  return version_text();
}

std::vector<std::string> supported_onnx_operators() {
  std::vector<std::string> names = {
#define CLIPBOUND_OP(id, onnx_name, op_class) onnx_name,
#include "specs/op_list.def"
#undef CLIPBOUND_OP
  };
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int> supported_onnx_opsets() {
  std::vector<int> opsets(kNewestOpset - kOldestOpset + 1);
  std::iota(opsets.begin(), opsets.end(), kOldestOpset);
  return opsets;
}

std::vector<std::string> supported_vnnlib_versions() {
  return {"1.0"};
}

std::chrono::steady_clock::time_point process_start() {
  return ::clipbound::process_start();
}

}  // namespace clipbound::v1
