#include <fmt/format.h>

#include "config/keys.hpp"
#include "config/site_config.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

struct SetConfigFlags {
  std::string key, value;
  bool global = false;
  bool parse = false;
};

/// One edit; nullopt deletes the key.
struct Edit {
  std::string key;
  std::optional<std::string> value;
};

Outcome apply(Printer& printer, const Edit& edit, const std::filesystem::path& file,
              const ConfigLocks& locks) {
  const bool changed = edit_config(file, locks, [&](SiteConfig& config) {
    if (edit.value)
      config.set_raw(edit.key, *edit.value);
    else
      config.remove(edit.key);
  });
  const std::string what = edit.value ? fmt::format("{} = {}", edit.key, masked(edit.key, *edit.value))
                                      : fmt::format("{} is not set", edit.key);
  printer.note(fmt::format("{}: {}{}", file.string(), what, changed ? "" : " (as before)"));
  Outcome outcome;
  outcome.result = {{"file", file.string()}, {"key", edit.key}, {"changed", changed}};
  return outcome;
}

void tell_similar(Printer& printer, const std::string& key) {
  if (find_config_key(key) != nullptr) return;
  const auto similar = similar_config_key(key);
  if (similar)
    printer.warning(fmt::format("bench does not know the key '{}'; did you mean '{}'? it is set as given",
                                key, *similar));
}

void run(Context& context, const SetConfigFlags& flags) {
  if (flags.key.empty()) throw Error(Kind::usage, "the key is empty", "see bench set-config --help");
  const Edit edit{flags.key,
                  config_value_from_argument(flags.key, flags.value,
                                             flags.parse ? ValueSyntax::literal : ValueSyntax::plain)};
  Printer& printer = context.printer();
  if (flags.global) {
    const BenchFolder& bench = context.bench();
    context.add(apply(printer, edit, bench.common_config_file(), bench.common_config_locks()));
  } else {
    context.for_each_site(
        [&](const Site& site) { return apply(printer, edit, site.config_file(), site.config_locks()); },
        {{"key", edit.key}, {"changed", false}});
  }
  if (edit.value) tell_similar(printer, edit.key);
}

}  // namespace

Run declare_set_config(CLI::App& app) {
  examples(app, {"bench --site develop set-config allow_reads_during_maintenance 1",
                 "bench set-config -g default_site develop",
                 "bench --site develop set-config -p backup '{\"excludes\": [\"Error Log\"]}'",
                 "bench --site develop set-config host_name None"});
  auto flags = std::make_shared<SetConfigFlags>();
  add_argument(app, "KEY", flags->key, "the key");
  add_argument(app, "VALUE", flags->value, "its value; None deletes the key");
  add_flag(app, "-g,--global", flags->global, "in the common config of all sites");
  add_flag(app, "-p,--parse", flags->parse, "read VALUE as a Python or JSON literal");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
