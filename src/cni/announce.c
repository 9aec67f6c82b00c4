/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Gratuitous ARP. The kernel would send it when the interface comes up with its addresses on it
 * (arp_notify), but a VF has no carrier yet at that moment.
 */
#include "cni/announce.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include "base/mac.h"
#include "base/str.h"

#define MAC_SIZE 6
#define IP_SIZE 4

struct arp_packet {
    struct arphdr head;
    uint8_t sender_mac[MAC_SIZE];
    uint8_t sender_ip[IP_SIZE];
    uint8_t target_mac[MAC_SIZE];
    uint8_t target_ip[IP_SIZE];
};

_Static_assert(sizeof(struct arp_packet) == ARP_PACKET_SIZE, "as it is on the wire");

int announce_packet(const char *address, uint64_t mac, uint8_t ret[ARP_PACKET_SIZE])
{
    struct arp_packet p = {
        .head = {
            .ar_hrd = htons(ARPHRD_ETHER),
            .ar_pro = htons(ETHERTYPE_IP),
            .ar_hln = MAC_SIZE,
            .ar_pln = IP_SIZE,
            .ar_op = htons(ARPOP_REQUEST),
        },
    };
    char plain[INET_ADDRSTRLEN];
    size_t len = strcspn(address, "/");

    if (len >= sizeof(plain))
        return -EINVAL;
    memcpy(plain, address, len);
    plain[len] = '\0';
    if (inet_pton(AF_INET, plain, p.sender_ip) != 1)
        return -EINVAL;
    mac_to_bytes(mac, p.sender_mac);
    memset(p.target_mac, 0xff, sizeof(p.target_mac));
    memcpy(p.target_ip, p.sender_ip, sizeof(p.target_ip));
    memcpy(ret, &p, sizeof(p));
    return 0;
}

void announce_send(int ifindex, uint64_t mac, const struct cni_addressing *addressing)
{
    _cleanup_close_ int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* receives nothing */
    struct sockaddr_ll to = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETHERTYPE_ARP),
        .sll_ifindex = ifindex,
        .sll_halen = MAC_SIZE,
    };
    uint8_t packet[ARP_PACKET_SIZE];

    memset(to.sll_addr, 0xff, MAC_SIZE);
    for (size_t i = 0; fd >= 0 && i < addressing->n_ips; i++) {
        if (announce_packet(addressing->ips[i].address, mac, packet) == 0 &&
            sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)) < 0)
            return;
    }
}
