#pragma once
// Idea: what --network says: which model is which network of the query.
// Source: the VNN-LIB standard's command line.
// Guarantees: a file that is there is never taken for a name.
#include <string>
#include <vector>

#include "cli/input_file.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// [NAME=]FILE each; - is stdin.
std::vector<ModelFile> models_of(const std::vector<std::string>& arguments);
/// Query and models, of which one may come from stdin. Who is given another file than the one that
/// was named is told so.
Problem load_problem(const std::string& query, const std::vector<std::string>& networks,
                     const Say& say);
/// What a result is about: by the names on the command line, and once all has been read.
Sources sources_of(const std::string& query, const std::vector<std::string>& networks);
Sources sources_of(const Problem& problem);

}  // namespace clipbound::cli
