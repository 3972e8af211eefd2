// SPDX-License-Identifier: Apache-2.0
//
// jose, an implementation that is not ours: asks on standard input as a JSON
// array, answers on standard output, in order.
//
//   {"do": "generate", "alg", "kid"}             a private or symmetric JWK
//   {"do": "sign", "alg", "jwk", "header", "claims"}              a token
//   {"do": "verify", "token", "jwk" or "jwks", "options"}
//                               {"header", "claims"} or {"error": code}
import * as jose from 'jose';
import { text } from 'node:stream/consumers';

async function generate({ alg, kid }) {
  const key = alg.startsWith('HS')
    ? await jose.generateSecret(alg, { extractable: true })
    : (await jose.generateKeyPair(alg, { extractable: true })).privateKey;
  return { ...await jose.exportJWK(key), alg, kid };
}

async function sign({ alg, jwk, header, claims }) {
  return new jose.SignJWT(claims)
    .setProtectedHeader({ alg, ...header })
    .sign(await jose.importJWK(jwk, alg));
}

async function verify({ token, jwk, jwks, options }) {
  try {
    const key = jwks ? jose.createLocalJWKSet(jwks)
      : await jose.importJWK(jwk, options.algorithms[0]);
    const { payload, protectedHeader } =
      await jose.jwtVerify(token, key, options);
    return { header: protectedHeader, claims: payload };
  } catch (error) {
    return { error: error.code ?? String(error) };
  }
}

const verbs = { generate, sign, verify };
const asks = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(
  await Promise.all(asks.map((ask) => verbs[ask.do](ask)))));
