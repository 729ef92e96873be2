#include "benchmarks/suite/runner.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>

#include "base/error.h"
#include "base/machine.h"
#include "base/options.h"
#include "base/parallel.h"
#include "base/version.h"
#include "benchmarks/suite/child.h"
#include "benchmarks/suite/display.h"
#include "benchmarks/suite/files.h"

namespace clipbound::suite {
namespace {

using Json = nlohmann::ordered_json;

/// After its time an instance has this long to say so by itself: the competition's rule, one
/// second.
constexpr double kGrace_s = 1.0;
/// The child is told its limit and ends by itself there; past this much more it is killed.
constexpr double kMemorySlack = 1.1, kMemorySlackBytes = 1e8;
/// A child that somebody else ended may be the first of all processes of a job that is being ended:
/// its record waits for so long, and is not written where this process is ended too.
constexpr auto kOutsideHold = std::chrono::seconds(2);
/// How often limits are looked at.
constexpr int kWatchInterval_ms = 50;

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

ChildLimits limits_of(const Task& task, double memory_gb, int threads) {
  ChildLimits limits;
  limits.wall_s = task.timeout_s + kGrace_s;
  limits.resident_bytes = kMemorySlack * memory_gb * 1e9 + kMemorySlackBytes;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // Address space is more than memory: stacks, and 64 MB that malloc reserves per thread.
  limits.address_space_bytes = 1.5 * memory_gb * 1e9 + 2e9 + 2e8 * threads;
#else
  static_cast<void>(threads);
#endif
  return limits;
}

/// The signals of this process as a file descriptor, as long as this object lives.
class Signals {
 public:
  Signals() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGUSR1})
      ::sigaddset(&wanted, signal);
    ::sigprocmask(SIG_BLOCK, &wanted, &before_);
    ::signal(SIGCHLD, SIG_DFL);  // whoever started this process may have left it ignored: then
                                 // nobody could be waited for
    descriptor_ = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  }
  ~Signals() {
    ::close(descriptor_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  int descriptor() const { return descriptor_; }
  /// A signal to end at, or 0.
  int take() const {
    int end = 0;
    for (signalfd_siginfo info{}; ::read(descriptor_, &info, sizeof info) == sizeof info;) {
      if (info.ssi_signo != SIGCHLD) end = static_cast<int>(info.ssi_signo);
    }
    return end;
  }

 private:
  sigset_t before_{};
  int descriptor_ = -1;
};

/// A task with its process.
struct Slot {
  Slot(Task of, Record begun, const std::string& scratch)
      : task(std::move(of)),
        record(std::move(begun)),
        json_file(scratch + ".json"),
        result_file(scratch + ".result"),
        trace_file(scratch + ".trace.gz"),
        certificate_file(scratch + ".certificate.gz") {}
  Task task;
  Record record;
  std::string json_file, result_file, trace_file, certificate_file;
  std::optional<Child> child;
  std::optional<Clock::time_point> held_until;  ///< it has ended, but is not recorded before then
};

/// Without a limit of the user's, all jobs together leave a tenth of the machine to others.
double memory_limit_gb(const RunSettings& settings, int jobs) {
  if (settings.memory_limit_gb > 0.0) return settings.memory_limit_gb;
  return std::min(base::Options().memory_limit_gb, 0.9 * machine_memory_gb() / jobs);
}

class Runner {
 public:
  Runner(const RunRequest& request, Run run, RunWriter writer, std::vector<Task> tasks)
      : request_(request),
        run_(std::move(run)),
        writer_(std::move(writer)),
        tasks_(std::move(tasks)),
        memory_gb_(memory_limit_gb(run_.settings, request.jobs)),
        threads_(run_.settings.threads > 0 ? run_.settings.threads
                                           : std::max(1, available_cores() / request.jobs)),
        display_(run_.planned.size(), run_.records.size(), request.jobs) {}

  RunReport run();

 private:
  void start(const Task& task);
  void wait();
  void collect();
  void conclude(Slot& slot);
  void finish(Record record);
  /// How the instance can be run alone.
  std::vector<std::string> question_of(const Task& task) const;
  std::vector<std::string> command_of(const Slot& slot) const;
  void show();

  const RunRequest& request_;
  Run run_;
  RunWriter writer_;
  const std::vector<Task> tasks_;
  const double memory_gb_;
  const int threads_;
  Display display_;
  const Signals signals_;
  std::list<Slot> slots_;
  int started_ = 0, signal_ = 0;
};

std::vector<std::string> Runner::question_of(const Task& task) const {
  std::vector<std::string> command = {
      run_.settings.program.empty() ? "clipbound" : run_.settings.program, "verify",
      task.instance.vnnlib_path};
  for (const NetworkFile& network : task.instance.networks) {
    command.insert(command.end(),
                   {"--network", (network.name.empty() ? "" : network.name + "=") + network.path});
  }
  command.insert(command.end(), {"--timeout", number_text(task.timeout_s), "--threads",
                                 std::to_string(threads_), "--memory", number_text(memory_gb_)});
  for (const auto& [flag, value] : run_.settings.options)
    command.push_back("--" + flag + "=" + value);
  return command;
}

std::vector<std::string> Runner::command_of(const Slot& slot) const {
  std::vector<std::string> command = question_of(slot.task);
  if (run_.settings.program.empty()) command[0] = "/proc/self/exe";
  command.insert(command.end(), {"--json", slot.json_file, "--result", slot.result_file,
                                 "--progress-to", std::to_string(Child::kProgressDescriptor)});
  if (run_.settings.traces) command.insert(command.end(), {"--trace", slot.trace_file});
  if (run_.settings.certificates)
    command.insert(command.end(),
                   {"--certificate", slot.certificate_file, "--certificate-optional"});
  return command;
}

void Runner::start(const Task& task) {
  Record record = record_of(task);
  record.threads = threads_;
  record.started = utc_now();
  for (const std::string& word : question_of(task))
    record.command += (record.command.empty() ? "" : " ") + shell_word(word);
  if (!task.instance.missing.empty()) {
    record.ending = Ending::not_run;
    record.reason = task.instance.missing;
    finish(std::move(record));
    return;
  }
  const std::string name = std::to_string(started_++);
  Slot& slot = slots_.emplace_back(task, record, writer_.scratch(name));
  try {
    slot.child.emplace(command_of(slot), limits_of(task, memory_gb_, threads_));
  } catch (const std::system_error& error) {
    slots_.pop_back();
    record.ending = Ending::not_run;
    record.reason = error.what();
    finish(std::move(record));
  }
}

/// Sets outcome, reason and figures from what a process that exited with 0 has written.
void take_verdict(Record& record, const std::string& json_file) {
  std::ostringstream text;
  text << std::ifstream(json_file, std::ios::binary).rdbuf();
  const Json json = Json::parse(text.str());
  const auto verdict = json.at("verdict").get<std::string>();
  const auto known = std::find_if(kOutcomes.begin(), kOutcomes.end(),
                                  [&](Outcome o) { return verdict == name_of(o); });
  if (known == kOutcomes.end()) throw InputError("'" + verdict + "' is no verdict");
  const auto number = [](const Json& value, double otherwise) {
    return value.is_number() ? value.get<double>() : otherwise;
  };
  const auto count = [](const Json& value) {
    return value.is_number() ? value.get<std::uint64_t>() : 0;
  };
  record.reason = json.value("reason", "");
  if (const auto progress = json.find("progress"); progress != json.end()) {
    record.last = {number((*progress)["elapsed_s"], 0.0),
                   number((*progress)["worst_bound"], std::numeric_limits<double>::quiet_NaN()),
                   number((*progress)["settled_share"], 0.0), count((*progress)["subproblems"]),
                   count((*progress)["open"])};
  }
  take_origin(record, json);
  record.outcome = *known;
}

void Runner::conclude(Slot& slot) {
  Record& record = slot.record;
  const std::string words = slot.child->last_words(),
                    said = words.empty() ? "" : "; stderr: " + words;
  record.messages = words;
  record.outcome = Outcome::error;
  switch (record.ending) {
    case Ending::time:
      record.outcome = Outcome::timeout;
      record.reason = "killed " + number_text(kGrace_s) + " s after its time limit" + said;
      return;
    case Ending::memory:
      record.outcome = Outcome::unknown;
      record.reason =
          "out of memory: killed past the limit of " + number_text(memory_gb_) + " GB" + said;
      return;
    case Ending::crashed:
      record.reason =
          std::string(record.exit_code == SIGKILL
                          ? "killed from outside (so does the kernel when memory runs out)"
                          : "crashed") +
          ": signal " + std::to_string(record.exit_code) + ", " + ::strsignal(record.exit_code) +
          said;
      return;
    default: break;
  }
  if (record.exit_code != 0) {
    record.reason = words.empty() ? "exit code " + std::to_string(record.exit_code) : words;
    return;
  }
  try {
    take_verdict(record, slot.json_file);
    if (record.outcome == Outcome::sat) writer_.keep_counterexample(record, slot.result_file);
    writer_.keep_trace(record, slot.trace_file);
    if (record.outcome == Outcome::unsat) writer_.keep_certificate(record, slot.certificate_file);
  } catch (const std::exception& error) {
    record.outcome = Outcome::error;
    record.reason = std::string("exited without a readable verdict: ") + error.what() + said;
  }
}

void Runner::finish(Record record) {
  writer_.append(record);
  display_.finished(record);
  run_.records.push_back(std::move(record));
}

void Runner::wait() {
  std::vector<pollfd> descriptors = {{.fd = signals_.descriptor(), .events = POLLIN, .revents = 0}};
  for (const Slot& slot : slots_) {
    descriptors.push_back({.fd = slot.child->progress_pipe(), .events = POLLIN, .revents = 0});
    descriptors.push_back({.fd = slot.child->message_pipe(), .events = POLLIN, .revents = 0});
  }
  ::poll(descriptors.data(), descriptors.size(), kWatchInterval_ms);
  if (const int signal = signals_.take(); signal != 0) signal_ = signal;
}

/// True where neither the child itself nor this process ended it.
bool ended_from_outside(const Record& record) {
  if (record.ending == Ending::exited)
    return record.outcome == Outcome::unknown && record.reason.starts_with("interrupted");
  if (record.ending != Ending::crashed) return false;
  const int signal = record.exit_code;
  return signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP ||
         signal == SIGUSR1;
}

void Runner::collect() {
  for (auto slot = slots_.begin(); slot != slots_.end();) {
    if (!slot->held_until) {
      slot->child->read();
      slot->child->enforce();
      if (!slot->child->ended(slot->record)) {
        ++slot;
        continue;
      }
      conclude(*slot);
      ::unlink(slot->json_file.c_str());
      ::unlink(slot->result_file.c_str());
      ::unlink(slot->trace_file.c_str());
      ::unlink(slot->certificate_file.c_str());
      slot->held_until = Clock::now();
      if (ended_from_outside(slot->record)) *slot->held_until += kOutsideHold;
    }
    if (Clock::now() < *slot->held_until) {
      ++slot;
      continue;
    }
    finish(std::move(slot->record));
    slot = slots_.erase(slot);
  }
}

void Runner::show() {
  if (!display_.terminal()) return;
  std::vector<RunningInstance> running;
  for (const Slot& slot : slots_) {
    running.push_back({slot.task.suite, slot.task.instance.onnx, slot.task.instance.vnnlib,
                       slot.child->elapsed_s(), slot.task.timeout_s, slot.child->progress()});
  }
  display_.show(running);
}

RunReport Runner::run() {
  for (std::size_t next = 0; signal_ == 0 && (next < tasks_.size() || !slots_.empty());) {
    while (next < tasks_.size() && slots_.size() < static_cast<std::size_t>(request_.jobs))
      start(tasks_[next++]);
    if (slots_.empty()) continue;
    wait();
    collect();
    show();
  }
  slots_.clear();  // after a signal: kills what runs
  display_.clear();
  return {std::move(run_), signal_};
}

std::string machine_text() {
  char memory[40];
  std::snprintf(memory, sizeof memory, ", %.0f GB, ", machine_memory_gb());
  return base::cpu_name() + ", " + std::to_string(available_cores()) + " cores" + memory +
         base::system_name();
}

PlannedInstance planned(const Task& task) {
  return {task.suite,     task.instance.onnx,     task.instance.vnnlib,     task.repeat,
          task.timeout_s, task.instance.networks, task.instance.vnnlib_path};
}

/// Refuses to mix records that were made under different rules.
void require_alike(const RunSettings& asked, const RunSettings& stored, const std::string& folder) {
  const auto ours = describe(asked), theirs = describe(stored);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours[i].second == theirs[i].second) continue;
    throw InputError("the run in " + folder + " was begun with " + theirs[i].first + " = " +
                     theirs[i].second + ", not " + ours[i].second +
                     "; give the same, or no folders at all to take all its settings");
  }
}

