#include "web/template/expression.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "web/template/rendering.hpp"
#include "web/template/text.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

const TemplateValue& undefined_value() {
  static const TemplateValue undefined;
  return undefined;
}

const TemplateValue& found_or_undefined(const TemplateValue* found) {
  return found != nullptr ? *found : undefined_value();
}

void require_defined(Rendering& rendering, const Expression& base, const TemplateValue& value) {
  if (value.is(Type::undefined))
    rendering.fail(base.at, fmt::format("'{}' is undefined and has no items", base.source));
}

void require_defined(Rendering& rendering, const Expression& base, const TemplateValue& value,
                     std::string_view attribute) {
  if (value.is(Type::undefined))
    rendering.fail(base.at, fmt::format("'{}' is undefined and has no '{}'", base.source, attribute));
}

TemplateArguments evaluate_arguments(Rendering& rendering, const ArgumentExpressions& expressions) {
  TemplateArguments arguments;
  TemplateValue scratch;
  arguments.positional.reserve(expressions.positional.size());
  for (const ExpressionPtr& argument : expressions.positional)
    arguments.positional.push_back(argument->evaluate(rendering, scratch));
  for (const auto& [name, argument] : expressions.named)
    arguments.named.emplace_back(name, argument->evaluate(rendering, scratch));
  return arguments;
}

/// Arguments that were found to fit by `binding_fault`.
TemplateValue apply_builtin(Rendering& rendering, std::uint32_t at, const Builtin& builtin,
                            const TemplateValue& input, const ArgumentExpressions& expressions) {
  if (expressions.positional.empty() && expressions.named.empty())
    return rendering.at_place(at, [&] { return builtin.apply(input, BuiltinArguments(builtin.name)); });
  std::array<TemplateValue, BuiltinArguments::most> scratches;
  BuiltinArguments arguments(builtin.name);
  std::size_t next = 0;
  for (const ExpressionPtr& argument : expressions.positional) {
    arguments.set(next, &argument->evaluate(rendering, scratches[next]));
    ++next;
  }
  for (const auto& [name, argument] : expressions.named) {
    const std::size_t parameter = *builtin.parameter(name);
    arguments.set(parameter, &argument->evaluate(rendering, scratches[parameter]));
  }
  return rendering.at_place(at, [&] { return builtin.apply(input, arguments); });
}

TemplateValue call(Rendering& rendering, const Expression& callee, const TemplateValue& function,
                   const ArgumentExpressions& arguments) {
  if (function.is(Type::undefined))
    rendering.fail(callee.at, fmt::format("'{}' is undefined", callee.source));
  if (!function.is(Type::function))
    rendering.fail(callee.at,
                   fmt::format("'{}' is {} and cannot be called", callee.source, name(function.type())));
  const TemplateArguments evaluated = evaluate_arguments(rendering, arguments);
  return rendering.at_place(callee.at, [&] { return function.function()(evaluated); });
}

struct SliceBounds {
  std::int64_t begin, end, step;
};

/// Python's bounds: negative ones count from the end, and those outside are brought to the nearest end.
SliceBounds clamped(std::int64_t size, std::int64_t step, std::optional<std::int64_t> begin,
                    std::optional<std::int64_t> end) {
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? size : size - 1;
  const auto bring = [&](std::optional<std::int64_t> bound, std::int64_t otherwise) {
    if (!bound) return otherwise;
    return std::clamp(*bound < 0 ? *bound + size : *bound, lowest, highest);
  };
  return {bring(begin, step > 0 ? lowest : highest), bring(end, step > 0 ? highest : lowest), step};
}

TemplateValue slice(const TemplateValue& base, const TemplateList& items, const SliceBounds& bounds) {
  TemplateList chosen;
  std::int64_t left = 0;
  if (bounds.step > 0 && bounds.end > bounds.begin) left = (bounds.end - bounds.begin - 1) / bounds.step + 1;
  // The smallest integer has no opposite.
  if (bounds.step < 0 && bounds.begin > bounds.end)
    left = (bounds.begin - bounds.end - 1) / -std::max<std::int64_t>(bounds.step, -INT64_MAX) + 1;
  for (std::int64_t at = bounds.begin; left > 0; --left) {
    chosen.push_back(items[static_cast<std::size_t>(at)]);
    if (left > 1) at += bounds.step;
  }
  if (!base.is(Type::text)) return chosen;
  std::string text;
  for (const TemplateValue& character : chosen) text += character.text();
  return base.is_safe() ? TemplateValue::safe(std::move(text)) : TemplateValue(std::move(text));
}

