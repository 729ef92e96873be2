// Thousands of changes of valid certificates, all checksums right: none that is false is verified,
// whatever the threads, the shards and the arithmetic.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "checker/command.h"
#include "checker/reader/files.h"
#include "tests/checker/models.h"
#include "tests/checker/mutations.h"
#include "tests/checker/small_proofs.h"
#include "tests/cli/child.h"

namespace clipcheck {
namespace {

bool verified(const Claim& claim, const Writer& file, const Checking& how = {}) {
  return verdict(claim, file, how).empty();
}

/// By all shards.
bool verified_by_shards(const Claim& claim, const Writer& file, std::size_t shards) {
  bool all = true;
  for (std::size_t k = 0; k < shards; ++k)
    all = verified(claim, file, {.shard = k, .shards = shards}) && all;
  return all;
}

/// A claim that its tree of this depth proves, close to the network's least value.
struct Proved {
  Claim claim;
  Records records;
};
Proved proved(SmallNetwork& network, int depth, int clauses) {
  for (double below = 0.05;; below *= 2.0) {
    const Claim claim = network.claim(network.least() - mpq_class(below), clauses);
    Records records = network.proof(claim, depth);
    if (verified(claim, write(records))) return {claim, std::move(records)};
  }
}

TEST(Mutations, OfProofsWithRecordsOfAllKinds) {
  std::mt19937_64 random(1);
  std::map<std::string, int> kinds;
  int count = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SmallNetwork network(seed);
    const Proved proof = proved(network, 5, seed % 2 == 0 ? 3 : 1);
    const std::vector<std::uint8_t> bytes = write(proof.records).bytes();
    EXPECT_EQ(write(parse(bytes)).bytes(), bytes);
    for (const Mutation& mutation : false_mutations(proof.records, random, 5, false)) {
      const bool exact = ++count % 4 == 0;
      const std::size_t threads = 1 + static_cast<std::size_t>(count) % 3;
      EXPECT_FALSE(verified(proof.claim, mutation.stream, {.exact = exact, .threads = threads}))
          << mutation.what << " seed " << seed;
      if (count % 5 == 0) {
        EXPECT_FALSE(verified_by_shards(proof.claim, mutation.stream, 3)) << mutation.what;
      }
      ++kinds[mutation.what];
    }
  }
  EXPECT_GE(count, 1000);
  EXPECT_GE(kinds.size(), 40U);
}

TEST(Mutations, NoneProvesWhatHasACounterexample) {
  // The records of a proof, changed at random, as a proof of the next threshold that some point
  // reaches. Some such changes leave the proof of what is true a proof.
  std::mt19937_64 random(2);
  int still_true = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SmallNetwork network(seed);
    const Proved proof = proved(network, 4, 1);
    const mpq_class reached = network.least();
    // To the next float64 above: the restated threshold is as exact as the claim's.
    const double above = std::nextafter(reached.get_d(), HUGE_VAL);
    const Claim wrong = network.claim(mpq_class(above), 1);
    for (int k = 0; k < 25; ++k) {
      Records records = proof.records;
      if (k > 0) shake(records, random);
      still_true += verified(proof.claim, write(records)) ? 1 : 0;
      records.clauses[0].rows[0].threshold = above;
      EXPECT_FALSE(verified(wrong, write(records), {.exact = k % 5 == 4})) << seed << " " << k;
    }
  }
  EXPECT_GT(still_true, 20 + 50) << "the changes are too wild to say anything";
}

TEST(Mutations, TheAnswerIsTheSameForAllThreadsAndShards) {
  std::mt19937_64 random(3);
  SmallNetwork network(5);
  const Proved proof = proved(network, 6, 2);
  int good = 0;
  for (int k = 0; k < 60; ++k) {
    Records records = proof.records;
    if (k > 0) shake(records, random);
    const Writer file = write(records);
    const bool alone = verified(proof.claim, file, {.threads = 1});
    good += alone ? 1 : 0;
    EXPECT_EQ(verified(proof.claim, file, {.threads = 4}), alone) << k;
    EXPECT_EQ(verified_by_shards(proof.claim, file, 2), alone) << k;
    EXPECT_EQ(verified_by_shards(proof.claim, file, 5), alone) << k;
  }
  EXPECT_GT(good, 5);
  EXPECT_LT(good, 55);
}

