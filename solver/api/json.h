#pragma once
// Idea: how the library writes JSON.
// Source: own.
// Guarantees: numbers read back as they were.
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "clipbound/file_info.h"

namespace clipbound {

using Json = nlohmann::ordered_json;

/// A message may quote bytes of a file that are no UTF-8: they are replaced, never refused. Numbers
/// that are not finite become null, JSON has none.
inline std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Adds what header_json() says.
void append_header(Json& json, std::span<const FileInfo> networks, const FileInfo* property);

}  // namespace clipbound
