#include "maintenance/window.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "support/sqlite_site.hpp"

using namespace bench;
using bench::test::SqliteSite;

namespace {

SiteDatabase database_of(const Site& site) {
  return {.app = connection_settings(site.config(), site.path()), .admin = {}};
}

std::unique_ptr<Database> connection_to(const Site& site) {
  return get_backend("sqlite").connect(connection_settings(site.config(), site.path()), {});
}

MaintenanceWindow enter(const SqliteSite& place, Operation& operation) {
  MaintenanceWindow window(place.site(), database_of(place.site()), connection_to(place.site()));
  SilentProgress progress;
  window.enter(operation, {}, progress);
  return window;
}

}  // namespace

TEST_CASE("a window sets both keys and the fence, and leaves the config as it was, byte for byte") {
  const SqliteSite place;
  const std::string text =
      GENERATE(as<std::string>{}, "{\"db_name\":\"site\",\"db_type\":\"sqlite\",\"n\":1.10}",
               "{\r\n\t\"db_type\": \"sqlite\",\r\n\t\"db_name\": \"site\"\r\n}",
               "{\n \"db_name\": \"site\",\n \"maintenance_mode\": 0,\n \"db_type\": \"sqlite\"\n}\n",
               "{\n \"db_name\": \"site\",\n \"db_type\": \"sqlite\",\n \"pause_scheduler\": true\n}");
  place.write_config(text);
  Operation operation = Operation::begin(place.site(), "test");
  MaintenanceWindow window = enter(place, operation);
  CHECK(site_mode(place.site().config()) == SiteMode::closed);
  CHECK(place.site().config().flag("pause_scheduler"));
  CHECK(window.fence().level == FenceLevel::database);
  CHECK(holds_window(operation));
  const WindowReport report = window.leave();
  CHECK(place.config_text() == text);
  CHECK(report.not_put_back.empty());
  CHECK_FALSE(report.slipped_in);
  CHECK_FALSE(holds_window(operation));
}

TEST_CASE("a value that somebody changed meanwhile is theirs") {
  const SqliteSite place;
  Operation operation = Operation::begin(place.site(), "test");
  MaintenanceWindow window = enter(place, operation);
  place.site().edit_config([](SiteConfig& config) { config.set_integer("maintenance_mode", 0); });
  place.site().edit_config([](SiteConfig& config) { config.set_string("host_name", "kept"); });
  window.leave();
  const LayeredConfig config = place.site().config();
  CHECK(config.site().raw("maintenance_mode") == "0");
  CHECK_FALSE(config.site().has("pause_scheduler"));
  CHECK(config.string("host_name") == "kept");
}

TEST_CASE("a window that nobody left is lifted from its record, once") {
  const SqliteSite place;
  const std::string before = place.config_text();
  Operation operation = Operation::begin(place.site(), "test");
  { const MaintenanceWindow window = enter(place, operation); }
  CHECK(place.config_text() != before);
  Operation loaded = *Operation::find(place.site(), operation.id());
  CHECK(lift_saved_window(place.site(), database_of(place.site()), loaded).empty());
  CHECK(place.config_text() == before);
  place.site().edit_config([](SiteConfig& config) { config.set_integer("maintenance_mode", 1); });
  lift_saved_window(place.site(), database_of(place.site()), loaded);
  CHECK(site_mode(place.site().config()) == SiteMode::closed);
}

TEST_CASE("a window that cannot be fenced puts all back") {
  const SqliteSite place;
  const std::string before = place.config_text();
  const auto writer = connection_to(place.site());
  const Transaction transaction(*writer);
  writer->execute("CREATE TABLE held (id INTEGER)");
  Operation operation = Operation::begin(place.site(), "test");
  SilentProgress progress;
  try {
    MaintenanceWindow(place.site(), database_of(place.site()), connection_to(place.site()))
        .enter(operation, {std::chrono::milliseconds(30), FenceOptions::Writers::wait_for}, progress);
    FAIL("it was entered");
  } catch (const Error& error) {
    CHECK(error.kind() == Kind::busy);
    CHECK_THAT(error.what(), Catch::Contains("did not finish"));
  }
  CHECK(place.config_text() == before);
}

TEST_CASE("the mode follows from both keys") {
  const SqliteSite place;
  CHECK(site_mode(place.site().config()) == SiteMode::live);
  place.site().edit_config(
      [](SiteConfig& config) { config.set_integer("allow_reads_during_maintenance", 1); });
  CHECK(site_mode(place.site().config()) == SiteMode::live);
  place.site().edit_config([](SiteConfig& config) { config.set_integer("maintenance_mode", 1); });
  CHECK(site_mode(place.site().config()) == SiteMode::read_only);
}
