#pragma once
// Idea: solve(): verdicts.
// Source: Zhou et al., Clip-and-Verify, NeurIPS 2025; docs/architecture.md.
// Guarantees: what a verdict says is true; docs/soundness.md.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clipbound/checkpoint.h"
#include "clipbound/errors.h"
#include "clipbound/file_info.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/query.h"

namespace clipbound {

/// Ends solve() early, from another thread or from a signal handler. Copies share one state.
/// Thread safety: all members may be called from many threads at once.
class CLIPBOUND_API Stopper {
 public:
  Stopper();
  /// Every solve() that was given this stopper ends soon with `unknown`; so does every later one,
  /// at once. Async-signal-safe and lock-free.
  void stop() const noexcept;
  /// True after stop().
  bool stopped() const noexcept;

  struct Implementation;                                               ///< the library's own
  Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  std::shared_ptr<Implementation> implementation_;
};

/// While it lives, solves with `options.threads` above the number of cores really use so many
/// threads. For programs: oneTBB otherwise keeps to the cores for the whole process, which is what
/// a library should do. Thread safety: may be made and destroyed in any thread.
class CLIPBOUND_API ThreadAllowance {
 public:
  /// For so many threads; nothing changes where there are as many cores, or for 0.
  explicit ThreadAllowance(int threads);
  ~ThreadAllowance();
  ThreadAllowance(const ThreadAllowance&) = delete;
  ThreadAllowance& operator=(const ThreadAllowance&) = delete;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

/// Records one solve(): what was split, bounded, clipped and refuted, when and by which thread.
/// Copies share one record. At most 2^16 subproblems are recorded, the others counted; memory and
/// the text's length are bounded. Thread safety: give it to one solve(), read it after that.
class CLIPBOUND_API Trace {
 public:
  Trace();
  struct Implementation;                                               ///< the library's own
  Implementation& implementation() const { return *implementation_; }  ///< for the library itself

