// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What was changed of a VF and who had it, and from that how it was before.

import { h } from './dom.js';
import { card, nothing, table, value, waiting } from './parts.js';
import { t, term, time } from './words.js';

export const HISTORY_ROWS = 30;

const transaction = (row) => h('a', { href: `#/changes/${row.transaction}` }, `${row.transaction}`);

/** A value of before is not known of a VF that was made by the same change, nor had it a driver. */
const isFirst = (row) => row.from === null || (row.what === 'driver' && row.from === 'none' && row.to === 'default');

/** What each setting was before the first change of it since the VF was made; the history is newest first. */
function baselineOf(history) {
    const before = new Map();
    for (const row of history) {
        if (isFirst(row)) break;
        if (row.state === 'done') before.set(row.what, row);
    }
    return [...before.values()];
}

const baselineRow = (row) =>
    h(
        'tr',
        { key: row.what },
        h('td', {}, term('attribute', row.what)),
        h('td', {}, value(row.from)),
        h('td', {}, transaction(row)),
        h('td', { class: 'quiet' }, time(row.when)),
    );

/** past: {history, leases} as the API gives them, null while they are read. */
export function baselineCard(past) {
    const title = t('vf.baseline');
    if (!past) return card(title, null, waiting());
    const rows = baselineOf(past.history).map(baselineRow);
    const headings = [t('plan.what'), t('vf.before'), t('changes.transaction'), t('changes.when')];
    return card(title, null, rows.length ? table(headings, rows, title) : nothing(t('vf.baseline.none')));
}

const changeRow = (row) => [
    h('td', {}, row.who),
    h('td', {}, term('attribute', row.what)),
    h('td', { class: 'from' }, value(row.from)),
    h('td', { class: 'to' }, value(row.to)),
    h('td', {}, transaction(row)),
];

const leaseRow = (event) => [
    h('td', {}, event.owner),
    h('td', {}, t('vf.lease')),
    h('td', {}),
    h('td', { class: 'to' }, term('event', event.event)),
    h('td', {}),
];

/** The newest first, each as a row of the table. */
function historyRows({ history, leases }) {
    const all = [...history.map((row) => [row, changeRow]), ...leases.map((event) => [event, leaseRow])];
    const shown = all.sort(([a], [b]) => b.when - a.when).slice(0, HISTORY_ROWS);
    return shown.map(([one, cells], i) => h('tr', { key: i }, h('td', { class: 'quiet' }, time(one.when)), cells(one)));
}

export function historyCard(past) {
    const title = t('vf.history');
    if (!past) return card(title, null, waiting());
    const rows = historyRows(past);
    const keys = ['changes.when', 'changes.who', 'plan.what', 'plan.from', 'plan.to', 'changes.transaction'];
    const headings = keys.map((key) => t(key));
    return card(title, null, rows.length ? table(headings, rows, title) : nothing(t('vf.history.none')));
}
