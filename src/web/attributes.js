// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Settings as a form: what was changed in it, and the way to the plan. `edits` is a Map from the names of the settings that
// were changed to their texts; the page keeps it.

import { h } from './dom.js';
import { value } from './parts.js';
import { t } from './words.js';

const asText = (what) => (what === true ? 'on' : what === false ? 'off' : `${what ?? ''}`);

/** From what the form holds to what the API takes. */
function asValue(row, text) {
    if (row.type === 'number') return Number(text);
    if (row.type === 'switch') return text === 'on';
    return text.trim();
}

function choice(row, text, props) {
    const choices = row.choices ?? ['on', 'off'];
    const known = choices.includes(text) ? choices : [text, ...choices];
    const name = (one) => (row.type === 'switch' && one ? t(`value.${one}`) : one || t('value.none'));
    return h(
        'select',
        { ...props, value: text },
        known.map((one) => h('option', { value: one }, name(one))),
    );
}

function entry(row, text, props) {
    const list = row.suggestions && `${props.id}-list`;
    const limits = row.type === 'number' ? { min: row.min ?? 0, max: row.max } : { pattern: row.pattern };
    return [
        h('input', {
            ...props,
            ...limits,
            type: row.type,
            value: text,
            list,
            spellcheck: 'false',
            autocomplete: 'off',
        }),
        list &&
            h(
                'datalist',
                { id: list },
                row.suggestions.map((one) => h('option', { value: one })),
            ),
    ];
}

function setting({ now, edits, redraw }, row) {
    const { name, type, unit } = row;
    const isChanged = edits.has(name);
    const id = `set-${now.handle ?? now.index}-${name}`;
    const oninput = ({ target }) => {
        if (target.value === asText(now[name])) edits.delete(name);
        else edits.set(name, target.value);
        redraw();
    };
    const field = type === 'switch' || type === 'choice' ? choice : entry;
    return h(
        'div',
        { class: `setting${isChanged ? ' changed' : ''}`, key: name },
        h(
            'label',
            { for: id, title: name },
            t(`attribute.${name}`),
            h('span', { class: 'was' }, isChanged && [t('vf.was'), ' ', value(now[name])]),
        ),
        h(
            'span',
            { class: 'field' },
            field(row, edits.get(name) ?? asText(now[name]), { id, oninput, 'data-test': name }),
            unit && h('span', { class: 'unit' }, unit),
        ),
    );
}

function buttons({ edits, redraw }, isReady, text) {
    const reset = () => {
        edits.clear();
        redraw();
    };
    return h(
        'footer',
        {},
        h('span', { class: 'quiet' }, text),
        h('button', { type: 'button', class: 'plain', disabled: edits.size === 0, onclick: reset }, t('plan.reset')),
        h('button', { class: 'main', disabled: !isReady, 'data-test': 'plan' }, t('plan.show')),
    );
}

/**
 * form: {rows, now, edits, redraw, plan}. rows: of attributes-table.js; now: the object as the API gives it; plan(body, words)
 * shows the plan of the body, which is `words` to sriovctl.
 */
export function attributeForm(form) {
    const { rows, now, edits, plan } = form;
    const known = rows.filter(({ name }) => (now[name] ?? null) !== null || name === 'driver');
    const changed = known.filter(({ name }) => edits.has(name));
    const isMixed = changed.length > 1 && changed.some((row) => row.alone);
    const isReady = changed.length > 0 && !isMixed;
    const onsubmit = (event) => {
        event.preventDefault();
        if (!isReady) return;
        const body = Object.fromEntries(changed.map((row) => [row.name, asValue(row, edits.get(row.name))]));
        plan(body, changed.map(({ name }) => `${name}=${edits.get(name)}`).join(' '));
    };
    const count = changed.length ? t('vf.changed', { n: changed.length }) : t('vf.unchanged');
    return h(
        'form',
        { class: 'settings', onsubmit },
        h(
            'div',
            { class: 'grid' },
            known.map((row) => setting(form, row)),
        ),
        buttons(form, isReady, isMixed ? t('vf.driver-alone') : count),
    );
}
