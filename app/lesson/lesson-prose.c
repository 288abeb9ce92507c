/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-prose.c - Markdown to blocks with Pango markup, by libcmark */
#include <glib/gi18n-lib.h>

#include "lesson-private.h"

#define SHIELD   "\302\240" /* U+00A0 */
#define NEAR_MAX 40u        /* octets of a text that are quoted */

typedef struct {
    GString *markup, *plain;
    GPtrArray *codes, *links;        /* (nullable) */
    GArray *code_lines, *link_lines; /* (nullable) */
    const MgComplaints *to;
    unsigned line; /* of the block */
    bool one_line; /* all is in this line, whatever a node says of its own */
    bool told;     /* that something in it is not shown */
} Writer;

static unsigned line_of(cmark_node *node, unsigned fallback)
{
    int line = cmark_node_get_start_line(node);
    return line > 0 ? (unsigned)line : fallback;
}

static unsigned line_in(const Writer *writer, cmark_node *node)
{
    return writer->one_line ? writer->line : line_of(node, writer->line);
}

static void add_text(Writer *writer, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append(writer->markup, escaped);
    g_string_append(writer->plain, text);
}

/* A star that touches a word was meant as emphasis: CommonMark leaves it where a particle follows
 * punctuation ("**봉투(envelope)**는"). */
static void look_for_stars(Writer *writer, cmark_node *node, const char *text)
{
    if (g_str_has_prefix(text, SHIELD))
        text += strlen(SHIELD);
    for (const char *star = strchr(text, '*'); star != NULL; star = strchr(star + 1, '*')) {
        bool before = star > text && !g_ascii_isspace(star[-1]);
        bool after = star[1] != '\0' && !g_ascii_isspace(star[1]);
        if (!before && !after && cmark_node_previous(node) == NULL && cmark_node_next(node) == NULL)
            continue;
        size_t len = MIN(strlen(text), NEAR_MAX);
        while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80) /* no half of a character */
            len--;
        g_autofree char *near = g_strndup(text, len);
        mg_lesson_error(writer->to, line_in(writer, node),
                        _("emphasis that did not take, near \"%.40s\": a closing ** cannot stand "
                          "between punctuation and a letter; move it, or write \\* for a star"),
                        near);
        return;
    }
}

static void keep(GPtrArray *list, GArray *lines, const char *text, unsigned line)
{
    if (list == NULL)
        return;
    g_ptr_array_add(list, g_strdup(text));
    if (lines != NULL)
        g_array_append_val(lines, line);
}

static void add_code(Writer *writer, cmark_node *node)
{
    const char *text = cmark_node_get_literal(node);
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append_printf(writer->markup, "<tt>%s</tt>", escaped);
    g_string_append(writer->plain, text);
    keep(writer->codes, writer->code_lines, text, line_in(writer, node));
}

static void open_link(Writer *writer, cmark_node *node)
{
    const char *url = cmark_node_get_url(node);
    g_autofree char *escaped = g_markup_escape_text(url, -1);
    g_string_append_printf(writer->markup, "<a href=\"%s\">", escaped);
    keep(writer->links, writer->link_lines, url, line_in(writer, node));
}

static void add_inline(Writer *writer, cmark_node *node, bool enter)
{
    switch (cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
        look_for_stars(writer, node, cmark_node_get_literal(node));
        add_text(writer, cmark_node_get_literal(node));
        break;
    case CMARK_NODE_CODE:
        add_code(writer, node);
        break;
    case CMARK_NODE_SOFTBREAK:
        add_text(writer, " ");
        break;
    case CMARK_NODE_LINEBREAK:
        add_text(writer, "\n");
        break;
    case CMARK_NODE_EMPH:
        g_string_append(writer->markup, enter ? "<i>" : "</i>");
        break;
    case CMARK_NODE_STRONG:
        g_string_append(writer->markup, enter ? "<b>" : "</b>");
        break;
    case CMARK_NODE_LINK:
        if (enter)
            open_link(writer, node);
        else
            g_string_append(writer->markup, "</a>");
        break;
    case CMARK_NODE_IMAGE:
    case CMARK_NODE_HTML_INLINE:
        if (enter && !writer->told)
            mg_lesson_error(writer->to, line_in(writer, node), "%s",
                            _("pictures and HTML are not shown in a lesson"));
        writer->told = true;
        break;
    default:
        break;
    }
}

