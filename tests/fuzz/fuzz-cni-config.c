/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CNI plugin's configuration over any bytes, read strictly and leniently. A failure must leave
 * nothing behind and say what it is; what is accepted must keep to the limits that the engine
 * expects. Whatever is JSON is also read as an IPAM plugin's answer, and what is accepted of that
 * is written as a result, which must be JSON again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json-read.h"
#include "cni/config.h"
#include "cni/result.h"
#include "fuzz.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

static void check_config(const struct cni_config *c)
{
    const struct attrs *want = &c->want;

    must(config_name_is_valid(c->name) && strlen(c->name) < sizeof(c->name));
    must(!c->device_id[0] || config_pci_is_valid(c->device_id));
    must(!strchr(c->ipam, '/'));
    must(!c->choose || !c->device_id[0]);
    must(!attrs_has(want, SRIOV_VLAN) || want->value[SRIOV_VLAN] <= 4094);
    must(!attrs_has(want, SRIOV_QOS) || want->value[SRIOV_QOS] <= 7);
    must(!attrs_has(want, SRIOV_MTU) || want->value[SRIOV_MTU] <= 65535);
    for (size_t i = 0; c->valid && i < c->valid->count; i++)
        must(node_get_text(&c->valid->items[i], "ifname") != NULL);
}

static void check_read(const char *text, size_t size, enum config_use use)
{
    struct cni_config config = { 0 };
    struct cni_error error = { 0 };

    if (config_read(text, size, "IgnoreUnknown=1;MAC=02:00:00:00:00:01", use, &config, &error) <
        0) {
        must(error.code == 1 || error.code == 4 || error.code == 6 || error.code == 7);
        must(error.msg[0] && !config.document && config.warnings.count == 0);
        return;
    }
    check_config(&config);
    must(use == CONFIG_LENIENT || !attrs_has(&config.want, SRIOV_QOS) ||
         attrs_has(&config.want, SRIOV_VLAN));
    config_done(&config);
}

static void check_result(const char *text, size_t size)
{
    static const struct node_limits roomy = { .bytes = SIZE_MAX, .nodes = 200000, .depth = 34 };
    static const struct cni_interface interface = { .name = "eth0" };
    _cleanup_node_ struct node *again = NULL;
    _cleanup_buf_ struct buf out = BUF_INIT;
    struct cni_addressing a = { 0 };

    if (addressing_read(text, size, &a, NULL) < 0)
        return;
    result_write(CNI_1_1_0, &interface, &a, a.document, &out);
    must(buf_ok(&out) == 0);
    must(json_read(out.data, out.len, &roomy, &again, NULL) == 0);
    addressing_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;

    check_read(text, size, CONFIG_STRICT);
    check_read(text, size, CONFIG_LENIENT);
    check_result(text, size);
    return 0;
}
