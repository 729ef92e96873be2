#include "solver/search/progress_book.h"

#include <algorithm>
#include <cmath>

#include "solver/search/reason.h"
#include "solver/search/search_counters.h"

namespace clipbound::solver {

ProgressBook::ProgressBook(const Query& query) : query_(query), clauses_(query.clauses.size()) {}

void ProgressBook::resume(const SearchState& state) {
  const std::lock_guard lock(mutex_);
  for (std::size_t k = 0; k < clauses_.size(); ++k) {
    ShareSum closed = state.clauses[k].closed;
    closed.add(state.clauses[k].elsewhere);
    clauses_[k].closed = closed.value();
    clauses_[k].open = std::max<std::size_t>(state.clauses[k].open.size(), 1);
    if (closed.is_one()) {
      clauses_[k] = {.bounded = true,
                     .refuted = true,
                     .searched = false,
                     .closed = 1.0,
                     .open = 0,
                     .root = {}};
    }
  }
}

void ProgressBook::enter(Stage stage, double elapsed_s, const Statistics& so_far) {
  const std::lock_guard lock(mutex_);
  statistics_ = so_far;
  if (stage == Stage::search && !search_begin_s_) search_begin_s_ = elapsed_s;
  stage_ = stage;
  stage_begin_s_ = elapsed_s;
}

Stage ProgressBook::stage() const {
  const std::lock_guard lock(mutex_);
  return stage_;
}

void ProgressBook::root_refuted(const Clause& clause) {
  const std::lock_guard lock(mutex_);
  ClauseFigures& figures = clauses_[number_of(clause)];
  figures.bounded = figures.refuted = true;
  figures.closed = 1.0;
  figures.open = 0;
}

void ProgressBook::root_open(const Clause& clause, std::size_t row, double bound) {
  const std::lock_guard lock(mutex_);
  ClauseFigures& figures = clauses_[number_of(clause)];
  figures.bounded = true;
  figures.root = OpenRow{number_of(clause), row, bound};
  // Whatever tree there was, the clause is whole again.
  figures.open = 1;
  if (last_ && last_->clause == number_of(clause)) last_.reset();
}

void ProgressBook::begin(const SearchCounters& counters,
                         const std::vector<const Clause*>& clauses) {
  const std::lock_guard lock(mutex_);
  search_ = &counters;
  subproblems_before_ = counters.subproblems.load();
  for (const Clause* clause : clauses) {
    numbers_.push_back(number_of(*clause));
    clauses_[numbers_.back()].searched = true;
  }
}

void ProgressBook::end(const Statistics& so_far) {
  const std::lock_guard lock(mutex_);
  settled();
  worst_bound();
  statistics_ = so_far;
  subproblems_ += search_->subproblems.load() - subproblems_before_;
  ClauseFigures* first_open = nullptr;
  std::uint64_t open = 0;
  for (std::size_t k = 0; k < numbers_.size(); ++k) {
    ClauseFigures& figures = clauses_[numbers_[k]];
    figures.searched = false;
    figures.bounded = true;
    figures.closed = std::max(figures.closed, search_->shares().closed(k).value());
    figures.refuted = figures.refuted || search_->shares().is_refuted(k);
    figures.open = figures.refuted ? 0 : 1;
    open += figures.open;
    if (!figures.refuted && first_open == nullptr) first_open = &figures;
  }
  // Which clause has how many is not known, and only the sum is told.
  if (first_open != nullptr) first_open->open += std::max(search_->still_open(), open) - open;
  if (const auto last = search_->last_open()) last_ = in_query(*last);
  if (const auto worst = search_->given_up()) {
    const OpenRow row = in_query(*worst);
    if (!if_open(given_up_) || row.bound < given_up_->bound) given_up_ = row;
  }
  search_ = nullptr;
  numbers_.clear();
}

OpenRow ProgressBook::in_query(OpenRow row) const {
  row.clause = numbers_[row.clause];
  return row;
}

std::optional<OpenRow> ProgressBook::if_open(const std::optional<OpenRow>& row) const {
  return row && !clauses_[row->clause].refuted ? row : std::nullopt;
}

std::optional<OpenRow> ProgressBook::given_up() const {
  const std::lock_guard lock(mutex_);
  return if_open(given_up_);
}

std::optional<OpenRow> ProgressBook::weakest() const {
  if (search_ != nullptr) {
    if (const auto last = search_->last_open()) return in_query(*last);
  }
  if (const auto last = if_open(last_)) return last;
  std::optional<OpenRow> worst;
  for (const ClauseFigures& figures : clauses_) {
    if (!figures.root || figures.refuted) continue;
    if (!worst || figures.root->bound < worst->bound) worst = figures.root;
  }
  return worst;
}

/// Every clause's root bound is one of it for ever, the least bound of a search's open subproblems
/// one of its clauses together, and what is refuted lacks nothing. All of them bound the same
/// number from below, so that the highest that was seen does.
std::optional<double> ProgressBook::worst_bound() const {
  constexpr double kEverything = std::numeric_limits<double>::infinity();
  double outside = kEverything, inside = kEverything;
  for (const ClauseFigures& figures : clauses_) {
    if (figures.refuted) continue;
    double& least = figures.searched ? inside : outside;
    least = std::min(least, figures.root ? figures.root->bound : -kEverything);
  }
  if (search_ != nullptr) inside = std::max(inside, search_->open_bounds.worst());
  if (const double all = std::min(outside, inside); all < kEverything)
    worst_bound_ = std::max(worst_bound_, std::min(all, 0.0));
  const bool is_open = std::any_of(clauses_.begin(), clauses_.end(),
                                   [](const ClauseFigures& figures) { return !figures.refuted; });
  if (!is_open || worst_bound_ == -kEverything) return std::nullopt;
  return worst_bound_;
}

std::uint64_t ProgressBook::subproblems() const {
  const std::uint64_t here =
      search_ == nullptr ? 0 : search_->subproblems.load() - subproblems_before_;
  // Searches inside searches hand in what they have cost at their end.
  return std::max(subproblems_ + here, statistics_.subproblems);
}

double ProgressBook::settled() const {
  double outside = 0.0, inside = 0.0;
  for (const ClauseFigures& figures : clauses_)
    (figures.searched ? inside : outside) += figures.closed;
  if (search_ != nullptr) inside = std::max(inside, search_->settled.load());
  const double share =
      clauses_.empty() ? 0.0 : (outside + inside) / static_cast<double>(clauses_.size());
  const bool all = std::all_of(clauses_.begin(), clauses_.end(),
                               [](const ClauseFigures& figures) { return figures.refuted; });
  settled_ = std::max(settled_, all ? 1.0 : std::min(share, std::nextafter(1.0, 0.0)));
  return settled_;
}

Statistics ProgressBook::statistics(double elapsed_s) const {
  Statistics sum = statistics_;
  const double here_s = elapsed_s - stage_begin_s_;
  if (stage_ == Stage::attack) sum.attack_s += here_s;
  if (stage_ == Stage::root || stage_ == Stage::lowering) sum.root_s += here_s;
  if (search_begin_s_) sum.search_s = std::max(sum.search_s, elapsed_s - *search_begin_s_);
  sum.subproblems = subproblems();
  return sum;
}

SearchProgress ProgressBook::now(double elapsed_s) const {
  const std::lock_guard lock(mutex_);
  SearchProgress progress;
  progress.elapsed_s = elapsed_s;
  progress.stage = stage_;
  progress.clauses = clauses_.size();
  std::uint64_t open = search_ == nullptr ? 0 : search_->still_open();
  for (const ClauseFigures& figures : clauses_) {
    progress.bounded += figures.bounded ? 1 : 0;
    progress.refuted += figures.refuted ? 1 : 0;
    if (!figures.searched) open += figures.open;
  }
  progress.open = open;
  progress.subproblems = subproblems();
  progress.worst_bound = worst_bound();
  progress.weakest = weakest();
  if (progress.weakest) progress.weakest_text = describe(query_, *progress.weakest);
  progress.settled_share = settled();
  progress.statistics = statistics(elapsed_s);
  return progress;
}

}  // namespace clipbound::solver
