/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the pages tell beside the program's own tables: exit status, files, environment, JSON
 * fields.
 */
#include "gen/gen.h"

const struct fact gen_codes[] = {
    { "0", "Done, or there was nothing to do." },
    { "1", "Failed, and what had been changed is undone." },
    { "2", "The request makes no sense: options, policy, a value out of range." },
    { "3", "Refused, because somebody would be hurt; the error names them." },
    { "4", "The driver or the kernel cannot do this." },
    { "5", "There is no such device." },
    { "6", "Not permitted: it needs root." },
    { "7", "Failed, and could not be undone in full; the error says what is still different." },
    { NULL, NULL },
};

const struct fact gen_files[] = {
    { "/etc/sriovd/*.yaml, *.yml, *.json", "The policy, read in the order of the names." },
    { "/var/lib/sriovd/ledger.db",
      "The ledger: journal and history. Another folder: --state-dir." },
    { "/var/lib/sriovd/leases/PF.VF", "One lease: its owner, and what the VF was before." },
    { "/var/lib/sriovd/pools.json", "The pools of the policy as it was last applied." },
    { "~/.config/sriovd/token", "For --host: the token, if it is given in no other way." },
    { NULL, NULL },
};

const struct fact gen_environment[] = {
    { "NO_COLOR", "If set and not empty, no colours are used on a terminal." },
    { "SRIOV_TOKEN", "For --host: the token, unless --token-file names a file with it." },
    { NULL, NULL },
};

const struct fact gen_disruptions[] = {
    { "none", "Nobody notices." },
    { "vf-reset", "The VF is reset: its traffic stops for a moment." },
    { "vf-loss", "The VF goes away, or is taken from whoever uses it." },
    { "pf-link-bounce", "The PF's link goes down and comes up again, with all its VFs." },
    { "driver-reload",
      "The PF's driver is unloaded: every PF of that driver is gone for a while." },
    { "reboot", "Takes effect after a reboot only." },
    { NULL, NULL },
};

const struct fact gen_json_list[] = {
    { "pfs[].pci", "PCI address, or the device's name on a bus without (netdevsim1)" },
    { "pfs[].handle", "bus and device as devlink writes them, pci/0000:01:00.0" },
    { "pfs[].name", "netdev; null if it has none" },
    { "pfs[].altnames", "alternative names of the netdev" },
    { "pfs[].driver", "kernel driver; null if unbound" },
    { "pfs[].vendor, device", "PCI ids, four hexadecimal digits" },
    { "pfs[].numa_node, iommu_group", "numbers; null if there is none" },
    { "pfs[].total_vfs, num_vfs", "how many VFs there can be, and are" },
    { "pfs[].autoprobe", "whether new VFs are bound to a driver" },
    { "pfs[].eswitch_mode", "legacy or switchdev; null if the driver has no eswitch" },
    { "pfs[].mac, mtu, link, speed", "of the netdev; speed in Mbit/s" },
    { "pfs[].busy",
      "what is being done to it right now: transaction, pid, since (Unix time), command; "
      "null if nothing" },
    { "pfs[].holders[]", "who depends on the PF itself: kind, pid, comm, name" },
    { "pfs[].vfs", "its VFs, in the order of their numbers" },
    { NULL, NULL },
};

const struct fact gen_json_vf[] = {
    { "index", "VF number: the N of PF/N" },
    { "pci", "PCI address; null on a bus without" },
    { "iommu_group", "number; null if there is none" },
    { "holders[]", "who uses it: kind, pid, comm, name" },
    { NULL, NULL },
};

const struct fact gen_json_change[] = {
    { "transaction", "its number in the ledger; 0 if there was nothing to do; not in plan" },
    { "changed", "how many steps wrote something; not in plan" },
    { "steps[].object", "the PF or VF: enp1s0, enp1s0/3" },
    { "steps[].action", "set, create, remove, bind, write-parameter, reload-driver" },
    { "steps[].attribute", "which attribute it changes" },
    { "steps[].from, to", "values, as text; from is null if it is not known before" },
    { "steps[].disruption", "what the step does to whoever uses the device" },
    { "steps[].state", "planned, done, not-needed, failed, skipped" },
    { "disruption", "the worst of the steps" },
    { "holders[]", "who would be hurt, or was with --force" },
    { "remarks[]", "sentences worth reading" },
    { NULL, NULL },
};

const struct fact gen_json_error[] = {
    { "error.code", "the exit status" },
    { "error.object", "what it failed on; null if nothing in particular" },
    { "error.message", "what failed" },
    { "error.kernel", "the kernel's own words; null if it said nothing" },
    { "error.remedy", "what to do; null if nothing is known" },
    { "error.holders[]", "who is named in a refusal" },
    { NULL, NULL },
};

const char gen_policy_example[] =
    "pfs:\n"
    "  - match: {name: enp1s0}\n"
    "    num_vfs: 4\n"
    "    mtu: 9000\n"
    "    autoprobe: off\n"
    "    vfs:\n"
    "      \"0\": {mac: \"52:54:00:aa:bb:01\", vlan: 100, qos: 3, trust: off, driver: vfio-pci}\n"
    "      \"1-3\": {spoofchk: on, trust: off, max_tx_rate: 500}\n"
    "pools:\n"
    "  fast: {from: [{pf: enp1s0, vfs: \"1-3\"}], numa: same}\n";

const struct attr_word *gen_words(const struct attr *row)
{
    static const struct attr_word on_off[] = { { "on", 1 }, { "off", 0 }, { NULL, 0 } };
    static const struct attr_word drivers[] = {
        { DRIVER_DEFAULT, 0 },
        { DRIVER_NONE, 0 },
        { "vfio-pci", 0 },
        { NULL, 0 },
    };
    if (row->type == ATTR_BOOL)
        return on_off;
    if (row->id == SRIOV_DRIVER)
        return drivers;
    return row->type == ATTR_WORD ? row->words : NULL;
}

void gen_range(const struct attr *row, struct buf *ret)
{
    const struct attr_word *words = gen_words(row);
    switch (row->type) {
    case ATTR_BOOL:
    case ATTR_WORD:
        for (const struct attr_word *w = words; w->word; w++)
            text_add(ret, "%s", w->word);
        break;
    case ATTR_NUMBER:
        buf_printf(ret, "%llu to %llu", (unsigned long long)row->min, (unsigned long long)row->max);
        if (row->unit && *row->unit)
            buf_printf(ret, " %s", row->unit);
        break;
    case ATTR_MAC:
        buf_add_str(ret, "an address, 52:54:00:aa:bb:01");
        break;
    case ATTR_GUID:
        buf_add_str(ret, "a GUID, 00:11:22:33:44:55:66:77");
        break;
    case ATTR_TEXT:
        buf_printf(ret, "a name of at most %llu characters", (unsigned long long)row->max);
        break;
    }
}
