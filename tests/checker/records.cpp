// Idea: reads by the kernel's stream of bytes, writes by Writer.
// Source: docs/certificate.md, "Bytes".
// Guarantees: see the header.
#include "tests/checker/records.h"

#include <nettle/sha2.h>
#include <zlib.h>

#include <stdexcept>

#include "checker/reader/files.h"

namespace clipcheck {

namespace {

class Parser {
 public:
  explicit Parser(const std::vector<std::uint8_t>& bytes) : in_(bytes, 0) {}

  Records all() {
    Records result;
    result.claim = tag();
    result.network = in_.bytes(32);
    result.property = in_.bytes(32);
    for (int k = 0; k < 3; ++k) result.sizes.push_back(in_.varint());
    for (std::uint64_t k = result.sizes[2]; k > 0; --k) result.sizes.push_back(in_.varint());
    result.clause_count = in_.varint();
    char next = tag();
    for (; next == 'C'; next = tag()) result.clauses.push_back(clause(result.sizes[0]));
    result.end = next;
    if (!in_.ended()) throw std::runtime_error("something follows the end");
    return result;
  }

 private:
  char tag() { return static_cast<char>(in_.byte()); }

  Mults mults() {
    Mults result;
    for (std::uint64_t k = in_.varint(); k > 0; --k) {
      const std::uint64_t constraint = in_.varint();
      result.push_back({constraint, in_.f32()});
    }
    return result;
  }

  ClauseText clause(std::uint64_t inputs) {
    ClauseText result;
    for (std::uint64_t k = 0; k < 2 * inputs; ++k) result.edges.push_back(in_.f64());
    for (std::uint64_t rows = in_.varint(); rows > 0; --rows) {
      ClauseText::RowText& row = result.rows.emplace_back();
      row.strict = in_.byte();
      for (std::uint64_t terms = in_.varint(); terms > 0; --terms) {
        const std::uint64_t variable = in_.varint();
        row.terms.emplace_back(variable, in_.f64());
      }
      row.threshold = in_.f64();
    }
    result.tree = tree();
    return result;
  }

  Step step(char kind) {
    Step result{.tag = kind};
    if (kind == 'B' || kind == 'b' || kind == 'a') result.layer = in_.varint();
    if (kind == 'a') result.form = in_.byte();
    if (kind == 'a' || kind == 'b') {
      for (std::uint64_t count = in_.varint(); count > 0; --count) {
        const std::uint64_t number = in_.varint();
        if (kind == 'b') {
          const std::uint8_t upper = in_.byte();
          result.bounds.push_back({number, upper, mults()});
          continue;
        }
        Step::Slope slope{number, 0.0F, 0};
        if (result.form == 1) {
          const auto raw = in_.bytes(2);
          slope.half = static_cast<std::uint16_t>(raw[0] | raw[1] << 8);
        } else if (result.form == 2) {
          slope.value = in_.f32();
        }
        result.slopes.push_back(slope);
      }
    }
    if (kind == 'H') result.mults = mults();
    if (kind == 'e') result.constraint = in_.varint();
    if (kind == 'J') in_.varint();
    return result;
  }

  Tree tree() {
    Tree result;
    for (result.end = tag(); std::string("LOXN").find(result.end) == std::string::npos;
         result.end = tag()) {
      if (std::string("IBbaHeJKk").find(result.end) == std::string::npos)
        throw std::runtime_error("unknown record");
      result.steps.push_back(step(result.end));
    }
    if (result.end == 'L') result.mults = mults();
    if (result.end == 'X') {
      result.input = in_.varint();
      result.at = in_.f64();
    } else if (result.end == 'N') {
      result.layer = in_.varint();
      result.neuron = in_.varint();
      result.at = static_cast<double>(in_.f32());
    }
    if (result.end == 'X' || result.end == 'N') {
      result.first = std::make_unique<Tree>(tree());
      result.second = std::make_unique<Tree>(tree());
    }
    return result;
  }

