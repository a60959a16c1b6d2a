// SPDX-License-Identifier: Apache-2.0
// Sets the chosen colour theme before anything is drawn. Loaded in the head, therefore no module.
(() => {
  try {
    const theme = localStorage.getItem('theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's preference then counts.
  }
})();
