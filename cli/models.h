#pragma once
// Idea: what --network says: which model is which network of the query.
// Source: the VNN-LIB standard's command line.
// Guarantees: a file that is there is never taken for a name.
#include <string>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// [NAME=]FILE each; - is stdin.
std::vector<ModelFile> models_of(const std::vector<std::string>& arguments);
/// Query and models, of which one may come from stdin.
Problem load_problem(const std::string& query, const std::vector<std::string>& networks);
/// Everything that is in stdin.
std::string standard_input();

}  // namespace clipbound::cli
