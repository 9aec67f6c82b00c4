/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reads the network configuration. Settings of the VF go through the attribute table, so that
 * limits and words are those of every other way to set them. Keys are found in any case, as Go's
 * JSON reader does for sriov-cni.
 */
#include "cni/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/json-read.h"

const struct node_limits config_limits = { .bytes = CONFIG_LIMIT, .nodes = 20000, .depth = 32 };

/* How much of a wrong value an error repeats. */
#define SHOWN_SIZE 40

struct reader {
    struct cni_config *config;
    enum config_use use;
    struct cni_error *error;
};

struct config_key {
    const char *name;
    int (*read)(struct reader *rd, const struct config_key *k, const struct node *n);
    enum sriov_attr attr; /* read_number, read_word */
    size_t offset, size;  /* of the text or flag in struct cni_config */
    bool setting;         /* what a lenient reader can do without */
};

#define IN_CONFIG(member)                                                                          \
    .offset = offsetof(struct cni_config, member),                                                 \
    .size = sizeof(((struct cni_config *)NULL)->member)

/* ---- errors ---- */

static const char *shown(const struct node *n, char ret[SHOWN_SIZE])
{
    static const char *const kinds[] = { "null", NULL, "a list", "an object" };
    const char *text = n->kind == NODE_SCALAR ? n->text : kinds[n->kind];
    const char *quote = n->kind == NODE_SCALAR && n->quoted ? "\"" : "";

    snprintf(ret, SHOWN_SIZE, "%s%.30s%s%s", quote, text, strlen(text) > 30 ? "..." : "", quote);
    for (char *p = ret; *p; p++) {
        if (*p < ' ' || *p > '~')
            *p = '?';
    }
    return ret;
}

static int _printf_(4, 5)
    wrong(struct reader *rd, const char *key, const struct node *n, const char *format, ...)
{
    char value[SHOWN_SIZE], allowed[160];
    va_list ap;

    va_start(ap, format);
    vsnprintf(allowed, sizeof(allowed), format, ap);
    va_end(ap);
    return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL, "%s: %s is not allowed: %s", key,
                    shown(n, value), allowed);
}

/* The attribute table's words under the name that the key has here. */
static int wrong_attr(struct reader *rd, const char *key, const struct attr *row,
                      const struct sriov_error *cause)
{
    size_t prefix = strlen(row->name);

    cni_fail(rd->error, CNI_INVALID_CONFIG, 0, "%s%s", key,
             strncmp(cause->message, row->name, prefix) == 0 ? cause->message + prefix : "");
    cni_details(rd->error, "%s", cause->remedy);
    return -EINVAL;
}

static int _printf_(2, 3) warn(struct reader *rd, const char *format, ...)
{
    char text[320];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    return strv_add(&rd->config->warnings, text) < 0 ? cni_no_memory(rd->error) : 0;
}

/* ---- readers of values ---- */

static bool is_text(const struct node *n)
{
    return n->kind == NODE_SCALAR && n->quoted;
}

static int read_attr(struct reader *rd, const struct config_key *k, const char *text)
{
    const struct attr *row = attr_row(k->attr);
    struct sriov_error cause = { 0 };

    if (attr_parse(row, text, &rd->config->want, NULL, &cause) < 0)
        return wrong_attr(rd, k->name, row, &cause);
    return 0;
}

static int read_number(struct reader *rd, const struct config_key *k, const struct node *n)
{
    if (n->kind != NODE_SCALAR || n->quoted)
        return wrong(rd, k->name, n, "a number is expected");
    return read_attr(rd, k, n->text);
}

/* Empty texts are what generated configurations have where nobody chose anything. */
static int read_word(struct reader *rd, const struct config_key *k, const struct node *n)
{
    if (n->kind != NODE_SCALAR)
        return wrong(rd, k->name, n, "a text is expected");
    return n->text_len == 0 ? 0 : read_attr(rd, k, n->text);
}

static int read_protocol(struct reader *rd, const struct config_key *k, const struct node *n)
{
    if (!is_text(n))
        return wrong(rd, k->name, n, "802.1q or 802.1ad");
    return read_attr(rd, k, n->text);
}

