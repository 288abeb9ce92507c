/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-command-zone.c - mailglass dns zone FILE: judges a master file, or prints what it means
 *
 * Reading happens at one go. A file that another one names and that is not here yet is left out and
 * asked for; once it has come, all is read again. So there are as many readings as files are deep.
 */
#include "dns.h"

#include "dns-command.h"
#include "dns-zone.h"
#include "dns-zones.h"

#define PROBLEMS_MAX 100000

typedef struct {
    char *written, *beside; /* as it is named, and where */
    char *path, *error;
    GBytes *data; /* NULL: it could not be read */
    bool asked, come;
    MgFileQuestion question;
} File;

typedef struct {
    MgEngine base;
    MgDnsOutput output;
    char *path;
    GBytes *data;
    MgDnsName origin;
    bool has_origin, wire, json, soa, foreign; /* foreign: of another class than IN */
    GPtrArray *files;                          /* of File */
    guint asked;   /* asks are numbered like files, from 1; the open one, or 0 */
    GString *text; /* what is printed if all is well */
    GPtrArray *problems;
} Zone;

static void free_file(void *data)
{
    File *file = data;
    g_free(file->written);
    g_free(file->beside);
    g_free(file->path);
    g_free(file->error);
    g_clear_pointer(&file->data, g_bytes_unref);
    g_free(file);
}

/* ---- printing ---- */

static void print_wire(const MgDnsZoneRecord *record, GString *out)
{
    static const char digits[] = "0123456789ABCDEF";
    uint8_t head[10];
    mg_dns_put_u16(head, record->type);
    mg_dns_put_u16(head + 2, record->class);
    mg_dns_put_u16(head + 4, (uint16_t)(record->ttl >> 16));
    mg_dns_put_u16(head + 6, (uint16_t)record->ttl);
    mg_dns_put_u16(head + 8, (uint16_t)record->data.len);
    const MgSpan parts[] = {mg_dns_name_span(&record->owner), {head, sizeof head}, record->data};
    for (size_t p = 0; p < G_N_ELEMENTS(parts); p++) {
        for (size_t i = 0; i < parts[p].len; i++) {
            g_string_append_c(out, digits[parts[p].data[i] >> 4]);
            g_string_append_c(out, digits[parts[p].data[i] & 15]);
        }
    }
    g_string_append_c(out, '\n');
}

static void print_record(void *user, const MgDnsZoneRecord *record)
{
    Zone *zone = user;
    GString *out = zone->text;
    zone->soa = zone->soa || record->type == MG_DNS_SOA;
    zone->foreign = zone->foreign || record->class != MG_DNS_IN;
    if (zone->json) {
        mg_dns_record_json(mg_dns_name_span(&record->owner), record->ttl, record->class,
                           record->type, record->data, out);
        g_string_append_c(out, '\n');
        return;
    }
    if (zone->wire)
        print_wire(record, out);
    mg_dns_name_format(mg_dns_name_span(&record->owner), out);
    g_string_append_printf(out, "\t%u\t", record->ttl);
    mg_dns_class_format(record->class, out);
    g_string_append_c(out, '\t');
    mg_dns_type_format(record->type, out);
    g_string_append_c(out, '\t');
    mg_dns_data_format(record->type, record->data, out);
    g_string_append_c(out, '\n');
}

/* ---- files ---- */

static MgSpan bytes_of(GBytes *data)
{
    gsize len = 0;
    const uint8_t *octets = g_bytes_get_data(data, &len);
    return (MgSpan){octets != NULL ? octets : (const uint8_t *)"", len};
}

