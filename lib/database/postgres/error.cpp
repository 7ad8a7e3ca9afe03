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

/// What libpq says with PQERRORS_VERBOSE, taken apart: "ERROR:  42501: words\nDETAIL:  more\nLOCATION:  f,
/// a.c:1".
struct Words {
  std::string sqlstate;
  std::string text;
};

bool is_location(std::string_view line) {
  const std::size_t colon = line.rfind(".c:");
  return colon != std::string_view::npos &&
         line.find_first_not_of("0123456789", colon + 3) == std::string_view::npos;
}

std::string in_one_line(std::string_view words) {
  std::string text;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find('\n'), words.size());
    const std::string_view line = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    // The place in the statement is told by two lines, which the statement itself makes unnecessary.
    if (line.starts_with("LINE ")) words.remove_prefix(std::min(words.find('\n'), words.size()));
    if (line.empty() || line.starts_with("LINE ") || is_location(line)) continue;
    text += text.empty() ? "" : "; ";
    text += line;
  }
  return text;
}

Words take_apart(std::string_view message) {
  constexpr std::size_t code_size = 5;
  const std::size_t severity_end = message.find(":  ");
  if (severity_end == std::string_view::npos || message.find('\n') < severity_end)
    return {"", in_one_line(message)};
  const std::string_view rest = message.substr(severity_end + 3);
  const bool has_code = rest.size() > code_size + 2 && rest.substr(code_size, 2) == ": " &&
                        rest.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == code_size;
  return {has_code ? std::string(rest.substr(0, code_size)) : "",
          in_one_line(has_code ? rest.substr(code_size + 2) : rest)};
}

}  // namespace

Error postgres_error(const PostgresRefusal& refusal, std::string_view statement) {
  // libpqxx loses the code of some errors, 42501 among them: it stands in the words as well.
  Words words = take_apart(refusal.words);
  PostgresRefusal complete = refusal;
  if (complete.sqlstate.empty()) complete.sqlstate = words.sqlstate;
  const Kind kind = kind_of(complete);
  // The server knows only that somebody cancelled it.
  const std::string told = kind == Kind::interrupted ? "the statement was interrupted" : words.text;
  return Error(kind, "PostgreSQL: " + told).with_statement(complete.sqlstate, std::string(statement));
}

std::string describe(const ConnectionSettings& settings) {
  const std::string& place = settings.socket.empty() ? settings.host : settings.socket;
  return fmt::format("database '{}' on {}{} as '{}'", settings.name, place.empty() ? "this host" : place,
                     settings.port == 0 ? "" : fmt::format(" port {}", settings.port), settings.user);
}

}  // namespace bench
