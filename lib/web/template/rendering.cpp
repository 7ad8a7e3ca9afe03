#include "web/template/rendering.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "web/template/builtin.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

/// Bodies, includes and blocks that are rendered within one another. Bounds the stack.
constexpr int most_levels = 400;
constexpr int levels_of_include = 4;
/// The expression around `super()` is under way, too.
constexpr int levels_of_super = 20;

}  // namespace

const TemplateValue* VariableScope::find(std::string_view name) const {
  for (const VariableScope* scope = this; scope != nullptr; scope = scope->m_outer)
    for (const Variable& variable : scope->m_variables)
      if (variable.name == name) return variable.referred != nullptr ? variable.referred : &variable.own;
  return nullptr;
}

VariableScope::Variable& VariableScope::variable(std::string_view name) {
  for (Variable& variable : m_variables)
    if (variable.name == name) return variable;
  return m_variables.emplace_back(Variable{name, nullptr, {}});
}

void VariableScope::set(std::string_view name, TemplateValue value) {
  Variable& changed = variable(name);
  changed.referred = nullptr;
  changed.own = std::move(value);
}

void VariableScope::refer(std::string_view name, const TemplateValue& value) {
  variable(name).referred = &value;
}

void Rendering::fail(std::uint32_t at, std::string_view message, std::string hint) const {
  m_template->source().fail(at, message, std::move(hint));
}

void Rendering::descend(int levels) {
  if (m_depth + levels > most_levels)
    fail(m_at, fmt::format("blocks, loops and includes lie more than {} deep in one another", most_levels),
         "see whether a template includes itself without an end");
  m_depth += levels;
}

const TemplateValue& Rendering::find(std::string_view name) const {
  static const TemplateValue undefined;
  if (const TemplateValue* variable = m_scope->find(name)) return *variable;
  if (const TemplateValue* given = m_context->find(name)) return *given;
  const TemplateValue* global = find_global(name);
  return global != nullptr ? *global : undefined;
}

void Rendering::fail_for_size() const {
  fail(m_at, fmt::format("the page is larger than {} MiB", m_limits.bytes >> 20U), "show less on one page");
}

// What goes on without an end goes through bodies: asking the clock for each would cost more than most of
// them.
void Rendering::keep_time() {
  constexpr std::uint32_t bodies_between_looks = 128;
  if (++m_bodies % bodies_between_looks != 0) return;
  if (std::chrono::steady_clock::now() > m_limits.until)
    throw Error(Kind::interrupted, "the page took too long").with_context(place(m_at));
}

void Rendering::render(const NodeList& body, std::string& out) {
  descend(1);
  keep_time();
  for (const auto& node : body) {
    m_at = node->at;
    node->render(*this, out);
    keep_size(out);
  }
  --m_depth;
}

void Rendering::add_blocks(const Template& page) {
  for (const auto& block : page.blocks()) {
    auto found = std::find_if(m_page->blocks.begin(), m_page->blocks.end(),
                              [&](const BlockLevels& levels) { return levels.name == block->name; });
    if (found == m_page->blocks.end()) found = m_page->blocks.insert(found, BlockLevels{block->name, {}});
    found->levels.push_back({block.get(), &page});
  }
}

void Rendering::render(std::shared_ptr<const Template> page, std::string& out) {
  VariableScope variables(m_scope);
  Page chain;
  chain.variables = &variables;
  VariableScope* outer_scope = use_scope(&variables);
  Page* outer_page = std::exchange(m_page, &chain);
  const Template* outer_template = m_template;
  const BlockLevels* outer_block = std::exchange(m_block, nullptr);
  const std::size_t outer_level = m_level;
  chain.templates.push_back(std::move(page));
  do {
    chain.is_extended = false;
    m_template = chain.templates.back().get();
    add_blocks(*m_template);
    render(m_template->body(), out);
  } while (chain.is_extended);
  m_level = outer_level;
  m_block = outer_block;
  m_template = outer_template;
  m_page = outer_page;
  use_scope(outer_scope);
}

void Rendering::render_level(const BlockLevels& block, std::size_t level, SeesVariables sees,
                             std::string& out) {
  VariableScope variables(sees == SeesVariables::of_loops ? m_scope : m_page->variables);
  VariableScope* outer_scope = use_scope(&variables);
  const Template* outer_template = std::exchange(m_template, block.levels[level].owner);
  const BlockLevels* outer_block = std::exchange(m_block, &block);
  const std::size_t outer_level = std::exchange(m_level, level);
  render(block.levels[level].block->body, out);
  m_level = outer_level;
  m_block = outer_block;
  m_template = outer_template;
  use_scope(outer_scope);
}

void Rendering::render_block(const BlockNode& block, std::string& out) {
  const auto found = std::find_if(m_page->blocks.begin(), m_page->blocks.end(),
                                  [&](const BlockLevels& levels) { return levels.name == block.name; });
  render_level(*found, 0, block.is_scoped ? SeesVariables::of_loops : SeesVariables::of_page, out);
}

std::string Rendering::super(std::uint32_t at) {
  if (m_block == nullptr) fail(at, "super() stands outside of a block");
  if (m_level + 1 >= m_block->levels.size())
    fail(at, fmt::format("no template that is extended has a block '{}'", m_block->name));
  m_at = at;
  descend(levels_of_super);
  std::string html;
  render_level(*m_block, m_level + 1, SeesVariables::of_page, html);
  m_depth -= levels_of_super;
  return html;
}

std::shared_ptr<const Template> Rendering::find_template(std::uint32_t at, const TemplateValue& name) {
  if (!name.is(TemplateValue::Type::text))
    fail(at, fmt::format("the name of a template must be text, not {}", bench::name(name.type())));
  return at_place(at, [&] { return m_loader.load(name.text()); });
}

void Rendering::include(const IncludeNode& node, const TemplateValue& name, std::string& out) {
  std::shared_ptr<const Template> included;
  const TemplateList one{name.is(TemplateValue::Type::list) ? TemplateValue() : name};
  for (const TemplateValue& candidate : name.is(TemplateValue::Type::list) ? name.list() : one) {
    included = find_template(node.at, candidate);
    if (included) break;
  }
  if (!included && node.may_be_missing) return;
  if (!included) fail(node.at, fmt::format("there is no template {}", printed(name)));
  descend(levels_of_include);
  static const TemplateDict nothing;
  const TemplateDict* outer_context = m_context;
  VariableScope* outer_scope = m_scope;
  if (!node.sees_context) {
    m_context = &nothing;
    m_scope = nullptr;
  }
  render(std::move(included), out);
  m_scope = outer_scope;
  m_context = outer_context;
  m_depth -= levels_of_include;
}

void Rendering::extend(std::uint32_t at, const TemplateValue& name) {
  std::shared_ptr<const Template> extended = find_template(at, name);
  if (!extended) fail(at, fmt::format("there is no template '{}'", name.text()));
  for (const auto& before : m_page->templates)
    if (before->source().file == extended->source().file)
      fail(at, fmt::format("'{}' extends itself in the end", extended->source().file));
  m_page->templates.push_back(std::move(extended));
  m_page->is_extended = true;
}

}  // namespace bench
