// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The Markdown that the knowledge base is written in: headings, paragraphs, lists, code blocks, code and bold in a line.

import { h } from './dom.js';

const inline = (text) =>
    text
        .split(/(`[^`]+`|\*\*[^*]+\*\*)/)
        .map((part) =>
            part.startsWith('`')
                ? h('code', {}, part.slice(1, -1))
                : part.startsWith('**')
                  ? h('b', {}, part.slice(2, -2))
                  : part,
        );

/** Blocks are separated by empty lines, but for those within ``` and ```. */
function blocks(text) {
    const found = [];
    let lines = [];
    let fenced = false;
    const end = () => {
        if (lines.length) found.push({ fenced, lines });
        lines = [];
    };
    for (const line of text.split('\n')) {
        if (line.startsWith('```')) {
            end();
            fenced = !fenced;
        } else if (!fenced && line.trim() === '') end();
        else lines.push(line);
    }
    end();
    return found;
}

const isItem = (line) => /^(\d+\.|[*-]) /.test(line);

/** Lines that go on belong to the item before. */
function items(lines) {
    const found = [];
    for (const line of lines) {
        if (isItem(line)) found.push(line.replace(/^(\d+\.|[*-]) /, ''));
        else found[found.length - 1] += ` ${line.trim()}`;
    }
    return found.map((text) => h('li', {}, inline(text)));
}

function block({ fenced, lines }) {
    if (fenced || lines.every((line) => line.startsWith('    ')))
        return h('pre', {}, lines.map((line) => line.replace(/^ {4}/, '')).join('\n'));
    const heading = /^(#+) (.*)/.exec(lines[0]);
    if (heading)
        return [
            h(heading[1].length === 1 ? 'h3' : 'h4', {}, heading[2]),
            lines.length > 1 && block({ lines: lines.slice(1) }),
        ];
    if (isItem(lines[0])) return h(/^\d/.test(lines[0]) ? 'ol' : 'ul', {}, items(lines));
    return h('p', {}, inline(lines.join(' ')));
}

export const markdown = (text) => h('article', { class: 'page' }, blocks(text).map(block));
