// Random VNN-LIB 2 files at random points: some clause's box and rows hold exactly where the file
// does, by a reader that knows nothing of clauses. Damaged files: an error, or the same meaning.
#include <random>

#include "tests/specs/vnnlib/joint_helpers.h"

namespace {

using namespace testing_vnnlib;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string file() {
    variables_.clear();
    inputs_.clear();
    std::string text = "(vnnlib-version" + space() + "<2." + (pick(2) ? "0" : "1") + ">)" + space();
    const std::size_t networks = 1 + pick(2);
    for (std::size_t n = 0; n < networks; ++n) text += network(n);
    for (std::size_t i = 0; i < inputs_.size(); ++i) text += bounds(i);
    for (std::size_t i = 0; i < 1 + pick(3); ++i)
      text += "(assert" + space() + formula(3) + maybe_space() + ")" + space();
    return text;
  }
  double coordinate() {
    const double edge = slow::decimal(number()).get_d();
    const double value =
        pick(3) == 0 ? std::uniform_real_distribution<double>(-2.2, 2.2)(random_) : edge;
    const double around[] = {value, value, std::nextafter(value, 9.0), std::nextafter(value, -9.0)};
    return around[pick(4)];
  }
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

 private:
  std::string space() {
    const std::string spaces[] = {" ", "\n", "\t", "\r\n", " ; a ] comment ( \"\n", "  "};
    return spaces[pick(6)];
  }
  std::string maybe_space() { return pick(4) == 0 ? space() : ""; }
  std::string network(std::size_t n) {
    const std::string letter(1, static_cast<char>('f' + n));
    std::string text = "(declare-network " + letter + space();
    if (n > 0 && pick(3) == 0) text += std::string("(equal-to f)");
    // The second network has the shapes of the first, so that the two may be equal.
    if (n == 0) shapes_ = {shape(), pick(2) ? shape() : "", pick(2) ? shape() : "", shape()};
    text += tensor("input", "X_" + letter, shapes_[0], true);
    if (!shapes_[1].empty()) text += tensor("input", "Z" + letter, shapes_[1], true);
    if (!shapes_[2].empty()) text += tensor("hidden", "H_" + letter + "1", shapes_[2], false);
    return text + tensor("output", "Y_" + letter, shapes_[3], false) + ")" + space();
  }
  std::string shape() {
    const std::string shapes[] = {"[]", "[1]", "[2]", "[2,1]", "[1,2]", "[ 1 , 2,\t1]"};
    return shapes[pick(6)];
  }
  std::string tensor(const std::string& kind, const std::string& name, const std::string& shape,
                     bool input) {
    const std::size_t rank =
        shape == "[]" ? 0
                      : 1 + static_cast<std::size_t>(std::count(shape.begin(), shape.end(), ','));
    const std::size_t size = shape.find('2') == std::string::npos ? 1 : 2;
    const std::size_t two = static_cast<std::size_t>(std::count(
        shape.begin(),
        shape.begin() + static_cast<std::ptrdiff_t>(std::min(shape.find('2'), shape.size())), ','));
    for (std::size_t e = 0; e < size; ++e) {
      std::string element = name;
      for (std::size_t d = 0; d < rank; ++d)
        element += (d == 0 ? maybe_space() + "[" : ",") + maybe_space() +
                   (d == two ? std::to_string(e) : "0");
      if (rank > 0) element += "]";
      variables_.push_back(element);
      if (input) inputs_.push_back(element);
    }
    return "(declare-" + kind + space() + name + space() + (pick(2) ? "Real" : "real") +
           maybe_space() + shape + (kind == "hidden" ? "\"a (b] \\\\\"" : "") + maybe_space() +
           ")" + space();
  }
  // Plain bounds, or bounds that follow from an input before.
  std::string bounds(std::size_t i) {
    const std::string x = inputs_[i], before = inputs_[i == 0 ? 0 : pick(i)];
    switch (i == 0 ? 5 : pick(6)) {
      case 0: return "(assert (== " + x + " " + before + "))";
      case 1: return "(assert (== " + before + " (- " + x + ")))";
      case 2:
        return "(assert (<= (- " + x + " " + before + ") 0.3))(assert (>= " + x + " (- " + before +
               " 1)))";
      case 3:
        return "(assert (<= (+ " + x + " (* 0.5 " + before + ")) 1))(assert (>= " + x + " -2))";
      default: return "(assert (<= " + x + " 2.0))(assert (<= -2 " + x + "))" + space();
    }
  }
  std::string variable() { return variables_[pick(variables_.size())]; }
  std::string number() {
    const std::string numbers[] = {"0",   "1",    "-1",  "0.1",   "-0.1", "0.5",
                                   "-.5", "1e-1", "0.3", "-1.25", "2",    "0.6999999999999999999",
                                   "3E0"};
    return numbers[pick(13)];
  }
  std::string term(int depth) {
    if (depth == 0 || pick(3) == 0) return pick(3) ? variable() : number();
    switch (pick(6)) {
      case 0:
        return "(+" + space() + term(depth - 1) + space() + term(depth - 1) + " " + term(0) + ")";
      case 1: return "(- " + term(depth - 1) + space() + term(depth - 1) + ")";
      case 2: return "(* " + term(depth - 1) + space() + term(depth - 1) + ")";
      case 3: return "(* " + number() + " " + term(depth - 1) + " " + term(0) + ")";
      case 4: return "(* " + number() + " " + term(depth - 1) + ")";
      default: return "(-" + maybe_space() + variable() + ")";
    }
  }
  std::string comparison() {
    const std::string relations[] = {"<=", ">=", "<", ">", "==", "!=", "="};
    const std::string relation = "(" + maybe_space() + relations[pick(7)] + " ";
    if (pick(4) == 0) return relation + variable() + " " + number() + ")";
    if (pick(8) == 0) {  // a polynomial that is linear after all
      const std::string a = variable(), b = variable();
      return relation + "(- (* " + a + " (+ " + b + " 1)) (* " + b + " " + a + ")) " + number() +
             ")";
    }
    return relation + term(2) + space() + term(3) + ")";
  }
  std::string formula(int depth) {
    if (depth == 0 || pick(4) == 0) return comparison();
    std::string text = pick(2) ? "(and" : "(or";
    const std::size_t count = 1 + pick(3);
    for (std::size_t i = 0; i < count; ++i) text += space() + formula(depth - 1);
    return text + maybe_space() + ")";
  }

