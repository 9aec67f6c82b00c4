/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON by jansson, copied into the tree that YAML makes too. Jansson knows no limits but a depth of
 * 2048, and a few bytes of "[[],[]" cost it hundreds: so values are counted by a scan of the text
 * before it allocates anything. The scan need not know whether the text is JSON; jansson says that.
 */
#include "base/json-read.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/auxv.h>

DEFINE_CLEANUP(json_t *, json_decref)

/* The limits of the whole text: where the scan is and what it has seen. */
struct scan {
    const char *p;
    const char *end;
    unsigned line;
    unsigned depth;
    size_t values;
};

static void skip_string(struct scan *s)
{
    while (s->p < s->end && *s->p != '"') {
        s->line += *s->p == '\n';
        s->p += *s->p == '\\' && s->end - s->p > 1 ? 2 : 1;
    }
    s->p += s->p < s->end;
}

static void skip_word(struct scan *s)
{
    while (s->p < s->end && !memchr("{}[]\":, \t\r\n", *s->p, 11))
        s->p++;
}

/* Steps over one token. A key counts as a value until its colon takes that back: a value must
 * follow it anyway, so the count is never above that of valid JSON. */
static void scan_token(struct scan *s)
{
    switch (*s->p++) {
    case ' ':
    case '\t':
    case '\r':
    case ',':
        break;
    case '\n':
        s->line++;
        break;
    case ':':
        s->values -= s->values > 0;
        break;
    case '{':
    case '[':
        s->values++;
        s->depth++;
        break;
    case '}':
    case ']':
        s->depth -= s->depth > 0;
        break;
    case '"':
        s->values++;
        skip_string(s);
        break;
    default:
        s->values++;
        skip_word(s);
    }
}

static int check_limits(const char *text, size_t len, const struct node_limits *limits,
                        struct node_error *error)
{
    if (len > limits->bytes)
        return node_fail(error, 0, "longer than %zu bytes", limits->bytes);
    struct scan s = { .p = text, .end = text + len, .line = 1 };
    while (s.p < s.end) {
        scan_token(&s);
        if (s.values > limits->nodes)
            return node_fail(error, s.line, "more than %zu values", limits->nodes);
        if (s.depth > limits->depth)
            return node_fail(error, s.line, "nested deeper than %u", limits->depth);
    }
    return 0;
}

static int set_text(struct node *n, const char *text, size_t len, bool quoted)
{
    n->text = malloc(len + 1);
    if (!n->text)
        return -ENOMEM;
    memcpy(n->text, text, len);
    n->text[len] = '\0';
    n->text_len = len;
    n->kind = NODE_SCALAR;
    n->quoted = quoted;
    return 0;
}

static int set_integer(struct node *n, json_int_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, value);
    return set_text(n, text, (size_t)len, false);
}

/* The fewest digits that read back the same; jansson prints a point in every locale. */
static int set_real(struct node *n, const json_t *value)
{
    char text[64];
    size_t len = 0;
    for (size_t digits = 15; digits <= 17; digits++) {
        size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits);
        len = json_dumpb(value, text, sizeof(text) - 1, flags);
        if (len == 0 || len >= sizeof(text))
            return -ENOMEM;
        text[len] = '\0';
        double again = strtod(text, NULL);
        double wanted = json_real_value(value);
        if (again >= wanted && again <= wanted)
            break;
    }
    return set_text(n, text, len, false);
}

static int convert(struct node *n, json_t *value);

static int convert_list(struct node *n, const json_t *list)
{
    n->kind = NODE_LIST;
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct node *entry = node_add(n, NULL, 0);
        int r = entry ? convert(entry, json_array_get(list, i)) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

/* Jansson keeps the order of the text. */
static int convert_map(struct node *n, json_t *map)
{
    n->kind = NODE_MAP;
    for (void *i = json_object_iter(map); i; i = json_object_iter_next(map, i)) {
        struct node *entry = node_add(n, json_object_iter_key(i), 0);
        int r = entry ? convert(entry, json_object_iter_value(i)) : -ENOMEM;
        if (r < 0)
            return r;
    }
    return 0;
}

/* Recurses no deeper than limits->depth, which check_limits has enforced. */
static int convert(struct node *n, json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return convert_map(n, value);
    case JSON_ARRAY:
        return convert_list(n, value);
    case JSON_STRING:
        return set_text(n, json_string_value(value), json_string_length(value), true);
    case JSON_INTEGER:
        return set_integer(n, json_integer_value(value));
    case JSON_REAL:
        return set_real(n, value);
    case JSON_TRUE:
        return set_text(n, "true", 4, false);
    case JSON_FALSE:
        return set_text(n, "false", 5, false);
    case JSON_NULL:
        break;
    }
    return 0;
}

/* Where jansson runs out of memory it mostly has no words for it. */
static int report(const json_error_t *e, struct node_error *error)
{
    if (e->text[0] == '\0' || json_error_code(e) == json_error_out_of_memory)
        return -ENOMEM;
    return node_fail(error, e->line > 0 ? (unsigned)e->line : 0, "%s", e->text);
}

/* Jansson would read its hash seed from /dev/urandom; the kernel has given the process 16 random
 * bytes already. Only the first seed of a process counts. */
static void seed_hashes(void)
{
    const unsigned char *random = (const void *)getauxval(AT_RANDOM);
    size_t seed = 1;

    for (size_t i = 0; random && i < 16; i++)
        seed = seed * 257 + random[i];
    json_object_seed(seed);
}

int json_read(const char *text, size_t len, const struct node_limits *limits, struct node **ret,
              struct node_error *error)
{
    int r = check_limits(text, len, limits, error);
    if (r < 0)
        return r;
    json_error_t problem;
    seed_hashes();
    _cleanup_(json_decref_p) json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &problem);
    if (!json)
        return report(&problem, error);
    _cleanup_node_ struct node *root = calloc(1, sizeof(*root));
    if (!root)
        return -ENOMEM;
    r = convert(root, json);
    if (r < 0)
        return r;
    *ret = TAKE_PTR(root);
    return 0;
}
