// What other files are, by their first bytes.
#include "base/file_kind.h"

#include <gtest/gtest.h>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using namespace std::string_view_literals;

void expect_kind(std::string_view bytes, std::string_view word, std::string_view advice = "",
                 std::string_view path = "file") {
  const FileKind kind = kind_of_file(bytes, path);
  EXPECT_NE(kind.name.find(word), std::string::npos) << word << " not in: " << kind.name;
  EXPECT_NE(kind.advice.find(advice), std::string::npos) << advice << " not in: " << kind.advice;
}

TEST(FileKind, OfOtherToolsNetworks) {
  expect_kind("\x89HDF\r\n\x1a\n\0\0\0"sv, "HDF5", "tf2onnx");
  expect_kind("PK\x03\x04\x14\0\x08\0archive/data.pkl\x80\x02"sv, "PyTorch", "torch.onnx.export");
  expect_kind("\x80\x02\x8a\x0al\xfc\x9c"sv, "pickle", "torch.onnx.export");
  expect_kind("PK\x03\x04\x14\0metadata.json{\"keras_version\""sv, "Keras", "tf2onnx");
  expect_kind("PK\x03\x04\x14\0arr_0.npy"sv, "NumPy");
  expect_kind("\x1c\0\0\0TFL3\x14\0"sv, "TensorFlow Lite");
  expect_kind("\x48\0\0\0\0\0\0\0{\"fc1.weight\":{}}"sv, "safetensors");
  expect_kind("// The contents of this file are licensed ...\n// and more\n7,5,5,50,\n5,50,50,5,\n",
              ".nnet", "nnet2onnx");
  expect_kind("// network\r\n2,1,1,2,\r\n1,2,1,\r\n", ".nnet");
}

TEST(FileKind, OfTextsAndDownloads) {
  expect_kind("; comes first\n\n(declare-const X_0 Real)\n(assert (<= X_0 1))", kVnnlibProperty,
              "swapped");
  expect_kind("(vnnlib-version <2.0>)\n(declare-network f)", kVnnlibProperty);
  expect_kind("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS", "lfs pull");
  expect_kind("<!DOCTYPE html>\n<html>", "page of the web");
  expect_kind("", "empty");
}

TEST(FileKind, OfOnnxFiles) {
  expect_kind("\x08\x08\x12\x04\x63\x61\x73\x65:\xf5\x01"sv, "ONNX model", "swapped");
  expect_kind("\x01\x02\x03\x04\x05\x06"sv, "external data", "beside it", "net.onnx.data");
}

TEST(FileKind, OfAnythingElseIsUnknown) {
  for (const std::string_view bytes : {"\x01\x02\x03"sv, "no idea"sv, "(hello)"sv, "1,2\n3,4\n"sv,
                                       "P"sv, "\x80"sv, "\x08"sv, "\n\n\n"sv})
    EXPECT_EQ(kind_of_file(bytes, "file").name, "") << bytes;
}

}  // namespace
}  // namespace clipbound::test
