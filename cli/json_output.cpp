#include "cli/json_output.h"

#include <exception>
#include <new>

#include "cli/output_file.h"

namespace clipbound::cli {

Json header_of(const Sources& sources) {
  return Json::parse(
      header_json(sources.networks, sources.property ? &*sources.property : nullptr));
}

Json json_of(const FileInfo& info) {
  return header_of({{info}, {}})["networks"][0];
}

std::string text_of(const Json& json) {
  // Bytes of a file that are no UTF-8 are replaced; numbers that are not finite become null.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

namespace {

void write_error(const std::string& path, const Sources& sources, const std::string& message) {
  if (path.empty()) return;
  Json json = {{"verdict", "error"}, {"reason", message}};
  json.update(header_of(sources));
  write_whole(path, text_of(json));
}

}  // namespace

void write_result(const std::string& path, const Sources& sources,
                  const std::function<std::string()>& work) {
  prepare_output(path);
  try {
    write_output(path, work());
  } catch (const Unsupported& error) {
    write_error(path, sources, std::string("unsupported: ") + error.what());
    throw;
  } catch (const std::bad_alloc&) {
    write_error(path, sources, "out of memory");
    throw;
  } catch (const std::exception& error) {
    write_error(path, sources, error.what());
    throw;
  }
}

}  // namespace clipbound::cli
