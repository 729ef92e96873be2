// Files: which one a name means, their bytes, their digests; and what is said of the machine.
#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/machine.h"
#include "base/sha256.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

namespace fs = std::filesystem;

std::string digits_of(std::string_view bytes) {
  return base::info_of("x", bytes).sha256;
}

/// FIPS 180-4's own examples (NIST, "SHA256 example").
TEST(Sha256, OfTheStandardsExamples) {
  EXPECT_EQ(digits_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digits_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digits_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digits_of(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesMakeTheSameDigest) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * i % 251);
  base::Sha256 hash;
  for (const std::size_t step : {1U, 63U, 64U, 65U, 200U}) {
    for (std::size_t at = 0; at < bytes.size(); at += step)
      hash.update(std::string_view(bytes).substr(at, step));
    EXPECT_EQ(hash.digits(), digits_of(bytes)) << step << ", and begins anew";
  }
}

/// A folder that is gone in the end.
class Files : public testing::Test {
 protected:
  Files() : folder_(fs::temp_directory_path() / ("clipbound_file_" + std::to_string(::getpid()))) {
    fs::create_directory(folder_);
  }
  ~Files() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }
  std::string pack(const std::string& name, const std::string& bytes) const {
    const gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path(name);
  }
  std::string contents(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string complaint(const std::string& path, std::size_t most = 1000) {
    try {
      base::read_file(path, most);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }

  const fs::path folder_;
};

TEST_F(Files, PlainOnes) {
  for (const std::size_t size : {0UL, 1UL, 4095UL, 4096UL, 5000UL, 3'000'001UL}) {
    const std::string bytes(size, 'q');
    const base::FileContents file = base::read_file(write("plain", bytes), 4'000'000);
    EXPECT_EQ(file.bytes, bytes);
    EXPECT_EQ(file.info.path, path("plain"));
    EXPECT_EQ(file.info.bytes, size);
    EXPECT_EQ(file.info.sha256, digits_of(bytes));
  }
}

/// Size and digest are those of the file, not of what is in it.
TEST_F(Files, PackedOnes) {
  for (const std::size_t size : {0UL, 1UL, 5000UL, 3'000'001UL}) {
    const std::string bytes(size, 'q');
    const base::FileContents file = base::read_file(pack("packed.gz", bytes), 4'000'000);
    EXPECT_EQ(file.bytes, bytes);
    EXPECT_EQ(file.info.bytes, fs::file_size(path("packed.gz")));
    EXPECT_EQ(file.info.sha256, digits_of(contents("packed.gz")));
  }
}

TEST_F(Files, APipeIsReadToItsEnd) {
  const std::string bytes(300'000, 'p');
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  std::thread writer([&] { write("pipe", bytes); });
  const base::FileContents file = base::read_file(path("pipe"), 1'000'000);
  writer.join();
  EXPECT_EQ(file.bytes, bytes);
  EXPECT_EQ(file.info.sha256, digits_of(bytes));
}

TEST_F(Files, TheOneBesideItIsFoundPackedOrNot) {
  pack("a.onnx.gz", "one");
  write("b.onnx", "two");
  EXPECT_EQ(base::find_file(path("a.onnx")), path("a.onnx.gz"));
  EXPECT_EQ(base::find_file(path("b.onnx.gz")), path("b.onnx"));
  EXPECT_EQ(base::read_file(path("a.onnx"), 1000).bytes, "one");
  EXPECT_EQ(base::read_file(path("b.onnx.gz"), 1000).bytes, "two");
  // A file that is there is the one that is meant.
  write("a.onnx", "three");
  EXPECT_EQ(base::find_file(path("a.onnx")), path("a.onnx"));
  EXPECT_EQ(base::find_file(path("none")), path("none"));
  // A folder is no file.
  fs::create_directory(path("c"));
  EXPECT_EQ(base::find_file(path("c")), path("c"));
  pack("c.gz", "four");
  EXPECT_EQ(base::find_file(path("c")), path("c.gz"));
  fs::create_directory(path("d.gz"));
  EXPECT_EQ(base::find_file(path("d")), path("d"));
}

TEST_F(Files, WhatIsWrongIsSaidOfTheFile) {
  EXPECT_EQ(complaint(path("none.onnx")), path("none.onnx") + ": no such file");
  EXPECT_EQ(complaint(folder_.string()), folder_.string() + ": this is a directory");
  EXPECT_EQ(complaint(write("long", std::string(1001, 'x'))).rfind(path("long") + ": is larger", 0),
            0U);
  EXPECT_EQ(complaint(write("enough", std::string(1000, 'x'))), "");
  EXPECT_NE(complaint(pack("bomb.gz", std::string(1001, 'x'))).find("is larger than 1000 bytes"),
            std::string::npos);
  pack("cut.gz", "some text");
  const std::string whole = contents("cut.gz");
  for (std::size_t length = 2; length < whole.size(); ++length)
    EXPECT_NE(complaint(write("cut.gz", whole.substr(0, length))).find("truncated"),
              std::string::npos)
        << length;
}

TEST_F(Files, OnesTooLargeHaveNoDigest) {
  const std::string file = write("data", "0123456789");
  EXPECT_EQ(base::info_of_file(file, 10).sha256, digits_of("0123456789"));
  const FileInfo larger = base::info_of_file(file, 9);
  EXPECT_EQ(larger.bytes, 10U);
  EXPECT_EQ(larger.sha256, "");
}

TEST(Machine, SaysWhatItIs) {
  EXPECT_NE(base::cpu_name(), "");
  EXPECT_EQ(base::cpu_name().find("  "), std::string::npos);
  EXPECT_NE(base::system_name().find("Linux"), std::string::npos) << base::system_name();
  EXPECT_GT(base::machine_memory_bytes(), 1e8);
}

TEST(Machine, ThePeakStaysWhenMemoryIsGivenBack) {
  constexpr std::size_t kMore = std::size_t{256} << 20;
  const double before = base::peak_memory_bytes();
  EXPECT_GT(before, 1e5);
  {
    const std::vector<char> block(kMore, 'x');
    asm volatile("" : : "r"(block.data()) : "memory");  // so that it is really filled
  }
  EXPECT_GE(base::peak_memory_bytes(), before);
  EXPECT_GE(base::peak_memory_bytes(), static_cast<double>(kMore));
}

}  // namespace
}  // namespace clipbound::test