static int read_text(struct reader *rd, const struct config_key *k, const struct node *n)
{
    char *at = (char *)rd->config + k->offset;

    if (!is_text(n))
        return wrong(rd, k->name, n, "a text is expected");
    if (n->text_len >= k->size)
        return wrong(rd, k->name, n, "at most %zu characters", k->size - 1);
    str_copy(at, k->size, n->text);
    return 0;
}

static int read_flag(struct reader *rd, const struct config_key *k, const struct node *n)
{
    bool *at = (bool *)((char *)rd->config + k->offset);

    if (n->kind != NODE_SCALAR || n->quoted ||
        !(str_eq(n->text, "true") || str_eq(n->text, "false")))
        return wrong(rd, k->name, n, "true or false");
    *at = n->text[0] == 't';
    return 0;
}

bool config_pci_is_valid(const char *text)
{
    static const char form[] = "xxxx:xx:xx.x";

    for (size_t i = 0; i < sizeof(form); i++) {
        if (form[i] == 'x' ? str_hex_digit(text[i]) < 0 : text[i] != form[i])
            return false;
    }
    return true;
}

/* The kernel writes addresses in small letters. */
static int read_device(struct reader *rd, const struct config_key *k, const struct node *n)
{
    char *id = rd->config->device_id;

    if (!is_text(n))
        return wrong(rd, k->name, n, "the PCI address of a VF, as in \"0000:03:02.3\"");
    if (n->text_len == 0)
        return 0;
    if (!config_pci_is_valid(n->text))
        return wrong(rd, k->name, n, "the PCI address of a VF, as in \"0000:03:02.3\"");
    STR_SET(rd->config->device_id, n->text);
    for (; *id; id++)
        *id = (char)(*id >= 'A' && *id <= 'F' ? *id + ('a' - 'A') : *id);
    return 0;
}

static int read_leftover(struct reader *rd, const struct config_key *k, const struct node *n)
{
    rd->config->clean = is_text(n) && str_eq(n->text, "clean");
    if (!rd->config->clean && !(is_text(n) && str_eq(n->text, "inherit")))
        return wrong(rd, k->name, n, "inherit or clean");
    return 0;
}

static int read_log_level(struct reader *rd, const struct config_key *k, const struct node *n)
{
    if (is_text(n) && n->text_len == 0)
        return 0;
    if (!is_text(n) || log_level_find(n->text, &rd->config->log_level) < 0)
        return wrong(rd, k->name, n, "panic, error, warning, info or debug");
    return 0;
}

/* ---- readers of objects ---- */

static int read_map(struct reader *rd, const struct config_key *keys, const struct node *map);

static int expect_map(struct reader *rd, const char *key, const struct node *n)
{
    return n->kind == NODE_MAP ? 0 : wrong(rd, key, n, "an object is expected");
}

static int read_numa(struct reader *rd, const struct config_key *k, const struct node *n)
{
    uint64_t node;

    if (n->kind != NODE_SCALAR || n->quoted || node_to_u64(n, 1023, &node) < 0)
        return wrong(rd, k->name, n, "the number of a NUMA node");
    rd->config->wish.numa = (int)node;
    return 0;
}

static const struct config_key selector_keys[] = {
    { "pf", read_text, IN_CONFIG(wish.pf) },         { "numa", read_numa },
    { "driver", read_text, IN_CONFIG(wish.driver) }, { "link", read_flag, IN_CONFIG(wish.link) },
    { "spread", read_flag, IN_CONFIG(wish.spread) }, { NULL },
};

static int read_selector(struct reader *rd, const struct config_key *k, const struct node *n)
{
    rd->config->choose = true;
    if (expect_map(rd, k->name, n) < 0)
        return -EINVAL;
    for (size_t i = 0; i < n->count; i++) {
        const struct config_key *known = selector_keys;
        while (known->name && !str_eq(known->name, n->items[i].key))
            known++;
        if (!known->name)
            return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL,
                            "selector: %.40s is no key: pf, numa, driver, link or spread",
                            n->items[i].key);
    }
    return read_map(rd, selector_keys, n);
}

static int read_pool(struct reader *rd, const struct config_key *k, const struct node *n)
{
    rd->config->choose = true;
    return read_text(rd, k, n);
}

static const struct config_key runtime_keys[] = {
    { "mac", read_word, .attr = SRIOV_MAC, .setting = true },
    { "deviceID", read_device, .setting = true },
    { NULL },
};

