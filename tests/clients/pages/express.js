// SPDX-License-Identifier: Apache-2.0
//
// The client of the tutorials: it keeps two tokens, calls the API, and when it
// is told 403 it asks /token for another access token and tries once more.
"use strict";

const seen = []; // every answer: [method, path, status]
let accessToken = null;
let refreshToken = null;

async function send(method, path, body, token) {
    const headers = { "Content-Type": "application/json" };
    if (token) {
        headers.Authorization = `Bearer ${token}`;
    }
    const answer = await fetch(path, {
        method, headers, body: body && JSON.stringify(body) });
    seen.push([method, path, answer.status]);
    return answer;
}

async function login(username, password) {
    const answer = await send("POST", "/login", { username, password });
    if (answer.ok) {
        ({ accessToken, refreshToken } = await answer.json());
    }
    return answer.status;
}

async function api(path) {
    let answer = await send("GET", path, null, accessToken);
    if (answer.status === 403) {
        const renewed = await send("POST", "/token", { refreshToken });
        if (renewed.ok) {
            ({ accessToken } = await renewed.json());
            answer = await send("GET", path, null, accessToken);
        }
    }
    return answer.ok ? answer.json() : answer.status;
}

async function logout() {
    await send("POST", "/logout", { refreshToken });
}
