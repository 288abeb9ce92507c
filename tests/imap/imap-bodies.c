/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-bodies.c - what the scripts and Dovecot do not say: odd addresses, structures that must not
 * mislead, section names, broken commands, base subjects, threads, names of mailboxes */
#include "imap-body.h"
#include "imap-thread.h"
#include "imap-utf7.h"

static MgSpan span(const char *text)
{
    return mg_span_from_string(text);
}

static MgMessage *parse(const char *text)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    return mg_message_parse(bytes);
}

/* ---- strings and sets ---- */

static void strings(void)
{
    static const struct {
        const char *text, *value; /* value NULL: it is none */
        const char *rest;
    } rows[] = {
        {"atom rest", "atom", " rest"},
        {"a]b)", "a]b", ")"},
        {"\"q \\\"\\\\ x\" y", "q \"\\ x", " y"},
        {"\"\"", "", ""},
        {"{3}\r\nabcde", "abc", "de"},
        {"{0}\r\n", "", ""},
        {"{3+}\r\nabc", "abc", ""},
        {"~{3}\r\nabc", "abc", ""},
        {"~x", "~x", ""},
        {"\"open", NULL, NULL},
        {"\"a\\b\"", NULL, NULL},
        {"\"a\r\n\"", NULL, NULL},
        {"{4}\r\nabc", NULL, NULL},
        {"{4294967296}\r\n", NULL, NULL},
        {"(", NULL, NULL},
        {"", NULL, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgImapReader reader = {span(rows[i].text), 0};
        g_autoptr(GString) out = g_string_new(NULL);
        bool good = mg_imap_read_astring(&reader, out);
        g_assert_cmpint(good, ==, rows[i].value != NULL);
        if (good) {
            g_assert_cmpstr(out->str, ==, rows[i].value);
            g_assert_cmpstr(rows[i].text + reader.at, ==, rows[i].rest);
        }
    }
}

static void numbers(void)
{
    static const struct {
        const char *text;
        uint64_t max, value;
        bool good;
    } rows[] = {{"0", 9, 0, true},
                {"10", 10, 10, true},
                {"11", 10, 0, false},
                {"4294967295", UINT32_MAX, UINT32_MAX, true},
                {"4294967296", UINT32_MAX, 0, false},
                {"18446744073709551615", UINT64_MAX, UINT64_MAX, true},
                {"18446744073709551616", UINT64_MAX, 0, false},
                {"x", 10, 0, false},
                {"9", 5, 0, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgImapReader reader = {span(rows[i].text), 0};
        uint64_t value;
        g_assert_cmpint(mg_imap_read_number(&reader, rows[i].max, &value), ==, rows[i].good);
        if (rows[i].good)
            g_assert_cmpuint(value, ==, rows[i].value);
    }
}

static void written(void)
{
    static const struct {
        MgSpan text;
        bool utf8;
        const char *value;
    } rows[] = {
        {{(const uint8_t *)"a \"\\", 4}, false, "\"a \\\"\\\\\""},
        {{(const uint8_t *)"", 0}, false, "\"\""},
        {{(const uint8_t *)"\303\244", 2}, false, "{2}\r\n\303\244"},
        {{(const uint8_t *)"\303\244", 2}, true, "\"\303\244\""},
        {{(const uint8_t *)"\344", 1}, true, "{1}\r\n\344"},
        {{(const uint8_t *)"a\r\nb", 4}, true, "{4}\r\na\r\nb"},
        {{(const uint8_t *)"a\0b", 3}, false, "{3}\r\na\200b"},
        {{NULL, 0}, false, "NIL"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        mg_imap_add_nstring(out, rows[i].text, rows[i].utf8);
        g_assert_cmpstr(out->str, ==, rows[i].value);
    }
    g_autoptr(GString) binary = g_string_new(NULL);
    mg_imap_add_literal(binary, (MgSpan){(const uint8_t *)"a\0b", 3}, true);
    g_assert_cmpmem(binary->str, binary->len, "~{3}\r\na\0b", 9);
}

static void sets(void)
{
    static const char *const bad[] = {
        "0", "1:0", "a", "", "1,", "1:", ",1", "1:2:3", "1.2", "4294967296", "-1"};
    g_autoptr(GArray) set = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
    MgImapReader reader = {span("7:5,2,*:9 x"), 0};
    g_assert_true(mg_imap_read_set(&reader, set));
    g_assert_cmpuint(reader.at, ==, 9);
    static const struct {
        uint32_t number, last;
        bool has;
    } rows[] = {{5, 20, true},   {6, 20, true},
                {7, 20, true},   {8, 20, false},
                {2, 20, true},   {3, 20, false},
                {9, 20, true},   {20, 20, true},
                {21, 20, false}, {8, 8, true} /* "*:9" is 8:9 */,
                {4, 4, true},    {3, 4, false},
                {10, 0, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(mg_imap_set_has(set, rows[i].number, rows[i].last), ==, rows[i].has);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
        MgImapReader broken = {span(bad[i]), 0};
        g_assert_false(mg_imap_read_set(&broken, none));
    }
    const uint32_t numbers_of[] = {1, 2, 3, 5, 8, 9, UINT32_MAX};
    g_autoptr(GString) out = g_string_new(NULL);
    mg_imap_add_set(out, numbers_of, G_N_ELEMENTS(numbers_of));
    g_assert_cmpstr(out->str, ==, "1:3,5,8:9,4294967295");
}

/* ---- envelopes ---- */

static void addresses(void)
{
    static const char *const rows[][2] = {
        {"a@b.example", "((NIL NIL \"a\" \"b.example\"))"},
        {"<a@b.example>, c@d.example",
         "((NIL NIL \"a\" \"b.example\")(NIL NIL \"c\" \"d.example\"))"},
        {"\"Doe, J.\" <j@d.example>", "((\"Doe, J.\" NIL \"j\" \"d.example\"))"},
        {"J. Doe <j@d.example>", "((\"J. Doe\" NIL \"j\" \"d.example\"))"},
        {"j@d.example (J. (the) Doe)", "((\"J. (the) Doe\" NIL \"j\" \"d.example\"))"},
        {"=?utf-8?Q?=C3=A4?= <a@b>", "((\"=?utf-8?Q?=C3=A4?=\" NIL \"a\" \"b\"))"},
        {"\"a b\"@c.example", "((NIL NIL \"a b\" \"c.example\"))"},
        {"<\"a@b\"@c.example>", "((NIL NIL \"a@b\" \"c.example\"))"},
        {"john . doe @ b . example", "((NIL NIL \"john.doe\" \"b.example\"))"},
        {"John Doe j@b.example", "((\"John Doe\" NIL \"j\" \"b.example\"))"},
        {"<@x.example,@y.example:a@b>", "((NIL \"@x.example,@y.example\" \"a\" \"b\"))"},
        {"A: a@b, c@d;, e@f", "((NIL NIL \"A\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")(NIL "
                              "NIL NIL NIL)(NIL NIL \"e\" \"f\"))"},
        {"undisclosed-recipients:;", "((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL))"},
        {"A: a@b", "((NIL NIL \"A\" NIL)(NIL NIL \"a\" \"b\")(NIL NIL NIL NIL))"},
        {"a@[192.0.2.1]", "((NIL NIL \"a\" \"[192.0.2.1]\"))"},
        {"a@[IPv6:2001:db8::1], b@c",
         "((NIL NIL \"a\" \"[IPv6:2001:db8::1]\")(NIL NIL \"b\" \"c\"))"},
        {"root", "((NIL NIL \"root\" \"\"))"},
        {"Somebody Else", "((\"Somebody Else\" NIL \"\" \"\"))"},
        {"A <a@b, c@d", "((\"A\" NIL \"a\" \"b\")(NIL NIL \"c\" \"d\"))"},
        {"<>", "((NIL NIL \"\" \"\"))"},
        {" , ,", "NIL"},
        {"", "NIL"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("To: %s\r\n\r\n", rows[i][0]);
        g_autofree char *wanted =
            g_strdup_printf("(NIL NIL NIL NIL NIL %s NIL NIL NIL NIL)", rows[i][1]);
        g_autoptr(MgMessage) message = parse(text);
        g_autoptr(GString) out = g_string_new(NULL);
        mg_imap_add_envelope(message, false, out);
        g_assert_cmpstr(out->str, ==, wanted);
    }
}

/* RFC 3501 §7.4.2: Sender and Reply-To that are absent or empty are From. The example is that of
 * §8. */
static void envelopes(void)
{
    static const char letter[] = "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
                                 "From: Terry Gray <gray@cac.washington.edu>\r\n"
                                 "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
                                 "Reply-To: \r\n"
                                 "To: imap@cac.washington.edu\r\n"
                                 "cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"
                                 "Message-Id: <B27397-0100000@cac.washington.edu>\r\n"
                                 "MIME-Version: 1.0\r\n"
                                 "Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n";
    static const char wanted[] = "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
                                 "\"IMAP4rev1 WG mtg summary and minutes\" "
                                 "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
                                 "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
                                 "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
                                 "((NIL NIL \"imap\" \"cac.washington.edu\")) "
                                 "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
                                 "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) NIL NIL "
                                 "\"<B27397-0100000@cac.washington.edu>\")";
    g_autoptr(MgMessage) message = parse(letter);
    g_autoptr(GString) out = g_string_new(NULL);
    mg_imap_add_envelope(message, false, out);
    g_assert_cmpstr(out->str, ==, wanted);
    /* Folds go, encoded words stay; an empty field is not an absent one. */
    g_autoptr(MgMessage) odd =
        parse("Subject: =?utf-8?Q?a?=\r\n  =?utf-8?Q?b?=\r\nIn-Reply-To:\r\n\r\n");
    g_string_truncate(out, 0);
    mg_imap_add_envelope(odd, false, out);
    g_assert_cmpstr(out->str, ==,
                    "(NIL \"=?utf-8?Q?a?=  =?utf-8?Q?b?=\" NIL NIL NIL NIL NIL NIL \"\" NIL)");
}

/* ---- structures ---- */

static const char *const structured[][2] = {
    {"\r\nhi\r\n",
     "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 1 NIL NIL NIL NIL)"},
    {"Content-Type: text/html; format=x; Charset=\"utf 8\"\r\nContent-ID: <i@d>\r\n"
     "Content-Description: a \"b\"\r\nContent-Transfer-Encoding: 8Bit\r\n"
     "Content-MD5: Q2hlY2s=\r\nContent-Disposition: attachment; filename*0*=utf-8''%C3%A4; "
     "filename*1=b\r\nContent-Language: en, ko\r\nContent-Location: http://a.example/\r\n\r\nx",
     "(\"text\" \"html\" (\"format\" \"x\" \"Charset\" \"utf 8\") \"<i@d>\" \"a \\\"b\\\"\" "
     "\"8Bit\" 1 0 "
     "\"Q2hlY2s=\" (\"attachment\" (\"filename*0*\" \"utf-8''%C3%A4\" \"filename*1\" \"b\")) "
     "(\"en\" \"ko\") \"http://a.example/\")"},
    {"Content-Type: image/png\r\nContent-Disposition: inline\r\n\r\n",
     "(\"image\" \"png\" NIL NIL NIL \"7BIT\" 0 NIL (\"inline\" NIL) NIL NIL)"},
    {"Content-Type: text\r\n\r\n",
     "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0 NIL NIL NIL NIL)"},
    /* What cannot be taken apart must not look as if it could. */
    {"Content-Type: multipart/mixed\r\n\r\nx",
     "(\"APPLICATION\" \"OCTET-STREAM\" NIL NIL NIL \"7BIT\" 1 NIL NIL NIL NIL)"},
    {"Content-Type: multipart/mixed; boundary=b\r\n\r\nx",
     "((\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 0 0 NIL NIL NIL NIL) "
     "\"mixed\" (\"boundary\" \"b\") NIL NIL NIL)"},
    {"Content-Type: message/global\r\n\r\nSubject: x\r\n\r\ny\r\n",
     "(\"message\" \"global\" NIL NIL NIL \"7BIT\" 17 NIL NIL NIL NIL)"},
    {"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n",
     "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 17 (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL "
     "NIL) "
     "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3 1 NIL NIL NIL NIL) 3 "
     "NIL NIL NIL NIL)"},
    /* RFC 2046 §5.1.5 */
    {"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: "
     "x\r\n\r\ny\r\n--b--\r\n",
     "((\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7BIT\" 15 (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL "
     "NIL) "
     "(\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 1 0 NIL NIL NIL NIL) 2 "
     "NIL NIL NIL NIL) "
     "\"digest\" (\"boundary\" \"b\") NIL NIL NIL)"},
};

static void structures(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(structured); i++) {
        g_autoptr(MgMessage) message = parse(structured[i][0]);
        g_autoptr(GString) out = g_string_new(NULL);
        mg_imap_add_body(message, true, false, out);
        g_assert_cmpstr(out->str, ==, structured[i][1]);
    }
}

/* ---- sections ---- */

static const char letter_of_two[] =
    "From: a@b\r\nX-Y: 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBi\r\n"
    "--b\r\nContent-Transfer-Encoding: x-own\r\n\r\nYQ==\r\n"
    "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n*** no! ***\r\n--b--\r\n";

static const struct {
    MgImapSectionItem item;
    const char *asked, *given; /* NULL: BAD; "?": UNKNOWN-CTE */
} asked[] = {
    {MG_IMAP_BODY, "[header.fields (x-y \"from\")]",
     "BODY[HEADER.FIELDS (x-y from)] {21}\r\nFrom: a@b\r\nX-Y: 1\r\n\r\n"},
    {MG_IMAP_BODY, "[Header.Fields.Not (x-y content-type)]<2.3>",
     "BODY[HEADER.FIELDS.NOT (x-y content-type)]<2> {3}\r\nom:"},
    {MG_IMAP_BODY, "[HEADER.FIELDS ({3}\r\nx-y)]",
     "BODY[HEADER.FIELDS (x-y)] {10}\r\nX-Y: 1\r\n\r\n"},
    {MG_IMAP_BODY, "[1]", "BODY[1] {4}\r\nYQBi"},
    {MG_IMAP_BODY, "[1]<4.1>", "BODY[1]<4> {0}\r\n"},
    {MG_IMAP_BODY, "[1]<4294967295.4294967295>", "BODY[1]<4294967295> {0}\r\n"},
    {MG_IMAP_BODY, "[4]", "BODY[4] NIL"},
    {MG_IMAP_BODY, "[1.1]", "BODY[1.1] NIL"},
    {MG_IMAP_BODY, "[1.TEXT]", "BODY[1.TEXT] NIL"},
    {MG_IMAP_BODY, "[1.mime]", "BODY[1.MIME] {37}\r\nContent-Transfer-Encoding: base64\r\n\r\n"},
    {MG_IMAP_BINARY, "[1]", "BINARY[1] ~{3}\r\na"},
    {MG_IMAP_BINARY, "[1]<2.9>", "BINARY[1]<2> {1}\r\nb"},
    {MG_IMAP_BINARY, "[2]", "?"},
    {MG_IMAP_BINARY, "[3]", "?"},
    {MG_IMAP_BINARY_SIZE, "[1]", "BINARY.SIZE[1] 3"},
    {MG_IMAP_BINARY_SIZE, "[2]", "?"},
    {MG_IMAP_BINARY, "[1.MIME]", NULL},
    {MG_IMAP_BINARY_SIZE, "[1]<0.1>", NULL},
    {MG_IMAP_BODY, "[MIME]", NULL},
    {MG_IMAP_BODY, "[0]", NULL},
    {MG_IMAP_BODY, "[1.]", NULL},
    {MG_IMAP_BODY, "[.1]", NULL},
    {MG_IMAP_BODY, "[1.X]", NULL},
    {MG_IMAP_BODY, "[1 ]", NULL},
    {MG_IMAP_BODY, "[HEADER.FIELDS ()]", NULL},
    {MG_IMAP_BODY, "[HEADER.FIELDS]", NULL},
    {MG_IMAP_BODY, "[HEADERX]", NULL},
    {MG_IMAP_BODY, "[]<0.0>", NULL},
    {MG_IMAP_BODY, "[]<5>", NULL},
    {MG_IMAP_BODY, "[", NULL},
};

static void sections(void)
{
    g_autoptr(MgMessage) message = parse(letter_of_two);
    for (size_t i = 0; i < G_N_ELEMENTS(asked); i++) {
        MgImapReader reader = {span(asked[i].asked), 0};
        MgImapSection section;
        g_autoptr(GString) out = g_string_new(NULL);
        bool good =
            mg_imap_read_section(&reader, asked[i].item, &section) && mg_imap_read_end(&reader);
        g_test_message("%s", asked[i].asked);
        g_assert_cmpint(good, ==, asked[i].given != NULL);
        if (good) {
            bool unknown = mg_imap_add_section(message, &section, out) == MG_IMAP_SECTION_UNKNOWN;
            g_assert_cmpstr(unknown ? "?" : out->str, ==, asked[i].given);
        }
        mg_imap_section_clear(&section);
    }
}

/* "except in the case of a message which has no body and no blank line" (RFC 3501 §6.4.5) */
static void blank_line(void)
{
    static const char *const rows[][2] = {
        {"From: a@b\r\n", "BODY[HEADER.FIELDS (From)] {11}\r\nFrom: a@b\r\n"},
        {"From: a@b\r\n\r\n", "BODY[HEADER.FIELDS (From)] {13}\r\nFrom: a@b\r\n\r\n"},
        {"\r\nx", "BODY[HEADER.FIELDS (From)] {2}\r\n\r\n"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgMessage) message = parse(rows[i][0]);
        MgImapReader reader = {span("[HEADER.FIELDS (From)]"), 0};
        MgImapSection section;
        g_autoptr(GString) out = g_string_new(NULL);
        g_assert_true(mg_imap_read_section(&reader, MG_IMAP_BODY, &section));
        mg_imap_add_section(message, &section, out);
        g_assert_cmpstr(out->str, ==, rows[i][1]);
        mg_imap_section_clear(&section);
    }
}

/* ---- searches ---- */

static const char searched[] =
    "From: =?iso-8859-1?Q?J=FCrgen?= M <jm@example.org>\r\nTo: list: a@b, \"Stra\303\237e\" "
    "<c@d>;\r\n"
    "Subject: =?utf-8?B?7ZWc6riA?= =?utf-8?B?IOuplOydvA==?=\r\n"
    "Date: Mon, 2 Mar 2026 23:30:00 -0500\r\nX-Empty:\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; "
    "charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nFr=F6=\r\nsche\r\n"
    "--b\r\nContent-Type: image/png; name=pond.png\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\naGlkZGVu\r\n--b\r\n"
    "Content-Type: message/rfc822\r\n\r\nSubject: =?utf-8?Q?inn=C3=A9r?=\r\n\r\nkern\r\n--b--\r\n";

static MgImapSearchView view_of(const MgMailboxMessage *facts)
{
    static const char *const keywords[] = {"$Junk", "$Forwarded", NULL};
    static const uint32_t saved[] = {3, 7, 9};
    return (MgImapSearchView){.number = 4,
                              .facts = facts,
                              .recent = true,
                              .last = 4,
                              .last_uid = 7,
                              .keywords = keywords,
                              .saved = saved,
                              .n_saved = G_N_ELEMENTS(saved),
                              .epoch = 1772409600, /* 2026-03-02 00:00 */
                              .now = 1772409600 + 90000};
}

static const struct {
    const char *program;
    bool letter, matches; /* the letter is needed to know */
} programs[] = {
    {"ALL", false, true},
    {"4", false, true},
    {"*", false, true},
    {"1:3", false, false},
    {"5:*", false, true},
    {"UID 7", false, true},
    {"UID *:100", false, true},
    {"$", false, true},
    {"UID $", false, true},
    {"SEEN FLAGGED", false, true},
    {"UNSEEN", false, false},
    {"UNDELETED UNDRAFT UNANSWERED", false, true},
    {"KEYWORD $forwarded UNKEYWORD $Junk", false, true},
    {"KEYWORD other", false, false},
    {"NEW", false, false},
    {"RECENT NOT OLD", false, true},
    {"LARGER 99 SMALLER 101 NOT LARGER 100", false, true},
    {"MODSEQ 5", false, true},
    {"MODSEQ \"/flags/\\\\Seen\" priv 6", false, false},
    {"ON 2-Mar-2026 SINCE \"2-Mar-2026\" BEFORE 03-mar-2026", false, true},
    {"SINCE 3-Mar-2026", false, false},
    {"OLDER 3599 YOUNGER 86400", false, true},
    {"OR 1 (SEEN (4))", false, true},
    {"NOT (SEEN 1)", false, true},
    {"NOT NOT 4", false, true},
    {"1 TEXT x", false, false},
    {"OR 4 TEXT x", false, true},
    {"SENTON 2-Mar-2026 SENTSINCE 2-Mar-2026 SENTBEFORE 3-Mar-2026", true, true},
    {"FROM \"j\303\274rgen m <\"", true, true},
    {"FROM \"J\303\234RGEN\"", true, true},
    {"FROM jurgen", true, false},
    {"TO strasse", true, true},
    {"TO \"list\"", true, true},
    {"CC x", true, false},
    {"SUBJECT \"\355\225\234\352\270\200 \353\251\224\"", true, true},
    {"HEADER x-empty \"\"", true, true},
    {"HEADER x-none \"\"", true, false},
    {"HEADER content-type MULTIPART", true, true},
    {"BODY \"fr\303\266sche\"", true, true},
    {"BODY hidden", true, false},
    {"BODY pond", true, false},
    {"TEXT pond", true, true},
    {"BODY \"INN\303\211R\"", true, true},
    {"BODY kern", true, true},
    {"BODY {4+}\r\nkern", true, true},
    {"BODY x-empty", true, false},
    {"CHARSET iso-8859-1 BODY \"Fr\366sche\"", true, true},
    {"CHARSET UTF-7 BODY Fr+APY-sche", true, true},
};

static void searches(void)
{
    const MgMailboxMessage facts = {.uid = 7,
                                    .flags = MG_FLAG_SEEN | MG_FLAG_FLAGGED,
                                    .size = 100,
                                    .at = 86400 * MG_SECONDS - 1,
                                    .keywords = 2,
                                    .modseq = 5};
    g_autoptr(MgMessage) letter = parse(searched);
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        MgImapReader reader = {span(programs[i].program), 0};
        g_autoptr(MgImapSearch) search = NULL;
        g_test_message("%s", programs[i].program);
        g_assert_cmpint(mg_imap_search_read(&reader, NULL, true, &search), ==, MG_IMAP_SEARCH_OK);
        MgImapSearchView view = view_of(&facts);
        MgImapMatch match = mg_imap_search_match(search, &view);
        g_assert_cmpint(match == MG_IMAP_MATCH_LETTER, ==, programs[i].letter);
        view.letter = letter;
        match = mg_imap_search_match(search, &view);
        g_assert_cmpint(match, ==, programs[i].matches ? MG_IMAP_MATCH_YES : MG_IMAP_MATCH_NO);
    }
}

static void broken_searches(void)
{
    static const char *const rows[] = {"",
                                       "ALL ",
                                       " ALL",
                                       "XYZZY",
                                       "ALLX",
                                       "(ALL",
                                       "(ALL))",
                                       "()",
                                       "NOT",
                                       "OR ALL",
                                       "OR ALL ALL ",
                                       "KEYWORD",
                                       "KEYWORD \"x\"",
                                       "LARGER x",
                                       "LARGER -1",
                                       "ON 31-Feb-2026",
                                       "ON 2-Mar-26",
                                       "ON 2026-03-02",
                                       "ON 2-Foo-2026",
                                       "ON",
                                       "UID",
                                       "UID x",
                                       "0",
                                       "HEADER x",
                                       "MODSEQ",
                                       "MODSEQ \"/flags/x\" 5",
                                       "SUBJECT",
                                       "SUBJECT \"\377\"",
                                       "CHARSET",
                                       "CHARSET utf-8",
                                       "ALL CHARSET utf-8",
                                       "TEXT {5}\r\nabc"};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgImapReader reader = {span(rows[i]), 0};
        MgImapSearch *search = NULL;
        g_test_message("%s", rows[i]);
        g_assert_cmpint(mg_imap_search_read(&reader, NULL, true, &search), ==, MG_IMAP_SEARCH_BAD);
    }
    MgImapReader unknown = {span("CHARSET x-nobody ALL"), 0};
    MgImapSearch *search = NULL;
    g_assert_cmpint(mg_imap_search_read(&unknown, NULL, true, &search), ==, MG_IMAP_SEARCH_CHARSET);
    g_autoptr(GString) deep = g_string_new(NULL);
    for (unsigned i = 0; i < 100000; i++)
        g_string_append(deep, "NOT ");
    MgImapReader reader = {{(const uint8_t *)deep->str, deep->len}, 0};
    g_assert_cmpint(mg_imap_search_read(&reader, NULL, true, &search), ==, MG_IMAP_SEARCH_BAD);
}

/* RFC 4731 §3.2, RFC 9394 §3.1 */
static void results(void)
{
    static const struct {
        const char *wanted, *given; /* NULL: BAD */
    } rows[] = {
        {"()", " ALL 2,10:11"},
        {"(MIN COUNT)", " MIN 2 COUNT 3"},
        {"(max)", " MAX 11"},
        {"(SAVE)", ""},
        {"(PARTIAL 1:2)", " PARTIAL (1:2 2,10)"},
        {"(PARTIAL 3:2)", " PARTIAL (2:3 10:11)"},
        {"(PARTIAL 4:9)", " PARTIAL (4:9 NIL)"},
        {"(PARTIAL -1:-2)", " PARTIAL (-1:-2 10:11)"},
        {"(PARTIAL -3:-100)", " PARTIAL (-3:-100 2)"},
        {"(PARTIAL -4:-100)", " PARTIAL (-4:-100 NIL)"},
        {"(ALL PARTIAL 1:2)", NULL},
        {"(PARTIAL 0:2)", NULL},
        {"(PARTIAL 1)", NULL},
        {"(PARTIAL -1:2)", NULL},
        {"(MIN", NULL},
        {"(MINI)", NULL},
        {"MIN", NULL},
    };
    const uint32_t numbers_found[] = {2, 10, 11};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgImapReader reader = {span(rows[i].wanted), 0};
        MgImapReturn wanted;
        g_autoptr(GString) out = g_string_new(NULL);
        g_test_message("%s", rows[i].wanted);
        g_assert_cmpint(mg_imap_read_return(&reader, &wanted), ==, rows[i].given != NULL);
        if (rows[i].given == NULL)
            continue;
        mg_imap_add_results(&wanted, numbers_found, 3, out);
        g_assert_cmpstr(out->str, ==, rows[i].given);
    }
}

/* ---- order and threads ---- */

/* RFC 5256 §2.1 */
static void subjects(void)
{
    static const struct {
        const char *subject, *base;
        bool is_reply;
    } rows[] = {
        {"hello", "hello", false},
        {"  a\t b ", "a b", false},
        {"Re: hello", "hello", true},
        {"RE:re: FW: Fwd : hello", "hello", true},
        {"Re [2]: hello", "hello", true},
        {"Re[2] : hello", "hello", true},
        {"[list] hello", "hello", false},
        {"[list]", "[list]", false},
        {"[a] [b]", "[b]", false},
        {"[list] Re: [list] hello", "hello", true},
        {"[list] Re:", "", true},
        {"hello (fwd) (FWD)", "hello", true},
        {"[Fwd: Re: hello (fwd)]", "hello", true},
        {"[fwd: [fwd: x]]", "x", true},
        {"[fwd: x", "[fwd: x", false},
        {"regarding: x", "regarding: x", false},
        {"re", "re", false},
        {"", "", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bool is_reply;
        g_autofree char *base = mg_imap_base_subject(rows[i].subject, &is_reply);
        g_assert_cmpstr(base, ==, rows[i].base);
        g_assert_cmpint(is_reply, ==, rows[i].is_reply);
    }
}

static void broken_sorts(void)
{
    static const char *const rows[] = {
        "",          "()",         "DATE",     "(DATE",
        "(REVERSE)", "(DATE  TO)", "(DATE X)", "(REVERSE REVERSE DATE)",
        "(DATED)"};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        MgImapReader reader = {span(rows[i]), 0};
        g_assert_null(mg_imap_sort_read(&reader));
    }
}

static void threads(void)
{
    /* Each word is a letter: id<its references, then =subject; the dates ascend. */
    static const char *const rows[][2] = {
        {"a=s b<a=s c<b=s", "(1 2 3)"},
        {"a=s b<a=x c<a=y", "(1 (2)(3))"},
        {"a=s b<z=x c<z=y", "(1)((2)(3))"},
        {"b<a=s a=s", "(2 1)"},
        {"c<a,b=s a=s", "(2 1)"},        /* b is not there */
        {"c<a,b=s b=x a=s", "(2 1)(3)"}, /* b itself answers nobody */
        {"a<b=s b<a=t", "(2 1)"},        /* a circle is not closed */
        {"a<a=s", "(1)"},
        {"a=s a=t", "(1)(2)"},   /* an id is one letter's only */
        {"a=s b=Re:s", "(1 2)"}, /* by subject */
        {"b=Re:s a=s", "(2 1)"},
        {"a=s b=s", "((1)(2))"},
        {"a=Re:s b=Re:s", "((1)(2))"},
        {"a= b=", "(1)(2)"},
        {"b<z=s c<z=t d=s", "((1)(2)(3))"}, /* under a dummy */
        {"b<z=s c<z=t d<y=s e<y=u", "((1)(2)(3)(4))"},
        {"a=s b<a=s c<b=s d<a=s", "(1 (2 3)(4))"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgImapThread) thread = mg_imap_thread_new(MG_IMAP_REFERENCES);
        g_auto(GStrv) letters = g_strsplit(rows[i][0], " ", -1);
        g_autoptr(GString) out = g_string_new(NULL);
        for (guint k = 0; letters[k] != NULL; k++) {
            char *subject = strchr(letters[k], '='), *references = strchr(letters[k], '<');
            *subject++ = '\0';
            g_autoptr(GString) text = g_string_new(NULL);
            g_string_append_printf(text, "Subject: %s\r\nMessage-ID: <%c@x>\r\n", subject,
                                   letters[k][0]);
            if (references != NULL)
                g_string_append(text, "References:");
            for (; references != NULL && references[0] != '\0'; references += 2)
                g_string_append_printf(text, " <%c@x>", references[1]);
            g_string_append(text, "\r\n\r\n");
            g_autoptr(MgMessage) message = parse(text->str);
            const MgMailboxMessage facts = {.at = (MgTime)k * MG_SECONDS};
            mg_imap_thread_add(thread, k + 1, &facts, 0, message);
        }
        mg_imap_thread_finish(thread, out);
        g_test_message("%s", rows[i][0]);
        g_assert_cmpstr(out->str, ==, rows[i][1]);
    }
}

/* A chain as long as a mailbox, the last first: no stack, no square of it. */
static void long_thread(void)
{
    g_autoptr(MgImapThread) thread = mg_imap_thread_new(MG_IMAP_REFERENCES);
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < 5000; i++) {
        g_autofree char *text =
            g_strdup_printf("Message-ID: <%u@x>\r\nReferences: <%u@x>\r\n\r\n", i, i + 1);
        g_autoptr(MgMessage) message = parse(text);
        const MgMailboxMessage facts = {.at = (MgTime)i * MG_SECONDS};
        mg_imap_thread_add(thread, i + 1, &facts, 0, message);
    }
    mg_imap_thread_finish(thread, out);
    g_assert_true(g_str_has_prefix(out->str, "(5000 4999 4998 "));
}

