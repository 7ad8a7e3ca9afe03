#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/literal.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

constexpr std::string_view absent = "absent";

/// What a DDL statement names.
struct Object {
  std::string kind;  ///< as SHOW CREATE calls it
  std::string schema, name;
};

/// Reads the head of a DDL statement: verb, kind and name. Grammar:
/// https://mariadb.com/kb/en/data-definition/
class Head {
 public:
  explicit Head(std::string_view statement) : m_tokens(statement), m_token(m_tokens.next()) {}

  std::optional<Object> object() {
    const std::string verb = m_token.word;
    if (verb == "TRUNCATE") {
      advance();
      skip({"TABLE"});
      return named("TABLE");
    }
    if (verb == "RENAME") {
      advance();
      return m_token.word == "TABLE" ? (advance(), only(named("TABLE"))) : std::nullopt;
    }
    if (verb != "CREATE" && verb != "ALTER" && verb != "DROP") return std::nullopt;
    advance();
    skip({"OR", "REPLACE", "ONLINE", "OFFLINE", "IGNORE", "UNIQUE", "FULLTEXT", "SPATIAL", "AGGREGATE",
          "UNDEFINED", "MERGE", "TEMPTABLE"});
    skip_clauses();
    const std::string kind = m_token.word;
    advance();
    if (kind == "INDEX") return table_of_index();
    static constexpr std::array kinds{"TABLE",    "VIEW",  "TRIGGER", "PROCEDURE",
                                      "FUNCTION", "EVENT", "SEQUENCE"};
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) return std::nullopt;
    return verb == "DROP" ? only(named(kind)) : named(kind);
  }

 private:
  void advance() { m_token = m_tokens.next(); }
  void skip(std::initializer_list<std::string_view> words) {
    while (std::find(words.begin(), words.end(), m_token.word) != words.end() && !m_token.word.empty())
      advance();
  }
  // DEFINER = account, ALGORITHM = word, SQL SECURITY word.
  void skip_clauses() {
    while (m_token.word == "DEFINER" || m_token.word == "ALGORITHM" || m_token.word == "SQL") {
      const bool is_definer = m_token.word == "DEFINER";
      advance();
      advance();
      advance();
      while (is_definer && (m_token.text == "@" || m_token.text == "(" || m_token.text == ")")) {
        const bool at = m_token.text == "@";
        advance();
        if (at) advance();
      }
    }
  }
  std::optional<Object> named(const std::string& kind) {
    skip({"IF", "NOT", "EXISTS"});
    if (m_token.is_end() || (m_token.word.empty() && !m_token.is_quoted)) return std::nullopt;
    Object object{.kind = kind, .schema = {}, .name = m_token.name()};
    advance();
    if (m_token.text == ".") {
      advance();
      object.schema = std::move(object.name);
      object.name = m_token.name();
      advance();
    }
    return object;
  }
  std::optional<Object> table_of_index() {
    while (!m_token.is_end() && m_token.word != "ON") advance();
    advance();
    return named("TABLE");
  }
  // A list of objects is not undone as a whole.
  std::optional<Object> only(std::optional<Object> object) {
    while (!m_token.is_end()) {
      if (m_token.text == ",") return std::nullopt;
      advance();
    }
    return object;
  }

  SqlTokens m_tokens;
  SqlToken m_token;
};

// It moves the rows of one table into another and back again.
bool exchanges_partition(std::string_view statement) {
  SqlTokens tokens(statement);
  for (SqlToken token = tokens.next(); !token.is_end(); token = tokens.next())
    if (token.word == "EXCHANGE") return true;
  return false;
}

// The counter moves with each row.
std::string without_counter(const std::string& definition) {
  static const std::regex counter(" AUTO_INCREMENT=[0-9]+");
  return std::regex_replace(definition, counter, "");
}

// SHOW CREATE puts the text in the second column, for programs in the third.
constexpr std::array program_kinds{"TRIGGER", "PROCEDURE", "FUNCTION"};

std::size_t column_of(const std::string& kind) {
  if (kind == "EVENT") return 3;
  return std::find(program_kinds.begin(), program_kinds.end(), kind) == program_kinds.end() ? 1 : 2;
}

}  // namespace

std::optional<std::string> MariadbDatabase::definition_of(std::string_view statement) {
  const auto object = Head(statement).object();
  if (!object || exchanges_partition(statement)) return std::nullopt;
  const std::string name =
      object->schema.empty() ? mariadb_name(object->name)
                             : fmt::format("{}.{}", mariadb_name(object->schema), mariadb_name(object->name));
  try {
    const auto rows = query(fmt::format("SHOW CREATE {} {}", object->kind, name));
    if (rows.empty()) return std::string(absent);
    return sha256(without_counter(to_text(rows[0].at(column_of(object->kind)))));
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
    return std::string(absent);
  }
}

}  // namespace bench
