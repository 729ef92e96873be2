#include "benchmarks/suite/ablation.h"

#include <chrono>
#include <cstdio>
#include <new>
#include <string_view>

namespace clipbound::suite {
namespace {

using Clock = std::chrono::steady_clock;

Configuration parse_configuration(const std::string& name) {
  if (name == "none") return {name, {{"clipping", "none"}}};
  if (name == "relaxed") return {name, {{"clipping", "relaxed"}, {"reorder", "true"}}};
  if (name == "relaxed-no-reorder") return {name, {{"clipping", "relaxed"}, {"reorder", "false"}}};
  constexpr std::string_view kComplete = "complete-";
  if (!name.starts_with(kComplete)) {
    throw InputError("--configs: '" + name +
                     "' is none of none, relaxed, relaxed-no-reorder, complete-N");
  }
  Configuration result{name,
                       {{"clipping", "complete"},
                        {"reorder", "true"},
                        {"clip-passes", name.substr(kComplete.size())}}};
  Options trial;  // says what is wrong with N
  for (const auto& [option, value] : result.settings) trial.set(option, value);
  return result;
}

/// Runs one instance after the other.
class Ablation {
 public:
  Ablation(AblationRun& run, const Stopper& stopper,
           const std::function<void(const std::string&)>& tell)
      : run_(run), configurations_(run.request.configurations), stopper_(stopper), tell_(tell) {}
  void run_instance(std::size_t number);

 private:
  Outcome run_configuration(const AblatedInstance& ablated, const Configuration& configuration,
                            const Network& network, const Query& query) const;
  Options options_of(const AblatedInstance& ablated, const Configuration& configuration) const;
  void run_configurations(std::size_t number);
  void tell_outcome(std::size_t number, std::size_t configuration) const;
  /// "[3/17] "
  std::string position(std::size_t number) const {
    return "[" + std::to_string(number + 1) + "/" + std::to_string(run_.instances.size()) + "] ";
  }

  AblationRun& run_;
  const std::vector<Configuration>& configurations_;
  const Stopper& stopper_;
  const std::function<void(const std::string&)>& tell_;
};

Options Ablation::options_of(const AblatedInstance& ablated,
                             const Configuration& configuration) const {
  Options options;
  char limit[40];
  std::snprintf(limit, sizeof limit, "%.17g", ablated.timeout_s);
  // No file is written per instance, so nothing of the limit has to be kept back.
  options.set("timeout", limit).set("timeout-reserve", "0").set("threads", run_.request.threads);
  for (const auto& [option, value] : configuration.settings) options.set(option, value);
  return options;
}

Outcome Ablation::run_configuration(const AblatedInstance& ablated,
                                    const Configuration& configuration, const Network& network,
                                    const Query& query) const {
  Outcome outcome;
  const Options options = options_of(ablated, configuration);
  // No progress callback: its thread would end up to 20 ms after a search that took one.
  Callbacks callbacks;
  callbacks.stopper = stopper_;
  const auto begin = Clock::now();
  try {
    const Result result = solve(network, query, options, callbacks);
    outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    outcome.verdict = result.verdict;
    outcome.reason = result.reason;
    outcome.subproblems = result.progress.subproblems;
  } catch (const std::bad_alloc&) {
    outcome.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    outcome.reason = "out of memory";
  }
  return outcome;
}

void Ablation::tell_outcome(std::size_t number, std::size_t configuration) const {
  const AblatedInstance& ablated = run_.instances[number];
  const Outcome& outcome = *ablated.outcomes[configuration];
  char figures[120];
  std::snprintf(figures, sizeof figures, "%-19s %-8s %9.3f s %11llu subproblems  ",
                configurations_[configuration].name.c_str(), name_of(outcome.verdict),
                outcome.seconds, static_cast<unsigned long long>(outcome.subproblems));
  tell_(position(number) + figures + ablated.instance.name());
}

void Ablation::run_configurations(std::size_t number) {
  AblatedInstance& ablated = run_.instances[number];
  std::vector<ModelFile> models;
  for (const NetworkFile& file : ablated.instance.networks)
    models.push_back({.network = file.name, .path = file.path});
  const Problem problem = Problem::load(ablated.instance.vnnlib_path, models);
  for (std::size_t k = 0; k < configurations_.size() && !stopper_.stopped(); ++k) {
    // Another one begins each time: whoever comes first pays for cold caches and fresh memory.
    const std::size_t c = (k + number) % configurations_.size();
    const Outcome outcome =
        run_configuration(ablated, configurations_[c], problem.network, problem.query);
    if (stopper_.stopped() && !outcome.decided()) return;
    ablated.outcomes[c] = outcome;
    tell_outcome(number, c);
  }
}

void Ablation::run_instance(std::size_t number) {
  AblatedInstance& ablated = run_.instances[number];
  const auto fail = [&](const std::string& message, Failure failure) {
    ablated.error = message;
    ablated.failure = failure;
    tell_(position(number) + "error: " + message);
  };
  try {
    run_configurations(number);
  } catch (const InputError& error) {
    fail(error.what(), Failure::bad_input);
  } catch (const Unsupported& error) {
    fail("unsupported: " + std::string(error.what()), Failure::unsupported);
  } catch (const std::bad_alloc&) {
    fail("out of memory while reading " + ablated.instance.name(), Failure::unsupported);
  } catch (const ContractError& error) {
    fail(error.what(), Failure::internal);
  }
  if (ablated.contradictory()) {
    tell_("DISAGREEMENT: sat and unsat on " + ablated.instance.name() + "; one of them is wrong");
  }
}

}  // namespace

std::vector<Configuration> parse_configurations(const std::string& list) {
  std::vector<Configuration> result;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    Configuration next = parse_configuration(list.substr(begin, end - begin));
    for (const Configuration& other : result) {
      if (other.name == next.name) throw InputError("--configs names " + next.name + " twice");
    }
    result.push_back(std::move(next));
    begin = end + 1;
  }
  return result;
}

AblationRun plan_ablation(AblationRequest request) {
  AblationRun run;
  for (Instance& instance : read_suite(request.suite, request.selection)) {
    AblatedInstance& ablated = run.instances.emplace_back();
    ablated.timeout_s =
        request.timeout_s > 0.0 ? request.timeout_s : instance.timeout_s * request.timeout_scale;
    ablated.outcomes.resize(request.configurations.size());
    ablated.instance = std::move(instance);
  }
  run.request = std::move(request);
  return run;
}

void run_ablation(AblationRun& run, const Stopper& stopper,
                  const std::function<void(const std::string&)>& tell) {
  Ablation ablation(run, stopper, tell);
  for (std::size_t number = 0; number < run.instances.size() && !stopper.stopped(); ++number)
    ablation.run_instance(number);
  run.interrupted = stopper.stopped();
}

}  // namespace clipbound::suite
