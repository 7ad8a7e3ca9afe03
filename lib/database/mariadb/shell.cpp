#include "database/mariadb/shell.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"

namespace bench {

namespace {

// https://mariadb.com/kb/en/configuring-mariadb-with-option-files/#option-file-syntax
std::string option(std::string_view name, std::string_view value) {
  return fmt::format("{}=\"{}\"\n", name, backslashed(value, "\\\""));
}

}  // namespace

Shell mariadb_shell(const ConnectionSettings& settings) {
  std::string options = "[client]\n" + option("user", settings.user) + option("password", settings.password);
  if (!settings.socket.empty()) {
    options += option("socket", settings.socket);
  } else {
    options += option("host", settings.host) + option("protocol", "tcp");
    if (settings.port != 0) options += option("port", fmt::format("{}", settings.port));
  }
  if (!settings.tls_ca.empty()) options += option("ssl-ca", settings.tls_ca) + "ssl-verify-server-cert\n";
  if (!settings.tls_certificate.empty()) options += option("ssl-cert", settings.tls_certificate);
  if (!settings.tls_key.empty()) options += option("ssl-key", settings.tls_key);
  Shell shell{.argv = {}, .environment = {}, .secret = SecretFile(options), .package = "mariadb-client"};
  shell.argv = {"mariadb", fmt::format("--defaults-extra-file={}", shell.secret->path()),
                fmt::format("--database={}", settings.name)};
  return shell;
}

}  // namespace bench
