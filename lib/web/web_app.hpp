#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "site/app.hpp"
#include "site/bench_folder.hpp"
#include "web/file_stamp.hpp"
#include "web/http/message.hpp"
#include "web/served_site.hpp"
#include "web/session.hpp"

namespace bench {

/// All that a bench's sites answer: which site a request is for, whether it may be answered now, and by whom.
class WebApp {
 public:
  /// `only_site`: that one answers whatever the Host says. Of `workers` threads that ask, a quarter is kept
  /// for reads, however long writers wait for their databases.
  WebApp(BenchFolder bench, AppFinder apps, std::optional<std::string> only_site, int workers);

  /// Safe for several threads. Never throws.
  HttpResponse answer(const HttpRequest& request);
  /// Who asks, where `peer` may be a proxy that says for whom: the last address of X-Forwarded-For, if the
  /// peer is trusted. Never throws.
  std::string client_of(const std::string& peer, std::string_view forwarded_for);

 private:
  /// Who asks for what, and how, also when a trusted proxy passes it on.
  struct Origin {
    std::optional<std::string> site;  ///< as the proxy names it
    std::string client;               ///< the address
    bool is_encrypted = false;
  };
  Origin origin_of(const HttpRequest& request);
  std::shared_ptr<ServedSite> site_for(const HttpRequest& request, const Origin& origin);
  /// A site that is there, by its very name; with the lock.
  std::shared_ptr<ServedSite> served_as(const std::string& name);
  /// Also by its name in small letters. nullptr when there is no such site, or no longer.
  std::shared_ptr<ServedSite> served(const std::string& name);
  /// As the file is now; what it said before while it cannot be read.
  std::shared_ptr<const SiteConfig> common_config();
  bool is_trusted_proxy(const std::string& address);
  HttpResponse answer_for(const std::shared_ptr<ServedSite>& site, const HttpRequest& request,
                          const Origin& origin);

  BenchFolder m_bench;
  AppFinder m_apps;
  std::optional<std::string> m_only_site;
  WriterSeats m_seats;
  std::mutex m_mutex;
  std::map<std::string, std::shared_ptr<ServedSite>> m_sites;
  std::shared_ptr<const SiteConfig> m_common;
  FileStamp m_common_stamp;
  LoginThrottle m_throttle;
};

}  // namespace bench
