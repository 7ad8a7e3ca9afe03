"""A bench whose site has its database on one of the private servers."""

from bench_folder import Bench
from servers import Refused, Server


class ServerBench(Bench):
    def __init__(self, kind):
        self.server = Server(kind)
        super().__init__()
        self.run("set-config", "-g", "allow_reads_during_maintenance", "1")

    def __exit__(self, *exception):
        super().__exit__(*exception)
        self.server.remove_all()

    def environment(self, extra=None):
        return super().environment({**self.server.environment(), **(extra or {})})

    def new_site_arguments(self, name="site"):
        return ["new-site", name, "--install-app", "app", *self.server.arguments(), "--db-name", self.server.name(name)]

    def new_site(self, *arguments, name="site"):
        return self.run(*self.new_site_arguments(name), *arguments)

    def query(self, sql, name="site"):
        """As the app."""
        return self.server.as_app(sql, self.config(name))

    def as_admin(self, sql, name="site"):
        return self.server.as_admin(sql, self.config(name)["db_name"])

    def names(self, catalog, where):
        """Of tables or columns."""
        schema = self.server.variant("DATABASE()", "'public'")
        rows = self.query(f"SELECT {catalog}_name FROM information_schema.{catalog}s WHERE table_schema = {schema} AND {where}")
        return sorted(name for (name,) in rows if not name.startswith("__bench"))

    def tables(self, name="site"):
        return self.names("table", "1 = 1")

    def columns(self, table):
        return self.names("column", f"table_name = '{table}'")

    def applied(self, name="site"):
        log = self.server.variant("`tabPatch Log`", '"tabPatch Log"')
        return [patch for (patch,) in self.query(f"SELECT patch FROM {log} WHERE skipped = 0 AND patch LIKE 'app.%' ORDER BY patch")]

    def can_write(self, table):
        """Whether the app can; the row is taken away again."""
        try:
            self.query(f"INSERT INTO {table} (id) VALUES (1000000);\nDELETE FROM {table} WHERE id = 1000000")
            return True
        except Refused as refused:
            assert "denied" in str(refused), refused
            return False

    def leftovers(self):
        """Also databases and accounts that belong to no site."""
        names = [self.config(site.name)["db_name"] for site in (self.path / "sites").iterdir() if (site / "site_config.json").exists()]
        accounts = names + self.server.variant([], [name + "_owner" for name in names])
        made = self.server.databases_and_accounts()
        return super().leftovers() + [name for name in made[0] if name not in names] + [name for name in made[1] if name not in accounts]
