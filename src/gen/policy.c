/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovd-policy(5), from the tables of policy keys and attributes.
 */
#include "core/policy-keys.h"
#include "gen/gen.h"

static void keys(struct buf *out, const struct policy_key *rows)
{
    for (; rows->name; rows++)
        roff_item(out, rows->name, rows->help);
}

static void form(struct buf *out)
{
    roff_section(out, "DESCRIPTION");
    roff_paragraph(
        out,
        "A policy says what the PFs and VFs of a machine are to be. It is YAML or JSON, in the "
        "files *.yaml, *.yml and *.json of /etc/sriovd, read in the order of their names, or "
        "in a file or folder named with -f. sriovctl plan prints the steps from the machine to "
        "the policy; sriovctl apply takes them.");
    roff_paragraph(
        out, "What a policy does not name is left alone: a PF without an entry, a VF without a "
             "number, an attribute without a value. An unknown key, and a PF that two entries "
             "match, are errors with file and line.");
    roff_paragraph(
        out,
        "Each file may have several documents (\"---\" between them), at most 1 MiB, 16 levels "
        "and 100,000 values. YAML anchors, aliases and tags are not read.");
    roff_section(out, "EXAMPLE");
    roff_code(out, gen_policy_example);
}

static void kubernetes(struct buf *out)
{
    roff_section(out, "KUBERNETES");
    roff_paragraph(
        out,
        "A document with \"kind: SriovNetworkNodePolicy\" is the form of the Kubernetes SR-IOV "
        "network operator and means the same here. Of several that match one PF the one with "
        "the lower priority number wins, attribute by attribute.");
}

void gen_man_policy(struct buf *out)
{
    buf_add_str(out, ".\\\" Made by gen-docs from the program's tables.\n");
    buf_add_str(out,
                ".TH SRIOVD-POLICY 5 \"\" \"sriovd " SRIOV_VERSION "\" \"sriovd manual\"\n.nh\n");
    roff_section(out, "NAME");
    buf_add_str(out, "sriovd-policy \\- what the SR-IOV devices of a machine are to be\n");
    form(out);
    roff_section(out, "KEYS");
    roff_subsection(out, "Of the document");
    keys(out, policy_top_keys);
    roff_subsection(out, "Of an entry of pfs");
    keys(out, policy_pf_keys);
    roff_attributes(out, ATTR_OF_PF);
    roff_subsection(out, "Of match");
    keys(out, policy_match_keys);
    roff_subsection(out, "Of an entry of vfs");
    roff_attributes(out, ATTR_OF_VF);
    roff_subsection(out, "Of a pool");
    keys(out, policy_pool_keys);
    roff_subsection(out, "Of an entry of a pool's from");
    keys(out, policy_source_keys);
    kubernetes(out);
    roff_section(out, "SEE ALSO");
    buf_add_str(out, ".BR sriovctl (1)\n");
}
