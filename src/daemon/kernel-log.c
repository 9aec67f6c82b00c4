/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which messages of the kernel are ours, what they are about, and how many of them are told. A
 * driver names its device by PCI address, the network by the netdev's name. A storm is counted
 * whole, but only its beginning is told, and how much was left out.
 */
#include "daemon/kernel-log.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>

#include "daemon/daemon.h"
#include "kernel/events.h"
#include "kernel/list.h"

#define NS_PER_S UINT64_C(1000000000)
#define US_PER_S UINT64_C(1000000)
#define TOLD_AT_ONCE 20 /* of one PF, in so many seconds: */
#define WINDOW_SECONDS 60
#define READ_AT_ONCE 256 /* in one turn of the loop */

/* ---- what a message is about ---- */

/* Words of messages, texts of Linux 6.12; the first row that fits counts. `anywhere`: also a
 * message that names none of our devices is told, as one of the host. */
static const struct topic_row {
    const char *word;
    enum kernel_topic topic;
    bool anywhere;
} topic_rows[] = {
    { "Spoof event(s) detected on VF", TOPIC_SPOOFED }, /* igb_main.c: igb_spoof_check */
    { "Spoofed packets detected", TOPIC_SPOOFED },      /* ixgbe_main.c: ixgbe_spoof_check */
    { "Malicious Driver Detection", TOPIC_MALICIOUS },  /* i40e, ice, ixgbe */
    { "driver issue detected on VF", TOPIC_MALICIOUS }, /* i40e_main.c: i40e_handle_mdd_event */
    { "administratively set", TOPIC_REFUSED },          /* igb, ixgbe, i40e, ice: MAC, VLAN */
    { "administratively denied", TOPIC_REFUSED },       /* igb, ixgbe: MAC filters */
    { "invalid MAC filter", TOPIC_REFUSED },            /* igb_main.c */
    { "add more MAC addresses", TOPIC_REFUSED },        /* i40e, ice: not trusted */
    { "Unprivileged VF", TOPIC_REFUSED },               /* i40e: promiscuous mode */
    { "DMAR: [", TOPIC_IOMMU, true },                   /* iommu/intel/dmar.c: a DMA stopped */
    { "AMD-Vi: Event logged", TOPIC_IOMMU, true },      /* iommu/amd/iommu.c */
    { "RLIMIT_MEMLOCK", TOPIC_IOMMU, true },            /* vfio_iommu_type1.c */
    { "No interrupt remapping support", TOPIC_IOMMU, true }, /* vfio_iommu_type1.c */
    { "AER: ", TOPIC_ERROR },                                /* pci/pcie/aer.c */
    { "Tx Unit Hang", TOPIC_ERROR },                         /* igb, ixgbe, i40e */
    { "TX timeout", TOPIC_ERROR },                           /* mlx5, bnxt, ice */
    { "reset", TOPIC_RESET },                                /* every driver */
    { "Reset", TOPIC_RESET },
};

const char *kernel_topic_name(enum kernel_topic topic)
{
    static const char *const names[] = {
        [TOPIC_SPOOFED] = "spoofed", [TOPIC_MALICIOUS] = "malicious", [TOPIC_REFUSED] = "refused",
        [TOPIC_RESET] = "reset",     [TOPIC_ERROR] = "error",         [TOPIC_IOMMU] = "iommu",
        [TOPIC_OTHER] = "other",
    };

    return names[topic];
}

static const struct topic_row *find_topic(const char *text)
{
    for (size_t i = 0; i < ELEMENTS(topic_rows); i++) {
        if (strstr(text, topic_rows[i].word))
            return &topic_rows[i];
    }
    return NULL;
}

static bool is_word_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Does the text have the word, as a whole? "enp1s0" is not in "enp1s0v2". */
static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = text; len > 0 && (at = strstr(at, word)); at++) {
        if ((at == text || !is_word_character(at[-1])) && !is_word_character(at[len]))
            return true;
    }
    return false;
}

