/* Photos are sent one at a time, so that each is known to have arrived and the rest go on when one does not. Without
   this script all go in one form. Every word shown comes from the HTML. */
(() => {
  const forms = [...document.querySelectorAll("form[data-photo-upload]")];
  let busy = 0;

  const fill = (words, values) => words.replace(/%(name|n|m)/g, (_all, key) => values[key]);

  function send(form, file, tell) {
    const data = new FormData(form);
    data.delete("photos");
    data.append("photos", file, file.name);
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("POST", form.action || location.href);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => tell(event.loaded / (event.total || 1)));
      request.addEventListener("load", () => resolve(request.response));
      request.addEventListener("error", () => resolve(null));
      request.addEventListener("abort", () => resolve(null));
      request.send(data);
    });
  }

  async function sendAll(form) {
    const files = [...form.querySelector("input[type=file]").files];
    const status = form.querySelector("[data-upload-status]");
    const words = status.dataset;
    const bar = status.querySelector("progress");
    const line = status.querySelector("p");
    const list = status.querySelector("ul");
    const done = status.querySelector("[data-upload-done]");
    const button = form.querySelector("button:not(.without-script)");
    let received = 0;

    status.hidden = false;
    done.hidden = true;
    list.replaceChildren();
    button?.setAttribute("aria-busy", "true");
    form.dataset.busy = "yes";
    busy += 1;
    for (const [index, file] of files.entries()) {
      line.textContent = fill(words.sending, { n: index + 1, m: files.length, name: file.name });
      const answer = await send(form, file, (part) => {
        bar.value = (100 * (index + part)) / files.length;
      });
      received += answer?.received ?? 0;
      const reasons = answer?.refused ?? [words.lost];
      for (const why of reasons) {
        const item = document.createElement("li");
        item.textContent = `${words.refused} ${file.name}: ${why}`;
        if (answer?.way_out) {
          const link = document.createElement("a");
          link.href = answer.way_out.url;
          link.textContent = answer.way_out.words;
          item.append(" ", link);
        }
        list.append(item);
      }
    }
    busy -= 1;
    delete form.dataset.busy;
    button?.removeAttribute("aria-busy");
    bar.value = (100 * received) / files.length; // what was refused is not there
    line.textContent = fill(words.received, { n: received, m: files.length });
    const shown = new URL(location.href);
    const session = document.getElementById("of-session");
    if (session) {
      shown.searchParams.set("session", session.value);
    }
    if (received && received === files.length && !busy) {
      location.assign(shown);
    } else {
      done.href = shown;
      done.hidden = !received;
    }
  }

  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      const input = form.querySelector("input[type=file]");
      if (!input.files.length) {
        return;
      }
      event.preventDefault();
      if (!form.dataset.busy) {
        sendAll(form);
      }
    });
    if (form.matches(".slot-form")) {
      form.addEventListener("change", () => form.requestSubmit());
    }
  }

  window.addEventListener("beforeunload", (event) => {
    if (busy) {
      event.preventDefault();
    }
  });

  /* Photos in preparation: the note counts down, and the page comes anew once all are ready, unless somebody has typed
     something into it. */
  const waiting = document.querySelector("[data-photos-waiting]");
  let touched = false;
  document.addEventListener("input", () => {
    touched = true;
  });

  async function look() {
    if (!busy && !document.hidden) {
      const answer = await fetch(location.href, { headers: { "X-Background": "1" } }).catch(() => null);
      if (answer?.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const note = page.querySelector("[data-photos-waiting]");
        if (note) {
          waiting.replaceChildren(...note.childNodes);
        } else if (!touched && !busy) {
          location.replace(location.href); // not reload: that would send a form again
          return;
        }
      }
    }
    setTimeout(look, 4000);
  }

  if (waiting) {
    setTimeout(look, 2000);
  }
})();
