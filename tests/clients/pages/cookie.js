// SPDX-License-Identifier: Apache-2.0
//
// The client of React tutorials: axios, the access token in memory, the refresh
// token in a cookie that no script sees. Told 401, it refreshes and repeats the
// request; where the refresh answers 401 itself it would do so for ever.
"use strict";

const seen = []; // every answer: [method, path, status]
const client = axios.create({
    baseURL: new URLSearchParams(location.search).get("api"),
    withCredentials: true,
});
let accessToken = null;

client.interceptors.request.use((config) => {
    if (accessToken) {
        config.headers.Authorization = `Bearer ${accessToken}`;
    }
    return config;
});

function note(answer) {
    seen.push([answer.config.method.toUpperCase(), answer.config.url,
               answer.status]);
}

client.interceptors.response.use((answer) => {
    note(answer);
    return answer;
}, async (error) => {
    if (!error.response) {
        seen.push([error.config.method.toUpperCase(), error.config.url, 0]);
        throw error;
    }
    note(error.response);
    if (error.response.status === 401 && !error.config.repeated) {
        error.config.repeated = true;
        const renewed = await client.post("/auth/refresh");
        accessToken = renewed.data.accessToken;
        return client(error.config);
    }
    throw error;
});

const status = (error) => error.response ? error.response.status : 0;

async function login(username, password) {
    const answer = await client.post("/auth/login", { username, password });
    accessToken = answer.data.accessToken;
    return answer.status;
}

const api = (path) => client.get(path).then((answer) => answer.data, status);

const refresh = () => client.post("/auth/refresh").then(
    (answer) => {
        accessToken = answer.data.accessToken;
        return answer.status;
    }, status);

const logout = () => client.post("/auth/logout").then(
    (answer) => answer.status, status);
