#include <fmt/format.h>

#include "base/json.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct ListAppsFlags {
  std::string format = "text";
};

Outcome apps_on(Context& context, const Site& site, const std::string& format, Json& by_site) {
  const AppFinder finder = context.apps();
  Outcome outcome;
  Json apps = Json::array();
  Json names = Json::array();
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : site.installed_apps()) {
    const auto app = finder.find(name);
    apps.push_back({{"app", name},
                    {"version", text_or_null(app ? app->version : "")},
                    {"folder", app ? Json(app->folder.string()) : Json(nullptr)}});
    names.push_back(name);
    rows.push_back({name, app ? app->version : "not found", app ? app->folder.string() : ""});
  }
  outcome.result["apps"] = apps;
  by_site[site.name()] = names;
  if (format == "text") outcome.text = table(rows);
  return outcome;
}

void run(Context& context, const std::string& format) {
  Json by_site = Json::object();
  context.for_each_site([&](const Site& site) { return apps_on(context, site, format, by_site); },
                        {{"apps", Json::array()}});
  if (format == "json") context.printer().data(json_text(by_site, 1) + "\n");
}

}  // namespace

Run declare_list_apps(CLI::App& app) {
  examples(app, {"bench --site develop list-apps", "bench --site all list-apps -f json"});
  auto flags = std::make_shared<ListAppsFlags>();
  add_choice(app, "-f,--format", flags->format, {"text", "json"},
             "json: as Frappe writes it, the names by site");
  return [flags](Context& context) { run(context, flags->format); };
}

}  // namespace bench::cli
