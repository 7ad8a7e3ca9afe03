#include "database/postgres/client.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"

namespace bench {

namespace {

std::string password_line(const std::string& password) {
  return fmt::format("*:*:*:*:{}\n", backslashed(password, ":\\"));
}

// A name with an equals sign in it would be read as connection parameters.
std::string database_argument(const std::string& name) {
  return fmt::format("--dbname=dbname='{}'", backslashed(name, "'\\"));
}

}  // namespace

PostgresClient postgres_client(const ConnectionSettings& settings) {
  PostgresClient client{
      .arguments = {}, .environment = {}, .password = SecretFile(password_line(settings.password))};
  client.environment["PGPASSFILE"] = client.password.path();
  if (!settings.tls_ca.empty()) {
    client.environment["PGSSLMODE"] = "verify-full";
    client.environment["PGSSLROOTCERT"] = settings.tls_ca;
  }
  if (!settings.tls_certificate.empty()) client.environment["PGSSLCERT"] = settings.tls_certificate;
  if (!settings.tls_key.empty()) client.environment["PGSSLKEY"] = settings.tls_key;
  const std::string& place = settings.socket.empty() ? settings.host : settings.socket;
  client.arguments.emplace_back("--no-password");
  if (!place.empty()) client.arguments.push_back(fmt::format("--host={}", place));
  if (settings.port != 0) client.arguments.push_back(fmt::format("--port={}", settings.port));
  if (!settings.user.empty()) client.arguments.push_back(fmt::format("--username={}", settings.user));
  client.arguments.push_back(database_argument(settings.name));
  return client;
}

}  // namespace bench
