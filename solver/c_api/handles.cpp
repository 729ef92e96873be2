#include "solver/c_api/handles.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <new>

namespace clipbound::c_api {

namespace {

thread_local std::string last_error;

clipbound_status remember(clipbound_status status, const char* message) noexcept {
  try {
    last_error = message;
  } catch (...) {
    last_error.clear();  // no memory for the message
  }
  return status;
}

}  // namespace

clipbound_status guarded(const std::function<void()>& body) noexcept {
  try {
    body();
    return CLIPBOUND_OK;
  } catch (const InputError& error) {
    return remember(CLIPBOUND_INPUT_ERROR, error.what());
  } catch (const Unsupported& error) {
    return remember(CLIPBOUND_UNSUPPORTED, error.what());
  } catch (const std::bad_alloc&) {
    return remember(CLIPBOUND_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& error) {
    return remember(CLIPBOUND_INTERNAL_ERROR, error.what());
  } catch (...) {
    return remember(CLIPBOUND_INTERNAL_ERROR, "an exception of unknown type");
  }
}

double limit_of(double seconds, const char* name) {
  constexpr double kUnlimited = 1e30;
  if (std::isnan(seconds)) throw InputError(std::string(name) + " is not a number");
  return seconds > 0.0 ? seconds : kUnlimited;
}

const double* numbers(const std::vector<double>& held, std::size_t* count) {
  if (count != nullptr) *count = held.size();
  return held.data();
}

Rows rows_of(const clipbound_row* rows, std::size_t count, const char* name) {
  Rows all;
  for (const clipbound_row& row : array(rows, count, name)) {
    Row& next = all.emplace_back();
    for (const clipbound_term& term : array(row.terms, row.term_count, "terms")) {
      next.terms.push_back(
          {term.of_input != 0 ? Term::Of::input : Term::Of::output, term.index, term.coefficient});
    }
    next.threshold = row.threshold;
    next.strict = row.strict != 0;
  }
  return all;
}

std::unique_ptr<clipbound_result> handle_of(Result result, std::string vnncomp,
                                            const Options& options) {
  auto handle = std::make_unique<clipbound_result>();
  handle->vnncomp = std::move(vnncomp);
  handle->json = to_json(result, options);
  handle->result = std::move(result);
  return handle;
}

Options options_of(const clipbound_options* options) {
  return options == nullptr ? Options() : options->options;
}

clipbound_progress progress_of(const Progress& progress) noexcept {
  return {progress.elapsed_s,
          name_of(progress.stage),
          progress.clauses,
          progress.bounded,
          progress.refuted,
          progress.subproblems,
          progress.open.value_or(0),
          progress.worst_bound.value_or(std::numeric_limits<double>::quiet_NaN()),
          progress.settled_share};
}

Callbacks callbacks_of(const clipbound_callbacks* callbacks) {
  Callbacks result;
  if (callbacks == nullptr) return result;
  const clipbound_callbacks given = *callbacks;
  if (given.progress != nullptr) {
    result.progress = [given](const Progress& progress) {
      const clipbound_progress outer = progress_of(progress);
      given.progress(&outer, given.progress_user);
    };
  }
  if (given.log != nullptr) {
    result.log = [given](int level, const std::string& message) {
      given.log(level, message.c_str(), given.log_user);
    };
  }
  if (given.stopper != nullptr) result.stopper = given.stopper->stopper;
  if (!(given.elapsed_s >= 0.0 && given.elapsed_s < 1e9))
    throw InputError("callbacks: elapsed_s is not a time");
  using Clock = std::chrono::steady_clock;
  result.start = Clock::now() - std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(given.elapsed_s));
  return result;
}

}  // namespace clipbound::c_api

const char* clipbound_last_error(void) {
  return clipbound::c_api::last_error.c_str();
}
