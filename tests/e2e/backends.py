# SPDX-License-Identifier: Apache-2.0
"""What stands behind httpd: CGI, PHP, a proxied server. Each says, as JSON,
what it was told about the caller."""

import contextlib
import http.server
import json
import os
import pwd
import shutil
import threading

from lab.place import TOP
from lab.process import environment, spawn, wait_for

#: Taken out of Debian's packages by .ci/deps.
PHP_CGI = TOP / "build" / "php" / "php-cgi"
PHP_FPM = TOP / "build" / "php" / "php-fpm"
MOD_PHP = TOP / "build" / "php" / "libphp.so"

_CGI = """#!/usr/bin/python3
import json, os
print("Content-Type: application/json\\n")
print(json.dumps(dict(os.environ)))
"""

PHP = """<?php
header('Content-Type: application/json');
echo json_encode($_SERVER, JSON_INVALID_UTF8_SUBSTITUTE);
"""

#: What PHP sees of Authorization: as a variable, and as a header.
PHP_AUTHORIZATION = """<?php
header('Content-Type: application/json');
echo json_encode([$_SERVER['HTTP_AUTHORIZATION'] ?? null,
                  getallheaders()['Authorization'] ?? null]);
"""


def write_cgi(site, name="cgi/env"):
    """A CGI program that prints its environment; its path."""
    path = site.httpd.write(name, _CGI)
    path.chmod(0o755)
    return path


class _WwwData:
    """The account that httpd's children have, when we are root."""

    @staticmethod
    def popen():
        """Arguments of Popen."""
        if os.geteuid() != 0:
            return {}
        entry = pwd.getpwnam("www-data")
        return {"user": entry.pw_uid, "group": entry.pw_gid,
                "extra_groups": []}


def give_to_httpd(folder):
    """Makes httpd's children the owner of a folder and what is in it."""
    if _WwwData.popen():
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, "www-data", "www-data")


@contextlib.contextmanager
def _php(site, command, **env):
    """A PHP that listens at `sock` in its folder: the path of that."""
    folder = site.httpd.root / "php"
    folder.mkdir(exist_ok=True)
    account = _WwwData()
    if account.popen():
        shutil.chown(folder, "www-data", "www-data")
    socket = folder / "sock"
    process = spawn([str(word) for word in command(folder, socket)], account,
                    site.httpd.root / "logs" / "php.log",
                    env=environment(**env))
    try:
        wait_for(lambda: socket.exists() or process.poll() is not None,
                 "PHP to listen")
        assert socket.exists(), "PHP did not start; see logs/php.log"
        yield socket
    finally:
        process.terminate()
        process.wait(10)


def php_cgi(site):
    """php-cgi as a FastCGI server."""
    return _php(site, lambda _, socket: [PHP_CGI, "-n", "-b", socket],
                PHP_FCGI_CHILDREN="2")


def php_fpm(site):
    """PHP-FPM, with a configuration of its own."""
    def command(folder, socket):
        config = site.httpd.write("conf/fpm.conf", "\n".join([
            "[global]", f"error_log = {folder}/log",
            "[www]", f"listen = {socket}",
            "pm = static", "pm.max_children = 4"]))
        return [PHP_FPM, "-n", "-F", "-y", config]
    return _php(site, command)


class _Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        """Sends back the headers that came, in order."""
        body = json.dumps(self.headers.items()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Silence."""


@contextlib.contextmanager
def proxied():
    """A server behind ProxyPass: its port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
