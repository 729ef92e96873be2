// Damaged files: an error with its place or a query, never anything else.
#include <zlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/specs/vnnlib/helpers.h"

namespace {

using namespace testing_vnnlib;

const char* const kSample =
    "; a sample\n(declare-const X_0 Real)\n(declare-fun X_1 () Real)\n(declare-const Y_0 "
    "Real)(declare-const Y_1 "
    "Real)\n"
    "(assert (<= X_0 0.679857769))\n(assert (>= X_0 .6))\n(assert (and (<= X_1 1e-1) (>= X_1 (- "
    "3.))))\n"
    "(assert (or (and (<= Y_0 (+ (* 2 Y_1) 1)) (> X_1 0)) (not (or (= Y_0 1) (< Y_1 X_0)))\n\t(>= "
    "3 Y_1)))\n"
    "(assert (<= Y_1 (/ 7 3)))\n";

// Counts what becomes of texts.
struct Tally {
  int parsed = 0, refused = 0, unsupported = 0;
  void feed(const std::string& text) {
    try {
      const Query query = parse(text);
      check_invariants(query);
      ++parsed;
    } catch (const InputError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("test.vnnlib:")) << error.what();
      ++refused;
    } catch (const Unsupported& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("test.vnnlib:")) << error.what();
      ++unsupported;
    }
  }
  void print(const char* what) const {
    std::printf("%s: %d parsed, %d input errors, %d unsupported\n", what, parsed, refused,
                unsupported);
  }
};

TEST(MalformedVnnlib, TheSampleIsFine) {
  const Query query = parse(kSample);
  EXPECT_EQ(query.clauses.size(), 4U);
}

TEST(MalformedVnnlib, TruncatedAtEveryByte) {
  const std::string sample = kSample;
  Tally tally;
  for (std::size_t length = 0; length < sample.size(); ++length)
    tally.feed(sample.substr(0, length));
  tally.print("truncation");
  EXPECT_GT(tally.refused, 300);
}

TEST(MalformedVnnlib, RandomMutations) {
  const std::string sample = kSample;
  std::mt19937_64 random(7);
  Tally tally;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = sample;
    for (std::uint64_t k = 0; k < 1 + random() % 3; ++k) {
      const std::size_t at = random() % text.size(), other = random() % text.size();
      switch (random() % 6) {
        case 0: text[at] = static_cast<char>(text[at] ^ (1 << random() % 8)); break;
        case 1: text.erase(at, 1 + random() % 4); break;
        case 2: text.insert(at, 1, "()(); X_Y0.e-<>="[random() % 16]); break;
        case 3: std::swap(text[at], text[other]); break;
        case 4: text.insert(at, text.substr(other, random() % 30)); break;
        default: text[at] = static_cast<char>(random()); break;
      }
    }
    tally.feed(text);
  }
  tally.print("mutation");
  EXPECT_GT(tally.parsed, 500);
  EXPECT_GT(tally.refused, 5000);
}

TEST(MalformedVnnlib, BracketsChanged) {
  const std::string sample = kSample;
  Tally tally;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (sample[i] != '(' && sample[i] != ')') continue;
    std::string text = sample;
    text[i] = sample[i] == '(' ? ')' : '(';
    tally.feed(text);
    tally.feed(sample.substr(0, i) + sample.substr(i + 1));
    tally.feed(sample.substr(0, i) + sample[i] + sample.substr(i));
  }
  tally.print("brackets");
  EXPECT_EQ(tally.parsed, 0);
}

TEST(MalformedVnnlib, DeepNesting) {
  const auto nest = [](const std::string& open, const std::string& inner, int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += open;
    text += inner;
    return text + std::string(static_cast<std::size_t>(depth), ')');
  };
  for (const std::string open : {"(and ", "(or ", "(not "}) {
    EXPECT_EQ(parse(boxed(1, 1, "(assert " + nest(open, "(>= Y_0 1)", 9000) + ")")).clauses.size(),
              1U);
    EXPECT_FALSE(
        error_of<InputError>(boxed(1, 1, "(assert " + nest(open, "(>= Y_0 1)", 1'000'000) + ")"))
            .empty());
  }
  EXPECT_EQ(parse(boxed(1, 1, "(assert (>= " + nest("(+ 1 ", "Y_0", 9000) + " 1))"))
                .clauses.at(0)
                .rows.at(0)
                .threshold.exact,
            8999);
  EXPECT_FALSE(
      error_of<InputError>(boxed(1, 1, "(assert (>= " + nest("(- ", "Y_0", 1'000'000) + " 1))"))
          .empty());
  EXPECT_FALSE(error_of<InputError>(std::string(1'000'000, '(')).empty());
  EXPECT_TRUE(error_of<InputError>(
                  boxed(1, 1, "(set-info " + nest("(", "a", 1'000'000) + ")(assert (>= Y_0 0))"))
                  .empty());
}

