#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct ShowConfigFlags {
  std::string format = "text";
  bool show_secrets = false;
};

std::string quoted(const std::string& text) {
  return json_text(nlohmann::json(text));
}

/// The members as they stand in the files: numbers of any size stay what they are.
std::string object_of(const LayeredConfig& config, const ShowConfigFlags& flags) {
  std::string text;
  for (const std::string& key : config.keys()) {
    const std::string raw = config.raw(key).value_or("null");
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", quoted(key),
                        flags.show_secrets ? raw : masked(key, raw));
  }
  return "{" + text + "}";
}

// A line break of JSON text stands between its values, never within one.
std::string on_one_line(const std::string& raw) {
  std::string line;
  for (std::string_view rest = raw; !rest.empty();)
    line += fmt::format("{}{}", line.empty() ? "" : " ", trimmed(take_until(rest, '\n'), " \t\r"));
  return line;
}

std::string rows_of(const LayeredConfig& config, const ShowConfigFlags& flags) {
  std::vector<std::vector<std::string>> rows = {{"key", "value", "from"}};
  for (const std::string& key : config.keys()) {
    const std::string raw = config.raw(key).value_or("null");
    const bool is_own = config.site().raw(key) == raw;
    const bool is_common = !is_own && config.common().raw(key) == raw;
    rows.push_back({key, on_one_line(flags.show_secrets ? raw : masked(key, raw)),
                    is_own      ? "site"
                    : is_common ? "common"
                                : "environment"});
  }
  return table(rows);
}

Outcome config_of(const Site& site, const ShowConfigFlags& flags, std::string& by_site) {
  const LayeredConfig config = site.config();
  const std::string object = object_of(config, flags);
  by_site += fmt::format("{}{}: {}", by_site.empty() ? "" : ",\n ", quoted(site.name()), object);
  Outcome outcome;
  outcome.raw_members.emplace_back("config", object);
  if (flags.format == "text") outcome.text = rows_of(config, flags);
  return outcome;
}

void run(Context& context, const ShowConfigFlags& flags) {
  std::string by_site;
  context.for_each_site([&](const Site& site) { return config_of(site, flags, by_site); },
                        {{"config", nullptr}});
  if (flags.format == "json") context.printer().data("{" + by_site + "}\n");
}

}  // namespace

Run declare_show_config(CLI::App& app) {
  examples(app, {"bench --site develop show-config", "bench --site all show-config -f json"});
  auto flags = std::make_shared<ShowConfigFlags>();
  add_choice(app, "-f,--format", flags->format, {"text", "json"},
             "json: as Frappe writes it, the keys by site");
  add_flag(app, "--show-secrets", flags->show_secrets, "do not mask passwords and keys");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
