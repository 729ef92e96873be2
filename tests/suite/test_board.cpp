// Who is counted as right: planted disagreements, late verdicts and instances that somebody lacks.
#include <gtest/gtest.h>

#include <optional>

#include "benchmarks/report/board.h"
#include "benchmarks/report/tables.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using suite::Board;
using suite::Cell;
using suite::Entrant;
using suite::Outcome;
using suite::ResultTable;
using suite::Sums;
using enum suite::Outcome;

/// What one says of an instance: nothing where it did not run it.
struct Said {
  std::optional<Outcome> outcome;
  double seconds = 1.0;
};

std::string property(std::size_t number) {
  return "vnnlib/p" + std::to_string(number) + ".vnnlib";
}

/// A run of instances 0, 1, ... of suite "s", each with this limit.
Entrant a_run(const std::string& name, const std::vector<Said>& said, double limit_s = 20.0) {
  suite::Run run;
  run.folder = "/runs/" + name;
  for (std::size_t i = 0; i < said.size(); ++i) {
    suite::PlannedInstance planned;
    planned.suite = "s";
    planned.onnx = "onnx/n.onnx";
    planned.vnnlib = property(i);
    planned.timeout_s = limit_s;
    run.planned.push_back(planned);
    if (!said[i].outcome) continue;
    suite::Record record;
    record.suite = planned.suite;
    record.onnx = planned.onnx;
    record.vnnlib = planned.vnnlib;
    record.timeout_s = limit_s;
    record.outcome = *said[i].outcome;
    record.seconds = said[i].seconds;
    run.records.push_back(record);
  }
  Entrant entrant{suite::results_of(run), run, {}};
  entrant.table.rename(name);
  return entrant;
}

/// A published table; limits are not known unless given.
ResultTable a_table(const std::string& name, const std::vector<Said>& said,
                    double limit_s = suite::kNotKnown) {
  ResultTable table(name);
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i].outcome) {
      table.add(
          {"s", "onnx/n.onnx", property(i), 1, *said[i].outcome, said[i].seconds, limit_s, ""});
    }
  }
  return table;
}

Entrant a_reference(const std::string& name, const std::vector<Said>& said,
                    double limit_s = suite::kNotKnown) {
  return {a_table(name, said, limit_s), std::nullopt, {}};
}

/// Marks whether the counterexample of instance `number` was found to hold.
void check(Entrant& entrant, std::size_t number, bool holds) {
  entrant.checked[suite::key_of("s", "onnx/n.onnx", property(number), 1)] = holds;
}

/// Every instance is counted exactly once for everyone, in every suite and in all.
void expect_partition(const Board& board) {
  const auto expect = [](const suite::SuiteSums& suite) {
    for (const Sums& sums : suite.entrants) {
      EXPECT_EQ(sums.solved() + sums.open() + sums.errors + sums.wrong + sums.disputed + sums.late +
                    sums.not_run,
                suite.instances);
      EXPECT_EQ(sums.results + sums.not_run, suite.instances);
    }
  };
  expect(board.total);
  for (const suite::SuiteSums& suite : board.suites) expect(suite);
}

TEST(SuiteBoard, ADisagreementIsCountedForNobodyWhereNothingIsKnown) {
  const std::vector<Entrant> entrants = {a_run("A", {{unsat}, {unsat}}),
                                         a_reference("T", {{sat}, {unsat}})};
  const Board board = suite::make_board(entrants, {});
  EXPECT_EQ(board.disagreements(), 1u);
  EXPECT_TRUE(board.instances[0].disagreement);
  EXPECT_FALSE(board.instances[0].truth);
  for (const Cell& cell : board.instances[0].cells) {
    EXPECT_TRUE(cell.disputed);
    EXPECT_FALSE(cell.wrong);
    EXPECT_FALSE(cell.counts());
    EXPECT_EQ(cell.points, 0);
  }
  for (const Sums& sums : board.total.entrants) {
    EXPECT_EQ(sums.disputed, 1u);
    EXPECT_EQ(sums.solved(), 1u);
    EXPECT_EQ(sums.points, 10);
  }
  // The disputed one costs twice the limit.
  EXPECT_DOUBLE_EQ(board.total.entrants[0].par2_s, (40.0 + 1.0) / 2.0);
  expect_partition(board);
}