static bool names_vf(const char *text, const struct vf *vf)
{
    return has_word(text, vf->pci) ||
           (attrs_has(&vf->attrs, SRIOV_NAME) && has_word(text, vf->attrs.name));
}

/* "VF 3", "VF# 3", "VF-3", "VF number 0x03" in what a PF's driver says; -1 if it names none. */
static int vf_in_text(const struct pf *pf, const char *text)
{
    static const char *const before[] = { "VF number ", "VF ", "VF# ", "VF-", NULL };

    for (const char *const *b = before; *b; b++) {
        const char *at = strstr(text, *b);
        char *end;
        unsigned long n;

        if (!at || at[strlen(*b)] < '0' || at[strlen(*b)] > '9')
            continue;
        errno = 0;
        n = strtoul(at + strlen(*b), &end, 0);
        for (size_t i = 0; errno == 0 && i < pf->n_vfs; i++) {
            if (pf->vfs[i].index == n)
                return (int)n;
        }
    }
    return -1;
}

static bool find_object(const char *text, const struct snapshot *s, const struct pf **ret_pf,
                        int *ret_vf)
{
    for (size_t i = 0; i < s->n_pfs; i++) {
        const struct pf *pf = &s->pfs[i];

        *ret_pf = pf;
        for (size_t k = 0; k < pf->n_vfs; k++) {
            *ret_vf = (int)pf->vfs[k].index;
            if (names_vf(text, &pf->vfs[k]))
                return true;
        }
        *ret_vf = vf_in_text(pf, text);
        if (has_word(text, pf->key) || has_word(text, pf->name))
            return true;
    }
    return false;
}

int kernel_message_read(const struct kmsg *m, const struct snapshot *s, const struct pf **ret_pf,
                        int *ret_vf, enum kernel_topic *ret_topic)
{
    const struct topic_row *row = find_topic(m->text);
    const struct pf *pf;
    int vf;
    bool found = find_object(m->text, s, &pf, &vf);

    if (!m->is_kernels || (!found && !(row && row->anywhere)))
        return 0;
    *ret_pf = found ? pf : NULL;
    *ret_vf = found ? vf : -1;
    *ret_topic = row ? row->topic : TOPIC_OTHER;
    return 1;
}

/* ---- counting and telling ---- */

/* What is kept of each PF that something was said about, and of the host (key ""). */
struct account {
    char pf[32];
    char label[32];
    uint64_t count[TOPIC_COUNT];
    uint64_t window;         /* when it began, CLOCK_MONOTONIC */
    unsigned told, left_out; /* in it */
};

struct kernel_log {
    struct daemon *daemon;
    struct source *source;
    struct source *window_end; /* runs while something was left out */
    int fd;
    struct {
        struct account *items;
        size_t count;
    } accounts;
    uint64_t left_out;
};

static struct account *find_account(const struct kernel_log *k, const char *pf)
{
    for (size_t i = 0; i < k->accounts.count; i++) {
        if (str_eq(k->accounts.items[i].pf, pf))
            return &k->accounts.items[i];
    }
    return NULL;
}

static struct account *account_of(struct kernel_log *k, const struct pf *pf)
{
    struct account *a = find_account(k, pf ? pf->key : "");

    if (!a)
        a = LIST_ADD(&k->accounts);
    if (!a)
        return NULL;
    STR_SET(a->pf, pf ? pf->key : "");
    STR_SET(a->label, pf ? pf_label(pf) : "");
    return a;
}

static void tell_left_out(struct kernel_log *k, struct account *a)
{
    char text[96];
    const struct record record = {
        .kind = RECORD_KERNEL,
        .level = LEVEL_WARNING,
        .object = a->label[0] ? a->label : NULL,
        .message = text,
    };

    snprintf(text, sizeof(text), "%u more messages of the kernel within %d seconds were left out",
             a->left_out, WINDOW_SECONDS);
    if (a->left_out > 0)
        feed_tell(k->daemon->feed, &record);
    a->told = a->left_out = 0;
}

