#pragma once
// Idea: result files that are there whole or not at all.
// Source: own; POSIX rename is atomic.
// Guarantees: a reader never sees half a file.
#include <string>
#include <string_view>

namespace clipbound::cli {

/// What stands for stdin and stdout in place of a file's name.
inline constexpr std::string_view kStandardStream = "-";

/// True where two names are of one file, or would be once they exist. Empty ones and "-" are none.
bool is_same_file(const std::string& one, const std::string& other);
/// Throws InputError where two outputs are one file: the later one would replace the other.
void check_different(const std::string& one, const std::string& other);

/// Empties `path` if it exists, so that no verdict of an earlier run can be taken for this one's,
/// and makes sure that write_whole() will be able to write it. Throws InputError where it will not.
/// An empty path is none, and "-" is stdout: does nothing.
void prepare_output(const std::string& path);

/// Writes `text` under a temporary name and renames it to `path`; devices and pipes are written to
/// directly, "-" is stdout. False where it failed (errno says why). Does nothing for an empty path.
bool write_whole(const std::string& path, std::string_view text) noexcept;
/// The same; throws InputError where it failed.
void write_output(const std::string& path, std::string_view text);

}  // namespace clipbound::cli
