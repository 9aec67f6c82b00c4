/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the metrics read and print over any bytes: messages of the kernel, its counters, a client's
 * Accept header, the doctor's report, values of labels. The first byte chooses; with its highest
 * bit the length in the netlink message is made right.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/kernel-log.h"
#include "daemon/metrics-read.h"
#include "fuzz.h"

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* One PF with two VFs, which the texts may name. */
static void read_kernel_message(char *text, size_t len)
{
    struct vf vfs[] = { { .index = 0, .pci = "0000:01:10.0" }, { .index = 12 } };
    struct pf pf = { .key = "0000:01:00.0", .name = "enp1s0", .vfs = vfs, .n_vfs = ELEMENTS(vfs) };
    const struct snapshot machine = { .pfs = &pf, .n_pfs = 1 };
    const struct pf *about;
    enum kernel_topic topic;
    struct kmsg m;
    int vf;

    if (kmsg_parse(text, len, &m) < 0)
        return;
    must(m.level <= 7 && memchr(m.text, '\0', sizeof(m.text)) && !strchr(m.text, '\n'));
    m.is_kernels = true;
    if (kernel_message_read(&m, &machine, &about, &vf, &topic) == 0)
        return;
    must(topic < TOPIC_COUNT && (vf == -1 || vf == 0 || vf == 12) && (about || vf == -1));
}

static void read_counters(char *text, size_t len)
{
    const struct buf b = { .data = text, .len = len };
    struct link_traffic t = { 0 };
    int r = traffic_parse(&b, &t);

    must(r == 0 || (r == -EBADMSG && !t.items));
    for (size_t i = 0; i < t.count; i++)
        must(t.items[i].traffic.known >> TRAFFIC_COUNT == 0);
    traffic_has_vf_counts(&t);
    link_traffic_done(&t);
}

static void read_accept(char *text, size_t len)
{
    enum page_format format = page_format_of(text);

    must(format == PAGE_PROMETHEUS || strcasestr(text, "openmetrics"));
}

static void read_report(char *text, size_t len)
{
    struct diagnosis_figures figures = { 0 };

    must(diagnosis_read(text, len, &figures) < 0 || figures.is_known);
}

/* Whatever the value is, the sample stays one line, and its quotes are two. */
static void print_label(char *text, size_t len)
{
    static const char *const labels[] = { "a", NULL };
    const struct family family = { "x", FAMILY_GAUGE, NULL, "What", labels };
    struct buf out = BUF_INIT;
    struct page page = { .out = &out, .family = &family };
    size_t quotes = 0;

    page_add(&page, &family, (const char *const[]){ text }, whole(1));
    must(buf_ok(&out) == 0 && strchr(out.data, '\n') == out.data + out.len - 1);
    for (const char *at = out.data; *at; at++) {
        if (*at == '\\')
            at++;
        else
            quotes += *at == '"';
    }
    must(quotes == 2);
    buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(char *text, size_t len) = {
        read_kernel_message, read_counters, read_accept, read_report, print_label,
    };
    size_t choice, len = size - 1;
    bool is_text;
    char *text;

    if (size == 0)
        return 0;
    choice = data[0] % 0x80 % ELEMENTS(readers);
    is_text = readers[choice] == read_accept || readers[choice] == print_label;
    /* A block of its own, so that its end is the end of the input. */
    text = malloc(len + is_text);
    must(text || len + is_text == 0);
    if (len > 0)
        memcpy(text, data + 1, len);
    if (is_text)
        text[len] = '\0';
    if ((data[0] & 0x80) && readers[choice] == read_counters && len >= sizeof(struct nlmsghdr))
        ((struct nlmsghdr *)(void *)text)->nlmsg_len = (uint32_t)len;
    readers[choice](text, len);
    free(text);
    return 0;
}
