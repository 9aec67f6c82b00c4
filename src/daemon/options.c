/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading options by their table.
 */
#include "daemon/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#define OPTIONS_MAX 16
#define FIELD(member) offsetof(struct daemon_command, member)

const struct daemon_option daemon_option_rows[] = {
    { "config", "FILE", FIELD(daemon.config), "settings; default " CONFIG_DEFAULT },
    { "state-dir", "DIR", FIELD(daemon.state_dir),
      "ledger and leases; default " STATE_DIR_DEFAULT },
    { "socket", "PATH", FIELD(daemon.socket),
      "Unix socket of the API; default /run/sriovd/api.sock. Not used if systemd hands one over" },
    { "replay", "CAPTURE", FIELD(daemon.replay),
      "answer from a capture of a machine, as sriovctl capture makes it; nothing can be changed" },
    { "sriovctl", "PATH", FIELD(daemon.sriovctl),
      "the program that does the work; default the one installed with it" },
    { "textfile", "FILE", FIELD(textfile),
      "write the metrics into that file once, for the textfile collector of node_exporter, and end" },
    { "help", NULL, FIELD(help), "print the options" },
    { "version", NULL, FIELD(version), "print the version" },
    { NULL },
};

const struct daemon_word daemon_words[] = {
    { "token add NAME read|operate|admin [DAYS]",
      "makes a token, good for so many days or until it is removed, and prints it: it is kept as a "
      "salted hash only" },
    { "token list", "names, roles and ends of the tokens" },
    { "token remove NAME", "the token is refused at once" },
    { NULL },
};

int daemon_read_options(int argc, char **argv, struct daemon_command *ret)
{
    const struct daemon_option *const rows = daemon_option_rows;
    struct option table[OPTIONS_MAX] = { 0 };
    int i;

    for (size_t n = 0; rows[n].name; n++)
        table[n] = (struct option){ rows[n].name, rows[n].word ? required_argument : no_argument,
                                    NULL, (int)n + 1 };
    while ((i = getopt_long(argc, argv, "", table, NULL)) > 0) {
        char *field;
        if (i == '?')
            return -EINVAL;
        field = (char *)ret + rows[i - 1].offset;
        if (rows[i - 1].word)
            *(const char **)(void *)field = optarg;
        else
            *(bool *)field = true;
    }
    if (optind < argc)
        fprintf(stderr, "sriovd: %s: is no option; sriovd --help lists them\n", argv[optind]);
    return optind < argc ? -EINVAL : 0;
}

void daemon_print_help(void)
{
    printf("usage: sriovd [OPTION]...\n");
    for (const struct daemon_word *w = daemon_words; w->words; w++)
        printf("       sriovd %s\n", w->words);
    for (const struct daemon_option *row = daemon_option_rows; row->name; row++) {
        char left[40];
        snprintf(left, sizeof(left), "--%s %s", row->name, row->word ? row->word : "");
        printf("  %-20s %s\n", left, row->help);
    }
}
