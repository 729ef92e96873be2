#include "benchmarks/suite/record.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace clipbound::suite {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kEndings = {Ending::exited, Ending::crashed, Ending::time, Ending::memory,
                                 Ending::not_run};

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// JSON has no infinity: it is a word. null: nothing is known.
Json bound_json(double value) {
  if (std::isnan(value)) return nullptr;
  if (std::isinf(value)) return value > 0.0 ? "inf" : "-inf";
  return value;
}

double bound_of(const Json& value) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value.is_string()) return value.get<double>();
  const auto word = value.get<std::string>();
  if (word == "inf") return kInfinity;
  if (word == "-inf") return -kInfinity;
  throw InputError("'" + word + "' is no bound");
}

Json point_json(const ProgressPoint& point) {
  return {point.elapsed_s, bound_json(point.worst_bound), point.settled_share, point.subproblems,
          point.open};
}

ProgressPoint parse_point(const Json& array) {
  return {array.at(0).get<double>(), bound_of(array.at(1)), array.at(2).get<double>(),
          array.at(3).get<std::uint64_t>(), array.at(4).get<std::uint64_t>()};
}

/// As in results (docs/result.schema.json).
Json json_of(const FileInfo& info) {
  Json json = {{"file", info.path}, {"bytes", nullptr}, {"sha256", nullptr}};
  if (info.bytes) json["bytes"] = *info.bytes;
  if (!info.sha256.empty()) json["sha256"] = info.sha256;
  for (const FileInfo& part : info.data) json["data"].push_back(json_of(part));
  return json;
}

FileInfo file_of(const Json& json) {
  FileInfo info{json.at("file").get<std::string>()};
  if (const Json& bytes = json.at("bytes"); !bytes.is_null())
    info.bytes = bytes.get<std::uint64_t>();
  if (const Json& digits = json.at("sha256"); !digits.is_null())
    info.sha256 = digits.get<std::string>();
  if (const auto data = json.find("data"); data != json.end())
    for (const Json& part : *data) info.data.push_back(file_of(part));
  return info;
}

/// The member, or null where there is none.
const Json& member(const Json& json, const char* name) {
  static const Json none;
  const auto found = json.find(name);
  return found == json.end() ? none : *found;
}

template <typename Words, typename Word = typename Words::value_type>
Word word_of(const Words& words, const std::string& name) {
  for (const Word word : words) {
    if (name == name_of(word)) return word;
  }
  throw InputError("'" + name + "' is no word of a record");
}

}  // namespace

const char* name_of(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::unsat: return "unsat";
    case Outcome::sat: return "sat";
    case Outcome::unknown: return "unknown";
    case Outcome::timeout: return "timeout";
    case Outcome::error: break;
  }
  return "error";
}

const char* name_of(Ending ending) noexcept {
  switch (ending) {
    case Ending::exited: return "exited";
    case Ending::crashed: return "crashed";
    case Ending::time: return "killed: time";
    case Ending::memory: return "killed: memory";
    case Ending::not_run: break;
  }
  return "not run";
}

Record record_of(const Task& task) {
  Record record;
  record.suite = task.suite;
  record.onnx = task.instance.onnx;
  record.vnnlib = task.instance.vnnlib;
  record.repeat = task.repeat;
  record.timeout_s = task.timeout_s;
  return record;
}

Json to_json(const Record& record) {
  Json json = {{"suite", record.suite},
               {"onnx", record.onnx},
               {"vnnlib", record.vnnlib},
               {"repeat", record.repeat},
               {"timeout_s", record.timeout_s},
               {"verdict", name_of(record.outcome)},
               {"reason", record.reason},
               {"seconds", record.seconds},
               {"cpu_s", record.cpu_s},
               {"peak_memory_mb", record.peak_memory_mb},
               {"ending", name_of(record.ending)},
               {"exit_code", record.exit_code},
               {"threads", record.threads},
               {"last", point_json(record.last)},
               {"curve", Json::array()},
               {"counterexample", record.counterexample},
               {"started", record.started},
               {"networks", Json::array()},
               {"property", nullptr},
               {"violated", nullptr}};
  for (const FileInfo& network : record.networks) json["networks"].push_back(json_of(network));
  if (record.property) json["property"] = json_of(*record.property);
  if (record.violated) {
    json["violated"] = {{"clause", record.violated->clause},
                        {"line", record.violated->line},
                        {"rows", record.violated->rows}};
  }
  for (const ProgressPoint& point : record.curve) json["curve"].push_back(point_json(point));
  json["command"] = record.command;
  json["messages"] = record.messages;
  json["statistics"] = Json::object();
  for (const auto& [name, value] : record.statistics) json["statistics"][name] = value;
  json["trace"] = record.trace;
  return json;
}

std::string to_json_line(const Record& record) {
  return to_json(record).dump(-1, ' ', false, Json::error_handler_t::replace);
}

void take_origin(Record& record, const Json& json) {
  for (const Json& network : member(json, "networks")) record.networks.push_back(file_of(network));
  if (const Json& property = member(json, "property"); !property.is_null())
    record.property = file_of(property);
  if (const Json& violated = member(json, "violated"); !violated.is_null()) {
    record.violated = {violated.at("clause").get<std::uint64_t>(), violated.at("line").get<int>(),
                       violated.at("rows").get<std::vector<std::string>>()};
  }
  for (const auto& [name, value] : member(json, "statistics").items())
    record.statistics.emplace_back(name, value.get<double>());
}

Record parse_record(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    Record record;
    const auto text = [&](const char* name) { return json.at(name).get<std::string>(); };
    const auto number = [&](const char* name) { return json.at(name).get<double>(); };
    record.suite = text("suite");
    record.onnx = text("onnx");
    record.vnnlib = text("vnnlib");
    record.repeat = json.at("repeat").get<int>();
    record.timeout_s = number("timeout_s");
    record.outcome = word_of(kOutcomes, text("verdict"));
    record.reason = text("reason");
    record.seconds = number("seconds");
    record.cpu_s = number("cpu_s");
    record.peak_memory_mb = number("peak_memory_mb");
    record.ending = word_of(kEndings, text("ending"));
    record.exit_code = json.at("exit_code").get<int>();
    record.threads = json.at("threads").get<int>();
    record.last = parse_point(json.at("last"));
    for (const Json& point : json.at("curve")) record.curve.push_back(parse_point(point));
    record.counterexample = text("counterexample");
    record.started = text("started");
    record.command = json.value("command", "");
    record.messages = json.value("messages", "");
    record.trace = json.value("trace", "");
    take_origin(record, json);
    return record;
  } catch (const Json::exception& error) {
    throw InputError(std::string("not a record: ") + error.what());
  }
}

}  // namespace clipbound::suite
