#include <fmt/format.h>

#include "change_report.hpp"
#include "context.hpp"
#include "options.hpp"
#include "prompt.hpp"
#include "server_options.hpp"
#include "workflow/restore_site.hpp"
#include "workflow/result.hpp"

namespace bench::cli {

namespace {

struct RestoreFlags {
  std::string source;
  std::optional<std::string> public_files, private_files;  ///< empty: those of the set
  bool allow_missing_apps = false;
  bool force = false;
  std::optional<std::string> encryption_key;
  FenceFlags fence;
  std::optional<std::chrono::milliseconds> wait;
};

Outcome outcome_of(const RestoreReport& report) {
  Outcome outcome;
  outcome.result = {{"operation", report.operation},
                    {"source", report.source},
                    {"verified_by_manifest", report.verified_by_manifest},
                    {"tables", report.tables},
                    {"rows", report.rows},
                    {"public_files", report.public_files},
                    {"private_files", report.private_files},
                    {"before", report.before ? Json(report.before->string()) : Json(nullptr)},
                    {"window", Json(to_json(report.window))},
                    {"notes", report.notes}};
  outcome.text =
      fmt::format("{}: restored, {} tables with {} rows\n  source     {}\n  proof      {}\n", report.site,
                  report.tables, report.rows, report.source,
                  report.verified_by_manifest
                      ? "compared with its manifest, table by table"
                      : "it has no manifest: loaded and found sound, but nobody can say that it is complete");
  if (report.public_files) outcome.text += "  files      the public files were replaced\n";
  if (report.private_files) outcome.text += "  files      the private files were replaced\n";
  outcome.text += told(report.window) + told_notes(report.window.not_put_back);
  if (report.before) outcome.text += fmt::format("  before     {}\n", report.before->string());
  outcome.text += told_notes(report.notes);
  outcome.text += fmt::format("  operation  {}\n", report.operation);
  return outcome;
}

void refuse_encrypted(Printer& printer, const RestoreFlags& flags) {
  if (!flags.encryption_key) return;
  const std::string file = std::filesystem::path(flags.source).filename().string();
  if (file.find("-enc") != std::string::npos) {
    throw Error(Kind::usage, fmt::format("{} is encrypted, and bench does not decrypt", flags.source),
                "decrypt it first: gpg --output FILE --decrypt FILE-enc");
  }
  warn_of_exposed(printer, "--encryption-key", flags.encryption_key);
  printer.note("--encryption-key has nothing to do: the source is not encrypted");
}

void run(Context& context, const RestoreFlags& flags) {
  const Site site = context.only_site();
  refuse_encrypted(context.printer(), flags);
  RestoreOptions options;
  options.source = flags.source;
  options.public_files = flags.public_files;
  options.private_files = flags.private_files;
  options.allow_missing_apps = flags.allow_missing_apps;
  options.fence = flags.fence.options();
  confirm_by_name(context, site.name(),
                  fmt::format("restore replaces the database of {} by {}", site.name(), flags.source),
                  flags.force ? Confirmed::yes : Confirmed::no);
  const auto task = [&](const Site& target) {
    const Workplace workplace = context.workplace(target, flags.wait.value_or(std::chrono::milliseconds(0)));
    return outcome_of(restore_site(workplace, target, options));
  };
  context.for_each_site({site}, task, {{"operation", nullptr}, {"source", flags.source}});
}

}  // namespace

Run declare_restore(CLI::App& app) {
  examples(app,
           {"bench --site develop restore 20261121_034100-develop",
            "bench --site develop restore 20261121_034100-develop --with-public-files --with-private-files",
            "bench --site develop restore /srv/20261121_034100-develop-database.sql.gz --yes"});
  auto flags = std::make_shared<RestoreFlags>();
  add_argument(app, "SOURCE", flags->source, "a set's name, its manifest's path, or a dump file");
  add_optional_text(app, "--with-public-files", flags->public_files,
                    "the public files, too; of the set, or of this archive", "FILE");
  add_optional_text(app, "--with-private-files", flags->private_files,
                    "the private files, too; of the set, or of this archive", "FILE");
  add_flag(app, "--allow-missing-apps", flags->allow_missing_apps,
           "although an app of the backup is not in this bench");
  add_flag(app, "--force", flags->force, "do not ask");
  add_fence_options(app, flags->fence);
  add_wait_option(app, flags->wait, "not at all");
  add_text(app, "--encryption-key", flags->encryption_key,
           "accepted for Frappe's scripts; EXPOSED: others on this machine can read it", "KEY");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
