// What HTMX leaves to the page: sessions that ended, failures, and Escape in an editor.
"use strict";

const tell = (text) => {
  document.getElementById("status").textContent = text;
};

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) {
    window.location.assign("/login");
  } else if (status === 403) {
    tell("Not saved: the page is out of date. Load it again.");
  } else {
    tell(`That did not work (${status}). Nothing was changed.`);
  }
});

document.addEventListener("htmx:sendError", () => {
  tell("The console can't be reached. Nothing was changed.");
});

document.addEventListener("keydown", (event) => {
  const editor = event.key === "Escape" && event.target.closest(".editor");
  if (editor) {
    editor.querySelector("a.button").click();
  }
});
