#include "solver/solve.h"

#include <limits>
#include <memory>
#include <new>
#include <optional>

#include "base/check.h"
#include "base/parallel.h"
#include "solver/attack/pgd.h"
#include "solver/root_stage.h"
#include "solver/search/progress_reporter.h"
#include "solver/search/reason.h"
#include "solver/search/state_file.h"
#include "solver/search_stage.h"
#include "solver/strategy.h"
#include "specs/simplify/equated_inputs.h"
#include "specs/simplify/input_rows.h"
#include "specs/simplify/simplify.h"
#include "specs/simplify/terminal_softmax.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound::solver {

namespace {

/// One run of solve(): the stages in their order.
class Run {
 public:
  Run(std::shared_ptr<const Network> network, const Query& query, const Options& options,
      const SolveContext& context)
      : network_(std::move(network)),
        asked_(query),
        equated_(equate_inputs(network_, query)),
        narrowed_(narrow_boxes(equated_ ? equated_->query : query, network_->input_type())),
        query_(narrowed_ ? *narrowed_ : (equated_ ? equated_->query : query)),
        options_(options),
        deadline_(context.deadline != nullptr ? *context.deadline : unlimited_),
        judge_(network_, query, equated_ ? equated_->definitions : std::vector<InputDefinition>()),
        book_(query_),
        search_{.options = options,
                .deadline = deadline_,
                .judge = judge_,
                .statistics = result_.statistics,
                .threads = options.threads > 0 ? options.threads : available_threads(),
                .attack = {},
                .progress = &book_,
                .log = context.log,
                .keeper = nullptr,
                .cuts = nullptr,
                .trace = context.trace},
        trace_(context.trace),
        left_(context.left),
        only_root_(context.only_root),
        keeper_(query_, context.resume),
        checkpoint_(context.checkpoint),
        cuts_(deadline_, keeper_, context.checkpoint_s, writes()),
        reporter_(reports_to(context.progress),
                  std::chrono::milliseconds(trace_ != nullptr ? 25 : 200)) {
    CLIPBOUND_CHECK(context.resume == nullptr ||
                    (context.resume->problem == problem_fingerprint(*network_, query) &&
                     context.resume->clauses.size() == query.clauses.size()));
    if (options.deterministic) deadline_.count_work();
    if (trace_ != nullptr) trace_->begin(query_);
    if (context.resume != nullptr || context.left != nullptr || checkpoint_ || context.divide != 0)
      search_.keeper = &keeper_;
    if (context.resume != nullptr) book_.resume(*context.resume);
    if (checkpoint_ || context.divide != 0) search_.cuts = &cuts_;
    if (context.divide != 0) cuts_.divide(context.divide, context.enough);
  }

  SolveResult run_attack() {
    if (!prepare()) return decide(Verdict::unsat, "no point of the input set is asked for");
    if (attack(std::numeric_limits<double>::infinity())) return found();
    return stopped(Stage::attack, "`attack` alone looks for counterexamples until it is stopped");
  }

  /// Memory ran out somewhere.
  SolveResult out_of_memory() {
    deadline_.out_of_memory();
    return stopped(book_.stage());
  }

  SolveResult run() {
    if (!prepare()) return decide(Verdict::unsat, "no point of the input set is asked for");
    if (options_.attack && attack(first_attack_s(pgd_->work()))) return found();
    if (deadline_.expired()) return stopped(book_.stage());
    stage_.emplace(simplified_, query_, search_, all_threads_attack(), keeps_nan_);
    OpenRoots roots = stage_->run();
    if (judge_.found()) return found();
    if (!roots.cases.empty() && !only_root_) return search_in_cases(roots);
    log(1, "root bounds: " + std::to_string(roots.clauses.size()) + " of " +
               std::to_string(query_.clauses.size()) + " clauses stay open");
    for (const BoxSubproblems& task : roots.boxes) log(2, describe_root(task));
    if (deadline_.expired()) return stopped(book_.stage());
    if (only_root_ && !roots.cases.empty()) return undecided_at_root();
    if (roots.clauses.empty()) return decide(Verdict::unsat, "refuted by the root bounds");
    if (options_.attack) {
      pgd_->focus(roots.clauses);
      if (attack(root_attack_s(roots.spent_s))) return found();
    }
    if (only_root_) return undecided_at_root();
    if (!roots.no_search.empty()) return attack_only(roots.no_search);
    if (!roots.interval_only.empty())
      return attack_only("the outputs are bounded by intervals alone: " + roots.interval_only);
    return search(std::move(roots));
  }

