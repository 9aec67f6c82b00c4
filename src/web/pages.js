// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The pages, in the order of the navigation. `path` is the first word behind #/, and page.PATH its name in the tables of
// words. open(words, redraw) gets the other words of the address and answers {needs, view(data, me), title, heard, close}:
// which resources of the store it needs, and what draws it from them; all but view may be left out.

import { open as audit } from './page-audit.js';
import { open as changes } from './page-changes.js';
import { open as host } from './page-host.js';
import { open as leases } from './page-leases.js';
import { open as nics } from './page-nics.js';
import { open as vf } from './page-vf.js';

export const pages = [
    { path: 'host', open: host },
    { path: 'nics', open: nics },
    { path: 'vf', open: vf },
    { path: 'leases', open: leases },
    { path: 'changes', open: changes },
    { path: 'audit', open: audit },
];
