#pragma once
// Idea: pages are opened in a Chromium where there is one.
// Source: own.
// Guarantees: none of its own.
#include <filesystem>
#include <string>

namespace clipbound::test {

/// The path of a Chromium; empty where there is none.
inline std::string browser() {
  for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
    for (const char* folder : {"/usr/bin/", "/usr/local/bin/", "/snap/bin/"}) {
      if (std::filesystem::exists(std::string(folder) + name)) return std::string(folder) + name;
    }
  }
  return "";
}

}  // namespace clipbound::test