/// Records and plan speak of the same instances only while the lists are as they were.
void require_unchanged(const std::vector<Task>& tasks, const Run& run) {
  std::set<std::string> wanted;
  for (const PlannedInstance& instance : run.planned) wanted.insert(instance.key());
  const auto complain = [&](const std::string& name) {
    throw InputError("the suites have changed since the run in " + run.folder +
                     " was begun: " + name);
  };
  for (const Task& task : tasks) {
    if (wanted.erase(key_of(task)) == 0) complain(task.instance.name() + " is new");
  }
  if (!wanted.empty()) complain(*wanted.begin() + " is gone");
}

Run new_run(const RunRequest& request, const RunSettings& settings) {
  Run run;
  run.folder = request.folder;
  run.settings = settings;
  run.suites = find_suites(settings.folders, settings.version);
  run.program_version = base::version_text();
  run.machine = machine_text();
  run.jobs = request.jobs;
  return run;
}

}  // namespace

int available_cores() {
  return base::available_threads();
}

double machine_memory_gb() {
  return 1e-9 * base::machine_memory_bytes();
}

RunReport run_suites(const RunRequest& request) {
  const bool resume = request.resume && is_run(request.folder);
  RunSettings settings = request.settings;
  for (std::string& folder : settings.folders)
    folder = std::filesystem::weakly_canonical(folder).string();
  if (!settings.program.empty())
    settings.program = std::filesystem::weakly_canonical(settings.program).string();
  if (!resume && settings.folders.empty()) {
    throw InputError(
        "no suite is given" +
        std::string(request.resume ? ", and there is no run in " + request.folder : ""));
  }
  Run run = resume ? read_run(request.folder) : new_run(request, settings);
  if (resume && !settings.folders.empty()) require_alike(settings, run.settings, request.folder);
  std::vector<Task> tasks = make_plan(run.suites, run.settings.plan);
  if (!resume) {
    for (const Task& task : tasks) run.planned.push_back(planned(task));
  }
  require_unchanged(tasks, run);
  RunWriter writer = resume ? RunWriter::resume(request.folder) : RunWriter::begin(run);
  if (resume) run.records = read_run(request.folder).records;  // again, now that nobody else writes
  std::set<std::string> done;
  for (const Record& record : run.records) done.insert(record.key());
  std::erase_if(tasks, [&](const Task& task) { return done.contains(key_of(task)); });
  return Runner(request, std::move(run), std::move(writer), std::move(tasks)).run();
}

