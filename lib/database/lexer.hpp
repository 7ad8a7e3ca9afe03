#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "database/dialect.hpp"

namespace bench {

enum class TokenKind {
  blank,
  comment,
  conditional,  ///< MariaDB: the `/*!50001` before, or the `*/` behind, code that only some servers run
  word,         ///< a keyword, a bare name, or the digits of a number
  quoted,       ///< a string or a quoted name, dollar-quoted ones included
  symbol,       ///< one character of anything else
  run,          ///< coarse only: ordinary characters that cannot matter to where a statement ends
  delimiter,
  unclosed,    ///< from here to the end of the text a string, name or comment is open
  incomplete,  ///< cannot be told before more text is there
  end,
};

struct Token {
  TokenKind kind;
  std::size_t begin;
  std::size_t end;
};

/// Cuts SQL text into tokens, as finely as telling statements apart takes. The text may grow at its end
/// between two calls: a token that is cut off there is resumed where the last call stopped, so that long
/// strings are read once.
class SqlLexer {
 public:
  explicit SqlLexer(Dialect dialect);

  enum class Detail { fine, coarse };
  enum class Input { grows, complete };
  Token next(std::string_view text, Detail detail, Input input);

  /// The rest of the line behind the last token, which becomes part of no token; incomplete when its end is
  /// not there yet.
  Token rest_of_line(std::string_view text, Input input);

  /// The text lost its first `count` characters, all of them before the next token.
  void drop_front(std::size_t count);

  /// Whether the text given so far ends within a string, name or comment.
  bool is_inside_token() const { return m_mode != Mode::none; }

  /// MariaDB's DELIMITER command; not empty.
  void set_delimiter(std::string delimiter);
  const std::string& delimiter() const { return m_delimiter; }

 private:
  enum class Mode { none, word, line_comment, block_comment, quoted, dollar };
  /// What stands at m_begin: opens a mode, or is a token by itself.
  Token start(std::string_view text, Detail detail, Input input);
  Token start_delimiter(std::string_view text, Input input);
  Token start_dash(std::string_view text, Input input);
  Token start_slash(std::string_view text, Input input);
  Token start_conditional(std::string_view text, Input input, std::size_t mark);
  Token start_dollar(std::string_view text, Input input);
  Token start_quote(std::string_view text, Input input);
  /// Goes on in the mode.
  Token resume(std::string_view text, Input input);
  Token scan_word(std::string_view text, Input input);
  Token scan_block_comment(std::string_view text, Input input);
  Token scan_nested_comment(std::string_view text, Input input);
  Token scan_quoted(std::string_view text, Input input);
  bool is_escape_string(std::string_view text) const;

  Token open(Mode mode, std::size_t at, std::string_view text, Input input);
  Token close(TokenKind kind, std::size_t end);
  Token cut_off(std::string_view text, Input input);

  Dialect m_dialect;
  std::string m_delimiter = ";";
  std::array<bool, 256> m_special{};
  Mode m_mode = Mode::none;
  std::size_t m_begin = 0;  ///< of the token
  std::size_t m_at = 0;     ///< read so far
  char m_quote = 0;
  bool m_escapes = false;
  int m_depth = 0;
  std::string m_tag;
  std::size_t m_escape_string_end = std::string::npos;
};

bool is_blank(char character);
bool is_word_character(char character);

}  // namespace bench
