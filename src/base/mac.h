/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Ethernet addresses and 64-bit GUIDs as text. An address travels through the program as the low 48
 * bits of a uint64_t, first byte highest, so that it compares and prints naturally.
 */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include <stdbool.h>
#include <stdint.h>

#define MAC_TEXT_SIZE 18
#define GUID_TEXT_SIZE 24

/* "52:54:00:aa:bb:01", also with '-' between, any case. -EINVAL. */
int mac_from_text(const char *text, uint64_t *ret);
void mac_to_text(uint64_t mac, char text[MAC_TEXT_SIZE]);

uint64_t mac_from_bytes(const uint8_t bytes[6]);
void mac_to_bytes(uint64_t mac, uint8_t bytes[6]);

static inline bool mac_is_multicast(uint64_t mac)
{
    return (mac >> 40) & 1;
}

/* "00:11:22:33:44:55:66:77". -EINVAL. */
int guid_from_text(const char *text, uint64_t *ret);
void guid_to_text(uint64_t guid, char text[GUID_TEXT_SIZE]);

#endif
