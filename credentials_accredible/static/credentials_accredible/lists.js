"use strict";

// In a narrow window each row of a list stands by itself: its cells say what they are about.
document.addEventListener("DOMContentLoaded", () => {
    const list = document.querySelector(".app-credentials_accredible #result_list");
    if (!list) {
        return;
    }
    const titles = Array.from(list.querySelectorAll("thead th"), (cell) => {
        const text = cell.classList.contains("action-checkbox-column") ? null : cell.querySelector(".text");
        return text ? text.textContent.trim() : "";
    });
    for (const row of list.querySelectorAll("tbody tr")) {
        Array.from(row.cells).forEach((cell, index) => {
            cell.dataset.label = titles[index] || "";
        });
    }
});