  std::mt19937_64 random_;
  std::vector<std::string> variables_, inputs_, shapes_;
};

/// Compares at some points; how many of them the file holds at.
int compare(const std::string& text, const JointQuery& joint, Generator& generator, int points) {
  slow::JointFile file(text);
  EXPECT_EQ(static_cast<std::int64_t>(file.inputs()), joint.query.input_size) << text;
  EXPECT_EQ(static_cast<std::int64_t>(file.outputs()), joint.tensor_outputs()) << text;
  int hits = 0;
  for (int k = 0; k < points; ++k) {
    std::vector<double> x(file.inputs()), y(file.outputs());
    for (double& value : x) value = generator.coordinate();
    // Equated inputs meet only where they are drawn alike.
    for (std::size_t i = 1; i < x.size(); ++i) {
      if (generator.pick(2)) x[i] = (generator.pick(4) ? 1.0 : -1.0) * x[generator.pick(i)];
    }
    for (double& value : y) value = generator.coordinate();
    const bool expected = file.holds(exact(x), exact(y));
    hits += expected;
    const bool found = joint_holds(joint, x, y);
    EXPECT_EQ(found, expected) << text;
    if (joint.formula) {
      EXPECT_EQ(holds_exactly(*joint.formula, x, y), expected) << text;
    }
    if (found != expected) break;
  }
  return hits;
}

TEST(JointRandom, ClausesMeanTheFile) {
  int files = 0, clauses = 0, products = 0, hits = 0;
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    Generator generator(seed);
    const std::string text = generator.file();
    JointQuery joint;
    try {
      joint = parse_joint(text);
    } catch (const InputError& error) {
      FAIL() << error.what() << "\n" << text;
    }
    ++files;
    clauses += static_cast<int>(joint.query.clauses.size());
    products += static_cast<int>(joint.products.size());
    check_invariants(joint.query);
    check_products(joint);
    hits += compare(text, joint, generator, 40);
    if (testing::Test::HasFailure()) return;
  }
  std::printf("%d files, %d clauses, %d products, %d of %d points true\n", files, clauses, products,
              hits, 40 * files);
  EXPECT_GT(products, 500);
  EXPECT_GT(hits, 40 * files / 50);
}

// Words of the language dropped, doubled, exchanged and replaced.
TEST(JointRandom, DamagedFilesAreRefusedOrMeanTheSame) {
  const std::string replacements[] = {
      "(", ")",    "[",   "]",   ",",   "and", "or", "<=",   "==",  "!=",     "+",
      "-", "*",    "X_f", "Y_f", "0.5", "-1",  "f",  "real", "[2]", "assert", "declare-output",
      "0", "\"h\""};
  int accepted = 0, refused = 0;
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    Generator generator(seed / 4);
    std::vector<std::string> words = slow::words_of(generator.file());
    // Without comments; a word more or less than the language has.
    for (std::size_t k = 0; k < 1 + seed % 2; ++k) {
      std::mt19937_64 random(seed * 2 + k);
      const std::size_t at = random() % words.size(), other = random() % words.size();
      const auto place = words.begin() + static_cast<std::ptrdiff_t>(at);
      switch (random() % 4) {
        case 0: words.erase(place); break;
        case 1: words.insert(place, std::string(words[other])); break;
        case 2: std::swap(words[at], words[other]); break;
        default: words[at] = replacements[random() % std::size(replacements)]; break;
      }
    }
    std::string text;
    for (const std::string& word : words) text += word + " ";
    JointQuery joint;
    try {
      joint = parse_joint(text);
    } catch (const InputError& error) {
      ++refused;
      EXPECT_TRUE(std::string(error.what()).starts_with("test.vnnlib:")) << error.what();
      continue;
    } catch (const Unsupported&) {
      ++refused;
      continue;
    }
    ++accepted;
    compare(text, joint, generator, 10);
    if (testing::Test::HasFailure()) return;
  }
  std::printf("%d accepted, %d refused\n", accepted, refused);
  EXPECT_GT(accepted, 50);
  EXPECT_GT(refused, 1000);
}

}  // namespace
