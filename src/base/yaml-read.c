/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * YAML by libyaml's event parser, which builds nothing itself: every limit is checked before the
 * value it is about is allocated. The containers that are open stand on a stack of their own, so
 * the depth of a text never becomes depth of calls. What YAML has beyond JSON's model (aliases,
 * anchors, tags, collections as keys) is refused by name rather than taken to mean something.
 */
#include "base/yaml-read.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "base/str.h"

struct reader {
    yaml_parser_t parser;
    const struct node_limits *limits;
    struct node_error *error;
    struct node *stream;
    struct node **open; /* containers from the stream inwards; they move only when closed */
    unsigned depth;     /* of `open`: 1 is the stream */
    size_t nodes;
    char *key; /* of the map's entry that comes next */
    unsigned key_line;
    bool ended;
};

static void reader_done(struct reader *r)
{
    yaml_parser_delete(&r->parser);
    node_free(r->stream);
    free(r->open);
    free(r->key);
}

/* The capacity is the power of two at or above the depth. */
static int push(struct reader *r, struct node *container)
{
    if ((r->depth & (r->depth - 1)) == 0) {
        size_t capacity = r->depth ? 2 * (size_t)r->depth : 1;
        struct node **open = reallocarray(r->open, capacity, sizeof(struct node *));
        if (!open)
            return -ENOMEM;
        r->open = open;
    }
    r->open[r->depth++] = container;
    return 0;
}

static bool awaits_key(const struct reader *r)
{
    return r->open[r->depth - 1]->kind == NODE_MAP && !r->key;
}

/* An entry of the innermost container, under the key that was read before. */
static int add_entry(struct reader *r, unsigned line, struct node **ret)
{
    if (r->nodes >= r->limits->nodes)
        return node_fail(r->error, line, "more than %zu values", r->limits->nodes);
    struct node *entry = node_add(r->open[r->depth - 1], r->key, r->key ? r->key_line : line);
    if (!entry)
        return -ENOMEM;
    free(TAKE_PTR(r->key));
    r->nodes++;
    *ret = entry;
    return 0;
}

static bool is_null(const char *text)
{
    return *text == '\0' || str_eq(text, "~") || str_eq(text, "null");
}

