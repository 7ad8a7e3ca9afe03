#include "web/served_site.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "base/digest.hpp"
#include "database/refusal.hpp"
#include "maintenance/announcement.hpp"
#include "operation/operation.hpp"
#include "web/http/failure.hpp"

namespace bench {

namespace {

constexpr std::chrono::seconds doctype_life{5};
constexpr std::chrono::seconds rest_of_replica{10};
constexpr std::chrono::seconds patience_of_writers{5};
// A query that runs on when nobody waits for it would keep others from being answered.
constexpr int most_looks = 10;
constexpr std::chrono::milliseconds pause_of_looks{20};
// Those of one site leave seats to the others', however long they wait for one another.
constexpr int most_writers = 8;
constexpr std::chrono::milliseconds patience_for_a_seat{200};

/// A place among those who write; HttpFailure{503} when there is none.
class WriterTurn {
 public:
  WriterTurn(std::atomic<int>& of_site, WriterSeats& seats) : m_of_site(of_site), m_seats(seats) {
    if (++m_of_site <= most_writers && m_seats.try_acquire_for(patience_for_a_seat)) return;
    --m_of_site;
    throw HttpFailure(503, "ServiceUnavailable",
                      "too many are saving at the same time: try again in a moment");
  }
  ~WriterTurn() {
    m_seats.release();
    --m_of_site;
  }
  WriterTurn(const WriterTurn&) = delete;
  WriterTurn& operator=(const WriterTurn&) = delete;

