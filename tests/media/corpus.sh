#!/bin/sh
# Makes the moving pictures the panel's benchmark is about: made here from nothing, so that anybody gets the same ones.
#   corpus.sh OUT_DIR
# In OUT_DIR: NAME.rgb (raw RGB24 frames of 320x240) and NAME.us (microseconds a frame is shown) for each NAME:
#   gif_*  as animated GIFs are: a palette of 256 colours or fewer, dithered, 12 to 20 pictures a second
#   vid_*  as films are: sensor noise, then through H.264 at its usual quality
#   syn_*  test pictures with sharp edges
set -eu

out=${1:?usage: corpus.sh OUT_DIR}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ff() { ffmpeg -hide_banner -loglevel error -nostdin -y "$@"; }

raw() { # name, microseconds a frame, input and filters
  name=$1 us=$2
  shift 2
  ff "$@" -f rawvideo -pix_fmt rgb24 "$out/$name.rgb"
  echo "$us" > "$out/$name.us"
}

gif() { # name, pictures a second, how to dither, input
  name=$1 rate=$2 dither=$3
  shift 3
  ff "$@" -lavfi "scale=320:240:flags=area,fps=$rate,split[a][b];[a]palettegen=stats_mode=diff[p];[b][p]paletteuse=dither=$dither" \
    "$work/$name.gif"
  raw "$name" $((1000000 / rate)) -ignore_loop 1 -i "$work/$name.gif"
}

film() { # name, pictures a second, source of 960x720
  ff -f lavfi -i "$3,format=yuv420p" -r "$2" -c:v libx264 -preset medium -crf 23 -g 48 "$work/$1.mp4"
}

small() { # name of a film, microseconds a frame
  raw "$1" "$2" -i "$work/$1.mp4" -vf scale=320:240:flags=area
}

# A ball that bounces in front of stripes, drawn with few colours.
ball="hypot(X-160-110*sin(N/9),Y-190+130*abs(sin(N/6)))"
gif gif_ball 20 none -f lavfi -i "color=black:size=320x240:rate=20,format=gbrp,geq=\
r='if(lt($ball,34),240,if(lt(Y,190),90,40))':\
g='if(lt($ball,34),80+80*lt(hypot(X-150-110*sin(N/9),Y-200+130*abs(sin(N/6))),12),if(lt(Y,190),170,120))':\
b='if(lt($ball,34),60,if(lt(Y,190),230-40*lt(mod(X,40),20),50))',trim=end_frame=48"
# A slow flight, every pixel moving, dithered by error diffusion as most encoders do.
gif gif_flight 15 sierra2_4a -f lavfi -i "mandelbrot=size=960x720:rate=15:start_scale=1.2:end_scale=0.25:end_pts=60:inner=mincol,\
trim=end_frame=48"
still="mandelbrot=size=960x720:rate=10:start_scale=0.6:end_scale=0.6:end_pts=100,trim=end_frame=1,loop=loop=-1:size=1"
# A scene from a film, which is what most GIFs are: things move before a ground that only the noise changes.
film scene 12 "$still,setpts=N/12/TB[scene];color=0x804020:size=270x360:rate=12[near];\
color=0xD0C080:size=90x90:rate=12[far];[scene][near]overlay=x='180+9*n':y='270+24*sin(n/2)'[both];\
[both][far]overlay=x='840-15*n':y=90,trim=end_frame=48,noise=alls=4:allf=t"
gif gif_scene 12 sierra2_4a -i "$work/scene.mp4"

# The strength of the noise is chosen so that no less changes than in films from real cameras: of OpenCV's vtest.avi 35 % of
# the bytes go over a wire with cheap windows, of an animated feature 52 %.
# A camera on a shelf: nothing moves but a small thing and the sensor's noise.
film vid_static 10 "$still,setpts=N/10/TB[scene];color=0x804020:size=72x120:rate=10[thing];\
[scene][thing]overlay=x='60+12*n':y='450+18*sin(n/3)',trim=end_frame=72,noise=alls=4:allf=t"
small vid_static 100000
# A camera that pans and zooms over a landscape, with film grain.
film vid_movie 24 "mandelbrot=size=1920x1440:rate=24:start_scale=0.9:end_scale=0.9:end_pts=100,trim=end_frame=1,\
zoompan=z='1.6+0.25*sin(on/20)':x='200+2*on':y='150+on':d=72:s=960x720:fps=24,noise=alls=3:allf=t"
small vid_movie 41667

# The game of life, each cell large enough to be seen.
raw syn_life 100000 -f lavfi -i "life=size=160x120:rate=10:seed=11:ratio=0.4,scale=320:240:flags=neighbor" -frames:v 60
raw syn_test 40000 -f lavfi -i "testsrc2=size=320x240:rate=25" -frames:v 60
