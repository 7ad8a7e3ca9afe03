#include "database/postgres/dump_tool.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "base/child_process.hpp"
#include "base/digest.hpp"
#include "base/thread.hpp"
#include "database/postgres/client.hpp"
#include "database/postgres/error.hpp"

namespace bench {

namespace {

int major_version(const std::filesystem::path& bin) {
  const std::string name = bin.parent_path().filename();
  int version = 0;
  std::from_chars(name.data(), name.data() + name.size(), version);
  return version;
}

// Debian's pg_dump in PATH is a script in Perl that takes longer to choose one of the versions than that
// takes to dump.
bool only_chooses(const std::string& file) {
  std::error_code none;
  return std::filesystem::canonical(file, none).filename() == "pg_wrapper";
}

/// In PATH first, then where Debian keeps them, newest first.
std::vector<std::string> dump_tools() {
  std::vector<std::string> tools;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string file = std::string(rest.substr(0, end)) + "/pg_dump";
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (access(file.c_str(), X_OK) != 0) continue;
    if (!only_chooses(file)) tools.push_back(file);
    break;
  }
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
    folders.push_back(version.path() / "bin");
  std::ranges::sort(folders, std::greater<>(), major_version);
  for (const auto& folder : folders)
    if (access((folder / "pg_dump").c_str(), X_OK) == 0) tools.push_back((folder / "pg_dump").string());
  return tools;
}

std::vector<std::string> arguments_of(const std::string& snapshot, const std::string& section,
                                      const std::vector<std::string>& tables) {
  std::vector<std::string> arguments{
      "--schema-only",           "--no-owner",           "--no-tablespaces",
      "--no-subscriptions",      "--encoding=UTF8",      "--no-security-labels",
      "--lock-wait-timeout=60s", "--section=" + section, "--snapshot=" + snapshot};
  for (const std::string& table : tables) arguments.push_back("--table=" + table);
  return arguments;
}

/// The lines that only psql understands stand around the text, with a word that changes each time.
std::string without_psql_commands(std::string text) {
  const std::size_t begin = text.find("\n\\restrict ");
  if (begin == std::string::npos) return text;
  const std::size_t end = text.find('\n', begin + 1);
  const std::string closing = "\n\\unrestrict " + text.substr(begin + 11, end - begin - 11) + "\n";
  if (const std::size_t last = text.rfind(closing); last != std::string::npos)
    text.erase(last, closing.size() - 1);
  return text.erase(begin, end - begin);
}

std::string run_tool(const ConnectionSettings& settings, const ConnectOptions& options,
                     const std::vector<std::string>& arguments) {
  const PostgresClient client = postgres_client(settings);
  const std::vector<std::string> tools = dump_tools();
  ChildResult result;
  for (const std::string& tool : tools) {
    ChildCommand command;
    command.argv = {tool};
    for (const auto* words : {&arguments, &client.arguments})
      command.argv.insert(command.argv.end(), words->begin(), words->end());
    command.environment = client.environment;
    command.environment["PGAPPNAME"] = "bench pg_dump";
    command.inherited = {client.password.descriptor()};
    command.should_stop = options.cancelled;
    result = run_child(command);
    if (result.stopped) throw Error(Kind::interrupted, "interrupted while pg_dump was running");
    if (result.succeeded()) return without_psql_commands(std::move(result.stdout_text));
    // Another one may be newer.
    if (result.stderr_text.find("version mismatch") == std::string::npos) break;
  }
  if (tools.empty())
    throw Error(Kind::database, "there is no pg_dump, which a backup of PostgreSQL needs",
                "install postgresql-client of the server's version");
  throw Error(Kind::database, fmt::format("{}: pg_dump failed: {}", describe(settings), result.stderr_text),
              "install postgresql-client of the server's version, or mend what it complains about");
}

// Some publications are not everybody's to make, so a database without them is as good.
bool is_left_out(std::string_view line) {
  constexpr std::array starts{"--",
                              "SET ",
                              "SELECT pg_catalog.set_config(",
                              "GRANT ",
                              "REVOKE ",
                              "ALTER DEFAULT PRIVILEGES ",
                              "CREATE PUBLICATION ",
                              "ALTER PUBLICATION ",
                              "COMMENT ON PUBLICATION "};
  return line.empty() ||
         std::ranges::any_of(starts, [line](const char* start) { return line.starts_with(start); });
}

void add_definitions(Sha256& digest, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!is_left_out(text.substr(0, end))) {
      digest.update(text.substr(0, end));
      digest.update("\n");
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

PostgresSchema dump_schema(const ConnectionSettings& settings, const ConnectOptions& options,
                           const std::string& snapshot, const std::vector<std::string>& tables) {
  auto after_data =
      do_beside([&] { return run_tool(settings, options, arguments_of(snapshot, "post-data", tables)); });
  return {run_tool(settings, options, arguments_of(snapshot, "pre-data", tables)), after_data.get()};
}

std::string fingerprint_of(const PostgresSchema& schema) {
  Sha256 digest;
  add_definitions(digest, schema.before_data);
  add_definitions(digest, schema.after_data);
  return "sha256:" + digest.finish();
}

}  // namespace bench
