// SPDX-License-Identifier: Apache-2.0
//
// oauth4webapi, unmodified. Each answer is judged by the library's own
// function, which is strict about status, media type and members.

import { given, held, hold, run } from "./steps.mjs";

// Debian's node has no global WebCrypto.
globalThis.crypto ??= (await import("node:crypto")).webcrypto;
const oauth = await import("oauth4webapi");

const { client } = given;
const authentication = given.secret
    ? oauth.ClientSecretBasic(given.secret) : oauth.None();
const options = { [oauth.allowInsecureRequests]: true };
const server = given.server ?? await oauth.processDiscoveryResponse(
    new URL(given.issuer), await oauth.discoveryRequest(
        new URL(given.issuer), { algorithm: "oauth2" }));

await run({
    refresh: async () => hold(await oauth.processRefreshTokenResponse(
        server, client, await oauth.refreshTokenGrantRequest(
            server, client, authentication, held.refresh, options))),
    introspect: async () => oauth.processIntrospectionResponse(
        server, client, await oauth.introspectionRequest(
            server, client, authentication, held.access, options)),
    revoke: async () => oauth.processRevocationResponse(
        await oauth.revocationRequest(
            server, client, authentication, held.refresh, options)),
    api: async () => {
        const answer = await oauth.protectedResourceRequest(
            held.access, "GET", new URL(given.api), undefined, undefined,
            options);
        return { status: answer.status };
    },
}, (error) => error.status);
