/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-date.c - dates as mail writes them (RFC 5322 §3.3, §4.3), and as RFC 3339 does */
#include "message-private.h"

static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

static const struct {
    const char *name;
    int minutes;
} zones[] = {{"ut", 0},     {"gmt", 0},    {"utc", 0},    {"z", 0},
             {"est", -300}, {"edt", -240}, {"cst", -360}, {"cdt", -300},
             {"mst", -420}, {"mdt", -360}, {"pst", -480}, {"pdt", -420}};

/* Days since 1970-01-01 (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = years + era * 400 + (*month <= 2);
}

static int days_in(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* At most nine digits; how many there were, 0 if none. */
static int take_number(MgMessageScan *scan, int *out)
{
    int digits = 0;
    *out = 0;
    for (; digits < 9 && g_ascii_isdigit((char)mg_message_scan_peek(scan)); digits++)
        *out = *out * 10 + (scan->text.data[scan->at++] - '0');
    return digits;
}

static size_t take_letters(MgMessageScan *scan, char *out, size_t size)
{
    size_t len = 0;
    while (g_ascii_isalpha((char)mg_message_scan_peek(scan))) {
        char letter = g_ascii_tolower((char)scan->text.data[scan->at++]);
        if (len + 1 < size)
            out[len++] = letter;
    }
    out[len] = '\0';
    return len;
}

/* Between the words of a date; some programs write "7-Oct-94". */
static void skip_between(MgMessageScan *scan)
{
    do
        mg_message_scan_cfws(scan);
    while ((mg_message_scan_peek(scan) == '-' || mg_message_scan_peek(scan) == ',' ||
            mg_message_scan_peek(scan) == '.') &&
           scan->at++ < scan->text.len);
}

static bool take_day(MgMessageScan *scan, int64_t *year, int *month, int *day)
{
    char name[4];
    int number, digits;
    skip_between(scan);
    if (take_letters(scan, name, sizeof name) > 0) /* the day of the week: nobody relies on it */
        skip_between(scan);
    if (take_number(scan, day) == 0)
        return false;
    skip_between(scan);
    if (take_letters(scan, name, sizeof name) < 3)
        return false;
    const char *found = strstr(months, name);
    if (found == NULL || (found - months) % 3 != 0)
        return false;
    *month = (int)(found - months) / 3 + 1;
    skip_between(scan);
    digits = take_number(scan, &number);
    if (digits < 2 || number > 9999)
        return false;
    /* §4.3: two digits up to 49 are 20xx; the rest, and three digits, count from 1900 */
    *year = digits == 2 && number < 50 ? number + 2000 : digits <= 3 ? number + 1900 : number;
    return *day >= 1 && *day <= days_in(*year, *month);
}

static bool take_time(MgMessageScan *scan, int64_t *seconds)
{
    int hour, minute, second = 0;
    mg_message_scan_cfws(scan);
    if (take_number(scan, &hour) == 0)
        return false;
    mg_message_scan_cfws(scan);
    if (mg_message_scan_peek(scan) != ':' && mg_message_scan_peek(scan) != '.')
        return false;
    scan->at++;
    mg_message_scan_cfws(scan);
    if (take_number(scan, &minute) == 0)
        return false;
    mg_message_scan_cfws(scan);
    if (mg_message_scan_peek(scan) == ':' || mg_message_scan_peek(scan) == '.') {
        scan->at++;
        mg_message_scan_cfws(scan);
        if (take_number(scan, &second) == 0)
            return false;
    }
    if (hour > 23 || minute > 59 || second > 60) /* 60: a leap second */
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* No zone, an unknown one and the letters of the military (§4.3) are "-0000". */
static void take_zone(MgMessageScan *scan, MgMessageDate *date)
{
    char name[8];
    int number;
    mg_message_scan_cfws(scan);
    uint8_t sign = mg_message_scan_peek(scan);
    date->zone_minutes = 0;
    date->zone_known = false;
    if (sign == '+' || sign == '-') {
        scan->at++;
        int digits = take_number(scan, &number);
        if (digits == 2 && mg_message_scan_peek(scan) == ':') { /* "+02:00" */
            int minutes;
            scan->at++;
            digits += take_number(scan, &minutes);
            number = digits == 4 ? number * 100 + minutes : -1;
        }
        if (digits < 3 || digits > 4 || number < 0 || number / 100 > 23 || number % 100 > 59)
            return;
        number = number / 100 * 60 + number % 100;
        date->zone_minutes = sign == '-' ? -number : number;
        date->zone_known = number != 0 || sign == '+';
        return;
    }
    take_letters(scan, name, sizeof name);
    for (size_t i = 0; i < G_N_ELEMENTS(zones); i++) {
        if (strcmp(zones[i].name, name) == 0) {
            date->zone_minutes = zones[i].minutes;
            date->zone_known = true;
        }
    }
}

bool mg_message_parse_date(MgSpan raw, MgMessageDate *date)
{
    MgMessageScan scan = {raw, 0};
    int64_t year, seconds;
    int month, day;
    if (!take_day(&scan, &year, &month, &day) || !take_time(&scan, &seconds))
        return false;
    take_zone(&scan, date);
    date->unix_seconds =
        days_from_civil(year, month, day) * 86400 + seconds - (int64_t)date->zone_minutes * 60;
    return true;
}

/* A date taken apart, in its own zone. */
typedef struct {
    int64_t year;
    int month, day, weekday, seconds; /* weekday 0: Thursday, as 1970-01-01 was */
} Civil;

static Civil civil_of(const MgMessageDate *date)
{
    Civil civil;
    int64_t local = date->unix_seconds + (int64_t)date->zone_minutes * 60;
    int64_t days = local >= 0 ? local / 86400 : -((86399 - local) / 86400);
    civil_from_days(days, &civil.year, &civil.month, &civil.day);
    civil.weekday = (int)(((days % 7) + 7) % 7);
    civil.seconds = (int)(local - days * 86400);
    return civil;
}

void mg_message_add_rfc3339(const MgMessageDate *date, GString *out)
{
    Civil civil = civil_of(date);
    int zone = ABS(date->zone_minutes);
    bool minus = date->zone_minutes < 0 || !date->zone_known;
    g_string_append_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", (int)civil.year,
                           civil.month, civil.day, civil.seconds / 3600, civil.seconds / 60 % 60,
                           civil.seconds % 60, minus ? '-' : '+', zone / 60, zone % 60);
}

void mg_message_add_date(const MgMessageDate *date, GString *out)
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    Civil civil = civil_of(date);
    int zone = ABS(date->zone_minutes);
    bool minus = date->zone_minutes < 0 || !date->zone_known;
    g_string_append_printf(out, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d", weekdays[civil.weekday],
                           civil.day, names[civil.month - 1], (int)civil.year, civil.seconds / 3600,
                           civil.seconds / 60 % 60, civil.seconds % 60, minus ? '-' : '+',
                           zone / 60, zone % 60);
}
