#include "benchmarks/suite/job_script.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "base/error.h"
#include "benchmarks/suite/files.h"
#include "benchmarks/suite/plan.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;

constexpr int kUsualTasks = 16;
/// What an instance may take beyond its limit: the second that `suite run` grants, and its start.
constexpr double kAround_s = 10.0;
/// What a job may take beyond its instances' memory: `suite run` kills an instance at 1.1 times its
/// own.
constexpr double kMemoryFactor = 1.15, kMemoryAround_gb = 1.0;

std::string number_text(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.15g", value);
  return text;
}

/// Directives are read by sbatch, which knows no quotes that would help: what is no plain word is
/// refused.
void require_plain(const std::string& option, const std::string& word) {
  const auto plain = [](unsigned char c) { return c > ' ' && c < 127 && c != '\'' && c != '"'; };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return;
  throw InputError(option + ": '" + word + "' has to be one word without quotes");
}

void require_sensible(const JobSettings& jobs) {
  require_plain("--partition", jobs.partition);
  for (const std::string& directive : jobs.directives) {
    require_plain("--sbatch", directive);
    if (!directive.starts_with("-"))
      throw InputError("--sbatch: '" + directive + "' is no option of sbatch");
  }
  if (jobs.ranks > 1 && jobs.jobs > 1)
    throw InputError("--ranks: an instance over MPI has its task for itself; --jobs has to be 1");
}

/// An instance that no task can finish would be begun again in every one.
void require_room(const std::vector<Task>& plan, const JobSettings& jobs) {
  const double room_s = jobs.hours * 3600.0 - kSignalLead_s - kAround_s;
  for (const Task& task : plan) {
    if (task.timeout_s <= room_s) continue;
    throw InputError("--hours " + number_text(jobs.hours) + ": " + task.instance.name() +
                     " has a time limit of " + number_text(task.timeout_s) + " s, and a task has " +
                     number_text(std::max(0.0, room_s)) + " s before it is told to stop");
  }
}

/// "1-02:03:00": whole minutes, rounded up, as Slurm counts.
std::string slurm_time(double hours) {
  const long minutes = std::lround(std::ceil(hours * 60.0));
  char text[60];
  std::snprintf(text, sizeof text, "%ld-%02ld:%02ld:00", minutes / 1440, minutes / 60 % 24,
                minutes % 60);
  return text;
}

class Scripts {
 public:
  Scripts(const RunSettings& run, const std::string& folder, const JobSettings& jobs,
          std::size_t instances, int tasks)
      : run_(run), folder_(folder), jobs_(jobs), instances_(instances), tasks_(tasks) {
    program_ = shell_word(jobs.clipbound);
  }
  std::string job() const;
  std::string merge() const;
  std::string submit() const;
  std::string over_mpi() const;

 private:
  /// All up to the first command; directives after that would be ignored.
  std::string head(const std::string& what, const std::string& directives) const;
  std::string resources() const;
  std::string run_shard() const;

  const RunSettings& run_;
  const std::string& folder_;
  const JobSettings& jobs_;
  std::size_t instances_;
  int tasks_;
  std::string program_;
};

std::string Scripts::resources() const {
  const double memory_gb = jobs_.memory_gb * kMemoryFactor;
  const auto megabytes = [](double gb) { return std::to_string(std::lround(std::ceil(gb * 1e3))); };
  const int cpus = jobs_.jobs * jobs_.threads;
  std::string text = "#SBATCH --ntasks=" + std::to_string(jobs_.ranks) +
                     " --cpus-per-task=" + std::to_string(cpus) + "\n";
  // Ranks may be on nodes of their own, so that theirs is counted by core. MB of sbatch are 2^20.
  if (jobs_.ranks > 1)
    text += "#SBATCH --mem-per-cpu=" + megabytes((memory_gb + kMemoryAround_gb) / cpus) + "M\n";
  else
    text += "#SBATCH --mem=" + megabytes(jobs_.jobs * memory_gb + kMemoryAround_gb) + "M\n";
  return text;
}

