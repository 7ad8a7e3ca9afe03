#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "database/postgres/connection.hpp"
#include "database/scratch.hpp"
#include "database/splitter.hpp"

namespace bench {

/// Loads the SQL text of a dump in one transaction: ours, pg_dump's, and what psql reads besides, as far as
/// it is data. No psql runs, because a dump could tell it to run commands.
class DumpLoader {
 public:
  /// Makes an extension that the loading account may not make; false when it must not be made.
  using MakeExtension = std::function<bool(const std::string& statement)>;

  DumpLoader(PostgresDatabase& database, Scratch::Extent extent, MakeExtension make_extension);
  /// Error{bad_backup} with the line.
  void feed(std::string_view bytes);
  /// Commits; Error{bad_backup} when the dump was cut off.
  void finish();
  /// What only a superuser may make and what holds no code of the dump: publications of all tables or of a
  /// schema's. To be run in this order, once the rest is committed.
  const std::vector<std::string>& left_to_superuser() const { return m_left_to_superuser; }
  const std::vector<LeftOut>& left_out_of_part() const { return m_left_out; }

 private:
  /// From there in the buffer; answer how far they came.
  std::size_t take_rows(std::size_t at);
  std::size_t take_line(std::size_t at);
  void take(std::string_view line);
  void run_statements();
  void run(const Statement& statement);
  void run_alone(const Statement& statement);
  bool is_handled_here(const Statement& statement);
  void run_if_it_can(const Statement& statement);
  void obey_psql_command(std::string_view line);
  void refuse_cut_off() const;
  [[noreturn]] void refuse(int line, std::string_view words, std::string_view hint = {});
  [[noreturn]] void fail(int line, const Error& error);

  enum class InRows { no, loaded, left_out };

  PostgresDatabase& m_database;
  Scratch::Extent m_extent;
  MakeExtension m_make_extension;
  StatementSplitter m_splitter;
  Transaction m_transaction;
  std::string m_buffer;
  std::vector<std::string> m_left_to_superuser;
  bool m_begun = false;
  InRows m_in_rows = InRows::no;
  std::optional<Savepoint> m_part;  ///< what of a part is run now can be left out
  std::vector<LeftOut> m_left_out;
  bool m_in_transaction = false;  ///< one that the dump began
  int m_lines_elsewhere = 0;      ///< that the splitter did not get
  int m_lines = 0;                ///< that it got
  int m_line = 0;                 ///< of the statement under way
  int m_tool_begins = 0;          ///< parts of a dump of pg_dump
  int m_tool_ends = 0;
};

}  // namespace bench
