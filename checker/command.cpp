// Idea: the command line of clipbound-check.
// Source: docs/certificate.md.
// Guarantees: see the header.
#include "checker/command.h"

#include <algorithm>
#include <cfenv>
#include <exception>
#include <thread>

#include "checker/kernel/certificate.h"
#include "checker/kernel/errors.h"
#include "checker/reader/files.h"
#include "checker/reader/onnx.h"
#include "checker/reader/vnnlib.h"

namespace clipcheck {

namespace {

const char* const kUsage =
    "clipbound-check [--exact] [--threads N] [--shard I/N] NET.onnx QUERY.vnnlib CERTIFICATE\n"
    "Checks that the certificate proves the query to be unsat. Files may be packed by gzip.\n"
    "  --exact      rationals in place of float64 with directed rounding\n"
    "  --threads N  (default: the number of cores)\n"
    "  --shard I/N  only the I-th part (from 0) of N. The whole is verified once all parts of one\n"
    "               certificate are: each says \"shard I of N verified\" and the file's SHA-256\n"
    "Exit codes: 0 verified, 1 refused, 2 a file or the command cannot be read.\n";

struct Arguments {
  Checking how;
  std::vector<std::string> files;
};

std::size_t number(const std::string& text) {
  if (text.empty() || text.size() > 6 || text.find_first_not_of("0123456789") != std::string::npos)
    throw Unreadable("not a number: " + text);
  return std::stoul(text);
}

Arguments read_arguments(const std::vector<std::string>& words) {
  Arguments result;
  result.how.threads = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t k = 0; k < words.size(); ++k) {
    const auto value = [&] {
      if (k + 1 == words.size()) throw Unreadable(words[k] + " needs a value");
      return words[++k];
    };
    if (words[k] == "--exact") {
      result.how.exact = true;
    } else if (words[k] == "--threads") {
      result.how.threads = number(value());
    } else if (words[k] == "--shard") {
      const std::string text = value();
      const std::size_t slash = std::min(text.find('/'), text.size());
      result.how.shard = number(text.substr(0, slash));
      result.how.shards = number(slash == text.size() ? "" : text.substr(slash + 1));
    } else if (words[k].starts_with("--")) {
      throw Unreadable("unknown option " + words[k]);
    } else {
      result.files.push_back(words[k]);
    }
  }
  if (result.files.size() != 3) throw Unreadable("three files are needed");
  if (result.how.threads == 0 || result.how.threads > 256 || result.how.shard >= result.how.shards)
    throw Unreadable("threads or shard out of range");
  return result;
}

void check(const Arguments& arguments, std::ostream& out, std::ostream& log) {
  const FileBytes network = read_file(arguments.files[0]), property = read_file(arguments.files[1]);
  const CheckedNetwork checked = read_onnx(network.bytes, folder_of(arguments.files[0]));
  const Claim claim{checked.system, checked.outputs, read_vnnlib(property.bytes, checked.signature),
                    network.sha256, property.sha256};
  CertificateStream stream(arguments.files[2]);
  Counts counts;
  try {
    counts = check_certificate(claim, stream, arguments.how);
  } catch (const Refused&) {
    stream.read_to_the_end();
    throw;
  }
  log << counts.leaves << " leaves, " << counts.splits << " splits, " << counts.bounds
      << " bounds, " << counts.constraints << " constraints\n";
  if (arguments.how.shards > 1)
    out << "shard " << arguments.how.shard << " of " << arguments.how.shards
        << " verified: certificate " << stream.digest() << "\n";
  else
    out << "verified\n";
}

}  // namespace

int run_command(const std::vector<std::string>& words, std::ostream& out, std::ostream& log) {
  std::fesetround(FE_TONEAREST);  // as readers need it
  try {
    if (words.size() == 1 && words[0] == "--help")
      out << kUsage;
    else
      check(read_arguments(words), out, log);
    return out.flush() ? 0 : 2;
  } catch (const Refused& refused) {
    out << "refused\n";
    log << refused.what() << "\n";
    return 1;
  } catch (const std::exception& error) {
    out << "unreadable\n";
    log << error.what() << "\n";
    return 2;
  }
}

}  // namespace clipcheck
