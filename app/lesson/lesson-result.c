/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-result.c - what a check says of a run: it looks at the trace and at the mailboxes */
#include <glib/gi18n-lib.h>

#include "filter.h"
#include "lesson-result.h"

typedef struct {
    const MgLook *look;
    const MgTrace *trace;
    MgRegistry *registry;
    MgCheck *const *checks;
    MgVerdictOf *out;
    size_t at;
} Looker;

void mg_verdict_of_clear(MgVerdictOf *verdict)
{
    g_free(verdict->missing);
    *verdict = (MgVerdictOf){0};
}

/* ---- what was missing, in words ---- */

/* `smtp.req.command == "MAIL"` → "Verb = MAIL": fields by their names, the rest as it is. */
static gboolean name_field(const GMatchInfo *match, GString *result, void *data)
{
    Looker *looker = data;
    g_autofree char *id = g_match_info_fetch(match, 0);
    const MgField *field = mg_registry_field(looker->registry, id, NULL);
    g_string_append(result,
                    field != NULL ? mg_registry_translate(looker->registry, field->label) : id);
    return FALSE;
}

static char *in_words(Looker *looker, const char *filter)
{
    g_autoptr(GRegex) fields = g_regex_new("[a-z0-9_]+(\\.[a-z0-9_]+)+", 0, 0, NULL);
    g_autofree char *named =
        g_regex_replace_eval(fields, filter, -1, 0, 0, name_field, looker, NULL);
    g_auto(GStrv) equal = g_strsplit(named, " == ", -1);
    return g_strjoinv(" = ", equal);
}

static char *what_of(Looker *looker, const MgCheck *check)
{
    g_autofree char *field = in_words(looker, check->field);
    if (check->where == NULL)
        return g_steal_pointer(&field);
    g_autofree char *where = in_words(looker, check->where);
    return g_strdup_printf("%s: %s", field, where);
}

/* ---- looking ---- */

static uint32_t first_match(const Looker *looker, const MgCheck *check, uint32_t after)
{
    g_autofree char *text = mg_check_filter(check);
    g_autoptr(MgFilter) filter = mg_filter_new(text, looker->registry, NULL);
    for (uint32_t n = after + 1; filter != NULL && n <= looker->look->until; n++)
        if (mg_filter_match(filter, looker->trace, n))
            return n;
    return 0;
}

static MgVerdictOf look_saw(Looker *looker, const MgCheck *check)
{
    MgVerdictOf verdict = {.proof = first_match(looker, check, looker->look->since)};
    verdict.passed = verdict.proof != 0;
    if (!verdict.passed) {
        g_autofree char *what = what_of(looker, check);
        verdict.missing = g_strdup_printf(_("Not seen yet: %s."), what);
    }
    return verdict;
}

static MgVerdictOf look_then(Looker *looker, const MgCheck *check)
{
    g_assert(looker->at > 0); /* the reader refuses it alone */
    const MgVerdictOf *before = &looker->out[looker->at - 1];
    MgVerdictOf verdict = {0};
    if (before->passed)
        verdict.proof = first_match(looker, check, MAX(before->proof, looker->look->since));
    verdict.passed = verdict.proof != 0;
    if (!verdict.passed) {
        g_autofree char *what = what_of(looker, check);
        verdict.missing = g_strdup_printf(_("Not seen after that: %s."), what);
    }
    return verdict;
}

static bool holds(MgCompare compare, uint64_t a, uint64_t b)
{
    switch (compare) {
    case MG_COMPARE_EQ:
        return a == b;
    case MG_COMPARE_NE:
        return a != b;
    case MG_COMPARE_LT:
        return a < b;
    case MG_COMPARE_LE:
        return a <= b;
    case MG_COMPARE_GT:
        return a > b;
    case MG_COMPARE_GE:
        return a >= b;
    case MG_COMPARE_CONTAINS:
        break;
    }
    return false;
}

