#!/bin/sh
# Draws poster.png, beside this script: prison bars, one of which is a pencil.
# Needs ImageMagick's convert and the DejaVu fonts (imagemagick, fonts-dejavu-core).
# The result is checked in, so nobody has to run this; change it here, not in a paint program.
set -eu
cd "$(dirname "$0")"

bold=DejaVu-Sans-Condensed-Bold
plain=DejaVu-Sans-Condensed
night='#14213d' steel='#8d99ae' paper='#f8f4e9' pencil='#f4a300' wood='#e9c896' lead='#2b2d42' pink='#d98880' amber='#d98e00' silver='#c3c9d4'

# Six bars at equal distances from frame to frame; the fourth is the pencil.
bars=
for x in 191 323 454 717 849; do
    bars="$bars rectangle $x,90 $((x + 40)),700"
done

convert -size 1080x1350 "xc:$night" \
    -fill "$paper" -draw 'rectangle 80,90 1000,700' \
    -fill "$steel" -draw "$bars" \
    -fill none -stroke "$steel" -strokewidth 18 -draw 'rectangle 80,90 1000,700' -stroke none \
    -fill "$pink" -draw 'roundrectangle 576,46 636,130 14,14' \
    -fill "$silver" -draw 'rectangle 576,99 636,140' \
    -fill "$pencil" -draw 'rectangle 576,140 636,594' \
    -fill "$amber" -draw 'rectangle 596,140 616,594' \
    -fill "$wood" -draw 'polygon 576,594 636,594 606,690' \
    -fill "$lead" -draw 'polygon 595,655 617,655 606,690' \
    -gravity North -fill "$paper" -font "$bold" \
    -pointsize 132 -annotate +0+770 'Free Assange' \
    -annotate +0+905 'Now!' \
    -fill "$pencil" -pointsize 62 -annotate +0+1088 '25 February 2022' \
    -fill "$paper" -font "$plain" -pointsize 46 -annotate +0+1178 '#FreeAssangeNOW' \
    -pointsize 36 -annotate +0+1258 'No to extradition!' \
    -depth 8 +dither -colors 64 -strip -define png:exclude-chunks=date,time,tEXt \
    -define png:compression-level=9 PNG8:poster.png