TEST(MalformedVnnlib, NumbersThatGrow) {
  std::string product = "1";
  for (int i = 0; i < 3000; ++i)
    product = i % 2 ? "(* 1e4000 " + product + ")" : "(* " + product + " 1e4000)";
  EXPECT_NE(
      error_of<InputError>(boxed(1, 1, "(assert (<= Y_0 " + product + "))")).find("too large"),
      std::string::npos);
}

TEST(MalformedVnnlib, CrossProductsAreCapped) {
  std::string text;
  for (int i = 0; i < 40; ++i)
    text += "(assert (or (<= Y_0 " + std::to_string(i) + ") (>= Y_1 " + std::to_string(i) + ")))\n";
  VnnlibLimits limits;
  limits.max_clauses = 1000;
  EXPECT_NE(error_of<InputError>(boxed(1, 2, text), limits).find("more than 1000 cases"),
            std::string::npos);
  // Cases that end early count as well.
  EXPECT_NE(error_of<InputError>(boxed(1, 2, text + "(assert (or (<= 1 0) (<= 2 0)))"), limits)
                .find("too many cases"),
            std::string::npos);
  limits.max_clauses = 1'000'000'000;
  limits.max_form_bytes = 10'000'000;
  EXPECT_NE(error_of<InputError>(boxed(1, 2, text), limits).find("MiB"), std::string::npos);
}

class File {
 public:
  explicit File(const std::string& bytes)
      : path_(std::filesystem::temp_directory_path() /
              ("clipbound_vnnlib_" + std::to_string(getpid()) + "_" + std::to_string(++count_))) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~File() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  static inline int count_ = 0;
  std::filesystem::path path_;
};

std::string gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(text.size() + 1000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(Files, PlainAndPacked) {
  const std::string sample = kSample, packed = gzip(sample);
  EXPECT_EQ(read_vnnlib(File(sample).path()).clauses.size(), 4U);
  EXPECT_EQ(read_vnnlib(File(packed).path()).clauses.size(), 4U);
  // Two members in sequence are one text.
  EXPECT_EQ(read_vnnlib(File(gzip(sample.substr(0, 100)) + gzip(sample.substr(100))).path())
                .clauses.size(),
            4U);
  EXPECT_EQ(read_vnnlib(File(packed + std::string(100, '\0')).path()).clauses.size(), 4U);
}

TEST(Files, DamagedArchives) {
  const std::string packed = gzip(kSample);
  for (std::size_t length = 2; length < packed.size(); ++length) {
    EXPECT_THROW(read_vnnlib(File(packed.substr(0, length)).path()), InputError) << length;
  }
  std::string flipped = packed;
  flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 0x10);
  EXPECT_THROW(read_vnnlib(File(flipped).path()), InputError);
  EXPECT_THROW(read_vnnlib(File("").path()), InputError);
  EXPECT_THROW(read_vnnlib("/nonexistent/prop.vnnlib"), InputError);
  EXPECT_THROW(read_vnnlib("/tmp"), InputError);
}

TEST(Files, SizeIsLimited) {
  VnnlibLimits limits;
  limits.max_file_bytes = 1 << 20;
  const std::string blanks(4 << 20, ' ');
  EXPECT_THROW(read_vnnlib(File(gzip(blanks + kSample)).path(), limits), InputError);
  EXPECT_THROW(read_vnnlib(File(blanks + kSample).path(), limits), InputError);
  EXPECT_EQ(read_vnnlib(File(gzip(blanks + kSample)).path()).clauses.size(), 4U);
}

}  // namespace
