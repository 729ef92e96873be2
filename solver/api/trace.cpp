// Idea: a trace as JSON lines: a header, what was asked, how it went, the trees, the result.
// Source: own; docs/trace.md.
// Guarantees: numbers read back as they were; a parent's line comes before its children's.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/version.h"
#include "solver/api/implementation.h"
#include "solver/api/json.h"
#include "solver/api/trace_record.h"
#include "solver/api/trace_sample.h"

namespace clipbound {

namespace {

constexpr std::size_t kMostPoints = 2000;
// Of all boxes that are written, so that a query of a thousand boxes of images stays small.
constexpr std::size_t kMostEnds = 200000;

/// Adds ,VALUE to an array. JSON has no infinity and no NaN: null.
void append(std::string& line, double value) {
  line += ',';
  if (!std::isfinite(value)) {
    line += "null";
    return;
  }
  char text[32];
  line.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}
/// The same in float32, which has the digits that people read and is written in half the time.
void append_rounded(std::string& line, double value) {
  const auto rounded = static_cast<float>(value);
  line += ',';
  if (!std::isfinite(rounded)) {
    line += "null";
    return;
  }
  char text[24];
  line.append(text, std::to_chars(text, text + sizeof text, rounded).ptr);
}
template <typename Integer>
void append_integer(std::string& line, Integer value) {
  line += ',';
  line += std::to_string(value);
}

std::string split_text(const solver::SplitAt& split) {
  using Of = solver::SplitAt::Of;
  std::string text;
  switch (split.of) {
    case Of::input: text = "[\"input\"," + std::to_string(split.index); break;
    case Of::neuron:
      text = "[\"neuron\"," + std::to_string(split.layer) + "," + std::to_string(split.index);
      break;
    case Of::value: return "[\"value\"]";
    case Of::nothing: return "null";
  }
  append(text, split.at);
  return text + "]";
}

void append_node(std::string& lines, std::size_t number, const WrittenNode& written) {
  const solver::TraceNode& node = *written.recorded;
  lines += "{\"node\":[" + std::to_string(number);
  append_integer(lines, written.parent);
  lines += node.half == solver::Half::lower ? ",\"lower\"" : ",\"upper\"";
  append_integer(lines, node.depth);
  append_integer(lines, node.search);
  append_integer(lines, node.clause);
  append_integer(lines, node.thread);
  append_rounded(lines, node.begin_s);
  append_rounded(lines, written.end_s);
  append_rounded(lines, node.bound);
  append_rounded(lines, node.kept);
  lines += ",\"" + std::string(name_of(node.end)) + "\"," + split_text(node.split);
  if (written.counts_below) {
    lines += ",[" + std::to_string(written.splits);
    for (const std::uint64_t count :
         {written.refuted, written.clipped, written.given_up, written.deepest})
      append_integer(lines, count);
    lines += "]";
  }
  lines += "]}\n";
}

/// Writing and packing a node takes some 2 us, and may take a hundredth of the run's time.
std::size_t most_nodes(double elapsed_s) {
  constexpr double kPerSecond = 5000.0;
  constexpr std::size_t kAlways = 2000;
  return kAlways +
         static_cast<std::size_t>(
             kPerSecond * std::clamp(elapsed_s, 0.0, solver::SearchTrace::kMostNodes / kPerSecond));
}

std::string one_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

bool is_finite(const Trace::Implementation::BoxOfClauses& box) {
  const auto finite = [](double end) { return std::isfinite(end); };
  return std::all_of(box.lower.begin(), box.lower.end(), finite) &&
         std::all_of(box.upper.begin(), box.upper.end(), finite);
}

std::string asked_text(const Trace::Implementation& record) {
  std::string lines = one_line({{"inputs", {{"shapes", record.shapes}}}});
  for (const Trace::Implementation::BoxOfClauses& box : record.boxes) {
    lines +=
        one_line({{"box", {{"lower", box.lower}, {"upper", box.upper}, {"clauses", box.clauses}}}});
  }
  return lines;
}

std::string course_text(const Trace::Implementation& record) {
  std::string lines;
  for (const Trace::Implementation::Point& point : record.curve) {
    Json json = {point.elapsed_s,   nullptr, point.settled_share,
                 point.subproblems, nullptr, name_of(point.stage)};
    if (point.worst_bound) json[1] = *point.worst_bound;
    if (point.open) json[4] = *point.open;
    lines += one_line({{"progress", std::move(json)}});
  }
  for (const solver::LayerFigures& layers : record.search.layers()) {
    lines += one_line({{"layers",
                        {{"at_s", layers.at_s},
                         {"neurons", layers.neurons},
                         {"undecided", layers.undecided},
                         {"functions", layers.curves}}}});
  }
  return lines;
}

}  // namespace

Trace::Trace() : implementation_(std::make_shared<Implementation>()) {}

void Trace::Implementation::begin(const specs::Network& network, const specs::Query& query) {
  for (const specs::ValueId input : network.inputs) {
    const specs::Shape& shape = network.value(input).shape;
    shapes.emplace_back(shape.begin(), shape.end());
  }
  const specs::Box* last = nullptr;
  std::size_t ends = 0;
  for (std::size_t k = 0; k < query.clauses.size(); ++k) {
    const specs::Clause& clause = query.clauses[k];
    if (clause.box.get() != last) {
      last = clause.box.get();
      BoxOfClauses box;
      for (const specs::InputInterval& interval : *last) {
        box.lower.push_back(interval.hull.lower);
        box.upper.push_back(interval.hull.upper);
      }
      if ((ends += 2 * box.lower.size()) > kMostEnds && !boxes.empty()) return;
      if (!is_finite(box)) return;
      boxes.push_back(std::move(box));
    }
    boxes.back().clauses.push_back(k);
  }
}

void Trace::Implementation::saw(const solver::SearchProgress& progress, Stage stage) {
  if (seen++ % stride != 0) return;
  if (curve.size() >= kMostPoints) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < curve.size(); i += 2) curve[kept++] = curve[i];
    curve.resize(kept);
    stride *= 2;
  }
  curve.push_back({progress.elapsed_s, progress.worst_bound, progress.settled_share,
                   progress.subproblems, progress.open, stage});
}

std::string to_trace(const Trace& trace, const Result& result, const Options& options,
                     std::string_view command) {
  const Trace::Implementation& record = trace.implementation();
  std::string lines =
      one_line({{"clipbound_trace", 1}, {"version", base::version_text()}, {"command", command}});
  lines += asked_text(record) + course_text(record);
  for (std::size_t s = 0; s < record.search.searches().size(); ++s) {
    const solver::TracedSearch& search = record.search.searches()[s];
    lines += one_line({{"search", {{"kind", search.kind}, {"clauses", search.clauses}}}});
  }
  std::size_t number = 0;
  for (const WrittenNode& node :
       written_nodes(record.search.nodes(), most_nodes(result.progress.elapsed_s)))
    append_node(lines, ++number, node);
  return lines + one_line({{"result", Json::parse(to_json(result, options))}});
}

}  // namespace clipbound
