// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Functions that run in the page (each for itself, nothing around it goes along) and tell what cannot be read or reached.

/** Texts whose contrast with what is behind them is below 4.5, or 3 for large ones (WCAG 2.1, AA). */
export function contrast() {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const parse = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
    const behind = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement) layers.unshift(parse(getComputedStyle(at).backgroundColor));
        return layers.reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const light = (colour) => {
        const [r, g, b] = colour.map((c) =>
            c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const opacity = (element) => {
        let all = 1;
        for (let at = element; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
        return all;
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (!text || !element.checkVisibility() || element.matches(':disabled, option, noscript, .skip, .off'))
            continue;
        const style = getComputedStyle(element);
        const ground = behind(element);
        const ink = parse(style.color);
        const shown = over([ink[0], ink[1], ink[2], ink[3] * opacity(element)], ground);
        const [a, b] = [light(shown), light(ground)].sort((x, y) => y - x);
        const size = Number.parseFloat(style.fontSize);
        const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < least) found.push(`"${text.slice(0, 30)}" ${ratio.toFixed(2)}`);
    }
    return [...new Set(found)];
}

/** Links, buttons and fields without a name for who cannot see them. */
export function unnamed() {
    const name = (element) =>
        element.getAttribute('aria-label') ||
        element.textContent.trim() ||
        element.labels?.[0]?.textContent.trim() ||
        element.title;
    return [...document.querySelectorAll('a, button, input, select, summary')]
        .filter((element) => element.checkVisibility() && !name(element))
        .map((element) => element.outerHTML.slice(0, 80));
}
