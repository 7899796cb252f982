// Says at once that a file is too large; the server would say so after the upload.
"use strict";

const form = document.getElementById("upload");
form.addEventListener("change", () => {
  const file = form.elements.file.files[0];
  const tooLarge = file !== undefined && file.size > Number(form.dataset.maxBytes);
  document.getElementById("too-large").hidden = !tooLarge;
  form.querySelector("button").disabled = tooLarge;
});
