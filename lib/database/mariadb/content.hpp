#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "database/mariadb/connection.hpp"
#include "database/mariadb/versioning.hpp"

namespace bench {

/// Something of a database that its dump creates, and what its statement needs to mean the same again.
struct MariadbObject {
  enum class Type { sequence, table, routine, view, trigger, event };
  Type type = Type::table;
  std::string name;
  std::string table;      ///< that a trigger belongs to; else its own name
  std::string kind;       ///< FUNCTION, VIEW ...: as DROP calls it
  std::string create;     ///< as SHOW CREATE answers it, names of the database itself unqualified
  std::string sql_mode;   ///< of triggers, routines and events
  std::string time_zone;  ///< of events
  /// Of the connection that created a program: what it sent, `create` with it, and what its literals became.
  std::string character_set = "utf8mb4", collation;
  /// Which the database had then; empty: of no matter.
  std::string database_collation;

  /// What it is, whoever made it: without definer, next AUTO_INCREMENT value and an event's status.
  std::string definition() const;
  /// Statements that create it in the connection's database, whose collation is this, each to be ended by a
  /// delimiter that it does not hold. The session sends UTF-8 before and after them.
  std::vector<std::string> statements(const std::string& collation_of_database) const;
  /// Whether `create` is in another character set than UTF-8.
  bool is_sent_otherwise() const;
};

/// In an order in which they can be created. The session must have an empty sql_mode.
std::vector<MariadbObject> mariadb_objects(MariadbDatabase& database);
/// The same without sequences and tables.
std::vector<MariadbObject> mariadb_programs(MariadbDatabase& database);

/// Character sets whose characters may end in a byte that looks like a backslash or a quote: where a
/// statement in them ends only they can tell. What was made over a connection in one of them is shown in
/// UTF-8.
bool has_misleading_bytes(std::string_view character_set);

/// The default of the connection's database.
std::string mariadb_database_collation(MariadbDatabase& database);

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

/// Generated columns are left out. With the table's period the rows of the past are among them, and each has
/// its own; without it those of the present alone.
MariadbRows mariadb_rows(MariadbDatabase& database, const std::string& table, const MariadbPeriod* period);

/// Appends a value that is not NULL as a literal of its form.
void append_mariadb_literal(std::string& out, std::string_view value, MariadbRows::Form form);
/// Appends a string in quotes; backslashes escape.
void append_mariadb_text(std::string& out, std::string_view text);
/// Appends a hexadecimal literal.
void append_mariadb_bytes(std::string& out, std::string_view bytes);

}  // namespace bench
