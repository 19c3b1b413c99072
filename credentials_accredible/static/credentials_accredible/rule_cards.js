/* Adds and removes cards of requirements and penalties, and data rules in them. A place to add to has a template. */
"use strict";
(function () {
    const REQUIREMENTS = "requirements";

    function total(formset) {
        return document.getElementById("id_" + formset.dataset.formset + "-TOTAL_FORMS");
    }

    function own(formset, selector) {
        return Array.from(formset.querySelectorAll(selector)).find(function (found) {
            return found.closest("[data-formset]") === formset;
        });
    }

    function add(formset) {
        const count = total(formset);
        const prefix = formset.dataset.formset + "-";
        const made = document.createElement("template");
        // Templates within it keep their own numbers open: those begin with a longer prefix.
        made.innerHTML = own(formset, "template[data-empty]").innerHTML.replaceAll(
            prefix + "__prefix__", prefix + count.value
        );
        const form = made.content.querySelector("[data-form]");
        count.value = Number(count.value) + 1;
        own(formset, "[data-list]").appendChild(form);
        form.querySelectorAll("[data-formset]").forEach(function (inner) {
            if (own(inner, "template[data-empty]")) {
                add(inner);
            }
        });
        return form;
    }

    function isGone(form) {
        const box = Array.from(form.querySelectorAll("input[name$='-DELETE']")).find(function (found) {
            return found.closest("[data-form]") === form;
        });
        return Boolean(box && box.checked);
    }

    /* What is added on this page can be taken back by a penalty, too. */
    function offerRequirements() {
        const added = document.querySelectorAll("#" + REQUIREMENTS + "-group [data-new]:not(.accredible-rule)");
        document.querySelectorAll("#penalties-group .accredible-card .field-requirements fieldset").forEach(function (list) {
            const name = list.closest("[data-form]").dataset.form + "-requirements";
            added.forEach(function (card, index) {
                const value = card.dataset.form;
                let box = Array.from(list.querySelectorAll("input")).find(function (found) {
                    return found.value === value;
                });
                if (!box) {
                    const label = document.createElement("label");
                    const row = document.createElement("div");
                    box = document.createElement("input");
                    box.type = "checkbox";
                    box.name = name;
                    box.value = value;
                    label.append(box, " " + card.querySelector("summary").textContent.trim() + " " + (index + 1));
                    row.appendChild(label);
                    list.appendChild(row);
                }
                box.closest("div").hidden = isGone(card);
                box.disabled = isGone(card);
            });
        });
    }

    function mark(form) {
        const gone = isGone(form);
        form.classList.toggle("accredible-going", gone);
        if (gone && form.hasAttribute("data-new")) {
            form.hidden = true;
            const button = own(form.parentNode.closest("[data-formset]"), "[data-add]");
            if (button) {
                button.focus();
            }
        }
    }

    document.addEventListener("click", function (event) {
        const button = event.target.closest("[data-add]");
        if (!button) {
            return;
        }
        const form = add(button.closest("[data-formset]"));
        document.dispatchEvent(new CustomEvent("accredible:added"));
        offerRequirements();
        const first = form.querySelector("select, input:not([type=hidden]), textarea");
        if (first) {
            first.focus();
        }
    });
    document.addEventListener("change", function (event) {
        if (event.target.matches("input[name$='-DELETE']") && event.target.closest("[data-form]")) {
            mark(event.target.closest("[data-form]"));
            offerRequirements();
        }
    });
    document.addEventListener("DOMContentLoaded", function () {
        document.querySelectorAll("[data-form]").forEach(mark);
        offerRequirements();
    });
}());
