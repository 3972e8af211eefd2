-- SPDX-License-Identifier: Apache-2.0
--
-- The end of every script: what wrk has counted, as one line of JSON.
--
-- errors.status counts the answers above 399. `good` and `bad` are what a
-- script with a response() of its own has counted.

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

local function total(name)
    local sum = 0
    for _, thread in ipairs(threads) do
        sum = sum + (thread:get(name) or 0)
    end
    return sum
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests": %d, "seconds": %.6f, "refused": %d, "broken": %d,'
        .. ' "good": %d, "bad": %d, "p50": %.3f, "p99": %.3f}\n',
        summary.requests, summary.duration / 1e6, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        total("good"), total("bad"),
        latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
