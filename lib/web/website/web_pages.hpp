#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "web/file_stamp.hpp"
#include "web/template/template.hpp"
#include "web/website/page_source.hpp"

namespace bench {

/// A page of the website, ready to be rendered.
struct WebPage {
  PageSource source;
  std::shared_ptr<const Template> body;
  enum class Markup { html, markdown } markup = Markup::html;
};

/// The pages in `www/` folders: `about` is about.html, about.md, about/index.html or about/index.md of the
/// first folder that has one. Each is read again when its file has changed. Safe for several threads.
class WebPages {
 public:
  /// nullptr when there is none. `path` as a request's, decoded; what is hidden (a name that begins with a
  /// dot) or lies behind a link that leaves the folder is not there. Error{configuration} for what is wrong
  /// in the page.
  std::shared_ptr<const WebPage> find(const std::vector<std::filesystem::path>& folders,
                                      std::string_view path, Dialect dialect);

 private:
  struct Known {
    FileStamp stamp;
    std::shared_ptr<const WebPage> page;
  };
  std::shared_ptr<const WebPage> load(const std::filesystem::path& folder, const std::string& file,
                                      Dialect dialect);

  std::mutex m_mutex;
  std::map<std::string, Known> m_known;
};

}  // namespace bench
