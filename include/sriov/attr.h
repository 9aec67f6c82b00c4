/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attributes of a PF and of a VF. One row of the table in src/core/attr.c per entry gives its
 * name, range, help text and the way it is read and written; the names there are the keys of the
 * policy, of the JSON and of `sriovctl set`.
 */
#ifndef SRIOV_ATTR_H
#define SRIOV_ATTR_H

enum sriov_attr {
    /* of a VF, set through the PF */
    SRIOV_MAC,
    SRIOV_VLAN,
    SRIOV_QOS,
    SRIOV_VLAN_PROTO,
    SRIOV_SPOOFCHK,
    SRIOV_TRUST,
    SRIOV_LINK_STATE,
    SRIOV_MIN_TX_RATE,
    SRIOV_MAX_TX_RATE,
    SRIOV_RSS_QUERY,
    SRIOV_NODE_GUID,
    SRIOV_PORT_GUID,
    /* of a VF, set on its own PCI device or netdev */
    SRIOV_MSIX_COUNT,
    SRIOV_DRIVER,
    SRIOV_MTU,
    SRIOV_NAME,
    /* of a PF */
    SRIOV_NUM_VFS,
    SRIOV_AUTOPROBE,
    SRIOV_ESWITCH_MODE,
    SRIOV_PF_MTU,
    SRIOV_LINK,
    SRIOV_ATTR_COUNT,
};

/* Values of SRIOV_LINK_STATE, as the kernel numbers them. */
enum sriov_link_state {
    SRIOV_LINK_AUTO = 0,
    SRIOV_LINK_ENABLE = 1,
    SRIOV_LINK_DISABLE = 2,
};

#endif
