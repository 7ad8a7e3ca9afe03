#pragma once

#include <string>
#include <utility>

#include "web/template/builtin.hpp"
#include "web/template/value.hpp"

namespace bench {

// What filters and methods make of text. HTML stays HTML where Jinja's does: its letters change, and what is
// put into it is escaped.

TemplateValue capitalize_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue lower_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue upper_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue title_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue trim_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue replace_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue truncate_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue as_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue escape_text(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue mark_safe(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue break_lines(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue strip_tags(const TemplateValue& input, const BuiltinArguments& arguments);
TemplateValue encode_url(const TemplateValue& input, const BuiltinArguments& arguments);

/// Escaped where one of the items or the separator is safe.
TemplateValue joined_text(const TemplateList& items, const TemplateValue& separator);
/// A list of lists of two.
TemplateValue key_value_pairs(const TemplateDict& dict);

/// Where the characters lie that are not stripped; null `characters`: white space is.
enum class Strip { both, leading, trailing };
std::string_view stripped(std::string_view text, Strip where, const std::string* characters);

TemplateValue text_like(const TemplateValue& original, std::string text);
template <typename Fill>
TemplateValue text_like(const TemplateValue& original,
                        Fill&& fill) requires std::invocable<Fill, std::string&> {
  std::string text;
  std::forward<Fill>(fill)(text);
  return text_like(original, std::move(text));
}

}  // namespace bench
