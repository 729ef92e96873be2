#pragma once
// Idea: what the handles of clipbound_c.h hold, and how exceptions become status codes. The C
// interface is written on the public C++ one and sees nothing else.
// Source: own.
// Guarantees: no exception leaves a function of the C interface.
#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipbound/clipbound.h"
#include "clipbound/clipbound_c.h"

struct clipbound_network {
  clipbound::Network network;
};
struct clipbound_graph {
  clipbound::GraphBuilder builder;
};
struct clipbound_query {
  clipbound::Query query;
};
struct clipbound_options {
  clipbound::Options options;
};
struct clipbound_stopper {
  clipbound::Stopper stopper;
};
struct clipbound_result {
  clipbound::Result result;
  std::string vnncomp, json;
};
struct clipbound_unsupported {
  std::vector<clipbound::UnsupportedNode> nodes;
};
struct clipbound_bounder {
  clipbound::Bounder bounder;
};
struct clipbound_solver {
  clipbound::Solver solver;
  clipbound::Options options;  ///< the solver's own, for JSON
};
struct clipbound_ranges {
  clipbound::Ranges ranges;
};
struct clipbound_outline {
  clipbound::Outline outline;
};

namespace clipbound::c_api {

/// Runs body; what it throws becomes a status and this thread's last error.
clipbound_status guarded(const std::function<void()>& body) noexcept;

/// Throws InputError where an argument is NULL.
template <typename T>
T& deref(T* pointer, const char* name) {
  if (pointer == nullptr) throw InputError(std::string("the argument '") + name + "' is NULL");
  return *pointer;
}
/// The array as a span; NULL will do where it is empty.
template <typename T>
std::span<const T> array(const T* data, std::size_t size, const char* name) {
  if (size > 0) deref(data, name);
  return {data, size};
}
inline const char* text(const char* pointer, const char* name) {
  return &deref(pointer, name);
}
/// As many numbers as `count` rows of `each` have. Throws InputError where no memory holds so many.
inline std::size_t numbers_in(std::size_t count, std::size_t each, const char* name) {
  if (each > 0 && count > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(double) / each)
    throw InputError(std::string("the argument '") + name + "' is absurdly large");
  return count * each;
}
/// The element of that number. Throws InputError where there is none.
template <typename T>
const T& at(const std::vector<T>& held, std::size_t index, const char* what) {
  if (index >= held.size())
    throw InputError(std::string("there is no ") + what + " number " + std::to_string(index));
  return held[index];
}
inline void copy(const std::vector<double>& from, double* to) {
  std::copy(from.begin(), from.end(), to);
}
/// Seconds of a limit, of which 0 or less means none. Throws InputError where it is NaN.
double limit_of(double seconds, const char* name);
/// The vector's numbers and their count, which may be NULL.
const double* numbers(const std::vector<double>& held, std::size_t* count);

/// The rows of the C interface as those of C++.
Rows rows_of(const clipbound_row* rows, std::size_t count, const char* name);
/// A handle for the result, with the texts that are made of it.
std::unique_ptr<clipbound_result> handle_of(Result result, std::string vnncomp,
                                            const Options& options);

/// The options of a handle, defaults for NULL.
Options options_of(const clipbound_options* options);
/// The C callbacks as C++ ones.
Callbacks callbacks_of(const clipbound_callbacks* callbacks);
clipbound_progress progress_of(const Progress& progress) noexcept;

}  // namespace clipbound::c_api
