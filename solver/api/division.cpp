// Idea: a search in parts: subproblems are dealt out by their shares, and results are held against
// what was dealt.
// Source: own; include/clipbound/division.h.
// Guarantees: `unsat` only where the closed shares of all parts add up to 1 for every clause.
#include "include/clipbound/division.h"

#include <algorithm>
#include <map>
#include <new>
#include <optional>
#include <set>

#include "solver/api/incremental.h"
#include "solver/api/saved_run.h"
#include "solver/search/state_file.h"
#include "solver/search/warm_start.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound {

namespace {

using solver::ClauseState;
using solver::SearchState;
using solver::ShareSum;
using solver::Subproblem;

constexpr std::size_t kMostParts = 100'000;
// Parts of equal shares last differently long: so many subproblems each even that out a little.
constexpr std::size_t kOpenPerPart = 8;

/// The parts' states: the largest open subproblem goes to the part that has least.
std::vector<SearchState> deal(SearchState& whole, std::size_t parts) {
  std::vector<std::pair<std::size_t, std::size_t>> open;  // clause, number
  for (std::size_t k = 0; k < whole.clauses.size(); ++k) {
    for (std::size_t i = 0; i < whole.clauses[k].open.size(); ++i) open.emplace_back(k, i);
  }
  const auto depth = [&](const auto& at) {
    return whole.clauses[at.first].open[at.second].share.depth();
  };
  std::stable_sort(open.begin(), open.end(),
                   [&](const auto& a, const auto& b) { return depth(a) < depth(b); });
  parts = std::min(parts, open.size());
  std::vector<SearchState> states(parts);
  std::set<std::pair<double, std::size_t>> least;  // share, part
  for (std::size_t p = 0; p < parts; ++p) {
    least.insert({0.0, p});
    states[p].problem = whole.problem;
    states[p].clauses.resize(whole.clauses.size());
    for (std::size_t k = 0; k < whole.clauses.size(); ++k)
      states[p].clauses[k].lowered = whole.clauses[k].lowered;
  }
  for (const auto& at : open) {
    const auto [share, p] = *least.begin();
    least.erase(least.begin());
    least.insert({share + solver::share_of_depth(depth(at)), p});
    states[p].clauses[at.first].open.push_back(std::move(whole.clauses[at.first].open[at.second]));
  }
  return states;
}

/// The shares of open subproblems, clause by clause.
std::vector<ShareSum> open_shares(const SearchState& state) {
  std::vector<ShareSum> sums(state.clauses.size());
  for (std::size_t k = 0; k < sums.size(); ++k) {
    for (const Subproblem& open : state.clauses[k].open) sums[k].add(open.share.depth());
  }
  return sums;
}

/// Says of each part what the others have, and of the whole what they all have.
void tell_elsewhere(SearchState& whole, std::vector<SearchState>& parts) {
  const std::size_t clauses = whole.clauses.size();
  std::vector<std::vector<ShareSum>> own;
  std::vector<ShareSum> dealt(clauses);
  for (const SearchState& part : parts) {
    own.push_back(open_shares(part));
    for (std::size_t k = 0; k < clauses; ++k) dealt[k].add(own.back()[k]);
  }
  for (std::size_t k = 0; k < clauses; ++k) {
    ClauseState& clause = whole.clauses[k];
    clause.open.clear();
    for (std::size_t p = 0; p < parts.size(); ++p) {
      ShareSum elsewhere = clause.closed;
      elsewhere.add(clause.unsplittable);
      elsewhere.add(*dealt[k].without(own[p][k]));
      parts[p].clauses[k].elsewhere = std::move(elsewhere);
    }
    clause.elsewhere = dealt[k];
  }
}

/// What no split makes smaller is searched anew, as a whole: a part has to be decided.
void begin_unsplittable_anew(SearchState& whole) {
  for (std::uint32_t k = 0; k < whole.clauses.size(); ++k) {
    if (!whole.clauses[k].unsplittable.is_zero()) whole.clauses[k] = solver::unknown_clause(k);
  }
}

Record::Outcome outcome_of(const Result& result) {
  return result.verdict == Verdict::sat     ? Record::Outcome::sat
         : result.verdict == Verdict::unsat ? Record::Outcome::unsat
                                            : Record::Outcome::open;
}

Record record_of(const Result& result, const Options& options, const Callbacks& callbacks) {
  Record record;
  record.networks = result.networks;
  record.property = result.property;
  if (callbacks.checkpoint) record.question = callbacks.checkpoint->question;
  for (const OptionDescription& option : Options::list())
    record.options.emplace_back(option.name, options.get(option.name));
  return record;
}

/// Nothing is open of any clause.
bool is_proved(const SearchState& state) {
  return std::all_of(state.clauses.begin(), state.clauses.end(), [](const ClauseState& clause) {
    return clause.open.empty() && clause.unsplittable.is_zero();
  });
}

/// One merge() at work.
class Merge {
 public:
  Merge(const Network& network, const Query& query, const SavedSearch& whole)
      : network_(network), query_(query), whole_(whole), record_(whole.implementation().record) {
    merged_.result.networks = record_.networks;
    merged_.result.property = record_.property;
    merged_.result.float64 = network.is_float64();
    merged_.result.statistics = all_statistics();
    const std::vector<FileInfo>& files = query.implementation().files;
    SavedRun::check_files(whole, files.empty() ? std::vector<FileInfo>{network.file()} : files,
                          query.file());
    if (record_.outcome == Record::Outcome::sat) return;  // its counterexample says all
    for (const ClauseState& clause : state_of(whole).clauses) sums_.push_back(clause.closed);
    for (std::size_t p = 0; p < record_.parts.size(); ++p) {
      if (!number_.emplace(record_.parts[p], p).second)
        throw InputError(name_of(whole) + " has one part twice");
    }
  }

