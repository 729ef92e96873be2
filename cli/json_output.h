#pragma once
// Idea: `--json FILE` of the commands that have no verdict: a result, or the error in its place.
// Source: own; docs/result.schema.json.
// Guarantees: the file holds what this run has to say, and nothing of an earlier one.
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/input_file.h"

namespace clipbound::cli {

using Json = nlohmann::ordered_json;

/// What every result begins with.
Json header_of(const Sources& sources);
/// A file as in that.
Json json_of(const FileInfo& info);
/// UTF-8, indented, with a line's end.
std::string text_of(const Json& json);

/// Writes what `work` returns to `path`, which may be none. Where it throws, the error is written
/// there, with what `sources` is by then, and thrown on. "-" and no path: the same to stdout, and
/// nowhere.
void write_result(const std::string& path, const Sources& sources,
                  const std::function<std::string()>& work);

}  // namespace clipbound::cli