static void write_inlines(Writer *writer, cmark_node *block)
{
    cmark_iter *iter = cmark_iter_new(block);
    cmark_event_type event;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
        if (cmark_iter_get_node(iter) != block)
            add_inline(writer, cmark_iter_get_node(iter), event == CMARK_EVENT_ENTER);
    cmark_iter_free(iter);
}

char *mg_prose_plain(cmark_node *node)
{
    MgComplaints nobody = {NULL, NULL};
    Writer writer = {.markup = g_string_new(NULL), .plain = g_string_new(NULL), .to = &nobody};
    write_inlines(&writer, node);
    g_string_free(writer.markup, TRUE);
    return g_strstrip(g_string_free(writer.plain, FALSE));
}

/* ---- blocks ---- */

static void block_free(void *data)
{
    MgProseBlock *block = data;
    g_free(block->plain);
    g_free(block->markup);
    g_free(block);
}

void mg_prose_init(MgProse *prose)
{
    *prose = (MgProse){.blocks = g_ptr_array_new_with_free_func(block_free),
                       .codes = g_ptr_array_new_with_free_func(g_free),
                       .links = g_ptr_array_new_with_free_func(g_free),
                       .code_lines = g_array_new(FALSE, FALSE, sizeof(unsigned)),
                       .link_lines = g_array_new(FALSE, FALSE, sizeof(unsigned))};
}

void mg_prose_clear(MgProse *prose)
{
    g_free(prose->title);
    g_ptr_array_unref(prose->blocks);
    g_ptr_array_unref(prose->codes);
    g_ptr_array_unref(prose->links);
    g_array_unref(prose->code_lines);
    g_array_unref(prose->link_lines);
    *prose = (MgProse){0};
}

static MgProseBlock *add_block(MgProse *prose, MgProseKind kind, cmark_node *node,
                               const MgComplaints *to)
{
    Writer writer = {.markup = g_string_new(NULL),
                     .plain = g_string_new(NULL),
                     .codes = prose->codes,
                     .links = prose->links,
                     .code_lines = prose->code_lines,
                     .link_lines = prose->link_lines,
                     .to = to,
                     .line = line_of(node, prose->line)};
    write_inlines(&writer, node);
    MgProseBlock *block = g_new0(MgProseBlock, 1);
    block->kind = kind;
    block->line = writer.line;
    block->plain = g_string_free(writer.plain, FALSE);
    block->markup = g_string_free(writer.markup, FALSE);
    g_ptr_array_add(prose->blocks, block);
    return block;
}

static void add_wire(MgProse *prose, cmark_node *node)
{
    MgProseBlock *block = g_new0(MgProseBlock, 1);
    block->kind = MG_PROSE_CODE;
    block->line = line_of(node, prose->line);
    block->plain = g_strdup(cmark_node_get_literal(node));
    g_strchomp(block->plain);
    block->markup = g_markup_escape_text(block->plain, -1);
    g_ptr_array_add(prose->blocks, block);
}

/* Lists in lists go down by the tree, whose depth libcmark limits by the file's own nesting. */
static void add_list(MgProse *prose, cmark_node *list, unsigned depth, const MgComplaints *to)
{
    unsigned number = cmark_node_get_list_type(list) == CMARK_ORDERED_LIST
                          ? (unsigned)cmark_node_get_list_start(list)
                          : 0;
    for (cmark_node *item = cmark_node_first_child(list); item != NULL;
         item = cmark_node_next(item)) {
        bool first = true;
        for (cmark_node *part = cmark_node_first_child(item); part != NULL;
             part = cmark_node_next(part)) {
            if (cmark_node_get_type(part) == CMARK_NODE_LIST && depth < 3) {
                add_list(prose, part, depth + 1, to);
            } else if (cmark_node_get_type(part) == CMARK_NODE_CODE_BLOCK) {
                add_wire(prose, part);
            } else {
                MgProseBlock *block =
                    add_block(prose, first ? MG_PROSE_ITEM : MG_PROSE_PARAGRAPH, part, to);
                block->number = first ? number : 0;
                block->depth = depth;
                first = false;
            }
        }
        number += number > 0;
    }
}

