// SPDX-License-Identifier: Apache-2.0
//
// What the OAuth clients of npm have in common: they are told as JSON what to
// do, step by step, and print one result for each step: {step, …} or
// {step, failed, error, status}.
//
//   {"server": {metadata}, or "issuer": where they are found out,
//    "client": {…}, "secret": …, "token": a refresh token,
//    "api": a URL, "steps": ["refresh", …]}

export const given = JSON.parse(process.argv[2]);

/** The tokens that a client holds; refresh() replaces them. */
export const held = { refresh: given.token, access: given.access };

export function hold(tokens) {
    held.refresh = tokens.refresh_token ?? held.refresh;
    held.access = tokens.access_token;
    return tokens;
}

export async function run(steps, status) {
    const results = [];
    for (const step of given.steps) {
        try {
            results.push({ step, ...await steps[step]() });
        } catch (error) {
            results.push({ step, failed: error.name, error: error.error,
                           status: status(error), said: error.message });
        }
    }
    console.log(JSON.stringify(results));
}