 private:
  std::shared_ptr<Implementation> implementation_;
};

/// The answer: is there a counterexample? clipbound.h says what each means.
enum class Verdict : std::uint8_t {
  unknown,  ///< neither was shown
  timeout,  ///< neither was shown in time
  sat,      ///< yes, here it is
  unsat     ///< no, proved
};
/// "unknown", "timeout", "sat" or "unsat".
CLIPBOUND_API const char* name_of(Verdict verdict) noexcept;

/// What a run is at, in the order in which it comes there first; attacks come again.
enum class Stage : std::uint8_t {
  reading,   ///< files, before solve() begins
  attack,    ///< looking for a counterexample
  lowering,  ///< simplifying the network, and making layers of it
  root,      ///< bounding the clauses' whole boxes
  search     ///< branch-and-bound
};
/// "reading", "attack", "lowering", "root bounds" or "search".
CLIPBOUND_API const char* name_of(Stage stage) noexcept;

/// One counter or timer.
struct Statistic {
  std::string name;    ///< its field in JSON
  double value = 0.0;  ///< timers in seconds
  bool timer = false;  ///< else a counter
  std::string help;    ///< what it counts
};
/// Every statistic there is, with the value 0.
CLIPBOUND_API std::vector<Statistic> all_statistics();

/// A row of a clause that is not refuted.
struct WeakestRow {
  std::size_t clause = 0;  ///< its number in the query, from 0
  int line = 0;            ///< where that begins in the query's file; 0 where there is none
  std::size_t row = 0;     ///< its number in the clause, from 0
  double bound = 0.0;      ///< lower bound minus threshold, negative
  std::string text;        ///< all this in words
};

/// How far a run is. Members that say so never fall; nothing stands where nothing is known.
struct Progress {
  double elapsed_s = 0.0;             ///< seconds since Callbacks::start; never falls
  Stage stage = Stage::reading;       ///< what it is at
  std::uint64_t clauses = 0;          ///< of the query; 0 while it is read
  std::uint64_t bounded = 0;          ///< of these, on their whole boxes; never falls
  std::uint64_t refuted = 0;          ///< of these; never falls
  std::uint64_t subproblems = 0;      ///< bounded so far; never falls
  std::optional<std::uint64_t> open;  ///< subproblems that are not refuted
  /// At every point of what is open, some row of the clause is at least so far above its threshold:
  /// a bound of the whole query, negative. Never falls; nothing where nothing is open.
  std::optional<double> worst_bound;
  std::optional<WeakestRow> weakest;  ///< of what was last seen open
  /// The largest share of the clauses' trees that was closed at one time, in [0, 1]; never falls,
  /// and is 1 only where nothing is open.
  double settled_share = 0.0;
  /// What it has cost so far, while it runs; Result::statistics in the end. Searches that go on
  /// have handed in their subproblems alone.
  std::vector<Statistic> statistics;
};

/// The clause of a query that a counterexample satisfies.
struct ViolatedClause {
  std::size_t clause = 0;  ///< its number in the query, from 0; the first where it is several
  int line = 0;            ///< where that begins in the query's file; 0 where there is none
  std::vector<std::string> rows;  ///< its rows in words: "Y_0 - Y_1 <= 0.5"
};

/// What solve() found.
struct Result {
  Verdict verdict = Verdict::unknown;  ///< the answer
  std::string reason;                  ///< why it is unknown or timeout, or by what it was decided
  /// Where sat: the counterexample, [inputs], each a value of the network's own precision.
  std::vector<double> input;
  std::vector<double> output;              ///< sat: the network's outputs there, [outputs]
  std::optional<ViolatedClause> violated;  ///< sat: what it satisfies
  bool float64 = false;                    ///< the network's precision
  Progress progress;                       ///< at the end, without statistics
  std::vector<Statistic> statistics;       ///< what it cost
  std::vector<FileInfo> networks;          ///< of what it is the result; nothing: not read
  std::optional<FileInfo> property;        ///< and of which property
  /// The SHA-256 of the part of a divided search that this is the result of; empty: of the query.
  std::string part;
};

/// How solve() talks to its caller. All members are optional.
struct Callbacks {
  /// Called at once and then now and then, from a thread of its own; should be quick. Must not
  /// throw.
  std::function<void(const Progress&)> progress = {};
  /// Messages up to the option "verbose": 1 stages, 2 details, 3 everything. Same rules.
  std::function<void(int level, const std::string& message)> log = {};
  /// Ends the search early.
  std::optional<Stopper> stopper = {};
  /// The moment from which the time limit counts; the call of solve() where left out.
  std::optional<std::chrono::steady_clock::time_point> start = {};
  /// Records what the search does; `progress` is called more often then.
  std::optional<Trace> trace = {};
  /// Goes on with a search that was left, of the same network and query; options may be others.
  /// Throws InputError where it is of others, or of a part of a divided search that is not asked
  /// for. Statistics and settled share begin with its.
  std::optional<SavedSearch> resume = {};
  /// `resume` is of a part of a divided search, and the verdict is to be that of the part alone.
  bool part_alone = false;
  /// Has the search saved while it runs, and when it ends.
  std::optional<CheckpointRequest> checkpoint = {};
};

/// Decides `query` on `network`. Running out of time or memory is a verdict (`timeout`, `unknown`),
/// not an error. Method: clipped linear bounds inside branch-and-bound (Zhou et al.,
/// Clip-and-Verify, NeurIPS 2025); docs/soundness.md says why the verdicts are true. Throws
/// InputError where the query's variables are not the network's, Unsupported for an operator
/// without bounds where the option "attack" is off, ContractError for a bug of ours. Thread safety:
/// may run in many threads at once; each run uses as many threads of its own as the option
/// "threads" says.
CLIPBOUND_API Result solve(const Network& network, const Query& query, const Options& options = {},
                           const Callbacks& callbacks = {});
/// Only looks for a counterexample, until the time limit or for ever: `unsat` is said of queries
/// alone that ask for no point. For networks of any operators, those without bounds too. Otherwise
/// as solve().
CLIPBOUND_API Result attack(const Network& network, const Query& query, const Options& options = {},
                            const Callbacks& callbacks = {});

/// The competition's result file: the verdict and, for sat, ((X_0 v)\n(X_1 v)...(Y_0 v)). Ends with
/// a newline.
CLIPBOUND_API std::string to_vnncomp(const Result& result);
/// Verdict, reason, header_json(), counterexample and the clause that it satisfies, progress,
/// statistics and options as JSON (UTF-8, indented); numbers that are not finite are null.
CLIPBOUND_API std::string to_json(const Result& result, const Options& options);
/// The same for a run that ended in an error: "verdict" is "error", "reason" the message.
CLIPBOUND_API std::string error_to_json(std::string_view message, const Options& options,
                                        std::span<const FileInfo> networks = {},
                                        const FileInfo* property = nullptr);
/// The record of the solve() that has found this, as JSON lines (docs/trace.md). `command`: by what
/// it was run, for readers.
CLIPBOUND_API std::string to_trace(const Trace& trace, const Result& result, const Options& options,
                                   std::string_view command = {});

}  // namespace clipbound
