#pragma once

#include <string>

#include "web/template/lexer.hpp"
#include "web/template/source.hpp"
#include "web/template/value.hpp"

namespace bench {

/// What a token of type string says: its text without quotes, with Python's escapes resolved.
/// Error{configuration} for an escape that is no character.
std::string string_literal(const TemplateSource& source, const TemplateToken& token);

/// What a token of type integer or number says. Error{configuration} when it does not fit in 64 bits.
TemplateValue number_literal(const TemplateSource& source, const TemplateToken& token);

}  // namespace bench
