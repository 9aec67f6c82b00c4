/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * XML, tag by tag: for documents that other programs wrote (libvirt's), of which a handful of
 * attributes is of interest. Tolerant: what is no tag is passed over. No entities but the five that
 * every writer uses, no namespaces, no CDATA: a prefix is part of the name.
 */
#ifndef BASE_TAG_H
#define BASE_TAG_H

#include <stdbool.h>
#include <stddef.h>

/* Points into the document. */
struct tag {
    const char *name; /* behind the < or </ */
    size_t name_len;
    bool closing;
    bool empty; /* ends with /> */
    const char *attrs, *end;
};

/* The next tag at or behind *at, which is left behind it. */
bool tag_next(const char **at, struct tag *ret);

bool tag_is(const struct tag *t, const char *name);

/* The value of an attribute, "" if the tag does not have it or it is too long. */
void tag_value(const struct tag *t, const char *name, char *ret, size_t size);
bool tag_has(const struct tag *t, const char *name, const char *value);

/* The text up to the next tag or the end of the line; `at` stands behind the opening tag. What is
 * too long is cut. */
void tag_content(const char *at, char *ret, size_t size);

/* Of <address domain='0x0000' bus='0x01' slot='0x10' function='0x2'/>: "0000:01:10.2". False, and
 * *ret is left alone, if that is not what it has. */
bool tag_pci(const struct tag *t, char ret[16]);

#endif
