#include "benchmarks/report/trace_file.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/file.h"

namespace clipbound::suite {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBytes = std::size_t{1} << 30U;
constexpr std::int64_t kVersion = 1;

/// What is wrong with a line.
[[noreturn]] void refuse(const std::string& what) {
  throw InputError(what);
}
void require(bool holds, const char* what) {
  if (!holds) refuse(what);
}

double number(const Json& value, const char* what) {
  require(value.is_number(), what);
  return value.get<double>();
}
std::uint64_t whole(const Json& value, const char* what) {
  require(value.is_number_unsigned(), what);
  return value.get<std::uint64_t>();
}
std::uint32_t small(const Json& value, const char* what) {
  const std::uint64_t integer = whole(value, what);
  require(integer <= std::numeric_limits<std::int32_t>::max(), what);
  return static_cast<std::uint32_t>(integer);
}
const std::string& word(const Json& value, const char* what) {
  require(value.is_string(), what);
  return value.get_ref<const std::string&>();
}
const Json& member(const Json& object, const char* name) {
  require(object.is_object() && object.contains(name), name);
  return object[name];
}
template <typename Read>
auto list(const Json& value, const char* what, const Read& read) {
  require(value.is_array(), what);
  std::vector<decltype(read(value, what))> all;
  for (const Json& one : value) all.push_back(read(one, what));
  return all;
}

/// Reads lines into one TraceFile.
class Reader {
 public:
  explicit Reader(TraceFile& file) : file_(file) {}
  void take(std::string_view line);
  bool is_begun() const { return begun_; }
  bool is_done() const { return !file_.result.is_null(); }

 private:
  void take_header(const Json& line);
  void take_inputs(const Json& value) {
    list(member(value, "shapes"), "the shapes of inputs are no lists of numbers",
         [](const Json& shape, const char* what) { return list(shape, what, whole); });
    file_.shapes = value["shapes"];
  }
  void take_box(const Json& value);
  void take_progress(const Json& value);
  void take_layers(const Json& value);
  void take_search(const Json& value);
  void take_node(const Json& value);
  void take_split(const Json& value, TraceFileNode& node) const;
  void join(const TraceFileNode& node);
  void take_result(const Json& value);

