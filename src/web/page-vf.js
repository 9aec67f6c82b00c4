// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One VF: its settings, who has it, how it was before, its traffic and its history. Without a VF in the address: all VFs.

import * as api from './api.js';
import { attributeForm } from './attributes.js';
import { vfAttributes } from './attributes-table.js';
import { Traffic, chart } from './chart.js';
import { h } from './dom.js';
import { holderRow, holderText, stateBadge, stateOf } from './holders.js';
import { card, facts, nothing, table, trouble, value, waiting } from './parts.js';
import { openPlan } from './plan-dialog.js';
import { findLease, findPf, findVf, pfLabel } from './store.js';
import { age, t, term, time } from './words.js';

const HISTORY_ROWS = 30;
const TOGETHER_MS = 300;

const address = (pf, index) => `#/vf/${encodeURIComponent(pfLabel(pf))}/${index}`;

// ---- all of them ----

function openAll(redraw) {
    let filter = '';
    const matches = (pf, vf) =>
        [`${pfLabel(pf)}/${vf.index}`, vf.pci, vf.name, vf.driver, vf.mac, `vlan ${vf.vlan}`, t(`state.${stateOf(vf)}`), ...vf.holders.map(holderText)]
            .join(' ')
            .toLowerCase()
            .includes(filter.toLowerCase());

    const line = ({ pf, vf }) =>
        h(
            'tr',
            { key: `${pf.handle}/${vf.index}` },
            h('td', {}, h('a', { href: address(pf, vf.index) }, `${pfLabel(pf)}/${vf.index}`)),
            h('td', {}, stateBadge(vf)),
            h('td', {}, vf.holders.map(holderText).join(', ')),
            h('td', { class: 'code' }, value(vf.pci)),
            h('td', { class: 'code' }, value(vf.mac)),
            h('td', {}, value(vf.vlan)),
            h('td', {}, value(vf.driver)),
            h('td', {}, value(vf.name)),
        );

    return {
        needs: ['pfs'],
        view({ pfs, error }) {
            if (!pfs) return error ? trouble(error) : waiting();
            const vfs = pfs.flatMap((pf) => pf.vfs.map((vf) => ({ pf, vf })));
            const found = vfs.filter(({ pf, vf }) => matches(pf, vf));
            const search = h('input', {
                type: 'search',
                placeholder: t('vf.filter'),
                'aria-label': t('vf.filter'),
                value: filter,
                oninput: ({ target }) => {
                    filter = target.value;
                    redraw();
                },
            });
            const headings = ['VF', t('vf.state'), t('vf.holder'), 'PCI', 'MAC', 'VLAN', t('attribute.driver'), t('vf.netdev')];
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.vf')), h('p', { class: 'quiet' }, t('vf.shown', { n: found.length, all: vfs.length })), search),
                h('section', { class: 'card' }, vfs.length ? table(headings, found.map(line), t('page.vf')) : nothing(t('vf.none'))),
            ];
        },
    };
}

// ---- one ----

function holderCard(vf, lease) {
    const rows = lease && [
        [t('leases.owner'), lease.owner.name],
        [t('leases.since'), lease.since && `${time(lease.since)} (${age(lease.since)})`],
        [t('leases.for'), [lease.owner.netns, lease.owner.container, lease.owner.pid && `pid ${lease.owner.pid}`].filter(Boolean).join(' · ')],
        lease.difference && [t('leases.difference'), lease.difference],
    ];
    return card(
        t('vf.holder'),
        stateBadge(vf),
        vf.holders.length ? h('ul', { class: 'holders' }, vf.holders.map((holder) => holderRow(holder))) : nothing(t('vf.nobody')),
        rows && facts(rows),
    );
}

/** A value of before is not known of a VF that was made by the same change, nor had it a driver. */
const isFirst = (row) => row.from === null || (row.what === 'driver' && row.from === 'none' && row.to === 'default');

/** What each setting was before the first change of it since the VF was made; the history is newest first. */
function baselineOf(history) {
    const before = new Map();
    for (const row of history ?? []) {
        if (isFirst(row)) break;
        if (row.state === 'done') before.set(row.what, row);
    }
    return [...before.values()];
}

function baselineCard(history) {
    const rows = baselineOf(history).map((row) =>
        h(
            'tr',
            { key: row.what },
            h('td', {}, term('attribute', row.what)),
            h('td', {}, value(row.from)),
            h('td', {}, h('a', { href: `#/changes/${row.transaction}` }, `${row.transaction}`)),
            h('td', { class: 'quiet' }, time(row.when)),
        ),
    );
    return card(
        t('vf.baseline'),
        null,
        rows.length
            ? table([t('plan.what'), t('vf.before'), t('changes.transaction'), t('changes.when')], rows, t('vf.baseline'))
            : nothing(t('vf.baseline.none')),
    );
}

