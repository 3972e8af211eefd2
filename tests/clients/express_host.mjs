// SPDX-License-Identifier: Apache-2.0
//
// Express with jsonwebtoken, as tutorials teach it: /login, /token, /logout and
// an API that verifies access tokens.
//
//   express_host.mjs '{"secret": …, "refresh": …, "users": {…}, "lifetime": s}'
//
// Prints `listening <port>`.

import express from "express";
import jwt from "jsonwebtoken";

const given = JSON.parse(process.argv[2]);
const alive = new Set(); // refresh tokens; a restart forgets them
const app = express();
app.use(express.json());

const access = (username) => jwt.sign({ username }, given.secret,
    { expiresIn: given.lifetime });

app.post("/login", (req, res) => {
    const { username, password } = req.body;
    if (!username || given.users[username] !== password) {
        return res.status(401).send("Username or password incorrect");
    }
    const refreshToken = jwt.sign({ username }, given.refresh);
    alive.add(refreshToken);
    res.json({ accessToken: access(username), refreshToken });
});

app.post("/token", (req, res) => {
    const { refreshToken } = req.body;
    const no = (error) => res.status(403).json({ error });
    if (!refreshToken) {
        return no("refresh token missing");
    }
    if (!alive.has(refreshToken)) {
        return no("refresh token unknown");
    }
    jwt.verify(refreshToken, given.refresh, (error, user) =>
        error ? no(error.message)
              : res.json({ accessToken: access(user.username) }));
});

app.post("/logout", (req, res) => {
    alive.delete(req.body?.refreshToken);
    res.sendStatus(204);
});

app.get("/api/me", (req, res) => {
    const token = req.headers.authorization?.split(" ")[1];
    if (!token) {
        return res.status(401).json({ error: "token missing" });
    }
    jwt.verify(token, given.secret, { algorithms: ["HS256"] }, (error, user) =>
        error ? res.status(403).json({ error: error.message })
              : res.json(user));
});

const server = app.listen(0, "127.0.0.1",
    () => console.log("listening", server.address().port));
