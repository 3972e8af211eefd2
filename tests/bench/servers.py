# SPDX-License-Identifier: Apache-2.0
"""The servers: how an administrator with a busy site would set them up."""

from lab import jwt
from lab.httpd import Httpd
from lab.process import run, wait_for

ISSUER = "https://issuer.example"

#: The algorithms whose check is measured, and how their key is made.
ALGORITHMS = {
    "HS256": None,
    "RS256": ("RSA", "rsa_keygen_bits:2048"),
    "ES256": ("EC", "ec_paramgen_curve:P-256"),
    "EdDSA": ("ED25519", None),
}

#: A fixed number of children, so that none starts or stops in a run, and more
#: threads in each than there are connections: mpm_event may give all of them
#: to one child. Places enough for children of before a graceful restart: else
#: those after it wait for them, and the second is never started.
_MPM = """
    ServerLimit 4
    StartServers 2
    ThreadsPerChild 25
    ThreadLimit 64
    MaxRequestWorkers 50
    MinSpareThreads 1
    MaxSpareThreads 50
"""

_COMMON = """
    KeepAlive On
    MaxKeepAliveRequests 0
    KeepAliveTimeout 5
"""

#: What is served everywhere: the body of a small answer of an API.
_FILE = '{"name": "bench", "filler": "' + "x" * 200 + '"}\n'


class Server(Httpd):
    """A server of the lab without its access log."""

    def __init__(self, place, config, **options):
        super().__init__(place, _COMMON + config, mpm_config=_MPM,
                         loglevel="warn", **options)

    def serve(self, *names):
        """Puts the same file into a folder of each name, and starts."""
        for name in names:
            self.write(f"htdocs/{name}/index.html", _FILE)
        return self.start()

    def renew(self):
        """A graceful restart that has ended: as many children as before, all
        of them new."""
        before = self.children()
        self.graceful()
        wait_for(lambda: len(after := self.children()) == len(before)
                 and not set(after) & set(before)
                 and all(map(self._born, after)), "new children", 30)

    def _write_config(self):
        super()._write_config()
        path = self.root / "httpd.conf"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith("CustomLog")]
        assert len(kept) == len(lines) - 1, "the lab's access log has moved"
        path.write_text("".join(kept), encoding="utf-8")


def keys():
    """A key for each algorithm: the secret, or a private key in PEM."""
    return {alg: _private_key(*how) if how else jwt.secret()
            for alg, how in ALGORITHMS.items()}


def checks(place, made):
    """Our module: /open, and a folder behind each algorithm of keys()."""
    server = Server(place, "")
    server.config += f'JwtIssuer "{ISSUER}"\n'
    for alg, key in made.items():
        path = server.write(f"keys/{alg}.key", key, secret=True)
        server.config += f"""
            <Location "/{alg.lower()}">
                AuthType Bearer
                AuthName "bench"
                Require valid-user
                JwtKey {alg} "file:{path}"
            </Location>
        """
    return server.serve("open", *(alg.lower() for alg in made))


def refreshes(place, key, conninfo, asynchronous):
    """Our module: POST /token, in the default dialect and below it in those
    of the name; and /api, where revocations are looked up. Grace 0: every
    refresh rotates.

    The pool may give each thread its connection and keeps them: opening one
    would be measured otherwise.
    """
    server = Server(place, "")
    access = server.write("keys/access.key", key, secret=True)
    refresh = server.write("keys/refresh.key", jwt.secret(), secret=True)
    server.config += f"""
        JwtKey HS256 "file:{access}"
        JwtIssuer "{ISSUER}"
        JwtRefreshKey "file:{refresh}"
        JwtRefreshGrace 0
        JwtDatabase "{conninfo}"
        JwtDatabaseMax 25
        JwtDatabaseKeep 25
        JwtDatabaseAsync {"On" if asynchronous else "Off"}
        <Location "/token">
            SetHandler jwt-refresh
        </Location>
        <Location "/token/express">
            JwtDialect express
        </Location>
        <Location "/api">
            AuthType Bearer
            AuthName "bench"
            Require valid-user
        </Location>
    """
    return server.serve("open", "api")


def openidc(place, key):
    """mod_auth_openidc alone: /open, and /hs256 behind its local check of a
    bearer JWT. It hands no claims on, as ours does not here: what it does by
    default with each of them would be measured too."""
    server = Server(place, f"""
        OIDCCryptoPassphrase "{jwt.secret()}"
        OIDCOAuthVerifySharedKeys "plain##{key}"
        OIDCOAuthRemoteUserClaim sub
        OIDCOAuthTokenExpiryClaim exp absolute mandatory
        <Location "/hs256">
            AuthType oauth20
            OIDCPassClaimsAs none
            Require valid-user
        </Location>
    """, ours=False, modules=["auth_openidc"])
    server.expect("auth_openidc:error.*signature")  # of the forged token
    return server.serve("open", "hs256")


def _private_key(kind, option):
    argv = ["openssl", "genpkey", "-algorithm", kind]
    done = run(argv + (["-pkeyopt", option] if option else []))
    if done.returncode:
        raise RuntimeError(f"openssl failed: {done.stderr}")
    return done.stdout
