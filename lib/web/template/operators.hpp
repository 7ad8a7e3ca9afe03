#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "web/template/value.hpp"

namespace bench {

// What operators mean in Python, on values of templates. What does not go together is Error{configuration}
// without a place in a file.

bool is_true(const TemplateValue& value);
bool is_equal(const TemplateValue& left, const TemplateValue& right);
bool is_less(const TemplateValue& left, const TemplateValue& right);

enum class Comparison { equal, unequal, less, less_or_equal, greater, greater_or_equal, in, not_in };
bool compare(const TemplateValue& left, Comparison comparison, const TemplateValue& right);

enum class Arithmetic { add, subtract, multiply, divide, floor_divide, remainder, power };
TemplateValue calculate(const TemplateValue& left, Arithmetic arithmetic, const TemplateValue& right);
enum class Sign { plus, minus };
TemplateValue with_sign(Sign sign, const TemplateValue& value);

/// The number that it is, or that it says; nullopt when it is none.
std::optional<std::int64_t> integer_of(const TemplateValue& value);
std::optional<double> number_of(const TemplateValue& value);

/// `base.name` and `base[key]`: a pointer into `base` or to `scratch`; null when there is none.
const TemplateValue* find_attribute(const TemplateValue& base, std::string_view name, TemplateValue& scratch);
const TemplateValue* find_item(const TemplateValue& base, const TemplateValue& key, TemplateValue& scratch);

/// What a loop goes over: the list itself, the dict's keys, the text's characters, nothing for an undefined
/// value. Lives as long as both `value` and `scratch` do.
const TemplateList& items_of(const TemplateValue& value, TemplateValue& scratch);

/// Error{configuration} for text that no page needs.
void check_text_size(std::size_t size);

}  // namespace bench
