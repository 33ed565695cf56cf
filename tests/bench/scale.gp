# SPDX-License-Identifier: GPL-2.0-or-later
# usage: gnuplot -e "data='DATA'; image='IMAGE.png'" scale.gp
# Plots what scale.py wrote.
set terminal pngcairo size 900,640 font 'sans,10'
set output image
set multiplot layout 2,2
set logscale x
set format x '%.0s%c'
set xrange [4000:1300000]
set grid
set key top left
set title 'Mounting'
set logscale y
set ylabel 'seconds'
plot data using 1:2 with linespoints pt 7 title 'until the mount is there', \
     data using 1:($1/500000.0) with lines dt 2 title '1 s per 500,000 tags'
unset logscale y
set title 'Memory'
set ylabel 'bytes per tag'
set yrange [0:1000]
set key top right
plot data using 1:3 with linespoints pt 7 title 'at rest', \
     data using 1:4 with linespoints pt 7 title 'after ls all', \
     data using 1:5 with linespoints pt 7 title 'when the kernel has forgotten', \
     300 with lines dt 2 title '300'
set title 'One tag, one file'
set ylabel 'microseconds'
set xlabel 'tags'
set yrange [0:100]
plot data using 1:6 with linespoints pt 7 title 'lookup of a tag', \
     data using 1:7 with linespoints pt 7 title 'open, read, close of a tag', \
     data using 1:8 with linespoints pt 7 title 'listing of a source file'
set title 'ls all'
set ylabel 'microseconds per entry'
set yrange [0:4]
plot data using 1:9 with linespoints pt 7 title ''
unset multiplot
