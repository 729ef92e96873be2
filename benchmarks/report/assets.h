#pragma once
// Idea: the parts of the report's page and of a trace's; cmake/embed.cmake makes them of benchmarks/report/page/ and
// of Chart.js.
// Source: own; Chart.js (MIT).
// Guarantees: the page needs no file but itself.
#include <string_view>

namespace clipbound::suite::assets {

extern const std::string_view page_html, page_css, page_js, find_js, charts_js, view_html, view_css,
    view_js, tree_js, cut_js, pictures_js, details_js, chart_js, chart_js_license;

}  // namespace clipbound::suite::assets
