#include "help.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "base/error.hpp"
#include "base/version.hpp"
#include "command.hpp"
#include "global_options.hpp"
#include "output.hpp"

namespace bench::cli {

namespace {

constexpr const char* global_group = "global options";

class CommandFormatter : public CLI::Formatter {
 public:
  CommandFormatter() {
    column_width(34);
    label("Positionals", "arguments");
  }

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
    return fmt::format("bench {}: {}\n\n{}\n{}{}{}", name, app->get_description(), app->get_footer(),
                       make_usage(app, "bench " + name), make_positionals(app), option_groups(app));
  }

  /// The command's own first, the global ones last.
  std::string option_groups(const CLI::App* app) const {
    std::vector<std::string> groups = app->get_groups();
    std::stable_partition(groups.begin(), groups.end(),
                          [](const std::string& group) { return group != global_group; });
    std::string text;
    for (const std::string& group : groups) {
      const auto options = app->get_options(
          [&](const CLI::Option* option) { return option->nonpositional() && option->get_group() == group; });
      if (!options.empty()) text += make_group(group == "Options" ? "options" : group, false, options);
    }
    return text;
  }

  std::string make_usage(const CLI::App* app, std::string name) const override {
    std::string text = fmt::format("usage: {} [options]", name);
    for (const CLI::Option* option :
         app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
      const bool repeats = option->get_items_expected_max() > 1;
      const std::string word = option->get_name(true) + (repeats ? "..." : "");
      text += option->get_required() ? fmt::format(" {}", word) : fmt::format(" [{}]", word);
    }
    return text + "\n";
  }

  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->get_type_size() == 0 || option->get_type_name().empty()) return "";
    return " " + option->get_type_name();
  }
};

std::string commands_in(Group group) {
  std::string text = fmt::format("\n{}:\n", name(group));
  for (const Command& command : commands()) {
    if (command.group != group) continue;
    const std::string alias =
        command.aliases.empty() ? "" : fmt::format(" (also {})", fmt::join(command.aliases, ", "));
    text += fmt::format("  {:<22}{}{}\n", command.name, command.summary, alias);
  }
  return text;
}

std::string exit_codes() {
  static const std::vector<std::pair<int, std::string_view>> meanings = {
      {0, "done, or nothing to do"},
      {exit_code(Kind::unexpected),
       "unexpected: a bug, a system call that failed, or a hook that failed after the patches were in"},
      {exit_code(Kind::usage), "the command line is wrong"},
      {exit_code(Kind::answer_yes),
       "the answer is \"yes\": pending, on, differs (migrate --check, maintenance-status)"},
      {exit_code(Kind::some_failed), "some of the sites failed"},
      {exit_code(Kind::busy), "busy: another operation holds the site"},
      {exit_code(Kind::bad_backup), "a backup is not good"},
      {exit_code(Kind::undone), "failed, and the site is back as it was"},
      {exit_code(Kind::needs_attention),
       "failed, the site stays in maintenance: the message says what to type"},
      {exit_code(Kind::configuration), "no such site, or its configuration is wrong"},
      {exit_code(Kind::database), "the database cannot be reached or refuses us"},
      {exit_code(Kind::interrupted), "interrupted by Ctrl-C, after undoing"},
      {exit_code(Kind::terminated), "ended by SIGTERM, after undoing"},
  };
  std::string text = "\nexit codes:\n";
  for (const auto& [code, meaning] : meanings) text += fmt::format("  {:<5}{}\n", code, meaning);
  return text;
}

std::string global_options() {
  GlobalOptions options;
  CLI::App app;
  app.set_help_flag("-h,--help", "this help, or a command's")->group(global_group);
  declare_global_options(app, options);
  return CommandFormatter().option_groups(&app);
}

}  // namespace

std::string overview() {
  std::string text = fmt::format(
      "bench {}: looks after sites: their configuration, migrations, backups and maintenance\n\n"
      "examples:\n"
      "  bench new-site develop --install-app demo\n"
      "  bench --site develop migrate\n"
      "  bench --site all backup --with-files\n"
      "  bench migrate --help\n\n"
      "usage: bench [global options] COMMAND [options]\n",
      version());
  using enum Group;
  for (const Group group : {sites, migration, backups, configuration, maintenance, web})
    text += commands_in(group);
  return text + global_options() + exit_codes();
}

std::shared_ptr<CLI::FormatterBase> help_formatter() {
  return std::make_shared<CommandFormatter>();
}

}  // namespace bench::cli
