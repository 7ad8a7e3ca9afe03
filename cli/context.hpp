#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "command.hpp"
#include "global_options.hpp"
#include "output.hpp"
#include "server_options.hpp"
#include "site/app.hpp"
#include "site/bench_folder.hpp"
#include "site/site.hpp"
#include "terminal_progress.hpp"
#include "workflow/workplace.hpp"

namespace bench::cli {

/// Members keep their order.
using Json = nlohmann::ordered_json;

/// {"kind", "message", "hint"}, or null.
Json to_json(const std::optional<Error>& error);
Json text_or_null(const std::string& text);

/// What a command did for one site or item.
struct Outcome {
  Json result = Json::object();  ///< members of the result, but for "site" and "error"
  std::string text;              ///< for people, on stdout
  std::optional<Error> error;
  enum class Answer { no, yes } answer = Answer::no;  ///< yes: exit 3
  /// Members whose JSON text must stay as it is.
  std::vector<std::pair<std::string, std::string>> raw_members;
};

/// What runs for each chosen site.
using SiteTask = std::function<Outcome(const Site&)>;

/// All that commands share: the bench, the sites chosen, what was done so far and what comes of it.
class Context {
 public:
  Context(const Command& command, GlobalOptions options, Printer& printer, RootOptions root,
          std::vector<std::string> foreign_command);

  const GlobalOptions& options() const { return m_options; }
  Printer& printer() { return m_printer; }
  const RootOptions& root() const { return m_root; }
  const Command& command() const { return m_command; }
  /// What stood behind `--` (see Tail::foreign_command).
  const std::vector<std::string>& foreign_command() const { return m_foreign_command; }

  /// Found when first asked for; from then on new files belong to its owner.
  const BenchFolder& bench();
  AppFinder apps();
  std::vector<Site> sites() { return choose_sites_of(m_options.sites); }
  /// For what destroys, or makes no sense for several: Error{usage} unless exactly one is chosen. `named` is
  /// a site given as an argument.
  Site only_site(const std::optional<std::string>& named = std::nullopt);

  /// For a command that changes something; progress goes to the terminal and to the site's log (or the
  /// bench's).
  Workplace workplace(const Site& site, std::chrono::milliseconds wait = {});
  Workplace workplace(std::chrono::milliseconds wait = {});
  /// For a command that only looks.
  Workplace silent_workplace();

  /// One after the other; a site's failure stops no other unless --fail-fast (an interruption does).
  /// `unfinished` gives the result's members of a site on which the task threw.
  void for_each_site(const SiteTask& task, const Json& unfinished = Json::object());
  void for_each_site(const std::vector<Site>& sites, const SiteTask& task,
                     const Json& unfinished = Json::object());
  /// A result that belongs to no site.
  void add(const Outcome& outcome);

  bool several_sites() const { return m_several; }
  /// Says on stderr which operations of the site were interrupted, and what to type.
  void tell_interrupted(const Site& site);

  /// What workplace() began is over: nothing more is said about it, and the log knows how it ended.
  void end_progress(const std::optional<Error>& error);

  /// The results of --json, each JSON text.
  const std::vector<std::string>& results() const { return m_results; }
  /// What the whole command failed with.
  std::optional<Error> error() const;
  int exit_code() const;

 private:
  struct Failure {
    std::string site;
    Error error;
  };
  std::vector<Site> choose_sites_of(const std::vector<std::string>& named);
  Outcome run_on(const Site& site, const SiteTask& task, const Json& unfinished);
  void keep(const std::string& site, const Outcome& outcome);
  void summarize(const std::vector<Site>& sites, std::size_t tried);

  const Command& m_command;
  GlobalOptions m_options;
  Printer& m_printer;
  RootOptions m_root;
  std::vector<std::string> m_foreign_command;
  std::optional<BenchFolder> m_bench;
  std::unique_ptr<TerminalProgress> m_progress;
  SilentProgress m_silent;
  std::vector<std::string> m_results;
  std::vector<Failure> m_failures;
  std::size_t m_chosen = 0;
  std::size_t m_tried = 0;
  bool m_several = false;
  std::set<std::string> m_answers_yes;  ///< sites; empty names what is none
};

}  // namespace bench::cli
