#include "web/template/template.hpp"

#include <utility>

#include "web/template/parser.hpp"
#include "web/template/rendering.hpp"

namespace bench {

std::shared_ptr<const Template> Template::compile(std::string_view text, std::string file) {
  const std::shared_ptr<Template> compiled(new Template(TemplateSource(text, std::move(file))));
  ParsedTemplate parsed = parse_template(compiled->m_source);
  compiled->m_body = std::move(parsed.body);
  compiled->m_blocks = std::move(parsed.blocks);
  return compiled;
}

std::string render(const std::shared_ptr<const Template>& page, const TemplateDict& context,
                   TemplateLoader& loader, const RenderLimits& limits) {
  std::string out;
  out.reserve(2 * page->source().text.size());
  Rendering(loader, context, limits).render(page, out);
  return out;
}

}  // namespace bench
