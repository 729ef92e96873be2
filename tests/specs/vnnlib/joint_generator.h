#pragma once
// VNN-LIB 2 files at random, grown after the grammar, and mutations that know its tokens.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace joint_fuzz {

class JointGenerator {
 public:
  explicit JointGenerator(std::uint64_t seed) : random_(seed) {}

  /// A legal file whose inputs are bounded.
  std::string file();
  /// The text with `changes` tokens, characters or bracketed expressions removed, repeated,
  /// exchanged, replaced or inserted.
  std::string mutated(const std::string& text, int changes);
  /// One of few numbers, so that bounds coincide and points lie on edges.
  std::string number();
  std::size_t pick(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

 private:
  struct Tensor {
    std::string name;
    int kind = 0;  // 0: input, 1: hidden, 2: output
    std::vector<int> dims;
  };
  using Tokens = std::vector<std::string>;

  std::string fresh_name();
  std::string space();
  std::string network(std::size_t index);
  std::string declared(const Tensor& tensor);
  std::string bounds(const std::string& input);
  std::string constant(int depth);
  std::string term(int depth);
  std::string comparison();
  std::string formula(int depth);

  static Tokens tokens_of(const std::string& text);
  std::string joined(const Tokens& tokens);
  std::pair<std::size_t, std::size_t> expression_in(const Tokens& tokens);
  void change(Tokens& tokens);
  std::string similar_token(const Tokens& tokens, std::size_t at);
  std::string some_token(const Tokens& tokens);

  std::mt19937_64 random_;
  std::string type_;
  std::vector<std::string> names_;
  std::vector<std::vector<Tensor>> networks_;
  std::vector<std::string> inputs_, others_;  // elements as a formula writes them
};

}  // namespace joint_fuzz
