# SPDX-License-Identifier: Apache-2.0
"""The benchmark: `make bench`. Speed as ratios, for a machine is not a fact.

    rows      what is measured, against what, and the target of DESIGN 7
    loads     the work of a row: checked first, then run for a while
    stage     all that the work needs: servers and sessions
    servers   httpd, as an administrator with a busy site would set it up
    sessions  rows to refresh, and whether they were
    wrk       one run of wrk (same.lua, chain.lua, report.lua)
    pgbench   one run of pgbench (rotate.sql)
    measure   what one run has found, and the CPU time of the servers
    rounds    the rows in turn, again and again
    figures   medians, ratios, verdicts
    report    the table, the facts of the machine, JSON
    machine   on what it was measured
    memory    whether the children grow
    revocations  from COMMIT to the first refusal in every child
    millions  many sessions against few: HOT, sizes, purge
    bench     the command line
"""
