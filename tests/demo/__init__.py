# SPDX-License-Identifier: Apache-2.0
"""The demo: `make demo`, also run by the tests.

    stage       the site itself on a private PostgreSQL and httpd
    transcript  a story told in curl commands that are really run
    demo        the command line
"""