TEST(Mutations, AConstraintHoldsOnlyInItsOwnScope) {
  // |x| <= -1/2. On the left, x <= -1/2 by the half-space of the left side's slopes; on the right
  // the number of that constraint names nothing.
  const AbsoluteValue query(mpq_class(-1, 2));
  const auto side = [](std::uint64_t constraint) {
    Writer tree = Writer().tag('I').tag('H').varint(1).varint(0).f32(1.0F);
    return tree.tag('L').varint(1).varint(constraint).f32(1.0F);
  };
  const Writer borrowed = Writer().tag('I').tag('L').varint(1).varint(1).f32(1.0F);
  const Writer before = Writer().tag('L').varint(1).varint(1).f32(1.0F);
  EXPECT_TRUE(verified(query.claim, query.file(split(0.0, side(1), side(1)))));
  EXPECT_FALSE(verified(query.claim, query.file(split(0.0, side(1), borrowed)))) << "the sibling's";
  EXPECT_FALSE(verified(query.claim, query.file(split(0.0, before, side(1)))))
      << "before it is there";
  EXPECT_FALSE(verified(query.claim, query.file(split(0.0, side(2), side(1)))));
  // A decision of one side is none of the other.
  const Writer phases = Writer().tag('N').varint(0).varint(0).f32(0.0F);
  const Writer low = Writer().tag('I').tag('L').varint(1).varint(0).f32(1.0F);
  const Writer high = Writer().tag('L').varint(2).varint(0).f32(1.0F).varint(1).f32(1.0F);
  EXPECT_TRUE(verified(query.claim, query.file(Writer(phases).append(low).append(high))));
  // Above x >= 0 alone |x| may be 0; below, -x with the decision's multiplier is unbounded help for
  // no side: x <= 0 is what holds there.
  const AbsoluteValue touching(0);
  EXPECT_FALSE(verified(touching.claim, touching.file(Writer(phases).append(high).append(low))));
}

TEST(Mutations, DecisionsOfATightProofAreNoneTooMany) {
  // |x| >= 0 > -1/1024 by the split at 0 alone: a decision that is dropped, moved or turned makes
  // the file false.
  const AbsoluteValue query(mpq_class(-1, 1024));
  const auto phases = [](float at, bool turned) {
    Writer tree = Writer().tag('N').varint(0).varint(0).f32(at);
    const Writer low = leaf();
    const Writer high = Writer().tag('L').varint(2).varint(0).f32(1.0F).varint(1).f32(1.0F);
    return turned ? tree.append(high).append(low) : tree.append(low).append(high);
  };
  EXPECT_TRUE(verified(query.claim, query.file(split(0.0, leaf(), leaf()))));
  EXPECT_TRUE(verified(query.claim, query.file(phases(0.0F, false))));
  for (const double at : {-1.0, -0.5, -0.1, -0.01}) {
    EXPECT_FALSE(verified(query.claim, query.file(split(at, leaf(), leaf())))) << at;
    EXPECT_FALSE(verified(query.claim, query.file(split(-at / 2, leaf(), leaf())))) << -at / 2;
    EXPECT_FALSE(verified(query.claim, query.file(phases(static_cast<float>(at), false)))) << at;
  }
  EXPECT_FALSE(verified(query.claim, query.file(phases(0.0F, true))));
  EXPECT_FALSE(verified(query.claim, query.file(leaf())));
}

