// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Findings of the doctor: the cause, what it was seen by, what it brings about, the remedy, and its page of the knowledge
// base.

import * as api from './api.js';
import { h } from './dom.js';
import { markdown } from './markdown.js';
import { badge, command, trouble } from './parts.js';
import { openText } from './plan-dialog.js';
import { t, term } from './words.js';

async function explain(id) {
    try {
        openText(id, markdown(await api.explain(id)));
    } catch (error) {
        openText(id, trouble(error));
    }
}

/** A remedy may be a command, or say what to do. */
const remedy = (text) =>
    /^(sriovctl|ip|modprobe|echo|devlink|systemctl|lab) /.test(text) ? command(text) : h('span', {}, text);

const evidence = (one) =>
    h(
        'details',
        {},
        h('summary', {}, t('host.evidence')),
        h(
            'dl',
            { class: 'facts' },
            (one.evidence ?? [{ source: t('audit.seen'), value: one.seen }]).map(({ source, value }) =>
                h('div', {}, h('dt', {}, source), h('dd', { class: 'code' }, value)),
            ),
        ),
    );

export function finding(one) {
    return h(
        'li',
        { class: `finding ${one.severity}`, key: `${one.id} ${one.object}` },
        h(
            'header',
            {},
            badge(one.severity, term('severity', one.severity)),
            h('b', {}, one.object),
            h('span', {}, one.cause),
            one.confidence &&
                one.confidence !== 'certain' &&
                h('span', { class: 'quiet' }, term('confidence', one.confidence)),
        ),
        one.remedy &&
            h('p', { class: 'remedy' }, h('span', { class: 'quiet' }, t('host.remedy')), ' ', remedy(one.remedy)),
        h(
            'div',
            { class: 'links' },
            evidence(one),
            one.confidence &&
                h('button', { class: 'plain', onclick: () => explain(one.id) }, t('host.explain', { id: one.id })),
        ),
        one.consequences?.length > 0 && [
            h('p', { class: 'quiet' }, t('host.consequences')),
            h('ul', { class: 'findings' }, one.consequences.map(finding)),
        ],
    );
}
