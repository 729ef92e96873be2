#include "cli/announcer.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "benchmarks/suite/files.h"
#include "cli/command.h"
#include "cli/output_file.h"

namespace clipbound::cli {
namespace {

/// The VNN-LIB standard's spelling; files say "timeout".
std::string stdout_word(Verdict verdict) {
  return verdict == Verdict::timeout ? "timed-out" : name_of(verdict);
}

std::string summary(const Result& result) {
  std::string text = stdout_word(result.verdict) + ": " + result.reason;
  if (result.verdict == Verdict::timeout || result.verdict == Verdict::unknown) {
    text += " (" + progress_text(result.progress) + ")";
  }
  return text;
}

std::string statistics_text(const Result& result) {
  std::string text;
  for (const Statistic& row : result.statistics) {
    char line[200];
    std::snprintf(line, sizeof line, row.timer ? "\n  %12.3f  %s" : "\n  %12.0f  %s", row.value,
                  row.help.c_str());
    text += line;
  }
  return "statistics" + text;
}

/// As the library's reasons begin: "out of time while reading", and what is weakest.
std::string reason_of(const std::string& event, const Progress& progress) {
  std::string text = event + " ";
  switch (progress.stage) {
    case Stage::reading: text += "while reading"; break;
    case Stage::attack: text += "in the attack"; break;
    case Stage::lowering: text += "while the network was lowered"; break;
    case Stage::root:
      text += "in the root bounds (" + std::to_string(progress.bounded) + " of " +
              std::to_string(progress.clauses) + " clauses bounded)";
      break;
    case Stage::search: text += "in the search"; break;
  }
  if (progress.weakest) text += "; weakest: " + progress.weakest->text;
  return text + "; what would help: more time";
}

/// Makes a folder, and its parents. An empty path is none.
void prepare_folder(const std::string& path) {
  if (path.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error || !std::filesystem::is_directory(path))
    throw InputError("the folder " + path + " cannot be made" +
                     (error ? ": " + error.message() : ""));
}

}  // namespace

Announcer::Announcer(OutputPaths paths, Options options, Console& console,
                     std::chrono::steady_clock::time_point start, std::string command)
    : paths_(std::move(paths)),
      command_(std::move(command)),
      options_(std::move(options)),
      console_(console),
      start_(start) {
  last_.statistics = all_statistics();
  check_different(paths_.result, paths_.json);
  check_different(paths_.result, paths_.trace);
  check_different(paths_.json, paths_.trace);
  prepare_output(paths_.result);
  try {
    prepare_output(paths_.json);
    prepare_output(paths_.trace);
    prepare_folder(paths_.assignments);
  } catch (...) {
    write_whole(paths_.result, "error\n");
    throw;
  }
}

void Announcer::claim() {
  if (!claimed_.exchange(true)) return;
  for (;;) ::pause();  // the other one ends the process
}

std::string Announcer::trace_text(const Found& found) const {
  if (paths_.trace.empty() || !found.trace) return {};
  std::string text = to_trace(*found.trace, found.result, options_, command_);
  return paths_.trace.ends_with(".gz") ? suite::gzip(text) : text;
}

bool Announcer::write_files(const std::string& result_text, const std::string& json_text,
                            const std::string& trace_text) {
  bool all = true;
  const auto write = [&](const std::string& path, const std::string& text) {
    if (write_whole(path, text)) return;
    all = false;
    console_.message("cannot write " + path + ": " + std::generic_category().message(errno));
  };
  write(paths_.result, result_text);
  write(paths_.json, json_text);
  if (!trace_text.empty()) write(paths_.trace, trace_text);
  return all;
}

void Announcer::say(std::string_view line) const {
  if (paths_.result == kStandardStream || paths_.json == kStandardStream ||
      paths_.trace == kStandardStream)
    return;
  suite::write_all(STDOUT_FILENO, line);
}

/// Without destructors: giving back a large frontier takes time that nobody needs to wait for.
void Announcer::end_process(int exit_code) const {
  if (const int signal = received_.load(); signal != 0) {
    // As if it had not been caught, so that a shell's loop over many files ends too.
    ::signal(signal, SIG_DFL);
    sigset_t only;
    ::sigemptyset(&only);
    ::sigaddset(&only, signal);
    ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
    ::raise(signal);
  }
  ::_exit(exit_code);
}

void Announcer::end_process(int exit_code, Verdict verdict) const {
  const int signal = received_.load();
  // Batch systems send these before they kill, and start a job again for this exit code.
  if (has_checkpoint_.load() && (signal == SIGTERM || signal == SIGUSR1))
    ::_exit(verdict == Verdict::unknown && exit_code == kDone ? kResumable : exit_code);
  end_process(exit_code);
}

bool Announcer::write_assignments(const std::vector<SerialisedTensor>& tensors) {
  bool all = true;
  for (const SerialisedTensor& tensor : tensors) {
    const std::string path =
        (std::filesystem::path(paths_.assignments) / (tensor.variable + ".pb")).string();
    if (write_whole(path, tensor.bytes)) continue;
    all = false;
    console_.message("cannot write " + path + ": " + std::generic_category().message(errno));
  }
  return all;
}

std::string Announcer::spoken(const Found& found, const std::string& result_text) const {
  const bool shows = found.result.verdict == Verdict::sat && found.query &&
                     !found.query->networks().empty() && paths_.result.empty() &&
                     paths_.assignments.empty();
  if (!shows) return stdout_word(found.result.verdict) + "\n";
  return paths_.witness == Witness::v1 ? to_vnncomp(found.result, *found.query, Witness::v2)
                                       : result_text;
}

void Announcer::announce(const Found& found) {
  const Result& result = found.result;
  // Prepared before the claim: this may throw or be slow, and until then the watchdog may still
  // step in.
  const std::string result_text = found.query ? to_vnncomp(result, *found.query, paths_.witness)
                                              : to_vnncomp(result),
                    json_text = paths_.json.empty() ? "" : to_json(result, options_);
  std::vector<SerialisedTensor> tensors;
  if (!paths_.assignments.empty() && found.query)
    tensors = serialise_assignments(result, *found.query);
  const bool stopped = result.verdict == Verdict::unknown;
  const std::string notes =
      summary(result) +
      (stopped || options_.get("verbose") != "0" ? "\n" + statistics_text(result) : "");
  const std::string lines = spoken(found, result_text), trace = trace_text(found);
  claim();
  const bool serialised = write_assignments(tensors),
             written = write_files(result_text, json_text, trace) && serialised;
  console_.end_progress();
  say(lines);
  console_.message(notes);
  end_process(written ? kDone : kBadInput, result.verdict);
}

void Announcer::fail(const std::string& message, int exit_code) {
  const Sources read = sources();
  const std::string json_text = paths_.json.empty()
                                    ? ""
                                    : error_to_json(message, options_, read.networks,
                                                    read.property ? &*read.property : nullptr);
  claim();
  write_files("error\n", json_text);
  console_.error(message);
  end_process(exit_code);
}

void Announcer::knows(Found found) {
  auto known = std::make_shared<const Found>(std::move(found));
  const std::lock_guard lock(mutex_);
  known_ = std::move(known);
}

void Announcer::give_up(Verdict verdict, const std::string& event) {
  std::shared_ptr<const Found> known;
  {
    const std::lock_guard lock(mutex_);
    known = known_;
  }
  if (known != nullptr) announce(*known);
  claim();
  bool told = false;
  std::string notes;
  try {
    Result result;
    result.verdict = verdict;
    if (const std::unique_lock lock(mutex_, std::try_to_lock); lock) {
      result.progress = last_;
      result.networks = sources_.networks;
      result.property = sources_.property;
    }
    result.progress = by_now(std::move(result.progress));
    result.statistics = std::exchange(result.progress.statistics, {});
    result.reason = reason_of(event, result.progress);
    write_files(to_vnncomp(result), paths_.json.empty() ? "" : to_json(result, options_));
    told = true;
    notes = summary(result);
  } catch (...) {
    // Memory is out: literals need none.
    if (!told) write_whole(paths_.result, verdict == Verdict::timeout ? "timeout\n" : "unknown\n");
  }
  console_.end_progress();
  say(verdict == Verdict::timeout ? "timed-out\n" : "unknown\n");
  if (!notes.empty()) console_.message(notes);
  end_process(kDone, verdict);
}

void Announcer::reads(const Sources& sources) {
  const std::lock_guard lock(mutex_);
  sources_ = sources;
}

Sources Announcer::sources() const {
  const std::lock_guard lock(mutex_);
  return sources_;
}

void Announcer::saw(const Progress& progress) {
  const std::lock_guard lock(mutex_);
  last_ = progress;
}

Progress Announcer::seen() const {
  const std::lock_guard lock(mutex_);
  return by_now(last_);
}

Progress Announcer::by_now(Progress progress) const {
  const std::chrono::duration<double> now = std::chrono::steady_clock::now() - start_;
  progress.elapsed_s = std::max(progress.elapsed_s, now.count());
  return progress;
}

}  // namespace clipbound::cli
