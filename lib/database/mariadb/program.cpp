#include "database/mariadb/program.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "database/tokens.hpp"

namespace bench {

namespace {

constexpr std::array<std::string_view, 6> types{"VIEW",     "TRIGGER", "PROCEDURE",
                                                "FUNCTION", "EVENT",   "PACKAGE"};
constexpr std::array<std::string_view, 3> places{"SQL", "AGGREGATE", "EVENT"};
constexpr std::array<std::string_view, 11> between{"CREATE",    "OR",      "REPLACE",   "ALGORITHM",
                                                   "UNDEFINED", "MERGE",   "TEMPTABLE", "SECURITY",
                                                   "INVOKER",   "DEFINER", "AGGREGATE"};

constexpr std::array<std::string_view, 4> name_modifiers{"IF", "NOT", "EXISTS", "BODY"};

constexpr std::array<std::string_view, 3> sequence_functions{"NEXTVAL", "LASTVAL", "SETVAL"};

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// Reads the heading of one CREATE statement.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view statement) : m_tokens(statement) {}

  std::optional<ProgramHeader> read() {
    if (m_tokens.next().word != "CREATE") return std::nullopt;
    for (SqlToken token = m_tokens.next(); !token.is_end(); token = m_tokens.next()) {
      if (is_one_of(token.word, types)) return finish(token);
      if (token.word == "DEFINER" && !m_security) {
        token = read_definer(token);
        if (is_one_of(token.word, types)) return finish(token);
      }
      if (is_one_of(token.word, places) && m_header.definer_place == 0) m_header.definer_place = token.begin;
      m_security = token.word == "SECURITY";
      const bool fits = is_one_of(token.word, between) || token.word == "SQL" || token.text == "=";
      if (!fits) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  // Answers the token behind it.
  SqlToken read_definer(const SqlToken& keyword) {
    m_tokens.next();
    SqlToken last = m_tokens.next();
    SqlToken token = m_tokens.next();
    while (token.text == "@" || token.text == "(" || token.text == ")") {
      last = token.text == "@" ? m_tokens.next() : token;
      token = m_tokens.next();
    }
    m_header.definer = ProgramHeader::Range{keyword.begin, last.end};
    return token;
  }

  ProgramHeader finish(const SqlToken& type) {
    m_header.type = type.word;
    if (m_header.definer_place == 0) m_header.definer_place = type.begin;
    if (m_header.type == "EVENT") read_event();
    return m_header;
  }

  void read_event() {
    SqlToken token = m_tokens.next();
    while (token.word == "IF" || token.word == "NOT" || token.word == "EXISTS") token = m_tokens.next();
    m_header.name = token.name();
    m_header.name_place = {token.begin, token.end};
    SqlToken previous = token;
    for (token = m_tokens.next(); !token.is_end(); previous = token, token = m_tokens.next()) {
      if (token.word == "ENABLE" || token.word == "DISABLE")
        m_header.status = ProgramHeader::Range{token.begin, token.end};
      const bool of_status = token.word == "ON" && previous.word == "DISABLE";
      if ((token.word == "SLAVE" || of_status) && m_header.status) m_header.status->end = token.end;
      if (token.word != "DO" && token.word != "COMMENT") continue;
      m_header.status_place = token.begin;
      return;
    }
  }

  SqlTokens m_tokens;
  ProgramHeader m_header;
  bool m_security = false;
};

}  // namespace

std::optional<ProgramHeader> parse_program(std::string_view statement) {
  return HeaderReader(statement).read();
}

std::string with_definer(const std::string& statement, const std::string& account) {
  const auto header = parse_program(statement);
  if (!header) return statement;
  const std::string clause = account.empty() ? "" : "DEFINER=" + account;
  std::string changed = statement;
  if (header->definer)
    changed.replace(header->definer->begin, header->definer->end - header->definer->begin, clause);
  else if (!clause.empty())
    changed.insert(header->definer_place, clause + " ");
  return changed;
}

std::string without_own_database(const std::string& statement) {
  const auto header = parse_program(statement);
  if (!header) return statement;
  SqlTokens tokens(statement);
  SqlToken token = tokens.next();
  while (!token.is_end() && token.word != header->type) token = tokens.next();
  std::string changed = statement;
  const std::size_t length = statement.size();
  // Of a trigger the table too, which stands behind the first ON.
  for (int names = header->type == "TRIGGER" ? 2 : 1; names > 0; --names) {
    SqlToken name = tokens.next();
    while (is_one_of(name.word, name_modifiers)) name = tokens.next();
    if (tokens.next().text == ".") {
      const std::size_t moved = length - changed.size();
      changed.erase(name.begin - moved, tokens.next().begin - name.begin);
    }
    for (token = name; names > 1 && !token.is_end() && token.word != "ON";) token = tokens.next();
  }
  return changed;
}

std::string without_database_of(Called called, const std::string& statement, std::string_view database) {
  const std::vector<SqlToken> tokens = sql_tokens(statement);
  std::string changed;
  std::size_t copied = 0;
  for (std::size_t at = 2; at + 3 < tokens.size(); ++at) {
    const bool is_qualified = tokens[at].is_name() && tokens[at + 1].text == "." && tokens[at + 2].is_name();
    const bool is_sequence = tokens[at - 1].text == "(" && is_one_of(tokens[at - 2].word, sequence_functions);
    const bool is_function = called == Called::sequences_and_functions && tokens[at + 3].text == "(";
    if (!is_qualified || !(is_sequence || is_function)) continue;
    if (!database.empty() && tokens[at].name() != database) continue;
    changed += statement.substr(copied, tokens[at].begin - copied);
    copied = tokens[at + 2].begin;
  }
  return changed + statement.substr(copied);
}

std::string with_event_name(const std::string& statement, std::string_view name) {
  const auto header = parse_program(statement);
  if (!header || header->type != "EVENT") return statement;
  const auto [begin, end] = header->name_place;
  return statement.substr(0, begin).append(name).append(statement.substr(end));
}

std::string with_event_status(const std::string& statement, std::string_view status) {
  const auto header = parse_program(statement);
  if (!header || header->type != "EVENT") return statement;
  std::string changed = statement;
  if (header->status)
    changed.replace(header->status->begin, header->status->end - header->status->begin, status);
  else
    changed.insert(header->status_place, std::string(status) + " ");
  return changed;
}

}  // namespace bench
