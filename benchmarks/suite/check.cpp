#include "benchmarks/suite/check.h"

#include <cctype>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "base/error.h"
#include "benchmarks/suite/files.h"
#include "specs/evaluate/counterexample.h"
#include "specs/joint/models.h"
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

std::string listing(const std::vector<NetworkFile>& networks) {
  std::string text;
  for (const NetworkFile& network : networks) text += network.name + "=" + network.path + "\n";
  return text;
}

std::vector<WitnessVariable> variables_of(const specs::JointQuery& query) {
  std::vector<WitnessVariable> variables;
  for (const specs::DeclaredNetwork& network : query.networks)
    for (const specs::DeclaredTensor& tensor : network.tensors)
      variables.push_back({tensor.name, tensor.type_text, tensor.shape,
                           tensor.kind == specs::DeclaredTensor::Kind::input});
  return variables;
}

/// Keeps the network that was read last: suites ask about one network many times in a row. Of
/// VNN-LIB 2.0, what is read depends on the query.
class Replayer {
 public:
  specs::Judgement replay(const PlannedInstance& instance, const std::string& counterexample) {
    const specs::JointQuery query = specs::read_joint_query(instance.vnnlib_path);
    const bool reads_anew = !query.networks.empty() || listing(instance.networks) != networks_;
    specs::Query asked = query.query;
    if (reads_anew) {
      networks_.clear();
      specs::Joint joint = specs::join_given(query, given(instance));
      network_ = joint.network;
      asked = std::move(joint.query);
      if (query.networks.empty()) networks_ = listing(instance.networks);
    }
    const std::string text = read_whole(counterexample);
    std::vector<double> point = query.networks.empty() || text.starts_with('(')
                                    ? parse_counterexample(text)
                                    : parse_counterexample(text, variables_of(query));
    if (network_->input_type() != specs::DataType::float64) {
      // As the competition does: the file rounds to 9 digits.
      for (double& x : point) x = static_cast<float>(x);
    }
    if (static_cast<std::int64_t>(point.size()) != asked.input_size) {
      throw InputError("it has " + std::to_string(point.size()) + " inputs, the property " +
                       std::to_string(asked.input_size));
    }
    check_against(asked, network_->input_size(), network_->output_size());
    return judge(*network_, asked, point);
  }

 private:
  static std::vector<specs::GivenModel> given(const PlannedInstance& instance) {
    std::vector<specs::GivenModel> models;
    for (const NetworkFile& network : instance.networks)
      models.push_back({network.name, network.path, "", nullptr});
    return models;
  }

  std::string networks_;  ///< of the network that is kept
  std::shared_ptr<const specs::Network> network_;
};

double number_of(std::string_view word) {
  double value = 0.0;
  const char* end = word.data() + word.size();
  const auto parsed = std::from_chars(word.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end) return value;
  if (word == "true" || word == "false") return word == "true" ? 1.0 : 0.0;
  throw InputError("'" + std::string(word) + "' is not a number");
}

std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The next line that is not empty, without blanks at its end.
std::string_view next_line(std::string_view& text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r'))
      line.remove_suffix(1);
    if (!line.empty()) return line;
  }
  return {};
}

/// NAME TYPE [SHAPE], of this variable.
void check_header(std::string_view line, const WitnessVariable& variable) {
  static const std::regex format(R"(^(\S+)\s+(\S+)\s+\[([0-9,\s]*)\]$)");
  const std::string text(line);
  std::smatch parts;
  const auto refuse = [&](const std::string& why) {
    throw InputError("expected the line of '" + variable.name + "', found '" + text + "'" + why);
  };
  if (!std::regex_match(text, parts, format)) refuse("");
  if (parts[1] != variable.name) refuse("");
  const std::string type = lower_case(parts[2]), declared = lower_case(variable.type);
  if (type != declared && !(type == "real" && declared.find("float") != std::string::npos))
    refuse(": it is declared " + variable.type);
  std::string shape;
  for (const std::int64_t d : variable.shape)
    shape += (shape.empty() ? "" : ",") + std::to_string(d);
  std::string given = parts[3];
  std::erase_if(given, [](char c) { return c == ' ' || c == '\t'; });
  if (given != shape) refuse(": its shape is [" + shape + "]");
}

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
    inputs.push_back(number_of(words[i + 1]));
  }
  return inputs;
}

std::vector<double> parse_counterexample(const std::string& text,
                                         const std::vector<WitnessVariable>& variables) {
  std::string_view rest = text;
  if (rest.starts_with("sat\n")) rest.remove_prefix(4);
  std::vector<double> inputs;
  for (const WitnessVariable& variable : variables) {
    check_header(next_line(rest), variable);
    std::int64_t size = 1;
    for (const std::int64_t d : variable.shape) size *= d;
    for (std::int64_t i = 0; i < size; ++i) {
      const double value = number_of(next_line(rest));
      if (variable.is_input) inputs.push_back(value);
    }
  }
  if (const std::string_view more = next_line(rest); !more.empty())
    throw InputError("nothing is expected after the last variable, found '" + std::string(more) +
                     "'");
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