  Merged run(std::span<const SavedSearch> parts, std::span<const SavedSearch> results) {
    if (record_.outcome == Record::Outcome::sat) {
      if (!replay(record_.input))
        throw InputError(name_of(whole_) + " has a counterexample that is none");
      return std::move(merged_);
    }
    std::vector<char> is_there(number_.size(), 0), is_done(number_.size(), 0);
    for (const SavedSearch& part : parts) take_part(part, is_there);
    for (const SavedSearch& result : results) {
      if (take_result(result, is_done)) return std::move(merged_);
    }
    for (std::size_t p = 0; p < number_.size(); ++p) {
      if (is_there[p] != 0 && is_done[p] != 0) {
        ++merged_.proved;
      } else {
        merged_.missing.push_back(p);
      }
    }
    conclude();
    return std::move(merged_);
  }

 private:
  static const std::string& name_of(const SavedSearch& saved) {
    return saved.implementation().name;
  }
  SearchState state_of(const SavedSearch& saved) const {
    const specs::Query& asked = query_.implementation().query;
    const specs::Network& network = *network_.implementation().network;
    if (!fingerprint_) fingerprint_ = solver::problem_fingerprint(network, asked);
    try {
      return solver::read_state(saved.implementation().record.state, asked, network.input_type(),
                                *fingerprint_);
    } catch (const InputError& error) {
      throw InputError(name_of(saved) + ": " + error.what());
    }
  }
  void refuse(const SavedSearch& what, const std::string& why) {
    merged_.refused.push_back(name_of(what) + " " + why);
  }

  void take_part(const SavedSearch& part, std::vector<char>& is_there) {
    const auto number = number_.find(part.sha256());
    if (number == number_.end())
      return refuse(part, "is not one of the parts: it was changed, or is of another division");
    if (is_there[number->second] != 0) return refuse(part, "is there twice");
    const std::vector<ShareSum> own = open_shares(state_of(part));
    for (std::size_t k = 0; k < own.size(); ++k) sums_[k].add(own[k]);
    is_there[number->second] = 1;
  }

  /// True where it has a counterexample.
  bool take_result(const SavedSearch& result, std::vector<char>& is_done) {
    const Record& record = result.implementation().record;
    if (record.outcome == Record::Outcome::sat) {
      if (replay(record.input)) return true;
      refuse(result, "has a counterexample that is none");
      return false;
    }
    const auto number = number_.find(record.part);
    if (number == number_.end()) {
      refuse(result, "is a result of no part of this division");
      return false;
    }
    if (record.outcome != Record::Outcome::unsat) return false;
    const SearchState state = state_of(result);
    if (!is_proved(state)) {
      refuse(result, "says unsat and has something open");
    } else if (is_done[number->second] != 0) {
      refuse(result, "is a second result of its part");
    } else {
      is_done[number->second] = 1;
    }
    return false;
  }

