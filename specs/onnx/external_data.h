#pragma once
// Idea: tensors whose data stand in files beside the model (external data).
// Source: ONNX's page "External Data".
// Guarantees: nothing outside the model's folder is read: absolute paths, `..` and links that lead
// out are refused, and so is what is no ordinary file; offset and length are held against the file
// before anything is allocated.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"

namespace onnx {
class TensorProto;
}

namespace clipbound::specs {

/// Bytes of external data that one model may read; more is a mistake or an attack.
inline constexpr std::uint64_t kLargestExternalData = std::uint64_t{1} << 34;

bool is_external(const onnx::TensorProto& tensor);

class ExternalData {
 public:
  /// Of a model that is no file: every external tensor is refused.
  ExternalData() = default;
  /// Of a model in this folder, or of one in memory whose data lie there.
  explicit ExternalData(std::filesystem::path folder);
  /// Of the model in this file.
  static ExternalData beside(const std::string& model);

  /// The data of an external tensor, which are `size` bytes by its shape and type. Throws
  /// InputError (missing, too short, outside the folder).
  std::string read(const onnx::TensorProto& tensor, std::uint64_t size);

  /// The files that were read, each once.
  const std::vector<FileInfo>& files() const { return files_; }

 private:
  std::string read_part(const std::filesystem::path& file, std::uint64_t offset,
                        std::uint64_t size);
  const std::string& unpacked(const std::filesystem::path& file);

  std::filesystem::path named_;                  ///< as given; empty where none was
  std::filesystem::path folder_;                 ///< canonical; empty where there is none
  std::uint64_t total_ = 0;                      ///< bytes read
  std::map<std::string, std::string> unpacked_;  ///< packed ones, unpacked
  std::vector<FileInfo> files_;
};

}  // namespace clipbound::specs
