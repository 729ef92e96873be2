#include "cli/ablation_records.h"

namespace clipbound::cli::ablation {

namespace {

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

}  // namespace clipbound::cli::ablation
