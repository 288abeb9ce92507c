/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-command.c - what commands say, kept in order until it is asked for */
#include "dns-command.h"
#include "text.h"

typedef struct {
    const char *type; /* MG_DELIVER_… */
    size_t len;
    char text[];
} Item;

void mg_dns_output_init(MgDnsOutput *output)
{
    output->items = g_ptr_array_new_with_free_func(g_free);
}

void mg_dns_output_clear(MgDnsOutput *output)
{
    g_ptr_array_unref(output->items);
}

static void add(MgDnsOutput *output, const char *type, const char *text, size_t len)
{
    Item *item = g_malloc(sizeof *item + len + 1);
    item->type = type;
    item->len = len;
    memcpy(item->text, text, len);
    item->text[len] = '\0';
    g_assert(!output->ended);
    g_ptr_array_add(output->items, item);
}

void mg_dns_output_text(MgDnsOutput *output, const GString *text)
{
    if (text->len > 0)
        add(output, MG_DELIVER_TEXT, text->str, text->len);
}

void mg_dns_output_complain(MgDnsOutput *output, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *text = g_strdup_vprintf(format, values);
    va_end(values);
    add(output, MG_DELIVER_COMPLAINT, text, strlen(text));
}

void mg_dns_output_exit(MgDnsOutput *output, int result)
{
    output->result = result;
    add(output, MG_DELIVER_EXIT, "", 0);
    output->ended = true;
}

bool mg_dns_output_next(MgDnsOutput *output, MgEvent *event)
{
    if (output->given == output->items->len) {
        if (!output->ended || output->closed)
            return false;
        output->closed = true;
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
        return true;
    }
    const Item *item = g_ptr_array_index(output->items, output->given++);
    output->text = (MgSpan){(const uint8_t *)item->text, item->len};
    const void *said = strcmp(item->type, MG_DELIVER_TEXT) == 0   ? (const void *)&output->text
                       : strcmp(item->type, MG_DELIVER_EXIT) == 0 ? (const void *)&output->result
                                                                  : item->text;
    *event = (MgEvent){.kind = MG_EVENT_DELIVER, .deliver = {item->type, said}};
    return true;
}

/* ---- JSON ---- */

void mg_dns_record_json(MgSpan owner, uint32_t ttl, uint16_t class, uint16_t type, MgSpan data,
                        GString *json)
{
    g_autoptr(GString) text = g_string_sized_new(80);
    mg_dns_name_format(owner, text);
    g_string_append(json, "{\"name\":");
    mg_text_add_json(json, text->str);
    g_string_append_printf(json, ",\"ttl\":%u", ttl);
    if (class != MG_DNS_IN) {
        g_string_truncate(text, 0);
        mg_dns_class_format(class, text);
        g_string_append_printf(json, ",\"class\":\"%s\"", text->str);
    }
    g_string_truncate(text, 0);
    mg_dns_type_format(type, text);
    g_string_append_printf(json, ",\"type\":\"%s\",\"data\":", text->str);
    g_string_truncate(text, 0);
    mg_dns_data_format(type, data, text);
    mg_text_add_json(json, text->str);
    g_string_append_c(json, '}');
}
