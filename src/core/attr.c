/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The attribute table and what is made from a row without asking the kernel: reading a value,
 * printing it as text and as JSON, comparing two. A text that attr_text prints is one that
 * attr_parse reads back to the same value, so that a baseline written today can be put back
 * tomorrow.
 */
#include "core/attr.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

#include "base/mac.h"
#include "base/str.h"
#include "core/model.h"

#define SHOWN_SIZE 48 /* how much of a wrong value an error repeats */

/* The first of each value is the one that is printed. */
static const struct attr_word bool_words[] = {
    { "on", 1 },    { "true", 1 }, { "yes", 1 }, { "1", 1 },  { "off", 0 },
    { "false", 0 }, { "no", 0 },   { "0", 0 },   { NULL, 0 },
};

static const struct attr_word vlan_proto_words[] = {
    { "802.1Q", 0x8100 },
    { "802.1ad", 0x88a8 },
    { NULL, 0 },
};

static const struct attr_word link_state_words[] = {
    { "auto", SRIOV_LINK_AUTO },
    { "enable", SRIOV_LINK_ENABLE },
    { "disable", SRIOV_LINK_DISABLE },
    { NULL, 0 },
};

static const struct attr_word eswitch_words[] = {
    { "legacy", 0 },
    { "switchdev", 1 },
    { NULL, 0 },
};

static const struct attr_word link_words[] = {
    { "down", 0 },
    { "up", 1 },
    { NULL, 0 },
};

/* The rest of a row: .group for netlink, then range, words and first value where they are not 0. */
#define VF(id_, name_, type_, way_, unit_, help_, ...)                                             \
    [id_] = { .id = id_,                                                                           \
              .name = name_,                                                                       \
              .scope = ATTR_OF_VF,                                                                 \
              .type = type_,                                                                       \
              .way = way_,                                                                         \
              .unit = unit_,                                                                       \
              .help = help_,                                                                       \
              __VA_ARGS__ }
#define PF(id_, name_, type_, way_, help_, ...)                                                    \
    [id_] = { .id = id_,                                                                           \
              .name = name_,                                                                       \
              .scope = ATTR_OF_PF,                                                                 \
              .type = type_,                                                                       \
              .way = way_,                                                                         \
              .unit = "",                                                                          \
              .help = help_,                                                                       \
              __VA_ARGS__ }

