// SPDX-License-Identifier: LGPL-2.1-or-later
//
// All VFs as a table that can be filtered.

import { h } from './dom.js';
import { holderText, stateBadge, stateOf } from './holders.js';
import { nothing, table, trouble, value, waiting } from './parts.js';
import { pfLabel, vfAddress } from './store.js';
import { t } from './words.js';

const nameOf = ({ pf, vf }) => `${pfLabel(pf)}/${vf.index}`;

/** What the filter looks through. */
function textOf({ pf, vf }) {
    const words = [
        nameOf({ pf, vf }),
        vf.pci,
        vf.name,
        vf.driver,
        vf.mac,
        `vlan ${vf.vlan}`,
        t(`state.${stateOf(vf)}`),
    ];
    return [...words, ...vf.holders.map(holderText)].join(' ').toLowerCase();
}

const line = ({ pf, vf }) =>
    h(
        'tr',
        { key: `${pf.handle}/${vf.index}` },
        h('td', {}, h('a', { href: vfAddress(pfLabel(pf), vf.index) }, nameOf({ pf, vf }))),
        h('td', {}, stateBadge(vf)),
        h('td', {}, vf.holders.map(holderText).join(', ')),
        h('td', { class: 'code' }, value(vf.pci)),
        h('td', { class: 'code' }, value(vf.mac)),
        h('td', {}, value(vf.vlan)),
        h('td', {}, value(vf.driver)),
        h('td', {}, value(vf.name)),
    );

function vfTable(vfs) {
    const headings = ['VF', t('vf.state'), t('vf.holder'), 'PCI', 'MAC', 'VLAN', t('attribute.driver'), t('vf.netdev')];
    return table(headings, vfs.map(line), t('page.vf'));
}

export function openList(redraw) {
    let filter = '';
    const search = () =>
        h('input', {
            type: 'search',
            placeholder: t('vf.filter'),
            'aria-label': t('vf.filter'),
            value: filter,
            oninput: ({ target }) => {
                filter = target.value;
                redraw();
            },
        });

    return {
        needs: ['pfs'],
        view({ pfs, error }) {
            if (!pfs) return error ? trouble(error) : waiting();
            const vfs = pfs.flatMap((pf) => pf.vfs.map((vf) => ({ pf, vf })));
            const found = vfs.filter((one) => textOf(one).includes(filter.toLowerCase()));
            const shown = t('vf.shown', { n: found.length, all: vfs.length });
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.vf')), h('p', { class: 'quiet' }, shown), search()),
                h('section', { class: 'card' }, vfs.length ? vfTable(found) : nothing(t('vf.none'))),
            ];
        },
    };
}
