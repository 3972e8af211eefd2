// SPDX-License-Identifier: Apache-2.0
//
// The client of many a site: axios, the tokens in the storage that all tabs
// share. Told 401, it refreshes once, keeps what it is given, and repeats the
// request. How it talks to its server is said by ?as=pair|laravel|simplejwt.
"use strict";

const seen = []; // every answer: [method, path, status]

const SERVERS = {
    // Both tokens, the access token expired or not.
    pair: {
        login: ["/auth/login", "username"],
        refresh: "/auth/refresh", logout: "/auth/logout", bearer: true,
        body: (held) => ({ refreshToken: held.refresh }),
        held: (data) => ({ access: data.accessToken,
                           refresh: data.refreshToken }),
    },
    // One token, which is traded itself.
    laravel: {
        login: ["/api/login", "email"],
        refresh: "/api/refresh", logout: "/api/logout", bearer: true,
        body: () => null,
        held: (data) => ({ access: data.access_token }),
    },
    // Another refresh token only where the server rotates them.
    simplejwt: {
        login: ["/api/token/", "username"],
        refresh: "/api/token/refresh/", logout: "/api/token/blacklist/",
        bearer: false,
        body: (held) => ({ refresh: held.refresh }),
        held: (data) => data,
    },
};

const server = SERVERS[new URLSearchParams(location.search).get("as")];
const client = axios.create({ headers: { Accept: "application/json" } });

const held = () => JSON.parse(localStorage.getItem("tokens")) ?? {};
const keep = (more) => localStorage.setItem(
    "tokens", JSON.stringify({ ...held(), ...more }));

client.interceptors.request.use((config) => {
    if (held().access && (server.bearer || config.url !== server.refresh)) {
        config.headers.Authorization = `Bearer ${held().access}`;
    }
    return config;
});

function note(answer) {
    seen.push([answer.config.method.toUpperCase(), answer.config.url,
               answer.status]);
}

async function refresh() {
    const answer = await client.post(server.refresh, server.body(held()));
    keep(server.held(answer.data));
}

client.interceptors.response.use((answer) => {
    note(answer);
    return answer;
}, async (error) => {
    if (!error.response) {
        throw error;
    }
    note(error.response);
    const { config } = error;
    if (error.response.status === 401 && !config.repeated &&
        config.url !== server.refresh) {
        config.repeated = true;
        await refresh();
        return client(config);
    }
    throw error;
});

const status = (error) => error.response ? error.response.status : 0;

async function login(user, password) {
    const [path, name] = server.login;
    const answer = await client.post(path, { [name]: user, password });
    keep(server.held(answer.data));
    return answer.status;
}

const api = (path) => client.get(path).then((answer) => answer.data, status);

const logout = () => client.post(server.logout, server.body(held())).then(
    (answer) => answer.status, status);
