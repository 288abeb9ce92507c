#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# xrun.sh COMMAND… : with a private display, session bus and folders. SCREEN=1280x800x24, NODBUS=1, KEEP=1.
set -e
folder=$(mktemp -d)
export HOME=$folder XDG_RUNTIME_DIR=$folder/run XDG_CONFIG_HOME=$folder/config XDG_CACHE_HOME=$folder/cache
export XDG_DATA_HOME=$folder/data XDG_STATE_HOME=$folder/state GSETTINGS_BACKEND=memory ADW_DISABLE_PORTAL=1
unset MAILGLASS_PROGRESS MAILGLASS_LESSON_PATH # whoever has set them for themselves
export GSK_RENDERER=${GSK_RENDERER:-cairo} GTK_A11Y=${GTK_A11Y:-atspi}
mkdir -p -m 700 "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/gtk-4.0" "$XDG_CACHE_HOME" "$XDG_DATA_HOME" "$XDG_STATE_HOME"
printf '[Settings]\ngtk-enable-animations=0\ngtk-cursor-blink=0\n' >"$XDG_CONFIG_HOME/gtk-4.0/settings.ini"
: >"$folder/display"
exec 6<>"$folder/display"
# -noreset: or the server begins anew when the first client leaves, and the next one does not find it.
Xvfb -displayfd 6 -screen 0 "${SCREEN:-1280x800x24}" -noreset -nolisten tcp >/dev/null 2>"$folder/xvfb.log" &
server=$!
trap 'kill "$server" 2>/dev/null' EXIT # also when it is stopped itself
for _ in $(seq 200); do
    display=$(head -1 "$folder/display")
    [ -n "$display" ] && break
    sleep 0.05
done
export DISPLAY=:$display
unset WAYLAND_DISPLAY
set +e
if [ -n "${NODBUS:-}" ]; then
    "$@"
else
    # What services of the session say is not what the command says.
    dbus-run-session -- sh -c '"$@" >&3 3>&-' sh "$@" 3>&1 >&2
fi
status=$?
kill "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ -n "${KEEP:-}" ] || rm -rf "$folder"
exit $status
