/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Lines of samples. A family without samples leaves no head.
 */
#include "daemon/metrics-page.h"

#include <inttypes.h>
#include <strings.h>

#include "base/str.h"

#define QUALITY_MAX 1000u /* "q=1" in thousandths, the finest that RFC 9110 knows */
#define DIGITS 32

static const struct {
    const char *suffix;
    const char *word[2]; /* by format */
} types[] = {
    [FAMILY_GAUGE] = { "", { "gauge", "gauge" } },
    [FAMILY_COUNTER] = { "_total", { "counter", "counter" } },
    [FAMILY_INFO] = { "_info", { "gauge", "info" } },
};

/* ---- which format ---- */

/* "0.75", "1", "1.000" in thousandths; what is none counts as 1, as no `q` does. */
static unsigned read_quality(const char *text)
{
    unsigned value = 0, worth = QUALITY_MAX;

    if (*text != '0')
        return QUALITY_MAX;
    for (text += text[1] == '.' ? 2 : 1; *text >= '0' && *text <= '9'; text++) {
        worth /= 10;
        value += worth * (unsigned)(*text - '0');
    }
    return value;
}

/* One entry of the header: what it accepts, cut off `entry`; its quality, 0 if it asks for another
 * version than ours. */
static unsigned take_entry(char *entry, const char **ret_type)
{
    unsigned quality = QUALITY_MAX;
    char *parameter;

    *ret_type = str_trim(strsep(&entry, ";"));
    while ((parameter = strsep(&entry, ";"))) {
        parameter = str_trim(parameter);
        if (strncasecmp(parameter, "q=", 2) == 0)
            quality = read_quality(parameter + 2);
        else if (strcasecmp(*ret_type, "application/openmetrics-text") == 0 &&
                 strncasecmp(parameter, "version=", 8) == 0 && !str_eq(parameter + 8, "1.0.0"))
            return 0;
    }
    return quality;
}

enum page_format page_format_of(const char *accept)
{
    _cleanup_free_ char *copy = accept ? strdup(accept) : NULL;
    unsigned best[2] = { 0, 0 }, quality;
    char *rest = copy, *entry;
    const char *type;

    while ((entry = strsep(&rest, ","))) {
        quality = take_entry(entry, &type);
        if (strcasecmp(type, "application/openmetrics-text") == 0)
            best[PAGE_OPENMETRICS] = MAX_OF(best[PAGE_OPENMETRICS], quality);
        else if (strcasecmp(type, "text/plain") == 0)
            best[PAGE_PROMETHEUS] = MAX_OF(best[PAGE_PROMETHEUS], quality);
    }
    return best[PAGE_OPENMETRICS] > 0 && best[PAGE_OPENMETRICS] >= best[PAGE_PROMETHEUS]
               ? PAGE_OPENMETRICS
               : PAGE_PROMETHEUS;
}

const char *page_content_type(enum page_format format)
{
    return format == PAGE_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                      : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- what is on it ---- */

/* A label's value: UTF-8, with what would end it or its line escaped. */
static void put_value(struct buf *out, const char *value)
{
    size_t len = strlen(value), n;

    for (size_t at = 0; at < len; at += n) {
        n = str_utf8_len(value + at, len - at);
        if (n == 0) {
            buf_add_str(out, "\xef\xbf\xbd");
            n = 1;
        } else if (value[at] == '\n') {
            buf_add_str(out, "\\n");
        } else {
            if (value[at] == '"' || value[at] == '\\')
                buf_add_char(out, '\\');
            buf_add(out, value + at, n);
        }
    }
}

static void put_number(struct buf *out, struct number n)
{
    char digits[DIGITS];
    size_t len;

    len = (size_t)snprintf(digits, sizeof(digits), "%0*" PRIu64, (int)n.decimals + 1, n.value);
    buf_add(out, digits, len - n.decimals);
    if (n.decimals > 0) {
        buf_add_char(out, '.');
        buf_add(out, digits + len - n.decimals, n.decimals);
    }
}

static void put_head(struct page *p, const struct family *f)
{
    const char *word = types[f->type].word[p->format];

    if (p->format == PAGE_PROMETHEUS) {
        const char *suffix = types[f->type].suffix;

        buf_printf(p->out, "# HELP %s%s %s\n", f->name, suffix, f->help);
        buf_printf(p->out, "# TYPE %s%s %s\n", f->name, suffix, word);
        return;
    }
    buf_printf(p->out, "# TYPE %s %s\n", f->name, word);
    if (f->unit)
        buf_printf(p->out, "# UNIT %s %s\n", f->name, f->unit);
    buf_printf(p->out, "# HELP %s %s\n", f->name, f->help);
}

void page_add(struct page *p, const struct family *f, const char *const *values,
              struct number number)
{
    if (p->family != f)
        put_head(p, f);
    p->family = f;
    buf_add_str(p->out, f->name);
    buf_add_str(p->out, types[f->type].suffix);
    for (size_t i = 0; f->labels && f->labels[i]; i++) {
        buf_add_char(p->out, i == 0 ? '{' : ',');
        buf_add_str(p->out, f->labels[i]);
        buf_add_str(p->out, "=\"");
        put_value(p->out, values[i]);
        buf_add_char(p->out, '"');
    }
    buf_add_str(p->out, f->labels && f->labels[0] ? "} " : " ");
    put_number(p->out, number);
    buf_add_char(p->out, '\n');
}

void page_end(struct page *p)
{
    if (p->format == PAGE_OPENMETRICS)
        buf_add_str(p->out, "# EOF\n");
}
