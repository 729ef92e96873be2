#pragma once
// Idea: the page's tables as HTML, whole before any script runs: scripts sort, hide and draw only.
// Source: own.
// Guarantees: nothing that a name or a message holds is read as markup.
#include <string>
#include <string_view>
#include <vector>

#include "benchmarks/report/board.h"
#include "benchmarks/report/page_text.h"

namespace clipbound::suite {

/// `name` in at most `longest` characters (of UTF-8), at least 3: what is too long loses its
/// middle, since names of networks and properties differ at their ends.
std::string elided(const std::string& name, std::size_t longest);

/// How an entrant is called where there is little room.
std::string short_name(const Entrant& entrant);

/// What a cell's verdict column says: "unsat", "sat WRONG", "unsat late", "not run".
std::string verdict_text(const Cell& cell);

/// One box per entrant: what it settled, and how it was run.
std::string entrants_html(const Board& board, const std::vector<Entrant>& entrants);
/// The section that comes first: every instance with a disagreement, or that there is none.
std::string disagreements_html(const Board& board, const std::vector<Entrant>& entrants);
/// Sums by benchmark.
std::string board_html(const Board& board, const std::vector<Entrant>& entrants);
/// All instances, those with a disagreement first.
std::string instances_html(const Board& board, const std::vector<Entrant>& entrants);

}  // namespace clipbound::suite
