// SPDX-License-Identifier: LGPL-2.1-or-later
//
// One VF: its settings, who has it, how it was before, its traffic and its history. Without a VF in the address: all VFs.

import * as api from './api.js';
import { attributeForm } from './attributes.js';
import { vfAttributes } from './attributes-table.js';
import { Traffic, chart } from './chart.js';
import { h } from './dom.js';
import { endsWith, holderRow, stateBadge } from './holders.js';
import { card, facts, nothing, trouble, waiting } from './parts.js';
import { openPlan } from './plan-dialog.js';
import { findLease, findPf, findVf, pfLabel, vfAddress } from './store.js';
import { HISTORY_ROWS, baselineCard, historyCard } from './vf-history.js';
import { openList } from './vf-list.js';
import { age, t, time } from './words.js';

const TOGETHER_MS = 300; // several records tell of one change

const leaseFacts = (lease) =>
    facts([
        [t('leases.owner'), lease.owner.name],
        [t('leases.since'), lease.since && `${time(lease.since)} (${age(lease.since)})`],
        [t('leases.for'), endsWith(lease.owner)],
        lease.difference && [t('leases.difference'), lease.difference],
    ]);

function holderCard(vf, lease) {
    const list = h(
        'ul',
        { class: 'holders' },
        vf.holders.map((holder) => holderRow(holder)),
    );
    const content = vf.holders.length ? list : nothing(t('vf.nobody'));
    return card(t('vf.holder'), stateBadge(vf), content, lease && leaseFacts(lease));
}

const deviceCard = (pf, vf) =>
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
    );

/** To the VF before or after; a sign without a link where there is none. */
function neighbour(pf, vf, sign, text) {
    if (!vf) return h('span', { class: 'button off' }, sign);
    return h('a', { class: 'button', href: vfAddress(pfLabel(pf), vf.index), 'aria-label': text }, sign);
}

function heading(pf, vf) {
    const at = pf.vfs.indexOf(vf);
    return h(
        'div',
        { class: 'title' },
        h('h1', {}, `${pfLabel(pf)}/${vf.index}`),
        stateBadge(vf),
        h('span', { class: 'quiet code' }, [vf.pci, vf.name, vf.driver].filter(Boolean).join(' · ')),
        h(
            'span',
            { class: 'steps-between' },
            neighbour(pf, pf.vfs[at - 1], '‹', t('vf.previous')),
            neighbour(pf, pf.vfs[at + 1], '›', t('vf.next')),
        ),
    );
}

/** A driver is bound, everything else is set. */
const commandOf = (object, body, words) =>
    body.driver ? `sriovctl bind ${object} ${body.driver}` : `sriovctl set ${object} ${words}`;

function openOne(label, index, redraw) {
    const object = `${label}/${index}`;
    const edits = new Map();
    const traffic = new Traffic(label, index, redraw);
    let past = null;
    let timer = 0;

    async function readPast() {
        timer = 0;
        past = await api.history(object, HISTORY_ROWS).catch(() => past);
        redraw();
    }

    const planFor = (pf, role) => (body, words) =>
        openPlan({
            title: t('vf.set.title', { vf: object }),
            command: commandOf(object, body, words),
            pf: pfLabel(pf),
            role,
            run: (how) => api.setVf(pfLabel(pf), index, body, how),
            done() {
                edits.clear();
                readPast();
            },
        });

    function halves(pf, vf, role) {
        const form = attributeForm({ rows: vfAttributes, now: vf, edits, redraw, plan: planFor(pf, role) });
        const left = [card(t('vf.settings'), null, form), historyCard(past)];
        const right = [
            holderCard(vf, findLease(pf, vf.index)),
            card(t('vf.traffic'), null, chart(traffic)),
            deviceCard(pf, vf),
            baselineCard(past),
        ];
        return h('div', { class: 'halves' }, h('div', {}, left), h('div', {}, right));
    }

    readPast();
    return {
        needs: ['pfs', 'leases'],
        title: () => object,
        heard(record) {
            if (record.object === object) timer ||= setTimeout(readPast, TOGETHER_MS);
        },
        close() {
            clearTimeout(timer);
            traffic.stop();
        },
        view({ pfs, error }, { role }) {
            if (!pfs) return error ? trouble(error) : waiting();
            const pf = findPf(label);
            const vf = findVf(pf, index);
            return vf ? [heading(pf, vf), halves(pf, vf, role)] : card(object, null, nothing(t('vf.gone')));
        },
    };
}

export const open = ([pf, index], redraw) =>
    index === undefined ? openList(redraw) : openOne(pf, Number(index), redraw);
