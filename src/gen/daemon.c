/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * sriovd(8) and sriovd.conf(5), from the tables of options, words and settings.
 */
#include "daemon/options.h"
#include "gen/gen.h"

static void head(struct buf *out, const char *title, const char *name, const char *what)
{
    buf_add_str(out, ".\\\" Made by gen-docs from the program's tables.\n");
    buf_printf(out, ".TH %s \"\" \"sriovd " SRIOV_VERSION "\" \"sriovd manual\"\n.nh\n", title);
    roff_section(out, "NAME");
    buf_printf(out, "%s \\- %s\n", name, what);
}

static void options(struct buf *out)
{
    roff_section(out, "OPTIONS");
    for (const struct daemon_option *row = daemon_option_rows; row->name; row++) {
        _cleanup_buf_ struct buf term = BUF_INIT;
        buf_printf(&term, "--%s%s%s", row->name, row->word ? " " : "", row->word ? row->word : "");
        roff_item(out, term.data, row->help);
    }
}

static void words(struct buf *out)
{
    roff_section(out, "TOKENS");
    for (const struct daemon_word *w = daemon_words; w->words; w++) {
        _cleanup_buf_ struct buf term = BUF_INIT;
        buf_printf(&term, "sriovd %s", w->words);
        roff_item(out, term.data, w->help);
    }
}

void gen_man_daemon(struct buf *out)
{
    head(out, "SRIOVD 8", "sriovd", "keeps the SR-IOV devices of a machine as its policy says");
    roff_section(out, "DESCRIPTION");
    roff_paragraph(
        out,
        "Applies the policy when it starts, when the policy changes and when a PF appears; sees "
        "what others change, and mends it where the policy says so; ends the leases of "
        "owners that are gone; serves an HTTP API, metrics and a web console. What changes the "
        "machine is done by sriovctl, in a process of its own.");
    roff_paragraph(out,
                   "Members of the group sriov, and root, change things through its Unix socket; "
                   "everybody may read. Over TCP, always with TLS, a token says who may do what.");
    options(out);
    words(out);
    roff_section(out, "SIGNALS");
    roff_item(out, "SIGHUP", "reads policy, tokens, users and groups again");
    roff_item(out, "SIGTERM, SIGINT", "ends; jobs that run go on to their end");
    roff_section(out, "EXIT STATUS");
    roff_facts(out, gen_codes);
    roff_section(out, "SEE ALSO");
    buf_add_str(out, ".BR sriovctl (1),\n.BR sriovd.conf (5),\n.BR sriovd\\-policy (5)\n");
}

void gen_man_conf(struct buf *out)
{
    head(out, "SRIOVD.CONF 5", "sriovd.conf", "settings of the SR-IOV node daemon");
    roff_section(out, "DESCRIPTION");
    roff_paragraph(out,
                   "A YAML map. The file need not be there, and each key has a default. The "
                   "policy is not in it, see sriovd-policy(5). It is read when sriovd starts.");
    roff_section(out, "KEYS");
    for (const struct policy_key *k = config_keys; k->name; k++)
        roff_item(out, k->name, k->help);
    roff_section(out, "FILES");
    roff_item(out, CONFIG_DEFAULT, "read unless --config names another");
    roff_section(out, "SEE ALSO");
    buf_add_str(out, ".BR sriovd (8),\n.BR sriovd\\-policy (5)\n");
}
