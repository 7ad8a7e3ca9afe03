#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "web/template/value.hpp"

namespace bench {

/// Appends the text with & < > " ' as entities.
void append_escaped(std::string& out, std::string_view text);

/// Appends what `{{ value }}` prints, escaped where it is not safe. Error{configuration} for a function.
void append_escaped(std::string& out, const TemplateValue& value);

/// Appends the value as text, nothing escaped, as Python's str() writes it.
void append_text(std::string& out, const TemplateValue& value);
std::string printed(const TemplateValue& value);
/// As it stands in a list that is printed: Python's repr().
void append_quoted(std::string& out, const TemplateValue& value);

/// As Python writes a floating point number: the shortest digits that give it back, always with a point or
/// exponent.
std::string printed(double number);

/// UTF-8. Bytes that are none count as a character each, and stay what they are.
char32_t character_at(std::string_view text, std::size_t at, std::size_t& next);
void append_character(std::string& out, char32_t character);
std::size_t count_characters(std::string_view text);
/// The part from the character `from` to before the character `to`.
std::string_view characters(std::string_view text, std::size_t from, std::size_t to);

/// What Python takes for white space.
bool is_space(char32_t character);
std::string_view without_leading_space(std::string_view text);
std::string_view without_trailing_space(std::string_view text);

enum class LetterCase { upper, lower };
/// Letter by letter, in every script: a letter whose other case is several letters stays as it is.
std::string in_case(std::string_view text, LetterCase to);

}  // namespace bench
