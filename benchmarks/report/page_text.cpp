#include "benchmarks/report/page_text.h"

namespace clipbound::suite {

std::string html_text(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += c;
    }
  }
  return html;
}

std::string script_safe(std::string json) {
  for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos;)
    json.replace(at, 1, "\\u003c");
  return json;
}

std::string fill(std::string_view text,
                 const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string filled;
  while (true) {
    std::size_t at = std::string_view::npos;
    const std::pair<std::string_view, std::string_view>* next = nullptr;
    for (const auto& part : parts) {
      const std::size_t found = text.find(part.first);
      if (found >= at) continue;
      at = found;
      next = &part;
    }
    if (next == nullptr) return filled.append(text);
    filled.append(text.substr(0, at)).append(next->second);
    text.remove_prefix(at + next->first.size());
  }
}

}  // namespace clipbound::suite
