"use strict";

// In a narrow window each row of a list stands by itself: its cells say what they are about.
document.addEventListener("DOMContentLoaded", () => {
    const ours = ".app-credentials_accredible";
    for (const table of document.querySelectorAll(`${ours} #result_list, ${ours} .tabular table`)) {
        const titles = Array.from(table.querySelectorAll("thead th"), (cell) => {
            const ticks = cell.classList.contains("action-checkbox-column");
            return ticks ? "" : (cell.querySelector(".text") || cell).textContent.trim();
        });
        // A row that is added later is a copy of a hidden one, which has its labels from here, too.
        for (const row of table.querySelectorAll("tbody tr")) {
            Array.from(row.cells).forEach((cell, index) => {
                cell.dataset.label = titles[index] || "";
            });
        }
    }
});
