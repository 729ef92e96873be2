#pragma once
// Clipbound as a library: is there an input of a box at which a neural network's outputs satisfy given inequalities?
//
// A worked example. The network computes y = |x0 + x1| from two ReLUs; the question is whether y reaches 1.5 on
// [-1, 1] x [-1, 1]. It does, for instance at (1, 1), so the verdict is sat. With 2.5 for 1.5 it would be unsat.
//
// [example]
//   #include <clipbound/clipbound.h>
//
//   #include <iostream>
//
//   int main() {
//     const auto network = clipbound::Network::from_layers(
//         2, {{.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true}, {.weights = {1, 1}, .bias = {0}}});
//     clipbound::Query query(network.input_size(), network.output_size());
//     query.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, 1.5)});
//     clipbound::Options options;
//     options.set("timeout", "10").set("threads", "1");
//     const clipbound::Result result = clipbound::solve(network, query, options);
//     std::cout << clipbound::name_of(result.verdict) << ": " << result.reason << "\n";
//     for (const double x : result.input) std::cout << x << "\n";
//     return result.verdict == clipbound::Verdict::sat ? 0 : 1;
//   }
// [end]
//
// From files it is Network::load("net.onnx") and Query::load("property.vnnlib").
//
// What the verdicts mean: `unsat` - no such input exists, in exact real arithmetic for the weights as read; `sat` - the
// input in Result::input is one, replayed in the network's own precision with zero tolerance; `timeout` and `unknown` -
// neither was shown, and Result::reason says why.
//
// Thread safety: Network, Query, Options and Result are values. Const members may be called from many threads at once,
// and solve() may run in many threads at once, on the same network and query too. Nothing is printed.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clipbound/errors.h"

// The inline namespace keeps these classes apart from the library's inner ones of the same names.
#ifdef CLIPBOUND_INSIDE
#define CLIPBOUND_V1 clipbound::v1
#else
#define CLIPBOUND_V1 clipbound::inline v1
#endif

namespace CLIPBOUND_V1 {

/// A fully connected layer, y = W x + b, with max(0, .) after it where `relu`.
struct DenseLayer {
  std::vector<float> weights;  ///< [outputs, inputs], row by row
  std::vector<float> bias;     ///< [outputs]
  bool relu = false;
};

/// A neural network. Immutable; copies share it and cost nothing.
class CLIPBOUND_API Network {
 public:
  /// Reads an ONNX file (.onnx or .onnx.gz). Throws InputError (with file and node) or Unsupported (with operator,
  /// node and opset).
  static Network load(const std::string& path);
  /// The same from the bytes of an uncompressed ONNX model; `source` names it in messages.
  static Network parse(const std::string& bytes, const std::string& source = "memory");
  /// A chain of dense layers on `inputs` float32 inputs. Throws InputError where sizes do not fit or a weight is not
  /// finite.
  static Network from_layers(std::size_t inputs, std::span<const DenseLayer> layers);
  static Network from_layers(std::size_t inputs, std::initializer_list<DenseLayer> layers) {
    return from_layers(inputs, std::span<const DenseLayer>(layers.begin(), layers.size()));
  }

  /// Number of inputs X_0..X_{n-1}: all input tensors flattened in C order, one after the other.
  std::size_t input_size() const;
  /// Number of outputs Y_0..Y_{m-1}, likewise.
  std::size_t output_size() const;
  /// True where the network computes in float64, false for float32.
  bool is_float64() const;

  struct Implementation;
  const Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  explicit Network(std::shared_ptr<const Implementation> implementation) : implementation_(std::move(implementation)) {}
  std::shared_ptr<const Implementation> implementation_;
};

/// coefficient * Y_index, or * X_index.
struct Term {
  enum class Of : std::uint8_t { input, output };
  Of of = Of::output;
  std::size_t index = 0;
  double coefficient = 1.0;
};

/// sum of terms <= threshold, or < where `strict`. The numbers are taken exactly.
struct CLIPBOUND_API Row {
  std::vector<Term> terms;
  double threshold = 0.0;
  bool strict = false;

  /// Y_output <= value.
  static Row output_at_most(std::size_t output, double value) { return {{{Term::Of::output, output, 1.0}}, value}; }
  /// Y_output >= value.
  static Row output_at_least(std::size_t output, double value) { return {{{Term::Of::output, output, -1.0}}, -value}; }
  /// Y_smaller <= Y_larger.
  static Row outputs_in_order(std::size_t smaller, std::size_t larger) {
    return {{{Term::Of::output, smaller, 1.0}, {Term::Of::output, larger, -1.0}}};
  }
};

/// What is asked: clauses, one of which a counterexample must satisfy. A clause is a box of inputs and rows that must
/// all hold. Not to be changed while another thread reads the same object; copies are independent.
class CLIPBOUND_API Query {
 public:
  /// Reads a VNN-LIB 1.0 property (.vnnlib or .vnnlib.gz). Throws InputError (with file, line and column) or
  /// Unsupported (VNN-LIB 2.0, nonlinear terms).
  static Query load(const std::string& path);
  /// The same from text; `source` names it in messages.
  static Query parse(std::string_view text, const std::string& source = "text");

