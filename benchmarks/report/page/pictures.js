// Inputs as images: how to read them as such, and a canvas of one.
"use strict";

const element = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });
const blend = (from, to, part) => from.map((v, k) => Math.round(v + (to[k] - v) * part));
function rgbOf(name) {
  const hex = shade(name).replace("#", "");
  return [0, 2, 4].map((k) => parseInt(hex.slice(k, k + 2), 16));
}

// Ways to read the inputs as channels of rows of columns: [text, channels, height, width, index of (c, y, x)].
function layoutsOf(size, shapes) {
  const ways = [];
  const planar = (c, h, w) => ways.push([`${h} x ${w}` + (c > 1 ? `, ${c} channels first` : ""), c, h, w, (k, y, x) => (k * h + y) * w + x]);
  const last = (c, h, w) => ways.push([`${h} x ${w}, ${c} channels last`, c, h, w, (k, y, x) => (y * w + x) * c + k]);
  const shape = shapes.length === 1 ? shapes[0].filter((d, k) => k > 0 || d > 1) : [];
  const dims = shape.length === 4 ? shape.slice(1) : shape;
  if (dims.length === 3 && dims[0] * dims[1] * dims[2] === size) {
    if ((dims[0] === 1 || dims[0] === 3) && Math.min(dims[1], dims[2]) > 2) planar(dims[0], dims[1], dims[2]);
    else if ((dims[2] === 1 || dims[2] === 3) && Math.min(dims[0], dims[1]) > 2) last(dims[2], dims[0], dims[1]);
  }
  if (ways.length === 0 && dims.length === 2 && Math.min(...dims) > 4 && dims[0] * dims[1] === size) planar(1, dims[0], dims[1]);
  for (const channels of [1, 3]) {
    const side = Math.round(Math.sqrt(size / channels));
    if (ways.length === 0 && side >= 5 && side * side * channels === size) {
      planar(channels, side, side);
      if (channels > 1) last(channels, side, side);
    }
  }
  return ways;
}

function picture(title, layout, values, [low, high], signed) {
  const [, channels, height, width, index] = layout, canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d"), image = context.createImageData(width, height);
  const grey = [128, 128, 128], up = rgbOf("bad"), down = rgbOf("e0");
  for (let y = 0; y < height; ++y) for (let x = 0; x < width; ++x) {
    const values3 = [0, 1, 2].map((k) => values[index(Math.min(k, channels - 1), y, x)]);
    let rgb = values3.map((v) => 255 * (v - low) / (high - low || 1));
    if (signed && channels === 1) rgb = blend(grey, values3[0] > 0 ? up : down, Math.abs(values3[0]) / (high || 1));
    image.data.set([...rgb, 255], 4 * (y * width + x));
  }
  context.putImageData(image, 0, 0);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  const figure = document.createElement("figure");
  figure.append(canvas, element("figcaption", title));
  return figure;
}
