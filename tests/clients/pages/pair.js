// SPDX-License-Identifier: Apache-2.0
//
// A client of servers that want both tokens back: axios, the tokens in the
// storage that all tabs share. Told 401, it sends the expired access token and
// the refresh token, keeps the two that it is given, and repeats the request.
"use strict";

const seen = []; // every answer: [method, path, status]
const client = axios.create();

const keep = (tokens) => localStorage.setItem("tokens", JSON.stringify(tokens));
const tokens = () => JSON.parse(localStorage.getItem("tokens"));

client.interceptors.request.use((config) => {
    if (tokens()) {
        config.headers.Authorization = `Bearer ${tokens().accessToken}`;
    }
    return config;
});

function note(answer) {
    seen.push([answer.config.method.toUpperCase(), answer.config.url,
               answer.status]);
}

async function refresh() {
    const answer = await client.post(
        "/auth/refresh", { refreshToken: tokens().refreshToken });
    keep(answer.data);
    return answer.status;
}

client.interceptors.response.use((answer) => {
    note(answer);
    return answer;
}, async (error) => {
    if (!error.response) {
        throw error;
    }
    note(error.response);
    if (error.response.status === 401 && !error.config.repeated &&
        error.config.url !== "/auth/refresh") {
        error.config.repeated = true;
        await refresh();
        return client(error.config);
    }
    throw error;
});

const status = (error) => error.response ? error.response.status : 0;

async function login(username, password) {
    const answer = await client.post("/auth/login", { username, password });
    keep(answer.data);
    return answer.status;
}

const api = (path) => client.get(path).then((answer) => answer.data, status);

const logout = () => client.post(
    "/auth/logout", { refreshToken: tokens().refreshToken }).then(
    (answer) => answer.status, status);
