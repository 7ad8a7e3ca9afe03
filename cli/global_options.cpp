#include "global_options.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

#include "options.hpp"

namespace bench::cli {

void declare_global_options(CLI::App& app, GlobalOptions& options) {
  constexpr const char* group = "global options";
  add_text(app, "--bench", options.bench, "the bench folder; else BENCH_PATH, else upwards from here", "DIR")
      ->group(group);
  add_list(app, "--site", options.sites,
           "a site, `all`, or a pattern; may be repeated; else FRAPPE_SITE, else default_site", "NAME")
      ->group(group);
  app.add_flag("--json", options.json, "stdout is exactly one JSON document")->group(group);
  app.add_flag("-v,--verbose", options.verbose, "say more")->group(group);
  app.add_flag("-q,--quiet", options.quiet, "say nothing but warnings and errors")->group(group);
  app.add_flag("-y,--yes", options.yes, "answer questions with yes")->group(group);
  app.add_flag("--no-input", options.no_input, "never ask: what would need an answer fails")->group(group);
  app.add_flag("--fail-fast", options.fail_fast, "of several sites, stop at the first that fails")
      ->group(group);
  app.add_flag("--version", options.version, "the version of bench")->group(group);
}

const std::vector<std::string>& global_option_names() {
  static const std::vector<std::string> names = {
      "--bench",     "--site",    "--json", "--verbose", "--quiet", "--yes", "--no-input",
      "--fail-fast", "--version", "--help", "-v",        "-q",      "-y",    "-h"};
  return names;
}

bool takes_value(std::string_view global_option) {
  return global_option == "--bench" || global_option == "--site";
}

}  // namespace bench::cli