TEST(SuiteBoard, AtMostOneSideIsRightWhateverIsKnown) {
  // All verdicts of three entrants, and of two tables of what is true: sat, unsat or nothing.
  const std::optional<Outcome> words[] = {sat, unsat, std::nullopt};
  std::size_t disagreements = 0;
  for (int code = 0; code < 243; ++code) {
    const auto word = [&](int place) {
      int rest = code;
      for (int i = 0; i < place; ++i) rest /= 3;
      return Said{words[rest % 3]};
    };
    const std::vector<Entrant> entrants = {a_run("A", {word(0)}), a_run("B", {word(1)}),
                                           a_reference("T", {word(2)})};
    const Board board =
        suite::make_board(entrants, {a_table("t1", {word(3)}), a_table("t2", {word(4)})});
    bool says_sat = false, says_unsat = false, right_sat = false, right_unsat = false;
    for (int place = 0; place < 5; ++place) {
      says_sat = says_sat || word(place).outcome == sat;
      says_unsat = says_unsat || word(place).outcome == unsat;
    }
    for (const Cell& cell : board.instances[0].cells) {
      right_sat = right_sat || (cell.counts() && cell.row->outcome == sat);
      right_unsat = right_unsat || (cell.counts() && cell.row->outcome == unsat);
      EXPECT_EQ(cell.points == suite::kRight, cell.counts());
    }
    EXPECT_FALSE(right_sat && right_unsat) << code;
    EXPECT_EQ(board.instances[0].disagreement, says_sat && says_unsat) << code;
    disagreements += board.disagreements();
    expect_partition(board);
  }
  EXPECT_GT(disagreements, 100u);
}

TEST(SuiteBoard, WhatIsKnownDecidesADisagreement) {
  const std::vector<Entrant> entrants = {a_run("A", {{unsat}}), a_reference("T", {{sat}})};
  const Board board = suite::make_board(entrants, {a_table("truth", {{unsat}})});
  EXPECT_EQ(board.disagreements(), 1u);
  EXPECT_EQ(board.instances[0].truth, unsat);
  EXPECT_EQ(board.instances[0].truth_from, "truth");
  EXPECT_TRUE(board.instances[0].cells[0].counts());
  EXPECT_TRUE(board.instances[0].cells[1].wrong);
  EXPECT_EQ(board.instances[0].cells[1].points, suite::kWrong);
  EXPECT_EQ(board.total.entrants[1].solved(), 0u);
  EXPECT_EQ(board.total.entrants[1].wrong, 1u);
}

TEST(SuiteBoard, TablesThatContradictEachOtherSayNothing) {
  const Board board =
      suite::make_board({a_run("A", {{unsat}, {timeout}})},
                        {a_table("one", {{unsat}, {sat}}), a_table("two", {{sat}, {unsat}})});
  EXPECT_EQ(board.disagreements(), 2u);
  EXPECT_FALSE(board.instances[0].truth);
  EXPECT_EQ(board.instances[0].truth_from, "sat: two; unsat: one");
  EXPECT_TRUE(board.instances[0].cells[0].disputed);
  EXPECT_FALSE(board.instances[1].cells[0].disputed) << "it says nothing";
}

TEST(SuiteBoard, AReplayedCounterexampleCountsMoreThanTables) {
  Entrant run = a_run("A", {{sat}, {sat}});
  check(run, 0, true);
  check(run, 1, false);
  const Board board = suite::make_board({run, a_reference("T", {{unsat}, {unsat}})},
                                        {a_table("truth", {{unsat}, {std::nullopt}})});
  EXPECT_EQ(board.disagreements(), 2u);
  EXPECT_EQ(board.instances[0].truth, sat);
  EXPECT_TRUE(board.instances[0].cells[0].counts());
  EXPECT_TRUE(board.instances[0].cells[1].wrong);
  // One that does not hold is wrong, and speaks against nobody.
  EXPECT_TRUE(board.instances[1].cells[0].wrong);
  EXPECT_TRUE(board.instances[1].cells[1].counts());
}

