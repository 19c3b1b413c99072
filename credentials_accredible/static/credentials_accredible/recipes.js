/* Offers the courses of the service's catalogue where a course key is wanted, and learners where a learner is; shows of
   a recipe what it asks for. Without it, keys and names are typed. */
"use strict";
(function () {
    const KEYS = ["course.course_key", "course.master_course_key"];
    const WAIT = 200;
    const $ = window.django && window.django.jQuery;

    function asked(address, term) {
        return fetch(address + "?term=" + encodeURIComponent(term), {credentials: "same-origin"})
            .then(function (response) {
                return response.ok ? response.json() : {results: []};
            });
    }

    /* A list of suggestions of the browser's own. A value of a data rule has it where its path leads to a course key. */
    function suggest(input) {
        const row = input.closest(".accredible-rule, tr");
        const path = row && row.querySelector('select[name$="data_path"]');
        if (path && KEYS.indexOf(path.value) < 0) {
            input.removeAttribute("list");
            return;
        }
        const id = input.id + "-offered";
        let list = document.getElementById(id);
        if (!list) {
            list = document.createElement("datalist");
            list.id = id;
            input.after(list);
        }
        input.setAttribute("list", id);
        clearTimeout(input.accredibleTimer);
        input.accredibleTimer = setTimeout(function () {
            asked(input.dataset.courses || input.dataset.learners, input.value).then(function (answer) {
                list.replaceChildren.apply(list, answer.results.map(function (found) {
                    const option = document.createElement("option");
                    option.value = found.id;
                    option.label = found.text;
                    option.textContent = found.text;
                    return option;
                }));
            });
        }, WAIT);
    }

    function shown(course) {
        const row = $("<span>").append($("<bdi>").text(course.text));
        if (course.id && course.id !== course.text) {
            row.append($("<small class='accredible-key'>").text(course.id));
        }
        return row;
    }

    /* The courses of a recipe: chosen one after the other, by title or key. The text area keeps them for the form. */
    function picker(area, most) {
        const before = area.accrediblePicker;
        if (before) {
            before.select2("destroy").remove();
        }
        const select = $("<select multiple>");
        area.value.split(/[\s,]+/).filter(Boolean).forEach(function (key) {
            select.append(new Option(key, key, true, true));
        });
        const label = document.querySelector('label[for="' + area.id + '"]');
        area.accrediblePicker = select;
        area.hidden = true;
        $(area).after(select);
        const options = {
            width: "100%",
            // The admin's own look, in the dark, too.
            theme: "admin-autocomplete",
            tags: true,
            maximumSelectionLength: most,
            tokenSeparators: [",", " ", "\n"],
            placeholder: area.dataset.placeholder,
            templateResult: shown,
            createTag: function (entered) {
                const key = entered.term.trim();
                return (/[:+/]/).test(key) ? {id: key, text: key} : null;
            }
        };
        if (area.dataset.courses) {
            options.ajax = {
                delay: WAIT,
                transport: function (params, success, failure) {
                    asked(area.dataset.courses, params.data.term || "").then(success, failure);
                }
            };
        }
        select.select2(options).on("change", function () {
            area.value = (select.val() || []).join("\n");
        });
        const search = select.next().find(".select2-search__field");
        search.attr("aria-label", label ? label.textContent.trim() : "");
        return select;
    }

    function follow(recipes, chosen, focus) {
        const recipe = recipes.find(function (found) {
            return found.key === chosen;
        }) || {picks: "none"};
        const rows = {
            courses: recipe.picks !== "none",
            excluded: Boolean(recipe.excludes),
            can_be_lost: Boolean(recipe.canBeLost)
        };
        Object.keys(rows).forEach(function (name) {
            const row = document.querySelector(".accredible-recipe .field-" + name);
            const field = document.getElementById("id_" + name);
            if (!row) {
                return;
            }
            row.hidden = !rows[name];
            if (field.type !== "checkbox") {
                if (!rows[name]) {
                    field.value = "";
                }
                if (rows[name] && $ && $.fn.select2) {
                    const select = picker(field, name === "courses" && recipe.picks === "one" ? 1 : 0);
                    if (focus && name === "courses") {
                        select.select2("open");
                    }
                }
            } else if (!rows[name]) {
                field.checked = false;
            }
        });
    }

    document.addEventListener("DOMContentLoaded", function () {
        const data = document.getElementById("accredible-recipes");
        const recipes = data ? JSON.parse(data.textContent) : [];
        const chosen = document.querySelector("input[name=recipe]:checked");
        if (data) {
            follow(recipes, chosen ? chosen.value : "", false);
        }
        document.addEventListener("change", function (event) {
            if (event.target.name === "recipe") {
                follow(recipes, event.target.value, true);
            }
        });
        ["input", "focusin"].forEach(function (name) {
            document.addEventListener(name, function (event) {
                if (event.target.matches("input[data-courses], input[data-learners]")) {
                    suggest(event.target);
                }
            });
        });
    });
}());
