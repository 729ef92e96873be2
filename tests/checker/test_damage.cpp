// Files that are damaged, cut or badly called: exit code 2, or 1 where the damage is a lie that all
// checksums confirm; never 0. And no file makes the checker use more memory than it says.
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>
#include <sstream>

#include "checker/command.h"
#include "checker/kernel/arithmetic.h"
#include "checker/reader/files.h"
#include "tests/checker/models.h"
#include "tests/checker/records.h"
#include "tests/cli/child.h"

namespace clipcheck {
namespace {

/// |x| >= 0 as files: a network, a query and a proof in three blocks.
class Damage : public testing::Test {
 protected:
  Damage() {
    Model model({1});
    model.node("Abs", {"x"}, "y");
    const std::string bytes = model.proto.SerializeAsString();
    net_ = scratch_.write("net.onnx", bytes);
    property_ =
        scratch_.write("query.vnnlib",
                       "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (>= X_0 -1))"
                       "(assert (<= X_0 2))(assert (<= Y_0 -0.5))");
    proof_.tag('R');
    for (const std::string& path : {net_, property_})
      for (const std::uint8_t byte : read_file(path).sha256) proof_.tag(static_cast<char>(byte));
    proof_.varint(1).varint(1).varint(1).varint(1).varint(1);
    proof_.tag('C').f64(-1.0).f64(2.0).varint(1).tag('\0').varint(1).varint(0).f64(1.0).f64(-0.5);
    good_tree_ = split(0.0, apart(leaf()), apart(leaf()));
    good_ = file(good_tree_);
  }
  void TearDown() override { std::fesetround(FE_TONEAREST); }
  static Writer apart(const Writer& tree) {
    return Writer().tag('J').varint(tree.bytes().size()).append(tree);
  }
  std::string file(const Writer& tree) const {
    return file_of(Writer(proof_).append(tree).tag('Z').bytes(), 80);
  }
  int check(const std::string& bytes, std::vector<std::string> words = {}) {
    words.insert(words.end(), {net_, property_, scratch_.write("file", bytes)});
    std::ostringstream out, log;
    const int code = run_command(words, out, log);
    out_ = out.str();
    EXPECT_EQ(code == 0, out_.find("verified") != std::string::npos);
    return code;
  }
  std::string packed(const std::string& bytes) const {
    const std::string path = scratch_ / "packed.gz";
    gzFile into = gzopen(path.c_str(), "wb9");
    gzwrite(into, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(into);
    return clipbound::test::contents_of(path);
  }

  clipbound::test::Scratch scratch_;
  std::string net_, property_, good_, out_;
  Writer proof_, good_tree_;
};

TEST_F(Damage, EveryLengthAndEveryBit) {
  ASSERT_EQ(check(good_), 0);
  for (std::size_t length = 0; length < good_.size(); ++length)
    EXPECT_EQ(check(good_.substr(0, length)), 2) << length;
  std::string changed = good_;
  for (std::size_t bit = 0; bit < 8 * good_.size(); ++bit) {
    changed[bit / 8] = static_cast<char>(good_[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(check(changed), 2) << bit;
    changed[bit / 8] = good_[bit / 8];
  }
  EXPECT_EQ(check(good_ + '\0'), 2);
  EXPECT_EQ(check(good_ + good_), 2);
}

TEST_F(Damage, PackedFiles) {
  const std::string gz = packed(good_);
  ASSERT_EQ(check(gz), 0);
  for (std::size_t length = 0; length < gz.size(); ++length)
    EXPECT_EQ(check(gz.substr(0, length)), 2) << length;
  // Bits that say nothing of the content are not noticed: a date in gzip's header of ten bytes, the
  // last bits before its checksum.
  std::string changed = gz;
  const std::vector<std::uint8_t> records = stream_of(scratch_.write("whole", good_));
  int unnoticed = 0;
  for (std::size_t bit = 80; bit < 8 * gz.size(); ++bit) {
    changed[bit / 8] = static_cast<char>(gz[bit / 8] ^ (1 << bit % 8));
    const int code = check(changed);
    changed[bit / 8] = gz[bit / 8];
    if (code == 2) continue;
    EXPECT_EQ(stream_of(scratch_ / "file"), records) << bit;
    ++unnoticed;
  }
  EXPECT_LE(unnoticed, 8);
}

TEST_F(Damage, ConfirmedByAllChecksums) {
  // Each byte of the records is another: refused, or, where it is a number that proves as well (an
  // unused multiplier's digits, say), another proof of the same claim.
  const std::vector<std::uint8_t> stream = Writer(proof_).append(good_tree_).tag('Z').bytes();
  std::size_t other_proofs = 0;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    std::vector<std::uint8_t> changed = stream;
    changed[at] ^= 0x80U;
    const int code = check(file_of(changed));
    EXPECT_TRUE(code == 0 || code == 1) << at;
    other_proofs += code == 0 ? 1 : 0;
  }
  EXPECT_LT(other_proofs, 16U);  // the ends of the split's place and of multipliers
}

TEST_F(Damage, TheExitCodeIsTheSameForAllThreads) {
  // A refused record before a damaged one: damage is what the code says.
  const Writer bad = split(0.0, apart(leaf(0.0F)), apart(leaf()));
  std::string damaged = file(bad);
  damaged[damaged.size() - 50] ^= 1;
  for (const char* threads : {"1", "2", "7"}) {
    EXPECT_EQ(check(file(bad), {"--threads", threads}), 1);
    EXPECT_EQ(check(damaged, {"--threads", threads}), 2);
  }
}

TEST_F(Damage, AShardIsNotTheWhole) {
  const std::string bad = file(split(0.0, apart(leaf()), apart(leaf(0.0F))));
  EXPECT_EQ(check(bad, {"--shard", "0/2"}), 0);
  EXPECT_EQ(out_.rfind("shard 0 of 2 verified", 0), 0U) << "said as the whole's answer: " << out_;
  EXPECT_EQ(check(bad, {"--shard", "1/2"}), 1);
  EXPECT_EQ(check(bad, {"--shard", "2/2"}), 2);
  EXPECT_EQ(check(bad, {"--shard", "0/0"}), 2);
  EXPECT_EQ(check(good_, {"--threads", "0"}), 2);
  EXPECT_EQ(check(good_, {"--threads", "100000"}), 2);
}

TEST_F(Damage, RecordsThatAskForTooMuchMemory) {
  // 2^40 rows, 2^40 terms, nested lengths without end, lists that end nowhere.
  const std::uint64_t many = 1ULL << 40;
  const auto refused = [&](const Writer& stream) { return check(file_of(stream.bytes())) == 1; };
  Writer head;
  head.append(proof_);
  const std::vector<std::uint8_t> bytes = proof_.bytes();
  Writer rows;
  for (std::size_t k = 0; k + 28 < bytes.size(); ++k) rows.tag(static_cast<char>(bytes[k]));
  EXPECT_TRUE(refused(Writer(rows).varint(many)));
  EXPECT_TRUE(refused(Writer(proof_).tag('L').varint(many)));
  EXPECT_TRUE(refused(Writer(proof_).tag('J').varint(many)));
  EXPECT_TRUE(refused(Writer(proof_).tag('J').varint((1ULL << 63) - 1).append(leaf()).tag('Z')));
  EXPECT_TRUE(refused(Writer(proof_).tag('a').varint(0).varint(2).varint(many)));
  EXPECT_TRUE(refused(Writer(proof_).tag('b').varint(0).varint(many)));
  Writer nested(proof_), deep(proof_);
  for (int k = 0; k < 20000; ++k) nested.tag('J').varint(many);
  EXPECT_TRUE(refused(nested));
  for (int k = 0; k < 20000; ++k) deep.tag('X').varint(0).f64(0.0);
  EXPECT_TRUE(refused(deep));
}

TEST_F(Damage, AScopeHasNotTooManyConstraints) {
  // A record of six bytes makes a constraint over all inputs: 100 000 inputs, 2.4 MB each.
  System system(100000);
  AffineRow row;
  for (Index k = 0; k < 100000; ++k) {
    row.elements.push_back(k);
    row.values.push_back(1.0);
  }
  const Index output = system.add_affine({row});
  system.seal();
  Claim claim{system, {output}, {}, {}, {}};
  claim.clauses.push_back({std::vector<double>(100000, 0.0),
                           std::vector<double>(100000, 1.0),
                           {{{{0, 1}}, -1, false}}});
  Writer file = Writer().tag('R').zeros(64).varint(100000).varint(1).varint(0).varint(1).tag('C');
  for (int k = 0; k < 100000; ++k) file.f64(0.0).f64(1.0);
  file.varint(1).tag('\0').varint(1).varint(0).f64(1.0).f64(-1.0);
  for (int k = 0; k < 1000; ++k) file.tag('H').varint(1).varint(0).f32(1.0F);
  file.append(leaf()).tag('Z');
  EXPECT_NE(verdict(claim, file).find("too many constraints"), std::string::npos);
}

}  // namespace
}  // namespace clipcheck