 private:
  /// False where nothing is asked for.
  bool prepare() {
    check_against(asked_, network_->input_size(), network_->output_size());
    if (equated_ && !equated_->definitions.empty())
      log(1, std::to_string(equated_->definitions.size()) +
                 " inputs are given by others and are substituted");
    std::vector<std::size_t> which = clauses_with_points();
    if (which.empty()) return false;
    Simplified simplified = simplify(equated_ ? equated_->network : network_);
    simplified_ = std::move(simplified.network);
    for (const UndoRecord& record : simplified.records) log(2, record.pass + ": " + record.what);
    if (auto shortened = without_softmax(*simplified_, query_);
        shortened != nullptr && compares_with_largest(query_)) {
      log(2, "rows compare outputs with the largest: the softmax at the end changes no order");
      simplified_ = simplify(std::move(shortened)).network;
      keeps_nan_ = false;  // a softmax of NaN may be anything
    }
    pgd_ = std::make_unique<PgdAttack>(simplified_, query_, std::move(which),
                                       static_cast<std::uint64_t>(options_.seed));
    if (options_.attack)
      search_.attack = [this](double seconds, Statistics& statistics) {
        pgd_->run(seconds, deadline_, judge_, statistics);
      };
    return true;
  }
  /// A box may be empty for one type of inputs alone: which one the network has, the reader of the
  /// query did not know.
  std::vector<std::size_t> clauses_with_points() {
    std::vector<std::size_t> which;
    const Box* last = nullptr;
    bool empty = false;
    for (std::size_t k = 0; k < query_.clauses.size(); ++k) {
      const Clause& clause = query_.clauses[k];
      if (clause.box.get() != last) empty = is_empty(*clause.box, network_->input_type());
      last = clause.box.get();
      if (empty) {
        keeper_.keep_refuted(clause);
        book_.root_refuted(clause);
      } else {
        which.push_back(k);
      }
    }
    return which;
  }
  const Network& searched_network() const { return equated_ ? *equated_->network : *network_; }
  void log(int level, const std::string& message) const { search_.say(level, message); }
  SearchProgress progress() const { return book_.now(deadline_.elapsed_s()); }
  std::function<void()> reports_to(const ProgressCallback& callback) const {
    if (!callback) return {};
    return [this, callback] { callback(progress()); };
  }
  void enter(Stage stage) { book_.enter(stage, deadline_.elapsed_s(), result_.statistics); }
  SolveResult decide(Verdict verdict, std::string reason) {
    reporter_.stop();
    result_.verdict = verdict;
    result_.reason = std::move(reason);
    result_.statistics.candidates = judge_.replayed();
    result_.statistics.checkpoints = cuts_.written();
    result_.statistics.checkpoint_s = cuts_.cost_s();
    enter(book_.stage());
    result_.progress = progress();
    if (verdict == Verdict::unsat) {
      result_.progress.settled_share = 1.0;
      result_.progress.refuted = result_.progress.bounded = result_.progress.clauses;
      result_.progress.open = 0;
      result_.progress.weakest.reset();
      result_.progress.worst_bound.reset();
    }
    if (verdict == Verdict::unsat) keeper_.keep_all_refuted();
    if (left_ != nullptr && verdict != Verdict::sat) *left_ = identified(keeper_.take());
    return std::move(result_);
  }
  /// Says of which network and property a state is.
  SearchState identified(SearchState state) {
    if (!fingerprint_) fingerprint_ = problem_fingerprint(*network_, asked_);
    state.problem = *fingerprint_;
    return state;
  }
  void write_checkpoint(SearchState state, const Statistics& running);
  /// Empty: nobody takes them.
  Cuts::Write writes() {
    if (!checkpoint_) return {};
    return [this](SearchState state, const Statistics& running) {
      write_checkpoint(std::move(state), running);
    };
  }
  SolveResult found() {
    result_.input = judge_.input();
    result_.output = judge_.output();
    return decide(Verdict::sat, "counterexample replayed in three summation orders");
  }
  /// What is known of what is open: the weakest row, points that did not replay, what would help.
  std::string open_end(const SearchProgress& now, const std::string& help) const {
    std::string text;
    if (now.weakest) text += "; weakest: " + describe(query_, *now.weakest);
    if (const std::string why_not = judge_.why_not(); !why_not.empty()) text += "; " + why_not;
    return text + "; what would help: " + help;
  }
  /// `help`: what would; empty: as the stage says.
  SolveResult stopped(Stage stage, const std::string& help = {}) {
    if (stage != book_.stage()) enter(stage);
    const SearchProgress now = progress();
    const StopReason why = deadline_.reason();
    const std::string end =
        " " + where(now) + open_end(now, help.empty() ? what_would_help(now, why) : help);
    switch (why) {
      case StopReason::interrupted: return decide(Verdict::unknown, "interrupted" + end);
      case StopReason::memory: return decide(Verdict::unknown, "out of memory" + end);
      default: return decide(Verdict::timeout, "out of time" + end);
    }
  }
  SolveResult undecided_at_root() {
    return decide(Verdict::unknown,
                  "the root bounds leave clauses open, and no more was asked for");
  }

