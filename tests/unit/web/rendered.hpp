#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "support/errors.hpp"
#include "web/template/template.hpp"

namespace bench::test {

using Named = std::map<std::string, std::string, std::less<>>;

/// Templates by name; the first that is rendered is called "page".
class Texts : public TemplateLoader {
 public:
  explicit Texts(Named texts) : m_texts(std::move(texts)) {}
  std::shared_ptr<const Template> load(std::string_view name) override {
    const auto found = m_texts.find(name);
    return found == m_texts.end() ? nullptr : Template::compile(found->second, found->first);
  }

 private:
  Named m_texts;
};

/// The page, or what is wrong with it.
inline std::string rendered(Named texts, const TemplateDict& context = {}) {
  Texts loader(std::move(texts));
  std::string page;
  const auto error = error_of([&] { page = render(loader.load("page"), context, loader); });
  return error ? error->what() : page;
}

inline std::string rendered(const std::string& text, const TemplateDict& context = {}) {
  return rendered(Named{{"page", text}}, context);
}

/// The hint of what is wrong with it.
inline std::string hint_of(const std::string& text, const TemplateDict& context = {}) {
  Texts loader(Named{{"page", text}});
  const auto error = error_of([&] { render(loader.load("page"), context, loader); });
  return error ? error->hint() : "no error";
}

}  // namespace bench::test
