#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace bench {

namespace {

struct KindRow {
  Kind kind;
  std::string_view name;
  int exit_code;
};

constexpr std::array<KindRow, 13> kinds{{
    {Kind::unexpected, "unexpected", 1},
    {Kind::usage, "usage", 2},
    {Kind::answer_yes, "answer-yes", 3},
    {Kind::some_failed, "some-failed", 4},
    {Kind::busy, "busy", 5},
    {Kind::bad_backup, "bad-backup", 6},
    {Kind::undone, "undone", 7},
    {Kind::needs_attention, "needs-attention", 8},
    {Kind::configuration, "configuration", 9},
    {Kind::database, "database", 10},
    {Kind::statement, "statement", 10},
    {Kind::interrupted, "interrupted", 130},
    {Kind::terminated, "terminated", 143},
}};

constexpr bool rows_lie_at_their_kind() {
  for (std::size_t row = 0; row < kinds.size(); ++row) {
    if (static_cast<std::size_t>(kinds[row].kind) != row) return false;
  }
  return kinds.size() == static_cast<std::size_t>(Kind::terminated) + 1;
}
static_assert(rows_lie_at_their_kind());

}  // namespace

int exit_code(Kind kind) {
  return kinds[static_cast<std::size_t>(kind)].exit_code;
}

std::string_view name(Kind kind) {
  return kinds[static_cast<std::size_t>(kind)].name;
}

Error::Error(Kind kind, const std::string& message, std::string hint)
    : std::runtime_error(message), m_kind(kind), m_hint(std::move(hint)) {}

Error Error::with_context(std::string_view context) const {
  return Error(m_kind, std::string(context) + ": " + what(), m_hint)
      .with_statement(m_sqlstate, m_statement, m_database_error);
}

Error Error::with_hint(std::string hint) const {
  Error error = *this;
  error.m_hint = std::move(hint);
  return error;
}

Error Error::with_kind(Kind kind) const {
  Error error = *this;
  error.m_kind = kind;
  return error;
}

Error Error::with_statement(std::string sqlstate, std::string statement, int database_error) const {
  Error error = *this;
  error.m_sqlstate = std::move(sqlstate);
  error.m_statement = std::move(statement);
  error.m_database_error = database_error;
  return error;
}

Error system_error(std::string_view what, int error_number) {
  std::string hint;
  if (error_number == EACCES || error_number == EPERM)
    hint = "look at who owns it, and what the user that runs bench may do there";
  if (error_number == ENOSPC || error_number == EDQUOT) hint = "free some space and try again";
  return Error(Kind::unexpected, std::string(what) + ": " + std::generic_category().message(error_number),
               std::move(hint));
}

Error to_error(const std::exception& exception) {
  const auto* error = dynamic_cast<const Error*>(&exception);
  return error != nullptr ? *error : Error(Kind::unexpected, exception.what());
}

}  // namespace bench
