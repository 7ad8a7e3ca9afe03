#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "web/template/source.hpp"

namespace bench {

struct TemplateToken {
  enum class Type {
    text,
    output_begin,
    output_end,
    tag_begin,
    tag_end,
    name,
    string,
    integer,
    number,
    symbol,
    end
  };
  Type type;
  std::string_view text;  ///< as it stands in the source; of a string, its quotes too
  std::uint32_t at;
};

/// All tokens of a template, and one of type `end`. Comments are left out, and white space where the template
/// says so with `-`. Error{configuration} with file, line and column. The tokens live as long as the source
/// does.
std::vector<TemplateToken> template_tokens(const TemplateSource& source);

}  // namespace bench
