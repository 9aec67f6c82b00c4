// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The frame around the pages: sign-in, navigation, language, light and dark. A page is a file with `open` and a row in
// pages.js.

import * as api from './api.js';
import * as store from './store.js';
import { h, show, svg } from './dom.js';
import { pages } from './pages.js';
import { trouble } from './parts.js';
import { signIn } from './sign-in.js';
import { language, languages, setLanguage, t } from './words.js';

const AGAIN_MS = 2000; // while the daemon does not answer

const main = document.getElementById('main');
const header = document.getElementById('header');
const me = { name: null, role: 'admin', host: '' };

let row = null; // of the open page
let page = null;
let drawing = 0;

// ---- the frame ----

const themes = ['auto', 'light', 'dark'];
const theme = () => localStorage.getItem('theme') ?? 'auto';

function nextTheme() {
    const next = themes[(themes.indexOf(theme()) + 1) % themes.length];
    if (next === 'auto') {
        localStorage.removeItem('theme');
        delete document.documentElement.dataset.theme;
    } else {
        localStorage.setItem('theme', next);
        document.documentElement.dataset.theme = next;
    }
    drawHeader();
}

function nextLanguage() {
    const at = languages.findIndex(({ code }) => code === language());
    setLanguage(languages[(at + 1) % languages.length].code);
    drawHeader();
    if (page) draw();
    else start();
}

const themeIcons = {
    auto: () => [
        svg('circle', { cx: 8, cy: 8, r: 5.5, class: 'line' }),
        svg('path', { d: 'M8 2.5a5.5 5.5 0 0 1 0 11z' }),
    ],
    light: () => [
        svg('circle', { cx: 8, cy: 8, r: 3 }),
        svg('path', {
            class: 'line',
            d: 'M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6 13 13M13 3l-1.4 1.4M4.4 11.6 3 13',
        }),
    ],
    dark: () => [svg('path', { d: 'M13.5 10A6 6 0 0 1 6 2.5 6 6 0 1 0 13.5 10z' })],
};

function brand() {
    return h(
        'a',
        { class: 'brand', href: '#/nics' },
        svg('svg', { viewBox: '0 0 32 20', 'aria-hidden': 'true' }, [
            svg('rect', { x: 1, y: 2, width: 30, height: 16, rx: 3 }),
            svg('path', { d: 'M10 2v16M17 2v16M24 2v16' }),
        ]),
        h('b', {}, 'sriovd'),
        me.host && h('span', { class: 'host' }, me.host),
    );
}

const navigation = () =>
    h(
        'nav',
        { 'aria-label': t('frame.pages') },
        pages.map(({ path }) =>
            h('a', { href: `#/${path}`, 'aria-current': row?.path === path && 'page' }, t(`page.${path}`)),
        ),
    );

function tools() {
    const live = store.data.live ? 'live' : 'lost';
    const other = languages.find(({ code }) => code !== language());
    return h(
        'div',
        { class: 'tools' },
        page && h('span', { class: `pulse ${live}`, title: t(`frame.${live}.help`) }, t(`frame.${live}`)),
        h('button', { class: 'plain', onclick: nextLanguage, lang: other.code, 'data-test': 'language' }, other.name),
        h(
            'button',
            {
                class: 'plain icon',
                onclick: nextTheme,
                'data-test': 'theme',
                'aria-label': t(`theme.${theme()}`),
                title: t(`theme.${theme()}`),
            },
            svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true', key: theme() }, themeIcons[theme()]()),
        ),
        me.name &&
            h('button', { class: 'plain', onclick: signOut, title: `${me.name} (${me.role})` }, t('frame.sign-out')),
    );
}

function drawHeader() {
    document.getElementById('skip').textContent = t('frame.skip');
    show(header, h('div', { class: 'bar' }, brand(), page && navigation(), tools()));
}

// ---- pages ----

function draw() {
    drawing ||= requestAnimationFrame(() => {
        drawing = 0;
        if (!page) return;
        document.title = `${page.title?.() ?? t(`page.${row.path}`)} - ${me.host || 'sriovd'}`;
        show(main, page.view(store.data, me));
    });
}

function open() {
    const [path = '', ...words] = location.hash.slice(2).split('/').map(decodeURIComponent);
    const found = pages.find((one) => one.path === path);
    if (!found) {
        location.replace(`#/${pages[1].path}`);
        return;
    }
    page?.close?.();
    row = found;
    page = row.open(words, draw);
    store.need(page.needs ?? []);
    show(main);
    drawHeader();
    draw();
    scrollTo(0, 0);
}

// ---- begin ----

function signOut() {
    api.setToken('');
    location.reload();
}

function begin(health) {
    if (row) return; // by another try
    Object.assign(me, { name: health.you?.name ?? null, role: health.you?.role ?? 'admin', host: health.host ?? '' });
    api.whenUnauthorized(signOut);
    store.start((what, record) => {
        if (what === 'live') drawHeader();
        if (record) page?.heard?.(record);
        draw();
    });
    addEventListener('hashchange', open);
    document.getElementById('skip').onclick = (event) => {
        event.preventDefault();
        main.focus();
    };
    open();
}

/** On a Unix socket (ssh -L) no token is needed: whether one is, the first read tells. */
async function start() {
    drawHeader();
    try {
        await api.get('/v1/pfs');
        begin(await api.health());
    } catch (error) {
        if (error.status === 401) {
            api.setToken('');
            signIn(main, start);
        } else {
            show(main, trouble(error));
            setTimeout(start, AGAIN_MS);
        }
    }
}
start();
