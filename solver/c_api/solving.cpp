// Idea: solving, results and versions of clipbound_c.h, each function a call of the public C++
// interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include <chrono>

#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : "\n") + item;
  return text;
}

/// Runs solve() or attack().
clipbound_status answer(decltype(&solve) how, const clipbound_network* network,
                        const clipbound_query* query, const clipbound_options* options,
                        const clipbound_callbacks* callbacks, clipbound_result** out) {
  return guarded([&] {
    deref(out, "out");
    const Options given = options_of(options);
    Result result = how(deref(network, "network").network, deref(query, "query").query, given,
                        callbacks_of(callbacks));
    std::string vnncomp = to_vnncomp(result, query->query);
    *out = handle_of(std::move(result), std::move(vnncomp), given).release();
  });
}

}  // namespace

const char* clipbound_verdict_name(clipbound_verdict verdict) {
  switch (verdict) {
    case CLIPBOUND_TIMEOUT: return name_of(Verdict::timeout);
    case CLIPBOUND_SAT: return name_of(Verdict::sat);
    case CLIPBOUND_UNSAT: return name_of(Verdict::unsat);
    case CLIPBOUND_UNKNOWN: break;
  }
  return name_of(Verdict::unknown);
}

clipbound_status clipbound_stopper_new(clipbound_stopper** out) {
  return guarded([&] {
    deref(out, "out");
    *out = new clipbound_stopper{};
  });
}
void clipbound_stopper_free(clipbound_stopper* stopper) {
  delete stopper;
}
void clipbound_stopper_stop(const clipbound_stopper* stopper) {
  if (stopper != nullptr) stopper->stopper.stop();
}
int clipbound_stopper_stopped(const clipbound_stopper* stopper) {
  return stopper != nullptr && stopper->stopper.stopped() ? 1 : 0;
}

clipbound_status clipbound_solve(const clipbound_network* network, const clipbound_query* query,
                                 const clipbound_options* options,
                                 const clipbound_callbacks* callbacks, clipbound_result** out) {
  return answer(solve, network, query, options, callbacks, out);
}
clipbound_status clipbound_attack(const clipbound_network* network, const clipbound_query* query,
                                  const clipbound_options* options,
                                  const clipbound_callbacks* callbacks, clipbound_result** out) {
  return answer(attack, network, query, options, callbacks, out);
}

void clipbound_result_free(clipbound_result* result) {
  delete result;
}

clipbound_verdict clipbound_result_verdict(const clipbound_result* result) {
  if (result == nullptr) return CLIPBOUND_UNKNOWN;
  switch (result->result.verdict) {
    case Verdict::timeout: return CLIPBOUND_TIMEOUT;
    case Verdict::sat: return CLIPBOUND_SAT;
    case Verdict::unsat: return CLIPBOUND_UNSAT;
    case Verdict::unknown: break;
  }
  return CLIPBOUND_UNKNOWN;
}

const char* clipbound_result_reason(const clipbound_result* result) {
  return result == nullptr ? "" : result->result.reason.c_str();
}
const double* clipbound_result_input(const clipbound_result* result, size_t* count) {
  static const std::vector<double> none;
  return numbers(result == nullptr ? none : result->result.input, count);
}
const double* clipbound_result_output(const clipbound_result* result, size_t* count) {
  static const std::vector<double> none;
  return numbers(result == nullptr ? none : result->result.output, count);
}

clipbound_status clipbound_result_progress(const clipbound_result* result,
                                           clipbound_progress* progress) {
  return guarded(
      [&] { deref(progress, "progress") = progress_of(deref(result, "result").result.progress); });
}

size_t clipbound_result_statistic_count(const clipbound_result* result) {
  return result == nullptr ? 0 : result->result.statistics.size();
}
clipbound_status clipbound_result_statistic(const clipbound_result* result, size_t index,
                                            clipbound_statistic* statistic) {
  return guarded([&] {
    const Statistic& row = at(deref(result, "result").result.statistics, index, "statistic");
    deref(statistic, "statistic") = {row.name.c_str(), row.value, row.timer ? 1 : 0,
                                     row.help.c_str()};
  });
}

const char* clipbound_result_vnncomp(const clipbound_result* result) {
  return result == nullptr ? "" : result->vnncomp.c_str();
}
const char* clipbound_result_json(const clipbound_result* result) {
  return result == nullptr ? "" : result->json.c_str();
}
const char* clipbound_error_json(const char* message, const clipbound_options* options) {
  thread_local std::string held;
  const clipbound_status status = guarded(
      [&] { held = error_to_json(message == nullptr ? "" : message, options_of(options)); });
  return status == CLIPBOUND_OK ? held.c_str() : nullptr;
}

const char* clipbound_version(void) {
  return version();
}
const char* clipbound_onnx_operators(void) {
  static const std::string operators = joined(supported_onnx_operators());
  return operators.c_str();
}
int clipbound_oldest_opset(void) {
  static const int oldest = supported_onnx_opsets().front();
  return oldest;
}
int clipbound_newest_opset(void) {
  static const int newest = supported_onnx_opsets().back();
  return newest;
}
const char* clipbound_vnnlib_versions(void) {
  static const std::string versions = joined(supported_vnnlib_versions());
  return versions.c_str();
}
double clipbound_process_elapsed_s(void) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - process_start()).count();
}
