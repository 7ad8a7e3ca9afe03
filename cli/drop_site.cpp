#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "prompt.hpp"
#include "workflow/new_site.hpp"

namespace bench::cli {

namespace {

struct DropSiteFlags {
  std::optional<std::string> site, archive;
  bool no_backup = false;
  bool force = false;
  std::optional<std::chrono::milliseconds> wait;
};

Outcome outcome_of(const DropSiteReport& report) {
  Outcome outcome;
  outcome.result = {{"site", report.site},
                    {"archived", report.archived.string()},
                    {"backup", report.backup ? Json(report.backup->string()) : Json(nullptr)},
                    {"database_left", text_or_null(report.database_left)}};
  outcome.text = fmt::format("dropped the site {}\n  archived  {}\n", report.site, report.archived.string());
  if (report.backup) outcome.text += fmt::format("  backup    {}\n", report.backup->string());
  if (!report.database_left.empty())
    outcome.text += fmt::format("  database  {} was left on its server, which cannot be reached; no backup\n",
                                report.database_left);
  return outcome;
}

// Commands that name no site would look for one that is gone.
void forget_default_site(Context& context, const std::string& name) {
  const BenchFolder& bench = context.bench();
  if (bench.common_config().string("default_site") != name) return;
  try {
    edit_config(bench.common_config_file(), bench.common_config_locks(),
                [](SiteConfig& config) { config.remove("default_site"); });
    context.printer().note("it was the default_site: bench use SITE chooses another one");
  } catch (const Error& error) {
    context.printer().warning(fmt::format("it is the default_site still: {}", error.what()),
                              "bench use SITE");
  }
}

void run(Context& context, const DropSiteFlags& flags) {
  const Site site = context.only_site(flags.site);
  DropSiteOptions options;
  options.backup = !flags.no_backup;
  if (flags.force) options.unreachable = DropSiteOptions::Unreachable::archive_all_the_same;
  if (flags.archive) options.archive = std::filesystem::absolute(*flags.archive);
  confirm_by_name(
      context, site.name(),
      fmt::format("drop-site takes {} away{}", site.name(), options.backup ? "" : ", without a backup"),
      flags.force ? Confirmed::yes : Confirmed::no);
  const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
  const DropSiteReport report = drop_site(workplace, site, options);
  context.add(outcome_of(report));
  forget_default_site(context, site.name());
}

}  // namespace

Run declare_drop_site(CLI::App& app) {
  examples(app,
           {"bench drop-site develop", "bench drop-site develop --yes --archived-sites-path /srv/old-sites"});
  auto flags = std::make_shared<DropSiteFlags>();
  add_text(app, "SITE", flags->site, "the site; or --site", "");
  add_flag(app, "--no-backup", flags->no_backup,
           "take no backup first; the folder is archived all the same, but a database on a server is gone");
  add_text(app, "--archived-sites-path", flags->archive,
           "where the folder goes; else archived/sites of the bench", "DIR");
  add_flag(app, "--force", flags->force,
           "do not ask; when its server cannot be reached, archive the folder without a backup and leave the "
           "database there");
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
