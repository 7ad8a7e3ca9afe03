#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {

/// What went wrong, as the caller of a command must tell it apart. Each kind has one exit code (see
/// `exit_code`).
enum class Kind {
  unexpected,       ///< a bug, or a system call that failed where none should
  usage,            ///< the command line is wrong
  answer_yes,       ///< not a failure: `--check` and status commands answer "yes, pending / on / differs"
  some_failed,      ///< of several sites, at least one failed
  busy,             ///< another operation or a writer holds the site
  bad_backup,       ///< a backup set is not good
  undone,           ///< the operation failed and the site is as it was
  needs_attention,  ///< the operation failed and the site stays in maintenance until a person acts
  configuration,    ///< no such site, or its configuration (or an app's) is wrong
  database,         ///< the database cannot be reached or refuses us
  statement,        ///< the database refused one statement
  interrupted,      ///< SIGINT
  terminated,       ///< SIGTERM
};

/// The exit codes of `bench`; documented in README.md and in `bench --help`.
int exit_code(Kind kind);

/// The kind's name in JSON output, such as "needs-attention".
std::string_view name(Kind kind);

/// The only exception class of bench. `what()` says what is wrong, with which file, key, line or statement;
/// the hint is exactly one thing to do, without the word "hint".
class Error : public std::runtime_error {
 public:
  Error(Kind kind, const std::string& message, std::string hint = {});

  Kind kind() const { return m_kind; }
  const std::string& hint() const { return m_hint; }

  /// What the database said of the statement: its SQLSTATE (SQLite: the name of the extended result code),
  /// and the statement itself. Both are empty where no database was involved.
  const std::string& sqlstate() const { return m_sqlstate; }
  const std::string& statement() const { return m_statement; }
  /// The database's own number of what went wrong, where that says more than its SQLSTATE (MariaDB); else 0.
  int database_error() const { return m_database_error; }

  /// The same error with `context` and a colon before its message.
  Error with_context(std::string_view context) const;
  Error with_hint(std::string hint) const;
  Error with_kind(Kind kind) const;
  Error with_statement(std::string sqlstate, std::string statement, int database_error = 0) const;

 private:
  Kind m_kind;
  std::string m_hint;
  std::string m_sqlstate;
  std::string m_statement;
  int m_database_error = 0;
};

/// Error{unexpected} that ends in the system's words for `error_number`.
Error system_error(std::string_view what, int error_number);

/// The exception as an Error; what is none of ours (the standard library's, a driver's) becomes
/// Error{unexpected}.
Error to_error(const std::exception& exception);

}  // namespace bench
