// SPDX-License-Identifier: Apache-2.0
//
// openid-client, unmodified.

import { Issuer } from "openid-client";
import { given, held, hold, run } from "./steps.mjs";

const issuer = given.server ? new Issuer(given.server)
    : await Issuer.discover(
        `${given.issuer}/.well-known/oauth-authorization-server`);
const client = new issuer.Client({
    client_id: given.client.client_id, client_secret: given.secret,
    token_endpoint_auth_method: given.secret ? "client_secret_basic" : "none" });

await run({
    refresh: async () => hold(await client.refresh(held.refresh)),
    introspect: () => client.introspect(held.access),
    revoke: () => client.revoke(held.refresh, "refresh_token"),
    api: async () => {
        const answer = await client.requestResource(given.api, held.access);
        return { status: answer.statusCode };
    },
}, (error) => error.response?.statusCode);
