#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "web/template/lexer.hpp"

namespace bench {

/// The tokens of a template one by one; the last stays.
class TokenStream {
 public:
  explicit TokenStream(const TemplateSource& source) : m_source(source), m_tokens(template_tokens(source)) {}

  const TemplateToken& current() const { return m_tokens[m_next]; }
  const TemplateToken& ahead() const { return m_tokens[m_next + 1 < m_tokens.size() ? m_next + 1 : m_next]; }
  const TemplateToken& previous() const { return m_tokens[m_next > 0 ? m_next - 1 : 0]; }
  const TemplateToken& take();

  bool is(TemplateToken::Type type) const { return current().type == type; }
  bool is_symbol(std::string_view symbol) const {
    return is(TemplateToken::Type::symbol) && current().text == symbol;
  }
  bool is_word(std::string_view word) const {
    return is(TemplateToken::Type::name) && current().text == word;
  }
  bool skip_symbol(std::string_view symbol);
  bool skip_word(std::string_view word);
  void expect_symbol(std::string_view symbol);
  const TemplateToken& expect(TemplateToken::Type type, std::string_view wanted);

  const TemplateSource& source() const { return m_source; }
  /// Points at the current token.
  [[noreturn]] void fail(std::string_view message, std::string hint = {}) const;
  [[noreturn]] void fail_unexpected(std::string_view wanted) const;

 private:
  const TemplateSource& m_source;
  std::vector<TemplateToken> m_tokens;
  std::size_t m_next = 0;
};

}  // namespace bench
