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

/** `opened`: {steps} or {error}, null while they are read. */
function steps(opened) {
    if (!opened) return waiting();
    if (opened.error) return trouble(opened.error);
    return opened.steps.length ? stepTable(opened.steps, 'changes.result', stepRow) : nothing(t('changes.empty'));
}

const askRollback = (one, role, done) =>
    openPlan({
        title: t('changes.rollback.title', { id: one.id }),
        command: `sriovctl rollback ${one.id}`,
        pf: one.pfs[0] ?? '',
        role,
        run: (how) => api.rollback(one.id, how),
        done,
    });

/** page: {opened, toggle(id), forget()} */
function item(page, one, role) {
    const isOpen = page.opened.has(one.id);
    const canRollBack = role === 'admin' && one.this_boot && one.state === 'applied';
    const toggle = {
        class: 'plain open',
        'aria-expanded': `${isOpen}`,
        'aria-label': t('changes.open', { id: one.id }),
        onclick: () => page.toggle(one.id),
    };
    const rollback = { onclick: () => askRollback(one, role, page.forget), 'data-test': `rollback-${one.id}` };
    return h(
        'li',
        { class: 'change', key: one.id },
        h(
            'div',
            { class: 'line' },
            h('button', toggle, h('span', { class: 'number' }, one.id), h('code', {}, one.command)),
            badge(stateClass[one.state] ?? 'quiet', term('transaction', one.state)),
            h('span', { class: 'quiet who' }, one.who),
            h('time', { class: 'quiet' }, time(one.started)),
            canRollBack ? h('button', rollback, t('changes.rollback')) : h('span'),
        ),
        isOpen && h('div', { class: 'steps-place' }, steps(page.opened.get(one.id))),
    );
}

export function open([id], redraw) {
    const opened = new Map();

    async function toggle(number) {
        if (opened.delete(number)) {
            redraw();
            return;
        }
        opened.set(number, null);
        redraw();
        opened.set(number, await api.transaction(number).catch((error) => ({ error })));
        redraw();
    }
    if (id) toggle(Number(id));

    const page = { opened, toggle, forget: () => opened.clear() };
    return {
        needs: ['transactions'],
        view({ transactions, error }, { role }) {
            if (!transactions) return error ? trouble(error) : waiting();
            const sum = h('p', { class: 'quiet' }, t('changes.sum', { n: transactions.length }));
            const list = h(
                'ol',
                { class: 'changes' },
                transactions.map((one) => item(page, one, role)),
            );
            return [
                h('div', { class: 'title' }, h('h1', {}, t('page.changes')), sum),
                card(t('changes.title'), null, transactions.length ? list : nothing(t('changes.none'))),
            ];
        },
    };
}
