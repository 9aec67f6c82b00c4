// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The traffic of a VF over the last minutes, from the daemon's metrics. A driver that counts nothing has no samples there.

import * as api from './api.js';
import { h, svg } from './dom.js';
import { number, t } from './words.js';

const EVERY_MS = 2000;
const KEPT = 90;
const WIDTH = 360;
const HEIGHT = 80;
const directions = [
    { name: 'receive', metric: 'sriov_vf_receive_bytes_total' },
    { name: 'transmit', metric: 'sriov_vf_transmit_bytes_total' },
];

/** The value of the sample of that metric whose labels fit, undefined if there is none. */
function sample(text, metric, labels) {
    for (const line of text.split('\n')) {
        if (!line.startsWith(`${metric}{`)) continue;
        const end = line.lastIndexOf('}');
        const have = line.slice(metric.length + 1, end);
        if (Object.entries(labels).every(([name, value]) => `,${have}`.includes(`,${name}="${value}"`)))
            return Number(
                line
                    .slice(end + 1)
                    .trim()
                    .split(' ')[0],
            );
    }
    return undefined;
}

export class Traffic {
    constructor(pf, vf, redraw) {
        this.labels = { pf, vf };
        this.points = []; // {receive, transmit} in bit/s
        this.counted = null; // null: not known yet
        this.before = null;
        this.redraw = redraw;
        this.timer = setInterval(() => document.visibilityState === 'visible' && this.read(), EVERY_MS);
        this.read();
    }

    stop() {
        clearInterval(this.timer);
    }

    async read() {
        let text;
        try {
            text = await api.metrics();
        } catch {
            return;
        }
        const now = { at: performance.now() };
        for (const { name, metric } of directions) now[name] = sample(text, metric, this.labels);
        this.counted = directions.every(({ name }) => now[name] !== undefined);
        if (this.counted && this.before) this.add(now);
        this.before = this.counted ? now : null;
        this.redraw();
    }

    add(now) {
        const seconds = (now.at - this.before.at) / 1000;
        // A VF that was made anew counts from 0 again.
        const rate = ({ name }) => [name, (Math.max(now[name] - this.before[name], 0) * 8) / seconds];
        this.points.push(Object.fromEntries(directions.map(rate)));
        if (this.points.length > KEPT) this.points.shift();
    }
}

const steps = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];

function rate(bits) {
    const step = bits < 1000 ? 0 : Math.min(Math.floor(Math.log10(bits) / 3), steps.length - 1);
    return `${number(bits / 1000 ** step, step ? 1 : 0)} ${steps[step]}`;
}

function path(points, name, most) {
    const x = (i) => WIDTH - (points.length - 1 - i) * (WIDTH / (KEPT - 1));
    const y = (bits) => HEIGHT - 2 - (bits / most) * (HEIGHT - 6);
    return points.map((point, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(point[name]).toFixed(1)}`).join('');
}

export function chart({ points, counted }) {
    if (counted === false) return h('p', { class: 'nothing chart-place' }, t('vf.traffic.none'));
    const most = Math.max(1000, ...points.flatMap((point) => directions.map(({ name }) => point[name])));
    const last = points.at(-1);
    return h(
        'figure',
        { class: 'chart-place' },
        svg(
            'svg',
            {
                viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
                preserveAspectRatio: 'none',
                role: 'img',
                'aria-label': t('vf.traffic'),
            },
            svg('path', { class: 'ground', d: `M0 ${HEIGHT - 2}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}` }),
            directions.map(({ name }) => svg('path', { class: name, d: path(points, name, most) })),
        ),
        h(
            'figcaption',
            {},
            directions.map(({ name }) =>
                h(
                    'span',
                    { class: name },
                    t(`vf.${name}`),
                    ' ',
                    h('b', {}, last ? rate(last[name]) : t('frame.loading')),
                ),
            ),
            h('span', { class: 'quiet' }, t('vf.traffic.top', { rate: rate(most) })),
        ),
    );
}