std::string Scripts::head(const std::string& what, const std::string& directives) const {
  std::string text = "#!/bin/bash\n# Written by `clipbound suite submit`: " + what + "\n";
  text += "#SBATCH --partition=" + jobs_.partition + " " + directives + "\n";
  text += resources();
  // Steps get the signal; the script itself has to where it runs `suite run` without one.
  text += "#SBATCH --time=" + slurm_time(jobs_.hours) +
          " --signal=" + (jobs_.ranks > 1 ? "B:" : "") + "USR1@" + std::to_string(kSignalLead_s) +
          "\n";
  text += "#SBATCH --requeue --open-mode=append\n";
  for (const std::string& directive : jobs_.directives) text += "#SBATCH " + directive + "\n";
  text += "cd " + shell_word(folder_) + " || exit 2\n";
  for (const std::string& module : jobs_.modules)
    text += "module load " + shell_word(module) + " || exit 2\n";
  return text;
}

/// The function `run_shard I`: goes on with shard I; where its time is up before its end, the job
/// is requeued and ends.
std::string Scripts::run_shard() const {
  std::string command = program_ + " suite run";
  for (const std::string& word : words_of(run_)) command += " " + shell_word(word);
  command += " --jobs " + std::to_string(jobs_.jobs) + " --shard \"$1/" + std::to_string(tasks_) +
             "\" --resume --out \"part-$1\"";
  std::string text = "run_shard() {\n";
  if (jobs_.ranks > 1) {
    text += "  " + command + " &\n  trap \"kill -USR1 $!\" USR1\n";
    // `wait` ends when a signal comes, with a code above 128, and again with the child's own.
    text += "  local child=$!\n  wait $child\n  code=$?\n";
    text += "  if [ $code -gt 128 ]; then wait $child; code=$?; fi\n";
  } else {
    text += "  srun --ntasks=1 --cpus-per-task=" + std::to_string(jobs_.jobs * jobs_.threads) +
            " \\\n    " + command + "\n  code=$?\n";
  }
  text += "  # 75: told that the time is up, before the end.\n";
  text += "  if [ $code -eq 75 ]; then\n    scontrol requeue \"$SLURM_JOB_ID\"\n";
  text += "    exit 75\n  fi\n  return $code\n}\n";
  return text;
}

std::string Scripts::job() const {
  return head(std::to_string(instances_) + " instances in " + std::to_string(tasks_) + " shards.",
              "--job-name=clipbound --array=1-" + std::to_string(tasks_) + " --output=log/%a.txt") +
         run_shard() + "run_shard \"$SLURM_ARRAY_TASK_ID\"\n";
}

std::string Scripts::merge() const {
  std::string text = head("what the shards have left over, and one run of them all.",
                          "--job-name=clipbound-merge --output=log/merge.txt") +
                     run_shard();
  const std::string parts = "{1.." + std::to_string(tasks_) + "}";
  text += "for part in " + parts + "; do run_shard $part || exit; done\n";
  text += "# Whole or not at all: a job that is killed here merges again.\n";
  text += "if [ ! -e all ]; then\n  rm -rf merging\n  " + program_ + " suite merge part-" + parts +
          " --out merging && mv merging all || exit\nfi\n";
  return text + program_ + " suite report all\n";
}

std::string Scripts::submit() const {
  return "#!/bin/bash\n# Submits the array and, for when all of its tasks have ended, the merge.\n"
         "set -eu\ncd " +
         shell_word(folder_) +
         "\njob=$(sbatch --parsable job.sh)\njob=${job%%;*}\n"
         "merge=$(sbatch --parsable --dependency=\"afterany:$job\" merge.sh)\n"
         "echo \"job $job, merged by job ${merge%%;*}\"\n";
}

