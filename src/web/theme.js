// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Light or dark as it was chosen last, before the page is painted. No module: those come too late for that.
{
    const theme = localStorage.getItem('theme');
    if (theme) document.documentElement.dataset.theme = theme;
}