/* ---- names of mailboxes ---- */

static void names(void)
{
    static const char *const good[][2] = {
        {"INBOX", "INBOX"},
        {"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
         "~peter/mail/\345\217\260\345\214\227/\346\227\245\346\234\254\350\252\236"}, /* RFC 3501
                                                                                          §5.1.3 */
        {"a&-b", "a&b"},
        {"&-&-", "&&"},
        {"&-&AOQ-", "&\303\244"},
        {"&AOQ-&-", "\303\244&"},
        {"p&AOQA5A-", "p\303\244\303\244"},
        {"&2D3eAA-", "\360\237\230\200"}, /* a surrogate pair */
        {"&vBvHQNO4ycDVaA-", "\353\260\233\354\235\200\355\216\270\354\247\200\355\225\250"},
        {"", ""},
    };
    static const char *const bad[] = {"&",
                                      "&AOQ",
                                      "&AOQ=-",
                                      "&A-",
                                      "&AA-",
                                      "&AGE-" /* "a" */,
                                      "&AAA-" /* NUL */,
                                      "&2D0-",
                                      "&3gA-",
                                      "&2D0A5A-",
                                      "&AOR-" /* bits over */,
                                      "&AOQ-&AOQ-",
                                      "\303\244",
                                      "a\tb",
                                      "&AO/-",
                                      "\x7f",
                                      "&AOQAA-"};
    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *decoded = mg_imap_utf7_decode(span(good[i][0]));
        g_autoptr(GString) encoded = g_string_new(NULL);
        mg_imap_add_utf7(encoded, good[i][1]);
        g_assert_cmpstr(decoded, ==, good[i][1]);
        g_assert_cmpstr(encoded->str, ==, good[i][0]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_null(mg_imap_utf7_decode(span(bad[i])));
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(void);
    } tests[] = {{"strings", strings},
                 {"numbers", numbers},
                 {"written", written},
                 {"sets", sets},
                 {"addresses", addresses},
                 {"envelopes", envelopes},
                 {"structures", structures},
                 {"sections", sections},
                 {"blank-line", blank_line},
                 {"searches", searches},
                 {"broken-searches", broken_searches},
                 {"results", results},
                 {"subjects", subjects},
                 {"broken-sorts", broken_sorts},
                 {"threads", threads},
                 {"long-thread", long_thread},
                 {"names", names}};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strconcat("/imap-bodies/", tests[i].name, NULL);
        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