static int read_runtime(struct reader *rd, const struct config_key *k, const struct node *n)
{
    return expect_map(rd, k->name, n); /* read_overrides reads it */
}

/* The type becomes a file's name. */
static int read_ipam(struct reader *rd, const struct config_key *k, const struct node *n)
{
    const struct node *type;

    if (expect_map(rd, k->name, n) < 0)
        return -EINVAL;
    type = node_get(n, "type");
    if (!type || type->kind == NODE_NULL)
        return 0;
    if (!is_text(type) || type->text_len >= sizeof(rd->config->ipam) ||
        strpbrk(type->text, "/\\") || str_eq(type->text, ".") || str_eq(type->text, ".."))
        return wrong(rd, "ipam.type", type, "the name of a plugin");
    STR_SET(rd->config->ipam, type->text);
    return 0;
}

static int read_prev(struct reader *rd, const struct config_key *k, const struct node *n)
{
    rd->config->prev = n;
    return expect_map(rd, k->name, n);
}

static int read_valid(struct reader *rd, const struct config_key *k, const struct node *n)
{
    if (n->kind != NODE_LIST)
        return wrong(rd, k->name, n, "a list is expected");
    for (size_t i = 0; i < n->count; i++) {
        if (!node_get_text(&n->items[i], "containerID") || !node_get_text(&n->items[i], "ifname"))
            return wrong(rd, k->name, &n->items[i],
                         "objects with containerID and ifname are expected");
    }
    rd->config->valid = n;
    return 0;
}

/* Others read these; they stand here because a slip in another key may look like one of them. */
static int read_nothing(struct reader *rd, const struct config_key *k, const struct node *n)
{
    return 0;
}

/* ---- the keys ---- */

/* clang-format off */
static const struct config_key keys[] = {
    { "cniVersion", read_nothing },
    { "name", read_text, IN_CONFIG(name) },
    { "type", read_nothing },
    { "logLevel", read_log_level, .setting = true },
    { "logFile", read_text, IN_CONFIG(log_file), .setting = true },
    { "deviceID", read_device, .setting = true },
    { "mac", read_word, .attr = SRIOV_MAC, .setting = true },
    { "vlan", read_number, .attr = SRIOV_VLAN, .setting = true },
    { "vlanQoS", read_number, .attr = SRIOV_QOS, .setting = true },
    { "vlanProto", read_protocol, .attr = SRIOV_VLAN_PROTO, .setting = true },
    { "min_tx_rate", read_number, .attr = SRIOV_MIN_TX_RATE, .setting = true },
    { "max_tx_rate", read_number, .attr = SRIOV_MAX_TX_RATE, .setting = true },
    { "spoofchk", read_word, .attr = SRIOV_SPOOFCHK, .setting = true },
    { "trust", read_word, .attr = SRIOV_TRUST, .setting = true },
    { "link_state", read_word, .attr = SRIOV_LINK_STATE, .setting = true },
    { "mtu", read_number, .attr = SRIOV_MTU, .setting = true },
    { "promisc", read_flag, IN_CONFIG(promisc), .setting = true },
    { "allmulticast", read_flag, IN_CONFIG(allmulti), .setting = true },
    { "leftover", read_leftover, .setting = true },
    { "pool", read_pool, IN_CONFIG(wish.pool), .setting = true },
    { "selector", read_selector, .setting = true },
    { "ipam", read_ipam },
    { "runtimeConfig", read_runtime },
    { "prevResult", read_prev, .setting = true },
    { "cni.dev/valid-attachments", read_valid },
    { "args", read_nothing },
    { "dns", read_nothing },
    { "ipMasq", read_nothing },
    { "capabilities", read_nothing },
    { NULL },
};
/* clang-format on */

static const struct config_key *find_key(const struct config_key *table, const char *name)
{
    for (; table->name; table++) {
        if (strcasecmp(table->name, name) == 0)
            return table;
    }
    return NULL;
}

static int warn_of_slip(struct reader *rd, const char *name)
{
    const char *names[ELEMENTS(keys)];
    const char *nearest;

    for (size_t i = 0; i < ELEMENTS(keys); i++)
        names[i] = keys[i].name;
    nearest = str_nearest(name, names);
    if (!nearest)
        return 0;
    return warn(rd, "%.60s is no key and is passed over: did you mean %s?", name, nearest);
}

