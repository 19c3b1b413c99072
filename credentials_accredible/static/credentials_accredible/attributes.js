/* Offers key paths where a path is wanted, and the account's attribute keys once somebody looks them up. */
"use strict";
(function () {
    const NAMES = 'input[name^="custom_attributes-"][name$="-name"]';
    const SOURCES = 'select[name^="custom_attributes-"][name$="-source"]';
    let known = null;

    function offerPaths(select) {
        const value = document.getElementById(select.id.replace(/source$/, "value"));
        if (value && select.value === "path") {
            value.setAttribute("list", "accredible-attribute-paths");
        } else if (value) {
            value.removeAttribute("list");
        }
    }

    function check(input, words) {
        const name = input.value.trim();
        const unknown = known !== null && name !== "" && !known.has(name);
        let note = input.parentNode.querySelector(".accredible-unknown");
        if (unknown && !note) {
            note = document.createElement("div");
            note.className = "accredible-unknown help";
            note.textContent = words.unknown;
            input.parentNode.appendChild(note);
        } else if (!unknown && note) {
            note.remove();
        }
    }

    function lookUp(box, status) {
        status.textContent = "…";
        fetch(box.dataset.address, {credentials: "same-origin"}).then(function (response) {
            return response.json();
        }).then(function (answer) {
            if (answer.error) {
                throw new Error(answer.error);
            }
            known = new Set(answer.keys.map(function (key) {
                return key.name;
            }));
            const list = document.getElementById("accredible-attribute-keys");
            list.replaceChildren.apply(list, answer.keys.map(function (key) {
                const option = document.createElement("option");
                option.value = key.name;
                option.textContent = key.kind;
                return option;
            }));
            const names = Array.from(known).join(", ");
            status.textContent = known.size ? box.dataset.found + " " + names : box.dataset.none;
            document.querySelectorAll(NAMES).forEach(function (input) {
                check(input, box.dataset);
            });
        }).catch(function (error) {
            status.textContent = box.dataset.failed + " " + error.message;
        });
    }

    document.addEventListener("DOMContentLoaded", function () {
        const box = document.querySelector("p.accredible-attribute-keys");
        document.querySelectorAll(SOURCES).forEach(offerPaths);
        document.addEventListener("change", function (event) {
            if (event.target.matches(SOURCES)) {
                offerPaths(event.target);
            } else if (box && event.target.matches(NAMES)) {
                check(event.target, box.dataset);
            }
        });
        if (box) {
            box.hidden = false;
            box.querySelector("button").addEventListener("click", function () {
                lookUp(box, box.querySelector("[role=status]"));
            });
        }
    });
}());
