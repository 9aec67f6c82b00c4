// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A PF as a strip: its head, one slice per VF, and what has not been cut yet. While the slider stands elsewhere, the strip
// shows what would come and go.

import { h } from './dom.js';
import { shortName, stateOf, states } from './holders.js';
import { pfLabel, vfAddress } from './store.js';
import { t } from './words.js';

const UNCUT_SHOWN = 32; // more of them would be noise
const CROWDED = 64; // so many have room for their number only,
const CLOSE = 4; // and on a narrow screen so many

/** So many slices in a row; narrow screens break it. */
function columns(total) {
    const wide = total <= 16 ? total : total <= 64 ? 16 : 32;
    return { '--columns': Math.max(wide, 1), '--narrow': Math.max(Math.min(total, total > 64 ? 10 : 8), 1) };
}

function label(pf, vf, state) {
    const parts = [`VF ${vf.index}`, t(`state.${state}`), ...vf.holders.map(shortName)];
    if (vf.vlan) parts.push(`VLAN ${vf.vlan}`);
    return `${pfLabel(pf)} ${parts.join(', ')}`;
}

/** The arrow keys go along the strip; Tab goes past it. */
function move(event) {
    const cells = [...event.currentTarget.querySelectorAll('a')];
    const at = cells.indexOf(document.activeElement);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: cells.length - 1 }[event.key];
    if (next === undefined || !cells[next]) return;
    event.preventDefault();
    cells.forEach((cell) => cell.setAttribute('tabindex', cell === cells[next] ? 0 : -1));
    cells[next].focus();
}

function slice(pf, vf, wanted, at) {
    const state = stateOf(vf);
    const text = label(pf, vf, state);
    return h(
        'a',
        {
            key: vf.index,
            class: `slice ${state}${vf.index >= wanted ? ' going' : ''}`,
            href: vfAddress(pfLabel(pf), vf.index),
            tabindex: vf.index === at ? 0 : -1,
            'aria-label': text,
            title: text,
        },
        h('b', {}, vf.index),
        h('small', {}, vf.holders.length ? shortName(vf.holders[0]) : vf.vlan ? `VLAN ${vf.vlan}` : ''),
    );
}

export function strip(pf, wanted) {
    const have = pf.vfs.length;
    const total = Math.max(pf.total_vfs ?? 0, have, wanted);
    const coming = Math.max(wanted - have, 0);
    const uncut = total - have - coming;
    const left = have + coming + uncut <= UNCUT_SHOWN ? uncut : 0;
    const focus = document.activeElement?.closest?.('.slice')?.key ?? 0;
    const shown = have + coming + left;
    const crowd = shown > CROWDED ? ' crowded' : shown > CLOSE ? ' close' : '';
    return h(
        'div',
        { class: `strip${crowd}`, vars: columns(shown) },
        h(
            'div',
            { class: 'slices', role: 'group', 'aria-label': t('nics.strip', { pf: pfLabel(pf) }), onkeydown: move },
            [
                pf.vfs.map((vf) => slice(pf, vf, wanted, focus < have ? focus : 0)),
                Array.from({ length: coming }, (_, i) =>
                    h(
                        'span',
                        { class: 'slice coming', key: `new${i}` },
                        h('b', {}, have + i),
                        h('small', {}, t('nics.new')),
                    ),
                ),
                Array.from({ length: left }, (_, i) =>
                    h('span', { class: 'slice uncut', key: `uncut${i}`, 'aria-hidden': 'true' }),
                ),
            ],
        ),
        uncut > left && h('p', { class: 'quiet' }, t('nics.uncut', { n: uncut })),
    );
}

export const legend = () =>
    h(
        'ul',
        { class: 'legend', 'aria-label': t('nics.legend') },
        states.map((state) => h('li', {}, h('i', { class: `slice ${state}` }), t(`state.${state}`))),
        h('li', {}, h('i', { class: 'slice uncut' }), t('state.uncut')),
    );
