#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "base/log_file.hpp"
#include "base/time.hpp"
#include "config/site_config.hpp"
#include "database/backend.hpp"
#include "maintenance/window.hpp"
#include "site/app.hpp"
#include "site/site.hpp"
#include "web/connection_pool.hpp"
#include "web/file_stamp.hpp"
#include "web/resource/doctype.hpp"
#include "web/template/folders.hpp"
#include "web/website/web_pages.hpp"

namespace bench {

/// A site as its configuration was at one moment.
struct SiteSnapshot {
  LayeredConfig config;
  std::optional<ConnectionSettings> replica;  ///< that answers reads while the site is in maintenance
  SiteMode mode = SiteMode::live;
  std::string session_key;
  std::vector<App> apps;  ///< installed ones that can be found
  /// The apps' versions: a page that was made by others reloads before it writes.
  std::string release;
  /// Of the window that stands, or of one that is announced.
  std::string reason;
  std::optional<Clock::time_point> expected_end;
  /// When it may be worth to ask again: the expected end, else as long as the last such window took.
  std::optional<Clock::time_point> estimated_end;
  std::optional<Clock::time_point> announced_for;
  std::optional<Clock::time_point> announcement_ends;

  bool in_maintenance() const { return mode != SiteMode::live; }
};

/// Then its statements are cancelled, and its page is given up.
inline constexpr std::chrono::milliseconds longest_request{10'000};

/// One for each request that may write at the same time, whatever its site.
using WriterSeats = std::counting_semaphore<>;

/// One site that is served: its configuration as the files are now, and its database by the app account.
/// Safe for several threads.
class ServedSite {
 public:
  ServedSite(Site site, AppFinder apps, WriterSeats& seats);

  const Site& site() const { return m_site; }
  /// Whether it has a configuration, as the file system is now.
  bool exists() const;
  /// As the files are now; a look at three files when they have not changed. A file that cannot be read
  /// leaves what was before; Error{configuration} when there was nothing.
  std::shared_ptr<const SiteSnapshot> snapshot();

  /// Runs `action` in a read-only transaction, in maintenance on the replica where there is one that answers.
  /// It may run twice: a connection that was lost, or a snapshot that a change of the schema spoilt, is tried
  /// again once.
  void read(const std::function<void(Database&)>& action);
  /// The same, never on a replica.
  void read_own(const std::function<void(Database&)>& action);
  /// Lends a connection that can write; the action makes its own transaction, the last thing that it does. It
  /// may run again when it was refused for a moment, or the connection was lost before. HttpFailure{503}
  /// (InReadOnlyMode) when the site is in maintenance, or goes into it before the transaction is done.
  void write(const std::function<void(Database&)>& action);

  /// The doctype, from memory for a few seconds while nothing says that it has changed.
  std::shared_ptr<const Doctype> doctype(Database& database, const std::string& name);
  WebPages& pages() { return m_pages; }
  /// Those of the apps, the last installed first, so that an app can put its own page in another's place.
  std::shared_ptr<TemplateFolders> templates();

 private:
  using Stamps = std::array<FileStamp, 3>;
  struct Known {
    std::shared_ptr<const Doctype> doctype;
    std::chrono::steady_clock::time_point at;
  };

  Stamps look() const;
  std::shared_ptr<const SiteSnapshot> load() const;
  /// What the last look saw: each request begins with one.
  std::shared_ptr<const SiteSnapshot> last_snapshot();
  void forget_doctypes();
  Doctype read_doctype(Database& database, const std::string& name);
  std::unique_ptr<Database> open(const ConnectionSettings& settings, Access access,
                                 std::function<bool()> cancelled);
  ConnectionSettings settings() { return connection_settings(snapshot()->config, m_site.path()); }
  bool read_on_replica(const std::function<void(Database&)>& action);
  LogFile log() const { return LogFile(m_site.log_file()); }

  Site m_site;
  /// What is looked at for each request: the site's config, the common one, and the announcement.
  std::array<std::string, 3> m_looked_at;
  AppFinder m_apps;
  std::string m_passing_key;  ///< for a site without an encryption key: sessions end with this process
  WriterSeats& m_seats;
  std::mutex m_mutex;
  Stamps m_stamps;
  Stamps m_refused_stamps;  ///< of files that could not be read
  std::shared_ptr<const SiteSnapshot> m_snapshot;
  std::map<std::string, Known> m_doctypes;
  std::shared_ptr<TemplateFolders> m_templates;
  std::shared_ptr<const SiteSnapshot> m_templates_of;
  std::vector<std::filesystem::path> m_template_folders;
  WebPages m_pages;
  std::atomic<int> m_writing{0};
  /// Until then a replica that does not answer is not asked again. Of the steady clock.
  std::atomic<std::chrono::steady_clock::time_point> m_replica_rests_until{};
  ConnectionPool m_replica_readers;
  ConnectionPool m_readers;
  ConnectionPool m_writers;
};

}  // namespace bench