static MgVerdictOf look_count(Looker *looker, const MgCheck *check)
{
    MgVerdictOf verdict = {0};
    uint64_t count = 0;
    for (uint32_t n = first_match(looker, check, looker->look->since); n != 0;
         n = first_match(looker, check, n)) {
        verdict.proof = n;
        count++;
    }
    verdict.passed = holds(check->compare, count, check->number);
    if (!verdict.passed) {
        g_autofree char *what = what_of(looker, check);
        verdict.missing =
            g_strdup_printf(_("Seen %u times, and %u was asked for: %s."), (unsigned)count,
                            (unsigned)MIN(check->number, UINT_MAX), what);
    }
    return verdict;
}

static MgVerdictOf look_never(Looker *looker, const MgCheck *check)
{
    uint32_t n = first_match(looker, check, looker->look->since);
    MgVerdictOf verdict = {.passed = n == 0};
    if (n != 0 && check->rule != NULL) {
        const MgRule *rule = mg_registry_rule(looker->registry, check->rule);
        verdict.missing = g_strdup_printf(
            _("This should not have happened: %s"),
            rule != NULL ? mg_registry_translate(looker->registry, rule->text) : check->rule);
    } else if (n != 0) {
        g_autofree char *what = what_of(looker, check);
        verdict.missing = g_strdup_printf(_("This should not have happened: %s."), what);
    }
    return verdict;
}

static const char *host_name(const MgTrace *trace, MgHostId host)
{
    return host != 0 ? mg_trace_host(trace, host)->name : "";
}

static MgVerdictOf look_state(Looker *looker, const MgCheck *check)
{
    MgVerdictOf verdict = {0};
    const char *state = NULL;
    for (uint32_t n = looker->look->until; n > 0 && state == NULL; n--) {
        const MgRecord *record = mg_trace_record(looker->trace, n);
        if (record->kind != MG_RECORD_STATE ||
            g_strcmp0(host_name(looker->trace, record->from), check->host) != 0 ||
            strcmp(mg_trace_text(looker->trace, record->tag), check->engine) != 0)
            continue;
        state = mg_trace_text(looker->trace, record->text_b);
        verdict.proof = n;
    }
    bool equal = state != NULL && strcmp(state, check->value) == 0;
    verdict.passed = check->compare == MG_COMPARE_EQ ? equal : !equal;
    if (!verdict.passed)
        verdict.missing = g_strdup_printf(
            _("%s on %s: the state is \"%s\", not \"%s\"."), check->engine,
            check->host != NULL ? check->host : "?",
            state != NULL ? mg_registry_translate(looker->registry, state) : _("none"),
            mg_registry_translate(looker->registry, check->value));
    return verdict;
}

/* ---- mailboxes ---- */

/* (transfer full) (nullable) The value of the first header field of this name, unfolded (RFC 5322
 * §2.2.3). */
static char *header_field(MgSpan message, const char *name)
{
    const char *at = (const char *)message.data, *end = at + message.len;
    size_t len = strlen(name);
    g_autoptr(GString) value = NULL;
    while (at < end && *at != '\r' && *at != '\n') {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        size_t n = (size_t)(stop - at) - (stop > at && stop[-1] == '\r');
        bool folded = *at == ' ' || *at == '\t';
        if (value != NULL && !folded)
            break;
        if (value != NULL)
            g_string_append_len(value, at, (gssize)n);
        else if (!folded && n > len && at[len] == ':' && g_ascii_strncasecmp(at, name, len) == 0)
            value = g_string_new_len(at + len + 1, (gssize)(n - len - 1));
        at = stop < end ? stop + 1 : end;
    }
    if (value == NULL)
        return NULL;
    return g_strstrip(g_string_free(g_steal_pointer(&value), FALSE));
}

/* "imf.message_id" is the field "Message-ID". */
static char *field_name(const char *id)
{
    char *name = g_strdup(id + strlen("imf."));
    return g_strdelimit(name, "_", '-');
}

static bool fits_message(const MgCheck *check, MgSpan message)
{
    if (strcmp(check->field, "size") == 0)
        return holds(check->compare, message.len, check->number);
    g_autofree char *name = field_name(check->field);
    g_autofree char *value = header_field(message, name);
    if (value == NULL)
        return false;
    if (check->compare == MG_COMPARE_CONTAINS)
        return strstr(value, check->value) != NULL;
    int order = strcmp(value, check->value);
    return holds(check->compare, (uint64_t)((int64_t)order + G_MAXINT), (uint64_t)G_MAXINT);
}