static bool find_file(void *user, const char *path, const char *beside, MgDnsZoneFile *found)
{
    Zone *zone = user;
    for (guint i = 0; i < zone->files->len; i++) {
        const File *file = g_ptr_array_index(zone->files, i);
        if (strcmp(file->written, path) != 0 || strcmp(file->beside, beside) != 0)
            continue;
        if (file->data == NULL) {
            found->error = file->error;
            return false;
        }
        *found = (MgDnsZoneFile){.text = bytes_of(file->data), .path = file->path};
        return true;
    }
    File *file = g_new0(File, 1);
    file->written = g_strdup(path);
    file->beside = g_strdup(beside);
    file->question = (MgFileQuestion){.path = file->written, .beside = file->beside};
    g_ptr_array_add(zone->files, file);
    return false; /* and no error: it comes later */
}

/* The first file that was not asked for. False: there is none. */
static bool ask(Zone *zone, MgEvent *event)
{
    for (guint i = 0; zone->asked == 0 && i < zone->files->len; i++) {
        File *file = g_ptr_array_index(zone->files, i);
        if (file->asked)
            continue;
        file->asked = true;
        zone->asked = i + 1;
        *event = (MgEvent){.kind = MG_EVENT_ASK,
                           .ask = {zone->asked, MG_TOPIC_FILE, &file->question, 0}};
        return true;
    }
    return false;
}

static bool all_come(const Zone *zone)
{
    for (guint i = 0; i < zone->files->len; i++)
        if (!((const File *)g_ptr_array_index(zone->files, i))->come)
            return false;
    return true;
}

/* ---- judging ---- */

/* What is wrong with the records taken together, as a server would see it. */
static void judge(Zone *zone)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(MgSetting));
    MgSpan first = bytes_of(zone->data);
    if (!zone->soa) {
        g_ptr_array_add(zone->problems,
                        g_strdup_printf("%s:1:1: error: this zone has no SOA record (RFC 1035 "
                                        "§5.2)",
                                        zone->path));
        return;
    }
    MgSetting row = {
        .key = "zones", .value = (const char *)first.data, .len = first.len, .path = zone->path};
    g_array_append_val(rows, row);
    for (guint i = 0; i < zone->files->len; i++) {
        const File *file = g_ptr_array_index(zone->files, i);
        MgSpan text = bytes_of(file->data);
        row = (MgSetting){
            .key = "zones", .value = (const char *)text.data, .len = text.len, .path = file->path};
        g_array_append_val(rows, row);
    }
    const MgSettings settings = {(const MgSetting *)(void *)rows->data, rows->len};
    mg_dns_zones_free(mg_dns_zones_new_at(&settings, "zones",
                                          zone->has_origin ? &zone->origin : NULL, zone->problems));
}

static void finish(Zone *zone)
{
    if (zone->problems->len == 0 && !zone->wire && !zone->foreign)
        judge(zone);
    for (guint i = 0; i < zone->problems->len; i++)
        mg_dns_output_complain(&zone->output, "%s", (char *)g_ptr_array_index(zone->problems, i));
    if (zone->problems->len == 0)
        mg_dns_output_text(&zone->output, zone->text);
    mg_dns_output_exit(&zone->output, zone->problems->len > 0 ? MG_DNS_EXIT_NO : MG_DNS_EXIT_DONE);
}

/* Reads all that is there; if nothing is missing, that was it. */
static void read_all(Zone *zone)
{
    g_string_truncate(zone->text, 0);
    g_ptr_array_set_size(zone->problems, 0);
    zone->soa = zone->foreign = false;
    const MgDnsZoneSource source = {.text = bytes_of(zone->data),
                                    .path = zone->path,
                                    .origin = zone->has_origin ? &zone->origin : NULL,
                                    .sink = print_record,
                                    .include = find_file,
                                    .user = zone,
                                    .problems = zone->problems,
                                    .problems_max = PROBLEMS_MAX};
    mg_dns_zone_read_source(&source);
    if (all_come(zone))
        finish(zone);
}

/* ---- the engine ---- */

static const MgSetting *find_row(const MgSettings *settings, const char *key)
{
    for (size_t i = 0; settings != NULL && i < settings->n_rows; i++)
        if (strcmp(settings->rows[i].key, key) == 0)
            return &settings->rows[i];
    return NULL;
}

