#pragma once
// Idea: what all pages share: text that is safe inside HTML and scripts, templates with marks.
// Source: own.
// Guarantees: nothing that a name or a message holds is read as markup.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clipbound::suite {

/// Text for HTML, in elements and in quoted attributes.
std::string html_text(std::string_view text);

/// JSON inside a script element: no "</script" may end it early, whatever file names hold.
std::string script_safe(std::string json);

/// The text with its marks (/*NAME*/) replaced. What is put in is not searched for marks: names of
/// files may look like some.
std::string fill(std::string_view text,
                 const std::vector<std::pair<std::string_view, std::string_view>>& parts);

}  // namespace clipbound::suite
