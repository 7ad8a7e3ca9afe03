#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "web/template/node.hpp"
#include "web/template/source.hpp"
#include "web/template/value.hpp"

namespace bench {

/// A compiled template, in the part of Jinja's language that pages need. It never changes, and any number of
/// threads may render it.
class Template {
 public:
  /// Error{configuration} with `file`, line and column where the text is wrong.
  static std::shared_ptr<const Template> compile(std::string_view text, std::string file);

  const TemplateSource& source() const { return m_source; }
  const NodeList& body() const { return m_body; }
  const std::vector<std::unique_ptr<BlockNode>>& blocks() const { return m_blocks; }

 private:
  explicit Template(TemplateSource source) : m_source(std::move(source)) {}

  TemplateSource m_source;
  NodeList m_body;
  std::vector<std::unique_ptr<BlockNode>> m_blocks;
};

/// Where the templates come from that others extend and include.
class TemplateLoader {
 public:
  TemplateLoader() = default;
  TemplateLoader(const TemplateLoader&) = delete;
  TemplateLoader& operator=(const TemplateLoader&) = delete;
  virtual ~TemplateLoader() = default;
  /// Null when there is none of that name. Called from any thread.
  virtual std::shared_ptr<const Template> load(std::string_view name) = 0;
};

/// What one page may take.
struct RenderLimits {
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
  std::size_t bytes = 64U << 20U;
};

/// The page: the template filled with `context`, whatever is not safe in it escaped for HTML.
/// Error{configuration} with file, line and column, also for a page that is too large; an Error of a function
/// of the context keeps its kind. Error{interrupted} when it is late.
std::string render(const std::shared_ptr<const Template>& page, const TemplateDict& context,
                   TemplateLoader& loader, const RenderLimits& limits = {});

}  // namespace bench
