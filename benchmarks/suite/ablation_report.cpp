#include "benchmarks/suite/ablation_report.h"

#include <cstdarg>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace clipbound::suite {
namespace {

using Json = nlohmann::ordered_json;

/// printf to the end of a text.
[[gnu::format(printf, 2, 3)]] void append(std::string& text, const char* format, ...) {
  std::va_list arguments, again;
  va_start(arguments, format);
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  va_end(arguments);
  const std::size_t before = text.size();
  text.resize(before + static_cast<std::size_t>(length) + 1);
  std::vsnprintf(text.data() + before, static_cast<std::size_t>(length) + 1, format, again);
  va_end(again);
  text.pop_back();
}

/// The position of the baseline among the configurations, if it was asked for.
std::optional<std::size_t> baseline_of(const AblationRun& run) {
  for (std::size_t c = 0; c < run.request.configurations.size(); ++c)
    if (run.request.configurations[c].name == kBaselineConfiguration) return c;
  return std::nullopt;
}

/// Sums over instances. Subproblems are those of unsat instances alone: in a sat one they tell how
/// lucky the attack was.
struct Summary {
  double seconds = 0.0;
  std::uint64_t subproblems = 0;
  int verified = 0, falsified = 0, open = 0;
  // Over the instances that this configuration and the baseline both show to be unsat.
  int common = 0;
  double seconds_here = 0.0, seconds_baseline = 0.0;
  std::uint64_t subproblems_here = 0, subproblems_baseline = 0;
};

Summary summarise(const AblationRun& run, std::size_t configuration) {
  const std::optional<std::size_t> baseline = baseline_of(run);
  Summary sum;
  for (const AblatedInstance& ablated : run.instances) {
    if (!ablated.complete()) continue;
    const Outcome& here = *ablated.outcomes[configuration];
    sum.seconds += here.seconds;
    sum.falsified += here.verdict == Verdict::sat ? 1 : 0;
    sum.open += here.decided() ? 0 : 1;
    if (here.verdict != Verdict::unsat) continue;
    ++sum.verified;
    sum.subproblems += here.subproblems;
    if (!baseline) continue;
    const Outcome& base = *ablated.outcomes[*baseline];
    if (base.verdict != Verdict::unsat) continue;
    ++sum.common;
    sum.seconds_here += here.seconds;
    sum.seconds_baseline += base.seconds;
    sum.subproblems_here += here.subproblems;
    sum.subproblems_baseline += base.subproblems;
  }
  return sum;
}

/// "-78.6 %", or "-" where there is nothing to compare with.
std::string change(double here, double base) {
  if (!(base > 0.0)) return "-";
  char text[40];
  std::snprintf(text, sizeof text, "%+.1f %%", 100.0 * (here / base - 1.0));
  return text;
}

void append_table(std::string& text, const AblationRun& run) {
  const AblationRequest& request = run.request;
  const std::optional<std::size_t> baseline = baseline_of(run);
  append(text, "%s: %zu of %zu instances done, %s threads%s\n\n", request.suite.c_str(),
         run.complete_count(), run.instances.size(),
         request.threads == "0" ? "all" : request.threads.c_str(),
         run.interrupted ? ", interrupted" : "");
  append(text, "%-19s %10s %13s %9s %9s %6s | %12s %10s %6s\n", "configuration", "time s",
         "subproblems", "verified", "falsified", "open", "subproblems", "time", "over");
  for (std::size_t c = 0; c < request.configurations.size(); ++c) {
    const Summary sum = summarise(run, c);
    const bool compared = baseline && c != *baseline;
    const std::string fewer = compared ? change(static_cast<double>(sum.subproblems_here),
                                                static_cast<double>(sum.subproblems_baseline))
                                       : "-";
    const std::string faster = compared ? change(sum.seconds_here, sum.seconds_baseline) : "-";
    append(text, "%-19s %10.2f %13llu %9d %9d %6d | %12s %10s %6s\n",
           request.configurations[c].name.c_str(), sum.seconds,
           static_cast<unsigned long long>(sum.subproblems), sum.verified, sum.falsified, sum.open,
           fewer.c_str(), faster.c_str(), compared ? std::to_string(sum.common).c_str() : "-");
  }
  append(text,
         "\nTime: all instances. Subproblems: the verified (unsat) ones alone. Right of the bar: "
         "change against no\n"
         "clipping (%s), over that many instances which both verified.\n",
         kBaselineConfiguration);
}

/// Instances that either the baseline or another configuration decides, but not both.
void append_single_sided(std::string& text, const AblationRun& run) {
  const std::optional<std::size_t> baseline = baseline_of(run);
  if (!baseline) return;
  std::string lines;
  for (const AblatedInstance& ablated : run.instances) {
    if (!ablated.complete()) continue;
    const Outcome& base = *ablated.outcomes[*baseline];
    for (std::size_t c = 0; c < run.request.configurations.size(); ++c) {
      const Outcome& here = *ablated.outcomes[c];
      if (here.decided() == base.decided()) continue;
      append(lines, "  %s %-19s %-8s %9.2f s,  %s: %-8s %9.2f s  %s\n", here.decided() ? "+" : "-",
             run.request.configurations[c].name.c_str(), name_of(here.verdict), here.seconds,
             kBaselineConfiguration, name_of(base.verdict), base.seconds,
             ablated.instance.name().c_str());
    }
  }
  append(text,
         "\nDecided by one of the two alone (+ by the configuration, - by no clipping):%s\n%s",
         lines.empty() ? " none" : "", lines.c_str());
}

void append_leftovers(std::string& text, const AblationRun& run) {
  for (const AblatedInstance& ablated : run.instances) {
    if (!ablated.error.empty())
      append(text, "\nerror, not counted: %s: %s\n", ablated.instance.name().c_str(),
             ablated.error.c_str());
  }
  for (const AblatedInstance& ablated : run.instances) {
    if (!ablated.contradictory()) continue;
    append(text, "\n*** DISAGREEMENT on %s: one of these is WRONG\n",
           ablated.instance.name().c_str());
    for (std::size_t c = 0; c < run.request.configurations.size(); ++c) {
      if (!ablated.outcomes[c]) continue;
      append(text, "***   %-19s %s\n", run.request.configurations[c].name.c_str(),
             name_of(ablated.outcomes[c]->verdict));
    }
  }
}

Json change_json(double here, double base) {
  return base > 0.0 ? Json(here / base - 1.0) : Json(nullptr);
}

Json configuration_json(const AblationRun& run, std::size_t c) {
  const Configuration& configuration = run.request.configurations[c];
  const Summary sum = summarise(run, c);
  Json row = {{"name", configuration.name}, {"options", Json::object()},
              {"time_s", sum.seconds},      {"subproblems", sum.subproblems},
              {"verified", sum.verified},   {"falsified", sum.falsified},
              {"open", sum.open},           {"compared", sum.common}};
  for (const auto& [option, value] : configuration.settings) row["options"][option] = value;
  row["subproblems_change"] = change_json(static_cast<double>(sum.subproblems_here),
                                          static_cast<double>(sum.subproblems_baseline));
  row["time_change"] = change_json(sum.seconds_here, sum.seconds_baseline);
  return row;
}

Json instance_json(const AblationRun& run, const AblatedInstance& ablated) {
  Json row = {{"onnx", ablated.instance.onnx},
              {"vnnlib", ablated.instance.vnnlib},
              {"timeout_s", ablated.timeout_s},
              {"complete", ablated.complete()},
              {"disagreement", ablated.contradictory()},
              {"error", nullptr},
              {"runs", Json::object()}};
  if (!ablated.error.empty()) row["error"] = ablated.error;
  for (std::size_t c = 0; c < run.request.configurations.size(); ++c) {
    if (!ablated.outcomes[c]) continue;
    const Outcome& outcome = *ablated.outcomes[c];
    row["runs"][run.request.configurations[c].name] = {{"verdict", name_of(outcome.verdict)},
                                                       {"reason", outcome.reason},
                                                       {"time_s", outcome.seconds},
                                                       {"subproblems", outcome.subproblems}};
  }
  return row;
}

}  // namespace

std::string ablation_text(const AblationRun& run) {
  std::string text;
  append_table(text, run);
  append_single_sided(text, run);
  append_leftovers(text, run);
  return text;
}

std::string ablation_json(const AblationRun& run) {
  Json json;
  json["suite"] = run.request.suite;
  const Json header = Json::parse(header_json({}));
  for (const char* const name : {"version", "machine", "peak_memory_bytes"})
    json[name] = header.at(name);
  json["threads"] = run.request.threads;
  json["interrupted"] = run.interrupted;
  json["instances_done"] = run.complete_count();
  json["configurations"] = Json::array();
  for (std::size_t c = 0; c < run.request.configurations.size(); ++c)
    json["configurations"].push_back(configuration_json(run, c));
  json["instances"] = Json::array();
  for (const AblatedInstance& ablated : run.instances)
    json["instances"].push_back(instance_json(run, ablated));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace clipbound::suite
