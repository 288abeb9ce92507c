/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-names.h - values that have a name: types, classes, codes */
#pragma once

#include <mailglass/dissect.h>

G_BEGIN_DECLS

extern const MgName mg_dns_type_names[];
extern const MgName mg_dns_class_names[];
extern const MgName mg_dns_rcode_names[];
extern const MgName mg_dns_opcode_names[];
extern const MgName mg_dns_response_names[];
extern const MgName mg_dns_option_names[];
extern const MgName mg_dns_algorithm_names[];
extern const MgName mg_dns_digest_names[];

/* (nullable) what a question for this type asks, and what its answer says, in a speaker's words. */
const char *mg_dns_type_asks(uint16_t type);
const char *mg_dns_type_tells(uint16_t type);

G_END_DECLS
