"""Makes the image fixtures that the tests cannot make themselves. Needs Pillow (made with 9.4.0): python3 make_fixtures.py"""
import os
import subprocess

from PIL import Image

RED, GREEN, BLUE = (200, 30, 60), (30, 200, 60), (30, 60, 200)

# Pillow inverts CMYK on saving, with an Adobe marker, as Photoshop does. R = (255 - C)(255 - K) / 255 gives (202, 42, 71).
Image.new("CMYK", (48, 40), (40, 210, 180, 15)).save("cmyk.jpg", quality=95)

gradient = Image.new("RGB", (96, 64))
gradient.putdata([(x * 2, y * 3, (x + y) % 256) for y in range(64) for x in range(96)])
gradient.save("progressive.jpg", quality=90, progressive=True)

frames = [Image.new("RGB", (32, 24), colour) for colour in (RED, GREEN, BLUE)]
frames[0].save("animated.gif", save_all=True, append_images=frames[1:], duration=100, loop=0)
frames[0].save("animated.webp", save_all=True, append_images=frames[1:], duration=100, loop=0, lossless=True)

# A palette with one transparent entry: the left half red, the right half transparent.
palette = Image.new("P", (32, 24), 1)
palette.putpalette([*RED, 0, 0, 0])
palette.paste(0, (0, 0, 16, 24))
palette.save("palette-transparent.png", transparency=1)

Image.new("LA", (20, 20), (100, 128)).save("grey-alpha.png")
Image.new("RGB", (20, 20), RED).save("still.bmp")
Image.new("RGB", (20, 20), RED).save("still.tiff")

# JPEG files of every way in which coded data are laid out, of a picture that leaves no block empty. Needs jpegtran (libjpeg-turbo, made with 2.1.5).
state = 7
def noise():
    global state
    state = (state * 1103515245 + 12345) % 2**31
    return state >> 23
busy = Image.new("RGB", (43, 29))
busy.putdata([(noise(), (x * 5 + noise() // 4) % 256, (y * 8) % 256) for y in range(29) for x in range(43)])
with open("scans.txt", "w") as script:
    script.write("0;\n1;\n2;\n")
for name, sampling, options in [
    ("plain", 0, []), ("half-chroma", 2, []), ("grey", 0, ["-grayscale"]), ("restarts", 2, ["-restart", "1"]), ("block-restarts", 0, ["-restart", "3B"]),
    ("apart", 2, ["-scans", "scans.txt"]), ("apart-restarts", 1, ["-scans", "scans.txt", "-restart", "1"]), ("optimal", 1, ["-optimize"]),
    ("progressive", 2, ["-progressive"]), ("progressive-restarts", 1, ["-progressive", "-restart", "1"]), ("progressive-grey", 0, ["-progressive", "-grayscale"]),
]:
    busy.save("busy.ppm.jpg", quality=80, subsampling=sampling)
    subprocess.run(["jpegtran", "-copy", "none", *options, "-outfile", f"busy-{name}.jpg", "busy.ppm.jpg"], check=True)
for leftover in ("busy.ppm.jpg", "scans.txt"):
    os.remove(leftover)
busy.convert("CMYK").save("busy-cmyk-progressive.jpg", quality=80, progressive=True)
