#include "cli/models.h"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/output_file.h"

namespace clipbound::cli {

namespace {

ModelFile model_of(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == 0 || equals == std::string::npos || std::filesystem::exists(argument))
    return {.network = "", .path = argument};
  const auto is_part_of_name = [](char character) {
    const auto c = static_cast<unsigned char>(character);
    return std::isalnum(c) != 0 || c == '_';
  };
  const auto end = argument.begin() + static_cast<std::ptrdiff_t>(equals);
  if (!std::all_of(argument.begin(), end, is_part_of_name))
    return {.network = "", .path = argument};
  return {.network = argument.substr(0, equals), .path = argument.substr(equals + 1)};
}

}  // namespace

std::vector<ModelFile> models_of(const std::vector<std::string>& arguments) {
  std::vector<ModelFile> models;
  for (const std::string& argument : arguments) models.push_back(model_of(argument));
  return models;
}

Problem load_problem(const std::string& query, const std::vector<std::string>& networks,
                     const Say& say) {
  std::vector<ModelFile> models = models_of(networks);
  int from_input = query == kStandardStream ? 1 : 0;
  for (const ModelFile& model : models) from_input += model.path == kStandardStream ? 1 : 0;
  if (from_input > 1) throw InputError("only one of query and networks can come from stdin");
  for (ModelFile& model : models)
    if (model.path == kStandardStream)
      model = {model.network, named(model.path).path, standard_input()};
  Problem problem = Problem::load(load_query(query, say), models);
  for (std::size_t k = 0; k < models.size(); ++k)
    if (const std::string& found = problem.files[k].path; found != models[k].path)
      say("note: there is no " + models[k].path + ", read " + found);
  return problem;
}

Sources sources_of(const std::string& query, const std::vector<std::string>& networks) {
  Sources sources;
  for (const ModelFile& model : models_of(networks)) sources.networks.push_back(named(model.path));
  sources.property = named(query);
  return sources;
}

Sources sources_of(const Problem& problem) {
  return {problem.files, problem.query.file()};
}

}  // namespace clipbound::cli
