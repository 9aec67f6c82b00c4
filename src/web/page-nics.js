// SPDX-License-Identifier: LGPL-2.1-or-later
//
// NICs: each PF as a strip of VFs, and a slider that cuts it anew.

import * as api from './api.js';
import { attributeForm } from './attributes.js';
import { pfAttributes } from './attributes-table.js';
import { h } from './dom.js';
import { holderRow, isUsed } from './holders.js';
import { badge, card, facts, nothing, trouble, waiting } from './parts.js';
import { openPlan } from './plan-dialog.js';
import { pfLabel } from './store.js';
import { legend, strip } from './strip.js';
import { age, number, t, term } from './words.js';

const DRIFT_SHOWN = 6;
const COUNT_GUESS = 64; // a PF that does not say how many VFs it can have

// ---- what is ----

function link(pf) {
    const gigabit = pf.speed >= 1000;
    const speed = pf.speed && ` ${number(gigabit ? pf.speed / 1000 : pf.speed, 1)} ${gigabit ? 'Gbit/s' : 'Mbit/s'}`;
    return h('span', { class: `link ${pf.link ?? 'unknown'}` }, term('link', pf.link), speed);
}

/** How the PF fares with the policy, where there is one. */
const careOf = (pf, policy) => policy?.pfs?.find(({ key }) => [pf.pci, pf.handle.split('/').pop()].includes(key));

const standing = (care) =>
    care && [
        badge('quiet', t('nics.mode', { mode: term('mode', care.mode) })),
        care.standing !== 'ok' &&
            badge(care.standing === 'gave-up' ? 'error' : 'warning', term('standing', care.standing)),
    ];

function driftItem({ object, attribute, is, wanted }) {
    return h(
        'li',
        {},
        t('nics.drift', { object, what: term('attribute', attribute), is: is ?? t('value.none'), wanted }),
    );
}

function drift(care) {
    const all = care?.drift ?? [];
    if (all.length === 0) return null;
    const more = all.length - DRIFT_SHOWN;
    return h(
        'ul',
        { class: 'drift', 'aria-label': term('standing', 'drift') },
        all.slice(0, DRIFT_SHOWN).map(driftItem),
        more > 0 && h('li', {}, t('nics.drift.more', { n: more })),
    );
}

function busy(pf) {
    if (!pf.busy) return null;
    const { command, pid, since } = pf.busy;
    const text = t('nics.busy.by', { command, pid, age: age(since) });
    return h('p', { class: 'busy', role: 'status' }, badge('warning', t('nics.busy')), ' ', text);
}

function heading(pf, care) {
    const used = pf.vfs.filter(isUsed).length;
    return h(
        'header',
        {},
        h('h2', {}, pfLabel(pf)),
        link(pf),
        h('span', { class: 'quiet' }, [pf.driver ?? t('state.none'), pf.pci].filter(Boolean).join(' · ')),
        standing(care),
        h('span', { class: 'sum' }, t('nics.used', { used, n: pf.num_vfs })),
    );
}

const device = (pf) =>
    facts([
        ['PCI', pf.pci ?? pf.handle],
        [t('nics.device'), pf.vendor && `${pf.vendor}:${pf.device}`],
        [t('attribute.mac'), pf.mac],
        [t('vf.iommu-group'), pf.iommu_group],
        ['NUMA', pf.numa_node],
        [t('nics.altnames'), pf.altnames.join(' ')],
    ]);

// ---- what is to be; `page` is {wanted, edits, redraw}: counts and settings by the PF's label ----

function planCount(page, pf, count, role) {
    const label = pfLabel(pf);
    openPlan({
        title: t('nics.slice.title', { pf: label, from: pf.num_vfs, to: count }),
        command: `sriovctl create ${label} ${count}`,
        pf: label,
        role,
        run: (how) => api.setPf(label, { num_vfs: count }, how),
        done: () => page.want(label, null),
    });
}

function slicer(page, pf, count, role) {
    const label = pfLabel(pf);
    const max = pf.total_vfs ?? Math.max(COUNT_GUESS, pf.num_vfs);
    const isChanged = count !== pf.num_vfs;
    const oninput = ({ target }) => {
        const n = Math.min(Math.max(Number.parseInt(target.value, 10) || 0, 0), max);
        page.want(label, n === pf.num_vfs ? null : n);
    };
    const onsubmit = (event) => {
        event.preventDefault();
        if (isChanged) planCount(page, pf, count, role);
    };
    const input = { min: 0, max, value: `${count}`, oninput };
    const shown = t('nics.count', { n: count, all: max });
    return h(
        'form',
        { class: 'slicer', onsubmit },
        h('input', { ...input, type: 'range', 'aria-label': t('nics.slider', { pf: label }), 'aria-valuetext': shown }),
        h('input', { ...input, type: 'number', 'aria-label': t('nics.number', { pf: label }) }),
        h('span', { class: 'quiet of' }, t('nics.of', { all: max })),
        h(
            'button',
            { type: 'button', class: 'plain', disabled: !isChanged, onclick: () => page.want(label, null) },
            t('plan.reset'),
        ),
        h('button', { class: 'main', disabled: !isChanged, 'data-test': `plan-${label}` }, t('plan.show')),
    );
}

function settings(page, pf, role) {
    const label = pfLabel(pf);
    const edits = page.editsOf(label);
    const plan = (body, words) =>
        openPlan({
            title: t('nics.set.title', { pf: label }),
            command: `sriovctl set ${label} ${words}`,
            pf: label,
            role,
            run: (how) => api.setPf(label, body, how),
            done: () => edits.clear(),
        });
    return h(
        'details',
        { class: 'more', key: 'settings' },
        h('summary', {}, t('nics.settings')),
        device(pf),
        attributeForm({ rows: pfAttributes, now: pf, edits, redraw: page.redraw, plan }),
    );
}

function pfCard(page, pf, policy, role) {
    const count = page.wanted.get(pfLabel(pf)) ?? pf.num_vfs;
    const care = careOf(pf, policy);
    return h(
        'section',
        { class: 'card pf', key: pf.handle, 'aria-label': pfLabel(pf) },
        heading(pf, care),
        busy(pf),
        drift(care),
        pf.holders.length > 0 &&
            h(
                'ul',
                { class: 'holders' },
                pf.holders.map((holder) => holderRow(holder)),
            ),
        strip(pf, count),
        slicer(page, pf, count, role),
        settings(page, pf, role),
    );
}

function sum(pfs) {
    const vfs = pfs.flatMap((pf) => pf.vfs);
    return t('nics.sum', { pfs: pfs.length, used: vfs.filter(isUsed).length, vfs: vfs.length });
}

export function open(_, redraw) {
    const page = {
        wanted: new Map(),
        edits: new Map(),
        redraw,
        want(label, count) {
            if (count === null) this.wanted.delete(label);
            else this.wanted.set(label, count);
            redraw();
        },
        editsOf(label) {
            if (!this.edits.has(label)) this.edits.set(label, new Map());
            return this.edits.get(label);
        },
    };
    return {
        needs: ['pfs', 'policy'],
        view({ pfs, policy, error }, { role }) {
            if (pfs === null || policy === null) return waiting();
            if (!pfs) return trouble(error);
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.nics')), h('p', { class: 'quiet' }, sum(pfs))),
                legend(),
                pfs.map((pf) => pfCard(page, pf, policy, role)),
                pfs.length === 0 && card(t('page.nics'), null, nothing(t('nics.none'))),
            ];
        },
    };
}
