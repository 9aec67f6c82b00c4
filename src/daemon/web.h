/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The files of the console (src/web), compiled in.
 */
#ifndef DAEMON_WEB_H
#define DAEMON_WEB_H

#include <stddef.h>

struct web_file {
    const char *path; /* "/nic.js"; the page itself is "/" */
    const char *type; /* "text/javascript; charset=utf-8" */
    const char *etag; /* quoted, of the contents */
    const unsigned char *data;
    size_t len;
};

/* Ends with path NULL. Made by src/web/embed.py while building. */
extern const struct web_file web_files[];

#endif
