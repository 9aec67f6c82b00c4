/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A command line as it is asked of another machine: the same options and words, without those that
 * say how to get there, and with the policy's text in place of its files.
 */
#ifndef REMOTE_WORDS_H
#define REMOTE_WORDS_H

#include "cli/app.h"

/* The words behind "sriovctl": options of all verbs, the verb, its options, its words. 0 or
 * -ENOMEM.
 */
int words_make(const struct app *a, struct strv *ret);

/* The documents of the files and folders of -f, one after the other; "-" is standard input. -errno
 * with a->error filled. */
int words_policy(struct app *a, struct buf *ret);

#endif
