#include "database/mariadb/dump_gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "database/mariadb/program.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

[[noreturn]] void refuse(const std::string& what, const std::string& why) {
  throw Error(Kind::bad_backup, fmt::format("{} is not restored: {}", what, why));
}

std::string beginning_of(const std::string& text) {
  constexpr std::size_t shown = 60;
  return text.size() <= shown ? text : text.substr(0, shown) + " ...";
}

bool names_another_place(const std::vector<SqlToken>& tokens) {
  for (std::size_t at = 1; at + 1 < tokens.size(); ++at)
    if (tokens[at].text == "." && tokens[at - 1].is_name() && tokens[at + 1].is_name()) return true;
  return false;
}

bool has_word(const std::vector<SqlToken>& tokens, std::initializer_list<std::string_view> words) {
  return std::any_of(tokens.begin(), tokens.end(), [words](const SqlToken& token) {
    return !token.is_quoted && is_one_of(token.word, words);
  });
}

// A server runs the code behind the mark when it is at least of the version in it. What MySQL numbers from
// 5.7 on is not for MariaDB, whose own mark has an M.
bool runs(std::string_view mark, int server_version) {
  const bool is_own = mark.starts_with("/*M!");
  std::string_view digits = mark.substr(is_own ? 4 : 3);
  if (digits.size() < 5) return true;
  digits = digits.substr(0, 6);
  int version = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), version);
  if (!is_own && version >= 50700 && version <= 99999) return false;
  return version <= server_version;
}

// What a table holds that another server, file or table keeps.
void refuse_outside(const std::string& text, const std::vector<SqlToken>& tokens) {
  if (names_another_place(tokens)) refuse(beginning_of(text), "it names another database");
  if (has_word(tokens, {"DIRECTORY", "SELECT", "TABLESPACE", "SONAME", "CONNECTION", "UNION"}))
    refuse(beginning_of(text), "its content lies somewhere else");
  if (has_word(tokens, {"FEDERATED", "CONNECT", "SPIDER", "S3", "MERGE", "MRG_MYISAM"}))
    refuse(beginning_of(text), "its engine reaches beyond the database");
}

