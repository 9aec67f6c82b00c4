// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The settings of VFs and PFs, a row each, under the names that sriovctl and the API have for them. Those with `alone` are
// changed by a request of their own.

export const vfAttributes = [
    { name: 'mac', type: 'text', pattern: '([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}' },
    { name: 'vlan', type: 'number', max: 4094 },
    { name: 'qos', type: 'number', max: 7 },
    { name: 'vlan_proto', type: 'choice', choices: ['802.1Q', '802.1ad'] },
    { name: 'spoofchk', type: 'switch' },
    { name: 'trust', type: 'switch' },
    { name: 'link_state', type: 'choice', choices: ['auto', 'enable', 'disable'] },
    { name: 'min_tx_rate', type: 'number', max: 4294967295, unit: 'Mbit/s' },
    { name: 'max_tx_rate', type: 'number', max: 4294967295, unit: 'Mbit/s' },
    { name: 'rss_query', type: 'switch' },
    { name: 'node_guid', type: 'text' },
    { name: 'port_guid', type: 'text' },
    { name: 'msix_count', type: 'number', max: 2048 },
    { name: 'mtu', type: 'number', min: 68, max: 65535 },
    { name: 'name', type: 'text' },
    { name: 'driver', type: 'text', alone: true, suggestions: ['default', 'none', 'vfio-pci'] },
];

export const pfAttributes = [
    { name: 'mtu', type: 'number', min: 68, max: 65535 },
    { name: 'link', type: 'choice', choices: ['up', 'down'] },
    { name: 'autoprobe', type: 'switch' },
    { name: 'eswitch_mode', type: 'choice', choices: ['legacy', 'switchdev'] },
];