static bool take_origin(Zone *zone, const char *origin)
{
    if (origin == NULL) {
        zone->has_origin = mg_dns_zone_origin(zone->path, &zone->origin);
        return true;
    }
    zone->has_origin = mg_dns_name_parse(mg_span_from_string(origin), NULL, &zone->origin) == NULL;
    return zone->has_origin;
}

static MgEngine *create(const MgBirth *birth)
{
    const MgCommandCall *call = birth->question;
    const MgSettings *options = call != NULL ? call->options : NULL;
    const MgSetting *file = find_row(options, "FILE");
    Zone *zone = g_new0(Zone, 1);
    zone->base.kind = &mg_dns_command_zone;
    mg_dns_output_init(&zone->output);
    zone->files = g_ptr_array_new_with_free_func(free_file);
    zone->problems = g_ptr_array_new_with_free_func(g_free);
    zone->text = g_string_new(NULL);
    if (call == NULL || call->n_words != 1 || file == NULL) {
        mg_dns_output_complain(&zone->output, N_("one master file is wanted; see --help"));
        mg_dns_output_exit(&zone->output, MG_DNS_EXIT_USAGE);
        return &zone->base;
    }
    zone->path = g_strdup(file->path != NULL ? file->path : "zone");
    zone->data = g_bytes_new(file->value, file->len);
    zone->wire = mg_settings_get(options, "wire", NULL) != NULL;
    zone->json = call->json;
    if (take_origin(zone, mg_settings_get(options, "origin", NULL))) {
        read_all(zone);
    } else {
        mg_dns_output_complain(&zone->output, N_("--origin wants a domain name"));
        mg_dns_output_exit(&zone->output, MG_DNS_EXIT_USAGE);
    }
    return &zone->base;
}

static void free_zone(MgEngine *engine)
{
    Zone *zone = (Zone *)engine;
    mg_dns_output_clear(&zone->output);
    g_ptr_array_unref(zone->files);
    g_ptr_array_unref(zone->problems);
    g_string_free(zone->text, TRUE);
    g_free(zone->path);
    g_clear_pointer(&zone->data, g_bytes_unref);
    g_free(zone);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Zone *zone = (Zone *)engine;
    const MgFileAnswer *come = given;
    if (zone->asked == 0 || id != zone->asked)
        return false;
    File *file = g_ptr_array_index(zone->files, id - 1);
    zone->asked = 0;
    file->come = true;
    if (come == NULL || come->error != NULL) {
        file->error = g_strdup(come != NULL ? come->error : "no file can be included here");
    } else {
        file->path = g_strdup(come->path != NULL ? come->path : file->written);
        file->data = g_bytes_new(come->data.data, come->data.len);
    }
    if (all_come(zone))
        read_all(zone);
    return true;
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Zone *zone = (Zone *)engine;
    return mg_dns_output_next(&zone->output, event) || (!zone->output.ended && ask(zone, event));
}

static const MgCommandOption options[] = {
    {"origin", "NAME", N_("What completes names before $ORIGIN does; the file's name if not given"),
     NULL, false},
    {"wire", NULL, N_("Prints each record as hex of its wire form, then in words"), NULL, false},
    {0},
};

static const MgCommandRow command = {
    .name = "dns zone",
    .usage = "FILE",
    .summary = N_("judges a master file, or prints its records"),
    .about =
        N_("Every mistake is told with file, line and column. A file without one is printed, a "
           "record a line, as other programs print it.\n\nExample:\n  mailglass dns zone "
           "example.net.zone --wire"),
    .options = options,
};

const MgEngineKind mg_dns_command_zone = {
    .name = "dns.command-zone",
    .summary = N_("Judges a master file"),
    .transport = MG_TRANSPORT_NONE,
    .command = &command,
    .create = create,
    .free = free_zone,
    .answer = answer,
    .next = next,
};
