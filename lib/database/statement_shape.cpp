#include "database/statement_shape.hpp"

namespace bench {

namespace {

/// CREATE TRIGGER goes to the END that directly follows a semicolon: inside the body only CASE has an END,
/// and that one never stands at the start of a statement.
class SqliteShape : public StatementShape {
 public:
  void begin() override { m_state = State::start; }

  void word(std::string_view word) override {
    switch (m_state) {
      case State::start:
      case State::explain:
        m_state = first_word(word);
        break;
      case State::create:
        if (word == "TRIGGER")
          m_state = State::trigger;
        else if (word != "TEMP" && word != "TEMPORARY")
          m_state = State::plain;
        break;
      case State::after_semicolon:
        m_state = word == "END" ? State::ended : State::trigger;
        break;
      case State::ended:
        m_state = State::trigger;
        break;
      case State::plain:
      case State::trigger:
        break;
    }
  }

  void symbol(char character) override {
    if (m_state == State::trigger || m_state == State::after_semicolon || m_state == State::ended)
      m_state = character == ';' ? State::after_semicolon : State::trigger;
    else
      m_state = State::plain;
  }

  bool wants_words() const override { return m_state != State::plain; }
  bool can_end() const override { return m_state != State::trigger && m_state != State::after_semicolon; }
  std::string_view open_part() const override { return "trigger body"; }

 private:
  enum class State { start, explain, create, plain, trigger, after_semicolon, ended };

  State first_word(std::string_view word) const {
    if (word == "CREATE") return State::create;
    const bool explains =
        word == "EXPLAIN" || (m_state == State::explain && (word == "QUERY" || word == "PLAN"));
    return explains ? State::explain : State::plain;
  }

  State m_state = State::start;
};

/// Parentheses, as in CREATE RULE ... DO (a; b), and the BEGIN ATOMIC ... END of an SQL function.
class PostgresShape : public StatementShape {
 public:
  void begin() override { *this = PostgresShape(); }

  void word(std::string_view word) override {
    const Previous previous = m_previous;
    m_previous = Previous::other;
    if (previous == Previous::dot || m_parentheses > 0) return;
    switch (m_part) {
      case Part::start:
        m_part = word == "CREATE" ? Part::create : Part::plain;
        break;
      case Part::create:
        if (word == "FUNCTION" || word == "PROCEDURE")
          m_part = Part::routine;
        else if (word != "OR" && word != "REPLACE")
          m_part = Part::plain;
        break;
      case Part::routine:
        if (word == "BEGIN") m_previous = Previous::begin;
        if (word == "ATOMIC" && previous == Previous::begin && m_depth == 0) m_depth = 1;
        if (word == "CASE" && m_depth > 0) ++m_depth;
        if (word == "END" && m_depth > 0) --m_depth;
        break;
      case Part::plain:
        break;
    }
  }

  void symbol(char character) override {
    m_previous = character == '.' ? Previous::dot : Previous::other;
    if (character == '(') ++m_parentheses;
    if (character == ')' && m_parentheses > 0) --m_parentheses;
    if (m_part != Part::routine) m_part = Part::plain;
  }

  bool wants_words() const override { return m_part != Part::plain; }
  bool can_end() const override { return m_parentheses == 0 && m_depth == 0; }
  std::string_view open_part() const override { return m_parentheses > 0 ? "parenthesis" : "function body"; }

 private:
  enum class Part { start, create, routine, plain };
  enum class Previous { other, dot, begin };
  Part m_part = Part::start;
  Previous m_previous = Previous::other;
  int m_parentheses = 0;
  int m_depth = 0;
};

}  // namespace

std::unique_ptr<StatementShape> make_statement_shape(Dialect dialect) {
  switch (dialect) {
    case Dialect::mariadb:
      return make_mariadb_shape();
    case Dialect::postgres:
      return std::make_unique<PostgresShape>();
    case Dialect::sqlite:
      break;
  }
  return std::make_unique<SqliteShape>();
}

}  // namespace bench
