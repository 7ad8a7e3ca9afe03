#include "web/template/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <utility>

#include "base/suggestion.hpp"
#include "web/template/expression_parser.hpp"
#include "web/template/token_stream.hpp"

namespace bench {

namespace {

using Type = TemplateToken::Type;
using Words = std::initializer_list<std::string_view>;

/// Tags within one another. Bounds the stack, of parsing and of rendering.
constexpr int most_levels = 50;

class Parser {
 public:
  explicit Parser(const TemplateSource& source) : m_tokens(source), m_expressions(m_tokens) {}
  ParsedTemplate parse();

 private:
  struct TagRow {
    std::string_view word;
    void (Parser::*parse)(NodeList& body, std::uint32_t at);
  };
  static const std::array<TagRow, 6> tags;

  NodeList parse_body(const TemplateToken& opening, Words ends);
  void parse_tag(NodeList& body);
  [[noreturn]] void fail_unknown_tag();
  void parse_if(NodeList& body, std::uint32_t at);
  void parse_for(NodeList& body, std::uint32_t at);
  void parse_set(NodeList& body, std::uint32_t at);
  void parse_block(NodeList& body, std::uint32_t at);
  void parse_include(NodeList& body, std::uint32_t at);
  void parse_extends(NodeList& body, std::uint32_t at);
  Targets parse_targets();
  void end_tag() { m_tokens.expect(Type::tag_end, "'%}'"); }

  template <typename Node>
  void add(NodeList& body, std::uint32_t at, std::unique_ptr<Node> node) {
    node->at = at;
    body.push_back(std::move(node));
  }
  /// What prints outside of blocks has no place in a template that extends another.
  bool prints() const { return !m_extends || m_block_level > 0; }

