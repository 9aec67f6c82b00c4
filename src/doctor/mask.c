/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Masking goes through the text once, and at the start of each word asks a table of recognisers
 * whether something to be masked begins there.
 */
#include "doctor/mask.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define MAC_LEN 17
#define GUID_LEN 23
#define ENX_LEN 15 /* enx525400aabb01: a netdev that udev named by its MAC */
#define ADDRESS_MAX 45

void mask_done(struct mask *m)
{
    struct strv *lists[] = { &m->words, &m->word_masks, &m->macs, &m->guids, &m->v4, &m->v6 };
    for (size_t i = 0; i < ELEMENTS(lists); i++)
        strv_done(lists[i]);
}

int mask_word(struct mask *m, const char *word, const char *kind)
{
    char name[40];
    unsigned number = 1;
    if (!*word || strv_has(&m->words, word))
        return 0;
    for (size_t i = 0; i < m->word_masks.count; i++)
        number += strncmp(m->word_masks.items[i], kind, strlen(kind)) == 0;
    snprintf(name, sizeof(name), "%s-%u", kind, number);
    int r = strv_add(&m->word_masks, name);
    return r < 0 ? r : strv_add(&m->words, word);
}

/* Its number in the list, from 1 on; 0 without memory. Upper and lower case are one. */
static size_t number_of(struct strv *list, const char *text, size_t len)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strlen(list->items[i]) == len && strncasecmp(list->items[i], text, len) == 0)
            return i + 1;
    }
    return strv_add_len(list, text, len) < 0 ? 0 : list->count;
}

/* ---- recognisers: how many bytes they have masked, 0 if it is nothing of theirs ---- */

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* "52:54:..." of so many characters, and no longer. */
static bool is_pairs(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool good = i % 3 == 2 ? text[i] == ':' : isxdigit((unsigned char)text[i]);
        if (!good)
            return false;
    }
    return !is_word_char(text[len]) &&
           !(text[len] == ':' && isxdigit((unsigned char)text[len + 1]));
}

/* None, and everybody, are nobody's address. */
static bool is_all(const char *text, size_t len, const char *digits)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] != ':' && !strchr(digits, text[i]))
            return false;
    }
    return true;
}

static size_t try_mac(struct mask *m, const char *text, struct buf *ret)
{
    if (!is_pairs(text, MAC_LEN) || is_all(text, MAC_LEN, "0") || is_all(text, MAC_LEN, "fF"))
        return 0;
    size_t n = number_of(&m->macs, text, MAC_LEN);
    buf_printf(ret, "02:00:00:00:%02zx:%02zx", n >> 8 & 0xff, n & 0xff);
    return MAC_LEN;
}

static size_t try_guid(struct mask *m, const char *text, struct buf *ret)
{
    if (!is_pairs(text, GUID_LEN) || is_all(text, GUID_LEN, "0"))
        return 0;
    size_t n = number_of(&m->guids, text, GUID_LEN);
    buf_printf(ret, "02:00:00:00:00:00:%02zx:%02zx", n >> 8 & 0xff, n & 0xff);
    return GUID_LEN;
}

static size_t try_netdev(struct mask *m, const char *text, struct buf *ret)
{
    char mac[MAC_LEN + 1];
    size_t used = 0;
    if (!str_starts(text, "enx"))
        return 0;
    for (size_t i = 3; i < ENX_LEN; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return 0;
        mac[used++] = text[i];
        if (i % 2 == 0 && i + 1 < ENX_LEN)
            mac[used++] = ':';
    }
    if (isxdigit((unsigned char)text[ENX_LEN]))
        return 0;
    mac[used] = '\0';
    size_t n = number_of(&m->macs, mac, used);
    buf_printf(ret, "enx02000000%02zx%02zx", n >> 8 & 0xff, n & 0xff);
    return ENX_LEN;
}

/* An address with the marks behind it taken off: "192.0.2.1." at the end of a sentence. */
static size_t address_len(const char *text, char ret[ADDRESS_MAX + 1])
{
    size_t len = strspn(text, "0123456789abcdefABCDEF:.");
    while (len > 0 && (text[len - 1] == '.' || (text[len - 1] == ':' && text[len - 2] != ':')))
        len--;
    if (len == 0 || len > ADDRESS_MAX || is_word_char(text[len]))
        return 0;
    memcpy(ret, text, len);
    ret[len] = '\0';
    return len;
}

static size_t try_ip(struct mask *m, const char *text, struct buf *ret)
{
    char address[ADDRESS_MAX + 1];
    struct in6_addr v6;
    struct in_addr v4;
    size_t len = address_len(text, address);
    if (len < 3) /* "::" is nobody's */
        return 0;
    if (inet_pton(AF_INET, address, &v4) == 1) {
        if (str_starts(address, "127.") || str_starts(address, "0."))
            return 0;
        buf_printf(ret, "192.0.2.%zu", number_of(&m->v4, address, len));
        return len;
    }
    if (inet_pton(AF_INET6, address, &v6) != 1 || str_eq(address, "::1"))
        return 0;
    buf_printf(ret, "2001:db8::%zx", number_of(&m->v6, address, len));
    return len;
}

/* The longest of the words: one may begin with another. */
static size_t try_word(struct mask *m, const char *text, struct buf *ret)
{
    size_t best = 0, place = 0;
    for (size_t i = 0; i < m->words.count; i++) {
        const char *word = m->words.items[i];
        size_t len = strlen(word);
        if (len > best && strncmp(text, word, len) == 0 && !is_word_char(text[len])) {
            best = len;
            place = i;
        }
    }
    if (best > 0)
        buf_add_str(ret, m->word_masks.items[place]);
    return best;
}

static size_t (*const recognisers[])(struct mask *m, const char *text, struct buf *ret) = {
    try_word, try_guid, try_mac, try_netdev, try_ip,
};

int mask_text(struct mask *m, const char *text, struct buf *ret)
{
    char before = ' ';
    while (*text) {
        size_t used = 0;
        for (size_t i = 0; !is_word_char(before) && used == 0 && i < ELEMENTS(recognisers); i++)
            used = recognisers[i](m, text, ret);
        if (used == 0) {
            buf_add_char(ret, *text);
            used = 1;
        }
        before = text[used - 1];
        text += used;
    }
    return buf_ok(ret);
}