/* clang-format off */
static const struct attr table[SRIOV_ATTR_COUNT] = {
    VF(SRIOV_MAC, "mac", ATTR_MAC, WAY_VF_NETLINK, "",
       "hardware address; 00:00:00:00:00:00 gives the choice back to the VF",
       .group = RTNL_VF_MAC),
    VF(SRIOV_VLAN, "vlan", ATTR_NUMBER, WAY_VF_NETLINK, "",
       "VLAN that the PF tags the VF's traffic with; 0 is none",
       .group = RTNL_VF_VLAN, .max = 4094),
    VF(SRIOV_QOS, "qos", ATTR_NUMBER, WAY_VF_NETLINK, "",
       "priority in the VLAN tag",
       .group = RTNL_VF_VLAN, .max = 7),
    VF(SRIOV_VLAN_PROTO, "vlan_proto", ATTR_WORD, WAY_VF_NETLINK, "",
       "protocol of the VLAN tag; 802.1ad is the outer tag of QinQ",
       .group = RTNL_VF_VLAN, .words = vlan_proto_words, .fresh = 0x8100),
    VF(SRIOV_SPOOFCHK, "spoofchk", ATTR_BOOL, WAY_VF_NETLINK, "",
       "drop frames that leave the VF with another source address",
       .group = RTNL_VF_SPOOFCHK, .words = bool_words, .fresh = 1),
    VF(SRIOV_TRUST, "trust", ATTR_BOOL, WAY_VF_NETLINK, "",
       "let the VF be promiscuous and change its own address",
       .group = RTNL_VF_TRUST, .words = bool_words),
    VF(SRIOV_LINK_STATE, "link_state", ATTR_WORD, WAY_VF_NETLINK, "",
       "link that the VF sees: that of the PF (auto), always up, always down",
       .group = RTNL_VF_LINK_STATE, .words = link_state_words),
    VF(SRIOV_MIN_TX_RATE, "min_tx_rate", ATTR_NUMBER, WAY_VF_NETLINK, "Mbit/s",
       "transmit rate the VF is sure of; 0 is none",
       .group = RTNL_VF_RATE, .max = UINT32_MAX),
    VF(SRIOV_MAX_TX_RATE, "max_tx_rate", ATTR_NUMBER, WAY_VF_NETLINK, "Mbit/s",
       "transmit rate the VF is held to; 0 is no limit",
       .group = RTNL_VF_RATE, .max = UINT32_MAX),
    VF(SRIOV_RSS_QUERY, "rss_query", ATTR_BOOL, WAY_VF_NETLINK, "",
       "let the VF read the RSS table and key it shares with the PF",
       .group = RTNL_VF_RSS_QUERY, .words = bool_words),
    VF(SRIOV_NODE_GUID, "node_guid", ATTR_GUID, WAY_VF_NETLINK, "",
       "InfiniBand node GUID",
       .group = RTNL_VF_NODE_GUID),
    VF(SRIOV_PORT_GUID, "port_guid", ATTR_GUID, WAY_VF_NETLINK, "",
       "InfiniBand port GUID",
       .group = RTNL_VF_PORT_GUID),
    VF(SRIOV_MSIX_COUNT, "msix_count", ATTR_NUMBER, WAY_VF_MSIX, "",
       "interrupt vectors of the VF; 0 is the driver's own choice",
       .max = 2048), /* the most an MSI-X table can have */
    VF(SRIOV_DRIVER, "driver", ATTR_TEXT, WAY_VF_DRIVER, "",
       "driver of the VF; default is the one the kernel would choose, none unbinds",
       .min = 1, .max = 31),
    VF(SRIOV_MTU, "mtu", ATTR_NUMBER, WAY_VF_MTU, "",
       "MTU of the VF's netdev",
       .min = 68, .max = 65535, .fresh = 1500),
    VF(SRIOV_NAME, "name", ATTR_TEXT, WAY_VF_NAME, "",
       "name of the VF's netdev",
       .min = 1, .max = 15),
    PF(SRIOV_NUM_VFS, "num_vfs", ATTR_NUMBER, WAY_PF_NUM_VFS,
       "how many VFs there are",
       .max = 65535),
    PF(SRIOV_AUTOPROBE, "autoprobe", ATTR_BOOL, WAY_PF_AUTOPROBE,
       "bind new VFs to the driver that the kernel chooses",
       .words = bool_words, .fresh = 1),
    PF(SRIOV_ESWITCH_MODE, "eswitch_mode", ATTR_WORD, WAY_PF_ESWITCH,
       "legacy: the PF forwards by MAC and VLAN; switchdev: a representor netdev per VF",
       .words = eswitch_words),
    PF(SRIOV_PF_MTU, "mtu", ATTR_NUMBER, WAY_PF_MTU,
       "MTU of the PF's netdev",
       .min = 68, .max = 65535, .fresh = 1500),
    PF(SRIOV_LINK, "link", ATTR_WORD, WAY_PF_LINK,
       "whether the PF's netdev is up",
       .words = link_words),
};
/* clang-format on */

#undef VF
#undef PF

const struct attr *attr_row(enum sriov_attr id)
{
    return &table[id];
}

const struct attr *attr_find(enum attr_scope scope, const char *name)
{
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        if (table[i].scope == scope && str_eq(table[i].name, name))
            return &table[i];
    }
    return NULL;
}

void attr_names(enum attr_scope scope, const char *ret[SRIOV_ATTR_COUNT + 1])
{
    size_t n = 0;
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        if (table[i].scope == scope)
            ret[n++] = table[i].name;
    }
    ret[n] = NULL;
}

/* Where an ATTR_TEXT lives in the set, and how much fits. */
static char *text_of(struct attrs *a, enum sriov_attr id, size_t *ret_size)
{
    *ret_size = id == SRIOV_DRIVER ? sizeof(a->driver) : sizeof(a->name);
    return id == SRIOV_DRIVER ? a->driver : a->name;
}

static const char *text_in(const struct attrs *a, enum sriov_attr id)
{
    return id == SRIOV_DRIVER ? a->driver : a->name;
}

void attrs_set(struct attrs *a, enum sriov_attr id, uint64_t value)
{
    a->value[id] = value;
    a->known |= UINT32_C(1) << id;
}

void attrs_set_text(struct attrs *a, enum sriov_attr id, const char *text)
{
    size_t size;
    char *place = text_of(a, id, &size);
    str_copy(place, size, text);
    a->known |= UINT32_C(1) << id;
}

