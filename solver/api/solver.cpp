// Idea: constraints come and go as on a stack, so that what an earlier call found is known by how
// many of them it had: a call that has all of them and more may use it.
// Source: own.
// Guarantees: an earlier `unsat` or tree serves stronger queries alone (S10); counterexamples are
// judged anew.
#include "include/clipbound/solver.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>

#include "solver/api/incremental.h"
#include "solver/search/state_file.h"
#include "solver/search/warm_start.h"

namespace clipbound {

namespace {

constexpr std::size_t kMostClauses = 100'000, kMostPoints = 16;

/// All rows of one of the alternatives hold.
struct Constraint {
  std::vector<Rows> alternatives;

  /// Rows over inputs alone change the box that is searched.
  bool changes_boxes() const {
    const auto reads_output = [](const Row& row) {
      return std::any_of(row.terms.begin(), row.terms.end(),
                         [](const Term& term) { return term.of == Term::Of::output; });
    };
    return !std::all_of(alternatives.begin(), alternatives.end(), [&](const Rows& rows) {
      return std::all_of(rows.begin(), rows.end(), reads_output);
    });
  }
};

/// What a call found, under the first `constraints` of those that are there.
struct Known {
  std::size_t constraints = 0;
  bool unsat = false;
  solver::SearchState state;
};

}  // namespace

struct Solver::Implementation {
  Implementation(Network of, std::vector<double> from, std::vector<double> to, Options how)
      : network(std::move(of)),
        lower(std::move(from)),
        upper(std::move(to)),
        options(std::move(how)) {}

  Network network;
  std::vector<double> lower, upper;
  Options options;
  std::vector<Constraint> constraints;
  std::vector<std::size_t> levels;  ///< constraints below each
  /// Of calls whose constraints are all still there, so that they are the first ones; most last.
  std::vector<Known> known;
  std::deque<std::vector<double>> points;  ///< counterexamples, newest first
  const char* used = "";
  std::atomic<bool> in_use{false};

  std::size_t clauses_of(std::size_t first) const {
    std::size_t clauses = 1;
    for (std::size_t c = first; c < constraints.size(); ++c)
      clauses *= constraints[c].alternatives.size();
    return clauses;
  }

  /// Clause k takes the alternatives that k's digits say, the last constraint's changing fastest.
  Query query() const {
    std::vector<Rows> clauses(1);
    for (const Constraint& constraint : constraints) {
      std::vector<Rows> longer;
      for (const Rows& rows : clauses) {
        for (const Rows& more : constraint.alternatives) {
          longer.push_back(rows);
          longer.back().insert(longer.back().end(), more.begin(), more.end());
        }
      }
      clauses = std::move(longer);
    }
    Query query(network.input_size(), network.output_size());
    for (const Rows& rows : clauses) query.add_clause(lower, upper, rows);
    return query;
  }

  /// Throws where the rows fit no clause.
  void check(const Rows& rows) const {
    Query(network.input_size(), network.output_size()).add_clause(lower, upper, rows);
  }

  void add(std::vector<Rows> alternatives) {
    if (alternatives.empty())
      throw InputError("a constraint needs an alternative: of none, none ever holds");
    for (const Rows& rows : alternatives) check(rows);
    if (clauses_of(0) > kMostClauses / alternatives.size()) {
      throw InputError("the constraints' alternatives make more than " +
                       std::to_string(kMostClauses) + " clauses");
    }
    constraints.push_back({std::move(alternatives)});
  }

  void cut_to(std::size_t count) {
    constraints.resize(count);
    std::erase_if(known, [&](const Known& k) { return k.constraints > count; });
  }

  /// The tree of the latest call that serves all that has been added since; nullptr: there is none.
  const Known* tree() const {
    for (auto k = known.rbegin(); k != known.rend(); ++k) {
      const bool same_boxes = std::none_of(
          constraints.begin() + static_cast<std::ptrdiff_t>(k->constraints), constraints.end(),
          [](const Constraint& added) { return added.changes_boxes(); });
      if (same_boxes) return &*k;
    }
    return nullptr;
  }

