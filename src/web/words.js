// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The words of the console in the reader's language. A language is a file with a table and a row here.

import en from './words-en.js';
import zh from './words-zh.js';

export const languages = [
    { code: 'en', name: 'English', table: en },
    { code: 'zh', name: '中文', table: zh },
];

const wanted = [localStorage.getItem('language'), ...navigator.languages].filter(Boolean);
let current =
    wanted.map((want) => languages.find(({ code }) => want.toLowerCase().startsWith(code))).find(Boolean) ??
    languages[0];
document.documentElement.lang = current.code;

export const language = () => current.code;

export function setLanguage(code) {
    current = languages.find((row) => row.code === code);
    localStorage.setItem('language', code);
    document.documentElement.lang = code;
}

/** t('nics.count', {used: 3, all: 8}): the text of that key, {used} and {all} filled in. */
export function t(key, values = {}) {
    const text = current.table[key] ?? languages[0].table[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

export const has = (key) => key in languages[0].table;

/** Words of the programs (states, kinds, classes) come as they are when no table knows them. */
export const term = (group, word) => (has(`${group}.${word}`) ? t(`${group}.${word}`) : (word ?? t('value.none')));

const UNITS = [
    ['day', 86400],
    ['hour', 3600],
    ['minute', 60],
    ['second', 1],
];

/** Unix time to "2026-11-21 16:30:05" of the reader's clock, in every language. */
export const time = (when) => new Date(when * 1000).toLocaleString('sv');
/** Unix time to "12 min": how long ago. */
export function age(when) {
    const seconds = Math.max(0, Math.round(Date.now() / 1000 - when));
    const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS[3];
    return t(`age.${unit}`, { n: Math.floor(seconds / size) });
}

export const number = (value, digits = 0) =>
    new Intl.NumberFormat(current.code, { maximumFractionDigits: digits }).format(value);
