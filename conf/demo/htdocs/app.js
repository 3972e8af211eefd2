// SPDX-License-Identifier: Apache-2.0
//
// A client of three requests, as any OAuth 2.0 client would make them: log in,
// refresh, log out; one protected page to call, and its user's own sessions.
//
// The access token is kept in memory. This dialect (oauth2) hands the refresh
// token to the script as well, which keeps it in sessionStorage so that a
// reload does not log out. With `JwtDialect cookie` it would be an HttpOnly
// cookie that no script can read, and `session` below would go.

const $ = id => document.getElementById(id);

const session = {
    get token() { return sessionStorage.getItem("refresh_token"); },
    set token(value) { sessionStorage.setItem("refresh_token", value); },
    end() { sessionStorage.removeItem("refresh_token"); },
};

let access = null;        // { token, lifetime, expires }: expires as performance.now()
let refreshes = 0;
let stay = 0;             // counts log-outs: what was asked before one is void
let refreshing = null;    // the refresh under way, shared by all who need it
let retryAt = 0;          // no automatic refresh before this

// --- requests --------------------------------------------------------------

class Refused extends Error {
    constructor(status, description, retryAfter) {
        super(description);
        this.status = status;
        this.retryAfter = retryAfter;
    }
}

// The answer to something asked before the user left.
class Gone extends Error {}

async function post(path, type, body) {
    const asked = stay;
    const reply = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": type },
        body,
        cache: "no-store",
    });
    const text = await reply.text();
    if (asked !== stay) {
        throw new Gone();
    }
    const answer = text ? JSON.parse(text) : {};
    if (!reply.ok) {
        throw new Refused(reply.status, answer.error_description || answer.error,
                          Number(reply.headers.get("Retry-After")) || 1);
    }
    return answer;
}

const postForm = (path, fields) =>
    post(path, "application/x-www-form-urlencoded", new URLSearchParams(fields));

function keep(answer) {
    access = {
        token: answer.access_token,
        lifetime: answer.expires_in * 1000,
        expires: performance.now() + answer.expires_in * 1000,
    };
    session.token = answer.refresh_token;
}

async function logIn(username, password) {
    keep(await post("/auth/login", "application/json",
                    JSON.stringify({ username, password })));
    note(200, "Logged in");
}

// One refresh at a time: whoever comes meanwhile waits for the same answer.
function refresh(why) {
    refreshing ??= tradeToken(why).finally(() => { refreshing = null; });
    return refreshing;
}

async function tradeToken(why) {
    try {
        keep(await postForm("/auth/token", {
            grant_type: "refresh_token",
            refresh_token: session.token,
        }));
    } catch (error) {
        if (error instanceof Gone) {
            throw error;
        }
        if (error.status === 400) {
            leave("Your session has ended, please log in again. "
                  + `The server said: ${error.message}.`);
        } else {
            // The server is in trouble, not the session: keep it, ask later.
            const wait = error.retryAfter || 2;
            retryAt = performance.now() + wait * 1000;
            $("waiting").hidden = false;
            note(error.status || 0, `Refresh failed, again in ${wait} s: ${error.message}`);
        }
        throw error;
    }
    $("waiting").hidden = true;
    refreshes += 1;
    note(200, `Refreshed (${why})`);
}

// A request with the access token; one that is refused is refreshed once.
async function withToken(path, options = {}, again = true) {
    const asked = stay;
    const reply = await fetch(path, {
        ...options,
        headers: { ...options.headers, Authorization: `Bearer ${access.token}` },
        cache: "no-store",
    });
    if (asked !== stay) {
        throw new Gone();
    }
    if (reply.status === 401 && again) {
        note(401, "The API refused the access token");
        await refresh("the API said 401");
        return withToken(path, options, false);
    }
    const answer = await reply.json().catch(() => ({}));
    if (asked !== stay) {
        throw new Gone();
    }
    const why = reply.ok ? "" : `: ${answer.error_description || reply.statusText}`;
    note(reply.status, `${options.method || "GET"} ${path}${why}`);
    return reply.ok ? answer : null;
}

async function callApi() {
    const answer = await withToken("/api/me");
    if (answer) {
        showClaims(answer);
    }
    const where = await withToken("/auth/sessions");
    if (where) {
        showSessions(where.sessions);
    }
}

// `which` is the sid of one of the sessions, or "others".
async function endSession(which) {
    await withToken("/auth/sessions", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ end: which }),
    });
    await callApi();
}

async function logOut() {
    try {
        await postForm("/auth/logout", { token: session.token });
        leave();
    } catch (error) {
        note(error.status || 0, `Log-out failed: ${error.message}`);
    }
}

// --- the page --------------------------------------------------------------

