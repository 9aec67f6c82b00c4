// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Elements without markup in strings: data never becomes HTML. A page draws itself anew from its data each time, and
// `morph` carries the difference over to what stands there, so that focus, scroll and open lists survive an update.

const SVG = 'http://www.w3.org/2000/svg';
const properties = new Set(['value', 'checked', 'disabled', 'selected', 'open', 'hidden', 'indeterminate']);

function fill(element, props, children) {
    element.handlers = {};
    for (const [name, value] of Object.entries(props ?? {})) {
        if (value === undefined || value === null || (value === false && !properties.has(name))) continue;
        if (name.startsWith('on')) element[name] = element.handlers[name] = value;
        else if (name === 'vars') element.vars = value;
        else if (name === 'key') element.key = value;
        else if (properties.has(name)) element[name] = value;
        else element.setAttribute(name, value === true ? '' : value);
    }
    for (const [name, value] of Object.entries(element.vars ?? {})) element.style.setProperty(name, value);
    element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
    if (element.nodeName === 'SELECT' && props?.value !== undefined) element.value = props.value;
    return element;
}

/** h('a', {href, onclick, vars: {'--n': 4}, key}, child, [children], 'text'): null, undefined and false are left out. */
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const svg = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.key === b.key;

function morphAttributes(old, fresh) {
    for (const { name } of [...old.attributes])
        if (!fresh.hasAttribute(name) && name !== 'style') old.removeAttribute(name);
    for (const { name, value } of fresh.attributes)
        if (name !== 'style' && old.getAttribute(name) !== value) old.setAttribute(name, value);
}

function morphProperties(old, fresh) {
    for (const name of Object.keys(old.handlers ?? {})) if (!fresh.handlers?.[name]) old[name] = null;
    Object.assign(old, fresh.handlers);
    old.handlers = fresh.handlers;
    for (const [name, value] of Object.entries(fresh.vars ?? {})) old.style.setProperty(name, value);
    for (const name of ['value', 'checked', 'disabled', 'hidden'])
        if (name in fresh && old[name] !== fresh[name]) old[name] = fresh[name];
}

function morphChildren(old, fresh) {
    let at = old.firstChild;
    for (const want of [...fresh.childNodes]) {
        let found = at;
        while (found && !alike(found, want)) found = found.nextSibling;
        if (!found) {
            old.insertBefore(want, at);
            continue;
        }
        while (at !== found) {
            const gone = at;
            at = at.nextSibling;
            gone.remove();
        }
        morph(found, want);
        at = found.nextSibling;
    }
    while (at) {
        const gone = at;
        at = at.nextSibling;
        gone.remove();
    }
}

/** Makes `old` look like `fresh`, which is used up. An opened <details> stays as the reader left it. */
function morph(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE) {
        if (old.data !== fresh.data) old.data = fresh.data;
        return;
    }
    if (old.nodeName === 'DETAILS') fresh.open = old.open;
    morphAttributes(old, fresh);
    morphChildren(old, fresh);
    morphProperties(old, fresh);
}

/** Shows `fresh` as all that is in `place`. */
export function show(place, ...fresh) {
    morphChildren(place, h('div', {}, fresh));
}
