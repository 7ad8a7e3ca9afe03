#pragma once

#include <optional>
#include <string>

#include "database/splitter.hpp"

namespace bench {

/// Judges the statements of a dump one after another. What it lets through writes to nothing outside the
/// connection's own database and runs with nobody's rights but the connection's.
///
/// It knows what this bench, mariadb-dump and mysqldump write, old and new. Conditional comments that this
/// server skips (https://mariadb.com/kb/en/comment-syntax/) are taken out, definers dropped, events disabled.
class DumpGate {
 public:
  /// As a conditional comment names it: 101119 for MariaDB 10.11.19.
  explicit DumpGate(int server_version) : m_server_version(server_version) {}

  /// The statement as it is to be run; empty: it is left out. Error{bad_backup} when it does not belong into
  /// a dump of one database.
  std::string pass(const std::string& statement);

  /// What the last statement creates as disabled, and what it is to be: "ENABLE", "DISABLE" or "DISABLE ON
  /// SLAVE". The name is in the statement's character set.
  struct Event {
    std::string name, status;
  };
  const std::optional<Event>& event() const { return m_event; }

 private:
  std::string judge(const std::string& text);
  std::string judge_create(const std::string& text);
  std::string judge_program(const std::string& text);
  void note_database(const std::string& name);

  int m_server_version;
  std::string m_database;  ///< that the dump says it is of
  std::optional<Event> m_event;
};

/// The statement without the code that a server of this version takes for a comment.
std::string without_skipped_code(const std::string& statement, int server_version);

}  // namespace bench
