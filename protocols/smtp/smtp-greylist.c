/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-greylist.c - a policy: who writes for the first time is asked to come again (RFC 6647)
 *
 * Programs that throw mail about do not try twice; a mail server does. So the first RCPT of a
 * client's network, sender and recipient is answered with 450, and the next one after the time of
 * the setting `greylist` is let through, from then on at once. The table is the host's: it
 * outlives sessions and, like a file, crashes.
 */
#include "outbox.h"
#include "smtp.h"
#include "text.h"

#define ENTRIES_MAX 20000u
#define KEEP                                                                                       \
    ((MgTime)36 * 24 * MG_HOURS) /* of those who have passed, since they were last here            \
                                  */

enum { R_ASKED, R_PASSED };

static const MgRule rules[] = {
    [R_ASKED] = {"smtp.greylisted", MG_SEVERITY_NOTE, "RFC 6647 §2.4",
                 N_("This sender has never written to this recipient from there; the server asks "
                    "it to come again later.")},
    [R_PASSED] = {"smtp.greylist-passed", MG_SEVERITY_CHAT, "RFC 6647 §2.4",
                  N_("It did come again after a while, as mail servers do, and is let through.")},
    {0},
};

static const MgSettingRow setting_rows[] = {
    {"greylist", MG_SETTING_TIME, "0s",
     N_("How long a client that is not known is asked to wait before it comes again; 0 lets all "
        "through.")},
    {"greylist_window", MG_SETTING_TIME, "24h",
     N_("Who comes again later than this is asked once more.")},
    {0},
};

typedef struct {
    MgTime first, last;
    bool passed;
} Entry;

typedef struct {
    MgEngine base;
    MgOutbox out;
    MgPolicyAnswer answer;
    char *text, *where;
} Greylist;

/* ---- the table ---- */

static void *greylist_setup(const MgSettings *settings, GPtrArray *problems)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void greylist_teardown(void *shared)
{
    g_hash_table_unref(shared);
}

/* A big sender tries again from a neighbour's address: the first three of an IPv4 address's four
 * numbers, the first four of an IPv6 address's eight groups. */
static char *network_of(const char *address)
{
    char mark = strchr(address, ':') != NULL ? ':' : '.';
    unsigned parts = mark == ':' ? 4 : 3;
    const char *end = address;
    while (*end != '\0' && !(*end == mark && --parts == 0))
        end++;
    return g_strndup(address, (gsize)(end - address));
}

static gboolean is_old(void *key, void *value, void *now)
{
    const Entry *entry = value;
    return *(const MgTime *)now - entry->last > KEEP;
}

/* (nullable) NULL if there are too many: then nobody is asked to wait. */
static Entry *find_entry(GHashTable *table, const MgPolicyQuestion *question, MgTime now)
{
    g_autofree char *network = network_of(question->client_ip);
    g_autofree char *text =
        g_strdup_printf("%s %s %s", network, question->mail.mail_from, question->rcpt);
    g_autofree char *key = g_ascii_strdown(text, -1);
    Entry *entry = g_hash_table_lookup(table, key);
    if (entry != NULL)
        return entry;
    if (g_hash_table_size(table) >= ENTRIES_MAX)
        g_hash_table_foreach_remove(table, is_old, &now);
    if (g_hash_table_size(table) >= ENTRIES_MAX)
        return NULL;
    entry = g_new(Entry, 1);
    *entry = (Entry){.first = now, .last = now};
    g_hash_table_insert(table, g_steal_pointer(&key), entry);
    return entry;
}

/* How long to wait still; 0 for who may go on. */
static MgTime judge(Greylist *engine, const MgBirth *birth)
{
    const MgPolicyQuestion *question = birth->question;
    MgTime wait = mg_settings_get_time(birth->settings, "greylist", 0);
    MgTime window = mg_settings_get_time(birth->settings, "greylist_window", 24 * MG_HOURS);
    if (wait == 0 || question->stage != MG_STAGE_RCPT || question->trusted ||
        question->client_ip == NULL || question->mail.mail_from == NULL || question->rcpt == NULL)
        return 0;
    Entry *entry = find_entry(birth->shared, question, birth->now);
    if (entry == NULL)
        return 0;
    MgTime since = birth->now - entry->last;
    if (entry->passed ? since > KEEP : birth->now - entry->first > MAX(window, wait))
        *entry = (Entry){.first = birth->now};
    entry->last = birth->now;
    if (entry->passed)
        return 0;
    if (birth->now - entry->first < wait) {
        mg_outbox_note(&engine->out, &rules[R_ASKED], mg_span_from_string(engine->where));
        return entry->first + wait - birth->now;
    }
    entry->passed = true;
    mg_outbox_note(&engine->out, &rules[R_PASSED], mg_span_from_string(engine->where));
    return 0;
}

/* ---- the engine ---- */

static MgEngine *greylist_create(const MgBirth *birth)
{
    const MgPolicyQuestion *question = birth->question;
    Greylist *engine = g_new0(Greylist, 1);
    engine->base.kind = &mg_smtp_greylist;
    mg_outbox_init(&engine->out);
    engine->where = g_strdup(question->rcpt != NULL ? question->rcpt : "");
    MgTime wait = judge(engine, birth);
    engine->answer = (MgPolicyAnswer){.code = 250};
    if (wait > 0) {
        engine->text = g_strdup_printf("Greylisted, please come again in %d s",
                                       (int)((wait + MG_SECONDS - 1) / MG_SECONDS));
        engine->answer = (MgPolicyAnswer){450, "4.7.1", engine->text};
    }
    mg_outbox_add(&engine->out,
                  (MgEvent){.kind = MG_EVENT_DELIVER,
                            .deliver = {.type = MG_TOPIC_POLICY, .item = &engine->answer}});
    mg_outbox_add(&engine->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    return &engine->base;
}

static void greylist_free(MgEngine *engine)
{
    Greylist *greylist = (Greylist *)engine;
    mg_outbox_clear(&greylist->out);
    g_free(greylist->text);
    g_free(greylist->where);
    g_free(greylist);
}

static bool greylist_next(MgEngine *engine, MgEvent *event)
{
    return mg_outbox_next(&((Greylist *)engine)->out, event);
}

const MgEngineKind mg_smtp_greylist = {
    .name = "smtp.greylist",
    .summary = N_("Greylisting: whoever writes for the first time is asked to come again"),
    .usual = "mta",
    .topic = MG_TOPIC_POLICY,
    .settings = setting_rows,
    .rules = rules,
    .setup = greylist_setup,
    .teardown = greylist_teardown,
    .create = greylist_create,
    .free = greylist_free,
    .next = greylist_next,
};
