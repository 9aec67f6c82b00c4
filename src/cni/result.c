/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reading and writing results. Between the versions: before 1.0.0 an address says whether it is "4"
 * or "6"; mtu and pciID of interfaces, and all of a route beyond dst and gw, came with 1.1.0.
 */
#include "cni/result.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>

#include "base/json-read.h"
#include "base/json-write.h"
#include "base/str.h"

const struct node_limits result_limits = { .bytes = 1024 * 1024, .nodes = 20000, .depth = 32 };

/* More than any pod has; an IPAM plugin gone wild must not keep the kernel busy for minutes. */
#define ENTRIES_MAX 1024

/* ---- reading ---- */

static int _printf_(2, 3) bad(struct cni_error *e, const char *format, ...)
{
    char text[200];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    return cni_fail(e, CNI_DECODING_FAILURE, EBADMSG, "result of the IPAM plugin: %s", text);
}

/* An address without or (`prefix`) with a prefix length. */
static bool is_address(const char *text, bool prefix)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr bytes;
    const char *slash = strchrnul(text, '/');
    uint64_t length;

    if ((size_t)(slash - text) >= sizeof(address) || (*slash != '\0') != prefix)
        return false;
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    if (inet_pton(ip_is_v6(address) ? AF_INET6 : AF_INET, address, &bytes) != 1)
        return false;
    return !prefix || str_to_u64(slash + 1, ip_is_v6(address) ? 128 : 32, &length) == 0;
}

/* A text that may be missing; `prefix` as in is_address. */
static int read_address(const struct node *map, const char *key, bool prefix, char *ret,
                        size_t size, struct cni_error *e)
{
    const char *text = node_get_text(map, key);

    if (!text || !*text)
        return 0;
    if (!is_address(text, prefix))
        return bad(e, "%s: \"%.60s\" is no %s", key, text,
                   prefix ? "address with a prefix length" : "address");
    str_copy(ret, size, text);
    return 0;
}

static int read_ip(const struct node *n, struct cni_ip *ret, struct cni_error *e)
{
    int r = read_address(n, "address", true, ret->address, sizeof(ret->address), e);

    if (r == 0 && !ret->address[0])
        return bad(e, "an entry of ips has no address");
    return r < 0 ? r : read_address(n, "gateway", false, ret->gateway, sizeof(ret->gateway), e);
}

static int read_number(const struct node *map, const char *key, uint32_t *ret, struct cni_error *e)
{
    const struct node *n = node_get(map, key);
    uint64_t value = 0;

    if (n && n->kind != NODE_NULL &&
        (n->kind != NODE_SCALAR || n->quoted || node_to_u64(n, UINT32_MAX, &value) < 0))
        return bad(e, "%s of a route is no number", key);
    *ret = (uint32_t)value;
    return 0;
}

static int read_scope(const struct node *map, int *ret, struct cni_error *e)
{
    const struct node *n = node_get(map, "scope");
    uint32_t value;

    *ret = -1;
    if (!n || n->kind == NODE_NULL)
        return 0;
    if (read_number(map, "scope", &value, e) < 0)
        return -EBADMSG;
    if (value > UINT8_MAX)
        return bad(e, "scope of a route: %u is more than 255", value);
    *ret = (int)value;
    return 0;
}

static int read_route(const struct node *n, struct cni_route *ret, struct cni_error *e)
{
    int r = read_address(n, "dst", true, ret->destination, sizeof(ret->destination), e);

    if (r == 0 && !ret->destination[0])
        return bad(e, "an entry of routes has no dst");
    if (r == 0)
        r = read_address(n, "gw", false, ret->gateway, sizeof(ret->gateway), e);
    if (r == 0)
        r = read_number(n, "mtu", &ret->mtu, e);
    if (r == 0)
        r = read_number(n, "advmss", &ret->advmss, e);
    if (r == 0)
        r = read_number(n, "priority", &ret->priority, e);
    if (r == 0)
        r = read_number(n, "table", &ret->table, e);
    return r < 0 ? r : read_scope(n, &ret->scope, e);
}

/* The list of that name, NULL if it is missing or null; its entries are objects. */
static int get_list(const struct node *document, const char *key, const struct node **ret,
                    struct cni_error *e)
{
    const struct node *list = node_get(document, key);

    *ret = NULL;
    if (!list || list->kind == NODE_NULL)
        return 0;
    if (list->kind != NODE_LIST || list->count > ENTRIES_MAX)
        return bad(e, "%s: a list of at most %d entries is expected", key, ENTRIES_MAX);
    *ret = list;
    return 0;
}

static int read_ips(struct cni_addressing *a, struct cni_error *e)
{
    const struct node *list;
    int r = get_list(a->document, "ips", &list, e);

    if (r < 0 || !list)
        return r;
    a->ips = calloc(list->count + 1, sizeof(*a->ips));
    if (!a->ips)
        return cni_no_memory(e);
    for (; a->n_ips < list->count && r == 0; a->n_ips++)
        r = read_ip(&list->items[a->n_ips], &a->ips[a->n_ips], e);
    return r;
}

static int read_routes(struct cni_addressing *a, struct cni_error *e)
{
    const struct node *list;
    int r = get_list(a->document, "routes", &list, e);

    if (r < 0 || !list)
        return r;
    a->routes = calloc(list->count + 1, sizeof(*a->routes));
    if (!a->routes)
        return cni_no_memory(e);
    for (; a->n_routes < list->count && r == 0; a->n_routes++)
        r = read_route(&list->items[a->n_routes], &a->routes[a->n_routes], e);
    return r;
}

