#include "context.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/version.hpp"
#include "operation/interruption.hpp"
#include "operation/operation.hpp"
#include "site_choice.hpp"
#include "unfinished_sites.hpp"
#include "workflow/result.hpp"

namespace bench::cli {

namespace {

/// Written by hand where nlohmann would change numbers.
std::string object_text(const std::string* site, const Outcome& outcome) {
  std::string text = "{";
  const auto member = [&](const std::string& name, const std::string& value) {
    text += fmt::format("{}{}: {}", text.size() > 1 ? ", " : "", json_text(Json(name)), value);
  };
  if (site != nullptr) member("site", json_text(Json(*site)));
  for (const auto& [name, value] : outcome.result.items()) member(name, json_text(value));
  for (const auto& [name, value] : outcome.raw_members) member(name, value);
  member("error", json_text(to_json(outcome.error)));
  return text + "}";
}

std::optional<std::filesystem::path> bench_said(const GlobalOptions& options) {
  if (options.bench) {
    if (options.bench->empty())
      throw Error(Kind::usage, "--bench names no folder", "give --bench a folder, or leave it out");
    return *options.bench;
  }
  const char* environment = std::getenv("BENCH_PATH");
  if (environment != nullptr && *environment != '\0') return environment;
  return std::nullopt;
}

}  // namespace

Json to_json(const std::optional<Error>& error) {
  if (!error) return nullptr;
  return bench::to_json(*error);
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Context::Context(const Command& command, GlobalOptions options, Printer& printer, RootOptions root,
                 std::vector<std::string> foreign_command)
    : m_command(command),
      m_options(std::move(options)),
      m_printer(printer),
      m_root(std::move(root)),
      m_foreign_command(std::move(foreign_command)) {}

const BenchFolder& Context::bench() {
  if (!m_bench) {
    m_bench = BenchFolder::find(bench_said(m_options), std::filesystem::current_path());
    set_creation_owner(owner_of(m_bench->path()));
    m_printer.detail(fmt::format("bench   {}", m_bench->path().string()));
  }
  return *m_bench;
}

AppFinder Context::apps() {
  return {bench().path(), AppFinder::installed_schema()};
}

std::vector<Site> Context::choose_sites_of(const std::vector<std::string>& named) {
  return choose_sites(bench(), named);
}

Site Context::only_site(const std::optional<std::string>& named) {
  std::vector<std::string> words = m_options.sites;
  if (named) words.push_back(*named);
  for (const std::string& word : words) {
    if (word == "all") {
      throw Error(Kind::usage, fmt::format("{} does not take all sites at once", m_command.name),
                  "name one site");
    }
  }
  std::vector<Site> sites = choose_sites_of(words);
  if (sites.size() != 1) {
    throw Error(Kind::usage,
                fmt::format("{} takes one site, and {} are chosen", m_command.name, sites.size()),
                "name one site");
  }
  return sites.front();
}

Workplace Context::workplace(const Site& site, std::chrono::milliseconds wait) {
  m_progress = std::make_unique<TerminalProgress>(m_printer, LogFile(site.log_file()));
  m_progress->log("info", fmt::format("bench {} {}", version(), m_command.name));
  m_printer.detail(fmt::format("log     {}", site.log_file().string()));
  // Of several sites, those without a server have no use for it, and the others do.
  if (!m_several) refuse_without_server(backend_of(site).db_type, m_root.given());
  return Workplace{bench(), apps(), *m_progress, wait, m_root.choice()};
}

Workplace Context::workplace(std::chrono::milliseconds wait) {
  m_progress = std::make_unique<TerminalProgress>(m_printer, LogFile(bench().path() / "logs" / "bench.log"));
  m_progress->log("info", fmt::format("bench {} {}", version(), m_command.name));
  return Workplace{bench(), apps(), *m_progress, wait, m_root.choice()};
}

Workplace Context::silent_workplace() {
  return Workplace{bench(), apps(), m_silent};
}

void Context::for_each_site(const SiteTask& task, const Json& unfinished) {
  for_each_site(sites(), task, unfinished);
}

void Context::for_each_site(const std::vector<Site>& sites, const SiteTask& task, const Json& unfinished) {
  m_chosen = sites.size();
  m_several = m_chosen > 1;
  tell_unfinished_sites(bench(), m_printer);
  for (const Site& site : sites) {
    if (m_several) m_printer.heading(site.name());
    const Outcome outcome = run_on(site, task, unfinished);
    keep(site.name(), outcome);
    ++m_tried;
    if (outcome.error && (m_options.fail_fast || is_interruption(*outcome.error))) break;
  }
  if (m_several) summarize(sites, m_tried);
}

Outcome Context::run_on(const Site& site, const SiteTask& task, const Json& unfinished) {
  Outcome outcome;
  try {
    if (m_command.runs == Runs::reading) tell_interrupted(site);
    outcome = task(site);
  } catch (const std::exception& exception) {
    outcome.result = unfinished;
    outcome.error = to_error(exception);
    // Who waits in a database knows that it was interrupted, and not by what.
    if (is_interruption(*outcome.error)) {
      outcome.error = outcome.error->with_kind(interruption_kind());
      if (outcome.error->hint().empty())
        outcome.error = outcome.error->with_hint("run it again when there is time for it");
    }
  }
  end_progress(outcome.error);
  return outcome;
}

void Context::keep(const std::string& site, const Outcome& outcome) {
  m_results.push_back(object_text(&site, outcome));
  m_printer.data(outcome.text);
  if (outcome.answer == Outcome::Answer::yes) m_answers_yes.insert(site);
  if (!outcome.error) return;
  m_printer.error(*outcome.error, m_several ? site : "");
  m_failures.push_back({site, *outcome.error});
}

void Context::add(const Outcome& outcome) {
  end_progress(std::nullopt);
  m_results.push_back(object_text(nullptr, outcome));
  m_printer.data(outcome.text);
  if (outcome.answer == Outcome::Answer::yes) m_answers_yes.emplace();
}

void Context::summarize(const std::vector<Site>& sites, std::size_t tried) {
  std::vector<std::vector<std::string>> rows;
  std::size_t next_failure = 0;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    // A question that was answered with yes (patches are pending, say) is not done with.
    const bool is_yes = m_answers_yes.contains(sites[i].name());
    std::string state = i >= tried ? "not tried" : is_yes ? "yes" : "done";
    if (next_failure < m_failures.size() && m_failures[next_failure].site == sites[i].name()) {
      state = fmt::format("FAILED ({})", bench::name(m_failures[next_failure++].error.kind()));
    }
    rows.push_back({"  " + sites[i].name(), state});
  }
  m_printer.heading("summary");
  std::string text = table(rows);
  text.pop_back();
  m_printer.note(text);
}

void Context::tell_interrupted(const Site& site) {
  for (const Operation& operation : interrupted_operations(site, Lock::not_held)) {
    m_printer.warning(fmt::format("{}: operation {} was interrupted", site.name(), operation.id()),
                      fmt::format("bench --site {} recover", site.name()));
  }
}

void Context::end_progress(const std::optional<Error>& error) {
  if (!m_progress) return;
  m_progress->end();
  if (error) m_progress->log("error", error->what());
  m_progress.reset();
}

std::optional<Error> Context::error() const {
  if (m_failures.empty()) return std::nullopt;
  const Error& last = m_failures.back().error;
  if (!m_several || is_interruption(last)) return last;
  std::string message = fmt::format("{} of {} sites failed", m_failures.size(), m_chosen);
  if (m_tried < m_chosen) message += fmt::format(", {} not tried", m_chosen - m_tried);
  return Error(Kind::some_failed, message, fmt::format("see to {} first", m_failures.front().site));
}

int Context::exit_code() const {
  if (const auto failed = error()) return bench::exit_code(failed->kind());
  return !m_answers_yes.empty() ? bench::exit_code(Kind::answer_yes) : 0;
}

}  // namespace bench::cli
