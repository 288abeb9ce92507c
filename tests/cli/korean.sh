#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# korean.sh SOURCE - every text of the commands, networks and lessons has its Korean. Prints TAP.
cd "$1" || exit 2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
number=0 status=0
for folder in app/cli app/network app/core app/lesson; do
    number=$((number + 1))
    xgettext --from-code=UTF-8 -k_ -kN_ -kngettext:1,2 -o "$scratch/all.pot" "$folder"/*.c "$folder"/*.h
    msgcat --use-first app/cli/ko.po app/network/ko.po app/real/ko.po app/core/ko.po app/lesson/ko.po plugins/*/ko.po -o "$scratch/ko.po"
    msgmerge --quiet --no-fuzzy-matching "$scratch/ko.po" "$scratch/all.pot" -o "$scratch/merged.po"
    missing=$(msgattrib --untranslated --no-obsolete "$scratch/merged.po" | grep -v '^$' | grep -A 5 '^#:')
    texts=$(grep -c '^msgid ' "$scratch/all.pot")
    if [ -z "$missing" ] && [ "$texts" -gt 10 ] && msgfmt --check-format -o /dev/null "$scratch/merged.po"; then
        echo "ok $number - $folder speaks Korean"
    else
        echo "not ok $number - $folder speaks Korean"
        echo "$missing" | sed 's/^/# /'
        status=1
    fi
done
echo "1..$number"
exit $status
