// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Changes: the transactions, newest first; what each step changed; the way back.

import * as api from './api.js';
import { h } from './dom.js';
import { badge, card, nothing, trouble, value, waiting } from './parts.js';
import { openPlan, stepTable } from './plan-dialog.js';
import { t, term, time } from './words.js';

const stateClass = { applied: 'ok', running: 'warning', reverted: 'quiet', 'not-reverted': 'error', void: 'quiet' };

const stepRow = (step, i) =>
    h(
        'tr',
        { key: i, class: step.state },
        h('td', {}, step.object),
        h('td', {}, step.what),
        h('td', { class: 'from' }, value(step.from)),
        h('td', { class: 'to' }, value(step.to)),
        h('td', {}, term('step', step.state)),
    );

export function open([id], redraw) {
    const opened = new Map(); // id to its steps, null while they are read
    const failed = new Map();

    async function toggle(number) {
        if (opened.has(number)) {
            opened.delete(number);
            redraw();
            return;
        }
        opened.set(number, null);
        redraw();
        try {
            opened.set(number, (await api.transaction(number)).steps);
        } catch (error) {
            failed.set(number, error);
        }
        redraw();
    }
    if (id) toggle(Number(id));

    const askRollback = (one, role) =>
        openPlan({
            title: t('changes.rollback.title', { id: one.id }),
            command: `sriovctl rollback ${one.id}`,
            pf: one.names[0] ?? '',
            role,
            run: (how) => api.rollback(one.id, how),
            done: () => opened.clear(),
        });

    function steps(one) {
        const rows = opened.get(one.id);
        if (failed.has(one.id)) return trouble(failed.get(one.id));
        if (!rows) return waiting();
        return rows.length ? stepTable(rows, 'changes.result', stepRow) : nothing(t('changes.empty'));
    }

    function item(one, role) {
        const isOpen = opened.has(one.id);
        const canRollBack = role === 'admin' && one.this_boot && one.state === 'applied';
        return h(
            'li',
            { class: 'change', key: one.id },
            h(
                'div',
                { class: 'line' },
                h(
                    'button',
                    { class: 'plain open', 'aria-expanded': `${isOpen}`, 'aria-label': t('changes.open', { id: one.id }), onclick: () => toggle(one.id) },
                    h('span', { class: 'number' }, one.id),
                    h('code', {}, one.command),
                ),
                badge(stateClass[one.state] ?? 'quiet', term('transaction', one.state)),
                h('span', { class: 'quiet who' }, one.who),
                h('time', { class: 'quiet' }, time(one.started)),
                canRollBack ? h('button', { onclick: () => askRollback(one, role), 'data-test': `rollback-${one.id}` }, t('changes.rollback')) : h('span'),
            ),
            isOpen && h('div', { class: 'steps-place' }, steps(one)),
        );
    }

    return {
        needs: ['transactions', 'pfs'],
        view({ transactions, pfs, error }, { role }) {
            if (!transactions) return error ? trouble(error) : waiting();
            const name = (key) => pfs?.find((pf) => [pf.pci, pf.handle].includes(key))?.name ?? key;
            const rows = transactions.map((one) => ({ ...one, names: (one.pfs ?? []).map(name) }));
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.changes')), h('p', { class: 'quiet' }, t('changes.sum', { n: rows.length }))),
                card(
                    t('changes.title'),
                    null,
                    rows.length ? h('ol', { class: 'changes' }, rows.map((one) => item(one, role))) : nothing(t('changes.none')),
                ),
            ];
        },
    };
}