  TokenStream m_tokens;
  ExpressionParser m_expressions;
  std::vector<std::unique_ptr<BlockNode>> m_blocks;
  bool m_extends = false;
  int m_block_level = 0;
  int m_level = 0;
};

const std::array<Parser::TagRow, 6> Parser::tags{{{"if", &Parser::parse_if},
                                                  {"for", &Parser::parse_for},
                                                  {"set", &Parser::parse_set},
                                                  {"block", &Parser::parse_block},
                                                  {"include", &Parser::parse_include},
                                                  {"extends", &Parser::parse_extends}}};

ParsedTemplate Parser::parse() {
  NodeList body = parse_body(m_tokens.current(), {});
  return {std::move(body), std::move(m_blocks)};
}

/// Up to one of the tags `ends`, whose word is then the current token; without any, up to the end of the
/// file.
NodeList Parser::parse_body(const TemplateToken& opening, Words ends) {
  NodeList body;
  for (;;) {
    const TemplateToken& token = m_tokens.current();
    if (token.type == Type::end && ends.size() == 0) return body;
    if (token.type == Type::end)
      m_tokens.source().fail(opening.at, fmt::format("'{}' is not closed", opening.text),
                             fmt::format("close it with {{% {} %}}", *(ends.end() - 1)));
    m_tokens.take();
    if (token.type == Type::text) {
      if (prints()) add(body, token.at, std::make_unique<TextNode>(token.text));
    } else if (token.type == Type::output_begin) {
      ExpressionPtr expression = m_expressions.parse_list_or_one();
      m_tokens.expect(Type::output_end, "'}}'");
      if (prints()) add(body, token.at, std::make_unique<OutputNode>(std::move(expression)));
    } else {
      const bool is_end = m_tokens.is(Type::name) &&
                          std::find(ends.begin(), ends.end(), m_tokens.current().text) != ends.end();
      if (is_end) return body;
      parse_tag(body);
    }
  }
}

void Parser::parse_tag(NodeList& body) {
  if (++m_level > most_levels)
    m_tokens.fail(fmt::format("tags lie more than {} deep in one another", most_levels),
                  "move a part of it into a file that is included");
  const TemplateToken& word = m_tokens.current();
  const auto row =
      std::find_if(tags.begin(), tags.end(), [&](const TagRow& tag) { return m_tokens.is_word(tag.word); });
  if (row == tags.end()) fail_unknown_tag();
  m_tokens.take();
  (this->*row->parse)(body, word.at);
  --m_level;
}

void Parser::fail_unknown_tag() {
  constexpr std::array<std::string_view, 7> closing{"elif",   "else",     "endif", "endfor",
                                                    "endset", "endblock", "endraw"};
  const TemplateToken& word = m_tokens.expect(Type::name, "the name of a tag");
  if (std::find(closing.begin(), closing.end(), word.text) != closing.end())
    m_tokens.source().fail(word.at, fmt::format("'{}' has no tag that it belongs to", word.text));
  std::vector<std::string> known{"raw"};
  for (const TagRow& tag : tags) known.emplace_back(tag.word);
  for (const std::string_view tag : closing) known.emplace_back(tag);
  m_tokens.source().fail(word.at, fmt::format("there is no tag '{}'", word.text),
                         did_you_mean(word.text, known));
}

void Parser::parse_if(NodeList& body, std::uint32_t at) {
  const TemplateToken& opening = m_tokens.previous();
  auto node = std::make_unique<IfNode>();
  for (bool is_last = false; !is_last;) {
    IfNode::Branch branch;
    const bool is_else = m_tokens.previous().text == "else";
    if (!is_else) branch.condition = m_expressions.parse_items();
    end_tag();
    branch.body = is_else ? parse_body(opening, {"endif"}) : parse_body(opening, {"elif", "else", "endif"});
    node->branches.push_back(std::move(branch));
    is_last = m_tokens.take().text == "endif";
  }
  end_tag();
  add(body, at, std::move(node));
}

Targets Parser::parse_targets() {
  Targets targets;
  const bool in_parentheses = m_tokens.skip_symbol("(");
  do {
    // A comma may stand behind the last one.
    if (!targets.names.empty() && !m_tokens.is(Type::name)) break;
    if (m_tokens.is_word("loop")) m_tokens.fail("'loop' is what a loop is known by", "choose another name");
    targets.names.push_back(m_tokens.expect(Type::name, "a name").text);
    targets.unpacks = targets.unpacks || m_tokens.is_symbol(",");
  } while (m_tokens.skip_symbol(",") && !m_tokens.is_word("in"));
  if (in_parentheses) m_tokens.expect_symbol(")");
  return targets;
}

void Parser::parse_for(NodeList& body, std::uint32_t at) {
  const TemplateToken& opening = m_tokens.previous();
  auto node = std::make_unique<ForNode>();
  node->targets = parse_targets();
  if (!m_tokens.skip_word("in")) m_tokens.fail_unexpected("'in'");
  node->items = m_expressions.parse_items();
  if (m_tokens.skip_word("if")) node->condition = m_expressions.parse();
  end_tag();
  node->body = parse_body(opening, {"else", "endfor"});
  if (m_tokens.take().text == "else") {
    end_tag();
    node->otherwise = parse_body(opening, {"endfor"});
    m_tokens.take();
  }
  end_tag();
  add(body, at, std::move(node));
}

void Parser::parse_set(NodeList& body, std::uint32_t at) {
  const TemplateToken& opening = m_tokens.previous();
  const Targets targets = parse_targets();
  if (!m_tokens.skip_symbol("=")) {
    if (targets.unpacks) m_tokens.fail_unexpected("'='");
    auto node = std::make_unique<SetTextNode>();
    node->name = targets.names.front();
    while (m_tokens.skip_symbol("|")) node->filters.push_back(m_expressions.parse_filter(nullptr));
    end_tag();
    // It is a value, and so has its place in a template that extends another, too.
    ++m_block_level;
    node->body = parse_body(opening, {"endset"});
    --m_block_level;
    m_tokens.take();
    end_tag();
    return add(body, at, std::move(node));
  }
  auto node = std::make_unique<SetNode>();
  node->targets = targets;
  node->value = m_expressions.parse_list_or_one();
  end_tag();
  add(body, at, std::move(node));
}

void Parser::parse_block(NodeList& body, std::uint32_t at) {
  const TemplateToken& opening = m_tokens.previous();
  const TemplateToken& name = m_tokens.expect(Type::name, "the name of the block");
  if (std::any_of(m_blocks.begin(), m_blocks.end(),
                  [&](const auto& block) { return block->name == name.text; }))
    m_tokens.source().fail(name.at, fmt::format("the block '{}' is there already", name.text),
                           "give it another name");
  const std::size_t place = m_blocks.size();
  m_blocks.push_back(std::make_unique<BlockNode>());
  BlockNode& block = *m_blocks[place];
  block.name = name.text;
  block.at = at;
  block.is_scoped = m_tokens.skip_word("scoped");
  end_tag();
  const bool is_printed = prints();
  ++m_block_level;
  block.body = parse_body(opening, {"endblock"});
  --m_block_level;
  m_tokens.take();
  m_tokens.skip_word(block.name);
  end_tag();
  if (is_printed) add(body, at, std::make_unique<BlockPlace>(block));
}

void Parser::parse_include(NodeList& body, std::uint32_t at) {
  auto node = std::make_unique<IncludeNode>();
  node->name = m_expressions.parse();
  const auto skip_words = [&](std::string_view first, std::string_view second) {
    const bool are_next =
        m_tokens.is_word(first) && m_tokens.ahead().type == Type::name && m_tokens.ahead().text == second;
    if (!are_next) return false;
    m_tokens.take();
    m_tokens.take();
    return true;
  };
  node->may_be_missing = skip_words("ignore", "missing");
  node->sees_context = !skip_words("without", "context");
  if (node->sees_context) skip_words("with", "context");
  end_tag();
  if (prints()) add(body, at, std::move(node));
}

void Parser::parse_extends(NodeList& body, std::uint32_t at) {
  if (m_level > 1)
    m_tokens.source().fail(at, "'extends' stands within another tag", "let it stand first in the file");
  if (m_extends) m_tokens.source().fail(at, "the template extends another already");
  ExpressionPtr name = m_expressions.parse();
  end_tag();
  m_extends = true;
  add(body, at, std::make_unique<ExtendsNode>(std::move(name)));
}

}  // namespace

ParsedTemplate parse_template(const TemplateSource& source) {
  return Parser(source).parse();
}

}  // namespace bench
