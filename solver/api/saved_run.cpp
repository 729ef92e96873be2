#include "solver/api/saved_run.h"

#include <algorithm>
#include <new>
#include <type_traits>

#include "base/file.h"
#include "base/sha256.h"
#include "solver/search/state_file.h"

namespace clipbound {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 36U;

base::Statistics statistics_of(const Record& record) {
  base::Statistics statistics;
  base::for_each_statistic(statistics,
                           [&]<typename T>(std::string_view name, T& value, std::string_view) {
                             for (const auto& [known, number] : record.statistics) {
                               if (known == name && number >= 0.0 && number < 1e18)
                                 value = static_cast<T>(number);
                             }
                           });
  return statistics;
}

void check_file(const FileInfo& was, const FileInfo& is, const std::string& name,
                const char* what) {
  if (was.sha256.empty() || is.sha256.empty() || was.sha256 == is.sha256) return;
  throw InputError(name + " is of another " + what + ": it was made with " + was.path +
                   " (SHA-256 " + was.sha256 + "), and " + is.path + " has SHA-256 " + is.sha256);
}

}  // namespace

SavedSearch SavedSearch::parse(std::string bytes, const std::string& name) {
  Implementation inner{std::move(bytes), {}, name, {}};
  inner.record = read_record(inner.bytes, name);
  base::Sha256 hash;
  hash.update(inner.bytes);
  inner.sha256 = hash.digits();
  return SavedSearch(std::make_shared<const Implementation>(std::move(inner)));
}
SavedSearch SavedSearch::load(const std::string& path) {
  return parse(base::read_file(path, kMostBytes).bytes, path);
}
const std::string& SavedSearch::bytes() const {
  return implementation_->bytes;
}
std::string SavedSearch::sha256() const {
  return implementation_->sha256;
}
const std::vector<FileInfo>& SavedSearch::networks() const {
  return implementation_->record.networks;
}
const std::optional<FileInfo>& SavedSearch::property() const {
  return implementation_->record.property;
}
const std::vector<std::string>& SavedSearch::question() const {
  return implementation_->record.question;
}
const std::string& SavedSearch::part() const {
  return implementation_->record.part;
}
bool SavedSearch::is_part() const {
  return implementation_->record.is_part;
}
const std::vector<std::string>& SavedSearch::parts() const {
  return implementation_->record.parts;
}

SavedRun::SavedRun(const Callbacks& callbacks, const specs::Network& network,
                   const specs::Query& query, const Options& options, const Result& about)
    : callbacks_(callbacks), options_(options), about_(about) {
  if (!callbacks.resume) return;
  const SavedSearch::Implementation& saved = callbacks.resume->implementation();
  resumed_ = &saved.record;
  check_files(*callbacks.resume, about.networks, about.property);
  part_ = resumed_->is_part ? saved.sha256 : resumed_->part;
  check_part(saved, callbacks.part_alone);
  earlier_ = statistics_of(*resumed_);
  earlier_.earlier_s += resumed_->elapsed_s;
  if (resumed_->outcome == Record::Outcome::sat) {  // its counterexample says all
    if (resumed_->input.size() != static_cast<std::size_t>(network.input_size()))
      throw InputError(saved.name + " has a counterexample that is none");
    return;
  }
  try {
    resume_ = solver::read_state(resumed_->state, query, network.input_type(),
                                 solver::problem_fingerprint(network, query));
  } catch (const InputError& error) {
    throw InputError(saved.name + ": " + error.what());
  }
  check_whole(saved);
}

/// What others search must not be taken for settled.
void SavedRun::check_part(const SavedSearch::Implementation& saved, bool part_alone) const {
  if (!resumed_->parts.empty())
    throw InputError(saved.name + " is of a divided search: its parts are what is searched");
  if (part_alone && part_.empty()) throw InputError(saved.name + " is no part of a divided search");
  if (!part_alone && !part_.empty())
    throw InputError(saved.name +
                     " is of a part of a divided search (`verify --subproblem`), and its verdict " +
                     "would not be the property's");
}

