#include "operation/operation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct OperationsFlags {
  std::optional<std::string> id;
};

std::string text_of(const nlohmann::json& record, const char* member) {
  const auto found = record.find(member);
  return found != record.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string duration_of(const nlohmann::json& record) {
  const auto started = from_iso8601(text_of(record, "started"));
  const auto finished = from_iso8601(text_of(record, "finished"));
  if (!started || !finished) return "";
  return format_duration(std::chrono::duration_cast<Milliseconds>(*finished - *started));
}

Outcome list_of(const Site& site) {
  std::vector<std::filesystem::path> unreadable;
  const std::vector<Operation> interrupted = interrupted_operations(site, Lock::not_held);
  Json operations = Json::array();
  std::vector<std::vector<std::string>> rows = {{"operation", "kind", "state", "started", "took"}};
  for (const Operation& operation : Operation::list(site, &unreadable)) {
    const bool cut_off = std::any_of(interrupted.begin(), interrupted.end(),
                                     [&](const Operation& other) { return other.id() == operation.id(); });
    const std::string state = cut_off ? "interrupted" : std::string(name(operation.state()));
    // A person ended it before it was through.
    const std::string opened = text_of(operation.record(), "opened");
    operations.push_back({{"id", operation.id()},
                          {"kind", operation.kind()},
                          {"state", state},
                          {"opened", text_or_null(opened)},
                          {"started", text_or_null(text_of(operation.record(), "started"))},
                          {"finished", text_or_null(text_of(operation.record(), "finished"))}});
    rows.push_back({operation.id(), operation.kind(), opened.empty() ? state : "opened half done",
                    text_of(operation.record(), "started"), duration_of(operation.record())});
  }
  Json broken = Json::array();
  Outcome outcome;
  outcome.text = rows.size() > 1 ? table(rows) : fmt::format("{}: no operation yet\n", site.name());
  for (const auto& path : unreadable) {
    broken.push_back(path.string());
    outcome.text += fmt::format("cannot be read: {}\n", path.string());
  }
  outcome.result = {{"operations", operations}, {"unreadable", broken}};
  return outcome;
}

Outcome record_of(const Site& site, const std::string& id) {
  const auto operation = Operation::find(site, id);
  if (!operation) {
    throw Error(Kind::usage, fmt::format("{} has no operation '{}'", site.name(), id),
                fmt::format("bench --site {} operations shows them", site.name()));
  }
  Outcome outcome;
  outcome.result["operation"] = operation->record();
  outcome.text = json_text(operation->record(), 1) + "\n";
  return outcome;
}

}  // namespace

Run declare_operations(CLI::App& app) {
  examples(app, {"bench --site develop operations",
                 "bench --site develop operations 20261121-034100-migrate-1f2e"});
  auto flags = std::make_shared<OperationsFlags>();
  add_text(app, "ID", flags->id, "show the record of this one", "");
  return [flags](Context& context) {
    context.for_each_site(
        [&](const Site& site) { return flags->id ? record_of(site, *flags->id) : list_of(site); });
  };
}

}  // namespace bench::cli
