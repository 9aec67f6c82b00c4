/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Notes of VFs that are away: named "away ALIAS", and "partner=ALIAS" before the settings of one
 * that has a stand-by.
 */
#include "vm/away.h"

#include <stdio.h>

#include "base/mac.h"

#define PREFIX "away "
#define PARTNER "partner="

bool away_describe(const struct vm *vm, const struct vm_entry *e, struct away *ret)
{
    _cleanup_buf_ struct buf text = BUF_INIT;
    char mac[MAC_TEXT_SIZE];
    *ret = (struct away){ 0 };
    if (e->has_mac) {
        mac_to_text(e->mac, mac);
        buf_printf(&text, "mac=%s ", mac);
    }
    if (e->has_vlan)
        buf_printf(&text, "vlan=%u ", e->vlan);
    for (size_t i = 0; i < vm->n_notes; i++) {
        if (str_eq(vm->notes[i].alias, e->alias))
            buf_add_str(&text, vm->notes[i].settings);
    }
    if (buf_ok(&text) < 0 || !STR_SET(ret->settings, text.data ? text.data : ""))
        return false;
    STR_SET(ret->partner, e->partner);
    return snprintf(ret->note, sizeof(ret->note), PREFIX "%s", e->alias) < (int)sizeof(ret->note) &&
           text.len + strlen(PARTNER) + strlen(e->partner) + 1 < sizeof(ret->settings);
}

size_t away_list(const struct vm *vm, struct away ret[AWAY_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < vm->n_notes && count < AWAY_MAX; i++) {
        const struct vm_note *n = &vm->notes[i];
        const char *rest = n->settings;
        struct away *w = &ret[count];
        if (!str_starts(n->alias, PREFIX))
            continue;
        *w = (struct away){ 0 };
        STR_SET(w->note, n->alias);
        if (str_starts(rest, PARTNER)) {
            rest += strlen(PARTNER);
            size_t len = strcspn(rest, " ");
            snprintf(w->partner, sizeof(w->partner), "%.*s", (int)len, rest);
            rest += len + (rest[len] == ' ');
        }
        STR_SET(w->settings, rest);
        count++;
    }
    return count;
}

int away_keep(struct app *a, struct domain *d, const struct away *w)
{
    char text[sizeof(w->settings) + sizeof(w->partner) + sizeof(PARTNER)];
    snprintf(text, sizeof(text), "%s%s%s%s", *w->partner ? PARTNER : "", w->partner,
             *w->partner ? " " : "", w->settings);
    return domain_remember(d, w->note, text, DOMAIN_LIVE, &a->error);
}

int away_bring_back(struct app *a, struct domain *d, const struct away *w, const char *word,
                    struct plugged *ret)
{
    _cleanup_(strv_done) struct strv words = STRV_INIT;
    const char *settings[PLUG_SETTINGS_MAX];
    size_t count = 0;
    if (strv_split(&words, w->settings, ' ') < 0)
        return error_no_memory(&a->error);
    for (size_t i = 0; i < words.count && count < ELEMENTS(settings); i++) {
        if (*words.items[i])
            settings[count++] = words.items[i];
    }
    const char *alias = w->note + strlen(PREFIX);
    const struct plug_request q = {
        .domain = d,
        .parts = DOMAIN_LIVE,
        .word = word,
        .settings = settings,
        .n_settings = count,
        .partner = *w->partner ? w->partner : NULL,
        .alias = *w->partner && str_starts(alias, "ua-") ? alias : NULL, /* see struct standby */
    };
    int r = plug_vf(a, &q, ret);
    return r < 0 ? r : domain_remember(d, w->note, NULL, DOMAIN_LIVE, &a->error);
}
