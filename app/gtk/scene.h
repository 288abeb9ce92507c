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
    double progress;   /* of the token at the position, 0 to 1 */
    MgHostId selected; /* 0 none */
} MgScene;

#define MG_SCENE_CARD_WIDTH  116
#define MG_SCENE_CARD_HEIGHT 74

/* For this session, size and `large`; the scene's own geometry is not looked at. */
MgGeometry *mg_geometry_new(const MgScene *scene);
void mg_geometry_free(MgGeometry *geometry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgGeometry, mg_geometry_free)
/* Where each host's card lies: by host id - 1; `n` (nullable out) how many there are. */
const graphene_rect_t *mg_geometry_cards(const MgGeometry *geometry, size_t *n);

/* (transfer full) "session: greeted", "inbox 2"; "" when there is nothing to say. */
char *mg_scene_host_line(MgSession *session, MgHostId host);

/* The region of the Domain Name System is called DNS in a network's file. */
gboolean mg_scene_is_names(const char *region);
/* Which drawing of icons.h stands for it. */
const char *mg_scene_icon(const MgTraceHost *host);

/* Its name without what its region's title says; valid until the next call. */
const char *mg_scene_short_name(const MgTraceHost *host);
/* The side of the icon on a card of this size. */
double mg_scene_icon_size(const graphene_rect_t *card);

/* (nullable) (transfer full) Ground, regions, links: what changes only with size and theme. */
GskRenderNode *mg_scene_still(const MgScene *scene);
/* (nullable) (transfer full) Token, bubble, what is lit; and the cards where they are asked for. */
GskRenderNode *mg_scene_moving(const MgScene *scene);
/* (transfer full) All of it. */
GskRenderNode *mg_scene_map(const MgScene *scene);

G_END_DECLS