static int on_scalar(struct reader *r, yaml_event_t *event, unsigned line)
{
    char *text = (char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    bool quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (memchr(text, '\0', len))
        return node_fail(r->error, line, "a NUL character in a text");
    if (awaits_key(r)) {
        r->key = strdup(text);
        r->key_line = line;
        return r->key ? 0 : -ENOMEM;
    }
    struct node *n;
    int result = add_entry(r, line, &n);
    if (result < 0 || (!quoted && is_null(text)))
        return result;
    n->text = malloc(len + 1);
    if (!n->text)
        return -ENOMEM;
    memcpy(n->text, text, len + 1);
    n->text_len = len;
    n->kind = NODE_SCALAR;
    n->quoted = quoted;
    return 0;
}

static int on_start(struct reader *r, enum node_kind kind, unsigned line)
{
    if (awaits_key(r))
        return node_fail(r->error, line, "a list or map cannot be a key");
    if (r->depth > r->limits->depth)
        return node_fail(r->error, line, "nested deeper than %u", r->limits->depth);
    struct node *n;
    int result = add_entry(r, line, &n);
    if (result < 0)
        return result;
    n->kind = kind;
    return push(r, n);
}

/* Equal keys in the order of the text, which is that of their addresses. */
static int compare_keys(const void *a, const void *b)
{
    const struct node *const *x = a, *const *y = b;
    int order = strcmp((*x)->key, (*y)->key);
    return order != 0 ? order : *x < *y ? -1 : *x > *y;
}

/* Sorts rather than compares each with each: a hostile text has as many keys as the limit of
 * nodes. */
static int check_keys(struct reader *r, const struct node *map)
{
    const struct node *again = NULL, *first = NULL;
    if (map->count < 2)
        return 0;
    _cleanup_free_ const struct node **sorted = calloc(map->count, sizeof(struct node *));
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = &map->items[i];
    qsort(sorted, map->count, sizeof(struct node *), compare_keys);
    for (size_t i = 1; i < map->count; i++) {
        if (str_eq(sorted[i]->key, sorted[i - 1]->key) && (!again || sorted[i] < again)) {
            again = sorted[i];
            first = sorted[i - 1];
        }
    }
    if (!again)
        return 0;
    return node_fail(r->error, again->line, "key '%.64s' is repeated, it is on line %u already",
                     again->key, first->line);
}

static int on_end(struct reader *r)
{
    const struct node *closed = r->open[--r->depth];
    return closed->kind == NODE_MAP ? check_keys(r, closed) : 0;
}

static int refuse_extras(struct reader *r, unsigned line, const void *anchor, const void *tag)
{
    if (anchor)
        return node_fail(r->error, line, "anchor '&%.64s': anchors are not allowed",
                         (const char *)anchor);
    if (tag)
        return node_fail(r->error, line, "tag '%.64s': tags are not allowed", (const char *)tag);
    return 0;
}

static bool has_tag_directive(const yaml_event_t *e)
{
    const yaml_tag_directive_t *start = e->data.document_start.tag_directives.start;
    return start != e->data.document_start.tag_directives.end;
}

/* What is refused about an event whatever stands around it. */
static int check_event(struct reader *r, const yaml_event_t *e, unsigned line)
{
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        return has_tag_directive(e) ? node_fail(r->error, line, "%%TAG: tags are not allowed") : 0;
    case YAML_ALIAS_EVENT:
        return node_fail(r->error, line, "alias '*%.64s': aliases are not allowed",
                         (const char *)e->data.alias.anchor);
    case YAML_SCALAR_EVENT:
        return refuse_extras(r, line, e->data.scalar.anchor, e->data.scalar.tag);
    case YAML_SEQUENCE_START_EVENT:
        return refuse_extras(r, line, e->data.sequence_start.anchor, e->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return refuse_extras(r, line, e->data.mapping_start.anchor, e->data.mapping_start.tag);
    default:
        return 0;
    }
}

static int on_event(struct reader *r, yaml_event_t *event)
{
    unsigned line = (unsigned)event->start_mark.line + 1;
    int result = check_event(r, event, line);
    if (result < 0)
        return result;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, event, line);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(r, NODE_LIST, line);
    case YAML_MAPPING_START_EVENT:
        return on_start(r, NODE_MAP, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_end(r);
    case YAML_STREAM_END_EVENT:
        r->ended = true;
        return 0;
    default:
        return 0;
    }
}

/* Bytes that are no text stop libyaml before it counts lines: there is only an offset. */
static unsigned line_at(const char *text, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static int report(const struct reader *r, const char *text, size_t len)
{
    const yaml_parser_t *p = &r->parser;
    const char *problem = p->problem ? p->problem : "no YAML";
    if (p->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (p->error == YAML_READER_ERROR)
        return node_fail(r->error, line_at(text, MIN_OF(p->problem_offset, len)), "%s", problem);
    return node_fail(r->error, (unsigned)p->problem_mark.line + 1, "%s%s%s",
                     p->context ? p->context : "", p->context ? ": " : "", problem);
}

/* The encoding is set because libyaml would take UTF-16, too, if the text began so. */
static int reader_start(struct reader *r, const char *text, size_t len)
{
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, len);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    r->stream = calloc(1, sizeof(*r->stream));
    if (!r->stream)
        return -ENOMEM;
    r->stream->kind = NODE_LIST;
    return push(r, r->stream);
}

int yaml_read(const char *text, size_t len, const struct node_limits *limits, struct node **ret,
              struct node_error *error)
{
    if (len > limits->bytes)
        return node_fail(error, 0, "longer than %zu bytes", limits->bytes);
    _cleanup_(reader_done) struct reader r = { .limits = limits, .error = error };
    if (!yaml_parser_initialize(&r.parser))
        return -ENOMEM;
    int result = reader_start(&r, text, len);
    while (result == 0 && !r.ended) {
        _cleanup_(yaml_event_delete) yaml_event_t event = { 0 };
        bool parsed = yaml_parser_parse(&r.parser, &event);
        result = parsed ? on_event(&r, &event) : report(&r, text, len);
    }
    if (result < 0)
        return result;
    *ret = TAKE_PTR(r.stream);
    return 0;
}
