/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-proof.c - a lesson is played before it is believed: what is true before, what the solution
 * does not reach, what does nothing; and each check says yes and no where it should */
#include "lesson-test.h"

#define SEND      "```solution\n" TO_BOB "\n```\n"
#define TALK      "alice talk smtp://mx.example.net"
#define DO(line)  "```solution\n" line "\n```\n"
#define SEE(line) "```check\n" line "\n```\n"
#define MAIL_SEEN "saw smtp.req.command where smtp.req.command == \"MAIL\""
#define ONE       "mailbox bob@example.net has count == 1"

/* A step's own check is in its line 7, its solution in line 10 where the check has one line. */
static const Mistake proofs[] = {
    {"sound", STEP("a") HAS_MAIL SEND STEP("b") "```try\n" TALK "\nalice> QUIT\n```\n", 0, NULL},
    /* before */
    {"true-before",
     STEP("a") HAS_MAIL SEND STEP("b") SEE("mailbox bob@example.net has count >= 1") SEND, 18,
     "is true before anything was done"},
    {"true-before-run", STEP("a") "```run\ndo: " TO_BOB "\n```\n" SEE(ONE) SEND, 10,
     "is true before anything was done"},
    {"true-state", STEP("a") SEE("state mx.example.net.smtp.server != data") SEND, 7,
     "is true before anything was done"},
    {"only-never", STEP("a") SEE("never smtp where smtp.response.code == 599") SEND, 7,
     "only say what must not happen"},
    /* after */
    {"solution-fails", STEP("a") SEE("mailbox bob@example.net has count == 2") SEND, 7,
     "still fails after the solution"},
    {"solution-fails-first",
     STEP("a") SEE("mailbox bob@example.net has count == 2") SEND STEP("b")
         SEE("mailbox bob@example.net has count == 7") SEND,
     7, "still fails after the solution"}, /* what comes after it is not judged */
    {"never-violated", STEP("a") SEE(ONE "\nnever smtp where smtp.req.command == \"MAIL\"") SEND, 8,
     "still fails"},
    {"too-late", STEP("a") SEE(ONE "\nwithin 20ms") SEND, 8, "not done within 0.020 s"},
    {"wrong-order",
     STEP("a") SEE("saw smtp.req.command where smtp.req.command == \"QUIT\"\n"
                   "then saw smtp.req.command where smtp.req.command == \"EHLO\" and "
                   "mailglass.from == \"alice\"") SEND,
     8, "Not seen after that"},
    {"own-words",
     STEP("a") SEE("mailbox bob@example.net has count == 2\n    en: Send two.\n"
                   "    ko: 두 통.") SEND,
     7, "Send two."},
    {"no-console", STEP("a") HAS_MAIL DO("alice> QUIT") STEP("b") HAS_MAIL SEND, 10,
     "this line of the solution cannot be done"},
    {"weather-unknown", STEP("a") HAS_MAIL DO("!link alice bob cut"), 10, "cannot be done"},
    {"weather-form", STEP("a") HAS_MAIL DO("!link alice mta.example.com cutt"), 10, "is none of"},
    /* run */
    {"until-never", STEP("a") "```run\ndo: " TO_BOB "\nuntil: smtp.response.code == 599\n```\n", 8,
     "nothing matches \"until\""},
    {"run-console", STEP("a") "```run\ndo: alice> QUIT\n```\n", 7, "no open console"},
    {"run-twice",
     STEP("a") "```run\ndo: " TALK "\ndo: alice> QUIT\nuntil: smtp.response.code == 221\n"
               "```\n",
     0, NULL},
    {"run-until",
     STEP("a") "```run\ndo: " TO_BOB "\nuntil: smtp.req.command == \"RCPT\"\n```\n" SEE(ONE)
         DO("wait 1min"),
     0, NULL},
    /* buttons and answers */
    {"try-alone", STEP("a") "```try\nalice> QUIT\n" TALK "\n```\n", 7,
     "this button does nothing here"},
    {"try-after", STEP("a") "```try\n" TALK "\nalice> QUIT\nalice> QUIT\n```\n", 9,
     "this button does nothing here"},
    {"try-beside", /* each works where it stands, not all in a row */
     STEP("a") SEE("saw smtp.response.code where smtp.response.code == 220") DO(TALK)
         STEP("b") "```try\nalice> QUIT\nalice> NOOP\nalice hang up\n```\n",
     0, NULL},
    {"since", /* what proved a step proves no other */
     STEP("a") SEE(MAIL_SEEN " and mailglass.from == \"alice\"") SEND STEP("b")
         SEE(MAIL_SEEN " and mailglass.from == \"alice\"") SEND,
     0, NULL},
    {"wrong-answer", STEP("a") QUIZ(RIGHT WRONG "    do: alice> QUIT\n"), 12,
     "this answer cannot be run"},
    {"right-answer", STEP("a") QUIZ(RIGHT "    do: alice> QUIT\n" WRONG), 9,
     "this answer cannot be run"},
    {"answers-run",
     STEP("a") QUIZ(RIGHT "    do: " TALK "\n" WRONG "    do: " TALK "\n    do: alice> QUIT\n"), 0,
     NULL},
    {"predicted",
     STEP("a") "```run\ndo: " TO_BOB "\nuntil: smtp.req.command == \"EHLO\"\npredict: yes\n"
               "```\n" QUIZ(RIGHT WRONG) SEE("mailbox bob@example.net has count == 2") SEND,
     0, NULL},
    /* each check where it holds */
    {"then",
     STEP("a") SEE("saw smtp.req.command where smtp.req.command == \"EHLO\"\n"
                   "then saw smtp.req.command where smtp.req.command == \"QUIT\"\nwithin 5s") SEND,
     0, NULL},
    {"count",
     STEP("a") SEE("count smtp.req.command where smtp.req.command == \"QUIT\" == 3\n"
                   "count smtp.req.command where smtp.req.command == \"QUIT\" >= 3\n"
                   "count smtp.req.command where smtp.req.command == \"QUIT\" > 2") SEND,
     0, NULL},
    {"count-over",
     STEP("a") SEE("count smtp.req.command where smtp.req.command == \"QUIT\" > 3") SEND, 7,
     "Seen 3 times, and 3 was asked for"},
    {"never",
     STEP("a") SEE(MAIL_SEEN "\nnever smtp where smtp.response.code == 599\n"
                             "never note smtp.bare-lf") SEND,
     0, NULL},
    {"never-note",
     STEP("a") SEE("saw mailglass.rule where mailglass.rule == \"console.no-connection\"\n"
                   "never note console.no-connection") DO("alice talk smtp://mx.example.net:2525"),
     8, "should not have happened"},
    {"state",
     STEP("a") SEE("state mx.example.net.smtp.server == mail\nstate "
                   "mx.example.net.smtp.server != data")
         DO(TALK "\nalice> EHLO a\nalice> MAIL FROM:<alice@example.com>"),
     8, "is true before"},
    {"state-is",
     STEP("a") SEE("state mx.example.net.smtp.server == mail")
         DO(TALK "\nalice> EHLO a\nalice> MAIL FROM:<alice@example.com>"),
     0, NULL},
    {"mailbox",
     STEP("a") SEE("mailbox bob@example.net has imf.subject contains Hello\n"
                   "mailbox BOB@example.net has imf.from contains \"alice@example.com\"\n"
                   "mailbox bob@example.net has imf.message_id != \"\"\n"
                   "mailbox bob@example.net has size > 100\n"
                   "mailbox bob@example.net has size < 100000") SEND,
     0, NULL},
    {"mailbox-other", STEP("a") SEE("mailbox bob@example.net has imf.subject == Hell") SEND, 7,
     "no message whose imf.subject fits"},
    {"mailbox-size", STEP("a") SEE("mailbox bob@example.net has size > 100000") SEND, 7,
     "no message whose size fits"},
};

int main(int argc, char **argv)
{
    lesson_test_begin(&argc, &argv);
    lesson_test_add("/proof", proofs, G_N_ELEMENTS(proofs));
    return lesson_test_run();
}