/// The program's certificates of random networks of its own kind, changed.
class RealCertificates {
 public:
  explicit RealCertificates(std::uint64_t seed) : random_(seed) {
    Model model({1, 3});
    std::int64_t width = 3;
    std::string value = "x";
    for (int layer = 0; layer < 3; ++layer) {
      const std::int64_t next = layer == 2 ? 2 : 8;
      const std::string n = std::to_string(layer);
      model.add(weights("w" + n, {width, next}, numbers(width * next)));
      model.add(weights("b" + n, {next}, numbers(next)));
      model.node("Gemm", {value, "w" + n, "b" + n}, layer == 2 ? "y" : "z" + n);
      if (layer < 2) model.node("Relu", {"z" + n}, value = "r" + n);
      width = next;
    }
    const std::string bytes = model.proto.SerializeAsString();
    net = scratch_.write("net.onnx", bytes);
    least_ = HUGE_VAL;
    const CheckedNetwork network = read_onnx(bytes, ".");
    for (int k = 0; k < 3000; ++k) {
      std::vector<double> x;
      for (int i = 0; i < 3; ++i) x.push_back(static_cast<double>(random_() % 33) / 16.0 - 1.0);
      least_ = std::min(least_, enclosed_at(network, x)[0].second);
    }
  }
  /// Y_0 <= the least value seen + more, or Y_1 <= ... with another box.
  std::string query(double more) const {
    std::ostringstream text;
    text.precision(17);
    text << "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const X_2 Real)"
            "(declare-const Y_0 Real)(declare-const Y_1 Real)";
    for (int i = 0; i < 3; ++i)
      text << "(assert (<= X_" << i << " 1))(assert (>= X_" << i << " -1))";
    text << "(assert (or (<= Y_0 " << least_ + more << ") (and (<= Y_0 " << least_ - 1.0
         << ") (<= X_0 0.5))))";
    return scratch_.write("query.vnnlib", text.str());
  }
  /// The records of the program's certificate, or nothing where it finds none in time.
  std::vector<std::uint8_t> prove(const std::string& property) const {
    const std::string file = scratch_ / "certificate";
    const clipbound::test::Ended ended = clipbound::test::run(
        {"verify", property, "--network", net, "--certificate", file, "--timeout", "20"});
    if (ended.out.rfind("unsat", 0) != 0) return {};
    return stream_of(file);
  }
  int check(const std::string& property, const Writer& records,
            const std::vector<std::string>& options = {}) const {
    std::vector<std::string> words = options;
    words.insert(words.end(), {net, property, scratch_.write("changed", file_of(records.bytes()))});
    std::ostringstream out, log;
    const int code = run_command(words, out, log);
    std::fesetround(FE_TONEAREST);
    return code;
  }

  std::string net;

 private:
  std::vector<float> numbers(std::int64_t count) {
    std::vector<float> result;
    for (; count > 0; --count)
      result.push_back(static_cast<float>(static_cast<double>(random_() % 2001) / 1000.0 - 1.0));
    return result;
  }
  clipbound::test::Scratch scratch_;
  std::mt19937_64 random_;
  double least_;
};

TEST(Mutations, OfTheProgramsOwnCertificates) {
  std::mt19937_64 random(4);
  int count = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const RealCertificates real(seed);
    std::string property;
    std::vector<std::uint8_t> stream;
    for (double below = 0.05; stream.empty(); below *= 2.0) {
      property = real.query(-below);
      stream = real.prove(property);
    }
    const Records records = parse(stream);
    ASSERT_EQ(write(records).bytes(), stream);
    ASSERT_EQ(real.check(property, write(records)), 0);
    for (const Mutation& mutation : false_mutations(records, random, 12, false)) {
      EXPECT_EQ(
          real.check(property, mutation.stream, {"--threads", std::to_string(1 + ++count % 3)}), 1)
          << mutation.what << " seed " << seed;
    }
    // The same records for a property that a point violates, with that property's own hash.
    const std::string wrong = real.query(1e-6);
    for (int k = 0; k < 20; ++k) {
      Records forged = records;
      if (k > 0) shake(forged, random);
      const Digest digest = read_file(wrong).sha256;
      forged.property.assign(digest.begin(), digest.end());
      const std::vector<Clause> clauses = read_vnnlib(read_file(wrong).bytes, {{3}, {2}});
      for (ClauseText& clause : forged.clauses)
        for (ClauseText::RowText& row : clause.rows)
          if (clause.rows.size() == 1 && clause.edges[1] == 1.0)
            row.threshold = clauses[0].rows[0].threshold.get_d();
      EXPECT_EQ(real.check(wrong, write(forged)), 1) << k;
    }
  }
  EXPECT_GE(count, 1000);
}

}  // namespace
}  // namespace clipcheck