TEST(SuiteBoard, LateVerdictsDoNotCount) {
  // This run's limit is 20 s: T had 116 s, as its table says, U's is not known, V's was 5 s.
  const std::vector<Entrant> entrants = {
      a_run("A", {{unsat, 3}, {unsat, 20.9}, {sat, 21.2}, {timeout, 21}}),
      a_reference("T", {{unsat, 90}, {unsat, 20}, {sat, 22}, {unsat, 100}}, 116),
      a_reference("U", {{unsat, 90}, {unsat, 20}, {sat, suite::kNotKnown}, {timeout, 100}}),
      a_reference("V", {{unsat, 7}, {unsat, 5}, {std::nullopt}, {unknown, 1}}, 5)};
  const Board board = suite::make_board(entrants, {});
  const auto late = [&](std::size_t instance, std::size_t entrant) {
    const Cell& cell = board.instances[instance].cells[entrant];
    EXPECT_EQ(cell.late, cell.points == 0 && cell.row && suite::solved(cell.row->outcome));
    return cell.late;
  };
  EXPECT_FALSE(late(0, 0));
  EXPECT_TRUE(late(0, 1));
  EXPECT_TRUE(late(0, 2));
  EXPECT_TRUE(late(0, 3)) << "past its own limit";
  EXPECT_FALSE(late(1, 0)) << "the competition's second";
  EXPECT_FALSE(late(1, 1));
  EXPECT_FALSE(late(1, 3));
  EXPECT_TRUE(late(2, 0));
  EXPECT_TRUE(late(2, 1));
  EXPECT_FALSE(late(2, 2)) << "nobody knows when it came";
  EXPECT_TRUE(late(3, 1));
  EXPECT_FALSE(late(3, 2)) << "no verdict";
  EXPECT_EQ(board.total.entrants[0].late, 1u);
  EXPECT_EQ(board.total.entrants[0].solved(), 2u);
  EXPECT_EQ(board.total.entrants[1].late, 3u);
  EXPECT_EQ(board.total.entrants[1].solved(), 1u);
  EXPECT_EQ(board.total.entrants[1].points, 10);
  // Twice this run's limit, and not 116 s, for each that is late.
  EXPECT_DOUBLE_EQ(board.total.entrants[1].par2_s, (40.0 + 20.0 + 40.0 + 40.0) / 4.0);
  EXPECT_EQ(board.disagreements(), 0u);
  expect_partition(board);
}

TEST(SuiteBoard, ALateVerdictMayBeWrongOrDisputed) {
  const std::vector<Entrant> entrants = {a_run("A", {{unsat}, {unsat}}),
                                         a_reference("T", {{sat, 90}, {sat, 90}})};
  const Board board = suite::make_board(entrants, {a_table("truth", {{unsat}})});
  EXPECT_EQ(board.disagreements(), 2u);
  EXPECT_TRUE(board.instances[0].cells[1].wrong) << "a wrong one is never hidden behind the clock";
  EXPECT_TRUE(board.instances[0].cells[1].late);
  EXPECT_TRUE(board.instances[1].cells[0].disputed);
  EXPECT_EQ(suite::verdict_text(board.instances[1].cells[1]), "sat disputed late");
  expect_partition(board);
}

TEST(SuiteBoard, LimitsAreThoseOfTheFirstRun) {
  const std::vector<Entrant> entrants = {a_run("short", {{unsat, 4}}, 5),
                                         a_run("long", {{unsat, 50}}, 60)};
  const Board board = suite::make_board(entrants, {});
  EXPECT_DOUBLE_EQ(board.instances[0].name.timeout_s, 5.0);
  EXPECT_TRUE(board.instances[0].cells[1].late);
  const Board other = suite::make_board({entrants[1], entrants[0]}, {});
  EXPECT_FALSE(other.instances[0].cells[0].late);
  EXPECT_FALSE(other.instances[0].cells[1].late);
}

