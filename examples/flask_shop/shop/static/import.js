// Follows an import by server-sent events; where these do not get through, it asks every second.
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

function follow() {
  const events = new EventSource(section.dataset.events);
  let heard = false; // something, over this connection
  let failures = 0; // connections in a row over which nothing came
  events.onmessage = (message) => {
    heard = true;
    failures = 0;
    show(JSON.parse(message.data));
  };
  events.addEventListener("end", () => {
    events.close();
    showResult();
  });
  events.onerror = () => {
    // The browser connects again by itself, unless the server has refused (CLOSED).
    failures += heard ? 0 : 1;
    heard = false;
    if (failures === 2 || events.readyState === EventSource.CLOSED) {
      events.close();
      poll();
    }
  };
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

if ("EventSource" in window) {
  follow();
} else {
  poll();
}
