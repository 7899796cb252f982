// Follows an import: asks every second how far it is.
"use strict";

const section = document.getElementById("import");
const byId = (id) => document.getElementById(id);

function show(run) {
  byId("state").textContent = run.state;
  if (run.progress !== null) {
    const { done, total } = run.progress;
    byId("bar").max = total;
    byId("bar").value = done;
    byId("lines").textContent = `${done} of ${total} lines`;
  }
}

// The page of an import that is over has its result.
function showResult() {
  location.reload();
}

async function poll() {
  try {
    const answer = await fetch(section.dataset.status);
    if (answer.ok) {
      const run = await answer.json();
      if (run.ended) {
        showResult();
        return;
      }
      show(run);
    }
  } catch {
    // The server is away: it is asked again.
  }
  setTimeout(poll, 1000);
}

poll();
