#pragma once
// Idea: what the handles of clipbound_c.h hold, and how exceptions become status codes. The C
// interface is written on the public C++ one and sees nothing else.
// Source: own.
// Guarantees: no exception leaves a function of the C interface.
#include <functional>
#include <optional>
#include <string>

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
struct clipbound_bounder {
  clipbound::Bounder bounder;
  std::size_t inputs;
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

/// The options of a handle, defaults for NULL.
Options options_of(const clipbound_options* options);
/// The C callbacks as C++ ones.
Callbacks callbacks_of(const clipbound_callbacks* callbacks);
clipbound_progress progress_of(const Progress& progress) noexcept;

}  // namespace clipbound::c_api
