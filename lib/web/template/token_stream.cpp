#include "web/template/token_stream.hpp"

#include <fmt/format.h>

#include <utility>

namespace bench {

using Type = TemplateToken::Type;

const TemplateToken& TokenStream::take() {
  const TemplateToken& taken = current();
  if (taken.type != Type::end) ++m_next;
  return taken;
}

bool TokenStream::skip_symbol(std::string_view symbol) {
  if (!is_symbol(symbol)) return false;
  take();
  return true;
}

bool TokenStream::skip_word(std::string_view word) {
  if (!is_word(word)) return false;
  take();
  return true;
}

void TokenStream::expect_symbol(std::string_view symbol) {
  if (!skip_symbol(symbol)) fail_unexpected(fmt::format("'{}'", symbol));
}

const TemplateToken& TokenStream::expect(Type type, std::string_view wanted) {
  if (!is(type)) fail_unexpected(wanted);
  return take();
}

void TokenStream::fail(std::string_view message, std::string hint) const {
  m_source.fail(current().at, message, std::move(hint));
}

void TokenStream::fail_unexpected(std::string_view wanted) const {
  if (is(Type::end)) fail(fmt::format("{} is missing at the end of the file", wanted));
  fail(fmt::format("{} is missing before '{}'", wanted, current().text));
}

}  // namespace bench