 private:
  std::atomic<int>& m_of_site;
  WriterSeats& m_seats;
};

void add_window(const Site& site, SiteSnapshot& snapshot) {
  for (const OperationState state :
       {OperationState::running, OperationState::open, OperationState::needs_attention})
    for (const Operation& operation : Operation::list_in_state(site, state)) {
      if (!holds_window(operation)) continue;
      snapshot.reason = operation.record().value("reason", "");
      snapshot.expected_end = from_iso8601(operation.record().value("expected_end", ""));
      snapshot.estimated_end = snapshot.expected_end
                                   ? snapshot.expected_end
                                   : from_iso8601(operation.record().value("estimated_end", ""));
    }
}

void add_announcement(const Site& site, SiteSnapshot& snapshot) {
  const auto announced = read_announcement(site);
  if (!announced) return;
  snapshot.announced_for = announced->at;
  snapshot.announcement_ends = announced->end();
  snapshot.expected_end = announced->until;
  snapshot.reason = announced->reason;
}

// MariaDB: the table was changed after the snapshot was taken.
constexpr int table_has_changed = 1412;

bool is_spoilt_snapshot(const Error& error) {
  return error.database_error() == table_has_changed || error.sqlstate() == "40001" ||
         error.sqlstate().starts_with("SQLITE_SCHEMA");
}

void run_in_transaction(Database& database, const std::function<void(Database&)>& action) {
  Transaction transaction(database);
  action(database);
  transaction.commit();
}

void read_once(ConnectionPool& pool, const std::function<void(Database&)>& action) {
  ConnectionPool::Lease connection = pool.take();
  try {
    run_in_transaction(*connection, action);
  } catch (const HttpFailure&) {
    throw;
  } catch (const Error& error) {
    // What rests was opened as early as the one that is lost.
    error.kind() == Kind::database ? connection.discard_all_as_old() : connection.discard();
    throw;
  }
}

bool is_unknown_column(const Error& error) {
  const std::string& state = error.sqlstate();
  return state == "42S22" || state == "42703" || state == "42S02" || state == "42P01";
}

}  // namespace

ServedSite::ServedSite(Site site, AppFinder apps, WriterSeats& seats)
    : m_site(std::move(site)),
      m_looked_at{m_site.config_file().string(),
                  (m_site.bench() / "sites" / "common_site_config.json").string(),
                  m_site.announcement_file().string()},
      m_apps(std::move(apps)),
      m_passing_key(random_hex(32)),
      m_seats(seats),
      m_replica_readers(longest_request,
                        [this](std::function<bool()> too_long) {
                          const auto replica = snapshot()->replica;
                          return open(replica ? *replica : settings(), Access::read_only,
                                      std::move(too_long));
                        }),
      m_readers(longest_request,
                [this](std::function<bool()> too_long) {
                  return open(settings(), Access::read_only, std::move(too_long));
                }),
      m_writers(longest_request, [this](const std::function<bool()>& too_long) {
        // A write that waits while the site goes into maintenance must not hold that up.
        return open(settings(), Access::read_write,
                    [this, too_long] { return too_long() || snapshot()->in_maintenance(); });
      }) {}

ServedSite::Stamps ServedSite::look() const {
  Stamps stamps;
  std::ranges::transform(m_looked_at, stamps.begin(), [](const std::string& file) { return stamp_of(file); });
  return stamps;
}

bool ServedSite::exists() const {
  return stamp_of(m_looked_at[0]).error == 0;
}

std::shared_ptr<const SiteSnapshot> ServedSite::load() const {
  auto snapshot = std::make_shared<SiteSnapshot>(SiteSnapshot{.config = m_site.config()});
  snapshot->mode = site_mode(snapshot->config);
  const auto key = snapshot->config.string("encryption_key");
  snapshot->session_key =
      hmac_sha256(key ? *key : m_passing_key, fmt::format("session of {}", m_site.name()));
  try {
    snapshot->replica = replica_settings(snapshot->config, m_site.path());
  } catch (const Error& error) {
    log().line("warning", error.what());
  }
  std::string versions;
  for (const std::string& name : m_site.installed_apps())
    if (auto app = m_apps.find(name)) {
      versions += fmt::format("{} {}\n", app->name, app->version);
      snapshot->apps.push_back(std::move(*app));
    }
  snapshot->release = sha256(versions).substr(0, 12);
  if (snapshot->mode == SiteMode::live)
    add_announcement(m_site, *snapshot);
  else
    add_window(m_site, *snapshot);
  return snapshot;
}

std::shared_ptr<const SiteSnapshot> ServedSite::snapshot() {
  const Stamps now = look();
  const std::lock_guard lock(m_mutex);
  const bool is_over =
      m_snapshot && m_snapshot->announcement_ends.value_or(Clock::time_point::max()) < Clock::now();
  if (m_snapshot && now == m_stamps && !is_over) return m_snapshot;
  try {
    std::shared_ptr<const SiteSnapshot> loaded = load();
    const bool moved =
        m_snapshot && (m_snapshot->config.raw("db_name") != loaded->config.raw("db_name") ||
                       m_snapshot->config.raw("db_password") != loaded->config.raw("db_password"));
    m_snapshot = std::move(loaded);
    m_stamps = now;
    m_doctypes.clear();
    m_replica_readers.clear();
    if (moved) {
      m_readers.clear();
      m_writers.clear();
    }
  } catch (const std::exception& error) {
    if (!m_snapshot) throw;
    // Said once for each state of the files, and what was true before stays true.
    if (now != m_refused_stamps)
      log().line("error", fmt::format("the site is served as it was before: {}", error.what()));
    m_refused_stamps = now;
  }
  return m_snapshot;
}

std::shared_ptr<const SiteSnapshot> ServedSite::last_snapshot() {
  {
    const std::lock_guard lock(m_mutex);
    if (m_snapshot) return m_snapshot;
  }
  return snapshot();
}

std::unique_ptr<Database> ServedSite::open(const ConnectionSettings& settings, Access access,
                                           std::function<bool()> cancelled) {
  auto database = get_backend(settings.db_type)
                      .connect(settings, {.access = access,
                                          .cancelled = std::move(cancelled),
                                          .connect_timeout = std::chrono::milliseconds(3'000)});
  // SQLite enforces them only where it is told to.
  if (access == Access::read_write && database->dialect() == Dialect::sqlite)
    database->execute("PRAGMA foreign_keys = ON");
  return database;
}

void ServedSite::read(const std::function<void(Database&)>& action) {
  const auto now = last_snapshot();
  const bool from_replica = now->replica && now->in_maintenance() &&
                            std::chrono::steady_clock::now() >= m_replica_rests_until.load();
  if (!from_replica || !read_on_replica(action)) read_own(action);
}

// False when the site's own database must be asked: the replica does not answer, or does not have it yet.
bool ServedSite::read_on_replica(const std::function<void(Database&)>& action) {
  try {
    read_once(m_replica_readers, action);
    return true;
  } catch (const HttpFailure& failure) {
    if (failure.status() != 404) throw;
    return false;
  } catch (const Error& error) {
    m_replica_rests_until = std::chrono::steady_clock::now() + rest_of_replica;
    log().line("warning", fmt::format("reads go to the site's own database: {}", error.what()));
    forget_doctypes();
    return false;
  }
}

// A connection may be lost while it logs in as well.
void ServedSite::read_own(const std::function<void(Database&)>& action) {
  for (int tries = 1;; ++tries) {
    try {
      return read_once(m_readers, action);
    } catch (const HttpFailure&) {
      throw;
    } catch (const Error& error) {
      const bool is_lost = error.kind() == Kind::database;
      if (tries == 2 || !(is_lost || is_spoilt_snapshot(error) || is_unknown_column(error))) throw;
      forget_doctypes();
    }
  }
}

void ServedSite::write(const std::function<void(Database&)>& action) {
  const auto began = std::chrono::steady_clock::now();
  const WriterTurn turn(m_writing, m_seats);
  for (bool has_forgotten = false;;) {
    if (snapshot()->in_maintenance()) throw read_only();
    try {
      ConnectionPool::Lease connection = m_writers.take();
      try {
        action(*connection);
        return;
      } catch (const HttpFailure&) {
        throw;
      } catch (const Error&) {
        connection.discard();
        throw;
      }
    } catch (const HttpFailure&) {
      throw;
    } catch (const Error& error) {
      if (snapshot()->in_maintenance()) throw read_only();
      const bool may_pass =
          error.kind() == Kind::busy || error.kind() == Kind::database || lacks_right(error);
      // A window ends the sessions that were open on MariaDB, and those that rest here are known to be lost
      // only when they are used. The fence stands a moment longer than the config says, and its lift takes a
      // moment.
      // A read that began before a migrate was done may have left the old columns behind.
      const bool is_stale = is_unknown_column(error) && !std::exchange(has_forgotten, true);
      if (is_stale) forget_doctypes();
      if (!(may_pass || is_stale) || std::chrono::steady_clock::now() - began > patience_of_writers) throw;
      m_writers.clear();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

void ServedSite::forget_doctypes() {
  const std::lock_guard lock(m_mutex);
  m_doctypes.clear();
}

// MariaDB's catalogue is in no transaction: it shows a table that a patch changes for a moment as gone, or
// without columns. Elsewhere the first look is the only one.
Doctype ServedSite::read_doctype(Database& database, const std::string& name) {
  for (int looks = 1;; ++looks) {
    const bool is_mariadb = database.dialect() == Dialect::mariadb;
    const bool may_look_again = is_mariadb && looks < most_looks && snapshot()->in_maintenance();
    try {
      Doctype doctype = get_doctype(database, name);
      if (!is_mariadb || !doctype.columns.empty()) return doctype;
      if (!may_look_again)
        throw Error(Kind::database, fmt::format("the columns of '{}' cannot be seen", doctype.table));
    } catch (const HttpFailure& failure) {
      if (!may_look_again || failure.status() != 404) throw;
    }
    std::this_thread::sleep_for(pause_of_looks);
  }
}

std::shared_ptr<const Doctype> ServedSite::doctype(Database& database, const std::string& name) {
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(m_mutex);
    const auto known = m_doctypes.find(name);
    if (known != m_doctypes.end() && now - known->second.at < doctype_life) return known->second.doctype;
  }
  auto doctype = std::make_shared<const Doctype>(read_doctype(database, name));
  const std::lock_guard lock(m_mutex);
  m_doctypes[name] = {doctype, now};
  return doctype;
}

std::shared_ptr<TemplateFolders> ServedSite::templates() {
  const auto now = last_snapshot();
  {
    const std::lock_guard lock(m_mutex);
    if (m_templates && m_templates_of == now) return m_templates;
  }
  std::vector<std::filesystem::path> folders;
  for (auto app = now->apps.rbegin(); app != now->apps.rend(); ++app)
    for (const char* folder : {"templates", "www"}) folders.push_back(app->folder / folder);
  const std::lock_guard lock(m_mutex);
  if (!m_templates || folders != m_template_folders) {
    m_templates = std::make_shared<TemplateFolders>(folders);
    m_template_folders = std::move(folders);
  }
  m_templates_of = now;
  return m_templates;
}

}  // namespace bench
