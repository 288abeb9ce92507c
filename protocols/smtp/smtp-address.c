/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-address.c - paths and mailboxes (RFC 5321 §4.1.2)
 *
 *      Path       = "<" [ A-d-l ":" ] Mailbox ">"
 *      A-d-l      = At-domain *( "," At-domain )
 *      Mailbox    = Local-part "@" ( Domain / address-literal )
 *      Local-part = Dot-string / Quoted-string
 */
#include "smtp-address.h"

#include "smtp.h"

const MgPathRules mg_path_rules = {.local_max = MG_SMTP_LOCAL_PART_MAX,
                                   .domain_max = MG_SMTP_DOMAIN_MAX,
                                   .path_max = MG_SMTP_PATH_MAX};

/* RFC 5322 §3.2.3, and RFC 6531 §3.3: octets of UTF-8. Whether those are allowed, and whole, is
 * looked at before anything else. */
static bool is_atext(uint8_t c)
{
    return g_ascii_isalnum(c) || c >= 0x80 ||
           (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Octets of a Dot-string at the start of `text`; 0 if there is none. */
static size_t dot_string(MgSpan text)
{
    size_t i = 0;
    while (i < text.len && (is_atext(text.data[i]) || text.data[i] == '.')) {
        if (text.data[i] == '.' && (i == 0 || text.data[i - 1] == '.'))
            return 0;
        i++;
    }
    return i > 0 && text.data[i - 1] == '.' ? 0 : i;
}

/* Octets of a Quoted-string with its quotes; 0 if it is not whole. */
static size_t quoted_string(MgSpan text)
{
    for (size_t i = 1; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '"')
            return i + 1;
        if (c == '\\' && ++i < text.len)
            c = text.data[i];
        if (c < 0x20 || c == 0x7f)
            return 0;
    }
    return 0;
}

/* Octets of a Domain; 0 if there is none. Laxer than RFC 5321 §4.1.2 in one thing: "_" is taken,
 * because host names with it greet every day. */
static size_t domain(MgSpan text)
{
    size_t i = 0;
    for (; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool edge = i == 0 || text.data[i - 1] == '.';
        if (c == '.' ? edge || text.data[i - 1] == '-'
                     : !(g_ascii_isalnum(c) || c >= 0x80 || c == '_' || (c == '-' && !edge)))
            break;
    }
    if (i > 0 && text.data[i - 1] == '-')
        return 0;
    return i > 0 && text.data[i - 1] == '.' ? i - 1 : i;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]": octets with the brackets. */
static size_t literal(MgSpan text)
{
    for (size_t i = 1; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == ']')
            return i > 1 ? i + 1 : 0;
        if (!g_ascii_isalnum(c) && c != '.' && c != ':' && c != '-')
            return 0;
    }
    return 0;
}

static size_t domain_or_literal(MgSpan text)
{
    if (text.len == 0)
        return 0;
    return text.data[0] == '[' ? literal(text) : domain(text);
}

bool mg_smtp_is_ascii(MgSpan text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return false;
    return true;
}

char *mg_smtp_ascii_domain(MgSpan domain)
{
    g_autofree char *name = g_strndup((const char *)domain.data, domain.len);
    return mg_smtp_is_ascii(domain) ? g_steal_pointer(&name) : g_hostname_to_ascii(name);
}

bool mg_smtp_is_domain(MgSpan text)
{
    if (text.len == 0 || text.len > MG_SMTP_DOMAIN_MAX || !mg_smtp_is_ascii(text))
        return false; /* RFC 6531 §3.7.1: who greets uses the form of the DNS */
    size_t len = domain_or_literal(text);
    /* RFC 5321 §2.3.5 has no last dot; some clients send it, and nothing is lost by taking it. */
    return len == text.len || (len + 1 == text.len && text.data[len] == '.' && text.data[0] != '[');
}

