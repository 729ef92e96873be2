#pragma once
// Holds JSON against a schema, in that part of JSON Schema (2020-12) which docs/result.schema.json
// uses; any other keyword is a mistake of the schema.
#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace clipbound::test {

class JsonSchema {
 public:
  using Json = nlohmann::json;
  using Problems = std::vector<std::string>;

  explicit JsonSchema(Json schema) : whole_(std::move(schema)) {}

  /// Where the value is not as the schema says, and why; empty: it is.
  Problems problems(const Json& value) const {
    Problems found;
    check(value, whole_, "", found);
    return found;
  }

 private:
  void check(const Json& value, const Json& schema, const std::string& place,
             Problems& found) const {
    if (schema.is_boolean()) {
      if (!schema.get<bool>()) found.push_back(place + ": nothing is allowed here");
      return;
    }
    refuse_unknown(schema);
    if (const auto ref = schema.find("$ref"); ref != schema.end())
      check(value, referred(ref->get<std::string>()), place, found);
    check_scalar(value, schema, place, found);
    if (value.is_object()) check_object(value, schema, place, found);
    if (value.is_array()) check_array(value, schema, place, found);
    for (const char* word : {"oneOf", "anyOf"})
      if (schema.contains(word)) check_choice(value, schema, word, place, found);
  }

  static void refuse_unknown(const Json& schema) {
    static const std::set<std::string> kKnown = {
        "$schema", "$defs",    "$ref",     "title",    "description", "type",
        "enum",    "oneOf",    "anyOf",    "required", "properties",  "additionalProperties",
        "items",   "minItems", "maxItems", "minimum",  "maximum",     "pattern"};
    for (const auto& [word, unused] : schema.items())
      if (!kKnown.contains(word)) throw std::logic_error("the schema uses " + word);
  }

  const Json& referred(const std::string& name) const {
    if (name.empty() || name[0] != '#') throw std::logic_error("the schema refers to " + name);
    return whole_.at(Json::json_pointer(name.substr(1)));
  }

  static bool has_type(const Json& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_boolean();
    if (type == "string") return value.is_string();
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "number") return value.is_number();
    if (type != "integer") throw std::logic_error("the schema has the type " + type);
    if (!value.is_number_float()) return value.is_number();
    return std::floor(value.get<double>()) == value.get<double>();
  }

  static void check_scalar(const Json& value, const Json& schema, const std::string& place,
                           Problems& found) {
    if (const auto type = schema.find("type"); type != schema.end()) {
      const Json types = type->is_array() ? *type : Json::array({*type});
      bool any = false;
      for (const Json& one : types) any = any || has_type(value, one.get<std::string>());
      if (!any) found.push_back(place + ": " + value.dump() + " is not of type " + type->dump());
    }
    if (const auto words = schema.find("enum"); words != schema.end()) {
      if (std::find(words->begin(), words->end(), value) == words->end())
        found.push_back(place + ": " + value.dump() + " is none of " + words->dump());
    }
    if (!value.is_number() && !value.is_string()) return;
    const auto bound = [&](const char* word) {
      return value.is_number() && schema.contains(word) ? schema[word].get<double>() : std::nan("");
    };
    if (value.is_number() && value.get<double>() < bound("minimum"))
      found.push_back(place + ": " + value.dump() + " is below the minimum");
    if (value.is_number() && value.get<double>() > bound("maximum"))
      found.push_back(place + ": " + value.dump() + " is above the maximum");
    if (value.is_string() && schema.contains("pattern") &&
        !std::regex_search(value.get<std::string>(),
                           std::regex(schema["pattern"].get<std::string>())))
      found.push_back(place + ": " + value.dump() + " does not match " + schema["pattern"].dump());
  }

  void check_object(const Json& value, const Json& schema, const std::string& place,
                    Problems& found) const {
    for (const Json& name : schema.value("required", Json::array()))
      if (!value.contains(name.get<std::string>()))
        found.push_back(place + ": has no " + name.dump());
    const Json properties = schema.value("properties", Json::object()),
               others = schema.value("additionalProperties", Json(true));
    for (const auto& [name, member] : value.items()) {
      const auto own = properties.find(name);
      check(member, own == properties.end() ? others : *own, place + "/" + name, found);
    }
  }

  void check_array(const Json& value, const Json& schema, const std::string& place,
                   Problems& found) const {
    if (value.size() < schema.value("minItems", std::size_t{0}) ||
        value.size() > schema.value("maxItems", value.size()))
      found.push_back(place + ": " + std::to_string(value.size()) + " items");
    if (!schema.contains("items")) return;
    for (std::size_t i = 0; i < value.size(); ++i)
      check(value[i], schema["items"], place + "/" + std::to_string(i), found);
  }

  void check_choice(const Json& value, const Json& schema, const char* word,
                    const std::string& place, Problems& found) const {
    std::size_t fits = 0;
    Problems nearest;
    for (const Json& choice : schema[word]) {
      Problems here;
      check(value, choice, place, here);
      fits += here.empty() ? 1 : 0;
      if (nearest.empty() || here.size() < nearest.size()) nearest = here;
    }
    if (fits == 0) {
      found.push_back(place + ": fits nothing of " + word + "; nearest:");
      found.insert(found.end(), nearest.begin(), nearest.end());
    } else if (fits > 1 && word == std::string("oneOf")) {
      found.push_back(place + ": fits " + std::to_string(fits) + " of oneOf");
    }
  }

  const Json whole_;
};

}  // namespace clipbound::test
