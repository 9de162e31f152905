#!/bin/sh
# Makes the media the browser tests drop on the page, and what the glass must show for them.
#   make.sh OUT_DIR
# In OUT_DIR: dance.gif, glide.mp4, portrait.jpg (turned by EXIF), and for each NAME.rgb (raw RGB24 frames of
# 320x240, cover-cropped) and NAME.json (frame_count, durations_us).
# All pictures are smooth on purpose: two good scalers then agree within a few levels.
set -eu

out=${1:?usage: make.sh OUT_DIR}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ff() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }

# What the page does, said by ffmpeg: scale to cover, keep the middle.
cover='scale=320:240:force_original_aspect_ratio=increase:flags=area+accurate_rnd+full_chroma_int,crop=320:240'
cover_small='scale=320:240:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd,crop=320:240'

# --- Film: H.264, 25 pictures a second, colours tagged so that nobody has to guess the matrix.
hue="r='128+100*sin(X/190+N/9)':g='128+100*sin(Y/150-N/13)':b='128+100*sin((X+Y)/260+N/17)'"
ff -f lavfi -i "color=black:size=960x540:rate=25:duration=3,format=gbrp,geq=$hue" \
  -vf 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p' \
  -c:v libx264 -preset fast -crf 10 -bf 2 -g 25 \
  -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv -movflags +faststart "$out/glide.mp4"
ff -i "$out/glide.mp4" -vf "$cover" -f rawvideo -pix_fmt rgb24 "$out/glide.rgb"
awk 'BEGIN { printf "{\"frame_count\":75,\"durations_us\":[";
  for (i = 0; i < 75; i++) printf "%s40000", i ? "," : ""; print "]}" }' > "$out/glide.json"

# --- Animation: built by hand from ffmpeg's pictures, because ffmpeg alone neither varies delays nor uses every
# disposal. See animate.py.
python3 "$(dirname "$0")/animate.py" "$out/dance.gif" "$out/dance.json" "$work/dance.raw"
ff -f rawvideo -pix_fmt rgb24 -s 400x300 -r 25 -i "$work/dance.raw" -vf "$cover_small" \
  -f rawvideo -pix_fmt rgb24 "$out/dance.rgb"

# --- Photograph: lies on its side in the file, EXIF orientation 6 stands it up.
ff -f lavfi -i "color=black:size=1200x1600,format=gbrp,geq=r='255*Y/1600':g='128+90*sin(X/300)':b='255-255*X/1200'" \
  -frames:v 1 "$work/upright.png"
ff -i "$work/upright.png" -vf 'transpose=cclock,scale=out_color_matrix=bt601:out_range=pc,format=yuvj444p' \
  -q:v 2 "$work/side.jpg"
python3 - "$work/side.jpg" "$out/portrait.jpg" <<'PY'
import struct, sys
jpeg = open(sys.argv[1], 'rb').read()
exif = b'Exif\0\0MM\0*' + struct.pack('>IHHHIHHI', 8, 1, 0x0112, 3, 1, 6, 0, 0)
open(sys.argv[2], 'wb').write(jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + jpeg[2:])
PY
ff -i "$work/side.jpg" -vf "transpose=clock,$cover" -f rawvideo -pix_fmt rgb24 "$out/portrait.rgb"
echo '{"frame_count":1,"durations_us":[]}' > "$out/portrait.json"
