// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Leases and pools: who has which VF, what is left, and lending by hand.

import * as api from './api.js';
import { h } from './dom.js';
import { stateOf } from './holders.js';
import { badge, card, nothing, table, toast, trouble, value, waiting } from './parts.js';
import { openQuestion } from './plan-dialog.js';
import { findPf, pfLabel, refresh } from './store.js';
import { age, t, term, time } from './words.js';

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

const leaseRow = (role) => (lease) => {
    const label = `${lease.pf}/${lease.vf}`;
    return h(
        'tr',
        { key: label },
        h('td', {}, h('a', { href: `#/vf/${encodeURIComponent(lease.pf)}/${lease.vf}` }, label)),
        h('td', {}, h('b', {}, lease.owner.name)),
        h('td', {}, value([lease.owner.netns, lease.owner.container, lease.owner.pid && `pid ${lease.owner.pid}`].filter(Boolean).join(' · '))),
        h('td', { title: lease.since ? time(lease.since) : '' }, lease.since ? age(lease.since) : value(null)),
        h('td', {}, badge(lease.state === 'held' ? 'lease' : 'warning', term('lease', lease.state))),
        h('td', { class: 'code' }, wants(lease.want)),
        h('td', {}, role !== 'read' && h('button', { onclick: () => askRelease(lease) }, t('leases.release'))),
    );
};

/** "0,2-4" to numbers; nothing given is all of the PF. */
function indexes(text, pf) {
    if (!text) return pf.vfs.map(({ index }) => index);
    return `${text}`.split(',').flatMap((part) => {
        const [first, last = first] = part.split('-').map(Number);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

function poolCard(pool) {
    const members = pool.from.flatMap((place) => {
        const pf = findPf(place.pf);
        if (!pf) return [];
        return indexes(place.vfs, pf).map((index) => ({ pf, index, vf: pf.vfs.find((vf) => vf.index === index) }));
    });
    const free = members.filter(({ vf }) => vf && vf.holders.length === 0).length;
    return h(
        'li',
        { class: 'pool', key: pool.name },
        h('header', {}, h('h3', {}, pool.name), h('span', { class: 'quiet' }, t('leases.pool.free', { free, all: members.length }))),
        h(
            'div',
            { class: 'slices small' },
            members.map(({ pf, index, vf }) => {
                const label = `${pfLabel(pf)}/${index}`;
                if (!vf) return h('span', { class: 'slice uncut', title: label });
                const text = `${label}: ${t(`state.${stateOf(vf)}`)}`;
                return h('a', { class: `slice ${stateOf(vf)}`, href: `#/vf/${label}`, title: text, 'aria-label': text });
            }),
        ),
    );
}

export function open(_, redraw) {
    const form = { from: '', owner: '', failed: null, busy: false };

    async function lend(event) {
        event.preventDefault();
        const [kind, name] = form.from.split(':');
        form.busy = true;
        form.failed = null;
        redraw();
        try {
            const lease = await api.acquire({ owner: form.owner.trim(), [kind]: name });
            toast(t('leases.lent', { vf: `${lease.pf}/${lease.vf}`, owner: lease.owner.name }));
            form.owner = '';
            refresh();
        } catch (error) {
            form.failed = error;
        }
        form.busy = false;
        redraw();
    }

    function lendCard(pfs, pools) {
        const choices = [
            ...pools.map(({ name }) => [`pool:${name}`, t('leases.of-pool', { name })]),
            ...pfs.filter((pf) => pf.vfs.length).map((pf) => [`pf:${pfLabel(pf)}`, t('leases.of-pf', { name: pfLabel(pf) })]),
            ...pfs.flatMap((pf) =>
                pf.vfs.filter((vf) => !vf.holders.length).map((vf) => [`vf:${pfLabel(pf)}/${vf.index}`, `${pfLabel(pf)}/${vf.index}`]),
            ),
        ];
        if (!choices.some(([key]) => key === form.from)) form.from = choices[0]?.[0] ?? '';
        return card(
            t('leases.lend'),
            null,
            h(
                'form',
                { class: 'lend', onsubmit: lend },
                h('label', {}, t('leases.which'), h('select', { value: form.from, onchange: ({ target }) => (form.from = target.value) }, choices.map(([key, text]) => h('option', { value: key }, text)))),
                h('label', {}, t('leases.owner'), h('input', { required: true, maxlength: 60, value: form.owner, autocomplete: 'off', oninput: ({ target }) => (form.owner = target.value) })),
                h('button', { class: 'main', disabled: form.busy || choices.length === 0 }, t('leases.lend.go')),
            ),
            form.failed && trouble(form.failed),
        );
    }

    return {
        needs: ['pfs', 'leases', 'policy'],
        view({ pfs, leases, policy, error }, { role }) {
            if (!pfs || !leases) return error ? trouble(error) : waiting();
            const pools = policy?.pools ?? [];
            const headings = ['VF', t('leases.owner'), t('leases.for'), t('leases.age'), t('vf.state'), t('leases.want'), ''];
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.leases')), h('p', { class: 'quiet' }, t('leases.sum', { n: leases.length }))),
                card(t('leases.title'), null, leases.length ? table(headings, leases.map(leaseRow(role)), t('leases.title')) : nothing(t('leases.none'))),
                h(
                    'div',
                    { class: 'halves' },
                    h('div', {}, card(t('leases.pools'), null, pools.length ? h('ul', { class: 'pools' }, pools.map(poolCard)) : nothing(t('leases.pools.none')))),
                    h('div', {}, role !== 'read' && lendCard(pfs, pools)),
                ),
            ];
        },
    };
}
