#include "benchmarks/report/view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/version.h"
#include "benchmarks/report/assets.h"
#include "benchmarks/report/page_text.h"

namespace clipbound::suite {
namespace {

using Json = nlohmann::ordered_json;
using Split = TraceFileNode::Split;

constexpr double kTick_s = 1e-5;

Json with_digits(double value, int digits) {
  if (!std::isfinite(value)) return nullptr;
  char text[48];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return std::strtod(text, nullptr);
}

std::int64_t ticks(double seconds) {
  const double limit = 1e15;
  return static_cast<std::int64_t>(std::llround(std::clamp(seconds / kTick_s, -limit, limit)));
}

/// The trees by column, as page/tree.js reads them: most values are small differences, and what few
/// nodes have is listed with their numbers.
Json columns_of(const TraceFile& trace) {
  Json columns = {{"half", ""}, {"end", ""}};
  std::string half, end;
  for (const char* name :
       {"parent", "begin", "last", "bound", "thread", "kept", "input", "neuron", "below", "roots"})
    columns[name] = Json::array();
  for (std::size_t i = 1; i <= trace.nodes.size(); ++i) {
    const TraceFileNode& node = trace.nodes[i - 1];
    half += node.upper ? 'u' : 'l';
    end += node.end;
    columns["parent"].push_back(node.parent == 0 ? 0 : i - node.parent);
    // Differences of what was rounded: rounding does not add up.
    const std::int64_t before = node.parent == 0 ? 0 : ticks(trace.nodes[node.parent - 1].begin_s);
    columns["begin"].push_back(ticks(node.begin_s) - before);
    columns["last"].push_back(ticks(node.end_s) - ticks(node.begin_s));
    columns["bound"].push_back(with_digits(node.bound, 4));
    columns["thread"].push_back(node.thread);
    const int percent = static_cast<int>(std::lround(100.0 * std::clamp(node.kept, 0.0, 1.0)));
    if (percent < 100) columns["kept"].push_back({i, percent});
    if (node.split == Split::input)
      columns["input"].push_back({i, node.index, with_digits(node.at, 7)});
    if (node.split == Split::neuron)
      columns["neuron"].push_back({i, node.layer, node.index, with_digits(node.at, 6)});
    if (!node.below.empty()) {
      Json counts = node.below;
      counts.insert(counts.begin(), Json(i));
      columns["below"].push_back(std::move(counts));
    }
    if (node.parent == 0) {
      const TraceFileSearch& search = trace.searches[node.search];
      columns["roots"].push_back({node.depth, node.search, search.clauses[node.clause]});
    }
  }
  columns["half"] = half;
  columns["end"] = end;
  return columns;
}

Json boxes_of(const TraceFile& trace) {
  Json boxes = Json::array();
  for (const TraceFileBox& box : trace.boxes) {
    Json lower = Json::array(), upper = Json::array();
    for (const double end : box.lower) lower.push_back(with_digits(end, 9));
    for (const double end : box.upper) upper.push_back(with_digits(end, 9));
    boxes.push_back({{"lower", lower}, {"upper", upper}, {"clauses", box.clauses}});
  }
  return boxes;
}

Json data_of(const TraceFile& trace) {
  Json data = {{"shapes", trace.shapes}, {"boxes", boxes_of(trace)},  {"course", trace.course},
               {"layers", trace.layers}, {"searches", Json::array()}, {"nodes", columns_of(trace)},
               {"result", trace.result}};
  for (const TraceFileSearch& search : trace.searches)
    data["searches"].push_back({{"kind", search.kind}});
  return data;
}

/// What is below a node, with what it counts itself.
struct Below {
  std::uint64_t splits = 0, refuted = 0, clipped = 0, given_up = 0, deepest = 0;
  void add(const TraceFileNode& node) {
    splits += node.end == 's' ? 1 : 0;
    refuted += node.end == 'r' ? 1 : 0;
    clipped += node.end == 'c' ? 1 : 0;
    given_up += node.end == 'g' ? 1 : 0;
    deepest = std::max<std::uint64_t>(deepest, node.depth);
    if (node.below.empty()) return;
    splits += node.below[0];
    refuted += node.below[1];
    clipped += node.below[2];
    given_up += node.below[3];
    deepest = std::max(deepest, node.below[4]);
  }
};

/// The depth above which there are at most `most` nodes.
std::uint32_t depth_for(const TraceFile& trace, std::size_t most) {
  std::vector<std::uint32_t> depths;
  for (const TraceFileNode& node : trace.nodes) depths.push_back(node.depth);
  std::nth_element(depths.begin(), depths.begin() + static_cast<std::ptrdiff_t>(most),
                   depths.end());
  return depths[most];
}

}  // namespace

TraceFile thinned(TraceFile trace, std::size_t most) {
  if (trace.nodes.size() <= most) return trace;
  const std::uint32_t limit = depth_for(trace, most);
  // A node that is kept, or the lowest one above it that is.
  std::vector<std::uint32_t> kept(trace.nodes.size() + 1, 0), number(kept);
  std::vector<Below> below(trace.nodes.size() + 1);
  std::vector<TraceFileNode> nodes;
  for (std::size_t i = 1; i <= trace.nodes.size(); ++i) {
    const TraceFileNode& node = trace.nodes[i - 1];
    if (node.depth < limit || node.parent == 0) {
      if (nodes.size() == most) continue;  // more roots than there is room for
      kept[i] = static_cast<std::uint32_t>(i);
    } else {
      kept[i] = kept[node.parent];
      below[kept[i]].add(node);
      continue;
    }
    nodes.push_back(node);
    nodes.back().parent = number[node.parent];
    number[i] = static_cast<std::uint32_t>(nodes.size());
  }
  for (std::size_t i = 1; i <= trace.nodes.size(); ++i) {
    const Below& sum = below[i];
    if (kept[i] != i || (sum.splits | sum.refuted | sum.clipped | sum.given_up | sum.deepest) == 0)
      continue;
    nodes[number[i] - 1].below = {sum.splits, sum.refuted, sum.clipped, sum.given_up, sum.deepest};
  }
  trace.nodes = std::move(nodes);
  return trace;
}

std::string view_page(TraceFile trace, const std::string& name) {
  trace = thinned(std::move(trace), kMostShown);
  const std::string json = script_safe(
                        data_of(trace).dump(-1, ' ', false, Json::error_handler_t::replace)),
                    verdict = html_text(trace.result["verdict"].get<std::string>()),
                    reason = html_text(trace.result["reason"].get<std::string>()),
                    command = html_text(trace.command), named = html_text(name),
                    title = verdict + ": " + named,
                    made = html_text("clipbound " + trace.version + "; this page by " +
                                     base::version_text());
  return fill(assets::view_html, {{"/*TITLE*/", title},
                                  {"/*PAGE_CSS*/", assets::page_css},
                                  {"/*VIEW_CSS*/", assets::view_css},
                                  {"/*VERDICT*/", verdict},
                                  {"/*NAME*/", named},
                                  {"/*REASON*/", reason},
                                  {"/*COMMAND*/", command},
                                  {"/*MADE*/", made},
                                  {"/*DATA*/", json},
                                  {"/*CHART_JS_LICENSE*/", assets::chart_js_license},
                                  {"/*CHART_JS*/", assets::chart_js},
                                  {"/*CHARTS_JS*/", assets::charts_js},
                                  {"/*TREE_JS*/", assets::tree_js},
                                  {"/*CUT_JS*/", assets::cut_js},
                                  {"/*PICTURES_JS*/", assets::pictures_js},
                                  {"/*VIEW_JS*/", assets::view_js}});
}

}  // namespace clipbound::suite
