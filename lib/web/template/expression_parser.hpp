#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "web/template/expression.hpp"
#include "web/template/token_stream.hpp"

namespace bench {

/// Reads expressions with Jinja's precedence, the loosest first: if else, or, and, not, comparison, + -, ~, *
/// / // %, sign, filter and test, attribute and call.
class ExpressionParser {
 public:
  explicit ExpressionParser(TokenStream& tokens) : m_tokens(tokens) {}

  ExpressionPtr parse();
  /// `a` or, as a list, `a, b`.
  ExpressionPtr parse_list_or_one();
  /// The same, but an `if` ends it.
  ExpressionPtr parse_items();
  /// What stands behind `|`.
  std::unique_ptr<BuiltinExpression> parse_filter(ExpressionPtr input);

 private:
  using Parse = ExpressionPtr (ExpressionParser::*)();
  enum class Filters { none, allowed };
  class Level;

  ExpressionPtr parse_list_or_one_of(Parse parse_one);
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr parse_comparison();
  ExpressionPtr parse_sum();
  ExpressionPtr parse_join();
  ExpressionPtr parse_product();
  ExpressionPtr parse_operand();
  ExpressionPtr parse_unary(Filters filters);
  ExpressionPtr parse_primary();
  ExpressionPtr parse_name();
  ExpressionPtr parse_string();
  ExpressionPtr parse_parentheses();
  ExpressionPtr parse_list();
  ExpressionPtr parse_dict();
  ExpressionPtr parse_postfix(ExpressionPtr base);
  ExpressionPtr parse_filters_and_tests(ExpressionPtr input);
  ExpressionPtr parse_attribute(ExpressionPtr base);
  ExpressionPtr parse_item(ExpressionPtr base);
  ExpressionPtr parse_call(ExpressionPtr callee);
  ExpressionPtr parse_test(ExpressionPtr input);
  ArgumentExpressions parse_arguments();
  bool begins_test_argument() const;
  bool ends_list() const;

  template <typename Node>
  std::unique_ptr<Node> finish(std::uint32_t begin, std::unique_ptr<Node> node) const;
  template <typename Node, typename... Arguments>
  std::unique_ptr<Node> make(std::uint32_t begin, Arguments&&... arguments) const;

  TokenStream& m_tokens;
  int m_level = 0;
};

}  // namespace bench