TEST(SuiteBoard, WhatATableLacksWasNotRun) {
  const std::vector<Entrant> entrants = {
      a_run("A", {{unsat, 2}, {sat, 2}, {timeout, 20}}),
      a_run("B", {{unsat, 2}, {std::nullopt}, {std::nullopt}}),
      a_reference("T", {{std::nullopt}, {sat, 4}, {std::nullopt}})};
  const Board board = suite::make_board(entrants, {});
  EXPECT_EQ(board.total.entrants[0].not_run, 0u);
  EXPECT_EQ(board.total.entrants[1].not_run, 2u);
  EXPECT_EQ(board.total.entrants[2].not_run, 2u);
  EXPECT_EQ(board.total.entrants[2].results, 1u);
  EXPECT_EQ(board.total.entrants[2].open(), 0u) << "neither a timeout nor unknown";
  EXPECT_EQ(board.total.entrants[2].par2_over, 1u);
  EXPECT_DOUBLE_EQ(board.total.entrants[2].par2_s, 4.0);
  EXPECT_EQ(suite::verdict_text(board.instances[0].cells[2]), "not run");
  EXPECT_FALSE(board.instances[0].cells[2].counts());
  expect_partition(board);
}

TEST(SuiteBoard, ARepetitionThatWasNotRunIsNotItsFirst) {
  Entrant run = a_run("A", {{unsat}});
  for (const int repeat : {2, 3}) {
    suite::PlannedInstance again = run.run->planned.front();
    again.repeat = repeat;
    run.run->planned.push_back(again);
  }
  suite::Record third = run.run->records.front();
  third.repeat = 3;
  third.outcome = timeout;
  run.run->records.push_back(third);
  run.table = suite::results_of(*run.run);
  // A table that names the instance once has the same result for every repetition.
  const Board board = suite::make_board({run, a_reference("T", {{unsat}})}, {});
  ASSERT_EQ(board.instances.size(), 3u);
  EXPECT_TRUE(board.instances[0].cells[0].counts());
  EXPECT_FALSE(board.instances[1].cells[0].row);
  EXPECT_EQ(board.instances[2].cells[0].row->outcome, timeout);
  EXPECT_EQ(board.total.entrants[0].not_run, 1u);
  EXPECT_EQ(board.total.entrants[1].unsat, 3u);
}

TEST(SuiteTables, LongNamesLoseTheirMiddle) {
  EXPECT_EQ(suite::elided("short", 10), "short");
  EXPECT_EQ(suite::elided("0123456789", 10), "0123456789");
  EXPECT_EQ(suite::elided("0123456789a", 10), "01234…789a");
  EXPECT_EQ(suite::elided("0123456789a", 9), "0123…789a");
  EXPECT_EQ(suite::elided("abcdef", 3), "a…f");
  // Characters stay whole.
  EXPECT_EQ(suite::elided("ααααα,βββββ", 5), "αα…ββ");
  // Bytes that are no UTF-8 are no reason to fall.
  EXPECT_NO_THROW(suite::elided(std::string(40, '\x80'), 5));
  EXPECT_NO_THROW(suite::elided(std::string(40, '\xff'), 5));
}

TEST(SuiteTables, TextIsNeverMarkup) {
  EXPECT_EQ(suite::html_text("<b a=\"1\" c='2'>&"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
  Entrant odd = a_run("\"><script>1</script>", {{unsat}});
  odd.run->records[0].reason = "<img src=x>";
  odd.run->machine = "<machine>";
  const std::vector<Entrant> entrants = {odd, a_reference("<i>", {{sat}})};
  const Board board = suite::make_board(entrants, {});
  for (const std::string& html :
       {suite::entrants_html(board, entrants), suite::disagreements_html(board, entrants),
        suite::board_html(board, entrants), suite::instances_html(board, entrants)}) {
    for (const char* markup : {"<script", "<img", "<i>", "<machine"})
      EXPECT_EQ(html.find(markup), std::string::npos) << html;
  }
}

TEST(SuiteTables, ColumnsOfZerosAreLeftOut) {
  const std::vector<Entrant> clean = {a_run("A", {{unsat}})};
  const std::string html = suite::board_html(suite::make_board(clean, {}), clean);
  EXPECT_EQ(html.find("late"), std::string::npos);
  EXPECT_EQ(html.find("not run"), std::string::npos);
  const std::vector<Entrant> both = {a_run("A", {{unsat}, {unsat, 50}}),
                                     a_reference("T", {{unsat}})};
  const std::string other = suite::board_html(suite::make_board(both, {}), both);
  EXPECT_NE(other.find("late"), std::string::npos);
  EXPECT_NE(other.find("not run"), std::string::npos);
}

}  // namespace
}  // namespace clipbound::test
