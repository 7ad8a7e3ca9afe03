#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/dump_gate.hpp"
#include "database/mariadb/session_settings.hpp"
#include "database/mariadb/versioning.hpp"
#include "database/scratch.hpp"
#include "database/splitter.hpp"

namespace bench {

/// Loads a dump, as bench, mariadb-dump or mysqldump wrote it, into the connection's database. Every error of
/// the dump is Error{bad_backup} with the line of the statement.
class MariadbLoader {
 public:
  /// Creates a trigger or function that the connection may not (where a binary log is written, an
  /// administrator alone may), in a session with these settings; empty: nobody can.
  using CreateProgram = std::function<void(const std::string& statement, const MariadbSessionSettings&)>;
  MariadbLoader(MariadbDatabase& database, Scratch::Extent extent, CreateProgram create_program);
  void feed(std::string_view bytes);
  /// The text has come to its end. Error{bad_backup} when it was cut off.
  void finish();
  /// Which status each event is to have; all were created disabled.
  const std::map<std::string, std::string>& event_status() const { return m_event_status; }
  const std::vector<LeftOut>& left_out_of_part() const { return m_left_out; }
  /// Whether the text has the rows of the past of tables with system versioning.
  MariadbHistory history() const { return m_history; }

 private:
  void run_statements();
  void run(const Statement& statement);
  bool runs_or_is_left_out(const std::string& text);
  void execute(std::string text);
  bool is_put_right(const Error& error, std::string& text);
  void note_event(const DumpGate::Event& event);
  void note_character_set();
  void refuse_misleading_bytes() const;
  [[noreturn]] void fail(const Error& of_splitter) const;
  void refuse_too_large(std::size_t size) const;
  void refuse_value_too_large(std::string_view text);
  void commit_now_and_then(std::size_t bytes);

  MariadbDatabase& m_database;
  Scratch::Extent m_extent;
  CreateProgram m_create_program;
  StatementSplitter m_splitter{Dialect::mariadb};
  DumpGate m_gate;
  std::string m_character_set;  ///< of what is read now
  std::map<std::string, std::string> m_event_status;
  std::vector<LeftOut> m_left_out;
  MariadbHistory m_history = MariadbHistory::left_out;
  std::map<std::string, std::string> m_collations;  ///< of other servers, and what they are called here
  std::string m_beginning, m_end;                   ///< of the text
  std::size_t m_uncommitted = 0;
  std::size_t m_largest_packet = 0;
};

}  // namespace bench
