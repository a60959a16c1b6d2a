// SPDX-License-Identifier: Apache-2.0
// Numbers for people; the same rules as portal/units.c.

const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const small = ['', 'm', '\u00b5', 'n', 'p'];
const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

const kinds = {
  'ratio': ['percent', '%'],
  '%': ['plain', '%'],
  'percent': ['plain', '%'],
  'CPU %': ['plain', '%'],
  'GPU %': ['plain', '%'],
  'B': ['binary', 'B'],
  'byte': ['binary', 'B'],
  'bytes': ['binary', 'B'],
  'B/s': ['binary', 'B/s'],
  'byte/s': ['binary', 'B/s'],
  'bytes/s': ['binary', 'B/s'],
  's': ['span', ''],
  'second': ['span', ''],
  'seconds': ['span', ''],
  'GB': ['plain', 'GB'],
  'MB/s': ['plain', 'MB/s'],
  'GB/s': ['plain', 'GB/s'],
  'GHz': ['plain', 'GHz'],
  '1': ['word', ''],
  'count': ['word', ''],
  'h': ['word', 'h'],
  'flop': ['decimal', 'flop'],
  'flop/s': ['decimal', 'flop/s'],
};

function digits(v) {
  const size = Math.abs(v);
  if (size === 0 || size >= 99.95) return v.toFixed(0);
  if (size >= 9.995) return v.toFixed(1);
  if (size >= 0.1) return v.toFixed(2);
  return v.toFixed(size < 0.01 ? 4 : 3);
}

function scaled(v, base, prefixes) {
  let i = 0;
  while (Math.abs(v) >= base * 0.9995 && i + 1 < prefixes.length) {
    v /= base;
    i++;
  }
  return [digits(v), prefixes[i]];
}

function scaledDown(v) {
  let i = 0;
  while (Math.abs(v) < 0.9995 && i + 1 < small.length) {
    v *= 1000;
    i++;
  }
  return [digits(v), small[i]];
}

function thousands(v, text) {
  return v !== 0 && Math.abs(v) < 0.1 && text !== '' ? scaledDown(v) : scaled(v, 1000, decimal);
}

const two = (n) => String(n).padStart(2, '0');

// 59.0 s, 3:10:22, 2d 02:00:00
function spanOf(v) {
  if (Math.abs(v) < 60) return [...thousands(v, 's'), 's'];
  const seconds = Math.round(Math.abs(v));
  const days = seconds < 48 * 3600 ? 0 : Math.floor(seconds / 86400);
  const hours = Math.floor(seconds / 3600) - days * 24;
  const clock = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return [`${v < 0 ? '-' : ''}${days > 0 ? `${days}d ${two(hours)}` : hours}:${clock}`, '', ''];
}

// All digits below a million, and never a small prefix: there are no kilojobs.
function worded(v) {
  const size = Math.abs(v);
  if (size >= 999.5e6) return [digits(v / 1e9), 'G '];
  if (size >= 999999.5) return [digits(v / 1e6), 'M '];
  if (!Number.isInteger(v) && size < 999.5) return [digits(v), ''];
  const whole = Math.round(v).toFixed(0);
  return [whole.replace('-', '').length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') : whole, ''];
}

const isWord = (unit) => unit === '' || /^[^/ ]{4}| /.test(unit);

function partsOf(v, unit) {
  const [kind, text] = kinds[unit] ?? [isWord(unit) ? 'word' : 'decimal', unit];
  if (kind === 'word') return [...worded(v), text];
  if (kind === 'percent') return [digits(v * 100), '', text];
  if (kind === 'plain') return [digits(v), '', text];
  if (kind === 'span') return spanOf(v);
  if (kind === 'binary') return [...scaled(v, 1024, binary), text];
  return [...thousands(v, text), text];
}

export function show(v, unit) {
  if (v === null || v === undefined) return '–';
  const [number, prefix, text] = partsOf(v, unit);
  return `${number} ${prefix}${text}`.trim();
}

// For axes, whose unit stands in the chart's caption.
export function showTick(v, unit) {
  const [number, prefix] = partsOf(v, unit);
  return `${number.includes('.') ? number.replace(/\.?0+$/, '') : number}${prefix && ' '}${prefix.trim()}`;
}
