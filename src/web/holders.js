// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who has a VF, and the state that follows from it: the colour of its slice.

import { h } from './dom.js';
import { t, term } from './words.js';

/** The states of a slice, in the order of the legend. */
export const states = ['free', 'vm', 'netns', 'host', 'lease', 'none'];

const groups = { vfio: 'vm', iommufd: 'vm', uio: 'vm', netns: 'netns', lease: 'lease' };

/** A lease says more than what its owner does with the VF; a VM more than an address. */
export function stateOf(vf) {
    const found = vf.holders.map(({ kind }) => groups[kind] ?? 'host');
    const state = ['lease', 'vm', 'netns', 'host'].find((one) => found.includes(one));
    return state ?? (vf.driver ? 'free' : 'none');
}

export const isUsed = (vf) => vf.holders.length > 0;

/** "web1", "qemu-system-x86", "192.0.2.1/24": as short as it can be. */
export const shortName = (holder) => holder.name ?? holder.comm ?? (holder.pid ? `${holder.pid}` : holder.kind);

/** "web1 · qemu-system-x86 · pid 812" */
export function holderText(holder) {
    const rest = [holder.name && holder.comm, holder.pid && `pid ${holder.pid}`].filter(Boolean);
    return [shortName(holder), ...rest].join(' · ');
}

/** With what a lease ends by itself; "" is with nothing. */
export const endsWith = ({ netns, container, pid }) =>
    [netns, container, pid && `pid ${pid}`].filter(Boolean).join(' · ');

/** One holder with its kind as a badge; `where` says of which VFs. */
export const holderRow = (holder, where) =>
    h(
        'li',
        { class: `holder ${groups[holder.kind] ?? 'host'}` },
        h('span', { class: 'badge' }, term('holder', holder.kind)),
        h('b', {}, holderText(holder)),
        where && h('span', { class: 'quiet' }, where),
    );

export const stateBadge = (vf) => {
    const state = stateOf(vf);
    return h('span', { class: `badge ${state}` }, t(`state.${state}`));
};
