#include "web/page.hpp"

#include <fmt/format.h>

#include "web/http/failure.hpp"
#include "web/template/template.hpp"

namespace bench {

namespace {

TemplateValue time_or_none(const std::optional<Clock::time_point>& time) {
  return time ? TemplateValue(to_iso8601(*time)) : TemplateValue(nullptr);
}

}  // namespace

void add_page_context(Visit& visit, TemplateDict& context) {
  const SiteSnapshot& now = *visit.now;
  context.set("read_only_mode", visit.read_only());
  context.set("reason", now.reason);
  context.set("expected_end", time_or_none(now.expected_end));
  context.set("announcement", time_or_none(now.announced_for));
  context.set("site_name", visit.site->site().name());
  context.set("release", now.release);
  if (context.find(std::string_view("path")) == nullptr) context.set("path", visit.request.path);
  context.set("csrf_token", visit.session ? visit.session->csrf_token : "");
  if (visit.user)
    context.set("user", TemplateDict{{"name", visit.user->name},
                                     {"full_name", visit.user->full_name},
                                     {"can_write", visit.user->role == Role::writer}});
  else
    context.set("user", nullptr);
  TemplateDict form;
  for (const auto& [name, value] : visit.request.query)
    if (form.find(std::string_view(name)) == nullptr) form.set(name, value);
  context.set("form_dict", std::move(form));
}

HttpResponse render_page(Visit& visit, std::string_view name, const TemplateDict& context, int status) {
  const auto folders = visit.site->templates();
  const auto page = folders->load(name);
  if (!page) throw not_found();
  return text_response(status, "text/html; charset=utf-8", render(page, context, *folders, visit.limits()));
}

}  // namespace bench
