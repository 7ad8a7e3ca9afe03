#include <fmt/format.h>

#include "base/suggestion.hpp"
#include "config/keys.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct GetConfigFlags {
  std::string key;
  bool global = false;
};

Error not_set(const std::string& key, std::vector<std::string> candidates) {
  for (const ConfigKey& known : config_keys()) candidates.emplace_back(known.name);
  std::erase(candidates, key);
  const std::string meant = did_you_mean(key, candidates);
  return {Kind::configuration, fmt::format("{} is not set", key),
          meant.empty() ? "bench show-config shows what is set" : meant};
}

/// Strings without their quotes, so that a script can use them as they are.
std::string unquoted(const std::string& raw) {
  return raw.starts_with('"') ? nlohmann::json::parse(raw).get<std::string>() : raw;
}

Outcome value_outcome(Context& context, const std::string& key, const std::optional<std::string>& raw,
                      const std::vector<std::string>& keys, const std::string& site) {
  if (!raw) throw not_set(key, keys);
  Outcome outcome;
  outcome.result["key"] = key;
  outcome.raw_members.emplace_back("value", *raw);
  outcome.text =
      context.several_sites() ? fmt::format("{}: {}\n", site, unquoted(*raw)) : unquoted(*raw) + "\n";
  return outcome;
}

void run(Context& context, const GetConfigFlags& flags) {
  if (flags.global) {
    const SiteConfig config = context.bench().common_config();
    context.add(value_outcome(context, flags.key, config.raw(flags.key), config.keys(), ""));
    return;
  }
  const auto task = [&](const Site& site) {
    const LayeredConfig config = site.config();
    return value_outcome(context, flags.key, config.raw(flags.key), config.keys(), site.name());
  };
  context.for_each_site(task, {{"key", flags.key}});
}

}  // namespace

Run declare_get_config(CLI::App& app) {
  examples(app, {"bench --site develop get-config db_name", "bench get-config -g default_site"});
  auto flags = std::make_shared<GetConfigFlags>();
  add_argument(app, "KEY", flags->key, "the key; secrets are shown");
  add_flag(app, "-g,--global", flags->global, "of the common config alone");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
