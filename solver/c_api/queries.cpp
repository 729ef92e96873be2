// Idea: queries and options of clipbound_c.h, each function a call of the public C++ interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include <memory>

#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

void give(Query query, clipbound_query** out) {
  deref(out, "out") = new clipbound_query{std::move(query)};
}

/// The option table; lives as long as the library.
const std::vector<OptionDescription>& option_rows() {
  static const std::vector<OptionDescription> rows = Options::list();
  return rows;
}

}  // namespace

clipbound_status clipbound_query_load(const char* path, clipbound_query** out) {
  return guarded([&] { give(Query::load(text(path, "path")), out); });
}

clipbound_status clipbound_query_parse(const char* given, const char* source,
                                       clipbound_query** out) {
  return guarded(
      [&] { give(Query::parse(text(given, "text"), source == nullptr ? "text" : source), out); });
}

clipbound_status clipbound_problem_load(const char* query_path, const char* const* names,
                                        const char* const* paths, size_t models,
                                        clipbound_network** network, clipbound_query** query) {
  return guarded([&] {
    deref(network, "network");
    deref(query, "query");
    const auto files = array(paths, models, "paths");
    std::vector<ModelFile> given;
    for (std::size_t k = 0; k < models; ++k)
      given.push_back({.network = names == nullptr || names[k] == nullptr ? "" : names[k],
                       .path = text(files[k], "paths")});
    Problem problem = Problem::load(text(query_path, "query_path"), given);
    auto held = std::make_unique<clipbound_network>(clipbound_network{std::move(problem.network)});
    *query = new clipbound_query{std::move(problem.query)};
    *network = held.release();
  });
}

clipbound_status clipbound_network_side_by_side(const char* const* names,
                                                const clipbound_network* const* networks,
                                                size_t count, clipbound_network** out) {
  return guarded([&] {
    deref(out, "out");
    const auto called = array(names, count, "names");
    const auto parts = array(networks, count, "networks");
    std::vector<NamedNetwork> given;
    for (std::size_t k = 0; k < count; ++k)
      given.push_back({text(called[k], "names"), deref(parts[k], "networks").network});
    *out = new clipbound_network{side_by_side(given)};
  });
}

clipbound_status clipbound_query_new(size_t inputs, size_t outputs, clipbound_query** out) {
  return guarded([&] { give(Query(inputs, outputs), out); });
}

void clipbound_query_free(clipbound_query* query) {
  delete query;
}

clipbound_status clipbound_query_add_clause(clipbound_query* query, const double* lower,
                                            const double* upper, const clipbound_row* rows,
                                            size_t row_count) {
  return guarded([&] {
    Query& inner = deref(query, "query").query;
    inner.add_clause(array(lower, inner.input_size(), "lower"),
                     array(upper, inner.input_size(), "upper"), rows_of(rows, row_count, "rows"));
  });
}

size_t clipbound_query_input_size(const clipbound_query* query) {
  return query == nullptr ? 0 : query->query.input_size();
}
size_t clipbound_query_output_size(const clipbound_query* query) {
  return query == nullptr ? 0 : query->query.output_size();
}
size_t clipbound_query_clause_count(const clipbound_query* query) {
  return query == nullptr ? 0 : query->query.clause_count();
}

clipbound_status clipbound_query_box(const clipbound_query* query, size_t clause, double* lower,
                                     double* upper) {
  return guarded([&] {
    const Query& inner = deref(query, "query").query;
    const std::vector<double> low = inner.box_lower(clause), high = inner.box_upper(clause);
    deref(lower, "lower");
    deref(upper, "upper");
    std::copy(low.begin(), low.end(), lower);
    std::copy(high.begin(), high.end(), upper);
  });
}

size_t clipbound_query_warning_count(const clipbound_query* query) {
  return query == nullptr ? 0 : query->query.warnings().size();
}
const char* clipbound_query_warning(const clipbound_query* query, size_t index) {
  return index < clipbound_query_warning_count(query) ? query->query.warnings()[index].c_str()
                                                      : nullptr;
}

clipbound_status clipbound_options_new(clipbound_options** out) {
  return guarded([&] {
    deref(out, "out");
    *out = new clipbound_options{};
  });
}

void clipbound_options_free(clipbound_options* options) {
  delete options;
}

clipbound_status clipbound_options_set(clipbound_options* options, const char* name,
                                       const char* value) {
  return guarded(
      [&] { deref(options, "options").options.set(text(name, "name"), text(value, "value")); });
}

clipbound_status clipbound_options_get(const clipbound_options* options, const char* name,
                                       const char** value) {
  return guarded([&] {
    thread_local std::string held;
    deref(value, "value");
    held = deref(options, "options").options.get(text(name, "name"));
    *value = held.c_str();
  });
}

size_t clipbound_option_count(void) {
  std::size_t count = 0;
  guarded([&] { count = option_rows().size(); });
  return count;
}

clipbound_status clipbound_option(size_t index, clipbound_option_info* info) {
  return guarded([&] {
    deref(info, "info");
    if (index >= option_rows().size())
      throw InputError("there is no option number " + std::to_string(index));
    const OptionDescription& row = option_rows()[index];
    *info = {row.name.c_str(),  row.flag.c_str(), row.value.c_str(),
             row.range.c_str(), row.help.c_str(), row.boolean ? 1 : 0};
  });
}