std::string summary_table(const Run& run) {
  struct Row {
    std::size_t planned = 0, done = 0, outcomes[kOutcomes.size()] = {}, memory = 0;
    double seconds = 0.0;
  };
  std::vector<std::pair<std::string, Row>> rows;
  const auto row_of = [&](const std::string& name) -> Row& {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == name; });
    return found != rows.end() ? found->second : rows.emplace_back(name, Row{}).second;
  };
  Row total;
  for (const PlannedInstance& instance : run.planned)
    ++row_of(instance.suite).planned, ++total.planned;
  for (const Record& record : run.records) {
    for (Row* row : {&row_of(record.suite), &total}) {
      ++row->done;
      ++row->outcomes[static_cast<std::size_t>(record.outcome)];
      row->memory += record.out_of_memory() ? 1 : 0;
      row->seconds += record.seconds;
    }
  }
  if (rows.size() > 1) rows.emplace_back("total", total);
  char line[240];
  std::snprintf(line, sizeof line, "%-34s %6s %6s %6s %6s %6s %8s %8s %7s %6s %10s\n", "suite",
                "of", "done", "solved", "unsat", "sat", "unknown", "timeout", "memory", "error",
                "seconds");
  std::string text = line;
  for (const auto& [name, row] : rows) {
    const auto count = [&r = row](Outcome outcome) {
      return r.outcomes[static_cast<std::size_t>(outcome)];
    };
    std::snprintf(line, sizeof line, "%-34s %6zu %6zu %6zu %6zu %6zu %8zu %8zu %7zu %6zu %10.2f\n",
                  name.c_str(), row.planned, row.done, count(Outcome::unsat) + count(Outcome::sat),
                  count(Outcome::unsat), count(Outcome::sat), count(Outcome::unknown),
                  count(Outcome::timeout), row.memory, count(Outcome::error), row.seconds);
    text += line;
  }
  return text;
}

}  // namespace clipbound::suite