static uint32_t delivery_of(const Looker *looker, const char *address)
{
    g_autofree char *text = g_strdup_printf("delivered to %s", address);
    g_autoptr(GString) line = g_string_new(NULL);
    for (uint32_t n = looker->look->until; n > looker->look->since; n--) {
        if (mg_trace_record(looker->trace, n)->kind != MG_RECORD_ACTION)
            continue;
        g_string_truncate(line, 0);
        mg_trace_summarize(looker->trace, n, line);
        if (g_str_has_prefix(line->str, text))
            return n;
    }
    return 0;
}

static MgVerdictOf look_mailbox(Looker *looker, const MgCheck *check)
{
    MgVerdictOf verdict = {0};
    MgWorld *world = mg_session_world(looker->look->session);
    bool counts = strcmp(check->field, "count") == 0;
    uint64_t count = 0;
    for (MgHostId id = 1; world != NULL && id <= mg_trace_n_hosts(looker->trace); id++) {
        const MgStore *store = mg_runtime_store(mg_world_runtime(world), id);
        for (size_t i = 0; i < mg_store_n_mailboxes(store); i++) {
            if (g_ascii_strcasecmp(mg_store_address(store, i), check->host) != 0)
                continue;
            count += mg_store_n_messages(store, i);
            for (size_t j = 0; !counts && j < mg_store_n_messages(store, i); j++)
                verdict.passed |= fits_message(check, mg_store_message(store, i, j, NULL));
        }
    }
    if (counts)
        verdict.passed = holds(check->compare, count, check->number);
    if (verdict.passed)
        verdict.proof = delivery_of(looker, check->host);
    else if (counts)
        verdict.missing = g_strdup_printf(_("The mailbox of %s holds %u messages."), check->host,
                                          (unsigned)count);
    else
        verdict.missing = g_strdup_printf(_("The mailbox of %s has no message whose %s fits."),
                                          check->host, check->field);
    return verdict;
}

static MgVerdictOf look_within(Looker *looker, const MgCheck *check)
{
    MgVerdictOf verdict = {.passed = true};
    for (size_t i = 0; i < looker->at; i++) {
        const MgVerdictOf *before = &looker->out[i];
        MgTime at = before->proof != 0 ? mg_trace_record(looker->trace, before->proof)->at : 0;
        verdict.passed &= before->passed && at - looker->look->began <= check->within;
    }
    if (!verdict.passed)
        verdict.missing = g_strdup_printf(_("It was not done within %.3f s."),
                                          (double)check->within / MG_SECONDS);
    return verdict;
}

void mg_checks_look(const MgLook *look, MgCheck *const *checks, size_t n, MgVerdictOf *out)
{
    static MgVerdictOf (*const by_kind[])(Looker *, const MgCheck *) = {
        [MG_CHECK_SAW] = look_saw,       [MG_CHECK_THEN_SAW] = look_then,
        [MG_CHECK_COUNT] = look_count,   [MG_CHECK_NEVER] = look_never,
        [MG_CHECK_STATE] = look_state,   [MG_CHECK_MAILBOX] = look_mailbox,
        [MG_CHECK_WITHIN] = look_within,
    };
    Looker looker = {
        look, mg_session_trace(look->session), mg_session_registry(look->session), checks, out, 0};
    for (; looker.at < n; looker.at++) {
        const MgCheck *check = checks[looker.at];
        MgVerdictOf *verdict = &out[looker.at];
        *verdict = (MgVerdictOf){0};
        if (check->broken)
            verdict->missing = g_strdup(_("This check of the lesson is broken."));
        else
            *verdict = by_kind[check->kind](&looker, check);
        const char *said = mg_bilingual_plain(&check->failed, look->language);
        if (!verdict->passed && !check->broken && said != NULL) {
            g_free(verdict->missing);
            verdict->missing = g_strdup(said);
        }
    }
}