  bool replay(const std::vector<double>& input) {
    if (input.size() != static_cast<std::size_t>(network_.input_size())) return false;
    std::optional<Result> found = counterexample_at(network_, query_, input);
    if (!found) return false;
    found->reason = "a part's counterexample, replayed in three summation orders";
    merged_.result = *std::move(found);
    return true;
  }

  void conclude() {
    Result& result = merged_.result;
    const bool whole = std::all_of(sums_.begin(), sums_.end(), [](const ShareSum& sum) {
      return sum.sum_is() == ShareSum::Is::one;
    });
    const std::size_t count = number_.size();
    if (merged_.missing.empty() && merged_.refused.empty() && whole) {
      result.verdict = Verdict::unsat;
      result.reason = count == 0 ? "proved when it was divided"
                                 : "every one of " + std::to_string(count) + " parts is proved";
      result.progress.settled_share = 1.0;
      return;
    }
    result.reason =
        std::to_string(merged_.proved) + " of " + std::to_string(count) + " parts are proved";
    if (!merged_.refused.empty())
      result.reason += "; " + std::to_string(merged_.refused.size()) + " files are refused";
    if (merged_.missing.empty() && !whole)
      result.reason += "; the parts do not add up to the whole";
  }

  const Network& network_;
  const Query& query_;
  const SavedSearch& whole_;
  const Record& record_;
  mutable std::optional<std::uint64_t> fingerprint_;
  Merged merged_;
  std::vector<ShareSum> sums_;
  std::map<std::string, std::size_t> number_;  // by SHA-256
};

}  // namespace

Division divide(const Network& network, const Query& query, std::size_t parts,
                const Options& options, const Callbacks& callbacks) {
  if (parts == 0 || parts > kMostParts)
    throw InputError("a search is divided into 1 to " + std::to_string(kMostParts) + " parts");
  if (callbacks.resume) throw InputError("a search that was begun cannot be divided");
  SearchState state;
  Callbacks quiet = callbacks;
  quiet.checkpoint.reset();
  Result result = solve_breadth_first(network, query, options, quiet, kOpenPerPart * parts, state);
  if (state.clauses.empty() && result.verdict != Verdict::sat) throw std::bad_alloc();
  Record whole = record_of(result, options, callbacks);
  std::vector<SavedSearch> saved;
  if (result.verdict != Verdict::sat) {
    begin_unsplittable_anew(state);
    std::vector<SearchState> states = deal(state, parts);
    tell_elsewhere(state, states);
    Record part = record_of(result, options, callbacks);
    part.is_part = true;
    for (std::size_t p = 0; p < states.size(); ++p) {
      part.state = solver::write_state(states[p]);
      saved.push_back(SavedSearch::parse(write_record(part), "part " + std::to_string(p + 1)));
      whole.parts.push_back(saved.back().sha256());
    }
  }
  whole.outcome = outcome_of(result);
  whole.input = result.input;
  whole.state = solver::write_state(state);
  return {std::move(result), SavedSearch::parse(write_record(whole), "the whole"),
          std::move(saved)};
}

Merged merge(const Network& network, const Query& query, const SavedSearch& whole,
             std::span<const SavedSearch> parts, std::span<const SavedSearch> results) {
  const Record& record = whole.implementation().record;
  if (record.is_part || !record.part.empty())
    throw InputError("what is to be merged is a part, not a division");
  const Query::Implementation& asked = query.implementation();
  if (asked.joint && !asked.joined) {
    const std::vector<std::string> names = query.networks();
    const Problem problem = Problem::join(query, {{names.size() == 1 ? names[0] : "", network}});
    return merge(problem.network, problem.query, whole, parts, results);
  }
  return Merge(network, query, whole).run(parts, results);
}

}  // namespace clipbound
