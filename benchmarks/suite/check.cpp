#include "benchmarks/suite/check.h"

#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "benchmarks/suite/files.h"
#include "specs/evaluate/counterexample.h"
#include "specs/onnx/onnx_reader.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound::suite {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kCheckFile = "check.json";

/// The words of the text, brackets left out.
std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBetween = " \t\r\n()";
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(kBetween, at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.size(), text.find_first_of(kBetween, at));
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

/// Keeps the network that was read last: suites ask about one network many times in a row.
class Replayer {
 public:
  specs::Judgement replay(const PlannedInstance& instance, const std::string& counterexample) {
    if (instance.networks.size() != 1)
      throw Unsupported("replaying a query about several networks");
    if (path_ != instance.networks.front().path) {
      path_.clear();
      network_.emplace(specs::read_onnx(instance.networks.front().path));
      path_ = instance.networks.front().path;
    }
    const specs::Query query = specs::read_vnnlib(instance.vnnlib_path);
    std::vector<double> point = parse_counterexample(read_whole(counterexample));
    if (network_->input_type() != specs::DataType::float64) {
      // As the competition does: the file rounds to 9 digits.
      for (double& x : point) x = static_cast<float>(x);
    }
    if (static_cast<std::int64_t>(point.size()) != query.input_size) {
      throw InputError("it has " + std::to_string(point.size()) + " inputs, the property " +
                       std::to_string(query.input_size));
    }
    check_against(query, network_->input_size(), network_->output_size());
    return judge(*network_, query, point);
  }

 private:
  std::string path_;
  std::optional<specs::Network> network_;
};

}  // namespace

std::vector<double> parse_counterexample(const std::string& text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.empty() || words.size() % 2 != 0)
    throw InputError("not a counterexample: expected ((X_0 value) ...)");
  std::vector<double> inputs;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    // What the tool says the outputs are is nobody's concern.
    if (words[i].starts_with("Y_")) continue;
    if (words[i] != "X_" + std::to_string(inputs.size())) {
      throw InputError("expected X_" + std::to_string(inputs.size()) + ", found '" +
                       std::string(words[i]) + "'");
    }
    double value = 0.0;
    const char* end = words[i + 1].data() + words[i + 1].size();
    const auto parsed = std::from_chars(words[i + 1].data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      throw InputError("'" + std::string(words[i + 1]) + "' is not a number");
    }
    inputs.push_back(value);
  }
  return inputs;
}

std::vector<CheckedCounterexample> check_run(
    const Run& run, const std::function<void(const CheckedCounterexample&)>& tell) {
  std::vector<CheckedCounterexample> results;
  Replayer replayer;
  Json json = Json::object();
  const auto records = run.by_key();
  for (const PlannedInstance& instance : run.planned) {
    const auto found = records.find(instance.key());
    const Record* record = found == records.end() ? nullptr : found->second;
    if (record == nullptr || record->outcome != Outcome::sat) continue;
    CheckedCounterexample result{instance.key(), false, ""};
    try {
      if (record->counterexample.empty()) throw InputError("sat without a counterexample");
      const specs::Judgement judgement =
          replayer.replay(instance, (fs::path(run.folder) / record->counterexample).string());
      result.holds = judgement.holds;
      result.why_not = judgement.why_not;
    } catch (const std::exception& error) {
      result.why_not = error.what();
    }
    json[result.key] = result.holds;
    if (tell) tell(result);
    results.push_back(std::move(result));
  }
  write_durably((fs::path(run.folder) / kCheckFile).string(),
                json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
  return results;
}

std::map<std::string, bool> read_check(const std::string& folder) {
  const std::string path = (fs::path(folder) / kCheckFile).string();
  if (!fs::exists(path)) return {};
  try {
    return Json::parse(read_whole(path)).get<std::map<std::string, bool>>();
  } catch (const Json::exception& error) {
    throw InputError(path + ": " + error.what());
  }
}

}  // namespace clipbound::suite
