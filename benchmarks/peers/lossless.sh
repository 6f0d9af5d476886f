#!/bin/bash
# Runs ffmpeg with x264 made lossless, so that a rendering gives the very frames that its encoder
# was given. REAL_FFMPEG names the program.
arguments=()
while (($#)); do
    case "$1" in
        -crf) arguments+=(-qp 0) && shift ;;
        -preset) arguments+=(-preset ultrafast) && shift ;;
        -profile:v) shift ;;
        *) arguments+=("$1") ;;
    esac
    shift
done
exec "$REAL_FFMPEG" "${arguments[@]}"