std::optional<std::int64_t> slice_bound(Rendering& rendering, const ExpressionPtr& expression) {
  if (!expression) return std::nullopt;
  TemplateValue scratch;
  const TemplateValue& value = expression->evaluate(rendering, scratch);
  if (value.is(Type::none)) return std::nullopt;
  if (value.is(Type::boolean)) return value.boolean() ? 1 : 0;
  if (!value.is(Type::integer))
    rendering.fail(expression->at, fmt::format("a part is cut by integers, not by {}", name(value.type())));
  return value.integer();
}

}  // namespace

const TemplateValue& LiteralExpression::evaluate(Rendering&, TemplateValue&) const {
  return value;
}

const TemplateValue& NameExpression::evaluate(Rendering& rendering, TemplateValue&) const {
  return rendering.find(name);
}

const TemplateValue& AttributeExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  const TemplateValue& value = base->evaluate(rendering, scratch);
  if (value.is(Type::dict)) return found_or_undefined(value.dict().find(name));
  require_defined(rendering, *base, value, name);
  return rendering.at_place(
      at, [&]() -> const TemplateValue& { return found_or_undefined(find_attribute(value, name, scratch)); });
}

const TemplateValue& ItemExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateValue key_scratch;
  const TemplateValue& value = base->evaluate(rendering, scratch);
  const TemplateValue& which = key->evaluate(rendering, key_scratch);
  require_defined(rendering, *base, value);
  return rendering.at_place(
      at, [&]() -> const TemplateValue& { return found_or_undefined(find_item(value, which, scratch)); });
}

const TemplateValue& SliceExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateValue base_scratch;
  TemplateValue items_scratch;
  const TemplateValue& value = base->evaluate(rendering, base_scratch);
  require_defined(rendering, *base, value);
  if (!value.is(Type::text) && !value.is(Type::list))
    rendering.fail(at, fmt::format("'{}' is {} and has no parts", base->source, name(value.type())));
  const TemplateList& items = items_of(value, items_scratch);
  const std::int64_t by = slice_bound(rendering, step).value_or(1);
  if (by == 0) rendering.fail(at, "a part cannot be cut in steps of 0");
  const SliceBounds bounds = clamped(static_cast<std::int64_t>(items.size()), by,
                                     slice_bound(rendering, begin), slice_bound(rendering, end));
  return scratch = slice(value, items, bounds);
}

CallingExpression::CallingExpression(ArgumentExpressions with) : arguments(std::move(with)) {
  for (const ExpressionPtr& argument : arguments.positional) adopt(argument);
  for (const auto& [name, argument] : arguments.named) adopt(argument);
}

const TemplateValue& CallExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateValue callee_scratch;
  const TemplateValue& function = callee->evaluate(rendering, callee_scratch);
  return scratch = call(rendering, *callee, function, arguments);
}

const TemplateValue& MethodExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateValue base_scratch;
  const TemplateValue& value = base->evaluate(rendering, base_scratch);
  require_defined(rendering, *base, value, name);
  if (const Builtin* method = find_method(value.type(), name)) {
    if (const std::string fault = binding_fault(*method, arguments); !fault.empty())
      rendering.fail(at, fault);
    return scratch = apply_builtin(rendering, at, *method, value, arguments);
  }
  TemplateValue function_scratch;
  const TemplateValue& function = rendering.at_place(at, [&]() -> const TemplateValue& {
    return found_or_undefined(find_attribute(value, name, function_scratch));
  });
  if (function.is(Type::undefined))
    rendering.fail(at,
                   fmt::format("'{}' is {} and has no '{}'", base->source, bench::name(value.type()), name));
  return scratch = call(rendering, *this, function, arguments);
}

const TemplateValue& SuperExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  return scratch = TemplateValue::safe(rendering.super(at));
}

TemplateValue BuiltinExpression::apply_to(Rendering& rendering, const TemplateValue& value) const {
  return apply_builtin(rendering, at, builtin, value, arguments);
}

const TemplateValue& BuiltinExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateValue result = apply_to(rendering, input->evaluate(rendering, scratch));
  if (meaning == Meaning::negated) result = !is_true(result);
  return scratch = std::move(result);
}

const TemplateValue& NotExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  return scratch = !is_true(operand->evaluate(rendering, scratch));
}

