// Before the first paint: the remembered theme and language, so that neither flashes, and the words on their way.
(function () {
  var root = document.documentElement;
  root.lang = /^vi\b/i.test(navigator.language) ? "vi" : "en";
  try {
    var theme = localStorage.getItem("stock-ai.theme");
    var language = localStorage.getItem("stock-ai.language");
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
    if (language === "vi" || language === "en") root.lang = language;
  } catch (_) {
    // Storage is refused: the system's theme and the browser's language hold.
  }
  var words = document.createElement("link");
  words.rel = "preload";
  words.as = "fetch";
  words.crossOrigin = "anonymous";
  words.href = new URL("../locales/" + root.lang + ".json", document.currentScript.src).href;
  document.head.append(words);
})();
