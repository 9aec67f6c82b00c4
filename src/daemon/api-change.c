/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Routes whose work is done by sriovctl: the words of the request become the words of a command.
 */
#include <errno.h>
#include <stdio.h>

#include "core/target.h"
#include "daemon/api-handler.h"

#define POLICY_DEFAULT "/etc/sriovd" /* where sriovctl looks by itself */

/* ---- what most have ---- */

static void add_dry_options(const struct call *c, struct command *command)
{
    if (call_flag(c, "dry_run"))
        command_option(command, "--dry-run");
    else
        command->changes = true;
    if (call_flag(c, "force"))
        command_option(command, "--force");
}

/* Settings as words: KEY=VALUE. */
static void add_settings(const struct node *map, struct command *command)
{
    for (size_t i = 0; map && i < map->count; i++)
        command_word(command, "%s=%s", map->items[i].key, map->items[i].text);
}

static int run_and_done(struct call *c, struct command *command, struct sriov_error *error)
{
    int r = call_run(c, command, error);

    command_done(command);
    return r;
}

/* "enp1s0/3" of a path. */
static int add_vf(const struct call *c, struct command *command, struct sriov_error *error)
{
    uint64_t vf;

    if (str_to_u64(c->at.words[1], MAX_VFS, &vf) < 0)
        return error_set(error, SRIOV_USAGE, 0, c->at.words[1], "is no number of a VF");
    command_word(command, "%s/%u", c->at.words[0], (unsigned)vf);
    return 0;
}

/* ---- attributes ---- */

/* A count alone is what `create` is for, a driver alone is bind's: their messages fit better. */
static const struct node *only_key(const struct node *body, const char *key)
{
    return body->count == 1 ? node_get(body, key) : NULL;
}

int handle_pf_change(struct call *c, struct sriov_error *error)
{
    const struct node *count = only_key(c->body, "num_vfs");
    struct command command = { .verb = count ? "create" : "set" };

    add_dry_options(c, &command);
    command_word(&command, "%s", c->at.words[0]);
    if (count)
        command_word(&command, "%s", count->text);
    else
        add_settings(c->body, &command);
    return run_and_done(c, &command, error);
}

/* The driver of a VF decides who gets at the device: more than a setting. */
static int may_change_vf(const struct call *c, struct sriov_error *error)
{
    if (!node_get(c->body, "driver") || c->role >= ROLE_ADMIN || call_flag(c, "dry_run"))
        return 0;
    return error_set(error, SRIOV_NOT_PERMITTED, 0, "driver", "takes role admin to set");
}

int handle_vf_change(struct call *c, struct sriov_error *error)
{
    const struct node *driver = only_key(c->body, "driver");
    struct command command = { .verb = driver ? "bind" : "set" };
    int r = may_change_vf(c, error);

    if (r >= 0)
        r = add_vf(c, &command, error);
    if (r < 0)
        return r;
    add_dry_options(c, &command);
    if (driver)
        command_word(&command, "%s", driver->text);
    else
        add_settings(c->body, &command);
    return run_and_done(c, &command, error);
}

/* ---- leases ---- */

static bool is_true(const struct node *n)
{
    return n->kind == NODE_SCALAR && str_eq(n->text, "true");
}

/* The keys of the body are the names of acquire's options. */
static void add_wish(const struct node *body, struct command *command)
{
    static const char *const flags[] = { "link", "spread", "clean" };
    static const char *const values[] = { "owner", "pf", "pool",      "numa", "driver",
                                          "pid",   "as", "container", "netns" };
    char option[32];

    for (size_t i = 0; i < ELEMENTS(flags); i++) {
        const struct node *n = node_get(body, flags[i]);
        snprintf(option, sizeof(option), "--%s", flags[i]);
        if (n && is_true(n))
            command_option(command, option);
    }
    for (size_t i = 0; i < ELEMENTS(values); i++) {
        const char *text = node_get_text(body, values[i]);
        snprintf(option, sizeof(option), "--%s", values[i]);
        if (text)
            command_value(command, option, text);
    }
}

int handle_lease_take(struct call *c, struct sriov_error *error)
{
    struct command command = { .verb = "acquire", .changes = true };
    const char *vf = node_get_text(c->body, "vf");

    /* A word with "=" would be taken for a setting. */
    if (vf && strchr(vf, '='))
        return error_set(error, SRIOV_USAGE, 0, "vf", "is no VF");
    add_wish(c->body, &command);
    if (vf)
        command_word(&command, "%s", vf);
    add_settings(node_get(c->body, "settings"), &command);
    return run_and_done(c, &command, error);
}

int handle_lease_end(struct call *c, struct sriov_error *error)
{
    struct command command = { .verb = "release", .changes = true };
    const char *owner = call_query(c, "owner");
    int r = add_vf(c, &command, error);

    if (r < 0)
        return r;
    if (owner)
        command_value(&command, "--owner", owner);
    return run_and_done(c, &command, error);
}

/* ---- policy ---- */

/* The document of the body, else the policy that the daemon keeps to. */
static void add_policy(const struct call *c, struct command *command)
{
    const char *own = c->api->daemon->config.policy, *pf = call_query(c, "pf");
    size_t len;
    const char *text = http_body(c->request, &len);

    if (len > 0) {
        command->input = text;
        command->input_len = len;
        command_value(command, "--file", "-");
    } else if (!str_eq(own, POLICY_DEFAULT)) {
        command_value(command, "--file", own);
    }
    if (pf)
        command_value(command, "--pf", pf);
}

int handle_plan(struct call *c, struct sriov_error *error)
{
    struct command command = { .verb = "plan" };

    add_policy(c, &command);
    return run_and_done(c, &command, error);
}

int handle_apply(struct call *c, struct sriov_error *error)
{
    struct command command = { .verb = "apply" };

    add_policy(c, &command);
    add_dry_options(c, &command);
    return run_and_done(c, &command, error);
}

/* ---- history ---- */

int handle_rollback(struct call *c, struct sriov_error *error)
{
    struct command command = { .verb = "rollback" };

    add_dry_options(c, &command);
    command_word(&command, "%s", c->at.words[0]);
    return run_and_done(c, &command, error);
}

/* ---- examinations ---- */

static int examine(struct call *c, const char *verb, struct sriov_error *error)
{
    struct command command = { .verb = verb };
    const char *object = call_query(c, "object");

    if (object)
        command_word(&command, "%s", object);
    return run_and_done(c, &command, error);
}

int handle_doctor(struct call *c, struct sriov_error *error)
{
    return examine(c, "doctor", error);
}

int handle_audit(struct call *c, struct sriov_error *error)
{
    return examine(c, "audit", error);
}

int handle_host(struct call *c, struct sriov_error *error)
{
    struct command command = { .verb = "host" };

    command_word(&command, "check");
    return run_and_done(c, &command, error);
}