void SavedRun::check_whole(const SavedSearch::Implementation& saved) const {
  if (!part_.empty()) return;
  for (const solver::ClauseState& clause : resume_.clauses) {
    if (!clause.elsewhere.is_zero())
      throw InputError(saved.name + " is a part of a search and does not say of which");
  }
}

void SavedRun::refuse(const Callbacks& callbacks) {
  if (callbacks.resume || callbacks.checkpoint)
    throw InputError("only solve() goes on from a saved search or writes one");
}

void SavedRun::check_files(const SavedSearch& saved, const std::vector<FileInfo>& networks,
                           const std::optional<FileInfo>& property) {
  const std::string& name = saved.implementation().name;
  const Record& record = saved.implementation().record;
  if (record.networks.size() != networks.size())
    throw InputError(name + " is of " + std::to_string(record.networks.size()) +
                     " networks, not of " + std::to_string(networks.size()));
  for (std::size_t k = 0; k < networks.size(); ++k) {
    const FileInfo &was = record.networks[k], &is = networks[k];
    check_file(was, is, name, "network");
    for (std::size_t d = 0; d < std::min(was.data.size(), is.data.size()); ++d)
      check_file(was.data[d], is.data[d], name, "network's data");
  }
  if (record.property && property) check_file(*record.property, *property, name, "property");
}

void SavedRun::begin(solver::SolveContext& context) {
  deadline_ = context.deadline;
  if (resumed_ != nullptr) context.resume = &resume_;
  if (!callbacks_.checkpoint) return;
  context.left = &left_;
  context.checkpoint_s = callbacks_.checkpoint->every_s;
  context.checkpoint = [this](const solver::SearchState& state, const base::Statistics& so_far) {
    write(state, so_far + earlier_, deadline_->elapsed_s(), Record::Outcome::open, {});
  };
}

const std::vector<double>& SavedRun::known_input() const {
  static const std::vector<double> none;
  return resumed_ == nullptr ? none : resumed_->input;
}

void SavedRun::add_earlier(solver::SolveResult& result) const {
  result.statistics += earlier_;
  result.progress.subproblems += earlier_.subproblems;
}

void SavedRun::finish(const Result& result, const base::Statistics& statistics) {
  if (!callbacks_.checkpoint) return;
  try {
    save(result, statistics);
  } catch (const std::bad_alloc&) {
    // The verdict stands, and the last checkpoint is what is known.
  }
}

void SavedRun::save(const Result& result, const base::Statistics& statistics) const {
  const bool sat = result.verdict == Verdict::sat, unsat = result.verdict == Verdict::unsat;
  // Memory ran out: the last checkpoint is what is known.
  if (left_.clauses.empty() && !sat) return;
  write(left_, statistics, result.progress.elapsed_s,
        sat     ? Record::Outcome::sat
        : unsat ? Record::Outcome::unsat
                : Record::Outcome::open,
        result.input);
}

void SavedRun::write(const solver::SearchState& state, const base::Statistics& so_far,
                     double elapsed_s, Record::Outcome outcome,
                     const std::vector<double>& input) const {
  Record record;
  record.networks = about_.networks;
  record.property = about_.property;
  record.question = callbacks_.checkpoint->question;
  for (const OptionDescription& option : Options::list())
    record.options.emplace_back(option.name, options_.get(option.name));
  base::for_each_statistic(
      so_far, [&]<typename T>(std::string_view name, const T& value, std::string_view) {
        record.statistics.emplace_back(std::string(name), static_cast<double>(value));
      });
  record.elapsed_s = elapsed_s;
  record.part = part_;
  record.outcome = outcome;
  record.input = input;
  record.state = solver::write_state(state);
  callbacks_.checkpoint->write(write_record(record));
}

}  // namespace clipbound