std::string judge_rows(const std::string& text) {
  SqlTokens tokens(text);
  tokens.next();
  SqlToken name = tokens.next();
  while (is_one_of(name.word, {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"}))
    name = tokens.next();
  if (tokens.next().text == ".") refuse(beginning_of(text), "it writes to another database");
  return text;
}

std::string judge_settings(const std::string& text) {
  const std::vector<SqlToken> tokens = sql_tokens(text);
  if (tokens.size() > 1 && is_one_of(tokens[1].word, {"STATEMENT", "PASSWORD", "ROLE", "DEFAULT"}))
    refuse(beginning_of(text), "it is no setting of the session");
  // What belongs to the server that was dumped, its replication above all.
  if (has_word(tokens, {"GLOBAL", "PERSIST", "PERSIST_ONLY", "SQL_LOG_BIN", "GTID_PURGED"})) return {};
  return text;
}

std::string judge_drop(const std::string& text, const std::vector<SqlToken>& tokens) {
  if (!has_word({tokens.begin(), tokens.begin() + std::min<std::ptrdiff_t>(3, std::ssize(tokens))},
                {"TABLE", "TABLES", "VIEW", "SEQUENCE"}))
    // There is none yet.
    return {};
  if (names_another_place(tokens)) refuse(beginning_of(text), "it names another database");
  return text;
}

std::string judge_number(const std::string& text, const std::vector<SqlToken>& tokens) {
  if (tokens.size() < 3 || tokens[1].word != "SETVAL" || names_another_place(tokens) ||
      has_word({tokens.begin() + 1, tokens.end()}, {"SELECT", "INTO"}))
    refuse(beginning_of(text), "it does not belong into a dump");
  return text;
}

}  // namespace

std::string without_skipped_code(const std::string& statement, int server_version) {
  if (statement.find("/*!") == std::string::npos && statement.find("/*M!") == std::string::npos)
    return statement;
  SqlLexer lexer(Dialect::mariadb);
  std::string kept;
  int skipped = 0, open = 0;
  while (true) {
    const Token token = lexer.next(statement, SqlLexer::Detail::fine, SqlLexer::Input::complete);
    if (token.kind == TokenKind::end) return kept;
    const std::string_view text = std::string_view(statement).substr(token.begin, token.end - token.begin);
    const bool opens = token.kind == TokenKind::conditional && text.starts_with("/*");
    const bool closes = token.kind == TokenKind::conditional && !opens;
    if (opens) ++open;
    if (opens && skipped == 0 && !runs(text, server_version)) skipped = open;
    if (skipped == 0) kept += text;
    if (closes && open == skipped) skipped = 0;
    if (closes) --open;
    if (token.kind == TokenKind::unclosed) return kept;
  }
}

std::string DumpGate::pass(const std::string& statement) {
  return judge(without_skipped_code(statement, m_server_version));
}

std::string DumpGate::judge(const std::string& text) {
  m_event.reset();
  SqlTokens reader(text);
  const std::string first = reader.next().word, second = reader.next().word;
  if (is_one_of(first, {"INSERT", "REPLACE"})) return judge_rows(text);
  if (first == "SET") return judge_settings(text);
  // The scratch has no other users, and one dump is not one transaction.
  if (is_one_of(first, {"", "LOCK", "UNLOCK", "START", "BEGIN", "CHANGE"})) return {};
  if (first == "COMMIT") return text;
  const std::vector<SqlToken> tokens = sql_tokens(text);
  const bool of_database = is_one_of(second, {"DATABASE", "SCHEMA"});
  if (first == "USE" || (of_database && is_one_of(first, {"CREATE", "DROP"}))) {
    for (std::size_t at = 1; at < tokens.size(); ++at)
      if (!is_one_of(tokens[at].word, {"DATABASE", "SCHEMA", "IF", "NOT", "EXISTS"}))
        return note_database(tokens[at].name()), std::string();
    return {};
  }
  if (first == "ALTER" && of_database && tokens.size() > 2) {
    const bool is_named =
        tokens[2].is_quoted || !is_one_of(tokens[2].word, {"DEFAULT", "CHARACTER", "CHARSET", "COLLATE"});
    return fmt::format("ALTER DATABASE {}", text.substr(is_named ? tokens[2].end : tokens[2].begin));
  }
  if (first == "CREATE") return judge_create(text);
  if (first == "DROP") return judge_drop(text, tokens);
  if (first == "DO" || first == "SELECT") return judge_number(text, tokens);
  if (first != "ALTER" || second != "TABLE") refuse(beginning_of(text), "it does not belong into a dump");
  refuse_outside(text, tokens);
  return text;
}

void DumpGate::note_database(const std::string& name) {
  if (m_database.empty()) m_database = name;
  if (name != m_database)
    refuse(fmt::format("a dump of several databases ({} and {})", m_database, name),
           "a site has one database");
}

std::string DumpGate::judge_create(const std::string& text) {
  if (parse_program(text)) return judge_program(text);
  std::string changed = without_database_of(Called::sequences, text);
  const std::vector<SqlToken> tokens = sql_tokens(changed);
  std::size_t at = 1;
  while (at < tokens.size() &&
         is_one_of(tokens[at].word, {"OR", "REPLACE", "TEMPORARY", "UNIQUE", "FULLTEXT", "SPATIAL"}))
    ++at;
  if (at >= tokens.size() || !is_one_of(tokens[at].word, {"TABLE", "SEQUENCE", "INDEX"}))
    refuse(beginning_of(text), "it does not belong into a dump of one database");
  refuse_outside(changed, tokens);
  return changed;
}

std::string DumpGate::judge_program(const std::string& text) {
  // A function of a library of the server's host.
  if (has_word(sql_tokens(text), {"SONAME"})) refuse(beginning_of(text), "its content lies somewhere else");
  std::string changed = without_own_database(with_definer(text, ""));
  const auto header = parse_program(changed);
  if (header && header->type == "VIEW") return without_database_of(Called::sequences_and_functions, changed);
  if (!header || header->type != "EVENT") return changed;
  m_event = {header->name, "ENABLE"};
  if (header->status)
    m_event->status = changed.substr(header->status->begin, header->status->end - header->status->begin);
  return with_event_status(changed, "DISABLE");
}

}  // namespace bench
