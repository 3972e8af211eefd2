// SPDX-License-Identifier: Apache-2.0
//
// The server of React tutorials: the refresh token in an HttpOnly cookie, CORS
// with credentials for one origin.
//
//   cookie_host.mjs '{"secret": …, "refresh": …, "users": {…},
//                     "lifetime": s, "origin": …}'
//
// Prints `listening <port>`.

import express from "express";
import jwt from "jsonwebtoken";

const given = JSON.parse(process.argv[2]);
const NAME = "refresh";
const app = express();
app.use(express.json());
app.use((req, res, next) => {
    res.set({ "Access-Control-Allow-Origin": given.origin,
              "Access-Control-Allow-Credentials": "true",
              "Access-Control-Allow-Headers": "authorization, content-type",
              "Vary": "Origin" });
    req.method === "OPTIONS" ? res.sendStatus(204) : next();
});

const access = (username) => jwt.sign({ username }, given.secret,
    { expiresIn: given.lifetime });
const cookie = { httpOnly: true, secure: true, sameSite: "strict" };

app.post("/auth/login", (req, res) => {
    const { username, password } = req.body;
    if (given.users[username] !== password) {
        return res.status(403).json({ error: "login" });
    }
    res.cookie(NAME, jwt.sign({ username }, given.refresh), cookie)
       .json({ accessToken: access(username) });
});

app.post("/auth/refresh", (req, res) => {
    const token = req.headers.cookie?.match(/(?:^|; )refresh=([^;]*)/)?.[1];
    jwt.verify(token ?? "", given.refresh, (error, user) =>
        error ? res.clearCookie(NAME).status(403)
                   .json({ error: "refresh_expired" })
              : res.json({ accessToken: access(user.username) }));
});

app.post("/auth/logout", (req, res) => res.clearCookie(NAME).sendStatus(204));

app.get("/api/me", (req, res) => {
    const token = req.headers.authorization?.split(" ")[1];
    jwt.verify(token ?? "", given.secret, (error, user) =>
        error ? res.status(401).json({ error: error.message })
              : res.json(user));
});

const server = app.listen(0, "127.0.0.1",
    () => console.log("listening", server.address().port));
