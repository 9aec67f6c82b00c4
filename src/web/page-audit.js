// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The audit: each VF against the security baseline.

import * as api from './api.js';
import { h } from './dom.js';
import { finding } from './findings.js';
import { badge, card, nothing, table, trouble, waiting } from './parts.js';
import { t, term } from './words.js';

const GOOD = 90;
const FAIR = 70;

function score(value) {
    const kind = value >= GOOD ? 'ok' : value >= FAIR ? 'warning' : 'error';
    return h(
        'div',
        { class: `score ${kind}` },
        h('b', {}, value),
        h('span', { class: 'quiet' }, t('audit.of')),
        h('progress', { max: 100, value, 'aria-label': t('audit.score') }),
    );
}

const ruleRow = (rule) =>
    h(
        'tr',
        { key: rule.id },
        h(
            'td',
            {},
            badge(
                rule.failed ? rule.severity : rule.checked ? 'ok' : 'quiet',
                rule.failed ? term('severity', rule.severity) : t(rule.checked ? 'audit.kept' : 'audit.not-judged'),
            ),
        ),
        h('td', {}, h('b', {}, rule.id), h('span', { class: 'quiet rule' }, rule.title)),
        h('td', { class: 'figure' }, rule.checked),
        h('td', { class: 'figure' }, rule.failed),
        h('td', { class: 'figure' }, rule.cost ? `-${rule.cost}` : '0'),
    );

export function open(_, redraw) {
    let answer = null;
    let failed = null;

    async function run() {
        try {
            answer = await api.audit();
            failed = null;
        } catch (error) {
            failed = error;
        }
        redraw();
    }
    run();

    return {
        needs: [],
        view() {
            const title = h(
                'div',
                { class: 'title' },
                h('h1', {}, t('page.audit')),
                h('button', { onclick: run }, t('host.again')),
            );
            if (!answer) return [title, failed ? trouble(failed) : waiting()];
            const open = answer.findings.filter(({ accepted }) => !accepted);
            const accepted = answer.findings.filter((one) => one.accepted);
            const rules = [...answer.rules].sort((a, b) => b.cost - a.cost || b.failed - a.failed);
            return [
                title,
                h(
                    'div',
                    { class: 'halves even' },
                    h(
                        'div',
                        {},
                        card(t('audit.score'), null, score(answer.score)),
                        card(
                            t('audit.findings'),
                            badge('quiet', open.length),
                            open.length ? h('ul', { class: 'findings' }, open.map(finding)) : nothing(t('audit.clean')),
                        ),
                        accepted.length > 0 &&
                            card(t('audit.accepted'), null, h('ul', { class: 'findings' }, accepted.map(finding))),
                    ),
                    h(
                        'div',
                        {},
                        card(
                            t('audit.rules'),
                            null,
                            table(
                                ['', t('audit.rule'), t('audit.checked'), t('audit.failed'), t('audit.cost')],
                                rules.map(ruleRow),
                                t('audit.rules'),
                            ),
                        ),
                    ),
                ),
            ];
        },
    };
}
