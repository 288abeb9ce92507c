/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scene.h - the map as a picture: from a session to a render node, without a display
 *
 * Plain functions of what they are given; nothing is kept. */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

/* Where everything lies at one size: made once, used for every frame. */
typedef struct MgGeometry MgGeometry;

typedef struct {
    MgSession *session;
    MgGeometry *geometry; /* from mg_geometry_new() of this scene */
    double width, height;
    gboolean dark, large;
    gboolean cards;    /* paint the hosts' cards too; a map view has widgets for them */
    double progress;   /* of the token at the position, 0 to 1; or MG_SCENE_REST */
    MgHostId selected; /* 0 none */
    const char *font;  /* (nullable) family of words; the system's sans without it */
    double zoom;       /* of words, as the desktop wants them; 0 is 1 */
    double pulse;      /* of what glows, 0 to 1; 0 is calm */
} MgScene;

#define MG_SCENE_REST (-1.0) /* it stands where it is seen best */

/* For this session, size, `large`, font and zoom; the scene's own geometry is not looked at. */
MgGeometry *mg_geometry_new(const MgScene *scene);
void mg_geometry_free(MgGeometry *geometry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgGeometry, mg_geometry_free)
/* Where each host's card lies: by host id - 1; `n` (nullable out) how many there are. */
const graphene_rect_t *mg_geometry_cards(const MgGeometry *geometry, size_t *n);

/* (transfer full) What a host says of itself at the position: "Session: greeted",
 * "deferred · Next try +15 min", "bob: 2 messages", "mail program". */
char *mg_scene_host_line(MgSession *session, MgHostId id);
/* The region of the Domain Name System is called DNS in a network's file. */
gboolean mg_scene_is_names(const char *region);
/* The host says or hears what is at the position. */
gboolean mg_scene_is_active(MgSession *session, MgHostId host);
/* It travels between two hosts. */
gboolean mg_scene_travels(const MgRecord *record);
/* The token or its bubble is under this point. */
gboolean mg_scene_hits_token(const MgScene *scene, double x, double y);

/* A link is under this point: between these hosts, from 0. */
gboolean mg_scene_hits_link(const MgScene *scene, double x, double y, size_t *a, size_t *b);

/* (nullable) (transfer full) Ground, regions, links: what changes only with size and theme. */
GskRenderNode *mg_scene_still(const MgScene *scene);
/* (nullable) (transfer full) Token, bubble, what is lit; and the cards where they are asked for. */
GskRenderNode *mg_scene_moving(const MgScene *scene);
/* (transfer full) One host's card, from 0, 0; `line` is mg_scene_host_line(). */
GskRenderNode *mg_scene_card(const MgScene *scene, MgHostId id, const char *line, gboolean hovered);
/* (transfer full) All of it. */
GskRenderNode *mg_scene_map(const MgScene *scene);

G_END_DECLS
