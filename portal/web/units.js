// SPDX-License-Identifier: Apache-2.0
// Numbers for people; the same rules as portal/units.c.

const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

const kinds = {
  'ratio': ['percent', '%'],
  '%': ['plain', '%'],
  'percent': ['plain', '%'],
  'CPU %': ['plain', '%'],
  'GPU %': ['plain', '%'],
  'B': ['binary', 'B'],
  'B/s': ['binary', 'B/s'],
  'GB': ['plain', 'GB'],
  'MB/s': ['plain', 'MB/s'],
  'GB/s': ['plain', 'GB/s'],
  'GHz': ['plain', 'GHz'],
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

function partsOf(v, unit) {
  const [kind, text] = kinds[unit] ?? ['decimal', unit];
  if (kind === 'percent') return [digits(v * 100), '', text];
  if (kind === 'plain') return [digits(v), '', text];
  return [...scaled(v, kind === 'binary' ? 1024 : 1000, kind === 'binary' ? binary : decimal), text];
}

export function show(v, unit) {
  if (v === null || v === undefined) return '–';
  const [number, prefix, text] = partsOf(v, unit);
  return `${number} ${prefix}${text}`.trim();
}

// For axes, whose unit stands in the chart's caption.
export function showTick(v, unit) {
  const [number, prefix] = partsOf(v, unit);
  return `${number.includes('.') ? number.replace(/\.?0+$/, '') : number}${prefix && ' '}${prefix}`;
}
