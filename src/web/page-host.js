// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The host: is it prepared for SR-IOV, what the doctor found, what is going on.

import * as api from './api.js';
import { h } from './dom.js';
import { finding } from './findings.js';
import { isUsed } from './holders.js';
import { badge, card, nothing, trouble, waiting } from './parts.js';
import { has, t, term } from './words.js';

const EVENTS_SHOWN = 40;
const verdictClass = { ok: 'ok', warn: 'warning', bad: 'error', unknown: 'quiet' };

const tile = (number, name, href) => h('a', { class: 'tile', href }, h('b', {}, number), h('span', {}, name));

function tiles(pfs, leases, doctor) {
    const vfs = pfs.flatMap((pf) => pf.vfs);
    const worst = doctor?.findings.filter(({ severity }) => severity !== 'info').length;
    return h(
        'div',
        { class: 'tiles' },
        tile(`${pfs.length}`, t('host.pfs'), '#/nics'),
        tile(`${vfs.length}`, t('host.vfs'), '#/vf'),
        tile(`${vfs.filter((vf) => !isUsed(vf)).length}`, t('host.free'), '#/vf'),
        tile(`${leases?.length ?? 0}`, t('host.leases'), '#/leases'),
        tile(worst === undefined ? '…' : `${worst}`, t('host.findings'), '#/host'),
    );
}

const checkRow = (row) =>
    h(
        'li',
        { class: 'check', key: row.id },
        badge(verdictClass[row.verdict], term('verdict', row.verdict)),
        h('b', {}, has(`check.${row.id}`) ? t(`check.${row.id}`) : row.title),
        h('span', { class: 'quiet' }, row.facts ?? row.unseen ?? ''),
    );

const asText = (what) =>
    what === true || what === false ? t(what ? 'value.on' : 'value.off') : (what ?? t('value.none'));

/** A change speaks for itself in any language; what else happens is told in the daemon's words. */
function eventText({ what, from, to, message }) {
    if (what === 'present') return t(to ? 'record.came' : 'record.went');
    if (what) return `${term('attribute', what)}: ${asText(from)} → ${asText(to)}`;
    return message ?? '';
}

const clock = (when) => new Date(when).toTimeString().slice(0, 8);

const eventRow = (record, i) =>
    h(
        'li',
        { class: `event ${record.level}`, key: record.id ?? i },
        h('time', { class: 'quiet code' }, clock(record.time)),
        badge(record.drift || record.kind === 'drift' ? 'warning' : 'quiet', term('record', record.kind)),
        h('span', {}, record.object && [h('b', {}, record.object), ' '], eventText(record)),
    );

/** What is asked for once: null while it is asked, then {answer} or {error}. */
function ask(call, redraw) {
    const state = { answer: null, error: null, again: null };
    state.again = async () => {
        try {
            state.answer = await call();
            state.error = null;
        } catch (error) {
            state.error = error;
        }
        redraw();
    };
    state.again();
    return state;
}

function answerOf(state, view) {
    if (state.answer) return view(state.answer);
    return state.error ? trouble(state.error) : waiting();
}

export function open(_, redraw) {
    const check = ask(api.hostCheck, redraw);
    const doctor = ask(api.doctor, redraw);
    const again = () => {
        check.again();
        doctor.again();
    };

    const checkView = (answer) => h('ul', { class: 'checks' }, answer.rows.map(checkRow));
    const doctorView = (answer) => [
        answer.findings.length
            ? h('ul', { class: 'findings' }, answer.findings.map(finding))
            : nothing(t('host.healthy')),
        answer.unchecked.length > 0 &&
            h(
                'details',
                {},
                h('summary', {}, t('host.unchecked', { n: answer.unchecked.length })),
                h(
                    'dl',
                    { class: 'facts' },
                    answer.unchecked.map(({ id, why }) => h('div', {}, h('dt', {}, id), h('dd', {}, why))),
                ),
            ),
    ];

    return {
        needs: ['pfs', 'leases'],
        view({ pfs, leases, events, error }) {
            if (!pfs) return error ? trouble(error) : waiting();
            return [
                h(
                    'div',
                    { class: 'title' },
                    h('h1', {}, t('page.host')),
                    h('button', { onclick: again }, t('host.again')),
                ),
                tiles(pfs, leases, doctor.answer),
                h(
                    'div',
                    { class: 'halves' },
                    h('div', {}, card(t('host.doctor'), null, answerOf(doctor, doctorView))),
                    h(
                        'div',
                        {},
                        card(
                            t('host.check'),
                            check.answer &&
                                badge(
                                    check.answer.ready ? 'ok' : 'error',
                                    t(check.answer.ready ? 'host.ready' : 'host.not-ready'),
                                ),
                            answerOf(check, checkView),
                        ),
                        card(
                            t('host.events'),
                            null,
                            events.length
                                ? h(
                                      'ol',
                                      { class: 'events', tabindex: 0, 'aria-label': t('host.events') },
                                      events.slice(0, EVENTS_SHOWN).map(eventRow),
                                  )
                                : nothing(t('host.events.none')),
                        ),
                    ),
                ),
            ];
        },
    };
}