void mg_prose_add(MgProse *prose, cmark_node *block, const MgComplaints *to)
{
    switch (cmark_node_get_type(block)) {
    case CMARK_NODE_PARAGRAPH:
        add_block(prose, MG_PROSE_PARAGRAPH, block, to);
        break;
    case CMARK_NODE_HEADING:
        add_block(prose, MG_PROSE_HEADING, block, to);
        break;
    case CMARK_NODE_BLOCK_QUOTE:
        for (cmark_node *part = cmark_node_first_child(block); part != NULL;
             part = cmark_node_next(part))
            add_block(prose, MG_PROSE_QUOTE, part, to);
        break;
    case CMARK_NODE_LIST:
        add_list(prose, block, 0, to);
        break;
    case CMARK_NODE_CODE_BLOCK:
        add_wire(prose, block);
        break;
    case CMARK_NODE_HTML_BLOCK:
        if (!g_str_has_prefix(cmark_node_get_literal(block), "<!--"))
            mg_lesson_error(to, line_of(block, 0), "%s",
                            _("pictures and HTML are not shown in a lesson"));
        break;
    default: /* a line across says nothing */
        break;
    }
}

/* ---- one line in two languages ---- */

typedef struct {
    char *plain, *markup;
    GPtrArray *codes, *links;
} Inline;

static Inline parse_line(const char *source, unsigned line, const MgComplaints *to)
{
    Writer writer = {.markup = g_string_new(NULL),
                     .plain = g_string_new(NULL),
                     .codes = g_ptr_array_new_with_free_func(g_free),
                     .links = g_ptr_array_new_with_free_func(g_free),
                     .to = to,
                     .line = line,
                     .one_line = true};
    /* What would begin a list or a heading is a word here: it stands after a space that does not
     * break, which is none to Markdown's blocks and one to its emphasis. It is taken away again. */
    g_autofree char *shielded = g_strconcat(SHIELD, source, NULL);
    cmark_node *document =
        cmark_parse_document(shielded, strlen(shielded), CMARK_OPT_VALIDATE_UTF8);
    cmark_iter *iter = cmark_iter_new(document);
    cmark_event_type event;
    while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
        cmark_node *node = cmark_iter_get_node(iter);
        if (cmark_node_get_type(node) >= CMARK_NODE_FIRST_INLINE)
            add_inline(&writer, node, event == CMARK_EVENT_ENTER);
    }
    cmark_iter_free(iter);
    cmark_node_free(document);
    if (g_str_has_prefix(writer.plain->str, SHIELD))
        g_string_erase(writer.plain, 0, (gssize)strlen(SHIELD));
    if (g_str_has_prefix(writer.markup->str, SHIELD))
        g_string_erase(writer.markup, 0, (gssize)strlen(SHIELD));
    return (Inline){g_string_free(writer.plain, FALSE), g_string_free(writer.markup, FALSE),
                    writer.codes, writer.links};
}

void mg_bilingual_set(MgBilingual *text, MgLanguage language, const char *source, unsigned line,
                      const MgComplaints *to)
{
    if (text->source[language] != NULL) {
        mg_lesson_error(to, line, _("\"%s\" is there already, in line %u"),
                        mg_language_codes[language], text->line[language]);
        return;
    }
    MgComplaints here = *to;
    Inline parsed = parse_line(source, line, &here);
    g_ptr_array_unref(parsed.codes);
    g_ptr_array_unref(parsed.links);
    text->source[language] = g_strdup(source);
    text->plain[language] = parsed.plain;
    text->markup[language] = parsed.markup;
    text->line[language] = line;
}

static GPtrArray *parts_of(const MgBilingual *text, MgLanguage language, bool links)
{
    MgComplaints nobody = {NULL, NULL};
    Inline parsed = parse_line(text->source[language], 0, &nobody);
    g_free(parsed.plain);
    g_free(parsed.markup);
    g_ptr_array_unref(links ? parsed.codes : parsed.links);
    return links ? parsed.links : parsed.codes;
}

GPtrArray *mg_bilingual_codes(const MgBilingual *text, MgLanguage language)
{
    return parts_of(text, language, false);
}

GPtrArray *mg_bilingual_links(const MgBilingual *text, MgLanguage language)
{
    return parts_of(text, language, true);
}

void mg_bilingual_clear(MgBilingual *text)
{
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        g_free(text->source[l]);
        g_free(text->plain[l]);
        g_free(text->markup[l]);
    }
    *text = (MgBilingual){0};
}

bool mg_bilingual_is_empty(const MgBilingual *text)
{
    return text->source[MG_ENGLISH] == NULL && text->source[MG_KOREAN] == NULL;
}

const char *mg_bilingual_plain(const MgBilingual *text, MgLanguage language)
{
    return text->plain[language] != NULL ? text->plain[language]
                                         : text->plain[MG_N_LANGUAGES - 1 - language];
}

const char *mg_bilingual_markup(const MgBilingual *text, MgLanguage language)
{
    return text->markup[language] != NULL ? text->markup[language]
                                          : text->markup[MG_N_LANGUAGES - 1 - language];
}
