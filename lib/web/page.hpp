#pragma once

#include <string_view>

#include "web/template/value.hpp"
#include "web/visit.hpp"

namespace bench {

/// What every page may name: read_only_mode, reason, expected_end, announcement, site_name, path, user,
/// csrf_token, release, form_dict.
void add_page_context(Visit& visit, TemplateDict& context);

/// A template of the site's apps as an HTML page. HttpFailure{404} when there is none of that name.
HttpResponse render_page(Visit& visit, std::string_view name, const TemplateDict& context, int status = 200);

}  // namespace bench