std::string Scripts::over_mpi() const {
  const std::string ranks = std::to_string(jobs_.ranks);
  return "#!/bin/bash\n# Written by `clipbound suite submit`: one instance on " + ranks +
         " MPI ranks; `suite run` calls it in place of clipbound.\n"
         "# Open MPI hands no file descriptors on, so there is no progress.\n"
         "arguments=()\nwhile [ $# -gt 0 ]; do\n  case $1 in\n    --progress-to) shift 2 ;;\n"
         "    *) arguments+=(\"$1\"); shift ;;\n  esac\ndone\n"
         "exec mpirun -n " +
         ranks + " --map-by slot:PE=" + std::to_string(jobs_.threads) + " " +
         shell_word(jobs_.clipbound_mpi) + " \"${arguments[@]}\"\n";
}

void write_script(const std::string& folder, const char* name, const std::string& text) {
  const std::string path = (fs::path(folder) / name).string();
  write_durably(path, text);
  fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add);
}

}  // namespace

std::vector<std::string> words_of(const RunSettings& run) {
  std::vector<std::string> words = run.folders;
  const auto add = [&words](const char* flag, const std::string& value) {
    words.insert(words.end(), {flag, value});
  };
  const Selection& selection = run.plan.selection;
  // A regular expression may begin with a dash.
  if (!selection.filter.empty()) words.push_back("--filter=" + selection.filter);
  if (selection.stride > 1) add("--stride", std::to_string(selection.stride));
  if (selection.limit > 0) add("--limit", std::to_string(selection.limit));
  if (run.plan.timeout_s > 0.0) add("--timeout", number_text(run.plan.timeout_s));
  if (run.plan.timeout_scale != 1.0) add("--timeout-scale", number_text(run.plan.timeout_scale));
  if (!run.version.empty()) add("--versions", run.version);
  if (run.threads > 0) add("--threads", std::to_string(run.threads));
  if (run.memory_limit_gb > 0.0) add("--memory", number_text(run.memory_limit_gb));
  if (!run.program.empty()) add("--program", run.program);
  if (run.traces) words.push_back("--trace");
  if (run.certificates) words.push_back("--certificates");
  for (const auto& [flag, value] : run.options) add("--set", flag + "=" + value);
  return words;
}

std::string write_jobs(const RunSettings& run, const std::string& out, const JobSettings& jobs) {
  require_sensible(jobs);
  const std::string folder = fs::weakly_canonical(fs::absolute(out)).string();
  RunSettings complete = run;
  for (std::string& suite : complete.folders) suite = fs::weakly_canonical(suite).string();
  if (!complete.program.empty()) complete.program = fs::weakly_canonical(complete.program).string();
  if (jobs.ranks > 1) {
    if (!complete.program.empty())
      throw InputError("--ranks: clipbound-mpi is the verifier then, not --program");
    complete.program = folder + "/over_mpi";
  }
  complete.threads = jobs.threads;
  complete.memory_limit_gb = jobs.memory_gb;
  const std::vector<Task> plan =
      make_plan(find_suites(complete.folders, complete.version), complete.plan);
  require_room(plan, jobs);
  if (fs::exists(fs::path(folder) / "job.sh"))
    throw InputError("there are scripts in " + folder + " already (submit.sh submits them)");
  std::error_code error;
  fs::create_directories(fs::path(folder) / "log", error);
  if (error) throw InputError("cannot make " + folder + ": " + error.message());
  const int wanted = jobs.tasks > 0 ? jobs.tasks : kUsualTasks,
            tasks = static_cast<int>(std::min<std::size_t>(wanted, plan.size()));
  const Scripts scripts(complete, folder, jobs, plan.size(), tasks);
  if (jobs.ranks > 1) write_script(folder, "over_mpi", scripts.over_mpi());
  write_script(folder, "merge.sh", scripts.merge());
  write_script(folder, "submit.sh", scripts.submit());
  write_script(folder, "job.sh", scripts.job());
  return folder + "/submit.sh";
}

}  // namespace clipbound::suite
