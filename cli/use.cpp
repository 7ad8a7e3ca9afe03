#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

void run(Context& context, const std::string& name) {
  const BenchFolder& bench = context.bench();
  const Site site = bench.site(name);
  const bool changed =
      edit_config(bench.common_config_file(), bench.common_config_locks(),
                  [&](SiteConfig& config) { config.set_string("default_site", site.name()); });
  context.printer().note(fmt::format("{} is the site that commands take when none is named", site.name()));
  Outcome outcome;
  outcome.result = {{"site", site.name()}, {"changed", changed}};
  context.add(outcome);
}

}  // namespace

Run declare_use(CLI::App& app) {
  examples(app, {"bench use develop"});
  auto name = std::make_shared<std::string>();
  add_argument(app, "SITE", *name, "written to the common config as default_site");
  return [name](Context& context) { run(context, *name); };
}

}  // namespace bench::cli
