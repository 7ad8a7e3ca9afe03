#include "web/template/expression_parser.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/suggestion.hpp"
#include "web/template/literal.hpp"

namespace bench {

namespace {

using Type = TemplateToken::Type;

/// Bounds the stack, of parsing and of evaluating.
constexpr int most_levels = 100;
constexpr int most_height = 200;

struct ComparisonSymbol {
  std::string_view symbol;
  Comparison comparison;
};
constexpr std::array<ComparisonSymbol, 6> comparisons{{{"==", Comparison::equal},
                                                       {"!=", Comparison::unequal},
                                                       {"<", Comparison::less},
                                                       {"<=", Comparison::less_or_equal},
                                                       {">", Comparison::greater},
                                                       {">=", Comparison::greater_or_equal}}};

struct ArithmeticSymbol {
  std::string_view symbol;
  Arithmetic arithmetic;
};
constexpr std::array<ArithmeticSymbol, 2> sums{{{"+", Arithmetic::add}, {"-", Arithmetic::subtract}}};
constexpr std::array<ArithmeticSymbol, 4> products{{{"*", Arithmetic::multiply},
                                                    {"/", Arithmetic::divide},
                                                    {"//", Arithmetic::floor_divide},
                                                    {"%", Arithmetic::remainder}}};

template <typename Symbols>
auto symbol_of(const Symbols& symbols, const TokenStream& tokens) -> decltype(symbols.data()) {
  for (const auto& row : symbols)
    if (tokens.is_symbol(row.symbol)) return &row;
  return nullptr;
}

bool is_operator_word(std::string_view word) {
  constexpr std::array<std::string_view, 7> words{"and", "or", "not", "if", "else", "in", "is"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

/// One more level of an expression in an expression.
class ExpressionParser::Level {
 public:
  explicit Level(ExpressionParser& parser) : m_parser(parser) {
    if (++m_parser.m_level > most_levels)
      m_parser.m_tokens.fail(fmt::format("expressions lie more than {} deep in one another", most_levels),
                             "set a part of it to a name first");
  }
  ~Level() { --m_parser.m_level; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  ExpressionParser& m_parser;
};

template <typename Node>
std::unique_ptr<Node> ExpressionParser::finish(std::uint32_t begin, std::unique_ptr<Node> node) const {
  const TemplateToken& last = m_tokens.previous();
  const std::string_view text = m_tokens.source().text;
  node->at = begin;
  node->source = text.substr(begin, last.at + last.text.size() - begin);
  if (node->height > most_height)
    m_tokens.fail(fmt::format("the expression has more than {} steps in a row", most_height),
                  "set a part of it to a name first");
  return node;
}

template <typename Node, typename... Arguments>
std::unique_ptr<Node> ExpressionParser::make(std::uint32_t begin, Arguments&&... arguments) const {
  return finish(begin, std::make_unique<Node>(std::forward<Arguments>(arguments)...));
}

ExpressionPtr ExpressionParser::parse() {
  const Level level(*this);
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr value = parse_or();
  while (m_tokens.skip_word("if")) {
    ExpressionPtr condition = parse_or();
    ExpressionPtr otherwise = m_tokens.skip_word("else") ? parse() : nullptr;
    value = make<ConditionalExpression>(begin, std::move(condition), std::move(value), std::move(otherwise));
  }
  return value;
}

ExpressionPtr ExpressionParser::parse_list_or_one() {
  return parse_list_or_one_of(&ExpressionParser::parse);
}

ExpressionPtr ExpressionParser::parse_items() {
  return parse_list_or_one_of(&ExpressionParser::parse_or);
}

bool ExpressionParser::ends_list() const {
  return m_tokens.is(Type::output_end) || m_tokens.is(Type::tag_end) || m_tokens.is_symbol(")");
}

ExpressionPtr ExpressionParser::parse_list_or_one_of(Parse parse_one) {
  const std::uint32_t begin = m_tokens.current().at;
  std::vector<ExpressionPtr> items;
  items.push_back((this->*parse_one)());
  if (!m_tokens.is_symbol(",")) return std::move(items.front());
  while (m_tokens.skip_symbol(",") && !ends_list()) items.push_back((this->*parse_one)());
  return make<ListExpression>(begin, std::move(items));
}

ExpressionPtr ExpressionParser::parse_or() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr left = parse_and();
  while (m_tokens.skip_word("or")) {
    ExpressionPtr right = parse_and();
    left = make<LogicExpression>(begin, Logic::either, std::move(left), std::move(right));
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_and() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr left = parse_not();
  while (m_tokens.skip_word("and")) {
    ExpressionPtr right = parse_not();
    left = make<LogicExpression>(begin, Logic::both, std::move(left), std::move(right));
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_not() {
  const std::uint32_t begin = m_tokens.current().at;
  if (!m_tokens.skip_word("not")) return parse_comparison();
  const Level level(*this);
  return make<NotExpression>(begin, parse_not());
}

ExpressionPtr ExpressionParser::parse_comparison() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr first = parse_sum();
  std::vector<ComparisonExpression::Step> steps;
  for (;;) {
    std::optional<Comparison> comparison;
    if (const auto* row = symbol_of(comparisons, m_tokens)) comparison = row->comparison;
    if (m_tokens.is_word("in")) comparison = Comparison::in;
    if (m_tokens.is_word("not") && m_tokens.ahead().type == Type::name && m_tokens.ahead().text == "in") {
      comparison = Comparison::not_in;
      m_tokens.take();
    }
    if (!comparison) break;
    m_tokens.take();
    steps.push_back({*comparison, parse_sum()});
  }
  if (steps.empty()) return first;
  return make<ComparisonExpression>(begin, std::move(first), std::move(steps));
}

ExpressionPtr ExpressionParser::parse_sum() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr left = parse_join();
  while (const auto* row = symbol_of(sums, m_tokens)) {
    m_tokens.take();
    ExpressionPtr right = parse_join();
    left = make<ArithmeticExpression>(begin, row->arithmetic, std::move(left), std::move(right));
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_join() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr first = parse_product();
  if (!m_tokens.is_symbol("~")) return first;
  std::vector<ExpressionPtr> parts;
  parts.push_back(std::move(first));
  while (m_tokens.skip_symbol("~")) parts.push_back(parse_product());
  return make<JoinExpression>(begin, std::move(parts));
}

ExpressionPtr ExpressionParser::parse_product() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr left = parse_operand();
  while (const auto* row = symbol_of(products, m_tokens)) {
    m_tokens.take();
    ExpressionPtr right = parse_operand();
    left = make<ArithmeticExpression>(begin, row->arithmetic, std::move(left), std::move(right));
  }
  return left;
}

ExpressionPtr ExpressionParser::parse_operand() {
  const std::uint32_t begin = m_tokens.current().at;
  ExpressionPtr left = parse_unary(Filters::allowed);
  while (m_tokens.skip_symbol("**"))
    left =
        make<ArithmeticExpression>(begin, Arithmetic::power, std::move(left), parse_unary(Filters::allowed));
  return left;
}

ExpressionPtr ExpressionParser::parse_unary(Filters filters) {
  const std::uint32_t begin = m_tokens.current().at;
  const bool is_minus = m_tokens.is_symbol("-");
  ExpressionPtr operand;
  if (is_minus || m_tokens.is_symbol("+")) {
    const Level level(*this);
    m_tokens.take();
    operand = make<SignExpression>(begin, is_minus ? Sign::minus : Sign::plus, parse_unary(Filters::none));
  } else {
    operand = parse_primary();
  }
  operand = parse_postfix(std::move(operand));
  return filters == Filters::allowed ? parse_filters_and_tests(std::move(operand)) : std::move(operand);
}

ExpressionPtr ExpressionParser::parse_primary() {
  const std::uint32_t begin = m_tokens.current().at;
  if (m_tokens.is(Type::name)) return parse_name();
  if (m_tokens.is(Type::string)) return parse_string();
  if (m_tokens.is(Type::integer) || m_tokens.is(Type::number)) {
    TemplateValue number = number_literal(m_tokens.source(), m_tokens.current());
    m_tokens.take();
    return make<LiteralExpression>(begin, std::move(number));
  }
  if (m_tokens.is_symbol("(")) return parse_parentheses();
  if (m_tokens.is_symbol("[")) return parse_list();
  if (m_tokens.is_symbol("{")) return parse_dict();
  m_tokens.fail_unexpected("an expression");
}

ExpressionPtr ExpressionParser::parse_name() {
  const std::uint32_t begin = m_tokens.current().at;
  const std::string_view name = m_tokens.current().text;
  if (is_operator_word(name)) m_tokens.fail_unexpected("an expression");
  m_tokens.take();
  if (name == "true" || name == "True") return make<LiteralExpression>(begin, true);
  if (name == "false" || name == "False") return make<LiteralExpression>(begin, false);
  if (name == "none" || name == "None") return make<LiteralExpression>(begin, nullptr);
  if (name != "super" || !m_tokens.is_symbol("(")) return make<NameExpression>(begin, name);
  m_tokens.take();
  m_tokens.expect_symbol(")");
  return make<SuperExpression>(begin);
}

/// Strings that follow one another are one.
ExpressionPtr ExpressionParser::parse_string() {
  const std::uint32_t begin = m_tokens.current().at;
  std::string text;
  while (m_tokens.is(Type::string)) text += string_literal(m_tokens.source(), m_tokens.take());
  return make<LiteralExpression>(begin, std::move(text));
}

ExpressionPtr ExpressionParser::parse_parentheses() {
  const std::uint32_t begin = m_tokens.take().at;
  if (m_tokens.skip_symbol(")")) return make<ListExpression>(begin, std::vector<ExpressionPtr>());
  ExpressionPtr inner = parse_list_or_one();
  m_tokens.expect_symbol(")");
  return inner;
}

ExpressionPtr ExpressionParser::parse_list() {
  const std::uint32_t begin = m_tokens.take().at;
  std::vector<ExpressionPtr> items;
  while (!m_tokens.is_symbol("]")) {
    items.push_back(parse());
    if (!m_tokens.skip_symbol(",")) break;
  }
  m_tokens.expect_symbol("]");
  return make<ListExpression>(begin, std::move(items));
}

ExpressionPtr ExpressionParser::parse_dict() {
  const std::uint32_t begin = m_tokens.take().at;
  std::vector<DictExpression::Entry> entries;
  while (!m_tokens.is_symbol("}")) {
    ExpressionPtr key = parse();
    m_tokens.expect_symbol(":");
    ExpressionPtr value = parse();
    entries.emplace_back(std::move(key), std::move(value));
    if (!m_tokens.skip_symbol(",")) break;
  }
  m_tokens.expect_symbol("}");
  return make<DictExpression>(begin, std::move(entries));
}

ExpressionPtr ExpressionParser::parse_postfix(ExpressionPtr base) {
  for (;;) {
    if (m_tokens.is_symbol("."))
      base = parse_attribute(std::move(base));
    else if (m_tokens.is_symbol("["))
      base = parse_item(std::move(base));
    else if (m_tokens.is_symbol("("))
      base = parse_call(std::move(base));
    else
      return base;
  }
}

ExpressionPtr ExpressionParser::parse_filters_and_tests(ExpressionPtr input) {
  for (;;) {
    if (m_tokens.skip_symbol("|"))
      input = parse_filter(std::move(input));
    else if (m_tokens.skip_word("is"))
      input = parse_test(std::move(input));
    else if (m_tokens.is_symbol("("))
      input = parse_call(std::move(input));
    else
      return input;
  }
}

ExpressionPtr ExpressionParser::parse_attribute(ExpressionPtr base) {
  const std::uint32_t begin = base->at;
  m_tokens.take();
  if (m_tokens.is(Type::integer)) {
    const std::uint32_t key_begin = m_tokens.current().at;
    TemplateValue position = number_literal(m_tokens.source(), m_tokens.current());
    m_tokens.take();
    ExpressionPtr key = make<LiteralExpression>(key_begin, std::move(position));
    return make<ItemExpression>(begin, std::move(base), std::move(key));
  }
  const std::string_view name = m_tokens.expect(Type::name, "a name").text;
  if (!m_tokens.is_symbol("(")) return make<AttributeExpression>(begin, std::move(base), name);
  ArgumentExpressions arguments = parse_arguments();
  return make<MethodExpression>(begin, std::move(base), name, std::move(arguments));
}

ExpressionPtr ExpressionParser::parse_item(ExpressionPtr base) {
  const std::uint32_t begin = base->at;
  m_tokens.take();
  std::array<ExpressionPtr, 3> bounds;
  std::size_t bound = 0;
  bool is_slice = false;
  while (!m_tokens.is_symbol("]")) {
    if (m_tokens.skip_symbol(":")) {
      is_slice = true;
      if (++bound == bounds.size()) m_tokens.fail("a part is cut by at most three numbers");
    } else if (bounds[bound]) {
      m_tokens.fail_unexpected("']'");
    } else {
      bounds[bound] = parse();
    }
  }
  if (!is_slice && !bounds[0]) m_tokens.fail_unexpected("an expression");
  m_tokens.take();
  if (!is_slice) return make<ItemExpression>(begin, std::move(base), std::move(bounds[0]));
  return make<SliceExpression>(begin, std::move(base), std::move(bounds[0]), std::move(bounds[1]),
                               std::move(bounds[2]));
}

ArgumentExpressions ExpressionParser::parse_arguments() {
  m_tokens.expect_symbol("(");
  ArgumentExpressions arguments;
  while (!m_tokens.is_symbol(")")) {
    const bool is_named =
        m_tokens.is(Type::name) && m_tokens.ahead().type == Type::symbol && m_tokens.ahead().text == "=";
    if (is_named) {
      const std::string_view name = m_tokens.take().text;
      m_tokens.take();
      arguments.named.emplace_back(name, parse());
    } else if (arguments.named.empty()) {
      arguments.positional.push_back(parse());
    } else {
      m_tokens.fail("an argument without a name stands behind one with a name");
    }
    if (!m_tokens.skip_symbol(",")) break;
  }
  m_tokens.expect_symbol(")");
  return arguments;
}

ExpressionPtr ExpressionParser::parse_call(ExpressionPtr callee) {
  const std::uint32_t begin = callee->at;
  ArgumentExpressions arguments = parse_arguments();
  return make<CallExpression>(begin, std::move(callee), std::move(arguments));
}

std::unique_ptr<BuiltinExpression> ExpressionParser::parse_filter(ExpressionPtr input) {
  const TemplateToken& name = m_tokens.expect(Type::name, "the name of a filter");
  const Builtin* filter = find_filter(name.text);
  if (filter == nullptr)
    m_tokens.source().fail(name.at, fmt::format("there is no filter '{}'", name.text),
                           did_you_mean(name.text, filter_names()));
  const std::uint32_t begin = name.at;
  ArgumentExpressions arguments;
  if (m_tokens.is_symbol("(")) arguments = parse_arguments();
  if (const std::string fault = binding_fault(*filter, arguments); !fault.empty())
    m_tokens.source().fail(begin, fault);
  const std::uint32_t expression_begin = input ? input->at : begin;
  return make<BuiltinExpression>(expression_begin, *filter, std::move(input), std::move(arguments),
                                 Meaning::as_it_is);
}

bool ExpressionParser::begins_test_argument() const {
  if (m_tokens.is(Type::name)) return !is_operator_word(m_tokens.current().text);
  return m_tokens.is(Type::string) || m_tokens.is(Type::integer) || m_tokens.is(Type::number) ||
         m_tokens.is_symbol("[") || m_tokens.is_symbol("{");
}

ExpressionPtr ExpressionParser::parse_test(ExpressionPtr input) {
  const std::uint32_t begin = input->at;
  const Meaning meaning = m_tokens.skip_word("not") ? Meaning::negated : Meaning::as_it_is;
  const TemplateToken& name = m_tokens.expect(Type::name, "the name of a test");
  const std::uint32_t name_at = name.at;
  const Builtin* test = find_test(name.text);
  if (test == nullptr)
    m_tokens.source().fail(name_at, fmt::format("there is no test '{}'", name.text),
                           did_you_mean(name.text, test_names()));
  ArgumentExpressions arguments;
  if (m_tokens.is_symbol("("))
    arguments = parse_arguments();
  else if (begins_test_argument())
    arguments.positional.push_back(parse_postfix(parse_primary()));
  if (const std::string fault = binding_fault(*test, arguments); !fault.empty())
    m_tokens.source().fail(name_at, fault);
  if (m_tokens.is_word("is")) m_tokens.fail("a test follows a test", "put the first one in parentheses");
  return make<BuiltinExpression>(begin, *test, std::move(input), std::move(arguments), meaning);
}

}  // namespace bench
