#include "global_options.hpp"

#include <algorithm>

#include "options.hpp"

namespace bench::cli {

void declare_global_options(CLI::App& app, GlobalOptions& options) {
  in_group(
      "global options",
      {add_text(app, "--bench", options.bench, "the bench folder; else BENCH_PATH, else upwards from here",
                "DIR"),
       add_list(app, "--site", options.sites,
                "a site, `all`, or a pattern; may be repeated; else FRAPPE_SITE, else default_site", "NAME"),
       add_flag(app, "--json", options.json, "stdout is exactly one JSON document"),
       add_flag(app, "-v,--verbose", options.verbose, "say more"),
       add_flag(app, "-q,--quiet", options.quiet, "no word on the way: only results, warnings and errors"),
       add_flag(app, "-y,--yes", options.yes, "answer questions with yes"),
       add_flag(app, "--no-input", options.no_input, "never ask: what would need an answer fails"),
       add_flag(app, "--fail-fast", options.fail_fast, "of several sites, stop at the first that fails"),
       add_flag(app, "--version", options.version, "the version of bench")});
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
