/* Shows, of all key paths, those of the event type that is chosen. Without it, all of them are shown, by type. */
"use strict";
(function () {
    const PATHS = 'select[name$="data_path"]';
    const TYPES = 'select[name$="event_type"]';

    function narrow(select) {
        const card = select.closest(".accredible-card");
        const type = card ? card.querySelector(TYPES) : document.getElementById("id_event_type");
        // Both are called by the same words.
        const eventType = type && type.value ? type.options[type.selectedIndex].text : "";
        if (!select.accredibleGroups) {
            select.accredibleGroups = Array.from(select.querySelectorAll("optgroup"));
            // What is stored stays on offer, even where it is not offered any more.
            const stored = select.options[select.selectedIndex];
            select.accredibleKept = stored && stored.value ? stored.parentNode : null;
        }
        const chosen = select.value;
        select.accredibleGroups.forEach(function (group) {
            const shown = !eventType || group.label === eventType || group === select.accredibleKept;
            if (shown && !group.isConnected) {
                select.appendChild(group);
            } else if (!shown && group.isConnected) {
                group.remove();
            }
        });
        const offered = Array.from(select.options).find(function (option) {
            return option.value === chosen;
        });
        select.value = offered ? chosen : "";
    }

    function narrowAll() {
        document.querySelectorAll(PATHS).forEach(narrow);
    }

    document.addEventListener("DOMContentLoaded", narrowAll);
    document.addEventListener("change", function (event) {
        if (event.target.matches(TYPES)) {
            narrowAll();
        }
    });
    ["formset:added", "accredible:added"].forEach(function (name) {
        document.addEventListener(name, narrowAll);
    });
}());
