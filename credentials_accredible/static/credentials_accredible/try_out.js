/* Loads the sample of an event type as soon as it is chosen. */
"use strict";
(function () {
    const eventType = document.querySelector("#accredible-try-out select[name=event_type]");
    if (eventType) {
        eventType.addEventListener("change", function () {
            const query = new URLSearchParams({event_type: eventType.value});
            window.location.search = query.toString();
        });
    }
}());