function note(status, text) {
    const line = document.createElement("li");
    const time = document.createElement("time");
    const code = document.createElement("span");
    const what = document.createElement("span");
    time.textContent = new Date().toLocaleTimeString([], { hour12: false });
    code.textContent = status || "–";
    code.className = status >= 200 && status < 300 ? "good" : "bad";
    what.textContent = text;
    line.append(time, code, what);
    $("log").prepend(line);
    while ($("log").children.length > 200) {
        $("log").lastChild.remove();
    }
}

function showClaims({ user, auth_type, claims }) {
    const rows = [["REMOTE_USER", user], ["AUTH_TYPE", auth_type],
                  ...Object.entries(claims).map(
                      ([name, value]) => [`JWT_CLAIM_${name}`, value])];
    $("claims").replaceChildren(...rows.map(([name, value]) => {
        const row = document.createElement("tr");
        const head = document.createElement("th");
        const cell = document.createElement("td");
        head.scope = "row";
        head.textContent = name;
        cell.textContent = value ?? "–";
        row.append(head, cell);
        return row;
    }));
    $("who").textContent = claims.name || user;
}

function showSessions(sessions) {
    $("sessions").replaceChildren(...sessions.map(one => {
        const row = document.createElement("tr");
        const used = new Date(one.last_used * 1000).toLocaleTimeString([], { hour12: false });
        for (const text of [one.agent ?? "–", one.address ?? "–", used]) {
            const cell = document.createElement("td");
            cell.textContent = cell.title = text;
            row.append(cell);
        }
        const last = document.createElement("td");
        if (one.current) {
            last.textContent = "here";
            last.className = "current";
        } else {
            const button = document.createElement("button");
            button.textContent = "End";
            button.className = "quiet";
            button.addEventListener("click",
                () => act(button, () => endSession(one.sid)));
            last.append(button);
        }
        row.append(last);
        return row;
    }));
    $("end-others").hidden = sessions.length < 2;
}

// For display only: what a token says is judged by the server.
function claimsOf(token) {
    const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), char => char.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
}

function enter() {
    $("login").hidden = true;
    $("notice").hidden = true;
    for (const id of ["dashboard", "logout", "who"]) {
        $(id).hidden = false;
    }
    tick();
}

function leave(message = "") {
    stay += 1;
    access = null;
    session.end();
    for (const id of ["dashboard", "logout", "who"]) {
        $(id).hidden = true;
    }
    refreshes = 0;
    $("log").replaceChildren();
    $("claims").replaceChildren();
    $("sessions").replaceChildren();
    $("waiting").hidden = true;
    $("login").hidden = false;
    complain(message);
    $("username").focus();
}

function complain(message) {
    $("notice").textContent = message;
    $("notice").hidden = !message;
}

function tick() {
    if (!access) {
        return;
    }
    const now = performance.now();
    const left = Math.max(0, access.expires - now);
    $("seconds").textContent = Math.ceil(left / 1000);
    $("hand").setAttribute("stroke-dashoffset",
                           String(100 - 100 * left / access.lifetime));
    $("refreshes").textContent = refreshes;
    $("generation").textContent = claimsOf(access.token).gen ?? "–";

    const failed = !$("waiting").hidden;
    const margin = Math.min(5000, access.lifetime / 4);
    if ((failed || left <= margin) && !refreshing && now >= retryAt) {
        refresh(failed ? "tried again" : "shortly before expiry")
            .then(() => callApi()).catch(() => {});
    }
}

// Runs what a button asks for; what is refused has been told already.
async function act(button, work) {
    button.disabled = true;
    try {
        await work();
    } catch (error) {
        if (!(error instanceof Refused || error instanceof Gone)) {
            note(0, String(error.message || error));
        }
    } finally {
        button.disabled = false;
        tick();
    }
}

$("login-form").addEventListener("submit", event => {
    event.preventDefault();
    complain("");
    act($("submit"), async () => {
        try {
            await logIn($("username").value, $("password").value);
        } catch (error) {
            complain(error.status === 401
                ? "The e-mail or the password is wrong."
                : `Logging in is not possible now: ${error.message}`);
            $("password").select();
            throw error;
        }
        $("login-form").reset();
        enter();
        await callApi();
    });
});

$("refresh").addEventListener("click", () => act($("refresh"), async () => {
    await refresh("asked for");
    await callApi();
}));
$("call").addEventListener("click", () => act($("call"), () => callApi()));
$("logout").addEventListener("click", () => act($("logout"), logOut));
$("end-others").addEventListener("click",
    () => act($("end-others"), () => endSession("others")));

setInterval(tick, 200);

// After a reload the refresh token is all that is left of the session. Trouble
// of the server does not cost it: ask again later.
async function resume() {
    try {
        await refresh("the page was loaded");
    } catch (error) {
        if (session.token) {
            setTimeout(resume, Math.max(1000, retryAt - performance.now()));
        }
        return;
    }
    enter();
    await callApi();
}

if (session.token) {
    resume();
} else {
    leave();
}