int addressing_read(const char *text, size_t len, struct cni_addressing *ret, struct cni_error *e)
{
    struct cni_addressing a = { 0 };
    struct node_error why = { 0 };
    int r = json_read(text, len, &result_limits, &a.document, &why);

    if (r == -ENOMEM)
        return cni_no_memory(e);
    if (r < 0)
        return bad(e, "line %u: %s", why.line, why.text);
    r = read_ips(&a, e);
    if (r == 0)
        r = read_routes(&a, e);
    if (r < 0) {
        addressing_done(&a);
        return r;
    }
    *ret = a;
    return 0;
}

void addressing_done(struct cni_addressing *a)
{
    node_free(a->document);
    free(a->ips);
    free(a->routes);
    *a = (struct cni_addressing){ 0 };
}

/* ---- writing ---- */

/* Words of a document are numbers, true and false. */
static void write_word(struct json_writer *w, const struct node *n)
{
    uint64_t value;

    if (str_eq(n->text, "true") || str_eq(n->text, "false"))
        json_bool(w, n->key, n->text[0] == 't');
    else if (node_to_u64(n, UINT64_MAX, &value) == 0)
        json_u64(w, n->key, value);
    else if (n->text[0] == '-' && str_to_u64(n->text + 1, INT64_MAX, &value) == 0)
        json_i64(w, n->key, -(int64_t)value);
    else
        json_str_len(w, n->key, n->text, n->text_len);
}

static void write_node(struct json_writer *w, const struct node *n)
{
    switch (n->kind) {
    case NODE_NULL:
        json_null(w, n->key);
        return;
    case NODE_SCALAR:
        if (n->quoted)
            json_str_len(w, n->key, n->text, n->text_len);
        else
            write_word(w, n);
        return;
    case NODE_LIST:
        json_array(w, n->key);
        break;
    case NODE_MAP:
        json_object(w, n->key);
        break;
    }
    for (size_t i = 0; i < n->count; i++)
        write_node(w, &n->items[i]);
    json_end(w);
}

/* The entries that prevResult has in a list; returns how many. */
static size_t write_previous(struct json_writer *w, const struct node *prev, const char *key)
{
    const struct node *list = prev ? node_get(prev, key) : NULL;

    if (!list || list->kind != NODE_LIST)
        return 0;
    for (size_t i = 0; i < list->count; i++)
        write_node(w, &list->items[i]);
    return list->count;
}

static void write_text(struct json_writer *w, const char *key, const char *value)
{
    if (*value)
        json_str(w, key, value);
}

static void write_number(struct json_writer *w, const char *key, uint32_t value)
{
    if (value > 0)
        json_u64(w, key, value);
}

static void write_interface(struct json_writer *w, enum cni_version version,
                            const struct cni_interface *i)
{
    json_object(w, NULL);
    json_str(w, "name", i->name);
    write_text(w, "mac", i->mac);
    if (version >= CNI_1_1_0)
        write_number(w, "mtu", i->mtu);
    write_text(w, "sandbox", i->sandbox);
    if (version >= CNI_1_1_0)
        write_text(w, "pciID", i->pci);
    json_end(w);
}

static void write_ip(struct json_writer *w, enum cni_version version, const struct cni_ip *ip,
                     size_t interface)
{
    json_object(w, NULL);
    if (version < CNI_1_0_0)
        json_str(w, "version", ip_is_v6(ip->address) ? "6" : "4");
    json_u64(w, "interface", interface);
    json_str(w, "address", ip->address);
    write_text(w, "gateway", ip->gateway);
    json_end(w);
}

static void write_route(struct json_writer *w, enum cni_version version, const struct cni_route *r)
{
    json_object(w, NULL);
    json_str(w, "dst", r->destination);
    write_text(w, "gw", r->gateway);
    if (version >= CNI_1_1_0) {
        write_number(w, "mtu", r->mtu);
        write_number(w, "advmss", r->advmss);
        write_number(w, "priority", r->priority);
        write_number(w, "table", r->table);
        if (r->scope >= 0)
            json_u64(w, "scope", (uint64_t)r->scope);
    }
    json_end(w);
}

/* The IPAM plugin's if it says anything about DNS, else that of prevResult. */
static void write_dns(struct json_writer *w, const struct node *ours, const struct node *prev)
{
    const struct node *dns = ours ? node_get(ours, "dns") : NULL;

    if ((!dns || dns->count == 0) && prev)
        dns = node_get(prev, "dns");
    if (dns && dns->kind == NODE_MAP) {
        write_node(w, dns);
        return;
    }
    json_object(w, "dns");
    json_end(w);
}

void result_write(enum cni_version version, const struct cni_interface *interface,
                  const struct cni_addressing *a, const struct node *prev, struct buf *out)
{
    struct json_writer w = JSON_WRITER(out);
    size_t index;

    json_object(&w, NULL);
    json_str(&w, "cniVersion", version_name(version));
    json_array(&w, "interfaces");
    index = write_previous(&w, prev, "interfaces");
    write_interface(&w, version, interface);
    json_end(&w);
    json_array(&w, "ips");
    write_previous(&w, prev, "ips");
    for (size_t i = 0; i < a->n_ips; i++)
        write_ip(&w, version, &a->ips[i], index);
    json_end(&w);
    json_array(&w, "routes");
    write_previous(&w, prev, "routes");
    for (size_t i = 0; i < a->n_routes; i++)
        write_route(&w, version, &a->routes[i]);
    json_end(&w);
    write_dns(&w, a->document, prev);
    json_end(&w);
    buf_add_char(out, '\n');
}
