#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "web/template/builtin.hpp"
#include "web/template/operators.hpp"

namespace bench {

namespace {

using Type = TemplateValue::Type;

template <Type type>
TemplateValue is_type(const TemplateValue& input, const BuiltinArguments&) {
  return input.is(type);
}

template <bool value>
TemplateValue is_boolean(const TemplateValue& input, const BuiltinArguments&) {
  return input.is(Type::boolean) && input.boolean() == value;
}

template <Comparison comparison>
TemplateValue is_compared(const TemplateValue& input, const BuiltinArguments& arguments) {
  return compare(input, comparison, arguments.value(0));
}

TemplateValue is_defined(const TemplateValue& input, const BuiltinArguments&) {
  return !input.is(Type::undefined);
}

TemplateValue is_number(const TemplateValue& input, const BuiltinArguments&) {
  return input.is(Type::integer) || input.is(Type::number) || input.is(Type::boolean);
}

TemplateValue is_sequence(const TemplateValue& input, const BuiltinArguments&) {
  return input.is(Type::list) || input.is(Type::text) || input.is(Type::dict);
}

TemplateValue is_iterable(const TemplateValue& input, const BuiltinArguments& arguments) {
  return input.is(Type::undefined) || is_sequence(input, arguments).boolean();
}

TemplateValue is_divisible(const TemplateValue& input, const BuiltinArguments& arguments) {
  return is_equal(calculate(input, Arithmetic::remainder, arguments.value(0)), 0);
}

template <int rest>
TemplateValue has_rest(const TemplateValue& input, const BuiltinArguments&) {
  return is_equal(calculate(input, Arithmetic::remainder, 2), rest);
}

const Builtin::Parameters other{"other"};

const std::array<Builtin, 27> tests{{
    {"boolean", is_type<Type::boolean>},
    {"callable", is_type<Type::function>},
    {"defined", is_defined},
    {"divisibleby", is_divisible, {"num"}, 1},
    {"eq", is_compared<Comparison::equal>, other, 1},
    {"equalto", is_compared<Comparison::equal>, other, 1},
    {"even", has_rest<0>},
    {"false", is_boolean<false>},
    {"float", is_type<Type::number>},
    {"ge", is_compared<Comparison::greater_or_equal>, other, 1},
    {"greaterthan", is_compared<Comparison::greater>, other, 1},
    {"gt", is_compared<Comparison::greater>, other, 1},
    {"in", is_compared<Comparison::in>, {"seq"}, 1},
    {"integer", is_type<Type::integer>},
    {"iterable", is_iterable},
    {"le", is_compared<Comparison::less_or_equal>, other, 1},
    {"lessthan", is_compared<Comparison::less>, other, 1},
    {"lt", is_compared<Comparison::less>, other, 1},
    {"mapping", is_type<Type::dict>},
    {"ne", is_compared<Comparison::unequal>, other, 1},
    {"none", is_type<Type::none>},
    {"number", is_number},
    {"odd", has_rest<1>},
    {"sequence", is_sequence},
    {"string", is_type<Type::text>},
    {"true", is_boolean<true>},
    {"undefined", is_type<Type::undefined>},
}};

}  // namespace

const Builtin* find_test(std::string_view name) {
  const auto found =
      std::find_if(tests.begin(), tests.end(), [&](const Builtin& row) { return row.name == name; });
  return found == tests.end() ? nullptr : &*found;
}

std::vector<std::string> test_names() {
  std::vector<std::string> names;
  for (const Builtin& test : tests) names.emplace_back(test.name);
  return names;
}

}  // namespace bench
