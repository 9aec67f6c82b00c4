// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the tests of the console stand on: a browser that keeps account of what a page does, and the guest on the other side.
// From tests/host/console.sh come the addresses of both consoles, the folder shared with the guest, and where pictures go.

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { CONSOLE_URL, CONSOLE_REPLAY_URL, CONSOLE_SHARE, CONSOLE_MODULES, CONSOLE_SCREENSHOTS } = process.env;
const { chromium } = createRequire(join(CONSOLE_MODULES, 'here.js'))('playwright-core');

const GUEST_MS = 60000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const address = CONSOLE_URL;
export const replay = CONSOLE_REPLAY_URL;
export const token = (role) => readFileSync(join(CONSOLE_SHARE, `token.${role}`), 'utf8').trim();

let asked = 0;

/** Runs a command in the guest; what it printed. */
export async function guest(command) {
    asked += 1;
    const name = (word) => join(CONSOLE_SHARE, `${word}.${asked}`);
    writeFileSync(name('asking'), command);
    renameSync(name('asking'), name('ask'));
    for (const end = Date.now() + GUEST_MS; Date.now() < end; await sleep(50))
        if (existsSync(name('answer'))) return readFileSync(name('answer'), 'utf8').trim();
    throw new Error(`the guest did not answer: ${command}`);
}

let browser;

export async function start() {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
}

export const stop = () => browser.close();

/** What no page may do, over all of them. */
export const complaints = [];

/** Refusals that a test provokes are errors for the browser's console, but not for us. */
const isRefusal = (text) => /^Failed to load resource: .* status of (401|403|409|422)/.test(text);

/** A page of its own browser profile; without a role nobody is signed in. `at` is the daemon. */
export async function open({ width = 1280, dark = false, locale = 'en-US', role = 'admin', at = address } = {}) {
    const context = await browser.newContext({
        viewport: { width, height: 640 },
        colorScheme: dark ? 'dark' : 'light',
        locale,
        ignoreHTTPSErrors: true,
    });
    if (role) await context.addInitScript((text) => sessionStorage.setItem('token', text), token(role));
    const page = await context.newPage();
    page.setDefaultTimeout(30000);
    page.on('console', (message) => {
        if (message.type() === 'error' && !isRefusal(message.text())) complaints.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
    page.on('request', (request) => {
        if (!request.url().startsWith(`${at}/`)) complaints.push(`request: ${request.url()}`);
    });
    return page;
}

export async function go(page, path, at = address) {
    await page.goto(`${at}/#/${path}`);
    await page.waitForSelector('#main h1, #main h2');
    await page.waitForFunction(() => !document.querySelector('#main [aria-busy]'));
}

export async function shoot(page, name) {
    mkdirSync(CONSOLE_SCREENSHOTS, { recursive: true });
    await page.screenshot({ path: join(CONSOLE_SCREENSHOTS, `${name}.png`), fullPage: true });
}

/** Until the guest says what is wanted. */
export async function until(command, want) {
    let got;
    for (const end = Date.now() + 20000; Date.now() < end; await sleep(200)) {
        got = await guest(command);
        if (got === want) break;
    }
    return got;
}