/* Attributes are written only when they are right, so one that is left out has left nothing. */
static int read_key(struct reader *rd, const struct config_key *k, const struct node *n)
{
    int r = n->kind == NODE_NULL ? 0 : k->read(rd, k, n);

    if (r != -EINVAL || rd->use == CONFIG_STRICT || !k->setting)
        return r;
    return warn(rd, "left out: %.280s", rd->error->msg);
}

static int read_map(struct reader *rd, const struct config_key *table, const struct node *map)
{
    const struct config_key *k;
    int r = 0;

    for (size_t i = 0; i < map->count && r >= 0; i++) {
        k = find_key(table, map->items[i].key);
        if (k)
            r = read_key(rd, k, &map->items[i]);
        else if (table == keys)
            r = warn_of_slip(rd, map->items[i].key);
    }
    return r;
}

/* ---- what keys say together ---- */

static int missing_vlan(struct reader *rd, const char *key)
{
    return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL, "%s: a vlan must be given with it", key);
}

static int zero_vlan(struct reader *rd, const char *key)
{
    return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL,
                    "vlan: 0 is not allowed with this %s: 1 to 4094", key);
}

/* The rules of sriov-cni: all three are set if the vlan is given. */
static int check_vlan(struct reader *rd)
{
    struct attrs *want = &rd->config->want;

    if (!attrs_has(want, SRIOV_VLAN)) {
        if (attrs_has(want, SRIOV_QOS))
            return missing_vlan(rd, "vlanQoS");
        return attrs_has(want, SRIOV_VLAN_PROTO) ? missing_vlan(rd, "vlanProto") : 0;
    }
    if (!attrs_has(want, SRIOV_QOS))
        attrs_set(want, SRIOV_QOS, attr_row(SRIOV_QOS)->fresh);
    if (!attrs_has(want, SRIOV_VLAN_PROTO))
        attrs_set(want, SRIOV_VLAN_PROTO, attr_row(SRIOV_VLAN_PROTO)->fresh);
    if (want->value[SRIOV_VLAN] > 0)
        return 0;
    if (want->value[SRIOV_QOS] != attr_row(SRIOV_QOS)->fresh)
        return zero_vlan(rd, "vlanQoS");
    if (want->value[SRIOV_VLAN_PROTO] != attr_row(SRIOV_VLAN_PROTO)->fresh)
        return zero_vlan(rd, "vlanProto");
    return 0;
}

/* The kernel takes both rates at once: the one that is not given is none, as with sriov-cni. */
static int check_rates(struct reader *rd)
{
    struct attrs *want = &rd->config->want;
    uint64_t min, max;

    if (!attrs_has(want, SRIOV_MIN_TX_RATE) && !attrs_has(want, SRIOV_MAX_TX_RATE))
        return 0;
    min = attrs_has(want, SRIOV_MIN_TX_RATE) ? want->value[SRIOV_MIN_TX_RATE] : 0;
    max = attrs_has(want, SRIOV_MAX_TX_RATE) ? want->value[SRIOV_MAX_TX_RATE] : 0;
    attrs_set(want, SRIOV_MIN_TX_RATE, min);
    attrs_set(want, SRIOV_MAX_TX_RATE, max);
    if (max > 0 && min > max)
        return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL,
                        "min_tx_rate: %llu is not allowed: at most max_tx_rate, %llu",
                        (unsigned long long)min, (unsigned long long)max);
    return 0;
}

static int check_choice(struct reader *rd)
{
    struct cni_config *c = rd->config;

    if (c->device_id[0])
        c->choose = false;
    else if (c->choose && c->wish.pool[0] && node_get(c->document, "selector"))
        return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL,
                        "pool: not allowed together with selector");
    return 0;
}

static int check_together(struct reader *rd)
{
    static int (*const checks[])(struct reader *) = { check_vlan, check_rates, check_choice };
    int r = 0;

    for (size_t i = 0; i < ELEMENTS(checks) && r >= 0; i++) {
        r = checks[i](rd);
        if (r == -EINVAL && rd->use == CONFIG_LENIENT)
            r = warn(rd, "not heeded: %.280s", rd->error->msg);
    }
    return r;
}

