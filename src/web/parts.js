// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Small things that several pages show.

import { ApiError } from './api.js';
import { h } from './dom.js';
import { t, term } from './words.js';

/** A setting as it is read: null is not known, not a value. */
export function value(what) {
    if (what === null || what === undefined || what === '') return h('span', { class: 'quiet' }, t('value.none'));
    if (what === true || what === false) return t(what ? 'value.on' : 'value.off');
    return `${what}`;
}

export const badge = (kind, text) => h('span', { class: `badge ${kind}` }, text);

/** A section with a heading; `aside` stands at the end of the heading's line. */
export const card = (title, aside, ...content) =>
    h('section', { class: 'card' }, h('header', {}, h('h2', {}, title), aside), content);

export const nothing = (text) => h('p', { class: 'nothing' }, text);

/** Shown until the first answer is there. */
export const waiting = () => h('p', { class: 'nothing', 'aria-busy': 'true' }, t('frame.loading'));

/** [[term, value], …] */
export const facts = (rows) =>
    h(
        'dl',
        { class: 'facts' },
        rows
            .filter(Boolean)
            .map(([name, what]) =>
                h('div', {}, h('dt', {}, name), h('dd', {}, typeof what === 'object' && what ? what : value(what))),
            ),
    );

/** rows: nodes of <tr>; scrolls in itself where the screen is narrow. */
export const table = (headings, rows, label) =>
    h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': label },
        h(
            'table',
            {},
            h(
                'thead',
                {},
                h(
                    'tr',
                    {},
                    headings.map((one) => h('th', { scope: 'col' }, one)),
                ),
            ),
            h('tbody', {}, rows),
        ),
    );

/** A command to be typed elsewhere, with a button that copies it. */
export const command = (text) =>
    h(
        'span',
        { class: 'command' },
        h('code', {}, text),
        h(
            'button',
            {
                class: 'plain',
                'aria-label': t('frame.copy.help', { text }),
                onclick: async ({ target }) => {
                    await navigator.clipboard?.writeText(text);
                    target.textContent = t('frame.copied');
                    setTimeout(() => (target.textContent = t('frame.copy')), 1500);
                },
            },
            t('frame.copy'),
        ),
    );

/** What the daemon refused: object, message, the kernel's words, the remedy. */
export function trouble(error) {
    if (!(error instanceof ApiError)) throw error;
    const said = [error.object, error.message, error.kernel].filter(Boolean).join(': ');
    return h(
        'div',
        { class: 'trouble', role: 'alert' },
        h('b', {}, error.status === 0 ? t('frame.unreachable') : term('status', `${error.status}`)),
        h('p', {}, said),
        error.remedy && h('p', { class: 'quiet' }, t('frame.remedy'), ' ', error.remedy),
    );
}

export function toast(text, href) {
    const place = document.getElementById('toasts');
    const node = h('p', { class: 'toast' }, text, ' ', href && h('a', { href }, t('frame.show')));
    place.append(node);
    setTimeout(() => node.remove(), 8000);
}
