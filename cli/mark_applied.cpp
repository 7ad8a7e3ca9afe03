#include <fmt/format.h>

#include "context.hpp"
#include "options.hpp"
#include "workflow/site_apps.hpp"

namespace bench::cli {

namespace {

struct MarkAppliedFlags {
  std::vector<std::string> words;
  bool up_to = false;
  std::optional<std::chrono::milliseconds> wait;
};

struct Reference {
  std::string app, patch;
};

/// Frappe's bypass-patch takes the dotted name alone, whose first part is the app.
Reference reference_of(const std::vector<std::string>& words) {
  if (words.size() == 2) return {words[0], words[1]};
  const std::size_t dot = words.size() == 1 ? words[0].find('.') : std::string::npos;
  if (dot == std::string::npos || dot == 0) {
    throw Error(Kind::usage, "mark-applied needs APP and PATCH", "see bench mark-applied --help");
  }
  return {words[0].substr(0, dot), words[0]};
}

Outcome outcome_of(const MarkReport& report) {
  Outcome outcome;
  outcome.result = {{"app", report.app},
                    {"operation", text_or_null(report.operation)},
                    {"marked", report.marked},
                    {"already", report.already}};
  outcome.text =
      fmt::format("{}: {} {} of {} marked as applied, {} before\n", report.site, report.marked.size(),
                  report.marked.size() == 1 ? "patch" : "patches", report.app, report.already.size());
  for (const std::string& key : report.marked) outcome.text += fmt::format("  {}\n", key);
  return outcome;
}

void run(Context& context, const MarkAppliedFlags& flags) {
  const Reference reference = reference_of(flags.words);
  const UpTo up_to = flags.up_to ? UpTo::and_all_before : UpTo::only_this;
  const auto task = [&](const Site& site) {
    const Workplace workplace = context.workplace(site, flags.wait.value_or(std::chrono::milliseconds(0)));
    return outcome_of(mark_applied(workplace, site, reference.app, reference.patch, up_to));
  };
  context.for_each_site(task,
                        {{"app", reference.app}, {"marked", Json::array()}, {"already", Json::array()}});
}

}  // namespace

Run declare_mark_applied(CLI::App& app) {
  examples(app, {"bench --site develop mark-applied demo 0007_add_isbn --up-to",
                 "bench --site develop bypass-patch demo.patches.v1.add_isbn"});
  auto flags = std::make_shared<MarkAppliedFlags>();
  add_arguments(app, "PATCH", flags->words, "the app and the patch, or its dotted name alone", 2);
  add_flag(app, "--up-to", flags->up_to, "and all patches of the app before it");
  add_wait_option(app, flags->wait, "not at all");
  return [flags](Context& context) { run(context, *flags); };
}

}  // namespace bench::cli
