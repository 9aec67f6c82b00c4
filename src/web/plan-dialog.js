// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Nothing is changed without its plan: what would be done in which order, what that disturbs, and whom it would hurt.
// Then it is applied, or refused with the holders' names; force is for admins who type the PF's name.

import { h, show } from './dom.js';
import { holderRow } from './holders.js';
import { badge, command, toast, trouble, value } from './parts.js';
import { heldBy, refresh } from './store.js';
import { t, term } from './words.js';

const harmless = ['none', 'vf-reset'];

const dialog = () => document.getElementById('dialog');

function frame(title, content, buttons) {
    return h(
        'div',
        { class: 'sheet' },
        h('h2', { id: 'dialog-title' }, title),
        h('div', { class: 'content' }, content),
        h('footer', {}, buttons),
    );
}

const closeButton = (text) =>
    h('button', { type: 'button', onclick: () => dialog().close(), 'data-test': 'close' }, text);

const stepRow = (step, i) =>
    h(
        'tr',
        { key: i },
        h('td', {}, step.object),
        h('td', {}, step.attribute ?? step.what),
        h('td', { class: 'from' }, value(step.from)),
        h('td', { class: 'to' }, value(step.to)),
        h('td', {}, step.disruption !== 'none' && badge(step.disruption, term('disruption', step.disruption))),
    );

/** The steps of a plan, or of a transaction. */
export const stepTable = (steps, last = 'plan.disturbs', row = stepRow) =>
    h(
        'div',
        { class: 'scroll steps', tabindex: 0, role: 'region', 'aria-label': t('plan.steps') },
        h(
            'table',
            {},
            h(
                'thead',
                {},
                h(
                    'tr',
                    {},
                    ['plan.object', 'plan.what', 'plan.from', 'plan.to', last].map((key) =>
                        h('th', { scope: 'col' }, t(key)),
                    ),
                ),
            ),
            h('tbody', {}, steps.map(row)),
        ),
    );

const victims = (holders) =>
    holders.length > 0 &&
    h(
        'section',
        { class: 'victims' },
        h('h3', {}, t('plan.victims', { n: holders.length })),
        h(
            'ul',
            { class: 'holders' },
            holders.map((holder) => holderRow(holder, heldBy(holder).join(', '))),
        ),
    );

/** Who refuses says it with the names; they are not told twice. */
function planView(plan, refused) {
    if (plan.steps.length === 0) return [h('p', { class: 'nothing' }, t('plan.nothing'))];
    return [
        h(
            'p',
            { class: `disturbs ${harmless.includes(plan.disruption) ? 'calm' : 'alarm'}` },
            badge(plan.disruption, term('disruption', plan.disruption)),
            ' ',
            t(`disruption.${plan.disruption}.help`),
        ),
        !refused && victims(plan.holders),
        plan.remarks.map((remark) => h('p', { class: 'remark' }, remark)),
        h(
            'details',
            { open: plan.steps.length <= 12 },
            h('summary', {}, t('plan.count', { n: plan.steps.length })),
            stepTable(plan.steps),
        ),
    ];
}

/** Asks for the name of the PF before force may be used. */
function forceView(request, state, redraw, force) {
    return h(
        'section',
        { class: 'force' },
        h('h3', {}, t('plan.force.title')),
        h('label', { for: 'force-name' }, t('plan.force.why', { pf: request.pf })),
        h('input', {
            id: 'force-name',
            autocomplete: 'off',
            spellcheck: 'false',
            value: state.typed,
            oninput: ({ target }) => {
                state.typed = target.value;
                redraw();
            },
        }),
        h(
            'button',
            {
                type: 'button',
                class: 'danger',
                disabled: state.typed !== request.pf || state.busy,
                onclick: force,
                'data-test': 'force',
            },
            t('plan.force.go'),
        ),
    );
}

function planContent(request, state, redraw, apply) {
    const inUse = state.refused?.status === 409;
    return [
        h('p', { class: 'quiet' }, t('plan.same-as'), ' ', command(request.command)),
        state.failed && trouble(state.failed),
        state.plan && planView(state.plan, inUse),
        !state.plan && !state.failed && h('p', { class: 'nothing', 'aria-busy': 'true' }, t('plan.making')),
        state.refused && trouble(state.refused),
        inUse && victims(state.refused.holders),
        inUse && request.role === 'admin' && forceView(request, state, redraw, () => apply({ force: true })),
        inUse && request.role !== 'admin' && h('p', {}, t('plan.force.admins')),
    ];
}

/**
 * request: {title, command, pf, role, run(how), done(result)}. run is called with {dry_run: true} for the plan, then with
 * {} or {force: true} to do it.
 */
export function openPlan(request) {
    const state = { plan: null, failed: null, refused: null, busy: false, typed: '' };

    async function attempt(how) {
        state.busy = true;
        state.refused = null;
        redraw();
        try {
            const result = await request.run(how);
            dialog().close();
            toast(t('plan.done', { title: request.title }), '#/changes');
            refresh();
            request.done?.(result);
        } catch (error) {
            state.refused = error;
        }
        state.busy = false;
        redraw();
        document.querySelector('#dialog .trouble')?.scrollIntoView({ block: 'nearest' });
    }

    function redraw() {
        const canApply = state.plan?.steps.length > 0 && !state.busy && state.refused?.status !== 409;
        show(
            dialog(),
            frame(request.title, planContent(request, state, redraw, attempt), [
                closeButton(t('plan.cancel')),
                h(
                    'button',
                    {
                        type: 'button',
                        class: 'main',
                        disabled: !canApply,
                        onclick: () => attempt({}),
                        'data-test': 'apply',
                    },
                    state.busy ? t('plan.applying') : t('plan.apply'),
                ),
            ]),
        );
    }

    show(dialog());
    redraw();
    dialog().showModal();
    request
        .run({ dry_run: true })
        .then((plan) => (state.plan = plan))
        .catch((error) => (state.failed = error))
        .finally(() => {
            redraw();
            document.querySelector('#dialog [data-test=apply]:enabled')?.focus();
        });
}

/** A question with one consequence: {title, text, command, go, run()}. */
export function openQuestion(request) {
    let failed = null;

    async function run() {
        try {
            await request.run();
            dialog().close();
            toast(t('plan.done', { title: request.title }));
            refresh();
        } catch (error) {
            failed = error;
            redraw();
        }
    }

    function redraw() {
        const content = [
            h('p', {}, request.text),
            h('p', { class: 'quiet' }, t('plan.same-as'), ' ', command(request.command)),
            failed && trouble(failed),
        ];
        show(
            dialog(),
            frame(request.title, content, [
                closeButton(t('plan.cancel')),
                h('button', { type: 'button', class: 'main', onclick: run, 'data-test': 'apply' }, request.go),
            ]),
        );
    }
    show(dialog());
    redraw();
    dialog().showModal();
}

/** Something to read. */
export function openText(title, ...content) {
    show(dialog(), frame(title, content, closeButton(t('frame.close'))));
    dialog().showModal();
}