const TemplateValue& SignExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  const TemplateValue& value = operand->evaluate(rendering, scratch);
  return scratch = rendering.at_place(at, [&] { return with_sign(sign, value); });
}

const TemplateValue& ArithmeticExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateValue right_scratch;
  const TemplateValue& first = left->evaluate(rendering, scratch);
  const TemplateValue& second = right->evaluate(rendering, right_scratch);
  return scratch = rendering.at_place(at, [&] { return calculate(first, arithmetic, second); });
}

const TemplateValue& JoinExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  std::vector<TemplateValue> values(parts.size());
  std::vector<const TemplateValue*> evaluated;
  evaluated.reserve(parts.size());
  for (std::size_t part = 0; part < parts.size(); ++part)
    evaluated.push_back(&parts[part]->evaluate(rendering, values[part]));
  const bool is_safe = std::any_of(evaluated.begin(), evaluated.end(),
                                   [](const TemplateValue* value) { return value->is_safe(); });
  std::string text;
  for (const TemplateValue* value : evaluated)
    rendering.at_place(at, [&] {
      is_safe ? append_escaped(text, *value) : append_text(text, *value);
      check_text_size(text.size());
    });
  return scratch = is_safe ? TemplateValue::safe(std::move(text)) : TemplateValue(std::move(text));
}

ComparisonExpression::ComparisonExpression(ExpressionPtr left, std::vector<Step> others)
    : first(std::move(left)), steps(std::move(others)) {
  adopt(first);
  for (const Step& step : steps) adopt(step.operand);
}

const TemplateValue& ComparisonExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  std::array<TemplateValue, 2> scratches;
  const TemplateValue* left = &first->evaluate(rendering, scratches[1]);
  for (std::size_t step = 0; step < steps.size(); ++step) {
    const TemplateValue& right = steps[step].operand->evaluate(rendering, scratches[step % 2]);
    if (!rendering.at_place(at, [&] { return compare(*left, steps[step].comparison, right); }))
      return scratch = false;
    left = &right;
  }
  return scratch = true;
}

const TemplateValue& LogicExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  const TemplateValue& first = left->evaluate(rendering, scratch);
  const bool decides = is_true(first) == (logic == Logic::either);
  return decides ? first : right->evaluate(rendering, scratch);
}

const TemplateValue& ConditionalExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  if (is_true(condition->evaluate(rendering, scratch))) return value->evaluate(rendering, scratch);
  return otherwise ? otherwise->evaluate(rendering, scratch) : undefined_value();
}

const TemplateValue& ListExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateList list;
  list.reserve(items.size());
  for (const ExpressionPtr& item : items) list.push_back(item->evaluate(rendering, scratch));
  return scratch = rendering.at_place(at, [&] { return TemplateValue(std::move(list)); });
}

DictExpression::DictExpression(std::vector<Entry> which) : entries(std::move(which)) {
  for (const auto& [key, value] : entries) {
    adopt(key);
    adopt(value);
  }
}

const TemplateValue& DictExpression::evaluate(Rendering& rendering, TemplateValue& scratch) const {
  TemplateDict dict;
  TemplateValue key_scratch;
  for (const auto& [key_expression, value_expression] : entries) {
    const TemplateValue& key = key_expression->evaluate(rendering, key_scratch);
    const TemplateValue& value = value_expression->evaluate(rendering, scratch);
    rendering.at_place(key_expression->at, [&] { dict.set(key, value); });
  }
  return scratch = rendering.at_place(at, [&] { return TemplateValue(std::move(dict)); });
}

std::string binding_fault(const Builtin& builtin, const ArgumentExpressions& arguments) {
  const std::size_t given = arguments.positional.size();
  if (given > builtin.parameter_count())
    return fmt::format("'{}' takes at most {} arguments, not {}", builtin.name, builtin.parameter_count(),
                       given);
  std::array<bool, BuiltinArguments::most> is_given{};
  std::fill_n(is_given.begin(), given, true);
  for (const auto& [name, argument] : arguments.named) {
    const auto parameter = builtin.parameter(name);
    if (!parameter) return fmt::format("'{}' has no argument '{}'", builtin.name, name);
    if (is_given[*parameter]) return fmt::format("'{}' is given '{}' twice", builtin.name, name);
    is_given[*parameter] = true;
  }
  for (std::size_t parameter = 0; parameter < builtin.required; ++parameter)
    if (!is_given[parameter])
      return fmt::format("'{}' needs the argument '{}'", builtin.name, builtin.parameters[parameter]);
  return {};
}

}  // namespace bench