  Result solve(const Callbacks& callbacks);
  Result search(const Query& asked, const Callbacks& callbacks);
};

namespace {

/// Holds a solver while something happens to it: what a call knows has to be of its constraints,
/// whoever calls meanwhile (another thread, or a callback).
class Use {
 public:
  explicit Use(std::atomic<bool>& in_use) : in_use_(in_use) {
    if (in_use_.exchange(true))
      throw InputError("the solver is in use: by another thread, or by the call of this callback");
  }
  ~Use() { in_use_.store(false); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  std::atomic<bool>& in_use_;
};

}  // namespace

Result Solver::Implementation::solve(const Callbacks& callbacks) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = callbacks.start.value_or(Clock::now());
  const auto elapsed_s = [&] {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  const Query asked = query();
  const bool known_unsat =
      std::any_of(known.begin(), known.end(), [](const Known& earlier) { return earlier.unsat; });
  if (known_unsat) {
    used = "unsat";
    Result result;
    result.verdict = Verdict::unsat;
    result.reason = "an earlier call had fewer constraints and was unsat";
    result.float64 = network.is_float64();
    result.networks = {network.file()};
    result.property = asked.file();
    result.statistics = all_statistics();
    result.progress.clauses = result.progress.bounded = result.progress.refuted =
        asked.clause_count();
    result.progress.open = 0;
    result.progress.settled_share = 1.0;
    result.progress.elapsed_s = elapsed_s();
    return result;
  }
  for (const std::vector<double>& point : points) {
    if (std::optional<Result> again = counterexample_at(network, asked, point)) {
      used = "counterexample";
      again->progress.elapsed_s = elapsed_s();
      return *std::move(again);
    }
  }
  return search(asked, callbacks);
}

Result Solver::Implementation::search(const Query& asked, const Callbacks& callbacks) {
  solver::SearchState resumed, left;
  const Known* const earlier = tree();
  used = earlier != nullptr ? "tree" : "";
  if (earlier != nullptr) {
    std::vector<std::uint32_t> from(asked.clause_count());
    const std::size_t each = clauses_of(earlier->constraints);
    for (std::size_t k = 0; k < from.size(); ++k) from[k] = static_cast<std::uint32_t>(k / each);
    resumed = strengthened(earlier->state, from,
                           solver::problem_fingerprint(*network.implementation().network,
                                                       asked.implementation().query));
  }
  Result result = solve_from(network, asked, options, callbacks,
                             earlier != nullptr ? &resumed : nullptr, &left);
  if (result.verdict == Verdict::sat) {
    points.push_front(result.input);
    if (points.size() > kMostPoints) points.pop_back();
  } else if (left.clauses.size() == asked.clause_count()) {
    // What is kept of as many constraints is of the same ones.
    std::erase_if(known, [&](const Known& k) { return k.constraints == constraints.size(); });
    known.push_back({constraints.size(), result.verdict == Verdict::unsat, std::move(left)});
  }
  return result;
}

Solver::Solver(Network network, std::vector<double> lower, std::vector<double> upper,
               Options options)
    : implementation_(std::make_unique<Implementation>(std::move(network), std::move(lower),
                                                       std::move(upper), std::move(options))) {
  implementation_->check({});
}

Solver::~Solver() = default;
Solver::Solver(Solver&&) noexcept = default;
Solver& Solver::operator=(Solver&&) noexcept = default;

void Solver::add(const Rows& rows) {
  const Use use(implementation_->in_use);
  implementation_->add({rows});
}

void Solver::add_any(std::span<const Rows> alternatives) {
  const Use use(implementation_->in_use);
  implementation_->add({alternatives.begin(), alternatives.end()});
}

void Solver::push() {
  const Use use(implementation_->in_use);
  implementation_->levels.push_back(implementation_->constraints.size());
}

void Solver::pop(std::size_t levels) {
  const Use use(implementation_->in_use);
  auto& open = implementation_->levels;
  if (levels > open.size()) {
    throw InputError("there are " + std::to_string(open.size()) + " levels, not " +
                     std::to_string(levels));
  }
  if (levels == 0) return;
  implementation_->cut_to(open[open.size() - levels]);
  open.resize(open.size() - levels);
}

std::size_t Solver::levels() const {
  return implementation_->levels.size();
}

std::size_t Solver::constraint_count() const {
  return implementation_->constraints.size();
}

void Solver::set_options(Options options) {
  const Use use(implementation_->in_use);
  implementation_->options = std::move(options);
}

Result Solver::solve(const Rows& assumptions, const Callbacks& callbacks) {
  Implementation& self = *implementation_;
  const Use use(self.in_use);
  if (assumptions.empty()) return self.solve(callbacks);
  const std::size_t before = self.constraints.size();
  self.add({assumptions});
  // However it ends, the assumptions go.
  struct Restore {
    Implementation& self;
    const std::size_t before;
    ~Restore() { self.cut_to(before); }
  } const restore{self, before};
  return self.solve(callbacks);
}

const char* Solver::used() const {
  return implementation_->used;
}

}  // namespace clipbound
