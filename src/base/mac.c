/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ethernet addresses and GUIDs. Text must have two digits per byte and one kind of separator:
 * the lax forms that ether_aton takes ("0:1:2:3:4:5") hide slips in a policy, and an address
 * that is printed must look the same as it was written.
 */
#include "base/mac.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

static int bytes_from_text(const char *text, size_t bytes, const char *separators, uint64_t *ret)
{
    if (strnlen(text, 3 * bytes) != 3 * bytes - 1 || !strchr(separators, text[2]))
        return -EINVAL;
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        const char *p = text + 3 * i;
        int high = str_hex_digit(p[0]);
        int low = str_hex_digit(p[1]);
        if (high < 0 || low < 0 || (i + 1 < bytes && p[2] != text[2]))
            return -EINVAL;
        value = value << 8 | (unsigned)(high << 4 | low);
    }
    *ret = value;
    return 0;
}

static void bytes_to_text(uint64_t value, size_t bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes; i++) {
        unsigned byte = value >> (8 * (bytes - 1 - i)) & 0xff;
        text[3 * i] = digits[byte >> 4];
        text[3 * i + 1] = digits[byte & 15];
        text[3 * i + 2] = i + 1 < bytes ? ':' : '\0';
    }
}

int mac_from_text(const char *text, uint64_t *ret)
{
    return bytes_from_text(text, 6, ":-", ret);
}

void mac_to_text(uint64_t mac, char text[MAC_TEXT_SIZE])
{
    bytes_to_text(mac, 6, text);
}

uint64_t mac_from_bytes(const uint8_t bytes[6])
{
    uint64_t mac = 0;
    for (size_t i = 0; i < 6; i++)
        mac = mac << 8 | bytes[i];
    return mac;
}

void mac_to_bytes(uint64_t mac, uint8_t bytes[6])
{
    for (size_t i = 0; i < 6; i++)
        bytes[i] = (uint8_t)(mac >> (8 * (5 - i)));
}

int guid_from_text(const char *text, uint64_t *ret)
{
    return bytes_from_text(text, 8, ":", ret);
}

void guid_to_text(uint64_t guid, char text[GUID_TEXT_SIZE])
{
    bytes_to_text(guid, 8, text);
}
