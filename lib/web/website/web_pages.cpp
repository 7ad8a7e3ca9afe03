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
std::optional<std::filesystem::path> below(const std::filesystem::path& folder,
                                           const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  const auto real_folder = std::filesystem::canonical(folder, error);
  if (error) return std::nullopt;
  auto real = std::filesystem::canonical(file, error);
  if (error || !real.string().starts_with(real_folder.string() + "/")) return std::nullopt;
  return real;
}

}  // namespace

std::shared_ptr<const WebPage> WebPages::load(const std::filesystem::path& file, Dialect dialect) {
  std::error_code gone;
  const auto changed = std::filesystem::last_write_time(file, gone);
  const auto size = gone ? 0 : std::filesystem::file_size(file, gone);
  if (gone) return nullptr;
  {
    const std::lock_guard lock(m_mutex);
    const auto known = m_known.find(file);
    if (known != m_known.end() && known->second.changed == changed && known->second.size == size)
      return known->second.page;
  }
  auto page = std::make_shared<WebPage>();
  page->source = parse_page(read_file(file), file, dialect);
  page->body = Template::compile(page->source.text, file.string());
  page->markup = file.extension() == ".md" ? WebPage::Markup::markdown : WebPage::Markup::html;
  const std::lock_guard lock(m_mutex);
  m_known[file] = {changed, size, page};
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
      if (const auto file = below(folder, folder / one))
        if (auto page = load(*file, dialect)) return page;
  return nullptr;
}

}  // namespace bench
