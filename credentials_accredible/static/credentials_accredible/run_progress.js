/* Moves the bars of syncs that are under way, and reloads the page once all of them have ended. */
"use strict";
(function () {
    const EVERY = 1000;
    const AT_MOST = 15000;
    const page = document.getElementById("accredible-progress");
    const trouble = document.getElementById("accredible-progress-trouble");
    let wait = EVERY;

    function show(run) {
        const section = page.querySelector('[data-run="' + Number(run.run) + '"]');
        const bar = section && section.querySelector("progress");
        if (!bar) {
            return;
        }
        section.querySelector(".accredible-progress-text").textContent = run.text;
        if (run.total) {
            bar.max = run.total;
            bar.value = run.done;
        } else if (run.open) {
            bar.removeAttribute("value");
        } else {
            bar.max = 1;
            bar.value = 1;
        }
    }

    function ask() {
        fetch(page.dataset.state, {credentials: "same-origin", redirect: "error"}).then(function (reply) {
            if (reply.status === 403 || reply.status === 404) {
                window.location.reload();
                return null;
            }
            if (!reply.ok) {
                throw new Error(reply.status);
            }
            return reply.json();
        }).then(function (state) {
            if (state === null) {
                return;
            }
            trouble.hidden = true;
            wait = EVERY;
            state.runs.forEach(show);
            if (state.open) {
                window.setTimeout(ask, wait);
            } else {
                window.location.reload();
            }
        }).catch(function () {
            // The service may be restarting, or the session may have ended. A person sees which.
            trouble.hidden = false;
            wait = Math.min(wait * 2, AT_MOST);
            window.setTimeout(ask, wait);
        });
    }

    window.setTimeout(ask, EVERY);
}());