void attrs_copy(enum sriov_attr id, const struct attrs *from, struct attrs *to)
{
    if (!attrs_has(from, id))
        attrs_forget(to, id);
    else if (table[id].type == ATTR_TEXT)
        attrs_set_text(to, id, text_in(from, id));
    else
        attrs_set(to, id, from->value[id]);
}

/* What is wanted may say "none" where what is says "". "default" is whatever the kernel chose: any
 * driver that does not hand the VF to a user program. */
static bool drivers_agree(const char *want, const char *have)
{
    if (str_eq(want, DRIVER_NONE))
        want = "";
    if (str_eq(have, DRIVER_NONE))
        have = "";
    if (str_eq(want, DRIVER_DEFAULT) && !str_eq(have, DRIVER_DEFAULT))
        return *have && !driver_is_passthrough(have);
    return str_eq(want, have);
}

bool attr_agrees(enum sriov_attr id, const struct attrs *want, const struct attrs *have)
{
    if (!attrs_has(want, id))
        return true;
    if (!attrs_has(have, id))
        return false;
    if (id == SRIOV_DRIVER)
        return drivers_agree(want->driver, have->driver);
    if (id == SRIOV_NAME)
        return str_eq(want->name, have->name);
    return want->value[id] == have->value[id];
}

/* ---- reading ---- */

/* A wrong value for an error message: cut, and without bytes that would disturb a terminal. */
static void value_shown(const char *text, char ret[SHOWN_SIZE])
{
    size_t n = 0;
    for (; text[n] && n < SHOWN_SIZE - 1; n++)
        ret[n] = text[n] >= ' ' && text[n] <= '~' ? text[n] : '?';
    ret[n] = '\0';
    if (text[n])
        memset(ret + SHOWN_SIZE - 4, '.', 3);
    if (n == 0)
        str_copy(ret, SHOWN_SIZE, "\"\"");
}

