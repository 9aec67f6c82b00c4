/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A short hash of anything (FNV-1a, 64 bits), for "is it still the same?" Not for what somebody may
 * want to collide.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t hash_add(uint64_t hash, const void *data, size_t len)
{
    const unsigned char *bytes = data;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* With its end, so that "ab" "c" is not "a" "bc". */
static inline uint64_t hash_add_text(uint64_t hash, const char *text)
{
    return hash_add(hash, text, strlen(text) + 1);
}

#endif
