/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-builder.c - answers letter.build (topics.h): what somebody wrote becomes a message */
#include "message.h"

#include <mailglass/topics.h>

typedef struct {
    MgEngine base;
    GString *text; /* (nullable) */
    MgLetterAnswer answer;
    unsigned step;
} Builder;

/* (nullable) N_(): what is wrong. */
static const char *judge(const MgLetterQuestion *question)
{
    if (question == NULL || question->from == NULL || question->n_to == 0)
        return N_("a letter has a sender and a recipient");
    if (!g_utf8_validate(question->subject, -1, NULL) || !g_utf8_validate(question->text, -1, NULL))
        return N_("the subject or the text is not UTF-8");
    for (size_t i = 0; i < question->n_files; i++)
        if (question->files[i].file_name != NULL &&
            !g_utf8_validate(question->files[i].file_name, -1, NULL))
            return N_("the name of a file is not UTF-8");
    return NULL;
}

static GString *build(const MgLetterQuestion *question)
{
    const MgMessagePerson from = {NULL, question->from};
    g_autofree MgMessagePerson *to = g_new0(MgMessagePerson, question->n_to);
    g_autofree MgMessageAttachment *files = g_new0(MgMessageAttachment, question->n_files + 1);
    for (size_t i = 0; i < question->n_to; i++)
        to[i].address = question->to[i];
    for (size_t i = 0; i < question->n_files; i++) {
        const MgLetterFile *file = &question->files[i];
        files[i] = (MgMessageAttachment){
            .file_name = file->file_name, .type = file->type, .data = file->data};
    }
    const MgMessageDraft draft = {
        .from = &from,
        .n_from = 1,
        .to = to,
        .n_to = question->n_to,
        .subject = question->subject,
        .text = question->text,
        .date = question->date,
        .attachments = files,
        .n_attachments = question->n_files,
        .seed = question->seed,
    };
    return mg_message_build(&draft);
}

static MgEngine *create(const MgBirth *birth)
{
    Builder *builder = g_new0(Builder, 1);
    builder->base.kind = &mg_message_builder;
    builder->answer.error = judge(birth->question);
    if (builder->answer.error == NULL) {
        builder->text = build(birth->question);
        builder->answer.data = (MgSpan){(const uint8_t *)builder->text->str, builder->text->len};
    }
    return &builder->base;
}

static void free_builder(MgEngine *engine)
{
    Builder *builder = (Builder *)engine;
    if (builder->text != NULL)
        g_string_free(builder->text, TRUE);
    g_free(builder);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Builder *builder = (Builder *)engine;
    if (builder->step >= 2)
        return false;
    *event = (MgEvent){.kind = MG_EVENT_CLOSE};
    if (builder->step++ == 0) {
        event->kind = MG_EVENT_DELIVER;
        event->deliver.type = MG_TOPIC_LETTER;
        event->deliver.item = &builder->answer;
    }
    return true;
}

const MgEngineKind mg_message_builder = {
    .name = "message.builder",
    .summary = N_("Makes a message of what somebody wrote"),
    .transport = MG_TRANSPORT_NONE,
    .topic = MG_TOPIC_LETTER,
    .create = create,
    .free = free_builder,
    .next = next,
};