static int parse_word(const struct attr *row, const char *text, uint64_t *ret)
{
    for (const struct attr_word *w = row->words; w->word; w++) {
        if (strcasecmp(w->word, text) == 0) {
            *ret = w->value;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_number(const struct attr *row, const char *text, uint64_t *ret)
{
    uint64_t value;
    int r = str_to_u64(text, row->max, &value);
    if (r < 0 || value < row->min)
        return -EINVAL;
    *ret = value;
    return 0;
}

static int parse_value(const struct attr *row, const char *text, uint64_t *ret)
{
    switch (row->type) {
    case ATTR_BOOL:
    case ATTR_WORD:
        return parse_word(row, text, ret);
    case ATTR_NUMBER:
        return parse_number(row, text, ret);
    case ATTR_MAC:
        return mac_from_text(text, ret);
    case ATTR_GUID:
        return guid_from_text(text, ret);
    case ATTR_TEXT:
        break;
    }
    return -EINVAL;
}

/* What dev_valid_name() of the kernel takes, without the bytes above ASCII it would let through. */
static bool name_is_valid(const char *name)
{
    return str_is_plain(name, table[SRIOV_NAME].max) && !strpbrk(name, "/: ") &&
           !str_eq(name, ".") && !str_eq(name, "..");
}

static bool driver_is_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strspn(name, allowed);
    return len >= 1 && len <= table[SRIOV_DRIVER].max && name[len] == '\0';
}

static bool text_is_valid(enum sriov_attr id, const char *text)
{
    return id == SRIOV_DRIVER ? driver_is_valid(text) : name_is_valid(text);
}

/* "auto, enable or disable"; of a bool only the two words that attr_text prints. */
static void words_allowed(const struct attr *row, char *ret, size_t size)
{
    size_t len = 0;
    if (row->type == ATTR_BOOL) {
        str_copy(ret, size, "on or off");
        return;
    }
    for (const struct attr_word *w = row->words; w->word && len < size; w++) {
        const char *glue = w == row->words ? "" : w[1].word ? ", " : " or ";
        len += (size_t)snprintf(ret + len, size - len, "%s%s", glue, w->word);
    }
}

static void allowed_text(const struct attr *row, char *ret, size_t size)
{
    switch (row->type) {
    case ATTR_BOOL:
    case ATTR_WORD:
        words_allowed(row, ret, size);
        break;
    case ATTR_NUMBER:
        snprintf(ret, size, "%" PRIu64 " to %" PRIu64 "%s%s", row->min, row->max,
                 *row->unit ? " " : "", row->unit);
        break;
    case ATTR_MAC:
        str_copy(ret, size, "an address like 52:54:00:aa:bb:01");
        break;
    case ATTR_GUID:
        str_copy(ret, size, "a GUID like 00:11:22:33:44:55:66:77");
        break;
    case ATTR_TEXT:
        snprintf(ret, size, "1 to %" PRIu64 " %s", row->max,
                 row->id == SRIOV_DRIVER ? "letters, digits, _ and -, or default or none"
                                         : "characters without / : and blanks");
        break;
    }
}

static int refuse(const struct attr *row, const char *text, const char *object,
                  struct sriov_error *error)
{
    char shown[SHOWN_SIZE], allowed[96];
    value_shown(text, shown);
    allowed_text(row, allowed, sizeof(allowed));
    return error_set(error, SRIOV_USAGE, 0, object, "%s: %s is not allowed: %s", row->name, shown,
                     allowed);
}

/* The nearest word as the remedy, for a slip like "enabel". */
static void suggest_word(const struct attr *row, const char *text, struct sriov_error *error)
{
    const char *words[ELEMENTS(bool_words)];
    size_t n = 0;
    for (; row->words[n].word && n + 1 < ELEMENTS(words); n++)
        words[n] = row->words[n].word;
    words[n] = NULL;
    const char *nearest = str_nearest(text, words);
    if (nearest)
        error_remedy(error, "did you mean %s?", nearest);
}

int attr_parse(const struct attr *row, const char *text, struct attrs *ret, const char *object,
               struct sriov_error *error)
{
    uint64_t value;
    if (row->type == ATTR_TEXT) {
        if (!text_is_valid(row->id, text))
            return refuse(row, text, object, error);
        attrs_set_text(ret, row->id, text);
        return 0;
    }

    int r = parse_value(row, text, &value);
    if (r < 0) {
        r = refuse(row, text, object, error);
        if (row->words)
            suggest_word(row, text, error);
        return r;
    }
    if (row->type == ATTR_MAC && mac_is_multicast(value))
        return error_set(error, SRIOV_USAGE, 0, object,
                         "%s: %s is a multicast address, a VF needs one of its own (unicast)",
                         row->name, text);
    attrs_set(ret, row->id, value);
    return 0;
}

/* ---- printing ---- */

/* The word of a value; NULL for one that a newer kernel knows and the table does not. */
static const char *word_of(const struct attr *row, uint64_t value)
{
    for (const struct attr_word *w = row->words; w->word; w++) {
        if (w->value == value)
            return w->word;
    }
    return NULL;
}

static void value_text(const struct attr *row, uint64_t value, char ret[ATTR_TEXT_SIZE])
{
    const char *word = row->words ? word_of(row, value) : NULL;
    if (word)
        str_copy(ret, ATTR_TEXT_SIZE, word);
    else if (row->type == ATTR_MAC)
        mac_to_text(value, ret);
    else if (row->type == ATTR_GUID)
        guid_to_text(value, ret);
    else
        snprintf(ret, ATTR_TEXT_SIZE, "%" PRIu64, value);
}

void attr_text(const struct attr *row, const struct attrs *a, char ret[ATTR_TEXT_SIZE])
{
    if (!attrs_has(a, row->id))
        str_copy(ret, ATTR_TEXT_SIZE, "-");
    else if (row->type != ATTR_TEXT)
        value_text(row, a->value[row->id], ret);
    else if (row->id == SRIOV_DRIVER && !*a->driver)
        str_copy(ret, ATTR_TEXT_SIZE, DRIVER_NONE);
    else
        str_copy(ret, ATTR_TEXT_SIZE, text_in(a, row->id));
}

/* No netdev, no driver: nothing to name. */
static bool text_is_null(enum sriov_attr id, const char *text)
{
    return *text == '\0' || (id == SRIOV_DRIVER && str_eq(text, DRIVER_NONE));
}

void attr_json(const struct attr *row, const struct attrs *a, struct json_writer *w,
               const char *key)
{
    uint64_t value = a->value[row->id];
    bool null = row->type == ATTR_TEXT && text_is_null(row->id, text_in(a, row->id));
    if (!attrs_has(a, row->id) || null)
        json_null(w, key);
    else if (row->type == ATTR_BOOL)
        json_bool(w, key, value != 0);
    else if (row->type == ATTR_NUMBER || (row->type == ATTR_WORD && !word_of(row, value)))
        json_u64(w, key, value);
    else {
        char text[ATTR_TEXT_SIZE];
        attr_text(row, a, text);
        json_str(w, key, text);
    }
}
