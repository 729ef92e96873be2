#pragma once
// Idea: says what a file is that somebody gave in the place of another: a property for a network,
// the format of another tool.
// Source: the magic numbers of the formats.
// Guarantees: decides nothing; readers ask it for the words of their message alone.
#include <string>
#include <string_view>

#include "base/floors.h"

namespace clipbound::base {

struct FileKind {
  std::string name;    ///< "an HDF5 file (Keras, .h5)"; empty where it is not known
  std::string advice;  ///< what to do instead
};

/// The name of what is read as a query.
inline constexpr std::string_view kVnnlibProperty = "a VNN-LIB property";

/// What a file is, by its first bytes, and where they say nothing by its name.
FileKind kind_of_file(std::string_view bytes, std::string_view path);

}  // namespace clipbound::base
