#include "benchmarks/suite/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/version.h"
#include "benchmarks/suite/files.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kRunFile = "run.json";
constexpr const char* kRecords = "records.jsonl";
constexpr int kFormat = 1;

std::string inside(const std::string& folder, const std::string& name) {
  return (fs::path(folder) / name).string();
}

Json to_json(const RunSettings& settings) {
  Json json = {{"folders", settings.folders},
               {"version_folder", settings.version},
               {"filter", settings.plan.selection.filter},
               {"stride", settings.plan.selection.stride},
               {"limit", settings.plan.selection.limit},
               {"timeout_s", settings.plan.timeout_s},
               {"timeout_scale", settings.plan.timeout_scale},
               {"shard", {settings.plan.shard.index, settings.plan.shard.count}},
               {"memory_limit_gb", settings.memory_limit_gb},
               {"threads", settings.threads},
               {"program", settings.program},
               {"traces", settings.traces},
               {"certificates", settings.certificates},
               {"options", Json::object()}};
  for (const auto& [flag, value] : settings.options) json["options"][flag] = value;
  return json;
}

RunSettings parse_settings(const Json& json) {
  RunSettings settings;
  settings.folders = json.at("folders").get<std::vector<std::string>>();
  settings.version = json.at("version_folder").get<std::string>();
  settings.plan.selection.filter = json.at("filter").get<std::string>();
  settings.plan.selection.stride = json.at("stride").get<int>();
  settings.plan.selection.limit = json.at("limit").get<int>();
  settings.plan.timeout_s = json.at("timeout_s").get<double>();
  settings.plan.timeout_scale = json.at("timeout_scale").get<double>();
  settings.plan.shard = {json.at("shard").at(0).get<int>(), json.at("shard").at(1).get<int>()};
  settings.memory_limit_gb = json.at("memory_limit_gb").get<double>();
  settings.threads = json.at("threads").get<int>();
  settings.program = json.at("program").get<std::string>();
  settings.traces = json.value("traces", false);
  settings.certificates = json.value("certificates", false);
  for (const auto& [flag, value] : json.at("options").items())
    settings.options.emplace_back(flag, value);
  return settings;
}

Json to_json(const Run& run) {
  Json json = {
      {"format", kFormat},       {"clipbound", run.program_version},  {"machine", run.machine},
      {"jobs", run.jobs},        {"settings", to_json(run.settings)}, {"suites", Json::array()},
      {"planned", Json::array()}};
  for (const SuiteFolder& suite : run.suites)
    json["suites"].push_back({{"name", suite.name}, {"path", suite.path}});
  for (const PlannedInstance& instance : run.planned) {
    Json row = {{"suite", instance.suite},         {"onnx", instance.onnx},
                {"vnnlib", instance.vnnlib},       {"repeat", instance.repeat},
                {"timeout_s", instance.timeout_s}, {"networks", Json::array()},
                {"property", instance.vnnlib_path}};
    for (const NetworkFile& network : instance.networks)
      row["networks"].push_back({network.name, network.path});
    json["planned"].push_back(std::move(row));
  }
  return json;
}

void parse_run(const Json& json, Run& run) {
  if (json.at("format").get<int>() != kFormat)
    throw InputError("written by another version of clipbound");
  run.program_version = json.at("clipbound").get<std::string>();
  run.machine = json.at("machine").get<std::string>();
  run.jobs = json.at("jobs").get<int>();
  run.settings = parse_settings(json.at("settings"));
  for (const Json& suite : json.at("suites")) {
    run.suites.push_back(
        {suite.at("name").get<std::string>(), suite.at("path").get<std::string>()});
  }
  for (const Json& row : json.at("planned")) {
    PlannedInstance instance;
    instance.suite = row.at("suite").get<std::string>();
    instance.onnx = row.at("onnx").get<std::string>();
    instance.vnnlib = row.at("vnnlib").get<std::string>();
    instance.repeat = row.at("repeat").get<int>();
    instance.timeout_s = row.at("timeout_s").get<double>();
    instance.vnnlib_path = row.at("property").get<std::string>();
    for (const Json& network : row.at("networks")) {
      instance.networks.push_back(
          {network.at(0).get<std::string>(), network.at(1).get<std::string>()});
    }
    run.planned.push_back(std::move(instance));
  }
}

/// The records of a file and the length of what they take: a line counts once its end has been
/// written. What a crash of the machine left behind it may be anything, and is no record either.
std::vector<Record> parse_records(const std::string& path, const std::string& text,
                                  std::size_t& length) {
  std::vector<Record> records;
  std::set<std::string> keys;
  length = 0;
  for (int number = 1; length < text.size(); ++number) {
    const std::size_t end = text.find('\n', length);
    if (end == std::string::npos) break;
    const bool last = end + 1 == text.size();
    try {
      Record record = parse_record(std::string_view(text).substr(length, end - length));
      if (!keys.insert(record.key()).second)
        throw InputError("a second record of " + record.vnnlib);
      records.push_back(std::move(record));
    } catch (const InputError& error) {
      if (last) break;
      throw InputError(path + ":" + std::to_string(number) + ": " + error.what());
    }
    length = end + 1;
  }
  return records;
}

/// File names of at most so many bytes, of letters that every file system takes.
std::string safe_name(std::string_view text, std::size_t limit) {
  std::string name(text.substr(0, limit));
  for (char& character : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(character)) != 0 ||
                       std::string_view("._-").find(character) != std::string_view::npos;
    if (!plain) character = '_';
  }
  return name.starts_with('.') ? "_" + name : name;
}

/// FNV-1a.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char character : text)
    hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  return hash;
}

