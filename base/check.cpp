#include "base/check.h"

namespace clipbound::base {
void check_failed(const char* file, int line, const char* condition, const std::string& note) {
  std::string text = std::string("internal check failed at ") + file + ":" + std::to_string(line) +
                     ": " + condition;
  if (!note.empty()) text += " (" + note + ")";
  throw ContractError(text);
}
}  // namespace clipbound::base
