# SPDX-License-Identifier: Apache-2.0
"""Mistakes in the configuration: httpd -t says what, where, and the remedy."""

import pytest

from lab import jwt
from lab.process import run


@pytest.fixture(name="check")
def _check(httpd):
    """check(config, **files): what httpd -t says of it.

    {name} in the text stands for the path of a file.
    """
    def make(config, env=None, **files):
        site = httpd(start=False, env=env)
        paths = {name: site.write(f"keys/{name}", content, secret=True)
                 for name, content in files.items()}
        site.config = config.format(**paths)
        return site.configtest()
    return make


def openssl(*arguments):
    """A fresh private key in PEM."""
    return run(["openssl", "genpkey", "-algorithm", *arguments]).stdout


def refused(answer, *words):
    """Asserts a refusal whose sentence has all these words."""
    status, said = answer
    assert status != 0, said
    sentence = [line for line in said.splitlines()
                if all(word.lower() in line.lower() for word in words)]
    assert sentence, f"no line with {words} in:\n{said}"
    return said


FULL = """
    JwtKey HS256 "file:{key}"
    JwtRefreshKey "file:{refresh}"
    JwtDatabase "host=/nowhere dbname=x"
    <Location "/login">
        SetHandler jwt-login
        JwtLoginProvider file
        AuthUserFile /dev/null
    </Location>
    <Location "/token">
        SetHandler jwt-refresh
    </Location>
    <Location "/logout">
        SetHandler jwt-logout
    </Location>
"""


def files():
    """The keys of FULL."""
    return {"key": jwt.secret(), "refresh": jwt.secret()}


def test_good_configuration(check):
    """Nothing to say, and PostgreSQL is not asked."""
    assert check(FULL, **files()) == (0, "Syntax OK\n")


