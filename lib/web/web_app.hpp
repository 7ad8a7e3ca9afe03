#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "site/app.hpp"
#include "site/bench_folder.hpp"
#include "web/http/message.hpp"
#include "web/served_site.hpp"
#include "web/session.hpp"

namespace bench {

/// All that a bench's sites answer: which site a request is for, whether it may be answered now, and by whom.
class WebApp {
 public:
  /// `only_site`: that one answers whatever the Host says.
  WebApp(BenchFolder bench, AppFinder apps, std::optional<std::string> only_site);

  /// Safe for several threads. Never throws.
  HttpResponse answer(const HttpRequest& request);

 private:
  std::shared_ptr<ServedSite> site_for(const HttpRequest& request);
  /// nullptr when there is no such site, or no longer.
  std::shared_ptr<ServedSite> served(const std::string& name);
  bool comes_from_proxy(const HttpRequest& request);
  HttpResponse answer_for(const std::shared_ptr<ServedSite>& site, const HttpRequest& request);

  BenchFolder m_bench;
  AppFinder m_apps;
  std::optional<std::string> m_only_site;
  std::mutex m_mutex;
  std::map<std::string, std::shared_ptr<ServedSite>> m_sites;
  LoginThrottle m_throttle;
};

}  // namespace bench