  static std::string describe_root(const BoxSubproblems& task) {
    return "clause of line " + std::to_string(task.root->clause->line) + ": " +
           std::to_string(task.root->kept.size()) + " inputs vary, " +
           (task.problem == nullptr ? "too many neurons unstable for a reduced network"
                                    : std::to_string(task.problem->neurons) + " neurons unstable");
  }
  /// Where no split makes bounds better, a counterexample may still be found: until time is over,
  /// or for a while where it is unlimited.
  SolveResult attack_only(const std::string& why) {
    log(1, why + "; only counterexamples are searched for");
    if (options_.attack && attack(blind_attack_s(deadline_.left_s()))) return found();
    if (deadline_.reason() != StopReason::none)
      return stopped(Stage::attack, "linear bounds, because no proof is possible: " + why);
    return decide(Verdict::unknown, "no counterexample found, and no proof is possible: " + why);
  }
  RootStage::Attack all_threads_attack() {
    if (!options_.attack) return {};
    return [this](double seconds) { return attack(seconds); };
  }
  bool attack(double seconds);
  SolveResult search(OpenRoots roots);
  SolveResult search_in_cases(const OpenRoots& roots);
  SolveResult conclude(const SearchOutcome& outcome);
  SolveResult unsplittable(const SearchOutcome& outcome);

