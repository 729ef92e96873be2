// Idea: solving, bounds and robustness of clipbound_c.h, each function a call of the public C++
// interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include <algorithm>
#include <chrono>

#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

constexpr double kUnlimited = 1e30;

double limit_of(double seconds) {
  return seconds > 0.0 ? seconds : kUnlimited;
}

const double* numbers(const std::vector<double>& held, std::size_t* count) {
  if (count != nullptr) *count = held.size();
  return held.data();
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : "\n") + item;
  return text;
}

BoundMethod method_of(clipbound_bound_method method) {
  switch (method) {
    case CLIPBOUND_IBP: return BoundMethod::ibp;
    case CLIPBOUND_CROWN: return BoundMethod::crown;
    case CLIPBOUND_ALPHA: return BoundMethod::alpha;
  }
  throw InputError("there is no such method of bounds");
}

void copy(const std::vector<double>& from, double* to) {
  std::copy(from.begin(), from.end(), to);
}

/// Runs solve() or attack().
clipbound_status answer(decltype(&solve) how, const clipbound_network* network,
                        const clipbound_query* query, const clipbound_options* options,
                        const clipbound_callbacks* callbacks, clipbound_result** out) {
  return guarded([&] {
    deref(out, "out");
    const Options given = options_of(options);
    auto result = std::make_unique<clipbound_result>();
    result->result = how(deref(network, "network").network, deref(query, "query").query, given,
                         callbacks_of(callbacks));
    result->vnncomp = to_vnncomp(result->result, query->query);
    result->json = to_json(result->result, given);
    *out = result.release();
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
    const std::vector<Statistic>& rows = deref(result, "result").result.statistics;
    if (index >= rows.size())
      throw InputError("there is no statistic number " + std::to_string(index));
    const Statistic& row = rows[index];
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

clipbound_status clipbound_bounder_new(const clipbound_network* network, const double* lower,
                                       const double* upper, clipbound_bounder** out) {
  return guarded([&] {
    deref(out, "out");
    const Network& inner = deref(network, "network").network;
    const std::size_t inputs = inner.input_size();
    *out = new clipbound_bounder{
        Bounder(inner, array(lower, inputs, "lower"), array(upper, inputs, "upper")), inputs};
  });
}

void clipbound_bounder_free(clipbound_bounder* bounder) {
  delete bounder;
}

clipbound_status clipbound_bounder_bounds(const clipbound_bounder* bounder, const double* lower,
                                          const double* upper, clipbound_bound_method method,
                                          double time_limit_s, const clipbound_bounds* bounds) {
  return guarded([&] {
    const std::size_t inputs = deref(bounder, "bounder").inputs;
    const clipbound_bounds& to = deref(bounds, "bounds");
    deref(to.lower, "bounds.lower");
    deref(to.upper, "bounds.upper");
    const int arrays = (to.lower_A != nullptr) + (to.lower_b != nullptr) + (to.upper_A != nullptr) +
                       (to.upper_b != nullptr);
    if (arrays != 0 && arrays != 4)
      throw InputError("of the four arrays of the linear bounds all or none may be NULL");
    BoundSettings settings;
    settings.method = method_of(method);
    settings.linear = arrays != 0;
    settings.time_limit_s = limit_of(time_limit_s);
    const Bounds found = bounder->bounder.bounds(array(lower, inputs, "lower"),
                                                 array(upper, inputs, "upper"), settings);
    copy(found.lower, to.lower);
    copy(found.upper, to.upper);
    if (arrays == 0) return;
    copy(found.linear.lower_A, to.lower_A);
    copy(found.linear.lower_b, to.lower_b);
    copy(found.linear.upper_A, to.upper_A);
    copy(found.linear.upper_b, to.upper_b);
  });
}

clipbound_status clipbound_robustness(const clipbound_network* network, const double* x,
                                      size_t label, const clipbound_robustness_settings* settings,
                                      const clipbound_options* options,
                                      const clipbound_callbacks* callbacks,
                                      clipbound_robustness_result* result, double* counterexample) {
  return guarded([&] {
    const Network& inner = deref(network, "network").network;
    const clipbound_robustness_settings& given = deref(settings, "settings");
    deref(result, "result");
    RobustnessSettings inner_settings{given.radius_max,
                                      given.tolerance,
                                      limit_of(given.time_limit_s),
                                      limit_of(given.step_limit_s),
                                      std::nullopt,
                                      std::nullopt};
    if (given.has_limits != 0) {
      inner_settings.lowest = given.lowest;
      inner_settings.highest = given.highest;
    }
    const Robustness found =
        robustness(inner, array(x, inner.input_size(), "x"), label, inner_settings,
                   options_of(options), callbacks_of(callbacks));
    *result = {found.robust_radius, found.counterexample_radius.value_or(-1.0),
               found.counterexample_label, found.queries};
    if (counterexample != nullptr) copy(found.counterexample, counterexample);
  });
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
