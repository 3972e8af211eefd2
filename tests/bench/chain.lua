-- SPDX-License-Identifier: Apache-2.0
--
-- wrk … -s chain.lua URL -- TOKENS
--
-- Refreshes many sessions: a line of the file TOKENS is a refresh token, and
-- each answer brings the next one of its session. request() does not know its
-- connection, so tokens stand in a queue: one that was sent is in nobody
-- else's hands until its successor is queued at the end.

local queue, first, last = {}, 1, 0

good, bad = 0, 0

local function push(token)
    last = last + 1
    queue[last] = token
end

function init(args)
    for token in io.lines(args[1]) do
        push(token)
    end
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
end

function request()
    local token = queue[first]
    if not token then
        error("more requests under way than sessions")
    end
    queue[first] = nil
    first = first + 1
    return wrk.format(nil, nil, nil,
                      "grant_type=refresh_token&refresh_token=" .. token)
end

function response(status, _, body)
    local token = string.match(body, '"refresh_token":%s*"([^"]+)"')
    if status == 200 and token then
        good = good + 1
        push(token)
    else
        bad = bad + 1
        push("lost")  -- so that all answers of a bad run are counted
    end
end

dofile("report.lua")
