// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The console's tables of words: every language has the same keys with the same {places}, every key is used, and every key
// that the pages use is there. Needs no browser.

import { readdirSync, readFileSync } from 'node:fs';
import { is } from './tap.mjs';

const source = new URL('../../src/web/', import.meta.url);
const files = readdirSync(source).filter((name) => name.endsWith('.js'));
const languages = files.filter((name) => /^words-\w+\.js$/.test(name));
const tables = Object.fromEntries(
    await Promise.all(languages.map(async (name) => [name, (await import(new URL(name, source))).default])),
);
const english = tables['words-en.js'];
const text = files
    .filter((name) => !languages.includes(name))
    .map((name) => readFileSync(new URL(name, source), 'utf8'))
    .join('\n');

const places = (words) => [...words.matchAll(/\{\w+\}/g)].map(String).sort().join(' ');
const list = (words) => [...words].sort().join(', ');

/** 'a.b' in quotes, and what `a.${x}` and term('a', x) may stand for. */
const literal = new Set([...text.matchAll(/'([a-z][\w-]*\.[\w.-]+)'/g)].map((found) => found[1]));
const starts = new Set([...text.matchAll(/`([a-z][\w-]*\.)\$\{/g)].map((found) => found[1]));
for (const [, group] of text.matchAll(/\bterm\('([\w-]+)'/g)) starts.add(`${group}.`);
const isUsed = (key) => literal.has(key) || [...starts].some((start) => key.startsWith(start));
const isKey = (word) => Object.keys(english).some((key) => key.split('.')[0] === word.split('.')[0]);

export function words() {
    for (const [name, table] of Object.entries(tables)) {
        is(list(Object.keys(table)), list(Object.keys(english)), `${name} has the keys that English has`);
        is(
            list(Object.keys(table).filter((key) => places(table[key]) !== places(english[key] ?? ''))),
            '',
            `${name} has the same places to fill in`,
        );
    }
    is(list(Object.keys(english).filter((key) => !isUsed(key))), '', 'no word is unused');
    is(
        list([...literal].filter((word) => isKey(word) && !/\.(js|svg|css)$/.test(word) && !(word in english))),
        '',
        'no word is missing',
    );
}
