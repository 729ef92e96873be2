// Idea: robustness of clipbound_c.h, each function a call of the public C++ interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

Norm norm_of(clipbound_norm norm) {
  switch (norm) {
    case CLIPBOUND_NORM_INF: return Norm::inf;
    case CLIPBOUND_NORM_L1: return Norm::l1;
    case CLIPBOUND_NORM_L2: return Norm::l2;
  }
  throw InputError("there is no such norm");
}

clipbound_robustness_answer answer_of(RobustnessAnswer answer) {
  switch (answer) {
    case RobustnessAnswer::robust: return CLIPBOUND_ROBUST;
    case RobustnessAnswer::not_robust: return CLIPBOUND_NOT_ROBUST;
    case RobustnessAnswer::unknown: break;
  }
  return CLIPBOUND_ROBUSTNESS_UNKNOWN;
}

RobustnessSettings settings_of(const clipbound_robustness_settings* settings) {
  RobustnessSettings inner;
  if (settings == nullptr) return inner;
  const clipbound_robustness_settings& given = *settings;
  inner.radius_max = given.radius_max;
  inner.tolerance = given.tolerance;
  inner.time_limit_s = limit_of(given.time_limit_s, "time_limit_s");
  inner.step_limit_s = limit_of(given.step_limit_s, "step_limit_s");
  if (given.has_limits != 0) {
    inner.lowest = given.lowest;
    inner.highest = given.highest;
  }
  inner.norm = norm_of(given.norm);
  const auto mean = array(given.mean, given.mean_count, "mean"),
             std = array(given.std, given.std_count, "std");
  inner.mean.assign(mean.begin(), mean.end());
  inner.std.assign(std.begin(), std.end());
  return inner;
}

/// What a call's result points to, until the same thread calls the same function again.
struct Held {
  std::string reason;
  std::vector<double> counterexample_x;

  const double* point() const {
    return counterexample_x.empty() ? nullptr : counterexample_x.data();
  }
};

}  // namespace

clipbound_status clipbound_robustness_defaults(clipbound_robustness_settings* settings) {
  return guarded([&] {
    const RobustnessSettings defaults;
    clipbound_robustness_settings given{};
    given.radius_max = defaults.radius_max;
    given.tolerance = defaults.tolerance;
    given.step_limit_s = defaults.step_limit_s;
    given.norm = CLIPBOUND_NORM_INF;
    deref(settings, "settings") = given;
  });
}

clipbound_status clipbound_robustness(const clipbound_network* network, const double* x,
                                      size_t label, const clipbound_robustness_settings* settings,
                                      const clipbound_options* options,
                                      const clipbound_callbacks* callbacks,
                                      clipbound_robustness_result* result, double* counterexample) {
  return guarded([&] {
    thread_local Held held;
    const Network& inner = deref(network, "network").network;
    deref(result, "result");
    Robustness found =
        robustness(inner, array(x, inner.input_size(), "x"), label, settings_of(settings),
                   options_of(options), callbacks_of(callbacks));
    held = {std::move(found.reason), std::move(found.counterexample_x)};
    *result = {found.robust_radius,        found.counterexample_radius.value_or(-1.0),
               found.counterexample_label, found.queries,
               held.reason.c_str(),        held.point()};
    if (counterexample != nullptr) copy(found.counterexample, counterexample);
  });
}

const char* clipbound_robustness_answer_name(clipbound_robustness_answer answer) {
  switch (answer) {
    case CLIPBOUND_ROBUST: return name_of(RobustnessAnswer::robust);
    case CLIPBOUND_NOT_ROBUST: return name_of(RobustnessAnswer::not_robust);
    case CLIPBOUND_ROBUSTNESS_UNKNOWN: break;
  }
  return name_of(RobustnessAnswer::unknown);
}

clipbound_status clipbound_check_robustness(const clipbound_network* network, const double* x,
                                            size_t label, double epsilon,
                                            const clipbound_robustness_settings* settings,
                                            const clipbound_options* options,
                                            const clipbound_callbacks* callbacks,
                                            clipbound_robustness_check* result,
                                            double* counterexample) {
  return guarded([&] {
    thread_local Held held;
    const Network& inner = deref(network, "network").network;
    deref(result, "result");
    RobustnessCheck found =
        check_robustness(inner, array(x, inner.input_size(), "x"), label, epsilon,
                         settings_of(settings), options_of(options), callbacks_of(callbacks));
    held = {std::move(found.reason), std::move(found.counterexample_x)};
    const bool refuted = found.answer == RobustnessAnswer::not_robust;
    *result = {answer_of(found.answer),         found.predicted,     found.counterexample_label,
               refuted ? found.distance : -1.0, held.reason.c_str(), held.point()};
    if (counterexample != nullptr) copy(found.counterexample, counterexample);
  });
}