function historyCard(history, leases) {
    const changes = (history ?? []).map((row) => ({ when: row.when, row }));
    const tenures = (leases ?? []).map((event) => ({ when: event.when, event }));
    const rows = [...changes, ...tenures].sort((a, b) => b.when - a.when).slice(0, HISTORY_ROWS);
    const line = ({ when, row, event }, i) =>
        h(
            'tr',
            { key: i },
            h('td', { class: 'quiet' }, time(when)),
            h('td', {}, row ? row.who : event.owner),
            h('td', {}, row ? term('attribute', row.what) : t('vf.lease')),
            h('td', { class: 'from' }, row && value(row.from)),
            h('td', { class: 'to' }, row ? value(row.to) : term('event', event.event)),
            h('td', {}, row && h('a', { href: `#/changes/${row.transaction}` }, `${row.transaction}`)),
        );
    const headings = [t('changes.when'), t('changes.who'), t('plan.what'), t('plan.from'), t('plan.to'), t('changes.transaction')];
    return card(t('vf.history'), null, rows.length ? table(headings, rows.map(line), t('vf.history')) : nothing(t('vf.history.none')));
}

function heading(pf, vf) {
    const label = `${pfLabel(pf)}/${vf.index}`;
    const at = pf.vfs.indexOf(vf);
    const step = (other, sign, text) =>
        other ? h('a', { class: 'button', href: address(pf, other.index), 'aria-label': text }, sign) : h('span', { class: 'button off' }, sign);
    return h(
        'div',
        { class: 'title' },
        h('h1', {}, label),
        stateBadge(vf),
        h('span', { class: 'quiet code' }, [vf.pci, vf.name, vf.driver].filter(Boolean).join(' · ')),
        h('span', { class: 'steps-between' }, step(pf.vfs[at - 1], '‹', t('vf.previous')), step(pf.vfs[at + 1], '›', t('vf.next'))),
    );
}

function openOne(label, index, redraw) {
    const edits = {};
    const traffic = new Traffic(label, index, redraw);
    let history = null;
    let timer = 0; // several records tell of one change

    async function readHistory() {
        timer = 0;
        history = await api.history(`${label}/${index}`, HISTORY_ROWS).catch(() => history);
        redraw();
    }
    readHistory();

    const form = (pf, vf, role) =>
        attributeForm({
            rows: vfAttributes,
            now: vf,
            edits,
            redraw,
            plan: (body, words) =>
                openPlan({
                    title: t('vf.set.title', { vf: `${label}/${index}` }),
                    command: body.driver ? `sriovctl bind ${label}/${index} ${body.driver}` : `sriovctl set ${label}/${index} ${words}`,
                    pf: pfLabel(pf),
                    role,
                    run: (how) => api.setVf(pfLabel(pf), index, body, how),
                    done: () => {
                        for (const name of Object.keys(edits)) delete edits[name];
                        readHistory();
                    },
                }),
        });

    return {
        needs: ['pfs', 'leases'],
        title: () => `${label}/${index}`,
        heard(record) {
            if (record.object === `${label}/${index}`) timer ||= setTimeout(readHistory, TOGETHER_MS);
        },
        close() {
            clearTimeout(timer);
            traffic.stop();
        },
        view({ pfs, error }, { role }) {
            if (!pfs) return error ? trouble(error) : waiting();
            const pf = findPf(label);
            const vf = findVf(pf, index);
            if (!vf) return card(`${label}/${index}`, null, nothing(t('vf.gone')));
            return [
                heading(pf, vf),
                h(
                    'div',
                    { class: 'halves' },
                    h('div', {}, card(t('vf.settings'), null, form(pf, vf, role)), historyCard(history?.history, history?.leases)),
                    h(
                        'div',
                        {},
                        holderCard(vf, findLease(pf, vf.index)),
                        card(t('vf.traffic'), null, chart(traffic)),
                        card(
                            t('vf.device'),
                            null,
                            facts([
                                ['PF', h('a', { href: '#/nics' }, pfLabel(pf))],
                                ['PCI', vf.pci],
                                [t('vf.netdev'), vf.name],
                                [t('vf.iommu-group'), vf.iommu_group],
                                ['NUMA', pf.numa_node],
                            ]),
                        ),
                        baselineCard(history?.history),
                    ),
                ),
            ];
        },
    };
}

export const open = ([pf, index], redraw) => (index === undefined ? openAll(redraw) : openOne(pf, Number(index), redraw));
