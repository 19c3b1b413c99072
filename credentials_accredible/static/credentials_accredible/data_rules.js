/* Shows, of all key paths, those of the event type that is chosen. Without it, all of them are shown, by type. */
"use strict";
(function () {
    const PATHS = 'select[name$="-data_path"]';

    function narrow(select, eventType) {
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
        const eventType = document.getElementById("id_event_type");
        document.querySelectorAll(PATHS).forEach(function (select) {
            narrow(select, eventType ? eventType.value : "");
        });
    }

    document.addEventListener("DOMContentLoaded", function () {
        const eventType = document.getElementById("id_event_type");
        if (eventType) {
            eventType.addEventListener("change", narrowAll);
        }
        narrowAll();
    });
    document.addEventListener("formset:added", narrowAll);
}());
