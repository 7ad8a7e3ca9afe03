#pragma once

#include <string>
#include <vector>

#include "database/mariadb/connection.hpp"

namespace bench {

/// Something of a database that its dump creates, and what its statement needs to mean the same again.
struct MariadbObject {
  enum class Type { sequence, table, routine, view, trigger, event };
  Type type;
  std::string name;
  std::string table;      ///< that a trigger belongs to; else its own name
  std::string kind;       ///< FUNCTION, VIEW ...: as DROP calls it
  std::string create;     ///< as SHOW CREATE answers it, names of the database itself unqualified
  std::string sql_mode;   ///< of triggers, routines and events
  std::string collation;  ///< of the connection that created it; empty: of no matter
  std::string time_zone;  ///< of events

  /// What it is, whoever made it: without definer, next AUTO_INCREMENT value and an event's status.
  std::string definition() const;
  /// Statements that create it in the connection's database, each to be ended by a delimiter that it does not
  /// hold.
  std::vector<std::string> statements() const;
};

/// In an order in which they can be created. The session must have an empty sql_mode.
std::vector<MariadbObject> mariadb_objects(MariadbDatabase& database);
/// The same without sequences and tables.
std::vector<MariadbObject> mariadb_programs(MariadbDatabase& database);

/// How a table's rows are read and written back.
struct MariadbRows {
  enum class Form {
    number,  ///< as it stands
    text,    ///< escaped and in quotes
    bytes,   ///< as hexadecimal digits
  };
  std::string select;  ///< in the order of the primary key, else in that of storage
  std::string insert;  ///< up to and with VALUES
  std::vector<Form> forms;
};

/// Generated columns are left out.
MariadbRows mariadb_rows(MariadbDatabase& database, const std::string& table);

/// Appends a value that is not NULL as a literal of its form.
void append_mariadb_literal(std::string& out, std::string_view value, MariadbRows::Form form);
/// Appends a string in quotes; backslashes escape.
void append_mariadb_text(std::string& out, std::string_view text);
/// Appends a hexadecimal literal.
void append_mariadb_bytes(std::string& out, std::string_view bytes);

}  // namespace bench