  MemoryStream in_;
};

void write(Writer& out, const Mults& mults) {
  out.varint(mults.size());
  for (const Mult& m : mults) out.varint(m.constraint).f32(m.value);
}

void write(Writer& out, const Step& step) {
  out.tag(step.tag);
  if (step.tag == 'B' || step.tag == 'b' || step.tag == 'a') out.varint(step.layer);
  if (step.tag == 'a') {
    out.tag(static_cast<char>(step.form)).varint(step.slopes.size());
    for (const Step::Slope& slope : step.slopes) {
      out.varint(slope.skip);
      if (step.form == 1)
        out.tag(static_cast<char>(slope.half & 255)).tag(static_cast<char>(slope.half >> 8));
      else if (step.form == 2)
        out.f32(slope.value);
    }
  }
  if (step.tag == 'b') {
    out.varint(step.bounds.size());
    for (const Step::Bound& bound : step.bounds) {
      out.varint(bound.neuron).tag(static_cast<char>(bound.upper));
      write(out, bound.mults);
    }
  }
  if (step.tag == 'H') write(out, step.mults);
  if (step.tag == 'e') out.varint(step.constraint);
}

void write_from(Writer& out, const Tree& tree, std::size_t at) {
  for (; at < tree.steps.size(); ++at) {
    write(out, tree.steps[at]);
    if (tree.steps[at].tag != 'J') continue;
    Writer rest;
    write_from(rest, tree, at + 1);
    out.varint(rest.bytes().size() + tree.steps[at].longer).append(rest);
    return;
  }
  if (tree.end != 0) out.tag(tree.end);
  if (tree.end == 'L') write(out, tree.mults);
  if (tree.end == 'X') out.varint(tree.input).f64(tree.at);
  if (tree.end == 'N') out.varint(tree.layer).varint(tree.neuron).f32(static_cast<float>(tree.at));
  for (const Tree* side : {tree.first.get(), tree.second.get()})
    if (side != nullptr) write_from(out, *side, 0);
}

}  // namespace

Tree::Tree(const Tree& other)
    : steps(other.steps),
      end(other.end),
      mults(other.mults),
      input(other.input),
      layer(other.layer),
      neuron(other.neuron),
      at(other.at),
      first(other.first ? std::make_unique<Tree>(*other.first) : nullptr),
      second(other.second ? std::make_unique<Tree>(*other.second) : nullptr) {}

Records parse(const std::vector<std::uint8_t>& stream) {
  return Parser(stream).all();
}

Writer write(const Tree& tree) {
  Writer out;
  write_from(out, tree, 0);
  return out;
}

Writer write(const Records& records) {
  Writer out;
  out.tag(records.claim);
  for (const auto* hash : {&records.network, &records.property})
    for (const std::uint8_t byte : *hash) out.tag(static_cast<char>(byte));
  for (const std::uint64_t size : records.sizes) out.varint(size);
  out.varint(records.clause_count);
  for (const ClauseText& clause : records.clauses) {
    out.tag('C');
    for (const double edge : clause.edges) out.f64(edge);
    out.varint(clause.rows.size());
    for (const ClauseText::RowText& row : clause.rows) {
      out.tag(static_cast<char>(row.strict)).varint(row.terms.size());
      for (const auto& [variable, value] : row.terms) out.varint(variable).f64(value);
      out.f64(row.threshold);
    }
    write_from(out, clause.tree, 0);
  }
  if (records.end != 0) out.tag(records.end);
  return out;
}

std::string file_of(const std::vector<std::uint8_t>& stream, std::size_t block) {
  std::string file = "CLIPCERT\x01";
  const auto u32 = [&](std::uint32_t value) {
    for (int k = 0; k < 4; ++k) file += static_cast<char>(value >> (8 * k) & 255U);
  };
  for (std::size_t at = 0; at < stream.size(); at += block) {
    const std::size_t count = std::min(block, stream.size() - at);
    u32(static_cast<std::uint32_t>(count));
    file.append(reinterpret_cast<const char*>(stream.data()) + at, count);
    u32(static_cast<std::uint32_t>(
        crc32(crc32(0, nullptr, 0), stream.data() + at, static_cast<unsigned>(count))));
  }
  u32(0);
  sha256_ctx hash;
  sha256_init(&hash);
  sha256_update(&hash, file.size(), reinterpret_cast<const std::uint8_t*>(file.data()));
  Digest digest{};
  sha256_digest(&hash, digest.size(), digest.data());
  return file.append(reinterpret_cast<const char*>(digest.data()), digest.size());
}

std::vector<std::uint8_t> stream_of(const std::string& path) {
  CertificateStream stream(path);
  std::vector<std::uint8_t> result;
  while (!stream.ended()) result.push_back(stream.byte());
  return result;
}

}  // namespace clipcheck
