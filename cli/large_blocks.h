#pragma once
// Idea: memory for large networks; linking it makes large blocks lie on large pages.
// Source: own.
// Guarantees: none but speed.

namespace clipbound::cli {

/// From now on freed blocks stay with the process. Called once, before threads begin.
void keep_large_blocks();

}  // namespace clipbound::cli
