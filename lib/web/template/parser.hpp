#pragma once

#include <memory>
#include <vector>

#include "web/template/node.hpp"
#include "web/template/source.hpp"

namespace bench {

struct ParsedTemplate {
  NodeList body;
  std::vector<std::unique_ptr<BlockNode>> blocks;
};

/// What the template says. Error{configuration} with file, line and column. The tree points into the source.
ParsedTemplate parse_template(const TemplateSource& source);

}  // namespace bench
