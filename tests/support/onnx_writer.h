#pragma once
// Writes small ONNX models with the official protobuf library, the way exporters do (and the way
// they should not).
#include <onnx/onnx_pb.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace clipbound::test {

/// Adds a node to a graph or a function, which then says that it uses the node's domain.
template <typename Owner>
onnx::NodeProto& add_node(Owner& owner, const std::string& op,
                          const std::vector<std::string>& inputs,
                          const std::vector<std::string>& outputs, const std::string& domain = "") {
  onnx::NodeProto& n = *owner.add_node();
  n.set_op_type(op);
  if (!domain.empty()) n.set_domain(domain);
  if constexpr (requires { owner.add_opset_import(); }) {
    bool said = domain.empty();
    for (const auto& import : owner.opset_import()) said = said || import.domain() == domain;
    if (!said) {
      auto* import = owner.add_opset_import();
      import->set_domain(domain);
      import->set_version(1);
    }
  }
  for (const auto& name : inputs) n.add_input(name);
  for (const auto& name : outputs) n.add_output(name);
  return n;
}

/// The bits of a float16 that is a normal number or 0, as x is one.
inline std::uint16_t float16_bits(float x) {
  if (x == 0.0f) return 0;
  int exponent = 0;
  const float fraction = std::frexp(std::fabs(x), &exponent);  // in [1/2, 1)
  const int biased = exponent + 14;
  return static_cast<std::uint16_t>((x < 0 ? 0x8000 : 0) | (biased << 10) |
                                    (static_cast<int>(std::ldexp(fraction, 11)) & 0x3ff));
}

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
    onnx::NodeProto& n = add_node(graph(), op, inputs, outputs);
    n.set_name(op + "_node" + std::to_string(graph().node_size()));
    return n;
  }
  OnnxWriter& halfs(const std::string& name, const std::vector<std::int64_t>& dims,
                    const std::vector<float>& values) {
    *graph().add_initializer() = float16_tensor(name, dims, values);
    return *this;
  }
  /// A model-local function, to be filled with nodes.
  onnx::FunctionProto& function(const std::string& domain, const std::string& name,
                                const std::vector<std::string>& inputs,
                                const std::vector<std::string>& outputs, int opset) {
    onnx::FunctionProto& f = *model.add_functions();
    f.set_domain(domain);
    f.set_name(name);
    for (const auto& input : inputs) f.add_input(input);
    for (const auto& output : outputs) f.add_output(output);
    f.add_opset_import()->set_version(opset);
    return f;
  }
  /// Says that operators or functions of this domain occur.
  OnnxWriter& imports(const std::string& domain, int version = 1) {
    auto* import = model.add_opset_import();
    import->set_domain(domain);
    import->set_version(version);
    return *this;
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
  static onnx::TensorProto float16_tensor(const std::string& name,
                                          const std::vector<std::int64_t>& dims,
                                          const std::vector<float>& values) {
    onnx::TensorProto t;
    t.set_name(name);
    t.set_data_type(onnx::TensorProto::FLOAT16);
    for (const auto d : dims) t.add_dims(d);
    std::vector<std::uint16_t> bits;
    for (const float x : values) bits.push_back(float16_bits(x));
    t.set_raw_data(bits.data(), bits.size() * sizeof(std::uint16_t));
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
inline void set_graph(onnx::NodeProto& n, const std::string& key, const onnx::GraphProto& value) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::GRAPH);
  *a->mutable_g() = value;
}
/// An attribute of a node of a function, whose value is that of the function's attribute.
inline void set_reference(onnx::NodeProto& n, const std::string& key, const std::string& attribute,
                          onnx::AttributeProto::AttributeType type) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(type);
  a->set_ref_attr_name(attribute);
}
// Fields that came after ONNX 1.12: its library keeps them as unknown ones, newer ones read them.
inline void set_default(onnx::FunctionProto& f, const onnx::AttributeProto& attribute) {
  f.mutable_unknown_fields()->AddLengthDelimited(11, attribute.SerializeAsString());
}
inline void set_overload(onnx::FunctionProto& f, const std::string& overload) {
  f.mutable_unknown_fields()->AddLengthDelimited(13, overload);
}
inline void set_overload(onnx::NodeProto& n, const std::string& overload) {
  n.mutable_unknown_fields()->AddLengthDelimited(8, overload);
}
/// Says that a tensor's data stand elsewhere.
inline void set_external(onnx::TensorProto& t, const std::string& location,
                         const std::string& offset = "", const std::string& length = "") {
  t.clear_raw_data();
  t.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto say = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    auto* entry = t.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  say("location", location);
  say("offset", offset);
  say("length", length);
}
/// Moves the data of all initialisers out of the model; they begin at multiples of 64, as exporters
/// have them begin at multiples of their page. Returns what the file at `location` holds.
inline std::string move_data_out(onnx::ModelProto& model, const std::string& location) {
  std::string file;
  for (onnx::TensorProto& t : *model.mutable_graph()->mutable_initializer()) {
    if (!t.has_raw_data()) continue;
    file.resize((file.size() + 63) / 64 * 64, '\0');
    const std::string data = t.raw_data();
    set_external(t, location, std::to_string(file.size()), std::to_string(data.size()));
    file += data;
  }
  return file;
}
inline void set_tensor(onnx::NodeProto& n, const std::string& key, const onnx::TensorProto& value) {
  auto* a = n.add_attribute();
  a->set_name(key);
  a->set_type(onnx::AttributeProto::TENSOR);
  *a->mutable_t() = value;
}

/// A folder of this process's own under the build folder, emptied on entry and removed on exit:
/// tests of one fixture run side by side, each in a process.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& name)
      : path_(std::filesystem::path(CLIPBOUND_BINARY_DIR) /
              ("tmp_" + name + "_" + std::to_string(::getpid()))) {
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
