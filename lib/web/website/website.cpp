#include "web/website/website.hpp"

#include "web/http/failure.hpp"
#include "web/page.hpp"

namespace bench {

HttpResponse answer_website(Visit& visit) {
  if (!visit.request.is_read())
    throw HttpFailure(405, "ValidationError", "this address does not take that method");
  logged_in(visit);
  TemplateDict context;
  add_page_context(visit, context);
  const std::string name = visit.request.path == "/" ? "index" : visit.request.path.substr(1);
  return render_page(visit, name + ".html", context);
}

}  // namespace bench