#: What is written, the directive as the sentence names it, the value, and what
#: to do. {name} is one of WRONG_FILES.
ONE_WRONG_LINE = [
    ("JwtKey HS256", "JwtKey", "", "an algorithm and a source, like JwtKey"),
    ("JwtKey HS257 file:/x", "JwtKey", "`HS257`", "known: HS256"),
    ("JwtKey hs256 file:/x", "JwtKey", "`hs256`", "known: HS256"),
    ("JwtKey none file:/x", "JwtKey", "`none`", "known: HS256"),
    # It may be the key itself, so it is not repeated.
    ("JwtKey HS256 /etc/key", "JwtKey", "not the key", "must be file:PATH"),
    ("JwtKey HS256 file:", "JwtKey", "file: names nothing", "write file:PATH"),
    ("JwtKey HS256 file:/not/there", "JwtKey", "file:/not/there",
     "check the path"),
    ("JwtKey HS256 file:/dev", "JwtKey", "file:/dev", "name the file itself"),
    ("JwtKey HS256 env:LAB_UNSET", "JwtKey", "env:LAB_UNSET", "set it there"),
    ("JwtKey HS256 dotenv:/etc/fstab", "JwtKey", "dotenv:/etc/fstab",
     "write dotenv:PATH#NAME"),
    ("JwtKey HS256 exec:/not/there", "JwtKey", "exec:/not/there",
     "check its path"),
    ("JwtKey HS256 exec:/bin/false", "JwtKey", "exec:/bin/false ended with "
     "status 1", "its standard error says why"),
    ("JwtKey HS256 file:/x kid=", "JwtKey", "`kid=`", "kid=NAME"),
    ("JwtKey HS256 file:/x use=both", "JwtKey", "`use=both`", "use=sign"),
    ("JwtKey HS256 file:/x encoding=rot13", "JwtKey", "`encoding=rot13`",
     "encoding=base64"),
    ("JwtKey RS256 file:/x encoding=hex", "JwtKey", "encoding=",
     "leave it out"),
    ("JwtKey HS256 {short}", "JwtKey", "{short} has 15 bytes",
     "make one with `openssl rand -hex 32`"),
    ("JwtKey HS256 {short} encoding=hex", "JwtKey", "{short} is not hex",
     "another encoding="),
    ("JwtKey HS512 {short} encoding=base64", "JwtKey", "{short} is not base64",
     "another encoding="),
    ("JwtKey ES384 {short}", "JwtKey", "{short} is not PEM",
     "make one with `openssl genpkey -algorithm EC -pkeyopt "
     "ec_paramgen_curve:secp384r1`"),
    ("JwtKey ES256 {rsa}", "JwtKey", "{rsa} is an RSA key",
     "make one with `openssl genpkey -algorithm EC"),
    ("JwtKey RS256 {ed}", "JwtKey", "{ed} is an ED25519 key",
     "make one with `openssl genpkey -algorithm RSA`"),
    ("JwtKey EdDSA {rsa}", "JwtKey", "{rsa} is an RSA key",
     "make one with `openssl genpkey -algorithm ED25519`"),
    ("JwtKey HS256 {rsa}", "JwtKey", "{rsa} is PEM text",
     "a PEM key wants RS, PS, ES or EdDSA"),
    ("JwtKey HS256 jwk:{set}", "JwtKey", "{set} has no kty",
     "it must be one JWK"),
    ("JwtKeySet", "JwtKeySet", "", "takes one argument, a JWKS file"),
    ("JwtKeySet /not/there", "JwtKeySet", "/not/there", "check the path"),
    ("JwtKeySet {set}", "JwtKeySet", "{set} holds no key that can be used: 1",
     "use JwtKey"),
    ("JwtKeySet {empty}", "JwtKeySet", "{empty} holds no key",
     "put in the public keys of the issuer"),
    ("JwtKeySet {broken}", "JwtKeySet", "{broken} is no strict JSON",
     'a JWK set is {{"keys":[..]}}'),
    ("JwtIssuer", "JwtIssuer", "", "at least one argument, accepted issuers"),
    ("JwtAudience", "JwtAudience", "", "at least one argument, accepted"),
    ("JwtLeeway soon", "JwtLeeway", "`soon`", "write 500ms, 30s"),
    ("JwtLeeway -5", "JwtLeeway", "`-5`", "write 500ms, 30s"),
    ("JwtLeeway 1.5s", "JwtLeeway", "`1.5s`", "write 500ms, 30s"),
    ("JwtMaxLifetime never", "JwtMaxLifetime", "`never`", "write 500ms, 30s"),
    ("JwtRequireClaims", "JwtRequireClaims", "", "claims that must be present"),
    ("JwtType", "JwtType", "", "accepted typ headers; `absent`"),
    ("JwtSubjectClaim a b", "JwtSubjectClaim", "", "takes one argument, the "
     "claim that becomes REMOTE_USER"),
    ("JwtSource body", "JwtSource", "`body`", "header, cookie:NAME, query:"),
    ("JwtSource cookie:", "JwtSource", "`cookie:`", "write cookie:NAME"),
    ("JwtStrip maybe", "JwtStrip", "`maybe`", "neither On nor Off"),
    ("JwtPreflight 1", "JwtPreflight", "`1`", "neither On nor Off"),
    ("JwtExport", "JwtExport", "", "a claim and optionally env=NAME"),
    ("JwtExport a..b", "JwtExport", "`a..b`", "write it like realm.roles[0]"),
    ("JwtExport a[x]", "JwtExport", "`a[x]`", "write it like realm.roles[0]"),
    ("JwtExport role env=1x", "JwtExport", "`env=1x`", "env=NAME (letters"),
    ("JwtExport role colour=red", "JwtExport", "`colour=red`", "header=Name"),
    ("JwtExport role header=X:Y", "JwtExport", "`X:Y`", "choose another name"),
    ("JwtExport role header=Authorization", "JwtExport", "`Authorization`",
     "choose another name"),
    ("JwtDialect klingon", "JwtDialect", "`klingon`", "known: oauth2"),
    ("JwtAccessLifetime 0", "JwtAccessLifetime", "`0`", "longer than 0"),
    ("JwtAccessLifetime 99999999999999999999d", "JwtAccessLifetime",
     "`99999999999999999999d`", "write 500ms"),
    ("JwtRefreshGrace 1x", "JwtRefreshGrace", "`1x`", "write 500ms, 30s"),
    ("JwtRefreshRotate maybe", "JwtRefreshRotate", "`maybe`", "Dialect"),
    ("JwtRefreshKey file:/not/there", "JwtRefreshKey", "file:/not/there",
     "check the path"),
    ("JwtRefreshKey {short}", "JwtRefreshKey", "{short} has 15 bytes",
     "make one with `openssl rand -hex 32`"),
    # There may be a password in it.
    ("JwtDatabase bogus=1", "JwtDatabase", "an option", 'write it like "host='),
    ("JwtDatabaseMax many", "JwtDatabaseMax", "`many`", "between 0 and 10000"),
    ("JwtLoginProvider nobody", "JwtLoginProvider", "`nobody`",
     "load its module"),
    ("JwtLoginFields one", "JwtLoginFields", "", "two arguments"),
    ("JwtLoginFields one 't\two'", "JwtLoginFields", "", "without control"),
    ("JwtIssuer one 't\two'", "JwtIssuer", "", "without control"),
    ("JwtSite 'o\tne'", "JwtSite", "", "without control"),
    ("JwtLoginLimit 10", "JwtLoginLimit", "`10`", "write 10/1m"),
    ("JwtLoginLimit 0/1m", "JwtLoginLimit", "`0/1m`", "or Off"),
    ("JwtLoginLimit 10/10ms", "JwtLoginLimit", "`10/10ms`", "1s to 1d"),
    ("JwtLoginLimit 5000/1m", "JwtLoginLimit", "`5000/1m`", "1 to 1000"),
    ("JwtMintClaim role", "JwtMintClaim", "", "two arguments"),
    ("JwtMintClaim sub x", "JwtMintClaim", "`sub`", "choose another name"),
    ("JwtMintClaim cnf json:null", "JwtMintClaim", "`cnf`", "another name"),
    ("JwtMintClaim 'a\tb' x", "JwtMintClaim", "", "without control"),
    ("JwtMintClaim n json:{{", "JwtMintClaim n", "`json:{{`", "json:3"),
    ("JwtMintClaim n 'json:1,\"x\":2'", "JwtMintClaim n", "`json:1,", "json:3"),
    ("JwtMintClaim n json:1}}", "JwtMintClaim n", "`json:1}}`", "json:3"),
    ("JwtMintClaim n json:", "JwtMintClaim n", "`json:`", "json:3"),
    ("JwtMintClaim n %{{nope", "JwtMintClaim n", "`%{{nope`",
     "write it like %{{REMOTE_USER}}"),
    ("JwtMintClaim n 1\nJwtMintClaim n 2", "JwtMintClaim", "`n`",
     "keep one line"),
    ("JwtReplyField role", "JwtReplyField", "", "two arguments"),
    ("JwtReplyField a b..c", "JwtReplyField a", "`b..c`", "roles[0]"),
    ("JwtReplyField a b\nJwtReplyField a c", "JwtReplyField", "`a`",
     "keep one line"),
    ("JwtReplyField 'a\tb' c", "JwtReplyField", "", "without control"),
    ("Require bearer-scope", "Require bearer-scope", "", "as in `Require"),
    ("Require bearer-scope 'a b'", "Require bearer-scope", "`a b`",
     "each as a word of its own"),
    ("Require bearer-scope a\\b", "Require bearer-scope", "`a\\\\b`",
     "without quotes, backslashes"),
    ("Require bearer-claim", "Require bearer-claim", "", "as in `Require"),
    ("Require bearer-claim role", "Require bearer-claim", "", "as in `Require"),
    ("Require bearer-claim role not", "Require bearer-claim", "", "operator"),
    ("Require bearer-claim role like x", "Require bearer-claim", "`like`",
     "known: eq"),
    ("Require bearer-claim a..b eq x", "Require bearer-claim", "`a..b`",
     "write it like realm.roles[0]"),
    ("Require bearer-claim role eq", "Require bearer-claim", "`eq`",
     "takes one value"),
    ("Require bearer-claim role eq a b", "Require bearer-claim", "`eq`",
     "put one with spaces in quotes"),
    ("Require bearer-claim role in", "Require bearer-claim", "`in`",
     "takes one value or more"),
    ("Require bearer-claim role exists x", "Require bearer-claim", "`exists`",
     "takes no value"),
    ("Require bearer-claim age gt old", "Require bearer-claim", "`old`",
     "write it like 18"),
    ("Require bearer-claim role match (x", "Require bearer-claim", "`(x`",
     "look at its brackets"),
    ("Require bearer-claim role eq %{{nope", "Require bearer-claim",
     "`%{{nope`", "write it like %{{ENV:NAME}}"),
    ("Require expr \"jwt_claim('a..b') == ''\"", "jwt_claim", "`a..b`",
     "write it like realm.roles[0]"),
    ("SetHandler jwt-nothing", "SetHandler", "jwt-nothing", "known: jwt-login"),
    ("SetHandler jwt-login", "SetHandler", "jwt-login at /api", "needs a"),
]


