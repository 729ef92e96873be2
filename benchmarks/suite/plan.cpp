#include "benchmarks/suite/plan.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "base/error.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;

/// How far below a given folder suites are looked for: repository, benchmarks, benchmark, version.
constexpr int kDepth = 4;

/// "1.0", "2.0".
bool is_version(const std::string& name) {
  const std::size_t dot = name.find('.');
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  return dot != std::string::npos && digits(std::string_view(name).substr(0, dot)) &&
         digits(std::string_view(name).substr(dot + 1));
}

std::vector<fs::path> folders_in(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> result;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && entry.is_directory(ignored)) result.push_back(entry.path());
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string benchmark_name(const fs::path& folder) {
  const std::string own = folder.filename().string();
  return is_version(own) ? folder.parent_path().filename().string() : own;
}

void add_suites(const fs::path& folder, const VersionChoice& choice, int depth,
                std::vector<SuiteFolder>& suites) {
  if (!list_of(folder.string()).empty()) {
    suites.push_back({benchmark_name(folder), folder.string()});
    return;
  }
  if (depth == 0) return;
  std::vector<fs::path> versions, others;
  for (const fs::path& inner : folders_in(folder)) {
    const bool version = is_version(inner.filename().string()) && !list_of(inner.string()).empty();
    (version ? versions : others).push_back(inner);
  }
  const std::string wanted = choice.empty() ? "1.0" : choice;
  const auto chosen = [&](const fs::path& path) {
    return choice == "all" || path.filename() == wanted;
  };
  const bool none = std::none_of(versions.begin(), versions.end(), chosen);
  for (const fs::path& version : versions) {
    const bool fallback = none && choice.empty() && &version == &versions.front();
    if (!chosen(version) && !fallback) continue;
    const std::string suffix = choice == "all" ? "/" + version.filename().string() : "";
    suites.push_back({folder.filename().string() + suffix, version.string()});
  }
  for (const fs::path& inner : others) add_suites(inner, choice, depth - 1, suites);
}

/// Puts parents' names in front of names that occur more than once.
void tell_apart(std::vector<SuiteFolder>& suites) {
  std::map<std::string, int> count;
  for (const SuiteFolder& suite : suites) ++count[suite.name];
  for (SuiteFolder& suite : suites) {
    if (count[suite.name] == 1) continue;
    fs::path above = fs::path(suite.path).parent_path();
    if (is_version(fs::path(suite.path).filename().string())) above = above.parent_path();
    suite.name = above.filename().string() + "/" + suite.name;
  }
  std::map<std::string, std::string> seen;
  for (const SuiteFolder& suite : suites) {
    const auto [other, fresh] = seen.emplace(suite.name, suite.path);
    if (!fresh) {
      throw InputError("two suites are called " + suite.name + ": " + other->second + " and " +
                       suite.path);
    }
  }
}

std::optional<int> integer(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int slurm_number(const char* name, std::optional<int> fallback) {
  const char* text =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing changes the environment
  if (text == nullptr && fallback) return *fallback;
  const std::optional<int> value = text == nullptr ? std::nullopt : integer(text);
  if (!value) throw InputError(std::string("--shard slurm: ") + name + " is not set to a number");
  return *value;
}

Shard slurm_shard() {
  const int id = slurm_number("SLURM_ARRAY_TASK_ID", std::nullopt);
  const int first = slurm_number("SLURM_ARRAY_TASK_MIN", 1),
            step = slurm_number("SLURM_ARRAY_TASK_STEP", 1);
  const Shard shard{step > 0 ? (id - first) / step + 1 : 0,
                    slurm_number("SLURM_ARRAY_TASK_COUNT", std::nullopt)};
  if (step < 1 || (id - first) % step != 0 || shard.index < 1 || shard.index > shard.count) {
    throw InputError("--shard slurm: SLURM_ARRAY_TASK_ID is none of the array's tasks");
  }
  return shard;
}

}  // namespace

std::vector<SuiteFolder> find_suites(const std::vector<std::string>& folders,
                                     const VersionChoice& version) {
  std::vector<SuiteFolder> suites;
  for (const std::string& name : folders) {
    std::error_code error;
    const fs::path folder = fs::canonical(name, error);
    if (error || !fs::is_directory(folder))
      throw InputError("the suite " + name + " is not a folder");
    const std::size_t before = suites.size();
    add_suites(folder, version, kDepth, suites);
    if (suites.size() == before) {
      throw InputError("no instances.csv in " + name +
                       " or below: a suite is a folder with instances.csv");
    }
  }
  tell_apart(suites);
  return suites;
}

std::string key_of(const std::string& suite, const std::string& onnx, const std::string& vnnlib,
                   int repeat) {
  return suite + '\t' + onnx + '\t' + vnnlib + (repeat > 1 ? '\t' + std::to_string(repeat) : "");
}

Shard parse_shard(const std::string& text) {
  if (text == "slurm") return slurm_shard();
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) {
    const auto index = integer(text.substr(0, slash)), count = integer(text.substr(slash + 1));
    if (index && count && *index >= 1 && *index <= *count) return {*index, *count};
  }
  throw InputError("--shard: '" + text + "' is not i/n with 1 <= i <= n, and not slurm");
}

std::vector<Task> make_plan(const std::vector<SuiteFolder>& suites, const PlanSettings& settings) {
  std::vector<Task> all;
  for (const SuiteFolder& suite : suites) {
    std::map<std::string, int> repeats;
    for (Instance& instance : read_suite(suite.path, settings.selection, Missing::keep)) {
      const int repeat = ++repeats[instance.name()];
      const double timeout_s = settings.timeout_s > 0.0
                                   ? settings.timeout_s
                                   : instance.timeout_s * settings.timeout_scale;
      all.push_back({suite.name, std::move(instance), repeat, timeout_s});
    }
  }
  if (all.empty()) throw InputError("no instance is selected");
  std::vector<Task> plan;
  const auto index = static_cast<std::size_t>(settings.shard.index - 1);
  for (std::size_t i = index; i < all.size(); i += static_cast<std::size_t>(settings.shard.count)) {
    plan.push_back(std::move(all[i]));
  }
  return plan;
}

}  // namespace clipbound::suite
