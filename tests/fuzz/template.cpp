#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "fuzz/property.hpp"
#include "web/template/lexer.hpp"
#include "web/template/template.hpp"

using namespace bench;
using bench::test::require;

namespace {

/// A mark, so that a page shows whether what came from the context was escaped.
constexpr std::string_view hostile = "<hostile>";

class OneFile : public TemplateLoader {
 public:
  explicit OneFile(std::string_view text) : m_text(text) {}
  std::shared_ptr<const Template> load(std::string_view name) override {
    if (name == "page") return Template::compile(m_text, "page");
    if (name == "base")
      return Template::compile("[{% block a %}{{ x }}{% block b %}{% endblock %}{% endblock %}]", "base");
    return nullptr;
  }

 private:
  std::string_view m_text;
};

TemplateDict context() {
  return {{"x", hostile},
          {"n", 7},
          {"f", 2.5},
          {"l", TemplateList{1, "two", nullptr, TemplateList{3}}},
          {"d", TemplateDict{{"k", hostile}, {2, "v"}}},
          {"html", TemplateValue::safe("<b>")},
          {"call",
           TemplateFunction([](const TemplateArguments& arguments) { return arguments.get(0, "first"); })}};
}

struct Outcome {
  std::string page;
  std::string error;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome(std::string_view text) {
  OneFile loader(text);
  try {
    return {render(loader.load("page"), context(), loader), ""};
  } catch (const Error& error) {
    require(error.kind() == Kind::configuration, "what is wrong in a template is a configuration error");
    const std::string message = error.what();
    require(message.starts_with("page:") || message.starts_with("base:"), "an error names the file");
    return {"", message};
  }
}

void check_tokens(std::string_view text) {
  try {
    const TemplateSource source(text, "page");
    std::size_t at = 0;
    for (const TemplateToken& token : template_tokens(source)) {
      require(token.at >= at, "tokens go forward");
      at = token.at + token.text.size();
      require(at <= source.text.size(), "tokens lie in the source");
    }
  } catch (const Error& error) {
    require(error.kind() == Kind::configuration, "what is wrong in a template is a configuration error");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_tokens(text);
  const Outcome first = outcome(text);
  require(first == outcome(text), "the same template comes to the same page");
  // Whoever writes "hostile" or a "<" into the template may print it; the context alone may not.
  const bool may_print = text.find("safe") != std::string::npos || text.find('<') != std::string::npos ||
                         text.find("html") != std::string::npos || text.find('\\') != std::string::npos;
  if (!may_print) require(first.page.find(hostile) == std::string::npos, "what the context holds is escaped");
  return 0;
}
