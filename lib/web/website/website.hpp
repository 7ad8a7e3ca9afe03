#pragma once

#include "web/visit.hpp"

namespace bench {

/// The website: a page of an app's `www/`, by its path.
HttpResponse answer_website(Visit& visit);

}  // namespace bench
