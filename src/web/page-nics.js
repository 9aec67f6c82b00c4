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

function link(pf) {
    const speed = pf.speed ? ` ${pf.speed >= 1000 ? `${number(pf.speed / 1000, 1)} Gbit/s` : `${pf.speed} Mbit/s`}` : '';
    return h('span', { class: `link ${pf.link ?? 'unknown'}` }, term('link', pf.link), speed);
}

/** How the PF fares with the policy, where there is one. */
const careOf = (pf, policy) => policy?.pfs?.find(({ key }) => [pf.pci, pf.handle.split('/').pop()].includes(key));

const standing = (care) =>
    care && [
        badge('quiet', t('nics.mode', { mode: term('mode', care.mode) })),
        care.standing !== 'ok' && badge(care.standing === 'gave-up' ? 'error' : 'warning', term('standing', care.standing)),
    ];

const drift = (care) =>
    care?.drift.length > 0 &&
    h(
        'ul',
        { class: 'drift', 'aria-label': term('standing', 'drift') },
        care.drift.slice(0, DRIFT_SHOWN).map((one) => {
            const values = { object: one.object, what: term('attribute', one.attribute), is: one.is ?? t('value.none'), wanted: one.wanted };
            return h('li', {}, t('nics.drift', values));
        }),
        care.drift.length > DRIFT_SHOWN && h('li', {}, t('nics.drift.more', { n: care.drift.length - DRIFT_SHOWN })),
    );

function busy(pf) {
    if (!pf.busy) return null;
    return h(
        'p',
        { class: 'busy', role: 'status' },
        badge('warning', t('nics.busy')),
        ' ',
        t('nics.busy.by', { command: pf.busy.command, pid: pf.busy.pid, age: age(pf.busy.since) }),
    );
}

export function open(_, redraw) {
    const wanted = new Map(); // PF to the count that its slider stands at
    const edits = new Map();

    const forget = (label) => {
        wanted.delete(label);
        redraw();
    };

    function slice(pf, count, role) {
        const label = pfLabel(pf);
        openPlan({
            title: t('nics.slice.title', { pf: label, from: pf.num_vfs, to: count }),
            command: `sriovctl create ${label} ${count}`,
            pf: label,
            role,
            run: (how) => api.setPf(label, { num_vfs: count }, how),
            done: () => forget(label),
        });
    }

    function slicer(pf, count, role) {
        const label = pfLabel(pf);
        const most = pf.total_vfs ?? Math.max(COUNT_GUESS, pf.num_vfs);
        const input = ({ target }) => {
            const n = Math.min(Math.max(Number.parseInt(target.value, 10) || 0, 0), most);
            if (n === pf.num_vfs) wanted.delete(label);
            else wanted.set(label, n);
            redraw();
        };
        const changed = count !== pf.num_vfs;
        return h(
            'form',
            {
                class: 'slicer',
                onsubmit: (event) => {
                    event.preventDefault();
                    if (changed) slice(pf, count, role);
                },
            },
            h('input', {
                type: 'range',
                min: 0,
                max: most,
                step: 1,
                value: `${count}`,
                oninput: input,
                'aria-label': t('nics.slider', { pf: label }),
                'aria-valuetext': t('nics.count', { n: count, all: most }),
            }),
            h('input', { type: 'number', min: 0, max: most, value: `${count}`, oninput: input, 'aria-label': t('nics.number', { pf: label }) }),
            h('span', { class: 'quiet of' }, t('nics.of', { all: most })),
            h('button', { type: 'button', class: 'plain', disabled: !changed, onclick: () => forget(label) }, t('plan.reset')),
            h('button', { class: 'main', disabled: !changed, 'data-test': `plan-${label}` }, t('plan.show')),
        );
    }

    function settings(pf, role) {
        const label = pfLabel(pf);
        if (!edits.has(label)) edits.set(label, {});
        return h(
            'details',
            { class: 'more', key: 'settings' },
            h('summary', {}, t('nics.settings')),
            facts([
                ['PCI', pf.pci ?? pf.handle],
                [t('nics.device'), pf.vendor && `${pf.vendor}:${pf.device}`],
                [t('attribute.mac'), pf.mac],
                [t('vf.iommu-group'), pf.iommu_group],
                ['NUMA', pf.numa_node],
                [t('nics.altnames'), pf.altnames.join(' ')],
            ]),
            attributeForm({
                rows: pfAttributes,
                now: pf,
                edits: edits.get(label),
                redraw,
                plan: (body, words) =>
                    openPlan({
                        title: t('nics.set.title', { pf: label }),
                        command: `sriovctl set ${label} ${words}`,
                        pf: label,
                        role,
                        run: (how) => api.setPf(label, body, how),
                        done: () => {
                            edits.set(label, {});
                            redraw();
                        },
                    }),
            }),
        );
    }

    function pfCard(pf, policy, role) {
        const label = pfLabel(pf);
        const count = wanted.get(label) ?? pf.num_vfs;
        const used = pf.vfs.filter(isUsed).length;
        const care = careOf(pf, policy);
        return h(
            'section',
            { class: 'card pf', key: pf.handle, 'aria-label': label },
            h(
                'header',
                {},
                h('h2', {}, label),
                link(pf),
                h('span', { class: 'quiet' }, [pf.driver ?? t('state.none'), pf.pci].filter(Boolean).join(' · ')),
                standing(care),
                h('span', { class: 'sum' }, t('nics.used', { used, n: pf.num_vfs })),
            ),
            busy(pf),
            drift(care),
            pf.holders.length > 0 && h('ul', { class: 'holders' }, pf.holders.map((holder) => holderRow(holder))),
            strip(pf, count),
            slicer(pf, count, role),
            settings(pf, role),
        );
    }

    return {
        needs: ['pfs', 'policy'],
        view({ pfs, policy, error }, { role }) {
            if (!pfs) return error ? trouble(error) : waiting();
            const vfs = pfs.flatMap((pf) => pf.vfs);
            return [
                h(
                    'div',
                    { class: 'title' },
                    h('h1', {}, t('page.nics')),
                    h('p', { class: 'quiet' }, t('nics.sum', { pfs: pfs.length, used: vfs.filter(isUsed).length, vfs: vfs.length })),
                ),
                legend(),
                pfs.length ? pfs.map((pf) => pfCard(pf, policy, role)) : card(t('page.nics'), null, nothing(t('nics.none'))),
            ];
        },
    };
}
