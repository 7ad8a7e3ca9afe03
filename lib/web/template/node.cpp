#include "web/template/node.hpp"

#include <fmt/format.h>

#include <memory>

#include "web/template/rendering.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

/// The variable `loop` of a template. A copy that outlives the turn says what the loop says then, as in
/// Jinja; one that outlives the loop keeps what it was last.
class LoopState : public TemplateObject {
 public:
  explicit LoopState(std::size_t length) : m_length(length) {}
  void turn(std::size_t index, const TemplateValue* previous, const TemplateValue* next) {
    m_index = index;
    m_previous = previous;
    m_next = next;
  }
  TemplateValue attribute(std::string_view name) const override;

 private:
  std::size_t m_length;
  std::size_t m_index = 0;
  const TemplateValue* m_previous = nullptr;
  const TemplateValue* m_next = nullptr;
};

TemplateValue LoopState::attribute(std::string_view name) const {
  if (name == "index") return m_index + 1;
  if (name == "index0") return m_index;
  if (name == "first") return m_index == 0;
  if (name == "last") return m_index + 1 == m_length;
  if (name == "length") return m_length;
  if (name == "revindex") return m_length - m_index;
  if (name == "revindex0") return m_length - m_index - 1;
  if (name == "previtem") return m_previous != nullptr ? *m_previous : TemplateValue();
  if (name == "nextitem") return m_next != nullptr ? *m_next : TemplateValue();
  if (name != "cycle") return {};
  return TemplateFunction([index = m_index](const TemplateArguments& arguments) {
    if (arguments.positional.empty())
      throw Error(Kind::configuration, "loop.cycle() needs something to go through", "give it the values");
    return arguments.positional[index % arguments.positional.size()];
  });
}

/// Gives the value to the names: as it is, or its items one by one.
template <typename Give>
void unpack(Rendering& rendering, std::uint32_t at, const Targets& targets, const TemplateValue& value,
            TemplateValue& scratch, Give&& give) {
  if (!targets.unpacks) return give(targets.names.front(), value);
  const TemplateList& items =
      rendering.at_place(at, [&]() -> const TemplateList& { return items_of(value, scratch); });
  if (items.size() != targets.names.size())
    rendering.fail(at,
                   fmt::format("{} items cannot be given to {} names", items.size(), targets.names.size()));
  for (std::size_t target = 0; target < items.size(); ++target) give(targets.names[target], items[target]);
}

}  // namespace

void TextNode::render(Rendering&, std::string& out) const {
  out += text;
}

void OutputNode::render(Rendering& rendering, std::string& out) const {
  TemplateValue scratch;
  const TemplateValue& value = expression->evaluate(rendering, scratch);
  rendering.at_place(at, [&] { append_escaped(out, value); });
}

void IfNode::render(Rendering& rendering, std::string& out) const {
  TemplateValue scratch;
  for (const Branch& branch : branches)
    if (!branch.condition || is_true(branch.condition->evaluate(rendering, scratch)))
      return rendering.render(branch.body, out);
}

std::vector<const TemplateValue*> ForNode::chosen(Rendering& rendering, const TemplateList& list) const {
  std::vector<const TemplateValue*> items_chosen;
  items_chosen.reserve(list.size());
  for (const TemplateValue& item : list) {
    if (condition) {
      VariableScope variables(&rendering.scope());
      VariableScope* outer = rendering.use_scope(&variables);
      TemplateValue scratch;
      TemplateValue parts;
      unpack(rendering, at, targets, item, parts,
             [&](std::string_view name, const TemplateValue& value) { variables.refer(name, value); });
      const bool is_chosen = is_true(condition->evaluate(rendering, scratch));
      rendering.use_scope(outer);
      if (!is_chosen) continue;
    }
    items_chosen.push_back(&item);
  }
  return items_chosen;
}

void ForNode::render(Rendering& rendering, std::string& out) const {
  TemplateValue scratch;
  TemplateValue items_scratch;
  const TemplateValue& value = items->evaluate(rendering, scratch);
  const TemplateList& list =
      rendering.at_place(items->at, [&]() -> const TemplateList& { return items_of(value, items_scratch); });
  const std::vector<const TemplateValue*> turns = chosen(rendering, list);
  if (turns.empty()) return rendering.render(otherwise, out);

  const auto loop = std::make_shared<LoopState>(turns.size());
  VariableScope variables(&rendering.scope());
  variables.set("loop", TemplateValue(loop));
  VariableScope* outer = rendering.use_scope(&variables);
  TemplateValue parts;
  for (std::size_t turn = 0; turn < turns.size(); ++turn) {
    loop->turn(turn, turn > 0 ? turns[turn - 1] : nullptr,
               turn + 1 < turns.size() ? turns[turn + 1] : nullptr);
    // What the body set the last time is forgotten; "loop" stays.
    variables.keep(1);
    unpack(rendering, at, targets, *turns[turn], parts,
           [&](std::string_view name, const TemplateValue& item) { variables.refer(name, item); });
    rendering.render(body, out);
  }
  rendering.use_scope(outer);
  loop->turn(turns.size() - 1, nullptr, nullptr);
}

void SetNode::render(Rendering& rendering, std::string&) const {
  TemplateValue scratch;
  TemplateValue parts;
  // A copy, since what is set may be what it was made from.
  const TemplateValue evaluated = value->evaluate(rendering, scratch);
  unpack(rendering, at, targets, evaluated, parts,
         [&](std::string_view name, const TemplateValue& item) { rendering.scope().set(name, item); });
}

void SetTextNode::render(Rendering& rendering, std::string&) const {
  std::string html;
  VariableScope variables(&rendering.scope());
  VariableScope* outer = rendering.use_scope(&variables);
  rendering.render(body, html);
  rendering.use_scope(outer);
  TemplateValue text = TemplateValue::safe(std::move(html));
  for (const auto& filter : filters) text = filter->apply_to(rendering, text);
  outer->set(name, std::move(text));
}

void BlockPlace::render(Rendering& rendering, std::string& out) const {
  rendering.render_block(block, out);
}

void IncludeNode::render(Rendering& rendering, std::string& out) const {
  TemplateValue scratch;
  rendering.include(*this, name->evaluate(rendering, scratch), out);
}

void ExtendsNode::render(Rendering& rendering, std::string&) const {
  TemplateValue scratch;
  rendering.extend(at, name->evaluate(rendering, scratch));
}

}  // namespace bench
