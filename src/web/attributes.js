// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Settings as a form: what was changed in it, and the way to the plan.

import { h } from './dom.js';
import { value } from './parts.js';
import { t } from './words.js';

const asText = (what) => (what === true ? 'on' : what === false ? 'off' : what === null || what === undefined ? '' : `${what}`);

/** From what the form holds to what the API takes. */
function asValue(row, text) {
    if (row.type === 'number') return Number(text);
    if (row.type === 'switch') return text === 'on';
    return text.trim();
}

function input(row, text, props) {
    const choices = row.type === 'switch' ? ['on', 'off'] : row.choices;
    if (choices) {
        const known = choices.includes(text) ? choices : [text, ...choices];
        return h(
            'select',
            { ...props, value: text },
            known.map((one) => h('option', { value: one }, row.type === 'switch' && one ? t(`value.${one}`) : one || t('value.none'))),
        );
    }
    const list = row.suggestions && `${props.id}-list`;
    return [
        h('input', { ...props, type: row.type, min: row.type === 'number' ? (row.min ?? 0) : null, max: row.max, pattern: row.pattern, value: text, list, spellcheck: 'false', autocomplete: 'off' }),
        list && h('datalist', { id: list }, row.suggestions.map((one) => h('option', { value: one }))),
    ];
}

/**
 * rows: of attributes-table.js; now: the object as the API gives it; edits: {name: text} of what was changed here, kept by the
 * page; plan(body, words): shows the plan of the body, in sriovctl's words.
 */
export function attributeForm({ rows, now, edits, redraw, plan }) {
    const known = rows.filter(({ name }) => now[name] !== null || name === 'driver');
    const changed = known.filter(({ name }) => name in edits);
    const alone = changed.some((row) => row.alone) && changed.length > 1;

    const change = (name) => ({ target }) => {
        if (target.value === asText(now[name])) delete edits[name];
        else edits[name] = target.value;
        redraw();
    };
    const reset = () => {
        for (const name of Object.keys(edits)) delete edits[name];
        redraw();
    };
    const submit = (event) => {
        event.preventDefault();
        if (changed.length === 0 || alone) return;
        const body = Object.fromEntries(changed.map((row) => [row.name, asValue(row, edits[row.name])]));
        plan(body, changed.map(({ name }) => `${name}=${edits[name]}`).join(' '));
    };

    const line = (row) => {
        const text = edits[row.name] ?? asText(now[row.name]);
        const id = `set-${now.index ?? now.name ?? now.pci}-${row.name}`;
        const isChanged = row.name in edits;
        return h(
            'div',
            { class: `setting${isChanged ? ' changed' : ''}`, key: row.name },
            h(
                'label',
                { for: id, title: row.name },
                t(`attribute.${row.name}`),
                h('span', { class: 'was' }, isChanged && [t('vf.was'), ' ', value(now[row.name])]),
            ),
            h('span', { class: 'field' }, input(row, text, { id, oninput: change(row.name), 'data-test': row.name }), row.unit && h('span', { class: 'unit' }, row.unit)),
        );
    };

    return h(
        'form',
        { class: 'settings', onsubmit: submit },
        h('div', { class: 'grid' }, known.map(line)),
        h(
            'footer',
            {},
            h('span', { class: 'quiet' }, alone ? t('vf.driver-alone') : changed.length ? t('vf.changed', { n: changed.length }) : t('vf.unchanged')),
            h('button', { type: 'button', class: 'plain', disabled: changed.length === 0, onclick: reset }, t('plan.reset')),
            h('button', { class: 'main', disabled: changed.length === 0 || alone, 'data-test': 'plan' }, t('plan.show')),
        ),
    );
}