  /// No clauses: trivially unsat until some are added.
  Query(std::size_t inputs, std::size_t outputs);
  /// Adds: lower <= x <= upper ([inputs] each) and all rows. Without rows every point of the box is a counterexample.
  /// Throws InputError where sizes or indices do not fit, a number is not finite in float32, lower > upper, or a row
  /// is without terms; the query is then unchanged.
  Query& add_clause(std::span<const double> lower, std::span<const double> upper, std::span<const Row> rows);
  Query& add_clause(std::initializer_list<double> lower, std::initializer_list<double> upper,
                    std::initializer_list<Row> rows) {
    return add_clause(std::span<const double>(lower.begin(), lower.size()),
                      std::span<const double>(upper.begin(), upper.size()),
                      std::span<const Row>(rows.begin(), rows.size()));
  }

  std::size_t input_size() const;
  std::size_t output_size() const;
  std::size_t clause_count() const;
  /// What is odd about the property, with line and column: an output set that is empty or everything, and the like.
  const std::vector<std::string>& warnings() const;

  struct Implementation;
  const Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  explicit Query(std::shared_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
  std::shared_ptr<Implementation> implementation_;
};

/// One option: what it is called and what it may be.
struct OptionDescription {
  std::string name;   ///< in JSON: "time_limit_s"
  std::string flag;   ///< on the command line, without "--": "timeout"
  std::string value;  ///< its default, as text
  std::string range;  ///< "an integer from 0 to 1024"
  std::string help;   ///< one line
  bool boolean = false;
};

/// Options by name; everything has a default that suits all problems.
class CLIPBOUND_API Options {
 public:
  Options();

  /// Sets an option by its name or flag. Throws InputError naming option, value and range; nothing is changed then.
  Options& set(std::string_view name, std::string_view value);
  /// The value as text. Throws InputError where there is no such option.
  std::string get(std::string_view name) const;
  /// Every option there is.
  static std::vector<OptionDescription> list();

  struct Implementation;
  const Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  std::shared_ptr<const Implementation> implementation_;
};

/// Ends solve() early, from another thread or from a signal handler. Copies share one state.
class CLIPBOUND_API Stopper {
 public:
  Stopper();
  /// Every solve() that was given this stopper ends soon with `unknown`; so does every later one, at once.
  /// Async-signal-safe and lock-free.
  void stop() const noexcept;
  bool stopped() const noexcept;

  struct Implementation;
  Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  std::shared_ptr<Implementation> implementation_;
};

enum class Verdict : std::uint8_t { unknown, timeout, sat, unsat };
/// "unknown", "timeout", "sat" or "unsat".
CLIPBOUND_API const char* name_of(Verdict verdict) noexcept;

/// How far a search is.
struct Progress {
  double elapsed_s = 0.0;         ///< seconds since Callbacks::start
  std::uint64_t subproblems = 0;  ///< bounded so far
  std::uint64_t open = 0;         ///< waiting
  double worst_bound = 0.0;       ///< smallest lower bound minus threshold among what was last seen open
  double settled_share = 0.0;     ///< of the input volume, in [0, 1]
};

/// One counter or timer.
struct Statistic {
  std::string name;
  double value = 0.0;  ///< timers in seconds
  bool timer = false;
  std::string help;
};

/// What solve() found.
struct Result {
  Verdict verdict = Verdict::unknown;
  std::string reason;          ///< why it is unknown or timeout, or by what it was decided
  std::vector<double> input;   ///< sat: the counterexample, [inputs], each a value of the network's own precision
  std::vector<double> output;  ///< sat: the network's outputs there, [outputs]
  bool float64 = false;        ///< the network's precision
  Progress progress;           ///< at the end: subproblems, open ones, worst bound, settled share
  std::vector<Statistic> statistics;
};

/// How solve() talks to its caller. All members are optional.
struct Callbacks {
  /// Called now and then from any of the worker threads, one at a time; should be quick. Must not throw.
  std::function<void(const Progress&)> progress;
  /// Messages up to the option "verbose": 1 stages, 2 details, 3 everything. Same rules.
  std::function<void(int level, const std::string& message)> log;
  /// Ends the search early.
  std::optional<Stopper> stopper;
  /// The moment from which the time limit counts; the call of solve() where left out.
  std::optional<std::chrono::steady_clock::time_point> start;
};

/// Decides `query` on `network`. Running out of time or memory is a verdict (`timeout`, `unknown`), not an error.
/// Throws InputError where the query's variables are not the network's, Unsupported for an operator without bounds,
/// ContractError for a bug of ours.
CLIPBOUND_API Result solve(const Network& network, const Query& query, const Options& options = {},
                           const Callbacks& callbacks = {});

/// The competition's result file: the verdict and, for sat, ((X_0 v)\n(X_1 v)...(Y_0 v)). Ends with a newline.
CLIPBOUND_API std::string to_vnncomp(const Result& result);
/// Verdict, reason, counterexample, progress, statistics, options and version as JSON (UTF-8, indented).
CLIPBOUND_API std::string to_json(const Result& result, const Options& options);
/// The same for a run that ended in an error: "verdict" is "error", "reason" the message.
CLIPBOUND_API std::string error_to_json(std::string_view message, const Options& options);

/// "major.minor.patch".
CLIPBOUND_API const char* version() noexcept;
/// The ONNX operators that Network::load() understands, sorted.
CLIPBOUND_API std::vector<std::string> supported_onnx_operators();
/// The opsets of the default ONNX domain that it understands, in ascending order.
CLIPBOUND_API std::vector<int> supported_onnx_opsets();
/// The VNN-LIB versions that Query::load() understands.
CLIPBOUND_API std::vector<std::string> supported_vnnlib_versions();
/// When this process started (Linux; elsewhere the moment of the call), for Callbacks::start.
CLIPBOUND_API std::chrono::steady_clock::time_point process_start();

}  // namespace CLIPBOUND_V1
