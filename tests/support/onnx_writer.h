#pragma once
// Writes small ONNX models with the official protobuf library, the way exporters do (and the way
// they should not).
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace clipbound::test {

class OnnxWriter {
 public:
  explicit OnnxWriter(int opset = 13) {
    model.set_ir_version(8);
    model.add_opset_import()->set_version(opset);
    graph().set_name("g");
  }
  onnx::GraphProto& graph() { return *model.mutable_graph(); }

  /// Dimensions: positive numbers; 0 writes a symbolic one, -1 one that is missing.
  OnnxWriter& input(const std::string& name, const std::vector<std::int64_t>& dims,
                    int type = onnx::TensorProto::FLOAT) {
    describe(*graph().add_input(), name, dims, type);
    return *this;
  }
  OnnxWriter& output(const std::string& name, int type = onnx::TensorProto::FLOAT) {
    describe(*graph().add_output(), name, {}, type);
    graph()
        .mutable_output(graph().output_size() - 1)
        ->mutable_type()
        ->mutable_tensor_type()
        ->clear_shape();
    return *this;
  }
  OnnxWriter& floats(const std::string& name, const std::vector<std::int64_t>& dims,
                     const std::vector<float>& values) {
    *graph().add_initializer() = float_tensor(name, dims, values);
    return *this;
  }
  OnnxWriter& ints(const std::string& name, const std::vector<std::int64_t>& values) {
    *graph().add_initializer() =
        int_tensor(name, {static_cast<std::int64_t>(values.size())}, values);
    return *this;
  }
  onnx::NodeProto& node(const std::string& op, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs) {
    onnx::NodeProto& n = *graph().add_node();
    n.set_op_type(op);
    n.set_name(op + "_node" + std::to_string(graph().node_size()));
    for (const auto& name : inputs) n.add_input(name);
    for (const auto& name : outputs) n.add_output(name);
    return n;
  }
  static onnx::TensorProto float_tensor(const std::string& name,
                                        const std::vector<std::int64_t>& dims,
                                        const std::vector<float>& values) {
    onnx::TensorProto t;
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::FLOAT);
    for (const auto d : dims) t.add_dims(d);
    t.set_raw_data(values.data(), values.size() * sizeof(float));
    return t;
  }
  static onnx::TensorProto int_tensor(const std::string& name,
                                      const std::vector<std::int64_t>& dims,
                                      const std::vector<std::int64_t>& values) {
    onnx::TensorProto t;
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::INT64);
    for (const auto d : dims) t.add_dims(d);
    for (const auto v : values) t.add_int64_data(v);
    return t;
  }
  std::string bytes() const { return model.SerializeAsString(); }

  onnx::ModelProto model;

 private:
  static void describe(onnx::ValueInfoProto& info, const std::string& name,
                       const std::vector<std::int64_t>& dims, int type) {
    info.set_name(name);
    auto* tensor = info.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(type);
    tensor->mutable_shape();
    for (const auto d : dims) {
      auto* dim = tensor->mutable_shape()->add_dim();
      if (d > 0) dim->set_dim_value(d);
      if (d == 0) dim->set_dim_param("batch");
    }
  }
};

inline void set_int(onnx::NodeProto& n, const std::string& key, std::int64_t value) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::INT);
  a->set_i(value);
}
inline void set_float(onnx::NodeProto& n, const std::string& key, float value) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::FLOAT);
  a->set_f(value);
}
inline void set_ints(onnx::NodeProto& n, const std::string& key,
                     const std::vector<std::int64_t>& values) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::INTS);
  for (const auto v : values) a->add_ints(v);
}
inline void set_floats(onnx::NodeProto& n, const std::string& key,
                       const std::vector<float>& values) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::FLOATS);
  for (const auto v : values) a->add_floats(v);
}
inline void set_string(onnx::NodeProto& n, const std::string& key, const std::string& value) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::STRING);
  a->set_s(value);
}
inline void set_tensor(onnx::NodeProto& n, const std::string& key, const onnx::TensorProto& value) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::TENSOR);
  *a->mutable_t() = value;
}

/// A folder of its own under the build folder, emptied on entry and removed on exit.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::path(CLIPBOUND_BINARY_DIR) / ("tmp_" + name)) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name, const std::string& bytes) const {
    const auto path = path_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace clipbound::test
