// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Leases and pools: who has which VF, what is left, and lending by hand.

import * as api from './api.js';
import { h } from './dom.js';
import { endsWith, stateOf } from './holders.js';
import { badge, card, nothing, table, toast, trouble, value, waiting } from './parts.js';
import { openQuestion } from './plan-dialog.js';
import { findPf, pfLabel, refresh, vfAddress } from './store.js';
import { age, t, term, time } from './words.js';

// ---- leases ----

function askRelease(lease) {
    const label = `${lease.pf}/${lease.vf}`;
    openQuestion({
        title: t('leases.release.title', { vf: label }),
        text: t('leases.release.why', { owner: lease.owner.name }),
        command: `sriovctl release ${label}`,
        go: t('leases.release'),
        run: () => api.release(lease.pf, lease.vf),
    });
}

const wants = (want) =>
    Object.entries(want ?? {})
        .map(([name, what]) => `${name}=${what === true ? 'on' : what === false ? 'off' : what}`)
        .join(' ');

const leaseRow = (role) => (lease) =>
    h(
        'tr',
        { key: `${lease.pf}/${lease.vf}` },
        h('td', {}, h('a', { href: vfAddress(lease.pf, lease.vf) }, `${lease.pf}/${lease.vf}`)),
        h('td', {}, h('b', {}, lease.owner.name)),
        h('td', {}, value(endsWith(lease.owner))),
        h('td', { title: lease.since && time(lease.since) }, lease.since ? age(lease.since) : value(null)),
        h('td', {}, badge(lease.state === 'held' ? 'lease' : 'warning', term('lease', lease.state))),
        h('td', { class: 'code' }, wants(lease.want)),
        h('td', {}, role !== 'read' && h('button', { onclick: () => askRelease(lease) }, t('leases.release'))),
    );

function leasesCard(leases, role) {
    const headings = ['VF', t('leases.owner'), t('leases.for'), t('leases.age'), t('vf.state'), t('leases.want'), ''];
    const title = t('leases.title');
    const rows = leases.map(leaseRow(role));
    return card(title, null, rows.length ? table(headings, rows, title) : nothing(t('leases.none')));
}

// ---- pools ----

/** "0,2-4" to numbers; nothing given is all of the PF. */
function indexes(text, pf) {
    if (!text) return pf.vfs.map(({ index }) => index);
    return text.split(',').flatMap((part) => {
        const [first, last = first] = part.split('-').map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** The VFs that a pool names; `vf` is missing where there is none of that number. */
function membersOf(pool) {
    return pool.from.flatMap((source) => {
        const pf = findPf(source.pf);
        if (!pf) return [];
        const find = (index) => pf.vfs.find((vf) => vf.index === index);
        return indexes(source.vfs, pf).map((index) => ({ label: pfLabel(pf), index, vf: find(index) }));
    });
}

function member({ label, index, vf }) {
    if (!vf) return h('span', { class: 'slice uncut', title: `${label}/${index}` });
    const text = `${label}/${index}: ${t(`state.${stateOf(vf)}`)}`;
    return h('a', { class: `slice ${stateOf(vf)}`, href: vfAddress(label, index), title: text, 'aria-label': text });
}

function poolItem(pool) {
    const members = membersOf(pool);
    const free = members.filter(({ vf }) => vf?.holders.length === 0).length;
    const sum = t('leases.pool.free', { free, all: members.length });
    return h(
        'li',
        { class: 'pool', key: pool.name },
        h('header', {}, h('h3', {}, pool.name), h('span', { class: 'quiet' }, sum)),
        h('div', { class: 'slices small' }, members.map(member)),
    );
}

const poolsCard = (pools) =>
    card(
        t('leases.pools'),
        null,
        pools.length ? h('ul', { class: 'pools' }, pools.map(poolItem)) : nothing(t('leases.pools.none')),
    );

// ---- lending ----

/** Where a VF may come from, as [key of the request, its value, text]. */
function sources(pfs, pools) {
    const free = (pf) => pf.vfs.filter((vf) => vf.holders.length === 0).map((vf) => `${pfLabel(pf)}/${vf.index}`);
    return [
        ...pools.map(({ name }) => ['pool', name, t('leases.of-pool', { name })]),
        ...pfs.filter((pf) => pf.vfs.length).map((pf) => ['pf', pfLabel(pf), t('leases.of-pf', { name: pfLabel(pf) })]),
        ...pfs.flatMap(free).map((label) => ['vf', label, label]),
    ];
}

function lendCard(form, pfs, pools, lend) {
    const choices = sources(pfs, pools).map(([key, name, text]) => [`${key}:${name}`, text]);
    if (!choices.some(([key]) => key === form.from)) form.from = choices[0]?.[0] ?? '';
    const which = h(
        'select',
        { value: form.from, onchange: ({ target }) => (form.from = target.value) },
        choices.map(([key, text]) => h('option', { value: key }, text)),
    );
    const owner = h('input', {
        required: true,
        maxlength: 60,
        autocomplete: 'off',
        value: form.owner,
        oninput: ({ target }) => (form.owner = target.value),
    });
    return card(
        t('leases.lend'),
        null,
        h(
            'form',
            { class: 'lend', onsubmit: lend },
            h('label', {}, t('leases.which'), which),
            h('label', {}, t('leases.owner'), owner),
            h('button', { class: 'main', disabled: form.busy || choices.length === 0 }, t('leases.lend.go')),
        ),
        form.failed && trouble(form.failed),
    );
}

export function open(_, redraw) {
    const form = { from: '', owner: '', failed: null, busy: false };

    async function lend(event) {
        event.preventDefault();
        const [key, ...name] = form.from.split(':');
        Object.assign(form, { busy: true, failed: null });
        redraw();
        try {
            const lease = await api.acquire({ owner: form.owner.trim(), [key]: name.join(':') });
            toast(t('leases.lent', { vf: `${lease.pf}/${lease.vf}`, owner: lease.owner.name }));
            form.owner = '';
            refresh();
        } catch (error) {
            form.failed = error;
        }
        form.busy = false;
        redraw();
    }

    return {
        needs: ['pfs', 'leases', 'policy'],
        view({ pfs, leases, policy, error }, { role }) {
            if (pfs === null || leases === null || policy === null) return waiting();
            if (!pfs || !leases) return trouble(error);
            const pools = Object.entries(policy.pools ?? {}).map(([name, pool]) => ({ name, ...pool }));
            const sum = h('p', { class: 'quiet' }, t('leases.sum', { n: leases.length }));
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.leases')), sum),
                leasesCard(leases, role),
                h(
                    'div',
                    { class: 'halves' },
                    h('div', {}, poolsCard(pools)),
                    h('div', {}, role !== 'read' && lendCard(form, pfs, pools, lend)),
                ),
            ];
        },
    };
}