/// FOLDER/SUITE/NETWORK_PROPERTY.hash.ENDING.
std::string name_below(const std::string& folder, const Record& record, const char* ending) {
  char hash[12];
  std::snprintf(hash, sizeof hash, "%08x", hash_of(record.key()));
  constexpr std::size_t kLongest = 80;
  const std::string network = safe_name(fs::path(record.onnx).stem().string(), kLongest),
                    property = safe_name(fs::path(record.vnnlib).stem().string(), kLongest);
  return folder + "/" + safe_name(record.suite, kLongest) + "/" + network + "_" + property + "." +
         hash + ending;
}

}  // namespace

std::string counterexample_name(const Record& record) {
  return name_below("counterexamples", record, ".counterexample");
}

std::string trace_name(const Record& record) {
  return name_below("traces", record, ".trace.gz");
}

std::string certificate_name(const Record& record) {
  return name_below("certificates", record, ".certificate.gz");
}

const Record* Run::find(const std::string& key) const {
  const auto found =
      std::find_if(records.begin(), records.end(), [&](const Record& r) { return r.key() == key; });
  return found == records.end() ? nullptr : &*found;
}

std::map<std::string, const Record*> Run::by_key() const {
  std::map<std::string, const Record*> result;
  for (const Record& record : records) result.emplace(record.key(), &record);
  return result;
}

bool is_run(const std::string& folder) {
  std::error_code ignored;
  return fs::is_regular_file(inside(folder, kRunFile), ignored);
}

Run read_run(const std::string& folder) {
  const std::string path = inside(folder, kRunFile);
  if (!is_run(folder))
    throw InputError(folder + " is not the folder of a run: there is no " + path);
  Run run;
  run.folder = folder;
  try {
    parse_run(Json::parse(read_whole(path)), run);
  } catch (const Json::exception& error) {
    throw InputError(path + ": " + error.what());
  } catch (const InputError& error) {
    throw InputError(path + ": " + error.what());
  }
  const std::string records = inside(folder, kRecords);
  std::size_t length = 0;
  std::error_code ignored;
  if (fs::exists(records, ignored))
    run.records = parse_records(records, read_whole(records), length);
  return run;
}

std::vector<std::pair<std::string, std::string>> describe(const RunSettings& settings) {
  std::vector<std::pair<std::string, std::string>> rows;
  const Json json = to_json(settings);
  for (const auto& [name, value] : json.items()) rows.emplace_back(name, value.dump());
  return rows;
}

RunWriter RunWriter::open(const std::string& folder) {
  const std::string path = inside(folder, kRecords);
  RunWriter writer(folder, ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (writer.records_ < 0) throw_errno("cannot write " + path);
  if (::flock(writer.records_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw InputError("another process is writing to " + folder);
  }
  std::error_code error;
  fs::remove_all(inside(folder, "scratch"), error);
  fs::create_directories(inside(folder, "scratch"), error);
  if (error) throw InputError("cannot write in " + folder + ": " + error.message());
  return writer;
}

RunWriter RunWriter::begin(const Run& run) {
  if (is_run(run.folder))
    throw InputError("there is a run in " + run.folder + " already (--resume continues it)");
  std::error_code error;
  fs::create_directories(run.folder, error);
  if (error) throw InputError("cannot make " + run.folder + ": " + error.message());
  if (fs::exists(inside(run.folder, kRecords))) {
    throw InputError(run.folder + " holds records, but no " + kRunFile);
  }
  write_durably(inside(run.folder, kRunFile),
                to_json(run).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  return open(run.folder);
}

RunWriter RunWriter::resume(const std::string& folder) {
  RunWriter writer = open(folder);
  const std::string path = inside(folder, kRecords), text = read_whole(path);
  std::size_t length = 0;
  parse_records(path, text, length);
  if (length < text.size() && ::ftruncate(writer.records_, static_cast<off_t>(length)) != 0)
    throw_errno("cannot write " + path);
  return writer;
}

RunWriter::RunWriter(RunWriter&& other) noexcept
    : folder_(std::move(other.folder_)), records_(std::exchange(other.records_, -1)) {}

RunWriter::~RunWriter() {
  if (records_ < 0) return;
  std::error_code ignored;
  fs::remove_all(inside(folder_, "scratch"), ignored);
  ::close(records_);
}

void RunWriter::append(const Record& record) {
  // In one call: what is there of a line after a crash is its beginning.
  if (!write_all(records_, to_json_line(record) + "\n") || ::fdatasync(records_) != 0) {
    throw_errno("cannot write " + inside(folder_, kRecords));
  }
}

void RunWriter::keep_counterexample(Record& record, const std::string& result_file) {
  const std::string text = read_whole(result_file), name = counterexample_name(record),
                    path = inside(folder_, name);
  const std::size_t first_line = text.find('\n');
  if (first_line == std::string::npos) throw InputError(result_file + " has no counterexample");
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  write_durably(path, text.substr(first_line + 1));
  record.counterexample = name;
}

bool RunWriter::keep(const std::string& file, const std::string& name) const {
  std::error_code error;
  if (!fs::exists(file, error)) return false;
  const std::string path = inside(folder_, name);
  fs::create_directories(fs::path(path).parent_path(), error);
  fs::rename(file, path, error);
  if (error) throw InputError("cannot write " + path + ": " + error.message());
  return true;
}

void RunWriter::keep_trace(Record& record, const std::string& trace_file) {
  if (keep(trace_file, trace_name(record))) record.trace = trace_name(record);
}

void RunWriter::keep_certificate(const Record& record, const std::string& certificate_file) {
  keep(certificate_file, certificate_name(record));
}

std::string RunWriter::scratch(const std::string& name) const {
  return inside(inside(folder_, "scratch"), name);
}

}  // namespace clipbound::suite
