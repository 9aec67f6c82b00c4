// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Asks for a token, which is kept for this tab only.

import * as api from './api.js';
import { h, show } from './dom.js';
import { t } from './words.js';

/** Shows the form in `place`; `done` is called once the daemon accepts a token. */
export function signIn(place, done) {
    let wrong = '';

    async function submit(event) {
        event.preventDefault();
        const token = event.target.elements.token.value.trim();
        api.setToken(token);
        try {
            await api.get('/v1/pfs');
            done();
        } catch (error) {
            api.setToken('');
            wrong = error.status === 401 ? t('sign-in.wrong') : error.message;
            draw();
            document.getElementById('token').select();
        }
    }

    function draw() {
        show(
            place,
            h(
                'form',
                { class: 'sign-in card', onsubmit: submit },
                h('h1', {}, t('sign-in.title')),
                h('p', {}, t('sign-in.why')),
                h('label', { for: 'token' }, t('sign-in.token')),
                h('input', {
                    id: 'token',
                    name: 'token',
                    type: 'password',
                    required: true,
                    autocomplete: 'off',
                    spellcheck: 'false',
                }),
                h('p', { class: 'wrong', role: 'alert' }, wrong),
                h('button', { class: 'main' }, t('sign-in.go')),
                h('p', { class: 'quiet' }, t('sign-in.how'), ' ', h('code', {}, 'sriovd token add NAME admin')),
            ),
        );
    }
    draw();
    document.getElementById('token').focus();
}