/* ---- whose mac ---- */

/* MAC=... of "K=V;K=V". Other names are other plugins'. */
static int read_args(struct reader *rd, const char *args)
{
    static const struct config_key mac = { "MAC", NULL, .attr = SRIOV_MAC };
    _cleanup_strv_ struct strv pairs = STRV_INIT;

    if (!args || !*args)
        return 0;
    if (strv_split(&pairs, args, ';') < 0)
        return cni_no_memory(rd->error);
    for (size_t i = 0; i < pairs.count; i++) {
        const char *value = strchr(pairs.items[i], '=');
        if (!value)
            return cni_fail(rd->error, CNI_INVALID_ENVIRONMENT, EINVAL,
                            "CNI_ARGS: \"%.40s\" is not allowed: NAME=VALUE;NAME=VALUE",
                            pairs.items[i]);
        if (strncasecmp(pairs.items[i], "MAC=", 4) == 0 && value[1] &&
            read_attr(rd, &mac, value + 1) < 0) {
            rd->error->code = CNI_INVALID_ENVIRONMENT;
            return -EINVAL;
        }
    }
    return 0;
}

/* After the document's own keys, the later the stronger. */
static int read_overrides(struct reader *rd, const char *cni_args)
{
    const struct node *runtime = NULL;
    int r = read_args(rd, cni_args);

    if (r == -EINVAL && rd->use == CONFIG_LENIENT)
        r = warn(rd, "left out: %.280s", rd->error->msg);
    for (size_t i = 0; i < rd->config->document->count; i++) {
        if (strcasecmp(rd->config->document->items[i].key, "runtimeConfig") == 0)
            runtime = &rd->config->document->items[i];
    }
    return r < 0 || !runtime ? r : read_map(rd, runtime_keys, runtime);
}

/* ---- the whole ---- */

bool config_name_is_valid(const char *name)
{
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-";

    return *name && !strchr("_.-", *name) && name[strspn(name, plain)] == '\0';
}

static int read_document(struct reader *rd, const char *text, size_t len)
{
    struct node_error why = { 0 };
    int r = json_read(text, len, &config_limits, &rd->config->document, &why);

    if (r == -ENOMEM)
        return cni_no_memory(rd->error);
    if (r == 0 && rd->config->document->kind != NODE_MAP)
        node_fail(&why, 0, "an object is expected");
    if (why.text[0])
        return cni_fail(rd->error, CNI_DECODING_FAILURE, EBADMSG,
                        "network configuration on stdin, line %u: %s", why.line, why.text);
    return 0;
}

static int read_all(struct reader *rd, const char *text, size_t len, const char *cni_args)
{
    const char *version;
    int r = read_document(rd, text, len);

    if (r < 0)
        return r;
    version = node_get_text(rd->config->document, "cniVersion");
    r = version_find(version ? version : "", &rd->config->version, rd->error);
    if (r >= 0)
        r = read_map(rd, keys, rd->config->document);
    if (r >= 0 && !config_name_is_valid(rd->config->name))
        return cni_fail(rd->error, CNI_INVALID_CONFIG, EINVAL,
                        "name: \"%.60s\" is not allowed: a letter or digit, then letters, digits, "
                        "_ . and -",
                        rd->config->name);
    if (r >= 0)
        r = read_overrides(rd, cni_args);
    return r < 0 ? r : check_together(rd);
}

int config_read(const char *text, size_t len, const char *cni_args, enum config_use use,
                struct cni_config *ret, struct cni_error *e)
{
    struct cni_config c = {
        .version = CNI_1_1_0,
        .log_level = LOG_LEVEL_INFO,
        .wish.numa = -1,
    };
    struct cni_error error = { 0 }; /* a lenient reader fails, and goes on */
    struct reader rd = { .config = &c, .use = use, .error = &error };
    int r = read_all(&rd, text, len, cni_args);

    if (r >= 0) {
        *ret = c;
        return 0;
    }
    config_done(&c);
    *ret = (struct cni_config){ .version = c.version, .log_level = c.log_level };
    STR_SET(ret->log_file, c.log_file);
    if (e)
        *e = error;
    return r;
}

void config_done(struct cni_config *c)
{
    c->document = node_free(c->document);
    c->prev = c->valid = NULL;
    strv_done(&c->warnings);
}