MgSpan mg_smtp_domain_of(const char *mailbox)
{
    const char *at = strrchr(mailbox, '@');
    return mg_span_from_string(at != NULL ? at + 1 : "");
}

static MgSpan rest(MgSpan text, size_t from)
{
    return mg_span_slice(text, from, text.len - from);
}

/* Octets of an A-d-l with its colon; 0 if there is none. */
static size_t source_route(MgSpan text)
{
    size_t i = 0;
    while (i < text.len && text.data[i] == '@') {
        size_t len = domain_or_literal(rest(text, i + 1));
        i += 1 + len;
        if (len == 0 || i >= text.len)
            return 0;
        if (text.data[i] == ':')
            return i + 1;
        if (text.data[i++] != ',')
            return 0;
    }
    return 0;
}

static MgPathFault parse_mailbox(MgSpan text, const MgPathRules *rules, MgPath *path, size_t *used)
{
    size_t local = text.len > 0 && text.data[0] == '"' ? quoted_string(text) : dot_string(text);
    if (local == 0)
        return MG_PATH_SYNTAX;
    path->local_len = local;
    *used = local;
    if (local < text.len && text.data[local] == '@') {
        size_t len = domain_or_literal(rest(text, local + 1));
        if (len == 0)
            return MG_PATH_SYNTAX;
        *used = local + 1 + len;
        if (len > rules->domain_max)
            return MG_PATH_TOO_LONG;
    } else if (!mg_span_equal_nocase(mg_span_slice(text, 0, local), MG_SPAN("postmaster"))) {
        return MG_PATH_SYNTAX; /* RFC 5321 §4.1.1.3: only Postmaster may stand without a domain */
    }
    path->mailbox = mg_span_slice(text, 0, *used);
    return local > rules->local_max ? MG_PATH_TOO_LONG : MG_PATH_GOOD;
}

/* Where the path ends: at the space that is in no quotes. */
static size_t path_end(MgSpan text, size_t from)
{
    bool quoted = false;
    for (; from < text.len; from++) {
        if (text.data[from] == '\\')
            from++;
        else if (text.data[from] == '"')
            quoted = !quoted;
        else if (text.data[from] == ' ' && !quoted)
            break;
    }
    return MIN(from, text.len);
}

void mg_path_parse(MgSpan text, const MgPathRules *rules, MgPath *path)
{
    *path = (MgPath){.fault = MG_PATH_EMPTY};
    size_t start = 0;
    while (start < text.len && text.data[start] == ' ')
        start++;
    path->space = start > 0;
    path->len = path_end(text, start);
    MgSpan inner = mg_span_slice(text, start, path->len - start);
    if (inner.len == 0)
        return;
    path->fault = MG_PATH_NOT_ASCII;
    if (!mg_smtp_is_ascii(inner) && !rules->utf8)
        return;
    path->bare = inner.data[0] != '<';
    path->fault = MG_PATH_SYNTAX;
    if (!g_utf8_validate_len((const char *)inner.data, inner.len, NULL))
        return; /* a NUL, too */
    if (!path->bare) {
        if (inner.data[inner.len - 1] != '>' || inner.len < 2)
            return;
        if (inner.len > rules->path_max) { /* RFC 5321 §4.5.3.1.3: brackets count */
            path->fault = MG_PATH_TOO_LONG;
            return;
        }
        inner = mg_span_slice(inner, 1, inner.len - 2);
        if (inner.len == 0) { /* the null path */
            path->mailbox = inner;
            path->fault = MG_PATH_GOOD;
            return;
        }
    }
    size_t route = source_route(inner), used = 0;
    if (route > 0)
        path->route = mg_span_slice(inner, 0, route - 1);
    inner = rest(inner, route);
    MgPathFault fault = parse_mailbox(inner, rules, path, &used);
    path->fault = fault != MG_PATH_SYNTAX && used < inner.len ? MG_PATH_SYNTAX : fault;
}
