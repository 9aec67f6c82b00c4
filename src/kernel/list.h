/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Growing an { items, count } pair by one zeroed entry, used for every list that this folder
 * returns. The capacity is not stored: it is the power of two that holds `count`.
 */
#ifndef KERNEL_LIST_H
#define KERNEL_LIST_H

#include <stdlib.h>
#include <string.h>

static inline void *list_grow(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) == 0) {
        items = reallocarray(items, count ? count * 2 : 1, size);
        if (!items)
            return NULL;
    }
    memset((char *)items + count * size, 0, size);
    return items;
}

/* A pointer to the new entry (good until the next LIST_ADD), or NULL without memory. */
#define LIST_ADD(list)                                                                             \
    ({                                                                                             \
        __typeof__((list)->items) slot_ = list_grow((list)->items, (list)->count,                  \
                                                    sizeof(*(list)->items));                       \
        if (slot_) {                                                                               \
            (list)->items = slot_;                                                                 \
            slot_ += (list)->count++;                                                              \
        }                                                                                          \
        slot_;                                                                                     \
    })

#endif