@pytest.fixture(name="wrong_files", scope="module")
def _wrong_files():
    return {"short": "tooshort-secret", "rsa": openssl("RSA"),
            "ed": openssl("ED25519"), "empty": '{"keys":[]}', "broken": "{",
            "set": '{"keys":[{"kty":"oct","k":"AAAA"}]}'}


@pytest.mark.parametrize("line, directive, value, remedy", ONE_WRONG_LINE,
                         ids=[row[0] for row in ONE_WRONG_LINE])
# pylint: disable-next=too-many-arguments
def test_one_wrong_line(httpd, wrong_files, line, directive, value, remedy):
    """One sentence names the directive, what was written, what to do; httpd
    adds file and line."""
    site = httpd(start=False)
    paths = {name: site.write(f"keys/{name}", content, secret=True)
             for name, content in wrong_files.items()}
    source = lambda text, prefix: text.format(
        **{name: f"{prefix}{path}" for name, path in paths.items()})
    prefix = "" if "jwk:" in line or "JwtKeySet" in line else "file:"
    inside = line.startswith(("Require", "SetHandler"))
    site.config = source(f'<Location "/api">\n{line}\n</Location>'
                         if inside else line, prefix)
    said = refused(site.configtest(), directive, source(value, ""),
                   source(remedy, ""))
    assert "httpd.conf:" in said or "SetHandler" in line


