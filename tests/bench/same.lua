-- SPDX-License-Identifier: Apache-2.0
--
-- wrk … -s same.lua URL -- METHOD [TYPE BODY]
--
-- The same request again and again. It is built once and no response() looks
-- at the answers, so that wrk costs as little as it can.

function init(args)
    wrk.method = args[1]
    if args[3] then
        wrk.headers["Content-Type"] = args[2]
        wrk.body = args[3]
    end
end

-- wrk runs in the folder of its scripts.
dofile("report.lua")
