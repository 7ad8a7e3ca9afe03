#include "database/postgres/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace bench {

namespace {

// https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr std::array lock_states{"55P03", "40P01", "40001"};
constexpr std::array shutdown_states{"57P01", "57P02", "57P03", "57P05"};
constexpr std::string_view cancelled_state = "57014";
constexpr std::string_view connection_class = "08";

Kind kind_of(const PostgresRefusal& refusal) {
  if (refusal.cancelled && (refusal.sqlstate == cancelled_state || refusal.connection_lost))
    return Kind::interrupted;
  if (refusal.connection_lost || refusal.sqlstate.starts_with(connection_class)) return Kind::database;
  if (std::ranges::find(shutdown_states, refusal.sqlstate) != shutdown_states.end()) return Kind::database;
  if (std::ranges::find(lock_states, refusal.sqlstate) != lock_states.end()) return Kind::busy;
  return Kind::statement;
}

/// libpq's "ERROR:  words\nDETAIL:  more\n" in one line.
std::string in_one_line(std::string_view words) {
  if (words.starts_with("ERROR:  ") || words.starts_with("FATAL:  ")) words.remove_prefix(8);
  const std::size_t place = words.find("\nLINE ");
  std::string line(words.substr(0, place));
  while (!line.empty() && line.back() == '\n') line.pop_back();
  for (std::size_t at = 0; (at = line.find('\n', at)) != std::string::npos; at += 2)
    line.replace(at, 1, "; ");
  return line;
}

}  // namespace

Error postgres_error(const PostgresRefusal& refusal, std::string_view statement) {
  return Error(kind_of(refusal), fmt::format("PostgreSQL: {}", in_one_line(refusal.words)))
      .with_statement(refusal.sqlstate, std::string(statement));
}

std::string describe(const ConnectionSettings& settings) {
  const std::string& place = settings.socket.empty() ? settings.host : settings.socket;
  return fmt::format("database '{}' on {}{} as '{}'", settings.name, place.empty() ? "this host" : place,
                     settings.port == 0 ? "" : fmt::format(" port {}", settings.port), settings.user);
}

}  // namespace bench
