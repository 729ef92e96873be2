#pragma once
// Idea: result files that are there whole or not at all.
// Source: own; POSIX rename is atomic.
// Guarantees: a reader never sees half a file.
#include <string>
#include <string_view>

namespace clipbound::cli {

/// Empties `path` if it exists, so that no verdict of an earlier run can be taken for this one's,
/// and makes sure that write_whole() will be able to write it. Throws InputError where it will not.
/// An empty path is none: does nothing.
void prepare_output(const std::string& path);

/// Writes `text` under a temporary name and renames it to `path`; devices and pipes are written to
/// directly. False where it failed (errno says why). Does nothing for an empty path.
bool write_whole(const std::string& path, std::string_view text) noexcept;

}  // namespace clipbound::cli
