#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "database/statement_shape.hpp"

namespace bench {

namespace {

template <std::size_t size>
bool is_one_of(std::string_view word, const std::array<std::string_view, size>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr std::array<std::string_view, 6> create_words = {"OR",        "REPLACE",      "DEFINER",
                                                          "AGGREGATE", "CURRENT_USER", "CURRENT_ROLE"};
/// What opens a block where a statement may begin, and may follow the END that closes it.
constexpr std::array<std::string_view, 6> block_words = {"IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"};
/// First words of the other statements: behind one of these IF(...) and REPEAT(...) are functions.
constexpr std::array<std::string_view, 40> statement_words = {
    "ALTER",    "ANALYZE", "CALL",    "CHECK",    "CLOSE",    "COMMIT", "CREATE", "DECLARE",
    "DELETE",   "DO",      "DROP",    "EXECUTE",  "EXPLAIN",  "FETCH",  "FLUSH",  "GET",
    "GRANT",    "INSERT",  "ITERATE", "KILL",     "LEAVE",    "LOAD",   "LOCK",   "OPEN",
    "OPTIMIZE", "PREPARE", "RENAME",  "REPLACE",  "RESIGNAL", "RETURN", "REVOKE", "SELECT",
    "SET",      "SIGNAL",  "START",   "TRUNCATE", "UPDATE",   "VALUES", "WITH",   "SHOW"};

/// The bodies of MariaDB's stored programs and of compound statements outside them, also in Oracle mode (AS
/// or IS, then declarations, then BEGIN). IF, REPEAT and the like open a block only where a statement may
/// begin: elsewhere they are functions or parts of clauses. A CASE always has its END; whether statements
/// stand inside depends on where it is.
class MariadbShape : public StatementShape {
 public:
  void begin() override { *this = MariadbShape(); }

  void word(std::string_view word) override {
    const std::string previous = std::exchange(m_previous, std::string(word));
    const bool at_statement = std::exchange(m_at_statement, false);
    if (std::exchange(m_name_follows, false)) return m_previous.clear();
    switch (m_part) {
      case Part::start:
        return first_word(word);
      case Part::begin:
        m_part = word == "NOT" ? Part::program : Part::plain;
        if (m_part == Part::program) m_blocks.push_back(Block::statements);
        return;
      case Part::create:
        return create_word(word);
      case Part::program:
        break;
      case Part::plain:
        return;
    }
    if (m_blocks.empty() && m_parentheses > 0) return;
    if (m_blocks.empty() && header_word(word, previous)) return;
    program_word(word, previous, at_statement || m_body_may_begin);
  }

  void symbol(char character) override {
    m_previous.clear();
    m_name_follows = character == '.' || character == '@' || (character == '=' && m_part == Part::create);
    m_at_statement = character == ';' || character == ':';
    if (m_part == Part::start) m_part = Part::plain;
    if (character == ';') m_body_may_begin = m_heading = false;
    if (character == '(') ++m_parentheses;
    if (character == ')' && m_parentheses > 0 && --m_parentheses == 0 && m_blocks.empty() && m_heading)
      m_body_may_begin = true;
  }

  bool wants_words() const override { return m_part != Part::plain; }
  bool can_end() const override { return m_blocks.empty(); }
  std::string_view open_part() const override { return "BEGIN, IF, CASE or loop"; }

 private:
  enum class Part { start, begin, create, program, plain };
  enum class Block {
    statements,
    declarations,  ///< between AS or IS and BEGIN
    expression,    ///< a CASE that yields a value
  };

  void first_word(std::string_view word) {
    m_part = Part::plain;
    if (word == "CREATE" || word == "ALTER") m_part = Part::create;
    if (word == "BEGIN") m_part = Part::begin;
    if (!is_one_of(word, block_words)) return;
    m_part = Part::program;
    program_word(word, {}, true);
  }

  void create_word(std::string_view word) {
    if (is_one_of(word, create_words)) return;
    m_heading = word == "PROCEDURE" || word == "FUNCTION" || word == "PACKAGE";
    m_is_trigger = word == "TRIGGER";
    m_is_event = word == "EVENT";
    m_part = m_heading || m_is_trigger || m_is_event ? Part::program : Part::plain;
  }

  /// Words between the object's name and its body. Whether that was all there is to the word.
  bool header_word(std::string_view word, std::string_view previous) {
    if (m_is_trigger || m_is_event) {
      const bool ends = m_is_trigger ? word == "ROW" && previous == "EACH" : word == "DO";
      if (ends) {
        m_is_trigger = m_is_event = false;
        m_body_may_begin = true;
      }
      return ends;
    }
    if (!m_heading) return false;
    if (previous == "RETURNS" || previous == "CHARACTER") return true;
    if (word == "RETURNS") m_returns = true;
    // In Oracle mode RETURN in the heading names the type.
    return word == "RETURN" && !m_returns;
  }

  void program_word(std::string_view word, std::string_view previous, bool at_statement) {
    if (word == "END") {
      if (!m_blocks.empty()) m_blocks.pop_back();
    } else if (word == "CASE" && previous != "END") {
      open(at_statement ? Block::statements : Block::expression);
    } else if (is_one_of(word, block_words) && (previous == "END" || !at_statement)) {
      m_at_statement = word == "LOOP" && previous != "END";
      if (word == "FOR" && previous == "HANDLER") m_body_may_begin = true;
    } else if (is_one_of(word, block_words)) {
      open(Block::statements);
      m_at_statement = word == "LOOP" || word == "REPEAT";
    } else if (word == "BEGIN" && at_statement) {
      if (!m_blocks.empty() && m_blocks.back() == Block::declarations) m_blocks.pop_back();
      open(Block::statements);
      m_at_statement = true;
    } else {
      other_word(word, previous, at_statement);
    }
  }

  void other_word(std::string_view word, std::string_view previous, bool at_statement) {
    if (word == "THEN" || word == "ELSE") {
      m_at_statement = !m_blocks.empty() && m_blocks.back() != Block::expression;
    } else if ((word == "DO" && !at_statement) || (word == "ATOMIC" && previous == "NOT")) {
      m_at_statement = true;
    } else if ((word == "AS" || word == "IS") && m_heading) {
      open(Block::declarations);
      m_at_statement = true;
    } else if ((word == "PROCEDURE" || word == "FUNCTION") && at_statement && in_declarations()) {
      m_heading = true;
    } else if (is_one_of(word, statement_words) && !(word == "RETURN" && in_declarations())) {
      m_body_may_begin = m_heading = false;
    }
  }

  bool in_declarations() const { return !m_blocks.empty() && m_blocks.back() == Block::declarations; }

  void open(Block block) {
    m_blocks.push_back(block);
    m_body_may_begin = m_heading = false;
  }

  Part m_part = Part::start;
  std::vector<Block> m_blocks;
  std::string m_previous;
  int m_parentheses = 0;
  bool m_at_statement = false;
  bool m_name_follows = false;
  bool m_heading = false;  ///< of a procedure, function or package, where AS or IS opens the body
  bool m_is_trigger = false;
  bool m_is_event = false;
  bool m_returns = false;
  /// The next word that can open a block does: all others up to there are characteristics or conditions.
  bool m_body_may_begin = false;
};

}  // namespace

std::unique_ptr<StatementShape> make_mariadb_shape() {
  return std::make_unique<MariadbShape>();
}

}  // namespace bench