  std::shared_ptr<const Network> network_, simplified_;
  const Query& asked_;  // as read
  const std::optional<EquatedInputs> equated_;
  const std::optional<Query> narrowed_;  // by rows over inputs alone
  const Query& query_;                   // as searched
  const Options& options_;
  const Deadline unlimited_;
  const Deadline& deadline_;
  CandidateJudge judge_;
  ProgressBook book_;
  SolveResult result_;
  SearchContext search_;
  SearchTrace* const trace_;
  SearchState* const left_;
  const bool only_root_;
  StateKeeper keeper_;
  const std::function<void(const SearchState&, const Statistics&)>& checkpoint_;
  Cuts cuts_;
  std::optional<std::uint64_t> fingerprint_;  // of what is asked; it takes a look at all weights
  std::unique_ptr<PgdAttack> pgd_;
  std::optional<RootStage> stage_;
  bool keeps_nan_ = true;      // what is bounded makes NaN where the network as read does
  ProgressReporter reporter_;  // last: it reads what is above
};

bool Run::attack(double seconds) {
  const double begin = deadline_.elapsed_s();
  const Stage before = book_.stage();
  enter(Stage::attack);
  // Threads are not free to start either.
  pgd_->run_on(seconds > strategy::kShortestFirstAttack_s ? search_.threads : 1, seconds, deadline_,
               judge_, result_.statistics);
  result_.statistics.attack_s += deadline_.elapsed_s() - begin;
  // Where the attack is what the time ran out in, it is the stage that is told.
  if (!judge_.found() && !deadline_.expired()) enter(before);
  return judge_.found();
}

void Run::write_checkpoint(SearchState state, const Statistics& running) {
  // What the book has of the search at hand are its subproblems alone.
  Statistics so_far = progress().statistics;
  const std::uint64_t subproblems = so_far.subproblems;
  so_far += running;
  so_far.subproblems = subproblems;
  so_far.candidates = judge_.replayed();
  so_far.checkpoints = cuts_.written();
  so_far.checkpoint_s = cuts_.cost_s();
  checkpoint_(identified(std::move(state)), so_far);
}

SolveResult Run::search_in_cases(const OpenRoots& roots) {
  // Cases bring no attack of their own, and what chooses among them has no gradients: finding a bad
  // one takes the attack a while. Where they are few, they are all searched before it.
  std::function<bool()> attack_them;
  if (options_.attack) attack_them = [this] { return attack(case_attack_s(deadline_.left_s())); };
  const double begin = deadline_.elapsed_s(), attacked = result_.statistics.attack_s;
  enter(Stage::search);
  const SearchOutcome outcome = search_all_cases(roots.cases, search_, attack_them);
  result_.statistics.search_s +=
      deadline_.elapsed_s() - begin - (result_.statistics.attack_s - attacked);
  SolveResult result = conclude(outcome);
  if (result.verdict == Verdict::unknown && !roots.interval_only.empty())
    result.reason += "; the outputs are bounded by intervals alone: " + roots.interval_only;
  return result;
}

SolveResult Run::search(OpenRoots roots) {
  const double begin = deadline_.elapsed_s();
  enter(Stage::search);
  const SearchOutcome outcome = search_roots(std::move(roots), *stage_, search_);
  result_.statistics.search_s += deadline_.elapsed_s() - begin;
  return conclude(outcome);
}

SolveResult Run::conclude(const SearchOutcome& outcome) {
  if (judge_.found()) return found();
  if (outcome.exhausted) return decide(Verdict::unsat, "every subproblem refuted");
  if (deadline_.reason() != StopReason::none) return stopped(Stage::search);
  // No proof is to be had; a counterexample may still be.
  if (options_.attack && attack(blind_attack_s(deadline_.left_s()))) return found();
  return unsplittable(outcome);
}

SolveResult Run::unsplittable(const SearchOutcome& outcome) {
  std::string reason =
      std::to_string(outcome.unsplittable) + " subproblems cannot be split further: ";
  const std::optional<OpenRow> worst = book_.given_up();
  if (outcome.holds_in_reals) {
    reason +=
        "in real arithmetic the property is violated there, but at no point that was tried as "
        "the network computes it";
  } else if (worst && within_rounding(searched_network(), query_, *worst)) {
    reason += "the property holds or fails by less than the arithmetic can tell";
  } else {
    reason += "no split makes their bounds better";
  }
  SearchProgress now = progress();
  if (worst) now.weakest = worst;
  return decide(Verdict::unknown,
                reason + open_end(now, "a property with a wider margin, or a smaller box"));
}

SolveResult decide_by(SolveResult (Run::*stages)(), std::shared_ptr<const Network> network,
                      const Query& query, const Options& options, const SolveContext& context) {
  CLIPBOUND_CHECK(network != nullptr);
  Run run(std::move(network), query, options, context);
  try {
    return (run.*stages)();
  } catch (const std::bad_alloc&) {
    return run.out_of_memory();
  }
}

}  // namespace

SolveResult solve(std::shared_ptr<const Network> network, const Query& query,
                  const Options& options, const SolveContext& context) {
  return decide_by(&Run::run, std::move(network), query, options, context);
}

SolveResult search_counterexample(std::shared_ptr<const Network> network, const Query& query,
                                  const Options& options, const SolveContext& context) {
  return decide_by(&Run::run_attack, std::move(network), query, options, context);
}

}  // namespace clipbound::solver
