// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Checks that print TAP, for the tests of the console.

let checks = 0;
let failures = 0;

export function ok(good, what, ...why) {
    checks += 1;
    if (!good) failures += 1;
    console.log(`${good ? 'ok' : 'not ok'} ${checks} - ${what}`);
    if (!good) for (const line of why.join('\n').split('\n')) console.log(`#     ${line}`);
}

export const is = (got, want, what) => ok(got === want, what, `got:  ${got}`, `want: ${want}`);
export const has = (text, part, what) => ok(`${text}`.includes(part), what, `got:  ${text}`, `want: ... ${part} ...`);

/** The checks of a part; if it throws, that is one that failed, and the next part goes on. */
export async function part(what, run) {
    try {
        await run();
    } catch (error) {
        ok(false, what, error.stack ?? error);
    }
}

export function finish() {
    console.log(`1..${checks}`);
    process.exitCode = failures ? 1 : 0;
}