@pytest.mark.parametrize("alg, size", [("HS256", 32), ("HS384", 48),
                                       ("HS512", 64)])
def test_short_secret(check, alg, size):
    """RFC 7518 3.2: as long as the hash."""
    key = ("tooshort-secret" * 5)[:size - 1]
    said = refused(check(f'JwtKey {alg} "file:{{key}}"', key=key),
                   "JwtKey", alg, f"has {size - 1} bytes", f"at least {size}")
    assert "tooshort" not in said


def test_short_refresh_key(check):
    """A MAC key has at least 32 bytes."""
    said = refused(check('JwtRefreshKey "file:{key}"', key="tooshort-secret"),
                   "JwtRefreshKey", "32")
    assert "tooshort" not in said


@pytest.mark.parametrize("lines", [
    "JwtDatabaseMax 0", "JwtDatabaseMin 5\nJwtDatabaseMax 4"])
def test_pool_without_room(check, lines):
    """At least one connection, and no more kept than allowed."""
    refused(check(lines), "JwtDatabaseMax", "at least 1")


def test_pool_of_one(check):
    """JwtDatabaseMax alone is enough to make the pool small."""
    assert check("JwtDatabaseMax 1") == (0, "Syntax OK\n")


@pytest.mark.parametrize("alg, kind, words", [
    ("RS256", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], ["RSA"]),
    ("ES256", ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"], ["prime256v1"]),
    ("ES256", ["RSA"], ["EC"]),
    ("RS256", ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"], ["2048"]),
    ("EdDSA", ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"], ["EdDSA"]),
])
def test_key_of_another_kind(check, alg, kind, words):
    """Right algorithm, wrong key: found when the configuration is read."""
    refused(check(f'JwtKey {alg} "file:{{key}}"', key=openssl(*kind)),
            "JwtKey", alg, *words)


@pytest.mark.parametrize("content", ["", "\n", "not a key",
                                     "-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                     "-----END PRIVATE KEY-----\n"])
def test_no_key_at_all(check, content):
    """Empty and broken PEM files."""
    refused(check('JwtKey ES256 "file:{key}"', key=content), "JwtKey", "key")


@pytest.mark.parametrize("assignment", [
    "JWT_SECRET=${OTHER}", "JWT_SECRET=a\nJWT_SECRET=b", "OTHER=x",
    "JWT_SECRET="])
def test_dotenv_is_never_guessed(check, assignment):
    """What the .env reader does not understand is an error."""
    refused(check('JwtKey HS256 "dotenv:{env_file}#JWT_SECRET"',
                  env_file=assignment + "\n"), "JwtKey", "JWT_SECRET")


def test_dotenv(check):
    """A Laravel .env as it comes."""
    text = f'APP_NAME="My App"\nJWT_SECRET={jwt.secret()}\n# end\n'
    status, said = check('JwtKey HS256 "dotenv:{env_file}#JWT_SECRET"',
                         env_file=text)
    assert status == 0, said


def test_env(check):
    """A key from the environment of httpd."""
    status, said = check("JwtKey HS256 env:LAB_KEY",
                         env={"LAB_KEY": jwt.secret()})
    assert (status, said) == (0, "Syntax OK\n")


@pytest.mark.parametrize("without, words", [
    ('JwtRefreshKey "file:{refresh}"', ["JwtRefreshKey"]),
    ('JwtDatabase "host=/nowhere dbname=x"', ["JwtDatabase"]),
    ('JwtKey HS256 "file:{key}"', ["JwtKey"]),
    ("JwtLoginProvider file", ["JwtLoginProvider"]),
])
def test_handler_without_what_it_needs(check, without, words):
    """A handler that could never answer does not start."""
    refused(check(FULL.replace(without, ""), **files()), *words)


def test_handler_that_cannot_mint(check):
    """A public key verifies; jwt-login needs one that signs."""
    public = run(["openssl", "pkey", "-pubout"], stdin=None,
                 input=openssl("RSA")).stdout
    config = FULL.replace("JwtKey HS256", "JwtKey RS256")
    refused(check(config, **{**files(), "key": public}), "JwtKey", "sign")


def test_conninfo_password_is_not_printed(check):
    """Whoever runs httpd -t over somebody's shoulder learns no password."""
    _, said = check('JwtDatabase "host=x password=hush-hush bogus=1"')
    assert "hush-hush" not in said


@pytest.mark.parametrize("directive", [
    'JwtKey HS256 "file:{key}"', "JwtIssuer x", "JwtAccessLifetime 1h",
    "JwtLoginProvider file", "JwtSite x", 'JwtDatabase "dbname=x"'])
def test_not_in_htaccess(httpd, directive):
    """Keys, minting and the database are not a tenant's to set."""
    site = httpd('<Directory "/">\nAllowOverride AuthConfig FileInfo\n'
                 "</Directory>")
    site.expect("not allowed here")
    site.write("htdocs/tenant/index.html", "x")
    key = site.write("htdocs/tenant/key", jwt.secret())
    site.write("htdocs/tenant/.htaccess", directive.format(key=key) + "\n")
    assert site.client.get("/tenant/").status == 500
    name = directive.split()[0]
    assert any(name in line and "not allowed here" in line
               for line in site.error_log().splitlines())


def test_world_readable_key_warns(httpd):
    """It works, and the log says what to do about it."""
    site = httpd(start=False)
    path = site.write("keys/open.key", jwt.secret())
    site.config = f'JwtKey HS256 "file:{path}"'
    site.start()
    assert any("open.key" in line and ":warn]" in line
               for line in (site.error_log() + site.console()).splitlines())


@pytest.mark.parametrize("server, inner", [
    ("SetHandler jwt-login", ""),
    ("", '<Directory "/">\nSetHandler jwt-refresh\n</Directory>'),
])
def test_handlers_stand_in_locations(check, server, inner):
    """Elsewhere they would never answer, or swallow the whole site."""
    refused(check(f"{FULL}\n{server}\n{inner}", **files()),
            "SetHandler", "<Location>")


@pytest.mark.parametrize("claim", ["gen", "sid", "exp", "client_id"])
def test_subject_claim_that_the_module_writes_itself(check, claim):
    """With JwtSubjectClaim gen everybody would be user 0."""
    refused(check(FULL.replace("JwtKey", f"JwtSubjectClaim {claim}\nJwtKey"),
                  **files()), "JwtSubjectClaim")


@pytest.mark.parametrize("header", [
    "Content_Length", "transfer.encoding", "Expect", "Proxy", "Range"])
def test_exported_header_that_a_backend_obeys(check, header):
    """A claim is no way to write the headers that rule a connection."""
    refused(check(f"JwtExport role header={header}"), "JwtExport", header)


def test_what_a_later_section_takes_away(auth_site):
    """Merged at request time: an error with a reason, never a crash."""
    site = auth_site(server="", token='''
        </Location>
        <LocationMatch "^/(token|login)$">
            JwtSubjectClaim gen
        </LocationMatch>
        <Location "/nothing">''')
    site.httpd.expect("outcome=misconfigured")
    for answer in site.refresh("js1_" + 43 * "A"), site.ask_login():
        assert answer.status == 500
        assert answer.get("X-Outcome") == "misconfigured"
    line = site.httpd.refusals("misconfigured")[0]
    assert "JwtSubjectClaim" in line


def test_warning_of_a_cold_start_is_in_the_error_log(httpd):
    """Once: not lost with the terminal, not told for each reading."""
    site = httpd(start=False)
    path = site.write("keys/open.key", jwt.secret())  # readable for all
    site.config = f'JwtKey HS256 "file:{path}"'
    site.start()
    lines = [line for line in site.error_log().splitlines()
             if "JwtKey" in line and str(path) in line]
    assert len(lines) == 1
    assert "[auth_jwt_refresh:warn]" in lines[0]
    status, said = site.configtest()
    assert status == 0 and said.count(str(path)) == 1


# -- allowed, and not safe -----------------------------------------------------

UNSAFE = [
    ("JwtSource query:token", "JwtSource query: {where}, with JwtStrip Off",
     "JwtStrip On"),
    ("JwtRequireClaims sub", "JwtRequireClaims {where}, without exp",
     "JwtMaxLifetime 1h"),
    ("JwtRequireClaims none", "JwtRequireClaims {where}, without exp",
     "JwtMaxLifetime 1h"),
    ('JwtKeySet "{set}"', "JwtKeySet {where}, without JwtAudience",
     "JwtAudience ours"),
    ("JwtLeeway 11m", "JwtLeeway {where}, above ten minutes", None),
    ("JwtAccessLifetime 2h\nJwtMaxLifetime 1h",
     "JwtAccessLifetime {where}, longer than JwtMaxLifetime", None),
    ("JwtRevocation On", "JwtRevocation On {where}, without a JwtDatabase",
     "JwtRevocation Off")]

SET = ('{"keys":[{"kty":"OKP","crv":"Ed25519",'
       '"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}')


def warnings(check, config, **files):
    """The warnings of httpd -t, which finds the configuration good."""
    status, said = check(config, **(files or {"set": SET}))
    assert status == 0, said
    return [line.partition("] ")[2] for line in said.splitlines()
            if ":warn]" in line and "cannot be read by User" not in line]


@pytest.mark.parametrize("lines, sentence, cure", UNSAFE,
                         ids=[row[0].split("\n")[0] for row in UNSAFE])
def test_warning(check, lines, sentence, cure):
    """Once, where it was said; and no word when it was put right."""
    for where, config in (("of the server", "{lines}"),
                          ("at /x", '<Location "/x">\n{lines}\n</Location>')):
        said = warnings(check, config.replace("{lines}", lines))
        assert len(said) == 1, said
        assert sentence.format(where=where) in said[0]
    if cure:
        assert not warnings(check, f"{lines}\n{cure}")
        assert not warnings(
            check, f'{lines}\n<Location "/x">\n{cure}\n</Location>')


def test_warning_is_not_inherited(check):
    """A virtual host repeats nothing, but says what is its own."""
    host = "<VirtualHost 127.0.0.1:1>\n{}\n</VirtualHost>\n"
    said = warnings(check, "JwtLeeway 11m\n" + 2 * host.format(""))
    assert len(said) == 1
    said = warnings(check, "JwtLeeway 11m\n"
                    + host.format("JwtLeeway 12m"))
    assert len(said) == 2


def test_revocations_that_nobody_knows(check):
    """A host that gave its database up; not the word of a main server for the
    hosts that have one."""
    host = "<VirtualHost 127.0.0.1:1>\n{}\n</VirtualHost>\n"
    database = 'JwtDatabase "host=127.0.0.1 dbname=x"\n'
    said = warnings(check, database + host.format(
        "JwtDatabase none\nJwtRevocation On stale=5s"))
    assert len(said) == 1 and "JwtRevocation On of the server" in said[0], said
    assert not warnings(check, database + "JwtRevocation On")
    assert not warnings(check, "JwtRevocation On\n" + host.format(database))


@pytest.mark.parametrize("lines", [
    'AuthType Bearer\nAuthName x\nRequire user x',
    'AuthType "bearer"\nAuthName x\nRequire user x\nJwtKey none\nJwtKeySet none',
    'AuthType Basic\nAuthName x\nRequire user x\nAuthBasicProvider file bearer'])
def test_no_key_in_reach(check, lines):
    """Every request would get 500."""
    config = f'<Location "/x">\n{lines}\n</Location>'
    said = refused(check(config), "JwtKey", "reach", "line")
    assert "httpd.conf" in said
    host = f"<VirtualHost 127.0.0.1:1>\n{config}\n</VirtualHost>"
    refused(check(host), "JwtKey", "reach")
    key = 'JwtKey HS256 "file:{key}"\n'
    secret = jwt.secret()
    assert check(key + config, key=secret)[0] == 0
    assert check(key + host, key=secret)[0] == 0
    other = f"<VirtualHost 127.0.0.1:1>\n{key}</VirtualHost>\n"
    assert check(other + config, key=secret)[0] == 0
    refused(check(other + host, key=secret), "JwtKey", "reach")


def test_no_name_in_reach(check):
    """An .htaccess may bring it: a warning."""
    lines = 'JwtKey HS256 "file:{key}"\nAuthType Bearer\nRequire user x\n'
    secret = jwt.secret()
    config = f'<Location "/x">\n{lines}</Location>\n'
    status, said = check(config, key=secret)
    assert status == 0 and "AuthName" in said and "AuthType Bearer" in said
    name = '<Location "/y">\nAuthName x\n</Location>'
    assert check(config + name, key=secret) == (0, "Syntax OK\n")


@pytest.mark.parametrize("asks", [
    "AuthType Bearer", "AuthType Basic\nAuthBasicProvider bearer"])
def test_no_require(check, asks):
    """A section that asks for tokens and demands nothing lets all in."""
    asks += "\nAuthName x"

    def said(text, around="{}"):
        section = around.format(f'<Location "/x">\n{text}\n</Location>\n')
        return warnings(check, f'JwtKey HS256 "file:{{key}}"\n{section}',
                        key=jwt.secret())

    nested = f"<If true>\n{asks}\n</If>"
    for told in (said(asks), said(nested),
                 said(asks, "<VirtualHost 127.0.0.1:1>\n{}</VirtualHost>\n")):
        assert len(told) == 1 and "no Require" in told[0], told
    for text in (f"<RequireAny>\nRequire user x\n</RequireAny>\n{asks}",
                 f"{asks}\n<Limit GET>\nRequire user x\n</Limit>",
                 f"{nested}\nRequire user x"):
        assert not said(text), text
