// Idea: bounds of clipbound_c.h, each function a call of the public C++ interface.
// Source: own.
// Guarantees: no exception leaves; it becomes a status code.
#include "solver/c_api/handles.h"

using namespace clipbound;
using namespace clipbound::c_api;

namespace {

BoundMethod method_of(clipbound_bound_method method) {
  switch (method) {
    case CLIPBOUND_IBP: return BoundMethod::ibp;
    case CLIPBOUND_CROWN: return BoundMethod::crown;
    case CLIPBOUND_ALPHA: return BoundMethod::alpha;
  }
  throw InputError("there is no such method of bounds");
}

/// The rows; nothing for NULL.
std::optional<OutputRows> rows_of(const clipbound_output_rows* rows, std::size_t outputs) {
  if (rows == nullptr) return {};
  if (rows->count == 0) throw InputError("rows.count is 0: bounds are of at least one row");
  const auto C = array(rows->C, numbers_in(rows->count, outputs, "rows.count"), "rows.C");
  OutputRows given{.C = {C.begin(), C.end()}};
  if (rows->d != nullptr) given.d.assign(rows->d, rows->d + rows->count);
  return given;
}

/// Whether linear bounds are wanted too. Throws InputError where an array is missing.
bool wants_linear(const clipbound_bounds& to) {
  deref(to.lower, "bounds.lower");
  deref(to.upper, "bounds.upper");
  const int arrays = (to.lower_A != nullptr) + (to.lower_b != nullptr) + (to.upper_A != nullptr) +
                     (to.upper_b != nullptr);
  if (arrays != 0 && arrays != 4)
    throw InputError("of the four arrays of the linear bounds all or none may be NULL");
  return arrays == 4;
}

/// Of one box or of many.
template <typename Found>
void write(const Found& found, const clipbound_bounds& to) {
  copy(found.lower, to.lower);
  copy(found.upper, to.upper);
  if (to.lower_A == nullptr) return;
  copy(found.linear.lower_A, to.lower_A);
  copy(found.linear.lower_b, to.lower_b);
  copy(found.linear.upper_A, to.upper_A);
  copy(found.linear.upper_b, to.upper_b);
}

BatchSettings settings_of(const clipbound_batch_settings* settings, bool linear) {
  BatchSettings given;
  given.bounds.linear = linear;
  if (settings == nullptr) return given;
  if (settings->slope_iterations < 1) throw InputError("slope_iterations is less than 1");
  if (settings->threads < 0) throw InputError("threads is negative");
  given.bounds.method = method_of(settings->method);
  given.bounds.slope_iterations = settings->slope_iterations;
  given.bounds.time_limit_s = limit_of(settings->time_limit_s, "time_limit_s");
  given.threads = settings->threads;
  if (settings->stopper != nullptr) given.stopper = settings->stopper->stopper;
  return given;
}

/// The numbers of `boxes` boxes' lower or upper ends.
std::span<const double> ends_of(const double* ends, std::size_t boxes, std::size_t inputs,
                                const char* name) {
  if (boxes == 0) throw InputError("boxes is 0: bounds are of at least one box");
  return array(ends, numbers_in(boxes, inputs, "boxes"), name);
}

}  // namespace

clipbound_status clipbound_bounder_new(const clipbound_network* network, const double* lower,
                                       const double* upper, clipbound_bounder** out) {
  return clipbound_bounder_new_for_rows(network, lower, upper, nullptr, out);
}

clipbound_status clipbound_bounder_new_for_rows(const clipbound_network* network,
                                                const double* lower, const double* upper,
                                                const clipbound_output_rows* rows,
                                                clipbound_bounder** out) {
  return guarded([&] {
    deref(out, "out");
    const Network& inner = deref(network, "network").network;
    const auto from = array(lower, inner.input_size(), "lower"),
               to = array(upper, inner.input_size(), "upper");
    const std::optional<OutputRows> given = rows_of(rows, inner.output_size());
    *out =
        new clipbound_bounder{given ? Bounder(inner, from, to, *given) : Bounder(inner, from, to)};
  });
}

void clipbound_bounder_free(clipbound_bounder* bounder) {
  delete bounder;
}
size_t clipbound_bounder_input_size(const clipbound_bounder* bounder) {
  return bounder == nullptr ? 0 : bounder->bounder.input_size();
}
size_t clipbound_bounder_row_count(const clipbound_bounder* bounder) {
  return bounder == nullptr ? 0 : bounder->bounder.row_count();
}

clipbound_status clipbound_bounder_bounds(const clipbound_bounder* bounder, const double* lower,
                                          const double* upper, clipbound_bound_method method,
                                          double time_limit_s, const clipbound_bounds* bounds) {
  return guarded([&] {
    const Bounder& inner = deref(bounder, "bounder").bounder;
    const clipbound_bounds& to = deref(bounds, "bounds");
    const BoundSettings settings{.method = method_of(method),
                                 .linear = wants_linear(to),
                                 .time_limit_s = limit_of(time_limit_s, "time_limit_s")};
    write(inner.bounds(array(lower, inner.input_size(), "lower"),
                       array(upper, inner.input_size(), "upper"), settings),
          to);
  });
}

clipbound_status clipbound_batch_defaults(clipbound_batch_settings* settings) {
  return guarded([&] {
    const BoundSettings defaults;
    deref(settings, "settings") = {CLIPBOUND_CROWN, defaults.slope_iterations, 0.0, 0, nullptr};
  });
}

clipbound_status clipbound_bounder_bounds_of_boxes(const clipbound_bounder* bounder,
                                                   const double* lower, const double* upper,
                                                   size_t boxes,
                                                   const clipbound_batch_settings* settings,
                                                   const clipbound_bounds* bounds) {
  return guarded([&] {
    const Bounder& inner = deref(bounder, "bounder").bounder;
    const clipbound_bounds& to = deref(bounds, "bounds");
    const std::size_t inputs = inner.input_size();
    write(bounds_of_boxes(inner, ends_of(lower, boxes, inputs, "lower"),
                          ends_of(upper, boxes, inputs, "upper"),
                          settings_of(settings, wants_linear(to))),
          to);
  });
}

clipbound_status clipbound_bounds_of_boxes(const clipbound_network* network, const double* lower,
                                           const double* upper, size_t boxes,
                                           const clipbound_output_rows* rows,
                                           const clipbound_batch_settings* settings,
                                           const clipbound_bounds* bounds) {
  return guarded([&] {
    const Network& inner = deref(network, "network").network;
    const clipbound_bounds& to = deref(bounds, "bounds");
    const std::size_t inputs = inner.input_size();
    write(bounds_of_boxes(
              inner, ends_of(lower, boxes, inputs, "lower"), ends_of(upper, boxes, inputs, "upper"),
              rows_of(rows, inner.output_size()), settings_of(settings, wants_linear(to))),
          to);
  });
}
