#pragma once
// Idea: the networks and the property that a command reads, by name or from stdin.
// Source: own.
// Guarantees: who is given another file than the one that was named is told so.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// What a result is about: names at first, with sizes and digests once the files have been read.
struct Sources {
  std::vector<FileInfo> networks;
  std::optional<FileInfo> property;
};

/// The name in a result of what the command line calls `path`: "-" is stdin.
FileInfo named(const std::string& path);

/// Takes a message for people.
using Say = std::function<void(const std::string&)>;

/// To stderr, as "clipbound: ...".
void say_on_stderr(const std::string& message);

/// All that stdin has.
std::string standard_input();
/// Read from the file, or from stdin for "-". They throw as Network::load() and Query::load() do.
Network load_network(const std::string& path, const Say& say);
Query load_query(const std::string& path, const Say& say);

}  // namespace clipbound::cli