  TraceFile& file_;
  bool begun_ = false;
  std::vector<std::uint8_t> halves_;  // of each node: 1 the lower is there, 2 the upper
};

void Reader::take_header(const Json& line) {
  require(line.is_object() && line.contains("clipbound_trace"),
          "this is no trace of `clipbound verify --trace`");
  const Json& version = line["clipbound_trace"];
  require(version.is_number_integer(), "the version is no number");
  if (version.get<std::int64_t>() != kVersion)
    refuse("version " + version.dump() + " of traces is not known here");
  file_.version = word(member(line, "version"), "the program's version is no text");
  file_.command = word(member(line, "command"), "the command is no text");
  begun_ = true;
}

void Reader::take(std::string_view text) {
  Json line;
  try {
    line = Json::parse(text);
  } catch (const Json::exception&) {
    refuse("this is no JSON");
  }
  if (!begun_) return take_header(line);
  require(!is_done(), "there is more after the result");
  require(line.is_object() && line.size() == 1, "this is no object with one member");
  static const std::map<std::string, void (Reader::*)(const Json&)> kKinds = {
      {"inputs", &Reader::take_inputs},     {"box", &Reader::take_box},
      {"progress", &Reader::take_progress}, {"layers", &Reader::take_layers},
      {"search", &Reader::take_search},     {"node", &Reader::take_node},
      {"result", &Reader::take_result}};
  const auto kind = kKinds.find(line.begin().key());
  if (kind == kKinds.end()) refuse("'" + line.begin().key() + "' is no kind of line");
  (this->*kind->second)(line.begin().value());
}

void Reader::take_box(const Json& value) {
  TraceFileBox box{list(member(value, "lower"), "an end of a box is no number", number),
                   list(member(value, "upper"), "an end of a box is no number", number),
                   list(member(value, "clauses"), "a clause is no number", whole)};
  require(box.lower.size() == box.upper.size(), "a box has more ends of one kind");
  file_.boxes.push_back(std::move(box));
}

void Reader::take_progress(const Json& value) {
  require(value.is_array() && value.size() == 6, "progress has six values");
  const auto known = [](const Json& one) { return one.is_null() || one.is_number(); };
  require(value[0].is_number() && known(value[1]) && value[2].is_number() && value[3].is_number() &&
              known(value[4]) && value[5].is_string(),
          "progress has a value of a wrong kind");
  file_.course.push_back(value);
}

void Reader::take_layers(const Json& value) {
  number(member(value, "at_s"), "the time is no number");
  const auto neurons = list(member(value, "neurons"), "neurons are no number", whole),
             undecided = list(member(value, "undecided"), "neurons are no number", whole);
  const auto functions = list(member(value, "functions"), "a function is no name",
                              [](const Json& one, const char* what) { return word(one, what); });
  require(neurons.size() == undecided.size() && neurons.size() == functions.size(),
          "lists of layers differ in length");
  file_.layers.push_back(value);
}

void Reader::take_search(const Json& value) {
  file_.searches.push_back({word(member(value, "kind"), "the kind is no name"),
                            list(member(value, "clauses"), "a clause is no number", whole)});
}

void Reader::take_split(const Json& value, TraceFileNode& node) const {
  using Split = TraceFileNode::Split;
  if (value.is_null()) return;
  require(value.is_array() && !value.empty(), "a split is no list");
  const std::string& of = word(value[0], "a split begins with what is split");
  if (of == "input") {
    require(value.size() == 3, "a split of an input has three values");
    node.split = Split::input;
    node.index = small(value[1], "an input is no number");
    node.at = number(value[2], "where it is split is no number");
    for (const TraceFileBox& box : file_.boxes)
      require(static_cast<std::size_t>(node.index) < box.lower.size(), "there is no such input");
  } else if (of == "neuron") {
    require(value.size() == 4, "a split of a neuron has four values");
    node.split = Split::neuron;
    node.layer = small(value[1], "a layer is no number");
    node.index = small(value[2], "a neuron is no number");
    node.at = number(value[3], "where it is split is no number");
  } else if (of == "value") {
    node.split = Split::value;
  } else {
    refuse("'" + of + "' is nothing that is split");
  }
}

void Reader::join(const TraceFileNode& node) {
  halves_.push_back(0);
  if (node.parent == 0) return;
  require(node.parent < halves_.size(), "a node comes before its parent");
  const TraceFileNode& parent = file_.nodes[node.parent - 1];
  require(parent.end == 's' && parent.below.empty(), "a node's parent is not split");
  std::uint8_t& halves = halves_[node.parent - 1];
  const std::uint8_t half = node.upper ? 2 : 1;
  require((halves & half) == 0, "a half of a node is there twice");
  require(node.search == parent.search && node.clause == parent.clause &&
              node.depth == parent.depth + 1,
          "a node is not of its parent's tree");
  halves |= half;
}

void Reader::take_node(const Json& value) {
  require(value.is_array() && (value.size() == 13 || value.size() == 14),
          "a node has 13 or 14 values");
  TraceFileNode node;
  require(small(value[0], "a node's number is none") == file_.nodes.size() + 1,
          "nodes are not numbered in order");
  node.parent = small(value[1], "a parent is no number");
  const std::string& half = word(value[2], "a half is no word");
  require(half == "lower" || half == "upper", "a half is neither lower nor upper");
  node.upper = half == "upper";
  node.depth = small(value[3], "a depth is no number");
  node.search = small(value[4], "a search is no number");
  require(node.search < file_.searches.size(), "there is no such search");
  node.clause = small(value[5], "a clause is no number");
  require(node.clause < file_.searches[node.search].clauses.size(), "there is no such clause");
  node.thread = small(value[6], "a thread is no number");
  node.begin_s = number(value[7], "a time is no number");
  node.end_s = number(value[8], "a time is no number");
  if (!value[9].is_null()) node.bound = number(value[9], "a bound is no number");
  node.kept = number(value[10], "a share is no number");
  const std::string& end = word(value[11], "an end is no word");
  constexpr std::string_view kEnds[] = {"open", "split", "refuted", "clipped", "given up"};
  require(std::ranges::find(kEnds, end) != std::end(kEnds), "an end is unknown");
  node.end = end[0];
  take_split(value[12], node);
  if (value.size() == 14) {
    node.below = list(value[13], "a count is no number", whole);
    require(node.below.size() == 5, "there are five counts below a node");
  }
  join(node);
  file_.nodes.push_back(std::move(node));
}

void Reader::take_result(const Json& value) {
  word(member(value, "verdict"), "the verdict is no word");
  word(member(value, "reason"), "the reason is no text");
  for (const char* name : {"statistics", "progress"})
    require(member(value, name).is_object(), "statistics and progress are no objects");
  for (const auto& [name, one] : value["statistics"].items())
    number(one, "a statistic is no number");
  const Json& point = member(value, "counterexample");
  if (!point.is_null()) {
    const auto input = list(member(point, "input"), "an input is no number", number);
    list(member(point, "output"), "an output is no number", [](const Json& y, const char* what) {
      return y.is_null() ? 0.0 : number(y, what);  // one that is infinite
    });
    for (const TraceFileBox& box : file_.boxes)
      require(box.lower.size() == input.size(), "the counterexample has another size than a box");
  }
  const Json& violated = member(value, "violated");
  if (!violated.is_null()) {
    whole(member(violated, "clause"), "the violated clause is no number");
    list(member(violated, "rows"), "a row is no text",
         [](const Json& one, const char* what) { return word(one, what); });
  }
  file_.result = value;
}

}  // namespace

TraceFile parse_trace(std::string_view text, const std::string& name) {
  TraceFile file;
  Reader reader(file);
  std::size_t line = 0;
  const auto fail = [&](const std::string& what) {
    throw InputError(name + ":" + std::to_string(line) + ": " + what);
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view one = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line;
    try {
      reader.take(one);
    } catch (const InputError& error) {
      fail(error.what());
    } catch (const Json::exception& error) {
      fail(error.what());
    }
  }
  if (!reader.is_begun()) fail("this is no trace of `clipbound verify --trace`: it is empty");
  if (!reader.is_done()) fail("the trace ends without a result: it was cut off");
  return file;
}

TraceFile read_trace(const std::string& path) {
  return parse_trace(base::read_file(path, kMostBytes).bytes, path);
}

}  // namespace clipbound::suite
