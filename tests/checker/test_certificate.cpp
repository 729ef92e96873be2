// Valid certificates are verified; whatever makes one false is refused. |x| >= 0 is all the
// mathematics: split at 0, each half is a line.
#include <gtest/gtest.h>

#include <random>

#include "tests/checker/claims.h"

namespace clipcheck {
namespace {

const Checking kExact{.exact = true};

TEST(Certificate, BothHalvesOfAnAbsoluteValue) {
  const AbsoluteValue query(mpq_class(-1, 1024));
  for (const bool exact : {false, true}) {
    const Checking how{.exact = exact};
    EXPECT_EQ(verdict(query.claim, query.file(split(0.0, leaf(), leaf())), how), "");
    // By phases: the neurons' decisions and their multipliers in place of the box.
    Writer phases = Writer().tag('N').varint(0).varint(0).f32(0.0F).append(leaf());
    phases.tag('L').varint(2).varint(0).f32(1.0F).varint(1).f32(1.0F);
    EXPECT_EQ(verdict(query.claim, query.file(phases), how), "");
  }
}

TEST(Certificate, ATouchingRowIsExactOnly) {
  // |x| < 0 nowhere, though 0 is reached: strict rows are excluded by a bound of 0.
  AbsoluteValue query(0);
  query.claim.clauses[0].rows[0].strict = true;
  Writer file = query.header();
  file.tag('C').f64(-1.0).f64(2.0).varint(1).tag('\1').varint(1).varint(0).f64(1.0).f64(0.0);
  file.append(split(0.0, leaf(), leaf())).tag('Z');
  EXPECT_EQ(verdict(query.claim, file, kExact), "");
  EXPECT_NE(verdict(AbsoluteValue(0).claim, query.file(split(0.0, leaf(), leaf())), kExact), "");
}

TEST(Certificate, SlopesMakeAProofOrNone) {
  // relu(x) + relu(-x) with slopes 1/2 and 1/2 is at least 0; with 1 and 0 it is at least x.
  const AbsoluteValue query(mpq_class(-1, 1024));
  const auto with = [&](float first, float second) {
    const Writer tree =
        Writer().tag('a').varint(0).varint(2).varint(2).varint(0).f32(first).varint(0).f32(second);
    return verdict(query.claim, query.file(Writer(tree).append(leaf())));
  };
  EXPECT_EQ(with(0.5F, 0.5F), "");
  EXPECT_NE(with(1.0F, 0.0F), "");
  EXPECT_NE(with(7.0F, -3.0F), "");
}

TEST(Certificate, AConstraintOfARowCutsEdges) {
  // |x| <= -1/2: the lower line x gives x <= -1/2 on the whole box, and there |x| = -x.
  const AbsoluteValue query(mpq_class(-1, 2));
  Writer tree;
  tree.tag('a').varint(0).varint(2).varint(2).varint(0).f32(1.0F).varint(0).f32(0.0F);
  tree.tag('H').varint(1).varint(0).f32(1.0F).tag('e').varint(1);
  tree.tag('B').varint(0);
  EXPECT_EQ(verdict(query.claim, query.file(Writer(tree).append(leaf()))), "");
  EXPECT_EQ(verdict(query.claim, query.file(Writer(tree).append(leaf())), kExact), "");
}

TEST(Certificate, EachPartIsNeeded) {
  const AbsoluteValue query(mpq_class(-1, 1024));
  const Writer both = split(0.0, leaf(), leaf()),
               half = Writer().tag('X').varint(0).f64(0.0).append(leaf());
  const auto refused = [&](const Writer& file) { return !verdict(query.claim, file).empty(); };
  EXPECT_FALSE(refused(query.file(both)));
  EXPECT_TRUE(refused(query.file(leaf()))) << "no split, default slopes";
  EXPECT_TRUE(refused(query.file(half))) << "the other side is missing";
  EXPECT_TRUE(refused(query.file(split(0.0, leaf(), Writer().tag('O'))))) << "not empty";
  EXPECT_TRUE(refused(query.file(split(0.5, leaf(), leaf())))) << "x = 0 is inside the first half";
  EXPECT_TRUE(refused(query.file(split(0.0, leaf(-1.0F), leaf())))) << "a negative multiplier";
  EXPECT_TRUE(refused(query.file(split(0.0, leaf(0.0F), leaf())))) << "no row at all";
  EXPECT_TRUE(refused(query.header().tag('Z'))) << "a clause without a proof";
  EXPECT_TRUE(refused(query.header().append(query.clause()).append(both))) << "no end";
  EXPECT_TRUE(refused(query.file(both).tag('Z'))) << "more after the end";
  EXPECT_TRUE(refused(query.file(Writer().tag('J').varint(3).append(both)))) << "another length";
  EXPECT_TRUE(refused(query.file(Writer().tag('?').append(both)))) << "unknown record";
  Writer other = query.header();
  other.tag('C').f64(-1.0).f64(0.0).varint(1).tag('\0').varint(1).varint(0).f64(1.0);
  other.f64(-1.0 / 1024).append(leaf()).tag('Z');
  EXPECT_TRUE(refused(other)) << "a smaller box";
  AbsoluteValue elsewhere(mpq_class(-1, 1024));
  elsewhere.claim.network_sha256[5] = 1;
  EXPECT_FALSE(verdict(elsewhere.claim, query.file(both)).empty()) << "another network";
  elsewhere.claim.network_sha256[5] = 0;
  elsewhere.claim.property_sha256[31] = 1;
  EXPECT_FALSE(verdict(elsewhere.claim, query.file(both)).empty()) << "another property";
}

/// Two clauses about |x|, on [-1, 2] and on [-1, upper].
struct TwoClauses : AbsoluteValue {
  explicit TwoClauses(double second_threshold, double upper = 2.0)
      : AbsoluteValue(mpq_class(-1, 2)) {
    const Row row{{{0, 1}}, mpq_class(second_threshold), false};
    claim.clauses.push_back({{-1.0}, {upper}, {row}});
  }
  std::string check(const Writer& first, const Writer& second) const {
    Writer file = header().append(clause()).append(first);
    file.tag('C').f64(-1.0).f64(claim.clauses[1].upper[0]).varint(1).tag('\0').varint(1).varint(0);
    file.f64(1.0).f64(claim.clauses[1].rows[0].threshold.get_d());
    return verdict(claim, file.append(second).tag('Z'));
  }
};

TEST(Certificate, BoundsOfABoxServeItsOtherClauses) {
  // Slopes 1/2 and 1/2 prove |x| >= 0 on the whole box.
  Writer slopes;
  slopes.tag('a').varint(0).varint(2).varint(2).varint(0).f32(0.5F).varint(0).f32(0.5F);
  const Writer kept = Writer(slopes).tag('K').append(leaf()),
               taken = Writer().tag('k').append(leaf());
  EXPECT_EQ(TwoClauses(-0.25).check(kept, taken), "");
  EXPECT_NE(TwoClauses(-0.25).check(Writer(slopes).append(leaf()), taken), "")
      << "nothing was kept";
  EXPECT_NE(TwoClauses(-0.25).check(kept, leaf()), "") << "without the slopes there is no proof";
  EXPECT_NE(TwoClauses(-0.25, 1.5).check(kept, taken), "") << "another box";
  EXPECT_NE(TwoClauses(0.25).check(kept, taken), "") << "there is a counterexample";
}

TEST(Certificate, WhatMoreThanTheBoxEnteredIsNotKept) {
  // |x| <= -1/2 cuts the box to x <= -1/2, where |x| <= 1/4 has no point: but x = 0 is one.
  Writer cut;
  cut.tag('a').varint(0).varint(2).varint(2).varint(0).f32(1.0F).varint(0).f32(0.0F);
  cut.tag('H').varint(1).varint(0).f32(1.0F);
  const Writer edge = Writer(cut).tag('e').varint(1).tag('I').tag('K').append(leaf());
  Writer bound = Writer().tag('b').varint(0).varint(1).varint(0).tag('\1').varint(1).varint(0);
  bound.f32(1.0F).tag('K').append(split(0.0, leaf(), leaf()));
  const Writer taken = Writer().tag('k').append(leaf()), kept = Writer().tag('K');
  const TwoClauses query(0.25);
  const std::string why = "bounds that are kept are of more than the box";
  for (const Writer& first : {edge, bound, split(0.0, Writer(kept).append(leaf()), leaf()),
                              Writer().tag('J').varint(10).append(kept).append(leaf())})
    EXPECT_NE(query.check(first, taken).find(why), std::string::npos) << query.check(first, taken);
  const Writer whole = Writer(kept).append(split(0.0, leaf(), leaf()));
  EXPECT_EQ(TwoClauses(-0.25).check(whole, whole), "");
  EXPECT_NE(TwoClauses(-0.25).check(whole, split(0.0, taken, taken)), "") << "not at the root";
}

TEST(Certificate, ThreadsAndShardsAgree) {
  const AbsoluteValue query(mpq_class(-1, 1024));
  const auto apart = [](const Writer& tree) {
    return Writer().tag('J').varint(tree.bytes().size()).append(tree);
  };
  const Writer good = query.file(split(0.0, apart(leaf()), apart(split(1.0, leaf(), leaf()))));
  const Writer bad = query.file(split(0.0, apart(leaf()), apart(split(1.0, leaf(), leaf(0.0F)))));
  for (const std::size_t threads : {1U, 2U, 5U}) {
    EXPECT_EQ(verdict(query.claim, good, {.threads = threads}), "");
    EXPECT_NE(verdict(query.claim, bad, {.threads = threads}), "");
  }
  EXPECT_EQ(verdict(query.claim, bad, {.shard = 0, .shards = 2}), "");
  EXPECT_NE(verdict(query.claim, bad, {.shard = 1, .shards = 2}), "");
}

/// Any tree that the grammar allows.
Writer random_tree(std::mt19937_64& random, int depth) {
  const auto pick = [&](std::uint64_t n) { return random() % n; };
  const auto real = [&] {
    return static_cast<float>(static_cast<double>(pick(4001)) / 1000.0 - 2.0);
  };
  Writer tree;
  for (std::uint64_t steps = pick(4); steps > 0; --steps) {
    switch (pick(6)) {
      case 0: tree.tag('I'); break;
      case 1: tree.tag('B').varint(0); break;
      case 2:
        tree.tag('a').varint(0).varint(2).varint(2).varint(0).f32(real()).varint(0).f32(real());
        break;
      case 3: tree.tag('H').varint(1).varint(0).f32(std::abs(real())); break;
      case 4: tree.tag('e').varint(1 + pick(2)); break;
      default:
        tree.tag('b').varint(0).varint(1).varint(pick(2)).varint(pick(2));
        tree.varint(1).varint(pick(3)).f32(std::abs(real()));
    }
  }
  if (depth == 0 || pick(3) == 0)
    return tree.append(pick(8) == 0 ? Writer().tag('O') : leaf(std::abs(real())));
  if (pick(2) == 0)
    tree.tag('X').varint(0).f64(static_cast<double>(real()));
  else
    tree.tag('N').varint(0).varint(pick(2)).f32(real());
  return tree.append(random_tree(random, depth - 1)).append(random_tree(random, depth - 1));
}

TEST(Certificate, NoTreeProvesWhatIsFalse) {
  // x = 0 is a counterexample of |x| <= 0, and of |3 x| <= 1/64, which doubles round.
  std::mt19937_64 random(24);
  const AbsoluteValue touching(0), deep(mpq_class(1, 64), 3.0), provable(mpq_class(-1, 4));
  int proved = 0;
  for (int k = 0; k < 1000; ++k) {
    const Writer tree = random_tree(random, 5);
    for (const bool exact : {false, true}) {
      EXPECT_NE(verdict(touching.claim, touching.file(tree), {.exact = exact}), "");
      EXPECT_NE(verdict(deep.claim, deep.file(tree), {.exact = exact}), "");
    }
    proved += verdict(provable.claim, provable.file(tree)).empty() ? 1 : 0;
  }
  EXPECT_GT(proved, 10) << "the trees are no proofs of what is true either: the test says nothing";
}

TEST(Certificate, NoFlippedByteProvesWhatIsFalse) {
  const AbsoluteValue bad(mpq_class(1, 1024));
  const std::vector<std::uint8_t> bytes = bad.file(split(0.0, leaf(), leaf())).bytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; value += 17) {
      std::vector<std::uint8_t> changed = bytes;
      changed[at] = static_cast<std::uint8_t>(value);
      MemoryStream stream(changed, 0);
      EXPECT_THROW(check_certificate(bad.claim, stream, {}), Refused) << at << " " << value;
    }
  }
}

}  // namespace
}  // namespace clipcheck
