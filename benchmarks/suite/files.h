#pragma once
// Idea: whole files, read and written.
// Source: own.
// Guarantees: a file is replaced whole or not at all.
#include <string>
#include <string_view>

namespace clipbound::suite {

/// A file's bytes. Throws InputError where it cannot be read.
std::string read_whole(const std::string& path);

/// Writes all of `text` to a file descriptor; false where it failed (errno says why).
bool write_all(int descriptor, std::string_view text) noexcept;

/// Writes `text` to `path`, whole or not at all, and flushes it to the disk. Throws InputError
/// where it cannot.
void write_durably(const std::string& path, const std::string& text);

/// `text` as a gzip file, packed fast rather than well.
std::string gzip(std::string_view text);

/// `word` as a shell takes it: in quotes where it has to be.
std::string shell_word(const std::string& word);

/// Throws InputError: what failed, and why as errno has it.
[[noreturn]] void throw_errno(const std::string& what);

}  // namespace clipbound::suite
