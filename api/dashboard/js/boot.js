// Before the first paint: the remembered theme and language, so that neither flashes.
(function () {
  var root = document.documentElement;
  try {
    var theme = localStorage.getItem("stock-ai.theme");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
    root.lang = localStorage.getItem("stock-ai.language") || (/^vi\b/i.test(navigator.language) ? "vi" : "en");
  } catch (_) {
    // Storage is refused: the system's theme and the browser's language hold.
    root.lang = /^vi\b/i.test(navigator.language) ? "vi" : "en";
  }
})();
