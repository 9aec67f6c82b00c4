// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the pages show of the daemon, kept current. A resource is a row: where it comes from and which records of the
// event stream make it stale. Only what the open page needs is read.

import * as api from './api.js';

const all = ['change', 'drift', 'repair', 'fight', 'policy', 'apply', 'transaction', 'lease', 'daemon'];
const resources = {
    pfs: { path: '/v1/pfs', key: 'pfs', stale: all, every: 5 },
    leases: { path: '/v1/leases', key: 'leases', stale: ['lease', 'change', 'transaction'] },
    policy: { path: '/v1/policy', key: 'policy', stale: ['drift', 'repair', 'fight', 'policy', 'apply', 'change'] },
    transactions: { path: '/v1/transactions', key: 'transactions', stale: ['transaction', 'apply', 'change'] },
};
const EVENTS_KEPT = 200;
const TOGETHER_MS = 120; // records of one change come in bursts

/** What was not read yet is null, what could not be read is false. */
export const data = { pfs: null, leases: null, policy: null, transactions: null, events: [], live: false, error: null };

let needs = [];
const failed = new Map(); // resource to its error
let changed = () => {};
const waiting = new Set();
let timer = 0;

async function load(name) {
    const { path, key } = resources[name];
    try {
        const answer = await api.get(path);
        data[name] = answer[key] ?? answer;
        failed.delete(name);
    } catch (error) {
        data[name] ??= false;
        failed.set(name, error);
    }
    data.error = [...failed.values()][0] ?? null;
    changed(name);
}

function loadSoon(names) {
    for (const name of names) waiting.add(name);
    timer ||= setTimeout(() => {
        timer = 0;
        const now = [...waiting].filter((name) => needs.includes(name));
        waiting.clear();
        now.forEach(load);
    }, TOGETHER_MS);
}

/** From now on the page needs these. */
export function need(names) {
    needs = names;
    names.forEach(load);
}

export const refresh = () => loadSoon(needs);

function heard(record) {
    data.events.unshift(record);
    data.events.length = Math.min(data.events.length, EVENTS_KEPT);
    loadSoon(Object.keys(resources).filter((name) => resources[name].stale.includes(record.kind)));
    changed('events', record);
}

function connected(live) {
    if (live === data.live) return;
    data.live = live;
    if (live) refresh();
    changed('live');
}

/** Begins; `call` is told what has changed. Who holds a VF is not announced, so that is asked for while somebody looks. */
export function start(call) {
    changed = call;
    api.listen(heard, connected);
    for (const [name, { every }] of Object.entries(resources)) {
        if (!every) continue;
        setInterval(() => document.visibilityState === 'visible' && needs.includes(name) && load(name), every * 1000);
    }
}

// ---- looking things up ----

export const pfLabel = (pf) => pf.name ?? pf.pci ?? pf.handle;
export const vfAddress = (label, index) => `#/vf/${encodeURIComponent(label)}/${index}`;
export const findPf = (label) =>
    (data.pfs || []).find((pf) => [pf.name, pf.pci, pf.handle, ...pf.altnames].includes(label));
export const findVf = (pf, index) => pf?.vfs.find((vf) => vf.index === Number(index));
export const findLease = (pf, index) =>
    (data.leases || []).find((lease) => [pf.name, pf.pci].includes(lease.pf) && lease.vf === index);

/** The VFs, as "enp1s0/3", that have exactly this holder. */
export function heldBy(holder) {
    const text = JSON.stringify(holder);
    return (data.pfs || []).flatMap((pf) => [
        ...(pf.holders.some((one) => JSON.stringify(one) === text) ? [pfLabel(pf)] : []),
        ...pf.vfs
            .filter((vf) => vf.holders.some((one) => JSON.stringify(one) === text))
            .map((vf) => `${pfLabel(pf)}/${vf.index}`),
    ]);
}
