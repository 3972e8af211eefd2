# SPDX-License-Identifier: Apache-2.0
"""The laboratory: a private PostgreSQL and a private Apache httpd.

Shared by pytest, the demo and the benchmark. Standard library and psycopg2.

    place     a working folder, an unprivileged account, free ports
    process   children that never outlive us, waiting for a condition, promises
    postgres  Cluster and Database
    standby   a hot standby of a Cluster, to be promoted
    pgbouncer PgBouncer in transaction mode
    proxy     a wire to PostgreSQL that can be cut at the worst moment
    httpd     Httpd: one server with one small configuration
    each      what each child of a Httpd answers
    http      a client that hides nothing
    sockets   the TCP sockets of the machine
    browser   a headless Chromium
    node      programs of tests/clients on packages of npm
    backend   a server behind the proxy, which remembers what it was asked
    jwt       keys and tokens, right ones and wrong ones
    grant     refresh tokens, taken apart and put together wrongly

Nothing of the system's own Apache or PostgreSQL is read or touched: only
their programs are run.
"""