/* Those whose time is over; the others have theirs still coming. */
static void on_window_end(void *userdata)
{
    struct kernel_log *k = userdata;
    uint64_t now = events_now();
    bool more = false;

    for (size_t i = 0; i < k->accounts.count; i++) {
        struct account *a = &k->accounts.items[i];

        if (a->left_out > 0 && now - a->window >= WINDOW_SECONDS * NS_PER_S)
            tell_left_out(k, a);
        more = more || a->left_out > 0;
    }
    if (more)
        loop_timer_set(k->window_end, WINDOW_SECONDS * US_PER_S);
}

/* Is there room for one more in its minute? */
static bool may_tell(struct kernel_log *k, struct account *a)
{
    uint64_t now = events_now();

    if (a->window == 0 || now - a->window >= WINDOW_SECONDS * NS_PER_S) {
        tell_left_out(k, a);
        a->window = now;
    }
    if (a->told < TOLD_AT_ONCE) {
        a->told++;
        return true;
    }
    if (a->left_out++ == 0)
        loop_timer_set(k->window_end, WINDOW_SECONDS * US_PER_S);
    k->left_out++;
    return false;
}

static void take_message(struct kernel_log *k, const struct kmsg *m, const struct snapshot *s)
{
    char object[OBJECT_SIZE] = "";
    enum kernel_topic topic;
    const struct pf *pf;
    struct account *a;
    int vf;

    if (kernel_message_read(m, s, &pf, &vf, &topic) == 0 || !(a = account_of(k, pf)))
        return;
    a->count[topic]++;
    if (pf && vf >= 0)
        vf_label(pf, (unsigned)vf, object);
    else if (pf)
        STR_SET(object, pf_label(pf));
    const struct record record = {
        .kind = RECORD_KERNEL,
        .level = m->level < LEVEL_ERROR ? LEVEL_ERROR : MIN_OF(m->level, LEVEL_INFO),
        .object = object[0] ? object : NULL,
        .message = m->text,
    };
    if (may_tell(k, a))
        feed_tell(k->daemon->feed, &record);
}

static void on_message(void *userdata, uint32_t events)
{
    struct kernel_log *k = userdata;
    const struct look *look = state_look(k->daemon->state);
    const struct snapshot none = { 0 };
    struct kmsg m;
    int r = 1;

    for (int i = 0; r > 0 && i < READ_AT_ONCE; i++) {
        r = kmsg_read(k->fd, &m);
        if (r > 0)
            take_message(k, &m, look ? look->snapshot : &none);
    }
    if (r < 0)
        k->source = source_free(k->source);
}

uint64_t kernel_log_count(const struct kernel_log *k, const char *pf, enum kernel_topic topic)
{
    const struct account *a = k ? find_account(k, pf) : NULL;

    return a ? a->count[topic] : 0;
}

uint64_t kernel_log_left_out(const struct kernel_log *k)
{
    return k ? k->left_out : 0;
}

/* ---- life ---- */

static int follow(struct kernel_log *k)
{
    struct loop *loop = k->daemon->loop;
    int r;

    r = kmsg_open(&k->fd);
    if (r < 0)
        return r;
    r = loop_add_timer(loop, WINDOW_SECONDS * US_PER_S, on_window_end, k, &k->window_end);
    if (r < 0)
        return r;
    loop_timer_stop(k->window_end);
    return loop_add_fd(loop, k->fd, EPOLLIN, on_message, k, &k->source);
}

/* Without the kernel's log (a container, a capture) the daemon does all else. */
int kernel_log_new(struct daemon *d, struct kernel_log **ret)
{
    struct kernel_log *k = calloc(1, sizeof(*k));
    int r;

    if (!k)
        return -ENOMEM;
    k->daemon = d;
    k->fd = -1;
    r = d->replay ? 0 : follow(k);
    if (r == -ENOMEM) {
        kernel_log_free(k);
        return r;
    }
    *ret = k;
    return 0;
}

struct kernel_log *kernel_log_free(struct kernel_log *k)
{
    if (!k)
        return NULL;
    source_free(k->source);
    source_free(k->window_end);
    if (k->fd >= 0)
        close(k->fd);
    free(k->accounts.items);
    free(k);
    return NULL;
}
