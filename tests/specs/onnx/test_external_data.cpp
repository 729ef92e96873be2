// Tensors whose data are kept in files beside the model, and files that they must not lead to.
#include <zlib.h>

#include "specs/onnx/external_data.h"
#include "tests/specs/onnx/reading.h"

namespace clipbound::test {
namespace {

namespace fs = std::filesystem;

void write_packed(const std::string& path, const std::string& bytes) {
  const gzFile gz = gzopen(path.c_str(), "wb");
  gzwrite(gz, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(gz);
}

std::vector<float> answer_of(const std::string& path) {
  return evaluate(read_onnx(path), {1, 1});
}
const std::vector<float> kAnswer = {4, 0};  // of small_model() at (1, 1)

TEST(ExternalData, IsReadBesideTheModel) {
  const TemporaryFolder folder("external_beside");
  OnnxWriter w = small_model();
  folder.file("net.onnx.data", move_data_out(w.model, "net.onnx.data"));
  EXPECT_EQ(answer_of(folder.file("net.onnx", w.bytes())), kAnswer);
  write_packed(folder.path("packed.onnx.gz"), w.bytes());
  EXPECT_EQ(answer_of(folder.path("packed.onnx.gz")), kAnswer);
  fs::create_directory(folder.path("sub"));
  OnnxWriter deeper = small_model();
  folder.file("sub/weights.bin", move_data_out(deeper.model, "sub/weights.bin"));
  EXPECT_EQ(answer_of(folder.file("deeper.onnx", deeper.bytes())), kAnswer);
}

/// Each file once, whole, however many tensors are in it.
TEST(ExternalData, ItsFilesAreKnown) {
  const TemporaryFolder folder("external_known");
  OnnxWriter w = small_model();
  const std::string data = move_data_out(w.model, "net.onnx.data");
  folder.file("net.onnx.data", data + "more");
  const Network network = read_onnx(folder.file("net.onnx", w.bytes()));
  EXPECT_EQ(network.file.path, folder.path("net.onnx"));
  EXPECT_EQ(network.file.sha256, info_of("", w.bytes()).sha256);
  ASSERT_EQ(network.file.data.size(), 1u);
  EXPECT_EQ(network.file.data[0].bytes, data.size() + 4);
  EXPECT_EQ(network.file.data[0].sha256, info_of("", data + "more").sha256);
  EXPECT_TRUE(network.file.data[0].path.ends_with("net.onnx.data"));
  write_packed(folder.path("net.onnx.data.gz"), data);
  fs::remove(folder.path("net.onnx.data"));
  const Network packed = read_onnx(folder.path("net.onnx"));
  ASSERT_EQ(packed.file.data.size(), 1u);
  EXPECT_TRUE(packed.file.data[0].path.ends_with("net.onnx.data.gz"));
  EXPECT_EQ(packed.file.data[0].bytes, fs::file_size(folder.path("net.onnx.data.gz")));
}

TEST(ExternalData, MayBePacked) {
  const TemporaryFolder folder("external_packed");
  OnnxWriter w = small_model();
  write_packed(folder.path("net.onnx.data.gz"), move_data_out(w.model, "net.onnx.data"));
  EXPECT_EQ(answer_of(folder.file("net.onnx", w.bytes())), kAnswer);
}

TEST(ExternalData, OffsetAndLengthMayBeLeftOut) {
  const TemporaryFolder folder("external_defaults");
  OnnxWriter w = small_model();
  onnx::TensorProto& weights = *w.graph().mutable_initializer(0);
  folder.file("w.bin", weights.raw_data() + "more");
  set_external(weights, "w.bin");
  EXPECT_EQ(answer_of(folder.file("net.onnx", w.bytes())), kAnswer);
}

TEST(ExternalData, OfConstantNodesIsReadToo) {
  const TemporaryFolder folder("external_constant");
  OnnxWriter w;
  w.input("x", {1, 2});
  onnx::TensorProto shift = OnnxWriter::float_tensor("shift", {2}, {10, 20});
  folder.file("shift.bin", shift.raw_data());
  set_external(shift, "shift.bin", "0", "8");
  set_tensor(w.node("Constant", {}, {"c"}), "value", shift);
  w.node("Add", {"x", "c"}, {"y"});
  w.output("y");
  EXPECT_EQ(answer_of(folder.file("net.onnx", w.bytes())), (std::vector<float>{11, 21}));
}

/// The weights of small_model() are said to be at `location`; net.onnx lies in inner/, and beside
/// it w.bin, which holds them.
class LeadingElsewhere : public testing::Test {
 protected:
  LeadingElsewhere() : folder_("external_elsewhere") {
    fs::create_directory(folder_.path("inner"));
    data_ = small_model().graph().initializer(0).raw_data();
    folder_.file("inner/w.bin", data_);
    folder_.file("secret.bin", data_);
  }
  std::string model(const std::string& location, const std::string& offset = "",
                    const std::string& length = "") const {
    OnnxWriter w = small_model();
    set_external(*w.graph().mutable_initializer(0), location, offset, length);
    return folder_.file("inner/net.onnx", w.bytes());
  }
  void expect_error(const std::string& location, const std::string& word,
                    const std::string& offset = "", const std::string& length = "") const {
    const std::string path = model(location, offset, length);
    expect_failure<InputError>([&] { read_onnx(path); }, {"net.onnx: tensor 'w'", word});
  }

  TemporaryFolder folder_;
  std::string data_;
};

TEST_F(LeadingElsewhere, TheFileItselfIsFine) {
  EXPECT_EQ(answer_of(model("w.bin")), kAnswer);
  EXPECT_EQ(answer_of(model("./w.bin", "0", "16")), kAnswer);
}

TEST_F(LeadingElsewhere, PathsOutOfTheFolderAreRefused) {
  expect_error("../secret.bin", "leads out");
  expect_error(folder_.path("secret.bin"), "leads out");
  expect_error("../inner/w.bin", "leads out");
  expect_error("sub/../../secret.bin", "leads out");
  expect_error("/dev/zero", "leads out");
  expect_error(std::string("w.bin\0x", 7), "zero byte");
}

TEST_F(LeadingElsewhere, LinksOutOfTheFolderAreRefused) {
  fs::create_symlink(folder_.path("secret.bin"), folder_.path("inner/link.bin"));
  expect_error("link.bin", "leads out");
  fs::create_directory_symlink(folder_.path(""), folder_.path("inner/up"));
  expect_error("up/secret.bin", "leads out");
  fs::create_symlink("w.bin", folder_.path("inner/inside.bin"));
  EXPECT_EQ(answer_of(model("inside.bin")), kAnswer) << "a link that stays inside is fine";
  // The folder may be reached by a link itself.
  fs::create_directory_symlink(folder_.path("inner"), folder_.path("alias"));
  model("w.bin");
  EXPECT_EQ(answer_of(folder_.path("alias/net.onnx")), kAnswer);
}

TEST_F(LeadingElsewhere, WhatIsNoOrdinaryFileIsRefused) {
  fs::create_directory(folder_.path("inner/folder"));
  expect_error("folder", "no ordinary file");
  fs::create_symlink("loop", folder_.path("inner/loop"));
  expect_error("loop", "which is not in the folder");
  expect_error("absent.bin", "copy it there");
}

TEST_F(LeadingElsewhere, SizesAreHeldAgainstTheFile) {
  expect_error("w.bin", "which has only 16", "4", "16");
  expect_error("w.bin", "which has only 16", "18446744073709551615", "16");
  expect_error("w.bin", "are 16", "0", "12");
  expect_error("w.bin", "are 16", "0", "18446744073709551615");
  expect_error("w.bin", "offset", "-4");
  expect_error("w.bin", "offset", "4 ");
  expect_error("w.bin", "length", "0", "0x10");
  expect_error("w.bin", "offset", "99999999999999999999");
  expect_error("", "no location");
}

TEST_F(LeadingElsewhere, AbsurdShapesAllocateNothing) {
  OnnxWriter w = small_model();
  onnx::TensorProto& weights = *w.graph().mutable_initializer(0);
  set_external(weights, "w.bin");
  weights.set_dims(0, std::int64_t{1} << 45);
  const std::string path = folder_.file("inner/net.onnx", w.bytes());
  expect_failure<InputError>([&] { read_onnx(path); }, {"tensor 'w'", "more than 16 GiB"});
  weights.set_dims(0, std::int64_t{1} << 61);
  const std::string overflow = folder_.file("inner/net.onnx", w.bytes());
  expect_failure<InputError>([&] { read_onnx(overflow); }, {"absurd"});
}

TEST(ExternalData, IsRefusedWhereTheModelIsNoFile) {
  OnnxWriter w = small_model();
  move_data_out(w.model, "net.onnx.data");
  expect_refused<InputError>(w, {"'w'", "net.onnx.data", "external data"});
}

}  // namespace
}  // namespace clipbound::test
