/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-command.c - mailglass message parse FILE */
#include "message.h"

#include <mailglass/topics.h>

enum { EXIT_DONE, EXIT_NO, EXIT_USAGE };

typedef struct {
    MgEngine base;
    GString *text;
    const char *complaint;
    MgSpan said;
    int result;
    unsigned step;
} Command;

static const MgSetting *find_row(const MgSettings *settings, const char *key)
{
    for (size_t i = 0; settings != NULL && i < settings->n_rows; i++)
        if (strcmp(settings->rows[i].key, key) == 0)
            return &settings->rows[i];
    return NULL;
}

static void print_part(Command *command, MgMessage *message, const char *section)
{
    const MgMessagePart *part = mg_message_find_section(message, section);
    if (part == NULL) {
        command->complaint = N_("there is no such part; without --part the parts are listed");
        command->result = EXIT_NO;
        return;
    }
    g_autoptr(GByteArray) octets = g_byte_array_new();
    mg_message_part_decode(part, octets);
    g_string_append_len(command->text, (const char *)octets->data, octets->len);
}

static MgEngine *create(const MgBirth *birth)
{
    const MgCommandCall *call = birth->question;
    const MgSettings *options = call != NULL ? call->options : NULL;
    const MgSetting *file = find_row(options, "FILE");
    Command *command = g_new0(Command, 1);
    command->base.kind = &mg_message_command;
    command->text = g_string_new(NULL);
    if (call == NULL || call->n_words != 1 || file == NULL) {
        command->complaint = N_("one message is wanted; see --help");
        command->result = EXIT_USAGE;
        return &command->base;
    }
    g_autoptr(GBytes) bytes = g_bytes_new_static(file->value, file->len);
    g_autoptr(MgMessage) message = mg_message_parse(bytes);
    const char *section = mg_settings_get(options, "part", NULL);
    if (section != NULL) {
        print_part(command, message, section);
    } else if (call->json) {
        mg_message_add_json(message, command->text);
        g_string_append_c(command->text, '\n');
    } else {
        mg_message_add_report(message, command->text);
    }
    return &command->base;
}

static void free_command(MgEngine *engine)
{
    Command *command = (Command *)engine;
    g_string_free(command->text, TRUE);
    g_free(command);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Command *command = (Command *)engine;
    *event = (MgEvent){.kind = MG_EVENT_DELIVER};
    switch (command->step++) {
    case 0:
        command->said = (MgSpan){(const uint8_t *)command->text->str, command->text->len};
        event->deliver.type = command->complaint != NULL ? MG_DELIVER_COMPLAINT : MG_DELIVER_TEXT;
        event->deliver.item =
            command->complaint != NULL ? (const void *)command->complaint : &command->said;
        return true;
    case 1:
        event->deliver.type = MG_DELIVER_EXIT;
        event->deliver.item = &command->result;
        return true;
    case 2:
        event->kind = MG_EVENT_CLOSE;
        return true;
    default:
        command->step--;
        return false;
    }
}

static const MgCommandOption options[] = {
    {"part", "SECTION", N_("Prints the octets of one part alone, decoded: \"2\", \"3.1\""), NULL,
     false},
    {0},
};

static const MgCommandRow row = {
    .name = "message parse",
    .usage = "FILE",
    .summary = N_("takes a message apart: fields, addresses, parts, texts"),
    .about = N_("Fields are decoded, each part is listed with the octets where it lies, and texts "
                "are shown as UTF-8. Whatever is in the file, something is shown; what is wrong "
                "with it comes last.\n\nExample:\n  mailglass message parse letter.eml\n  "
                "mailglass message parse letter.eml --part 2 > picture.png"),
    .options = options,
};

const MgEngineKind mg_message_command = {
    .name = "message.command",
    .summary = N_("Takes a message apart"),
    .transport = MG_TRANSPORT_NONE,
    .command = &row,
    .create = create,
    .free = free_command,
    .next = next,
};
