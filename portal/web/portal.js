// SPDX-License-Identifier: Apache-2.0
// What the pages can do beyond HTML: theme switch, keys, charts to look closer at. Every page is
// complete without this file.

import { drawCharts } from './charts.js';

const themes = ['auto', 'light', 'dark'];
const marks = { auto: '◐', light: '☀', dark: '☾' };

function startTheme() {
  const button = document.getElementById('theme');
  let theme = document.documentElement.dataset.theme ?? 'auto';
  const show = () => {
    button.textContent = marks[theme];
    button.setAttribute('aria-label', `Colour theme: ${theme}`);
    button.title = `Colour theme: ${theme}`;
  };
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem('theme', theme);
    } catch {
      // Storage may be forbidden: the choice then lasts as long as the page.
    }
    show();
    document.dispatchEvent(new Event('themechange'));
  });
  button.hidden = false;
  show();
}

function isTyping(target) {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}

// j and k walk through the rows of the job list; Enter opens, as the link in the row has the focus.
function moveRow(step) {
  const links = [...document.querySelectorAll('table.jobs th.job a')];
  if (links.length === 0) return;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
}

function startKeys() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape') event.target.blur();
      return;
    }
    if (event.key === '/') {
      const search = document.getElementById('search');
      if (!search) return;
      search.focus();
      search.select();
      event.preventDefault();
    } else if (event.key === 'j') {
      moveRow(1);
    } else if (event.key === 'k') {
      moveRow(-1);
    }
  });
}

// A choice that changes the others asks at once.
function startChoices() {
  for (const choice of document.querySelectorAll('select[data-submit]')) {
    choice.addEventListener('change', () => choice.form.requestSubmit());
  }
}

// Marks in the page's contents where the reader is.
function startContents() {
  const links = [...document.querySelectorAll('.contents a[href^="#"]')];
  if (links.length === 0) return;
  const sections = links.map((link) => document.querySelector(link.getAttribute('href')));
  const mark = () => {
    let here = 0;
    sections.forEach((section, i) => {
      if (section && section.getBoundingClientRect().top < 160) here = i;
    });
    links.forEach((link, i) => link.classList.toggle('here', i === here));
  };
  document.addEventListener('scroll', mark, { passive: true });
  mark();
}

// On a narrow screen the names of the pages are wider than it.
function showPlace() {
  document.querySelector('.bar nav a[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

startTheme();
showPlace();
startKeys();
startChoices();
startContents();
drawCharts();
