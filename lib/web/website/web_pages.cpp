#include "web/website/web_pages.hpp"

#include <fmt/format.h>

#include <array>

#include "base/file.hpp"

namespace bench {

namespace {

bool is_hidden(std::string_view path) {
  return path.find("/.") != std::string_view::npos || path.find('\0') != std::string_view::npos;
}

// The file itself, if it lies below the folder when all links are followed.
std::optional<std::filesystem::path> below(const std::filesystem::path& folder, const std::string& file) {
  std::error_code error;
  const auto real_folder = std::filesystem::canonical(folder, error);
  if (error) return std::nullopt;
  auto real = std::filesystem::canonical(file, error);
  if (error || !real.string().starts_with(real_folder.string() + "/")) return std::nullopt;
  return real;
}

}  // namespace

std::shared_ptr<const WebPage> WebPages::load(const std::filesystem::path& folder, const std::string& file,
                                              Dialect dialect) {
  const FileStamp stamp = stamp_of(file);
  if (!stamp.is_file()) return nullptr;
  {
    const std::lock_guard lock(m_mutex);
    const auto known = m_known.find(file);
    if (known != m_known.end() && known->second.stamp == stamp) return known->second.page;
  }
  // Once for what stands there: a link that leads elsewhere leads to another file.
  const auto real = below(folder, file);
  if (!real) return nullptr;
  auto page = std::make_shared<WebPage>();
  page->source = parse_page(read_file(*real), *real, dialect);
  page->body = Template::compile(page->source.text, real->string());
  page->markup = real->extension() == ".md" ? WebPage::Markup::markdown : WebPage::Markup::html;
  const std::lock_guard lock(m_mutex);
  m_known[file] = {stamp, page};
  return page;
}

std::shared_ptr<const WebPage> WebPages::find(const std::vector<std::filesystem::path>& folders,
                                              std::string_view path, Dialect dialect) {
  if (is_hidden(path)) return nullptr;
  std::vector<std::string> names;
  const std::string name(path.substr(std::min<std::size_t>(1, path.size())));
  if (!name.empty())
    for (const char* extension : {".html", ".md"}) names.push_back(name + extension);
  for (const char* index : {"index.html", "index.md"})
    names.push_back(name.empty() ? index : fmt::format("{}/{}", name, index));
  for (const std::filesystem::path& folder : folders)
    for (const std::string& one : names)
      if (auto page = load(folder, fmt::format("{}/{}", folder.native(), one), dialect)) return page;
  return nullptr;
}

}  // namespace bench
