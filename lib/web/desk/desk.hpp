#pragma once

#include "web/visit.hpp"

namespace bench {

/// /login and what begins with /app: the tables of a site for people, as pages that need no script.
HttpResponse answer_desk(Visit& visit);

/// To the login, and back to what this request reads after it.
HttpResponse ask_to_log_in(const HttpRequest& request);

/// A failure for people. What was typed into a form that was refused stands in it, to be sent again.
HttpResponse failure_page(const Visit& visit, int status, const std::string& message);

}  // namespace bench
